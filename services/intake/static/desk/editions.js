// The frozen editions of the quarters, and their publication by the root over the cards as the reviewer read them.

import { get } from "../../assets/api.js";
import { byId, confirmed, el, flash } from "../../assets/dom.js";
import { moment, quarter as quarterName, t } from "../../assets/words.js";
import { tidy } from "../shared/drafts.js";
import { textField, wire } from "./forms.js";

/** @type {Record<string, string>} */
const KIND = { flash: t("bản sơ bộ", "preliminary edition"), official: t("bản chính thức", "official edition") };
/** @param {string} edition */
const named = (edition) => KIND[edition] ?? t(`bản ban hành lại lần ${edition.split("-")[1]}`, `restatement ${edition.split("-")[1]}`);
const TRIES = 10;
const PAUSE = 1000; // ms

const waited = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

export class Editions {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.sent = new Set(); // publications on their way to the cards
    /** By closing what its row says and is. @type {Map<string, { said: string, node: HTMLElement }>} */
    this.rows = new Map();
  }

  /** List them; what was just written takes a moment to reach the cards, so look again until it is there. @param {(items: any[]) => boolean} there */
  async show(there = () => true) {
    for (let tries = 0; ; tries += 1) {
      const { items } = await get("/reports/v1/editions");
      for (const { closing, refused } of items) if (refused) this.sent.delete(closing);
      this.draw(items);
      if (tries >= TRIES || there(items)) return;
      await waited();
    }
  }

  /** Look until a closing is there, or (with `open`) until its publication is. @param {string} id */
  await(id, open = false) {
    const there = (/** @type {Edition} */ { closing, published_at: published, refused }) => closing === id && (!open || published || refused);
    this.show((items) => items.some(there)).catch((problem) => flash("warn", problem.message));
  }

  /** What stays keeps what is typed in it, and the focus; where that was on what goes, it moves to the edition's cards. @param {Edition[]} items */
  draw(items) {
    this.items = items;
    byId("editions-none").hidden = items.length > 0;
    const [place, held] = [byId("editions-list"), /** @type {HTMLElement} */ (document.activeElement)];
    const item = place.contains(held) ? held.closest("li")?.dataset.item : null;
    this.rows = new Map(items.map((edition) => [edition.closing, this.kept(edition)]));
    const rows = [...this.rows.values()].map(({ node }) => node);
    if (rows.length === place.children.length && rows.every((node, index) => node === place.children[index])) return;
    place.replaceChildren(...rows);
    if (item) (held.isConnected ? held : place.querySelector(`[data-item="${item}"] a`))?.focus({ preventScroll: true });
  }

  /** @param {Edition} edition */
  kept(edition) {
    const said = JSON.stringify([edition, this.sent.has(edition.closing), this.newest(edition)]);
    const known = this.rows.get(edition.closing);
    return known?.said === said ? known : { said, node: el("li", { "data-item": edition.closing }, this.row(edition)) };
  }

  /** @param {Edition} edition */
  row(edition) {
    const { quarter, edition: kind, published_at: published, cards_root: root, closing, refused } = edition;
    const name = `${quarterName(quarter)}, ${named(kind)}`;
    const read = el("a", { href: `/reports/?quarter=${quarter}&edition=${kind}`, "aria-label": t(`Đọc phiếu điểm ${name}`, `Read the scorecards of ${name}`) }, t("Đọc phiếu điểm", "Read the scorecards"));
    const state = published ? t(`đã công bố lúc ${moment(published)}`, `published ${moment(published)}`)
      : this.sent.has(closing) ? t("đã gửi công bố, sẽ mở sau vài giây", "publication sent, opens in a few seconds")
        : t("chưa công bố", "not published yet");
    return [
      el("p", {}, el("b", {}, name), ` · ${state}`),
      refused && el("p", { class: "notice bad" }, t("Lần công bố trước nêu một mã gốc khác nên bản này vẫn chưa mở. Hãy đọc lại phiếu điểm rồi công bố lại.", "It was published with another root and stays closed. Read the scorecards again, then publish it again.")),
      el("p", { class: "root" }, t("Mã gốc của các phiếu: ", "Root of the cards: "), el("code", {}, root)),
      el("p", {}, read),
      !published && !this.sent.has(closing) && this.form(edition, name),
      this.newest(edition) && this.again(edition),
    ].filter(Boolean);
  }

  /** The official edition or its newest restatement: a further one follows that. @param {Edition} edition */
  newest({ quarter, edition }) {
    const rank = (/** @type {string} */ name) => (name === "official" ? 0 : Number(name.split("-")[1] ?? -1));
    return edition !== "flash" && !/** @type {Edition[]} */ (this.items).some((each) => each.quarter === quarter && each.edition !== "flash" && rank(each.edition) > rank(edition));
  }

  /** Cut the quarter once more, with what came after. @param {Edition} edition */
  again({ quarter, closing }) {
    const name = quarterName(quarter);
    const form = el("form", { class: "case-form", id: `restate-${closing}`, novalidate: true },
      el("p", { class: "hint" }, t("Bản mới tính cả quyết định, đính chính sau bản trước; bản trước giữ nguyên. Bản mới cũng phải được công bố.", "The new edition counts what was decided and corrected since; the one before stays as it is. It is published like any other.")),
      textField(`restate-${closing}-reason`, "reason", "/private/reason", t("Lý do ban hành lại", "Why it is restated"), t("Bắt buộc; được lưu mã hóa.", "Required; stored encrypted.")),
      el("button", {}, t("Ban hành lại", "Restate")));
    return el("details", { class: "act" }, el("summary", {}, t(`Ban hành lại ${name}`, `Restate ${name}`)), wire(form, {
      name: `${this.desk.account}/restate/${closing}`,
      path: (id) => `/intake/v1/quarters/${quarter}/restatement/${id}`,
      write: ({ reason }) => ({ body: { private: { reason: tidy(reason) } }, errors: tidy(reason) ? [] : [{ pointer: "/private/reason", detail: t("Hãy ghi lý do", "Give the reason") }] }),
      sure: () => confirmed(t(`Ban hành lại ${name}?`, `Restate ${name}?`), t("Một mốc mới được ghi vào nhật ký. Việc này không rút lại được.", "A further cut goes into the log. This cannot be taken back."), t("Ban hành lại", "Restate"), t("Chưa", "Not yet")),
      done: async ({ id }) => {
        form.reset();
        flash("good", t(`Đã ban hành lại ${name}. Phiếu điểm của bản mới sẽ có sau vài giây.`, `Restated ${name}. The new edition's cards will be there in a few seconds.`));
        this.await(id);
      },
    }));
  }

  /** @param {Edition} edition @param {string} name */
  form({ quarter, closing, cards_root: root }, name) {
    const form = el("form", { id: `publish-${closing}`, novalidate: "" }, el("button", { "aria-label": t(`Công bố ${name}`, `Publish ${name}`) }, t("Công bố", "Publish")));
    return wire(form, {
      name: `${this.desk.account}/publish/${closing}/${root}`,
      path: (id) => `/intake/v1/quarters/${quarter}/publication/${id}`,
      write: () => ({ body: { closing, cards_root: root } }),
      sure: () => confirmed(t(`Công bố ${name}?`, `Publish ${name}?`),
        [t("Mọi người có tài khoản sẽ đọc được các phiếu điểm này. Không rút lại được. Mã gốc của các phiếu: ", "Everybody with an account will be able to read these scorecards, and this cannot be taken back. Root of the cards: "), el("code", {}, root)],
        t("Công bố", "Publish"), t("Chưa công bố", "Not yet")),
      done: async () => {
        this.sent.add(closing);
        flash("good", t(`Đã công bố ${name}.`, `Published ${name}.`));
        this.await(closing, true);
      },
    });
  }
}
