// What the contract asks of each write of the form, checked as the server checks it: told before anything is kept. Pure.

import { number, t } from "../../assets/words.js";

const MOST_TEXT = 4000;
const MOST_RAW = 12_000;
const MOST_BYTES = 63 * 1024; // the phone's signature comes on top
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/gu;
const DOCUMENT = /^(?=[^0-9]*[0-9])[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff0-9_./&-]+$/;
const CALLED = /\d(?:[.-]?\d){8}/; // a telephone or an identity card: no document has such a number

/** Nothing (false, ""), or what is wrong: in words, or for each wrong member of a list. @typedef {(value: any) => false | string | [number, any][]} Check */

/** How long a text is to the server: composed, by characters. @param {string} text */
export const length = (text) => [...text.normalize("NFC")].length;

/** @param {string} text @param {number} most */
const oversize = (text, most) => (length(text) > most || text.length > MOST_RAW)
  && t(`dài ${number(length(text))} ký tự, nhiều nhất ${number(most)}; hãy rút gọn`, `has ${number(length(text))} characters, at most ${number(most)}; shorten it`);

/** Nothing, or what is wrong, in words. @param {string} value */
const text = (value, most = MOST_TEXT) => oversize(value, most)
  || (/\p{Surrogate}|\p{M}{31}/u.test(value) && t("có ký tự hỏng; hãy gõ lại", "has a broken character; type it again"));

/** @param {string} value */
const line = (value, most = 200) => text(value, most)
  || ((!value || value !== value.trim() || value.includes("\n")) && t("phải là một dòng chữ", "must be one line of text"));

/** @param {string} value */
const reason = (value) => text(value) || (!value.trim() && t("hãy ghi lý do", "give a reason"));

/** @param {number} least @param {number} most @returns {Check} */
const whole = (least, most) => (value) => !(Number.isInteger(value) && value >= least && value <= most)
  && t(`hãy nhập một số nguyên từ ${number(least)} đến ${number(most)}`, `enter a whole number from ${number(least)} to ${number(most)}`);

/** @param {RegExp} pattern @param {string} words @returns {Check} */
const like = (pattern, words) => (value) => !pattern.test(value) && words;

/** @param {...unknown} values @returns {Check} */
const among = (...values) => (value) => !values.includes(value) && t("hãy chọn một mục", "choose one");

/** @param {number} most @param {Check} check @returns {Check} */
const each = (most, check) => (values) => (values.length > most
  ? t(`nhiều nhất ${number(most)}`, `at most ${number(most)}`)
  : values.map((/** @type {unknown} */ value, /** @type {number} */ place) => [place, check(value)]).filter((/** @type {any[]} */ [, words]) => words));

const FORM = t("viết liền, có chữ số, chỉ gồm chữ, số và . / & - _, ví dụ 12/QĐ-SNV", "no blanks, with a digit, only letters, digits and . / & - _, for example 12/QĐ-SNV");

/** @param {string} value */
function numbered(value) {
  if (!value) return t("hãy ghi số văn bản, ví dụ 12/QĐ-SNV", "enter the document's number, for example 12/QĐ-SNV");
  const plain = value.replace(/\s/g, "").replace(DASHES, "-");
  const better = plain !== value && DOCUMENT.test(plain) ? t(`, hãy viết: ${plain}`, `; write: ${plain}`) : "";
  if (value.search(DASHES) >= 0) return t(`có dấu gạch dài “–”, phải là gạch nối “-”${better || `; ${FORM}`}`, `has a long dash “–” where a hyphen “-” belongs${better || `; ${FORM}`}`);
  if (CALLED.test(value)) return t("là số văn bản, không phải số điện thoại hay căn cước", "is a document's number, no telephone or identity card");
  return (!DOCUMENT.test(value) && `${FORM}${better}`) || text(value, 60);
}

/** @param {string} value */
const day = (value) => !(/^20\d\d-\d\d-\d\d$/.test(value) && new Date(value).toJSON()?.startsWith(value)) && t("phải là một ngày", "must be a day");

const time = like(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/, t("đồng hồ của máy sai; hãy chỉnh lại", "the device's clock is wrong; set it"));
const tally = whole(0, 99_999);
const account = like(/^[a-z0-9][a-z0-9._-]{1,94}$/, t("không phải tên tài khoản (chữ thường không dấu, chữ số và . _ -)", "is no account name (small letters without marks, digits and . _ -)"));

/** Each field's rule by its pointer; "?" may be missing, "*" is each member. */
/** @type {Record<"inspection" | "finding" | "closing" | "withdrawal", Record<string, Check>>} */
const RULES = {
  inspection: {
    "/unit": like(/^[a-z0-9][a-z0-9-]{2,62}$/, t("hãy chọn đơn vị", "choose the unit")), "/kind": among("unannounced", "planned", "recheck"),
    "/selection": among("random", "scheduled", "risk", "complaint"), "/basis": numbered, "/opened_at": time, "/team": each(99, account),
  },
  finding: {
    "/code": like(/^[A-Z]\d\d$/, t("không có mã này", "there is no such code")), "/count": whole(1, 9999), "/captured_at": time,
    "/private/narrative?": text, "/private/persons?": each(100, text),
  },
  closing: {
    "/closed_at": time, "/assigned": tally, "/present": tally, "/late": tally, "/unexcused": tally, "/excused/*": tally,
    "/persons_checked": tally, "/files_checked": tally, "/signed": among(true, false), "/private/opinion?": text, "/private/refusal?": text,
    "/private/minutes/number?": numbered, "/private/minutes/place?": line, "/private/minutes/leader?": line, "/private/minutes/secretary?": line,
    "/private/minutes/representative/name?": line, "/private/minutes/representative/post?": line,
    "/private/minutes/demands?": text, "/private/minutes/demands_due?": day, "/private/minutes/copies?": whole(1, 99),
  },
  withdrawal: { "/private/reason": reason },
};

/** @param {Record<string, any>} closing */
function sums({ assigned, present, late, unexcused, excused }) {
  const reached = present + unexcused + Object.values(excused).reduce((total, count) => total + count, 0);
  return [
    reached !== assigned && { pointer: "/assigned", detail: t("chưa bằng số có mặt và vắng cộng lại", "is not the present and the absent together") },
    late > present && { pointer: "/late", detail: t("lớn hơn số có mặt", "is more than the present") },
  ].filter((fault) => fault !== false);
}

/** What the server would refuse: [{pointer, detail, bare}], the words without their field's name. @returns {any[]} @param {keyof typeof RULES} kind @param {any} body */
export function faults(kind, body) {
  const found = Object.entries(RULES[kind]).flatMap(([path, check]) => {
    const names = path.slice(1).replace(/\?$|\/\*$/, "").split("/");
    const value = names.reduce((/** @type {any} */ at, name) => at?.[name], body);
    if (value === undefined && path.endsWith("?")) return [];
    const wrong = path.endsWith("*") ? /** @type {[string, any][]} */ (Object.entries(value)).map(([name, one]) => [name, check(one)]).filter(([, words]) => words) : check(value);
    const at = `/${names.join("/")}`;
    return Array.isArray(wrong) ? wrong.map((/** @type {any[]} */ [name, detail]) => ({ pointer: `${at}/${name}`, detail })) : wrong ? [{ pointer: at, detail: wrong }] : [];
  });
  if (kind === "closing" && !found.length) found.push(...sums(body));
  if (new TextEncoder().encode(JSON.stringify(body)).length > MOST_BYTES) {
    found.push({ pointer: "", detail: t("Cả nội dung quá dài (hơn 63 kB): hãy rút gọn mô tả, danh sách người", "The whole is too long (over 63 kB): shorten the words and the list of persons") });
  }
  return found.map((fault) => ({ ...fault, bare: fault.pointer !== "" }));
}
