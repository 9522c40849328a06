// The roll at the start: a tap for each who comes late, stamped with its time and counted as A01. It records nothing by itself.

import { byId, el, one, redraw, sheet } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import { stamp } from "../shared/clock.js";
import { LATE, timely } from "./inspection.js";

export class Roll {
  /** @param {import("./count.js").CountView} view */
  constructor(view) {
    this.view = view;
    this.said = el("p", { role: "status" });
    this.list = el("div");
    this.button = el("button", { type: "button", class: "wide arrival", onclick: () => this.add(stamp()) }, t("+ Một người đến muộn", "+ One more came late"));
    byId("count-roll").addEventListener("click", () => this.open());
  }

  get times() {
    return this.view.rows[LATE]?.times ?? [];
  }

  open() {
    this.gone = null; // the time that was taken out last
    sheet(t("Điểm danh", "Roll call"),
      el("p", { class: "hint" }, t("Mỗi lần bấm là một người đến muộn, kèm giờ: đếm vào A01, giờ vào phần mô tả. Bấm Ghi nhận mới được ghi.", "Each tap is one who comes late, with the time: counted as A01, the times in its description. Only Record records it.")),
      this.button, this.said, this.list);
    this.draw();
    this.button.focus();
  }

  /** @param {string} at */
  add(at) {
    return this.change((times) => [...times, at].sort());
  }

  /** @param {string} at */
  async remove(at) {
    const before = this.times.length;
    await this.change((times) => times.filter((_, place) => place !== times.lastIndexOf(at)));
    if (this.times.length === before) return; // kept after all, with its words
    this.gone = at;
    this.draw();
    one(this.list, "button").focus();
  }

  /** @param {(times: string[]) => string[]} altered */
  change(altered) {
    const { view } = this;
    return view.next(async () => {
      const { count = 0, times = [] } = view.rows[LATE] ?? {};
      const wanted = altered(times);
      const counted = count + wanted.length - times.length;
      view.house.fill.note("question", `/${LATE}/count`, String(count), String(counted));
      await view.put(/** @type {Code} */ (view.catalogue.byCode.get(LATE)), counted, wanted);
      this.gone = null;
      this.draw();
    });
  }

  draw() {
    const { times, view } = this;
    const counted = view.rows[LATE]?.count ?? 0;
    const recorded = view.standing().filter(({ code }) => code === LATE).reduce((total, { count }) => total + count, 0);
    this.said.textContent = [
      times.length ? t(`${number(times.length)} người đến muộn, gần nhất ${timely(times).at(-1)}.`, `${number(times.length)} came late, the last at ${timely(times).at(-1)}.`) : t("Chưa ai được điểm.", "Nobody yet."),
      counted > times.length && t(`A01 đang đếm ${number(counted)}, có người không kèm giờ.`, `A01 is at ${number(counted)}, some without a time.`),
      recorded > 0 && t(`Trước đó đã ghi nhận A01 × ${number(recorded)}.`, `Recorded before: A01 × ${number(recorded)}.`),
    ].filter(Boolean).join(" ");
    redraw(this.list,
      this.gone && el("p", { class: "notice slim" }, el("span", {}, t(`Đã bỏ ${timely([this.gone])}.`, `Taken out: ${timely([this.gone])}.`)),
        el("button", { type: "button", class: "quiet", onclick: () => this.add(/** @type {string} */ (this.gone)).then(() => this.button.focus()) }, t("Hoàn tác", "Undo"))),
      el("ol", { class: "arrivals", reversed: true }, times.map((at, place) => this.arrival(at, timely(times)[place])).reverse()));
  }

  /** @param {string} at @param {string} words */
  arrival(at, words) {
    return el("li", { "data-item": at }, el("span", {}, words),
      el("button", { type: "button", class: "quiet", "aria-label": t(`Bỏ ${words}`, `Take out ${words}`), onclick: () => this.remove(at) }, "−"));
  }
}
