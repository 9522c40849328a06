// The list under the steppers: each filed item with its state, its receipt, or why it was refused and what to do.

import { byId, confirmed, el, redraw } from "../../assets/dom.js";
import { items, moment, number, t } from "../../assets/words.js";
import * as directory from "../shared/directory.js";
import { download } from "../shared/export.js";
import { said } from "../shared/fields.js";
import { CLEAN, countDraft, takenBack, titleOf } from "./inspection.js";
import { recount } from "./close.js";
import { reopen } from "./open.js";
import { QUEUED, STATE } from "../shared/terms.js";
import { forget, progress } from "./photo.js";

export class FiledList {
  /** @param {House} house @param {import("./count.js").CountView} view */
  constructor(house, view) {
    this.house = house;
    this.view = view;
    this.known = /** @type {Finding[]} */ ([]);
  }

  /** @param {Seen} seen @param {Still} still */
  async read({ id }, still) {
    this.draw();
    const opening = this.house.queue.find(id);
    if (opening && opening.state !== "received") return; // the server has not heard of it
    const known = await directory.findings(this.house.account, id).catch(() => []);
    if (!still()) return;
    this.known = known;
    this.view.changed();
  }

  /** What was filed so far and stands, here or by a colleague. @returns {Omit<Found, "severity">[]} */
  standing() {
    const { id } = this.view.inspection;
    const gone = takenBack(this.house.queue, id);
    const here = this.house.queue.of(id).filter(({ kind, state }) => kind === "finding" && state !== "failed").map(({ key, label }) => ({ id: key, code: label.code, count: label.count }));
    const known = this.known.map((each) => /** @type {[string, Found]} */ ([each.id, each]));
    const all = new Map([...here.map((each) => /** @type {[string, Found]} */ ([each.id, each])), ...known]);
    return [...all.values()].filter((each) => each.state !== "withdrawn" && !gone.has(each.id));
  }

  draw() {
    const queued = this.house.queue.of(this.view.inspection.id).filter(({ kind }) => kind !== "photo");
    const here = new Set(queued.map((item) => item.key));
    const rows = [
      ...Object.entries(this.house.held.rows(this.view.inspection.id)).map(([code, row]) => this.held({ code, ...row })),
      ...queued.map((item) => this.queued(item)),
      ...this.known.filter((finding) => !here.has(finding.id)).map((finding) => this.stored(finding)),
    ];
    redraw(byId("count-filed"), rows.length ? rows : el("li", { class: "empty" }, t("Chưa có ghi nhận nào.", "Nothing recorded yet.")));
  }

  /** @param {{ code: string, count: number }} finding */
  title({ code, count }) {
    const name = this.view.catalogue.byCode.get(code)?.name ?? "";
    return el("span", {}, el("b", {}, code), ` ${name}`, code === CLEAN ? "" : ` × ${number(count)}`);
  }

  /** @param {Counted & { code: string }} row */
  held(row) {
    const [words, kind] = QUEUED.waiting;
    return el("li", { "data-item": row.id, "data-state": "held" }, el("div", { class: "title-line" }, this.title(row), el("span", { class: `tag ${kind}` }, words)),
      el("p", { class: "hint" }, t("Chưa gửi đi, còn hoàn tác được.", "Not sent yet: it can be undone.")));
  }

  /** @param {Item} item */
  queued(item) {
    const [words, kind] = QUEUED[item.index === undefined ? item.state : "logged"];
    return el("li", { "data-item": item.key, "data-state": item.state },
      el("div", { class: "title-line" }, titleOf(item) ?? this.title(/** @type {Found} */ (item.label)), el("span", { class: `tag ${kind}` }, words)),
      item.handed && item.state !== "received" && el("p", { class: "hint" }, t("Đã bàn giao cho đồng nghiệp; máy này vẫn giữ và sẽ gửi khi có mạng.", "Handed over to a colleague; kept here too, and sent when the network is back.")),
      item.state === "received" ? this.receipt(item) : this.trouble(/** @type {Failed} */ (item)), progress(this.house.queue, item));
  }

  /** @param {Item} item */
  receipt({ answer, kind, label, index, unchecked, unproven }) {
    const at = kind === "finding" ? label.captured_at : answer.received_at;
    return [
      el("p", { class: "meta" },
        el("span", {}, moment(at)),
        el("span", {}, t("Đã nhận", "Received")),
        index !== undefined && el("span", { "data-index": index }, t(`Số ${number(index)} trong nhật ký`, `Number ${number(index)} in the log`),
          unchecked ? "" : t(", máy này đã kiểm biên nhận", ", receipt checked on this device")),
        el("a", { href: answer.receipt, target: "_blank", rel: "noopener" }, t("Biên nhận", "Receipt"))),
      unchecked && el("p", { class: "hint" }, t("Trình duyệt này chưa kiểm được chữ ký của nhật ký.", "This browser cannot check the log's signature.")),
      unproven && el("div", { class: "notice bad" },
        t("Biên nhận KHÔNG khớp với điều máy chủ đã trả lời. Hãy báo Sở Nội vụ và giữ nguyên máy này.", "The receipt does NOT match what the server answered. Tell the Department and keep this device as it is."), ` (${unproven})`),
    ];
  }

  /** @param {Finding} finding */
  stored(finding) {
    const [words, kind] = STATE[finding.state] ?? [finding.state, ""];
    return el("li", {},
      el("div", { class: "title-line" }, this.title(finding), el("span", { class: `tag ${kind}` }, words)),
      el("p", { class: "meta" }, el("span", {}, moment(finding.captured_at)),
        finding.complete === false && el("span", { class: "tag warn" }, t("Thiếu ảnh", "Photos missing")),
        el("a", { href: `/audit/v1/receipts/${finding.id}`, target: "_blank", rel: "noopener" }, t("Biên nhận", "Receipt"))));
  }

  /** @param {Failed} item */
  trouble(item) {
    if (item.state !== "failed") {
      return item.problem && el("p", { class: "hint" }, item.problem.slug === "not-yet-known"
        ? t("Máy chủ chưa nhận được cuộc kiểm tra; mục này tự gửi lại.", "The server has not got the inspection yet; this is sent again by itself.")
        : t("Sẽ tự gửi lại.", "Will be sent again by itself."));
    }
    const { queue } = this.house;
    if (item.problem.slug === "id-reused") return this.first(item);
    return [
      el("div", { class: "notice bad" }, el("p", {}, item.problem.message),
        el("ul", {}, item.problem.errors.map((error) => el("li", {}, said({ ...error, bare: true }))))),
      el("div", { class: "actions" },
        el("button", { type: "button", onclick: () => this.edit(queue.find(item.key) ?? item) }, t("Sửa lại", "Correct it")), // as it is now, not when drawn
        el("button", { type: "button", class: "quiet", onclick: () => queue.retry(item.key) }, t("Gửi lại", "Send again")),
        el("button", { type: "button", class: "quiet", onclick: () => download([item]) }, t("Tải ra tệp", "Save as a file")),
        el("button", { type: "button", class: "quiet", onclick: () => (item.kind === "inspection" ? this.abandon(item) : this.discard(item)) }, t("Bỏ", "Discard"))),
    ];
  }

  /** The server has this item as it was sent before: keep that, or record this as a further one. @param {Item} item */
  first(item) {
    const stands = this.known.find(({ id }) => id === item.key);
    return [
      el("div", { class: "notice warn" }, t("Máy chủ đã nhận mục này với nội dung gửi lần trước.", "The server has this item as it was sent before."), " ", stands && this.title(stands)),
      el("div", { class: "actions" },
        el("button", { type: "button", onclick: () => this.house.keepFirst(item) }, t("Giữ bản đã nhận", "Keep what was received")),
        item.kind === "finding" && el("button", { type: "button", class: "quiet", onclick: () => this.edit(item) }, t("Sửa lại, ghi thêm mục mới", "Correct it as a further item"))),
    ];
  }

  /** @param {Item} item */
  edit(item) {
    if (item.kind === "inspection") return reopen(this.house, item);
    if (item.kind === "closing") return recount(this.house, /** @type {Unclosed} */ (item));
    return this.view.edit(item);
  }

  /** Refused or not, it goes only when somebody says so. @param {Item} item */
  async discard(item) {
    const sure = await confirmed(t("Bỏ mục này?", "Discard this item?"),
      t("Máy chủ chưa nhận mục này. Bỏ đi thì không lấy lại được.", "The server has not got it. Discarded, it cannot be brought back."),
      t("Bỏ", "Discard"), t("Giữ lại", "Keep"));
    if (!sure) return;
    await this.house.queue.discard(item.key);
    await forget(item.label.photos);
  }

  /** Without its opening nothing of an inspection can be sent: all goes, or nothing. @param {Item} item */
  async abandon(item) {
    const { queue } = this.house;
    const under = queue.of(item.key).filter(({ key, kind }) => key !== item.key && kind !== "photo");
    const sure = await confirmed(t("Bỏ cả cuộc kiểm tra?", "Discard the whole inspection?"),
      t(`Máy chủ chưa nhận cuộc kiểm tra này. Cùng với nó mất ${items(under.length)} đã ghi; không lấy lại được.`,
        `The server has not got this inspection. With it goes what was recorded under it: ${items(under.length)}. It cannot be brought back.`),
      t("Bỏ cả cuộc", "Discard it all"), t("Giữ lại", "Keep"));
    if (!sure) return;
    await queue.abandon(item.key);
    const counted = Object.values((await this.house.drafts.read(countDraft(item.key))) ?? {});
    for (const name of [countDraft(item.key), `close/${item.key}`, `open/${item.key}`, `fill/${item.key}`]) await this.house.drafts.clear(name);
    await Promise.all([...under.map(({ label }) => label), ...counted].map(({ photos }) => forget(photos)));
    this.house.go("#/");
  }
}
