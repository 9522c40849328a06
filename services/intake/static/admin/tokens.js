// Tokens by which spreadsheets and tools read what is published: made, shown once, listed, ended.

import { all, problemOf, request } from "../../assets/api.js";
import { byId, confirmed, el, flash, onSubmit } from "../../assets/dom.js";
import { moment, t } from "../../assets/words.js";
import { now, stamp } from "../shared/clock.js";
import { clearErrors, errorsOf, showErrors } from "../shared/fields.js";
import { uuid7 } from "../shared/uuid7.js";

const TOKENS = "/intake/v1/tokens";
const NAME = /^[a-z0-9][a-z0-9._-]{1,94}$/;
const MOST_DAYS = 400;

export class Tokens {
  constructor() {
    this.form = byId("token-form");
    this.place = byId("token-made");
    /** @type {{ of: string, id: string } | null} */
    this.asked = null;
    this.list = byId("tokens-list");
    onSubmit(this.form, () => this.make());
    byId("token-addresses").replaceChildren(...addresses());
  }

  async show() {
    const items = await all(TOKENS);
    byId("tokens-table").hidden = !items.length;
    byId("tokens-none").hidden = items.length > 0;
    this.list.replaceChildren(...items.map((one) => this.row(one)));
  }

  read() {
    const [account, days] = ["account", "days"].map((name) => this.form.elements[name].value.trim());
    const errors = [];
    if (!NAME.test(account)) errors.push({ pointer: "/account", detail: t("Tên chỉ gồm chữ thường không dấu, số, dấu chấm, gạch nối; ví dụ excel.phong-ttr", "A name has only a-z, 0-9, full stop and hyphen; for example excel.phong-ttr") });
    if (!/^\d+$/.test(days) || Number(days) < 1 || Number(days) > MOST_DAYS) errors.push({ pointer: "/days", detail: t(`Hãy ghi số ngày từ 1 đến ${MOST_DAYS}`, `Give the days, 1 to ${MOST_DAYS}`) });
    return { body: { account, days: Number(days) }, errors };
  }

  async make() {
    const { body, errors } = this.read();
    if (errors.length) return showErrors(this.form, errors, undefined, () => this.read().errors);
    clearErrors(this.form);
    try {
      const { body: made } = await request("POST", TOKENS, { id: this.idOf(body), ...body });
      this.asked = null;
      this.form.reset();
      this.tell(made);
    } catch (error) {
      const problem = problemOf(error);
      return showErrors(this.form, errorsOf(problem));
    }
    await this.show();
  }

  /** One id as long as the same is asked for: where an answer was lost, the next one tells the same token. @param {object} body */
  idOf(body) {
    const of = JSON.stringify(body);
    if (this.asked?.of !== of) this.asked = { of, id: uuid7() };
    return this.asked.id;
  }

  /** The one time that it is seen: nothing keeps it, so it can only be copied now. @param {Token} token */
  tell({ account, token, expires_at: ends }) {
    const shown = /** @type {HTMLInputElement} */ (el("input", { id: "token-text", class: "mono", readonly: true, value: token, spellcheck: "false", autocomplete: "off", onfocus: () => shown.select() }));
    const said = el("span", { role: "status" });
    const copy = el("button", { type: "button", onclick: () => copied(shown, said) }, t("Sao chép", "Copy"));
    this.place.replaceChildren(el("div", { class: "notice good" },
      el("h3", { id: "token-said", tabindex: "-1" }, t(`Mã của ${account}`, `Token of ${account}`)),
      el("p", {}, t(`Chỉ hiện lần này: hãy sao chép ngay. Dùng được đến ${moment(ends)}.`, `Shown this once: copy it now. Good until ${moment(ends)}.`)),
      el("div", { class: "field" }, el("label", { for: "token-text" }, t("Mã truy cập", "Token")), shown),
      el("p", { class: "actions" }, copy, el("button", { type: "button", class: "quiet", onclick: () => this.hide() }, t("Đã lưu, ẩn đi", "Kept, hide it")), said)));
    byId("token-said").focus();
  }

  hide() {
    this.place.replaceChildren();
    byId("tokens-title").focus();
  }

  /** @param {Token} token */
  row({ id, account, created_at: made, used_at: used, expires_at: ends }) {
    return el("tr", { "data-token": id },
      el("th", { scope: "row" }, account, el("small", { class: "mono block" }, id)),
      cell(t("Đọc được", "Reads"), t("bản đã công bố", "what is published")),
      cell(t("Tạo lúc", "Made"), moment(made)),
      cell(t("Dùng gần nhất", "Last used"), used ? moment(used) : t("chưa dùng lần nào", "never used")),
      cell(t("Hết hạn", "Ends"), moment(ends)),
      el("td", {}, el("button", { type: "button", class: "quiet", "aria-label": t(`Thu hồi mã của ${account}`, `Revoke the token of ${account}`), onclick: () => this.revoke(id, account) }, t("Thu hồi", "Revoke"))));
  }

  /** @param {string} id @param {string} account */
  async revoke(id, account) {
    const sure = await confirmed(
      t(`Thu hồi mã của ${account}?`, `Revoke the token of ${account}?`),
      t("Bảng tính hoặc công cụ dùng mã này sẽ bị từ chối ngay. Không khôi phục được; cần thì tạo mã mới.", "Whatever uses it is refused at once. It cannot be restored; make another when needed."),
      t("Thu hồi", "Revoke"), t("Giữ lại", "Keep it"));
    if (!sure) return;
    try {
      await request("POST", `${TOKENS}/${id}/revocation`);
      flash("good", t(`Đã thu hồi mã của ${account}.`, `Revoked the token of ${account}.`));
    } catch (error) {
      const problem = problemOf(error);
      flash(problem.status === 404 ? "warn" : "bad", problem.status === 404 ? t("Mã này đã hết hạn hoặc đã thu hồi trước đó.", "It had expired or was revoked before.") : problem.message);
    }
    await this.show();
    byId("tokens-title").focus();
  }
}

/** @param {string} label @param {string} words */
const cell = (label, words) => el("td", { "data-label": label }, el("span", {}, words));

/** Where the page may not write to the clipboard, the text is selected for who presses the keys himself. @param {HTMLInputElement} shown @param {HTMLElement} said */
async function copied(shown, said) {
  try {
    await navigator.clipboard.writeText(shown.value);
    said.textContent = t("Đã sao chép", "Copied");
  } catch {
    shown.select();
    said.textContent = t("Nhấn Ctrl+C để sao chép", "Press Ctrl+C to copy");
  }
}

/** The addresses for a spreadsheet, with this server's own name, for the quarter before this one. */
function addresses() {
  const [year, month] = stamp(now()).split("-").map(Number);
  const last = year * 4 + Math.floor((month - 1) / 3) - 1;
  const at = (/** @type {string} */ path) => `${location.origin}/reports/v1/${path}`;
  return [
    [t("Bản mới nhất đã công bố của quý", "A quarter's newest published edition"), at(`scorecards/${Math.floor(last / 4)}-Q${(last % 4) + 1}/latest?format=csv`)],
    [t("Danh sách các bản đã công bố", "The list of published editions"), at("editions")],
  ].map(([words, address]) => el("li", {}, `${words}: `, el("code", { class: "address" }, address)));
}
