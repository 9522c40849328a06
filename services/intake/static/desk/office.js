// The Department's other work: commendations, the closing of a quarter.

import { get } from "../../assets/api.js";
import { byId, confirmed, el, flash } from "../../assets/dom.js";
import { dayField, dayOf, NO_DAY, typed } from "../shared/days.js";
import { quarter as quarterName, t } from "../../assets/words.js";
import { now, stamp } from "../shared/clock.js";
import { Editions } from "./editions.js";
import { wire } from "./forms.js";
import * as directory from "../shared/directory.js";
import { tidy } from "../shared/drafts.js";
import { UnitPicker } from "../shared/unit_picker.js";

const QUARTERS_OFFERED = 6;

/** The current quarter and those before it, newest first. */
function recentQuarters() {
  const [year, month] = stamp(now()).split("-").map(Number);
  const current = year * 4 + Math.floor((month - 1) / 3);
  return Array.from({ length: QUARTERS_OFFERED }, (_, back) => `${Math.floor((current - back) / 4)}-Q${((current - back) % 4) + 1}`);
}

/** A bonus for a quarter whose official edition stands reaches only a restatement: whoever gives it is asked first. @param {string} date */
async function frozen(date) {
  const { items } = await get("/reports/v1/editions").catch(() => ({ items: null }));
  const quarter = `${date.slice(0, 4)}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;
  if (items && !items.some((/** @type {Edition} */ each) => each.quarter === quarter && each.edition === "official")) return true;
  const name = quarterName(quarter);
  return confirmed(
    items ? t(`${name} đã chốt chính thức`, `${name} is officially closed`) : t("Chưa đọc được các bản đã chốt", "The closed editions could not be read"),
    items ? t("Biểu dương này không thay đổi bản đã chốt: điểm thưởng chỉ vào một bản ban hành lại. Hãy xem lại ngày nếu muốn tính cho quý này.", "The closed edition stays as it is: this commendation counts only in a restatement. Look at the day again if it is meant for the present quarter.")
      : t(`Nếu ${name} đã chốt chính thức, điểm thưởng chỉ vào một bản ban hành lại.`, `If ${name} is officially closed, the bonus counts only in a restatement.`),
    t("Vẫn ghi biểu dương", "Record it all the same"), t("Xem lại ngày", "Look at the day again"));
}

export class Commend {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.form = byId("commend-form");
    this.picker = new UnitPicker("commend-unit");
    this.sayDay = dayField(byId("commend-date"));
    wire(this.form, {
      name: `${desk.account}/commend`,
      path: (id) => `/intake/v1/commendations/${id}`,
      write: (fields) => this.write(fields),
      again: t("Ghi thêm một biểu dương khác", "Record another commendation"),
      called: () => t(`Biểu dương ${this.picker.chosen?.name ?? this.picker.unit}.`, `Commendation of ${this.picker.chosen?.name ?? this.picker.unit}.`),
      restore: ({ unit }) => this.picker.restore(unit || null, ""),
      sure: ({ date }) => frozen(/** @type {string} */ (dayOf(date))),
      done: async (_, { unit }) => {
        const name = this.picker.units.find((each) => each.unit === unit)?.name ?? unit;
        this.form.reset();
        this.picker.restore(null, "");
        await this.show();
        flash("good", t(`Đã ghi biểu dương cho ${name}.`, `Recorded a commendation for ${name}.`));
      },
    });
  }

  async show() {
    byId("commend-date").value ||= typed(stamp().slice(0, 10));
    this.sayDay();
    this.picker.offer(await directory.units(this.desk.account));
  }

  /** @param {Fields} fields */
  write({ code, date, text }) {
    const { unit } = this.picker;
    const errors = [];
    if (!unit) errors.push({ pointer: "/unit", detail: t("Hãy chọn đơn vị", "Choose the unit") });
    if (!code) errors.push({ pointer: "/code", detail: t("Hãy chọn hình thức", "Choose the kind") });
    const day = dayOf(date);
    if (!day) errors.push({ pointer: "/date", detail: day === null ? NO_DAY : t("Hãy ghi ngày", "Give the day") });
    if (day && day > stamp().slice(0, 10)) errors.push({ pointer: "/date", detail: t("Ngày này chưa tới", "This day is still to come") });
    return { body: { unit, code, date: day, ...(tidy(text) && { private: { text: tidy(text) } }) }, errors };
  }
}

export class Quarter {
  /** @param {Desk} desk */
  constructor(desk) {
    const form = byId("quarter-form");
    this.editions = new Editions(desk);
    byId("quarter-choice").replaceChildren(...recentQuarters().map((each) => el("option", { value: each }, quarterName(each))));
    wire(form, {
      name: `${desk.account}/quarter`,
      path: (id, { quarter }) => `/intake/v1/quarters/${quarter}/closing/${id}`,
      write: ({ edition }) => ({
        body: { edition },
        errors: edition ? [] : [{ pointer: "/edition", detail: t("Hãy chọn bản sơ bộ hoặc chính thức", "Choose flash or official") }],
      }),
      again: t("Chốt thêm bản này", "Close this edition as well"),
      sure: ({ quarter, edition }) => confirmed(
        t(`Chốt ${quarterName(quarter)}?`, `Close ${quarterName(quarter)}?`),
        edition === "official"
          ? t("Bản chính thức không sửa được. Hồ sơ chưa quyết định sẽ không tính trong bản này.", "An official edition cannot be changed. Undecided cases will not count in it.")
          : t("Bản sơ bộ không sửa được, nhưng có thể chốt bản khác sau.", "A flash edition cannot be changed, but another may follow."),
        t("Chốt quý", "Close the quarter"), t("Chưa chốt", "Not yet")),
      done: async ({ id }, { quarter }) => {
        form.reset();
        flash("good", el("p", {}, t(`Đã chốt ${quarterName(quarter)}. Phiếu điểm của bản chốt sẽ có sau vài giây.`, `Closed ${quarterName(quarter)}. The edition's cards will be there in a few seconds.`)),
          el("a", { href: "/reports/" }, t("Xem phiếu điểm", "See the scorecards")));
        this.editions.await(id);
      },
    });
  }

  async show() {
    await this.editions.show();
  }
}
