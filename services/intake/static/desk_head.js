// The head of a unit: what was found, a button that says it was seen, and a reply to each finding.

import { all, put } from "../assets/api.js";
import { byId, el, flash } from "../assets/dom.js";
import { day, t } from "../assets/words.js";
import { answerable, caseOf } from "./desk_cases.js";
import { choices, textField, wire } from "./desk_form.js";
import { FilteredList } from "./desk_list.js";
import * as directory from "./directory.js";
import { tidy } from "./drafts.js";
import { KIND } from "./labels.js";
import { uuid7 } from "./uuid7.js";

const mayReply = (finding) => answerable(finding) && finding.state === "recorded";

/** The closed inspections of the head's units, each with its findings. */
async function read() {
  const [inspections, findings] = await Promise.all([all("/intake/v1/inspections?state=closed&limit=200"), all("/intake/v1/findings?limit=200")]);
  return inspections.map((inspection) => ({ ...inspection, found: findings.filter((finding) => finding.inspection === inspection.id) }));
}

const words = (catalogue) => (row) => [row.unit_name, row.unit, ...row.found.map((each) => `${each.code} ${catalogue.byCode.get(each.code)?.name ?? ""}`)].join(" ");

const headline = (inspection) => [
  el("div", { class: "title-line" }, el("h3", {}, inspection.unit_name), el("span", { class: "tag info" }, KIND[inspection.kind])),
  el("p", { class: "meta" },
    el("span", {}, t(`Kiểm tra ngày ${day(inspection.opened_at)}`, `Inspected on ${day(inspection.opened_at)}`)),
    el("span", {}, inspection.basis)),
];

export class Answer {
  constructor(desk) {
    this.desk = desk;
    this.own = new Set(desk.me.roles.filter(({ role }) => role === "unit_head").map(({ unit }) => unit));
    this.list = new FilteredList("answer", {
      text: words(desk.catalogue), draw: (row) => this.card(row),
      empty: t("Không có ghi nhận nào chờ giải trình.", "No finding waits for a reply."),
    });
  }

  async show() {
    const [rows, units] = await Promise.all([read(), directory.units(this.desk.account)]);
    this.inBeing = new Set(units.map(({ unit }) => unit));
    byId("answer-codes").replaceChildren(...units.filter(({ unit }) => this.own.has(unit))
      .map(({ unit, name }) => el("a", { href: `/intake/units/${unit}/qr` }, t(`Mã QR của ${name}, để in và treo`, `QR code of ${name}, to print and hang up`))));
    const waits = (row) => row.found.some(mayReply) || (this.mine(row) && row.found.some(answerable) && !row.acknowledged);
    const waiting = rows.filter(waits);
    this.list.set([...waiting.filter((row) => this.mine(row)), ...waiting.filter((row) => !this.mine(row))]);
  }

  card(inspection) {
    return el("li", { "data-inspection": inspection.id },
      headline(inspection),
      this.seenLine(inspection),
      inspection.found.map((finding) => caseOf(finding, this.desk.catalogue, {
        form: (full) => mayReply(full) && this.mine(full) && this.form(full),
      })));
  }

  seenLine(inspection) {
    if (inspection.acknowledged && this.mine(inspection)) return el("p", {}, el("span", { class: "tag good" }, t("Đã xác nhận xem", "Marked as seen")));
    if (!this.mine(inspection)) return el("p", { class: "hint" }, t("Đơn vị trực thuộc: người đứng đầu đơn vị đó trả lời.", "A subordinate unit: its own head answers."));
    const id = uuid7();
    const acknowledge = async () => {
      try {
        await put(`/intake/v1/inspections/${inspection.id}/acknowledgement/${id}`, {});
        await this.show();
        flash("good", t("Đã ghi: đơn vị đã xem. Hạn giải trình không đổi.", "Noted as seen. The reply's deadline is unchanged."));
      } catch (problem) {
        flash("bad", problem.message);
      }
    };
    return el("p", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: acknowledge }, t("Xác nhận đã xem", "Mark as seen")));
  }

  /** Only a unit's own head answers; the cases of a unit that has passed into another are its heir's. */
  mine({ unit }) {
    return this.own.has(unit) || !this.inBeing.has(unit);
  }

  form(finding) {
    const form = el("form", { class: "case-form", id: `reply-${finding.id}`, novalidate: true },
      choices("accepts", "/accepts", t("Ý kiến của đơn vị", "The unit's view"), [
        ["true", t("Chấp nhận", "Accept")],
        ["false", t("Không chấp nhận", "Contest"), t("Sở Nội vụ sẽ xem xét và quyết định", "the Department will look into it and decide")],
      ]),
      textField(`text-${finding.id}`, "text", "/private/text", t("Giải trình", "Reply"), t("Nêu sự việc, lý do, văn bản kèm số. Được lưu mã hoá.", "State facts, reasons, documents by number. Stored encrypted.")),
      el("button", {}, t("Gửi giải trình", "Send the reply")));
    return wire(form, {
      name: `${this.desk.account}/reply/${finding.id}`,
      path: (id) => `/intake/v1/findings/${finding.id}/reply/${id}`,
      write: ({ accepts, text }) => {
        const said = tidy(text);
        const errors = [];
        if (!accepts) errors.push({ pointer: "/accepts", detail: t("Hãy chọn chấp nhận hoặc không chấp nhận", "Choose accept or contest") });
        if (accepts === "false" && !said) errors.push({ pointer: "/private/text", detail: t("Hãy nêu lý do không chấp nhận", "Say why the unit contests it") });
        return { body: { accepts: accepts === "true", ...(said && { private: { text: said } }) }, errors };
      },
      done: async () => {
        await this.show();
        flash("good", t(`Đã nhận giải trình cho ghi nhận ${finding.code}.`, `The reply to ${finding.code} was received.`));
      },
    });
  }
}

export class Answered {
  constructor(desk) {
    this.list = new FilteredList("answered", {
      text: words(desk.catalogue), empty: t("Chưa có.", "None yet."),
      draw: (row) => el("li", {}, headline(row), row.found.length
        ? row.found.map((finding) => caseOf(finding, desk.catalogue)) : el("p", {}, t("Không có ghi nhận.", "No finding."))),
    });
  }

  async show() {
    this.list.set((await read()).filter((row) => !row.found.some(mayReply)));
  }
}
