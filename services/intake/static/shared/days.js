// Days as people here write them: 15/12/2026 typed into a text field, a calendar at a tap, the weekday said back.

import { el } from "../../assets/dom.js";
import { language, t } from "../../assets/words.js";

const TYPED = /^\s*(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{4}|\d{2})\s*$/;
const ISO = /^\s*(\d{4})-(\d{2})-(\d{2})\s*$/;
const weekday = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "vi-VN", { weekday: "long", timeZone: "UTC" });

/** What was typed as `2026-12-15`; "" for nothing, null for what is no day. Takes 15/12/2026, 15-12-26, 2026-12-15. @param {string} text */
export function dayOf(text) {
  if (!text.trim()) return "";
  const iso = ISO.exec(text);
  const [year, month, day] = iso ? iso.slice(1).map(Number) : (TYPED.exec(text)?.slice(1).map(Number) ?? []).reverse();
  const whole = year < 100 ? 2000 + year : year;
  const date = new Date(Date.UTC(whole, month - 1, day));
  if (!(date.getUTCFullYear() === whole && date.getUTCMonth() === month - 1 && date.getUTCDate() === day)) return null;
  return date.toISOString().slice(0, 10);
}

/** 2026-12-15 → 15/12/2026 @param {string} iso */
export const typed = (iso) => iso.split("-").reverse().join("/");

export const NO_DAY = t("Không có ngày này; hãy gõ như 15/12/2026", "There is no such day; type it like 15/12/2026");

/** Make a text field one for days: a button opens the browser's calendar, and under it stands the weekday. @param {PageElement | HTMLInputElement} input */
export function dayField(input) {
  const picker = el("input", { type: "date", class: "picker", tabindex: "-1", "aria-hidden": "true" });
  const button = el("button", { type: "button", class: "quiet", "aria-label": t("Chọn ngày trên lịch", "Choose from a calendar"), onclick: () => open(picker, input) }, t("Lịch", "Calendar"));
  const echo = el("output", { class: "hint day-echo", for: input.id });
  const say = () => { echo.textContent = said(dayOf(input.value)); };
  picker.addEventListener("change", () => {
    input.value = picker.value ? typed(picker.value) : "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("input", say);
  input.addEventListener("focus", say);
  const line = el("span", { class: "day-line" });
  input.before(line);
  line.append(input, picker, button);
  line.after(echo);
  return say; // for whoever sets the field's value
}

/** @param {HTMLInputElement} picker @param {PageElement | HTMLInputElement} input */
function open(picker, input) {
  picker.value = dayOf(input.value) || "";
  if (picker.showPicker) picker.showPicker();
  else picker.focus(); // an old browser: the field itself is the calendar
}

/** @param {string | null} iso */
function said(iso) {
  if (!iso) return iso === null ? NO_DAY : "";
  const name = weekday.format(new Date(`${iso}T00:00:00Z`));
  return `${name[0].toUpperCase()}${name.slice(1)}, ${typed(iso)}`;
}
