// How a finding, the unit's reply and the decision are shown, the same to everyone who may see them.

import { get, page } from "../assets/api.js";
import { el } from "../assets/dom.js";
import { day, moment, number, t } from "../assets/words.js";
import { now } from "./clock.js";
import { OUTCOME, OUTCOME_TAG, SEVERITY, STATE } from "./labels.js";

/** K00 and K04 (severity 0) take no reply and no decision. */
export const answerable = (finding) => finding.severity > 0;

export const undecided = (finding) => answerable(finding) && !["decided", "withdrawn"].includes(finding.state);

/** Waits for the reviewer: contested, or too grave to count by itself, or to be referred. */
export function awaitsDecision(finding) {
  if (!undecided(finding)) return false;
  if (finding.severity === 4) return true;
  if (finding.state === "replied") return !finding.accepts || finding.severity > 1;
  return finding.state === "lapsed" && finding.severity > 1;
}

/** What the filter of a list of findings searches. */
export const words = (catalogue) => ({ unit_name, unit, code }) => `${unit_name} ${unit} ${code} ${catalogue.byCode.get(code)?.name ?? ""}`;

/** Pages of a list as rows, with the way to the next ones. */
export async function rowsOf(path, cursor = null) {
  const { items, next } = await page(path, cursor);
  return { rows: items, further: next && (() => rowsOf(path, next)) };
}

export function stateTag(finding) {
  const [label, kind] = STATE[finding.state] ?? [finding.state, ""];
  return el("span", { class: `tag ${OUTCOME_TAG[finding.outcome] ?? kind}` }, OUTCOME[finding.outcome] ?? label);
}

/** Code, name and count in one line. */
export function heading(finding, catalogue) {
  const name = catalogue.byCode.get(finding.code)?.name ?? "";
  return `${finding.code} ${name}${answerable(finding) ? ` × ${number(finding.count)}` : ""}`;
}

const quote = (title, text) => el("div", { class: "quote" }, el("b", {}, title), text || t("(không ghi lời)", "(no words)"));

/** A private part's words, or that they were erased and when; undefined when there never were any. */
function said(sealed, part) {
  const since = sealed?.erased?.[part];
  if (since) return el("em", { class: "erased" }, t(`Đã xóa theo yêu cầu ngày ${day(since)}`, `Erased on request on ${day(since)}`));
  return part === "persons" ? sealed?.persons?.join("\n") : sealed?.[part];
}

/** The minutes of a closed inspection, to read and to edit. @param {string} inspection */
export const minutes = (inspection) => [["pdf", t("Biên bản (PDF)", "Minutes (PDF)")], ["docx", t("Biên bản (Word)", "Minutes (Word)")]]
  .map(([kind, words]) => el("a", { href: `/intake/v1/inspections/${inspection}/minutes.${kind}`, download: true }, words));

const facts = (finding) => el("p", { class: "meta" },
  el("span", {}, SEVERITY[finding.severity]),
  el("span", {}, moment(finding.captured_at)),
  el("a", { href: `/audit/v1/receipts/${finding.id}`, target: "_blank", rel: "noopener" }, t("Biên nhận trong nhật ký", "Receipt in the log")),
  finding.reply_due && finding.private && minutes(finding.inspection));

const seen = (sealed) => [
  ["narrative", t("Đoàn kiểm tra ghi", "The team wrote")],
  ["persons", t("Người liên quan", "Persons concerned")],
  ...Object.keys(sealed?.erased ?? {}).filter((part) => part.startsWith("photo.")).map((part) => [part, t(`Ảnh ${part.slice(6)}`, `Photo ${part.slice(6)}`)]),
].map(([part, title]) => said(sealed, part) && quote(title, said(sealed, part)));

/** The photos the server holds, for whoever has opened the private part; that more are to come is said. */
const pictures = ({ id, photos_held: held, complete, private: sealed }) => [
  sealed && held.length > 0 && el("ul", { class: "photos" }, held.map((place) => el("li", {},
    el("img", { src: `/intake/v1/findings/${id}/photos/${place}`, alt: t(`Ảnh ${place}`, `Photo ${place}`), loading: "lazy" })))),
  !complete && el("p", { class: "notice warn" }, t("Còn thiếu ảnh đã khai: chưa xác nhận vi phạm được.", "Declared photos are still missing: it cannot be upheld yet.")),
];

function reply(finding) {
  if (finding.accepts !== null && finding.accepts !== undefined) {
    const title = finding.accepts ? t("Đơn vị chấp nhận", "The unit accepts") : t("Đơn vị không chấp nhận", "The unit contests");
    return quote(title, said(finding.private?.reply, "text"));
  }
  if (finding.state === "lapsed") return el("p", { class: "notice warn" }, t("Đơn vị không giải trình trong hạn.", "The unit gave no reply in time."));
  return answerable(finding) && el("p", { class: "hint" }, t("Đơn vị chưa giải trình.", "The unit has not replied."));
}

function result(finding) {
  if (finding.state === "withdrawn") return quote(t("Đã rút lại", "Withdrawn"), said(finding.private?.withdrawal, "reason"));
  return finding.outcome && quote(t(`Quyết định: ${OUTCOME[finding.outcome]}`, `Decision: ${OUTCOME[finding.outcome]}`), said(finding.private?.decision, "reason"));
}

/** The reply's deadline; said in red once it has passed. */
export function deadline(finding) {
  if (finding.state !== "recorded" || !answerable(finding)) return null;
  if (!finding.reply_due) return el("span", {}, t("Hạn giải trình tính từ khi kết thúc kiểm tra", "The reply period starts when the inspection closes"));
  const late = Date.parse(finding.reply_due) < now();
  return el("span", { class: late ? "late" : "" },
    late ? t(`Đã quá hạn giải trình ${day(finding.reply_due)}`, `The reply was due ${day(finding.reply_due)}`)
      : t(`Hạn giải trình: hết ngày ${day(finding.reply_due)}`, `Reply by the end of ${day(finding.reply_due)}`));
}

/**
 * A case as one line that opens: its private part is read (and the reading noted) only then. `form(full)` adds what
 * the caller may do; `unit` says whether the unit's name belongs in the line.
 */
export function caseOf(finding, catalogue, { unit = false, form = () => null } = {}) {
  const body = el("div", { class: "case-body" });
  const open = async () => {
    body.replaceChildren(el("p", { class: "hint" }, t("Đang mở…", "Opening…")));
    try {
      const full = await get(`/intake/v1/findings/${finding.id}`);
      body.replaceChildren(...caseBody(full, form));
    } catch (problem) {
      body.replaceChildren(el("p", { class: "notice bad" }, problem.message), el("button", { type: "button", class: "quiet", onclick: open }, t("Thử lại", "Try again")));
    }
  };
  const details = el("details", { class: "case", "data-finding": finding.id, "data-code": finding.code },
    el("summary", {},
      el("span", { class: "case-title" }, heading(finding, catalogue)), stateTag(finding),
      el("span", { class: "meta" }, unit && el("b", {}, finding.unit_name), el("span", {}, day(finding.captured_at)), deadline(finding))),
    body);
  details.addEventListener("toggle", () => { if (details.open && !body.hasChildNodes()) open(); });
  return details;
}

const caseBody = (full, form) => [
  el("div", { class: "sides" },
    el("div", {}, facts(full), seen(full.private), pictures(full)),
    el("div", {}, reply(full), result(full))),
  form(full),
].flat().filter(Boolean);
