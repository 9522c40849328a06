// Figures that the contract allows and that can hardly be so: asked about, never refused. Pure.

import { day, number, t } from "../../assets/words.js";
import { isViolation } from "./inspection.js";

/** Questions about a closing, in words. `found` is what was recorded; `staff` what the list of units says; `today` 2026-09-01. @param {Record<string, any>} closing @param {Found[]} found @param {number} staff @param {string} today */
export function doubts({ assigned, present, late, unexcused, persons_checked: checked, private: { minutes = {} } }, found, staff, today) {
  const counted = (/** @type {string} */ code) => found.filter((one) => one.code === code).reduce((total, { count }) => total + count, 0);
  const beyond = found.filter((one) => one.per === "person" && isViolation(one) && one.count > checked);
  const less = (/** @type {number} */ said, /** @type {string} */ code, /** @type {string} */ vi, /** @type {string} */ en) => said < counted(code) && t(`${vi} ${number(said)}, nhưng đã ghi nhận ${code} × ${number(counted(code))}.`, `${en} ${number(said)}, but ${code} × ${number(counted(code))} is recorded.`);
  return [
    staff > 0 && (assigned > 2 * staff || 2 * assigned < staff)
      && t(`Biên chế được giao ${number(assigned)}, trong khi danh sách đơn vị ghi ${number(staff)}.`, `Allotted ${number(assigned)}, while the list of units says ${number(staff)}.`),
    checked > assigned && t(`Đã kiểm tra ${number(checked)} người, nhiều hơn biên chế được giao ${number(assigned)} (có mặt ${number(present)}).`, `${number(checked)} persons checked, more than the ${number(assigned)} allotted (present: ${number(present)}).`),
    less(late, "A01", "Đi muộn", "Late:"), less(unexcused, "A03", "Vắng không lý do", "Unexcused:"),
    ...beyond.map(({ code, count }) => t(`${code} × ${number(count)}, nhưng chỉ kiểm tra ${number(checked)} người.`, `${code} × ${number(count)}, but only ${number(checked)} persons were checked.`)),
    minutes.demands_due < today && t(`Hạn khắc phục ${day(minutes.demands_due)} đã qua.`, `The demands were due on ${day(minutes.demands_due)}, which is past.`),
  ].filter(Boolean);
}
