// Phones that sign what they queue: what of their chains never came to the server, in plain words.

import { el } from "../../assets/dom.js";
import { moment, number, t } from "../../assets/words.js";
import { PagedList } from "./list.js";

const MOST = 10;

/** Numbers in words, at most ten of them, of `count` in all. @param {number[]} numbers */
function listed(numbers, count = numbers.length) {
  const shown = numbers.slice(0, MOST).map(number).join(", ");
  return count > MOST ? t(`${shown} và ${number(count - MOST)} số khác`, `${shown} and ${number(count - MOST)} more`) : shown;
}

/** An id begins with the time it was made, so that its end tells phones apart. @param {Phone} phone */
export const nameOf = ({ device, account }) => t(`Máy …${device.slice(-4)} của ${account}`, `Phone …${device.slice(-4)} of ${account}`);

/** What is odd about a phone's chain; empty when nothing is. @param {Phone} phone */
export const troubles = ({ missing, missing_count: count, broken, forked }) => [
  count > 0 && t(`thiếu mục số ${listed(missing, count)} (đã xóa hoặc chưa gửi)`, `number ${listed(missing, count)} missing (deleted, or not sent yet)`),
  forked.length > 0 && t(`mục số ${listed(forked)} có nhiều bản khác nhau (chuỗi bị viết lại)`, `number ${listed(forked)} came in different versions (the chain was rewritten)`),
  broken.length > 0 && t(`mục số ${listed(broken)} không nối với mục trước, hoặc đã bị sửa sau khi ký`, `number ${listed(broken)} does not follow the one before, or was altered after signing`),
].filter((words) => words !== false);

/** @param {Phone} phone */
const waits = ({ waiting }) => waiting > 0 && t(`còn ${number(waiting)} mục chưa gửi`, `${number(waiting)} still unsent`);

/** One notice for each phone that has something missing or unsent. @param {Phone[]} phones */
export const phoneNotices = (phones) => phones.flatMap((phone) => {
  const said = [...troubles(phone), waits(phone)].filter((words) => words !== false);
  return said.length ? [el("p", { class: "notice warn", "data-device": phone.device }, `${nameOf(phone)}: ${said.join("; ")}.`)] : [];
});

export class Phones {
  constructor() {
    this.list = new PagedList("phones", {
      path: (words) => `/intake/v1/devices?${new URLSearchParams({ limit: "30", filed: "true", ...(words && { q: words }) })}`, // every browser of somebody who inspects is registered
      draw: row, key: ({ device }) => device, empty: t("Không có máy nào đã gửi dữ liệu.", "No phone has sent anything."),
    });
  }

  async show() {
    await this.list.show();
  }
}

/** @param {Phone} phone */
function row(phone) {
  const said = troubles(phone);
  const { last_n: last, last_received_at: seen } = phone;
  return el("li", { "data-device": phone.device },
    el("div", { class: "title-line" }, el("h3", {}, nameOf(phone)),
      el("span", { class: said.length ? "tag bad" : "tag good" }, said.length ? t("Cần xem lại", "Look into it") : t("Đủ", "Whole"))),
    said.map((each) => el("p", {}, `${each.charAt(0).toUpperCase()}${each.slice(1)}.`)),
    el("p", { class: "meta" },
      el("span", {}, seen ? t(`Nhận đến mục số ${number(last)}`, `Received up to number ${number(last)}`) : t("Chưa gửi mục nào", "Nothing sent yet")),
      seen && el("span", {}, t(`Lần cuối ${moment(seen)}`, `Last seen ${moment(seen)}`)),
      waits(phone) && el("span", {}, waits(phone))));
}
