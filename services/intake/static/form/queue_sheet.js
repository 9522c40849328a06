// The queue opened up: what can still be undone, what waits, what is on its way, what was refused, and what to do about it.

import { byId, el, one, redraw, sheet } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import * as directory from "../shared/directory.js";
import { said } from "../shared/fields.js";
import { QUEUED } from "../shared/terms.js";
import { download } from "../shared/export.js";
import { CLEAN, titleOf } from "./inspection.js";

/** The button that hands everything unsent over as a file; a file that is out can no longer be undone. @param {House} house */
export const saving = ({ queue, held }) => el("button", { type: "button", class: "quiet", onclick: async () => {
  await held.fileAll();
  download(queue.unsent);
} }, t("Lưu dữ liệu chưa gửi ra tệp", "Save what is unsent as a file"));

export class QueueSheet {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    this.names = new Map();
    this.place = el("div");
    byId("queue-open").addEventListener("click", () => this.open());
  }

  async open() {
    this.dialog = sheet(t("Dữ liệu chưa gửi", "What is unsent"), this.place);
    this.draw();
    this.names = (await directory.catalogue(this.house.account).catch(() => ({ byCode: this.names }))).byCode;
    this.draw();
  }

  draw() {
    if (!this.dialog?.open) return;
    const { queue, held } = this.house;
    const rows = [
      ...[...held.sets].flatMap(([inspection, { rows: counted }]) => Object.entries(counted).map(([code, row]) => this.held(inspection, { code, ...row }))),
      ...queue.unsent.map((item) => this.row(item)),
    ];
    redraw(this.place, rows.length ? [
      el("ul", { class: "cards" }, rows),
      el("div", { class: "actions" },
        queue.count("waiting") + queue.count("sending") > 0 && el("button", { type: "button", onclick: () => queue.flush(true) }, t("Thử gửi ngay", "Try now")),
        saving(this.house)),
    ] : el("p", {}, t("Mọi mục đã được gửi.", "Everything has been sent.")));
    if (!this.dialog.contains(document.activeElement)) one(this.dialog, "h2").focus(); // its row has gone
  }

  /** @param {Label} label */
  title({ code, count }) {
    const name = this.names.get(code)?.name ?? "";
    return el("span", {}, el("b", {}, code), ` ${name}`, code === CLEAN || !count ? "" : ` × ${number(count)}`);
  }

  /** @param {string} inspection @param {Counted & { code: string }} row */
  held(inspection, row) {
    const [words, kind] = QUEUED.waiting;
    return this.card(row.id, "held", this.title(row), [words, kind], inspection, t("Chưa gửi đi, còn hoàn tác được.", "Not sent yet: it can be undone."));
  }

  /** @param {Item} item */
  row(item) {
    const { key, state, label, problem, inspection, after } = /** @type {Failed} */ (item);
    const title = titleOf(item) ?? this.title(label);
    const of = item.photo && this.house.queue.find(after)?.label;
    const failed = state === "failed";
    return this.card(key, state, of ? [title, " ", this.title({ code: of.code, count: undefined })] : title, QUEUED[state], inspection,
      !failed && problem && t("Sẽ tự gửi lại.", "Will be sent again by itself."),
      failed && el("div", { class: "notice bad" }, el("p", {}, problem.message), problem.errors.length > 0 && el("ul", {}, problem.errors.map((error) => el("li", {}, said({ ...error, bare: true }))))),
      failed && problem.slug !== "id-reused" && el("button", { type: "button", class: "quiet", onclick: () => this.house.queue.retry(key) }, t("Gửi lại", "Send again")));
  }

  /** @param {string} key @param {string} state @param {Child} title @param {string[]} tag @param {string | undefined} inspection @param {Child} hint @param {Child} [trouble] @param {Child} [again] */
  card(key, state, title, [words, kind], inspection, hint, trouble, again) {
    const unit = inspection && this.house.queue.find(inspection)?.label.unit_name;
    return el("li", { "data-item": key, "data-state": state },
      el("div", { class: "title-line" }, el("span", {}, title), el("span", { class: `tag ${kind}` }, words)),
      unit && el("p", { class: "meta" }, unit), hint && el("p", { class: "hint" }, hint), trouble,
      el("div", { class: "actions" },
        el("a", { class: "button quiet", href: inspection ? `#/inspection/${inspection}` : "#/handover", onclick: () => this.dialog?.close() }, trouble ? t("Xem và sửa", "See and correct") : t("Xem", "See")), again));
  }
}
