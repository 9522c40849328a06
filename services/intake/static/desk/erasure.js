// Erasing private parts takes two people: a reviewer asks, on a case; an auditor reads why, then approves or refuses.

import { byId, confirmed, el, flash } from "../../assets/dom.js";
import { moment, t } from "../../assets/words.js";
import { choices, textField, wire } from "./forms.js";
import { PagedList } from "./list.js";
import { tidy } from "../shared/drafts.js";
import { ABOUT, ERASURE, PART } from "./labels.js";

const RECORDED = "kycuong.finding.recorded.v1";
/** @type {Record<string, string[]>} */
const ANSWERS = { reply: ["text", "kycuong.finding.replied.v1"], decision: ["reason", "kycuong.finding.decided.v1"], withdrawal: ["reason", "kycuong.finding.withdrawn.v1"] };

/** @param {string[]} parts */
const names = (parts) => parts.map((part) => PART[part] ?? part.replace("photo.", t("ảnh ", "photo "))).join(", ");

/** Names a choice the same after a reload, whatever has gone from the list meanwhile. @param {{ event: string, parts: string[] }} offered */
const key = ({ event, parts }) => `${event}/${parts.join("+")}`;

/** What of an opened finding can still be erased: [{event, parts, type}]. @param {Record<string, any>} finding */
function erasable({ id, photos, answers, private: sealed = {} }) {
  const gone = { ...sealed.lost, ...sealed.erased };
  const pictures = Array.from({ length: photos }, (_, place) => `photo.${place + 1}`).filter((part) => !gone[part]);
  const own = [...["narrative", "persons"].filter((part) => sealed[part]), ...pictures];
  return [
    ...[...own.map((part) => [part]), ...(own.length > 1 ? [own] : [])].map((parts) => ({ event: id, parts, type: RECORDED })),
    ...Object.entries(ANSWERS).filter(([name, [part]]) => sealed[name]?.[part]).map(([name, [part, type]]) => ({ event: answers[name], parts: [part], type })),
  ];
}

/** The reviewer's request on a finding, folded away; null when nothing is left to erase. @param {string} account @param {Case} finding */
export function requestForm(account, finding) {
  const offered = erasable(finding);
  if (!offered.length) return null;
  const form = el("form", { class: "case-form", id: `erase-${finding.id}`, novalidate: true },
    choices("what", "/parts", t("Phần cần xóa", "What to erase"), offered.map((each) => [key(each), `${ABOUT[each.type]}: ${names(each.parts)}`])),
    textField(`erase-reason-${finding.id}`, "reason", "/private/reason", t("Lý do xóa", "Reason for the erasure"),
      t("Bắt buộc. Người giám sát nhật ký đọc để duyệt; đừng nhắc lại nội dung cần xóa.", "Required. The auditor reads it; do not repeat what is to be erased.")),
    el("button", {}, t("Gửi yêu cầu xóa", "Ask for the erasure")));
  const details = el("details", { class: "erasure" }, el("summary", {}, t("Yêu cầu xóa nội dung không công khai", "Ask to erase a private part")), wire(form, {
    name: `${account}/erase/${finding.id}`,
    path: (id) => `/intake/v1/erasures/${id}`,
    again: t("Gửi thêm một yêu cầu khác", "Send another request"),
    called: () => t(`Yêu cầu xóa ở ${finding.code}, ${finding.unit_name}.`, `Request to erase of ${finding.code}, ${finding.unit_name}.`),
    write: ({ what, reason }) => {
      const chosen = offered.find((each) => key(each) === what);
      const errors = [];
      if (!chosen) errors.push({ pointer: "/parts", detail: t("Hãy chọn phần cần xóa", "Choose what to erase") });
      if (!tidy(reason)) errors.push({ pointer: "/private/reason", detail: t("Hãy ghi lý do xóa", "Give the reason for the erasure") });
      return { body: { event: chosen?.event, parts: chosen?.parts, private: { reason: tidy(reason) } }, errors };
    },
    done: async () => {
      form.reset();
      details.open = false;
      flash("good", t("Đã gửi yêu cầu xóa. Người giám sát nhật ký sẽ duyệt hoặc từ chối; nội dung chưa bị xóa.", "The request was sent. An auditor approves or refuses it; nothing is erased yet."));
    },
  }));
  return details;
}

export class Erasures {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.list = new PagedList("erasures", {
      path: (words) => `/intake/v1/erasures?${new URLSearchParams({ limit: "100", ...(!this.others.checked && { state: "requested" }), ...(words && { q: words }) })}`,
      draw: (row) => this.card(row), empty: t("Không có yêu cầu xóa nào chờ duyệt.", "No erasure waits for approval."),
    });
    this.others = byId("erasures-others");
    this.others.addEventListener("change", () => desk.reload("erasures"));
  }

  async show() {
    const rows = await this.list.show();
    this.desk.count("erasures", rows.filter(({ state }) => state === "requested").length);
  }

  /** @param {Erasure} row */
  card(row) {
    const [label, kind] = ERASURE[row.state];
    return el("li", { "data-erasure": row.id },
      el("div", { class: "title-line" }, el("h3", {}, row.unit_name), el("span", { class: `tag ${kind}` }, label)),
      el("p", {}, el("b", {}, t("Cần xóa: ", "To erase: ")), `${ABOUT[row.about.type] ?? row.about.type}: ${names(row.parts)}`),
      el("p", { class: "meta" },
        el("span", {}, t(`Ghi lúc ${moment(row.about.time)}`, `Written ${moment(row.about.time)}`)),
        el("span", {}, t(`${row.requester} yêu cầu lúc ${moment(row.requested_at)}`, `${row.requester} asked ${moment(row.requested_at)}`)),
        row.settled_at && el("span", {}, t(`Xử lý lúc ${moment(row.settled_at)}`, `Settled ${moment(row.settled_at)}`)),
        el("a", { href: `/audit/v1/receipts/${row.event}`, target: "_blank", rel: "noopener" }, t("Biên nhận", "Receipt"))),
      quote(t("Lý do xóa", "Reason for the erasure"), row.private.reason),
      row.private.refusal && quote(t("Lý do từ chối", "Reason for the refusal"), row.private.refusal.reason),
      row.state === "requested" && this.desk.roles.has("auditor") && this.settling(row));
  }

  /** @param {Erasure} row */
  settling(row) {
    if (row.requester === this.desk.account) return el("p", { class: "hint" }, t("Bạn là người yêu cầu: cần một người giám sát nhật ký khác duyệt.", "You asked for this: another auditor has to settle it."));
    return [this.approval(row), this.refusal(row)];
  }

  /** @param {Erasure} erasure */
  approval({ id, unit_name: unit }) {
    const form = el("form", { class: "actions", id: `approve-${id}`, novalidate: true }, el("button", { class: "danger" }, t("Duyệt và xóa", "Approve and erase")));
    return wire(form, {
      name: `${this.desk.account}/approve/${id}`,
      path: (write) => `/intake/v1/erasures/${id}/approval/${write}`,
      write: () => ({ body: {} }),
      sure: () => confirmed(t("Xóa vĩnh viễn?", "Erase for good?"),
        t("Không ai khôi phục được nội dung này. Nhật ký ghi rằng đã xóa; ghi nhận và điểm không đổi.", "Nobody can bring these words back. The log tells of the erasure; finding and score stay as they are."),
        t("Xóa", "Erase"), t("Chưa xóa", "Not yet")),
      done: () => this.told(t(`Đã xóa nội dung không công khai của ${unit}.`, `Erased the private part of ${unit}.`)),
    });
  }

  /** @param {Erasure} erasure */
  refusal({ id }) {
    const form = el("form", { class: "case-form", id: `refuse-${id}`, novalidate: true },
      textField(`refuse-reason-${id}`, "reason", "/private/reason", t("Lý do từ chối", "Reason for the refusal"), t("Bắt buộc. Người yêu cầu đọc được.", "Required. Whoever asked can read it.")),
      el("button", { class: "quiet" }, t("Từ chối yêu cầu", "Refuse the request")));
    return el("details", { class: "erasure" }, el("summary", {}, t("Từ chối", "Refuse")), wire(form, {
      name: `${this.desk.account}/refuse/${id}`,
      path: (write) => `/intake/v1/erasures/${id}/refusal/${write}`,
      write: ({ reason }) => ({
        body: { private: { reason: tidy(reason) } },
        errors: tidy(reason) ? [] : [{ pointer: "/private/reason", detail: t("Hãy ghi lý do từ chối", "Give the reason for the refusal") }],
      }),
      done: () => this.told(t("Đã từ chối; nội dung vẫn còn nguyên.", "Refused; the words stay as they are.")),
    }));
  }

  /** @param {string} words */
  async told(words) {
    await this.show();
    flash("good", words);
  }
}

/** @param {string} title @param {string} text */
const quote = (title, text) => el("div", { class: "quote" }, el("b", {}, title), text);
