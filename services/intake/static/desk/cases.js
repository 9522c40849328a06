// How a finding, the unit's reply and the decision are shown, the same to everyone who may see them.

import { problemOf, request } from "../../assets/api.js";
import { el, one } from "../../assets/dom.js";
import { day, moment, number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import { DUE, OUTCOME, OUTCOME_TAG, ROLE, SEVERITY, STATE } from "./labels.js";

/** K00 and K04 (severity 0) take no reply and no decision. @param {Finding} finding */
export const answerable = (finding) => finding.severity > 0;

/** In the order of the catalogue: A to H. @param {Finding} a @param {Finding} b */
export const byCode = (a, b) => a.code.localeCompare(b.code) || (a.id < b.id ? -1 : 1);

/** A document's number, which no line breaks. @param {string} text */
export const whole = (text) => el("span", { class: "whole" }, text);

/** The server's words for where a finding stands; what counts against the unit is red, however it came about. @param {Finding} finding */
export function stateTag({ state, outcome, settled, state_label: label }) {
  return el("span", { class: `tag ${OUTCOME_TAG[/** @type {string} */ (outcome)] ?? (settled ? OUTCOME_TAG.upheld : STATE[state]?.[1] ?? "")}` }, label);
}

/** Code, name and count in one line. @param {Finding} finding @param {Catalogue} catalogue */
export function heading(finding, catalogue) {
  const name = catalogue.byCode.get(finding.code)?.name ?? "";
  return `${finding.code} ${name}${answerable(finding) ? `\u00a0×\u00a0${number(finding.count)}` : ""}`;
}

/** A level as a chip before a finding's name. @param {Finding} finding */
export const level = ({ severity }) => severity > 0 && el("span", { class: `level level-${severity}`, title: SEVERITY[severity] }, el("span", { class: "unseen" }, t("mức ", "level ")), severity);

/** @param {string} title @param {Child} text */
const quote = (title, text) => el("div", { class: "quote" }, el("b", {}, title), text || t("(không ghi lời)", "(no words)"));

/** A private part's words, or that they were erased or lost and when; undefined when there never were any. @param {Sealed | undefined} sealed @param {string} part */
function said(sealed, part) {
  const since = sealed?.erased?.[part];
  if (since) return el("em", { class: "erased" }, t(`Đã xóa theo yêu cầu ngày ${day(since)}`, `Erased on request on ${day(since)}`));
  const lost = sealed?.lost?.[part];
  if (lost) return el("em", { class: "erased" }, t(`Đã mất khi máy chủ khôi phục dữ liệu ngày ${day(lost)}; nhật ký chỉ còn dấu niêm`, `Lost when the server was restored on ${day(lost)}; only the log's seal of it is left`));
  return part === "persons" ? sealed?.persons?.join("\n") : sealed?.[part];
}

/** The minutes of a closed inspection, to read and to edit. @param {string} inspection */
export const minutes = (inspection) => [["pdf", t("Biên bản (PDF)", "Minutes (PDF)")], ["docx", t("Biên bản (Word)", "Minutes (Word)")]]
  .map(([kind, words]) => el("a", { href: `/intake/v1/inspections/${inspection}/minutes.${kind}`, download: true }, words));

/** @param {Case} finding @param {(inspection: string) => Child} papers */
const facts = (finding, papers) => el("p", { class: "meta" },
  el("span", {}, SEVERITY[finding.severity]),
  el("span", {}, moment(finding.captured_at)),
  el("a", { href: `/audit/v1/receipts/${finding.id}`, target: "_blank", rel: "noopener" }, t("Biên nhận", "Receipt")),
  finding.reply_due && finding.private && papers(finding.inspection));

/** @param {Sealed | undefined} sealed */
const seen = (sealed) => [
  ["narrative", t("Nội dung ghi nhận của đoàn", "The team's words")],
  ["persons", t("Người liên quan", "Persons concerned")],
  ...Object.keys({ ...sealed?.lost, ...sealed?.erased }).filter((part) => part.startsWith("photo.")).map((part) => [part, t(`Ảnh ${part.slice(6)}`, `Photo ${part.slice(6)}`)]),
].map(([part, title]) => said(sealed, part) && quote(title, said(sealed, part)));

/** The photos the server holds, for whoever has opened the private part. @param {Case} case */
const pictures = ({ id, photos_held: held, private: sealed, redactions = [] }) => sealed && held.length > 0
  && el("ul", { class: "photos" }, held.map((place) => el("li", {},
    el("img", { src: `/intake/v1/findings/${id}/photos/${place}`, alt: t(`Ảnh ${place}`, `Photo ${place}`), loading: "lazy" }),
    redactions.some(({ n }) => n === place) && el("p", { class: "hint" }, t("Một phần ảnh đã được che.", "A part of the photo is covered.")))));

/** @param {Finding} finding */
const missing = ({ complete }) => !complete
  && el("p", { class: "notice warn" }, t("Còn thiếu ảnh của ghi nhận: chưa xác nhận vi phạm được.", "Photos of the finding are still missing: it cannot be upheld yet."));

/** The words of an answer; that they are there is said to whoever has not opened them. @param {Case} case @param {string} name @param {string} part */
const answer = ({ private: sealed }, name, part) => (sealed ? said(sealed[name], part)
  : el("em", { class: "erased" }, t("Chưa mở: nội dung không công khai", "Private part, not opened")));

/** The files of a kind of write: read as downloads, each reading noted by the server. @param {Case} case @param {string} noun */
const attached = ({ id, files = [] }, noun) => files.filter(({ of }) => of === noun).map(({ write, n, type, bytes, held, awaited }) => el("p", { class: "meta" },
  held ? el("a", { href: `/intake/v1/findings/${id}/${noun}/${write}/files/${n}`, download: true }, t(`Tài liệu ${n} (${KINDS[type] ?? type}, ${number(Math.ceil(bytes / 1024))} kB)`, `Document ${n} (${KINDS[type] ?? type}, ${number(Math.ceil(bytes / 1024))} kB)`))
    : [el("span", {}, t(`Tài liệu ${n}: chưa tới`, `Document ${n}: not here yet`)), awaited && [" · ", el("a", { href: `/intake/cases/${id}#missing-${write}` }, t("gửi tệp còn thiếu", "send what is missing"))]]));

/** @type {Record<string, string>} */
const KINDS = { "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "application/pdf": "PDF" };

/** @param {Case} finding */
function reply(finding) {
  if (finding.accepts !== null && finding.accepts !== undefined) {
    const title = finding.accepts ? t("Đơn vị thống nhất", "The unit agrees") : t("Đơn vị không thống nhất, đề nghị xem xét", "The unit disagrees and asks for a review");
    return [quote(title, answer(finding, "reply", "text")), finding.private && attached(finding, "reply")];
  }
  if (finding.state === "lapsed") return el("p", { class: "notice warn" }, t("Đơn vị không giải trình trong hạn.", "The unit gave no reply in time."));
  return answerable(finding) && el("p", { class: "hint" }, t("Đơn vị chưa giải trình.", "The unit has not replied."));
}

/** @param {Case} finding */
function result(finding) {
  if (finding.state === "withdrawn") return quote(t("Đã rút lại", "Withdrawn"), answer(finding, "withdrawal", "reason"));
  return finding.outcome && quote(t(`Quyết định: ${OUTCOME[finding.outcome]}`, `Decision: ${OUTCOME[finding.outcome]}`), answer(finding, "decision", "reason"));
}

/** What came after the first reply and decision, in the words of whoever wrote them. */
const LATER = [
  ["correction", "reason", t("Đính chính: lý do", "Correction: reason")],
  ["release", "reason", t("Thông báo cho đơn vị: lý do", "Released to the unit: reason")],
  ["extension-request", "reason", t("Đơn vị xin gia hạn: lý do", "The unit asks for more time: reason")],
  ["extension", "reason", t("Gia hạn: lý do", "More time: reason")],
  ["appeal", "text", t("Đơn vị khiếu nại", "The unit's appeal")],
  ["reopening", "reason", t("Mở lại hồ sơ: lý do", "Reopened: reason")],
  ["remedy-plan", "actions", t("Kế hoạch khắc phục", "Plan of the remedy")],
  ["remedy-report", "text", t("Báo cáo khắc phục", "Report of the remedy")],
  ["remedy-verification", "reason", t("Xác nhận khắc phục: lý do", "Verification of the remedy: reason")],
];

/** @param {Case} full */
const later = (full) => LATER.map(([noun, part, title]) => {
  const sealed = full.private?.[noun];
  return said(sealed, part) && [quote(title, said(sealed, part)), attached(full, noun)];
});

/** What happened, in its order, each with its entry in the log. @param {Case} finding */
export function story({ history = [] }) {
  return history.length > 0 && el("details", { class: "story" }, el("summary", {}, t(`Diễn biến: ${number(history.length)} bước`, `History: ${number(history.length)} step${history.length === 1 ? "" : "s"}`)),
    el("ol", {}, history.map(({ type, time, index, role, label }) => el("li", {},
      el("b", {}, label ?? type), el("span", { class: "meta" }, el("span", {}, moment(time)), el("span", {}, ROLE[role] ?? t("hệ thống", "the system")),
        index !== null && el("a", { href: `/audit/entry?at=${index}` }, t(`mục ${number(index)} của nhật ký`, `entry ${number(index)} of the log`)))))));
}

/** The clocks that run, but the reply's, which stands in the line. @param {Finding} finding */
const clocks = ({ deadlines = [] }) => deadlines.filter(({ of, state }) => of !== "reply" && state === "open").map(({ of, due }) =>
  el("p", { class: "meta" }, el("span", { class: Date.parse(due) < now() ? "late" : "" }, t(`${DUE[of]}: hết ngày ${day(due)}`, `${DUE[of]}: by the end of ${day(due)}`))));

/** A case laid open: what was found beside what was answered, then what happened. @param {Case} full @param {{ photos?: (full: Case) => Child, papers?: (inspection: string) => Child }} [how] */
export const laidOpen = (full, { photos = pictures, papers = minutes } = {}) => [
  el("div", { class: "sides" },
    el("div", {}, facts(full, papers), seen(full.private), photos(full), missing(full)),
    el("div", {}, reply(full), result(full), later(full), clocks(full))),
  story(full),
];

/** The reply's deadline; said in red once it has passed. @param {Finding} finding */
export function deadline(finding) {
  if (finding.state !== "recorded" || !answerable(finding)) return null;
  if (!finding.reply_due) return el("span", {}, t("Hạn giải trình tính từ khi kết thúc kiểm tra", "The reply period starts when the inspection closes"));
  const late = Date.parse(finding.reply_due) < now();
  return el("span", { class: late ? "late" : "" },
    late ? t(`Đã quá hạn giải trình ${day(finding.reply_due)}`, `The reply was due ${day(finding.reply_due)}`)
      : t(`Hạn giải trình: hết ngày ${day(finding.reply_due)}`, `Reply by the end of ${day(finding.reply_due)}`));
}

/** How long the unit has left, in working days. @param {Record<string, any>} shown */
export function left({ reply_due: due, working_days_left: days }) {
  if (!due || days === null || days === undefined) return null;
  if (Date.parse(due) < now()) return t("đã quá hạn", "overdue");
  return days === 0 ? t("hết hạn hôm nay", "due today") : t(`còn ${number(days)} ngày làm việc`, `${number(days)} working day${days === 1 ? "" : "s"} left`);
}

/**
 * A case as one line that opens: its private part is read (and the reading noted) only then. `form(full, onward, read)` adds
 * what the caller may do, `onward` being the way to the next case and `read(headers)` reading it anew; `unit` says whether the
 * unit's name belongs in the line, `dated` its day and deadline, `waits(finding)` whether the caller has something to do here; `photos(full)` and
 * `papers(inspection)` give pictures and minutes. `update(finding)` of the node shows a newer state in its place.
 * @param {Finding} finding @param {Catalogue} catalogue
 * @param {{ unit?: boolean, dated?: boolean, form?: (full: Case, onward: () => void, read: (headers?: Record<string, string>) => Promise<void>) => any,
 *   waits?: (finding: Finding) => boolean, photos?: (full: Case) => Child, papers?: (inspection: string) => Child }} [how]
 */
export function caseOf(finding, catalogue, { unit = false, dated = true, form = () => null, waits = () => false, photos = pictures, papers = minutes } = {}) {
  const body = el("div", { class: "case-body" });
  const summary = el("summary", {});
  const details = el("details", { class: "case", "data-finding": finding.id, "data-code": finding.code }, summary, body);
  const read = async (headers = {}) => {
    const { body: full } = await request("GET", `/intake/v1/findings/${finding.id}`, undefined, { headers });
    body.replaceChildren(...[laidOpen(full, { photos, papers }), await form(full, () => onward(details), read)].flat(2).filter(Boolean));
  };
  const open = async () => {
    if (!body.hasChildNodes()) body.append(el("p", { class: "hint" }, t("Đang mở…", "Opening…")));
    try {
      await read();
    } catch (error) {
      const problem = problemOf(error);
      body.replaceChildren(el("p", { class: "notice bad" }, problem.message), el("button", { type: "button", class: "quiet", onclick: open }, t("Thử lại", "Try again")));
    }
  };
  const show = (/** @type {Finding} */ newer) => {
    details.toggleAttribute("data-waits", Boolean(waits(newer)));
    summary.replaceChildren(
      el("span", { class: "case-title" }, level(newer), heading(newer, catalogue)), stateTag(newer),
      dated && el("span", { class: "meta" }, unit && el("b", {}, newer.unit_name), el("span", {}, day(newer.captured_at)), deadline(newer)) || "");
  };
  details.update = (newer) => {
    const changed = /** @type {(keyof Finding)[]} */ (["state", "accepts", "outcome", "complete", "remedy", "code", "count", "may"]).some((name) => JSON.stringify(newer[name]) !== JSON.stringify(finding[name]));
    if (!changed) return;
    Object.assign(finding, newer);
    show(finding);
    if (body.hasChildNodes()) open();
  };
  details.addEventListener("toggle", () => { if (details.open && !body.hasChildNodes()) open(); });
  show(finding);
  return details;
}

/** Where one goes on after a case: the next that waits, below first; the view's heading when none is left. @param {HTMLElement} from */
export function onward(from) {
  from.removeAttribute("data-waits");
  const view = /** @type {HTMLElement} */ (from.closest("section"));
  const waiting = [...view.querySelectorAll(".case[data-waits]")];
  const next = waiting.find((each) => from.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING) ?? waiting[0];
  one(next ?? view, next ? "summary" : "h2").focus();
}
