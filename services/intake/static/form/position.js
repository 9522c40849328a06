// Where the phone is: asked for only when its holder taps, and a refusal is noted too.

import { byId } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";

const PATIENCE = 15_000;

/** @typedef {{lat: number, lon: number, accuracy: number, refused?: undefined} | {refused: true}} Place */

export class Position {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    byId("position-note").addEventListener("click", () => this.note());
    byId("position-refuse").addEventListener("click", () => this.put({ refused: true }));
  }

  /** @param {Place | undefined} value */
  show(value) {
    this.value = value;
    byId("position-state").textContent = !value ? "" : value.refused ? t("Không ghi vị trí.", "The position is not noted.")
      : t(`Đã ghi vị trí, sai số ${number(value.accuracy)} m. Lưu mã hóa, không vào nhật ký chung.`, `Position noted, within ${number(value.accuracy)} m. Stored encrypted, kept out of the shared log.`);
  }

  /** @param {Place} value */
  put(value) {
    this.show(value);
    this.changed();
  }

  note() {
    byId("position-state").textContent = t("Đang tìm vị trí…", "Finding the position…");
    const micro = (/** @type {number} */ degrees) => Math.round(degrees * 1e6);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => this.put({ lat: micro(coords.latitude), lon: micro(coords.longitude), accuracy: Math.min(1e6, Math.ceil(coords.accuracy)) }),
      () => { byId("position-state").textContent = t("Không lấy được vị trí. Có thể bỏ qua.", "The position could not be found. It may be left out."); },
      { enableHighAccuracy: true, timeout: PATIENCE });
  }
}
