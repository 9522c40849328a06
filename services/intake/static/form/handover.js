// Handing over: this phone's queue as a file for a colleague, and a colleague's file taken in to be carried.

import { byId, confirmed, el, flash, redraw } from "../../assets/dom.js";
import { digest, hex } from "../../assets/proof.js";
import { fileField } from "../shared/files.js";
import { items, moment, number, t } from "../../assets/words.js";
import { declined, deliver } from "../shared/export.js";
import { headOf, sealed } from "./sealing.js";
import { QUEUED } from "../shared/terms.js";
import { drop, keep } from "../shared/store.js";

const LARGEST = 24 * 1024 * 1024; // as the server takes

export class HandoverView {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    byId("handover-make").addEventListener("click", () => this.make());
    fileField(byId("handover-file"));
    byId("handover-file").addEventListener("change", ({ target }) => this.take(/** @type {PageElement} */ (target)));
  }

  async show() {
    this.changed();
  }

  changed() {
    const { queue } = this.house;
    const mine = [...this.house.held.sets.values()].flatMap(({ rows }) => /** @type {(string | Item)[]} */ (Object.keys(rows))).concat(queue.unsent.filter(({ kind }) => kind !== "handover"));
    byId("handover-make").disabled = mine.length === 0;
    byId("handover-mine").textContent = mine.length
      ? t(`Máy này còn ${items(mine.length)} chưa gửi.`, `Not yet sent from this device: ${items(mine.length)}.`)
      : t("Máy này không còn mục nào chưa gửi.", "Nothing waits on this device.");
    const taken = queue.items.filter(({ kind }) => kind === "handover");
    redraw(byId("handover-taken"), taken.length ? taken.map((item) => this.row(item)) : el("li", { class: "empty" }, t("Chưa nhận tệp nào.", "No file taken yet.")));
  }

  /** @param {Item} item */
  row(item) {
    const { label, state, problem } = /** @type {Failed} */ (item);
    const [words, kind] = QUEUED[state];
    return el("li", { "data-item": item.key, "data-state": state },
      el("div", { class: "title-line" }, t(`Tệp của đồng nghiệp: ${items(label.items)}`, `A colleague's file: ${items(label.items)}`), el("span", { class: `tag ${kind}` }, words)),
      el("p", { class: "meta" }, el("span", {}, moment(label.made_at)),
        label.taken !== undefined && el("span", {}, t(`${number(label.taken)} đã nhận, ${number(label.refused.length)} lỗi`, `${number(label.taken)} received, ${number(label.refused.length)} refused`))),
      label.refused?.length > 0 && el("ul", {}, [...new Set(label.refused)].map((each) => el("li", {}, each))),
      state === "failed" && el("p", { class: "notice bad" }, problem.errors[0]?.detail ?? problem.message),
      state !== "received" && el("div", { class: "actions" },
        state === "failed" && el("button", { type: "button", class: "quiet", onclick: () => this.house.queue.retry(item.key) }, t("Gửi lại", "Send again")),
        el("button", { type: "button", class: "quiet", onclick: () => this.discard(/** @type {Item & { photo: string }} */ (item)) }, t("Bỏ tệp này", "Discard this file"))));
  }

  /** @param {Item & { photo: string }} item */
  async discard({ key, photo }) {
    const sure = await confirmed(t("Bỏ tệp của đồng nghiệp?", "Discard the colleague's file?"),
      t("Máy này thôi gửi tệp. Mục nào chưa nhận thì vẫn còn trên máy của đồng nghiệp.", "This device stops sending it. What was not received is still on the colleague's device."), t("Bỏ", "Discard"), t("Giữ lại", "Keep"));
    if (!sure) return;
    await this.house.queue.discard(key);
    await drop("photos", photo);
  }

  async make() {
    try {
      const { queue } = this.house;
      await this.house.held.fileAll(); // what a colleague carries can no longer be undone
      const unknown = new Set(queue.items.filter(({ kind, state }) => kind === "device" && state !== "received").map(({ key }) => key));
      const { file, carried, left } = await sealed(queue.unsent.filter(({ kind }) => kind !== "handover"), unknown);
      if (!carried.length) return flash("bad", t("Máy này chưa kịp đăng ký khóa với máy chủ, nên chưa bàn giao được: hãy mở ứng dụng một lần khi có mạng. Các mục vẫn còn trên máy này.",
        "This device has not made its key known to the server yet, so nothing can be handed over: open the app once with a network. Everything stays on this device."));
      await deliver(file);
      for (const item of carried) await queue.save(Object.assign(item, { handed: true }));
      flash("good", el("p", {}, t(`Tệp có ${items(carried.length)}, chỉ máy chủ mở được. Các mục vẫn còn trên máy này.`, `The file holds ${items(carried.length)}; only the server can open it. Everything stays on this device.`)),
        left > 0 && el("p", {}, t(`${items(left)} không vào tệp: máy này sẽ tự gửi khi có mạng.`, `Not in the file: ${items(left)}. This device sends them when the network is back.`)));
    } catch (error) {
      if (declined(error)) return;
      flash("bad", t("Chưa tạo được tệp: máy này chưa nhận khóa của máy chủ. Hãy mở ứng dụng một lần khi có mạng.", "No file could be made: this device has not read the server's key. Open the app once with a network."));
    }
  }

  /** @param {PageElement} input */
  async take(input) {
    const [file] = input.files;
    input.value = "";
    const head = file && file.size <= LARGEST ? await headOf(file) : null;
    if (!head) return flash("bad", t("Đây không phải tệp bàn giao của Kỷ Cương, hoặc tệp bị hỏng.", "This is no hand-over file of Kỷ Cương, or it is damaged."));
    const id = `handover/${hex(await digest(file)).slice(0, 32)}`;
    if (this.house.queue.find(id)) return flash("", t("Máy này đã nhận tệp này rồi.", "This device has taken this file already."));
    await keep("photos", { key: id, blob: new Blob([file], { type: "text/plain" }) });
    await this.house.queue.add({ id, kind: "handover", path: "/intake/v1/handovers", photo: id, label: head });
    return this.house.queue.flush(true);
  }
}
