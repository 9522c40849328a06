// The auditor: every case as it stands, and nothing to change. What is not public opens for a reason, noted each time.

import { get, Problem, unreachable } from "../../assets/api.js";
import { el, onSubmit } from "../../assets/dom.js";
import { day, moment, t } from "../../assets/words.js";
import { caseOf } from "./cases.js";
import { textField } from "./forms.js";
import { Chips, PagedList } from "./list.js";
import { tidy } from "../shared/drafts.js";
import { clearErrors, errorsOf, showErrors, tooLong } from "../shared/fields.js";
import { save } from "../shared/export.js";

const MOST = 500; // letters of a reason: it travels in a header
/** @type {Record<string, string>} */
const ANSWERS = { reply: t("Giải trình", "Reply"), decision: t("Quyết định", "Decision"), withdrawal: t("Rút lại", "Withdrawal") };

export class Cases {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.list = new PagedList("cases", { path: (words) => this.path(words), draw: (finding) => el("li", {}, this.case(finding)), empty: t("Không có hồ sơ nào.", "No case.") });
    this.states = new Chips("cases-states", () => desk.reload("cases"));
  }

  async show(wanted = /** @type {string | null} */ (null)) {
    const one = wanted && await get(`/intake/v1/inspections/${wanted}`);
    this.list.single(one && t(`Chỉ cuộc kiểm tra ngày ${day(one.opened_at)} tại ${one.unit_name}, ${one.basis}.`, `Only the inspection of ${day(one.opened_at)} at ${one.unit_name}, ${one.basis}.`), "#/cases");
    this.wanted = wanted;
    await this.list.show();
  }

  /** @param {string} words */
  path(words) {
    const state = !this.wanted && this.states.value;
    return `/intake/v1/findings?${new URLSearchParams({ limit: "30", ...(this.wanted && { inspection: this.wanted }), ...(state && { state }), ...(words && { q: words }) })}`;
  }

  /** @param {Finding} finding */
  case(finding) {
    let reason = /** @type {string | null} */ (null);
    const opened = async (/** @type {string} */ given, /** @type {(headers: Record<string, string>) => Promise<void>} */ open) => {
      reason = given;
      await open(because(given));
    };
    return caseOf(finding, this.desk.catalogue, {
      unit: true, photos: (full) => pictures(full, reason), papers: (inspection) => minutes(inspection, reason),
      form: (full, _, open) => [times(full), full.private ? told(reason) : asking(full, (given) => opened(given, open))],
    });
  }
}

/** What tells the server why; whoever reads as something else as well needs none. */
/** @param {string | null} reason @returns {Record<string, string>} */
const because = (reason) => (reason ? { "Kycuong-Reason": encodeURIComponent(reason) } : {});

/** @param {Finding} finding @param {(reason: string) => Promise<void>} opened */
function asking(finding, opened) {
  const id = `open-${finding.id}`;
  const form = el("form", { class: "case-form", id, novalidate: true },
    textField(`${id}-reason`, "reason", "/reason", t("Lý do mở nội dung không công khai", "Reason for opening the private part"),
      t("Bắt buộc. Lý do, tài khoản của bạn và thời điểm mở được ghi lại; không ghi tên riêng.", "Required. The reason, your account and the time are noted; name nobody.")),
    el("button", { class: "quiet" }, t("Mở nội dung không công khai", "Open the private part")));
  const { reason } = form.elements;
  reason.dataset.most = MOST;
  const wrong = () => (tidy(reason.value) ? tooLong(form) : [{ pointer: "/reason", detail: t("Hãy ghi lý do mở", "Give the reason for opening it") }]);
  onSubmit(form, async () => {
    if (wrong().length) return showErrors(form, wrong(), undefined, wrong);
    clearErrors(form);
    const place = form.parentElement;
    try {
      await opened(tidy(reason.value));
      place?.querySelector("[data-opened]")?.focus();
    } catch (problem) {
      showErrors(form, errorsOf(problem), t("Chưa mở được", "Not opened"));
    }
  });
  return form;
}

/** @param {string | null} reason */
const told = (reason) => reason && el("p", { class: "hint", tabindex: "-1", "data-opened": true },
  t(`Đã mở nội dung không công khai. Lần mở này được ghi lại với lý do: ${reason}`, `The private part was opened. This was noted, with the reason: ${reason}`));

/** When what was done, as the log has it. @param {Case} finding */
function times(finding) {
  const { id, inspection, captured_at: captured, received_at: received, reply_due: due, answers } = finding;
  const row = (/** @type {string} */ name, /** @type {Child[]} */ ...said) => [el("dt", {}, name), el("dd", {}, said)];
  const entry = (/** @type {string} */ event) => el("a", { href: `/audit/entry?at=${event}` }, t("xem trong nhật ký", "see it in the log"));
  const answered = Object.entries(answers).map(([name, event]) => {
    const time = el("span", {}, "…");
    get(`/audit/v1/entries/${event}`).then(({ time: at }) => moment(at), ({ message }) => message).then((said) => { time.textContent = said; });
    return row(ANSWERS[name], time, " · ", entry(event));
  });
  return el("dl", { class: "pairs" },
    row(t("Ghi nhận", "Found"), moment(captured)), row(t("Máy chủ nhận", "Received"), moment(received), " · ", entry(id)),
    due && row(t("Hạn giải trình", "Reply due"), moment(due)), answered,
    row(t("Cuộc kiểm tra", "Inspection"), el("a", { href: `#/cases/${inspection}` }, t("mọi ghi nhận của cuộc này", "all of its findings"))));
}

/** A file that is not public, read for a reason. @param {string} path @param {string | null} reason */
async function file(path, reason) {
  const answer = await fetch(path, { headers: { "Accept-Language": document.documentElement.lang, ...because(reason) } }).catch(() => { throw unreachable(); });
  if (answer.ok) return answer.blob();
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

/** A button that reads a file and does something with it; each reading is noted, so nothing is read unasked. @param {string} label @param {string} path @param {string | null} reason @param {(content: Blob, button: HTMLElement) => void} act */
function reading(label, path, reason, act) {
  const refused = el("span", { role: "alert", class: "wrong-words" });
  const button = el("button", { type: "button", class: "quiet", onclick: async () => {
    button.setAttribute("aria-busy", "true");
    refused.textContent = "";
    await file(path, reason).then((content) => act(content, button), ({ message }) => { refused.textContent = message; });
    button.removeAttribute("aria-busy");
  } }, label);
  return [button, refused];
}

/** @param {Case} case @param {string | null} reason */
function pictures({ id, photos_held: held, private: sealed }, reason) {
  const show = (/** @type {string} */ alt) => (/** @type {Blob} */ content, /** @type {HTMLElement} */ button) => {
    const picture = el("img", { src: URL.createObjectURL(content), alt, tabindex: "-1" });
    button.replaceWith(picture);
    picture.focus();
  };
  return sealed && held.length > 0 && el("ul", { class: "photos" }, held.map((place) =>
    el("li", {}, reading(t(`Xem ảnh ${place}`, `See photo ${place}`), `/intake/v1/findings/${id}/photos/${place}`, reason, show(t(`Ảnh ${place}`, `Photo ${place}`))))));
}

/** @param {string} inspection @param {string | null} reason */
const minutes = (inspection, reason) => reading(t("Biên bản (PDF)", "Minutes (PDF)"), `/intake/v1/inspections/${inspection}/minutes.pdf`, reason,
  (content) => save(new File([content], `bien-ban-${inspection}.pdf`, { type: content.type })));
