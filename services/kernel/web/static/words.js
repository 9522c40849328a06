// Two languages and the formats of Vietnam, for scripts; the templates do the same on the server.

export const language = document.documentElement.lang === "en" ? "en" : "vi";

/** @template T @param {T} vi @param {T} en @returns {T} */
export const t = (vi, en) => (language === "en" ? en : vi);

const numbers = new Intl.NumberFormat(language === "en" ? "en-GB" : "vi-VN");
const moments = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Ho_Chi_Minh", day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit",
});
const days = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Ho_Chi_Minh", day: "2-digit", month: "2-digit", year: "numeric",
});
const ROMAN = ["", "I", "II", "III", "IV"];

/** 12471 → 12.471 @param {number} value */
export const number = (value) => numbers.format(value);

/** 12471 → 12.471 mục @param {number} count */
export const items = (count) => t(`${number(count)} mục`, `${number(count)} item${count === 1 ? "" : "s"}`);

/** An instant → 05/03/2026 07:45, time of Vietnam. @param {number | string | Date} value */
export const moment = (value) => moments.format(new Date(value)).replace(",", "");

/** An instant → 05/03/2026, the day in Vietnam. @param {number | string | Date} value */
export const day = (value) => days.format(new Date(value));

/** 2026-Q3 → Quý III/2026 @param {string} value */
export function quarter(value) {
  const [year, ordinal] = value.split("-Q");
  return t(`Quý\u00a0${ROMAN[Number(ordinal)]}/${year}`, `Q${ordinal}\u00a0${year}`);
}

/** 40 → 40 giây, 250 → 5 phút: how long to wait, never less than it is. @param {number} seconds */
export function span(seconds) {
  if (seconds < 60) return t(`${seconds} giây`, `${seconds} second${seconds === 1 ? "" : "s"}`);
  const minutes = Math.ceil(seconds / 60);
  return t(`${number(minutes)} phút`, `${number(minutes)} minute${minutes === 1 ? "" : "s"}`);
}

/** Lower case without marks, words apart, as the server folds: "di muon" finds "Đi muộn", "mdrak" and "m’drak" find "M'Đrắk". @param {string} text */
export const plain = (text) => text.replace(/['’‘ʼʹ\u0060´′＇\u200b-\u200f\u2060\ufeff\u00ad]/g, "").normalize("NFKD")
  .replace(/\p{M}/gu, "").replace(/[đĐðÐɖƉ]/g, "d").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
