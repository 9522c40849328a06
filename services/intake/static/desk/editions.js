// The frozen editions of the quarters, and their publication by the root over the cards as the reviewer read them.

import { get } from "../../assets/api.js";
import { byId, confirmed, el, flash } from "../../assets/dom.js";
import { moment, quarter as quarterName, t } from "../../assets/words.js";
import { wire } from "./forms.js";

const KIND = { flash: t("bản sơ bộ", "preliminary edition"), official: t("bản chính thức", "official edition") };
const TRIES = 10;
const PAUSE = 1000; // ms

const waited = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

export class Editions {
  constructor(desk) {
    this.desk = desk;
    this.sent = new Set(); // publications on their way to the cards
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

  /** Look until a closing is there, or (with `open`) until its publication is. */
  await(id, open = false) {
    const there = ({ closing, published_at: published, refused }) => closing === id && (!open || published || refused);
    this.show((items) => items.some(there)).catch((problem) => flash("warn", problem.message));
  }

  draw(items) {
    byId("editions-none").hidden = items.length > 0;
    byId("editions-list").replaceChildren(...items.map((edition) => el("li", {}, this.row(edition))));
  }

  row(edition) {
    const { quarter, edition: kind, published_at: published, cards_root: root, closing, refused } = edition;
    const name = `${quarterName(quarter)}, ${KIND[kind]}`;
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
    ].filter(Boolean);
  }

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
