// The phone form: who I am, the queue, and which of the four views the address names.

import { byId, clearFlash, el, flash } from "../assets/dom.js";
import { items, t } from "../assets/words.js";
import { Drafts } from "./drafts.js";
import * as directory from "./directory.js";
import { CloseView } from "./form_close.js";
import { CountView } from "./form_count.js";
import { ListView } from "./form_list.js";
import { OpenView } from "./form_open.js";
import { QUEUED } from "./labels.js";
import { Queue } from "./queue.js";

const VIEWS = [
  [/^#\/open$/, "view-open", OpenView],
  [/^#\/inspection\/([0-9a-f-]{36})\/close$/, "view-close", CloseView],
  [/^#\/inspection\/([0-9a-f-]{36})$/, "view-count", CountView],
  [/^/, "view-list", ListView],
];

class House {
  constructor({ account, roles }) {
    this.account = account;
    this.roles = new Set(roles.map(({ role }) => role));
    this.drafts = new Drafts(account);
    this.queue = new Queue(account, () => this.changed());
    this.views = new Map();
    this.current = null;
  }

  async start() {
    addEventListener("hashchange", () => this.route());
    await this.queue.load();
    await this.route();
    await Promise.allSettled([directory.units(this.account), directory.catalogue(this.account)]); // on the phone before the network goes
    navigator.storage?.persist?.(); // where the browser grants it, it will not evict what waits
    await this.queue.start();
  }

  async route() {
    clearFlash();
    const [pattern, id, View] = VIEWS.find(([each]) => each.test(location.hash));
    const moved = this.current !== null;
    for (const [, other] of VIEWS) byId(other).hidden = other !== id;
    if (!this.views.has(id)) this.views.set(id, new View(this));
    this.current = this.views.get(id);
    if (moved) {
      scrollTo(0, 0);
      byId(id).querySelector("h1").focus();
    }
    try {
      await this.current.show(location.hash.match(pattern)[1]);
      document.title = `${byId(id).querySelector("h1").textContent} – Kỷ Cương`;
    } catch (problem) {
      if (problem.status === 401) this.queue.trouble = problem;
      else flash("bad", el("p", {}, problem.message));
      this.changed();
    }
  }

  go(hash) {
    if (location.hash === hash) return this.route();
    location.hash = hash;
  }

  changed() {
    showQueue(this.queue);
    this.current?.changed?.();
  }

  /** Keep a write, try it at once, and answer with the item: received, still waiting, or failed with its problem. */
  async send(write) {
    await this.queue.add(write);
    await Promise.race([this.queue.flush(true), new Promise((done) => setTimeout(done, 5000))]);
    return this.queue.find(write.id);
  }
}

function showQueue(queue) {
  const tags = Object.entries(QUEUED).filter(([state]) => state !== "received" && queue.count(state) > 0)
    .map(([state, [words, kind]]) => el("span", { class: `tag ${kind}` }, `${words}: ${queue.count(state)}`));
  byId("queue-state").replaceChildren(...tags);
  byId("queue-trouble").replaceChildren(...troubles(queue));
}

function troubles(queue) {
  const { trouble } = queue;
  const notices = [];
  const pending = queue.count("waiting") + queue.count("sending");
  if (trouble && (trouble.status === 401)) notices.push(signedOut(pending));
  else if (trouble && pending > 0) {
    notices.push(el("div", { class: "notice warn" },
      el("p", {}, t("Mất kết nối. Mọi mục vẫn còn trên máy này và sẽ tự gửi khi có mạng.", "No connection. Everything is still on this device and will be sent by itself when the network is back.")),
      el("button", { type: "button", class: "quiet", onclick: () => queue.flush(true) }, t("Thử gửi ngay", "Try now"))));
  }
  if (queue.others > 0) {
    notices.push(el("div", { class: "notice warn" },
      t(`Máy này còn ${queue.others} mục chưa gửi của tài khoản khác. Chỉ tài khoản đó gửi được: hãy đăng nhập bằng tài khoản đó.`,
        `This device still holds ${items(queue.others)} of another account, unsent. Only that account can send: sign in with it.`)));
  }
  return notices;
}

function signedOut(pending) {
  const back = "/intake/login?next=" + encodeURIComponent("/intake/") + location.hash;
  return el("div", { class: "notice bad" },
    el("p", {}, t(`Phiên đăng nhập đã hết hoặc đã đổi tài khoản. ${pending} mục chưa gửi vẫn còn trên máy này.`,
      `The session has ended or the account has changed. Unsent and still on this device: ${items(pending)}.`)),
    el("a", { class: "button", href: back }, t("Đăng nhập lại", "Sign in again")));
}

addEventListener("unhandledrejection", ({ reason }) => flash("bad", el("p", {},
  t("Có lỗi trên máy này, việc vừa rồi có thể chưa được lưu: ", "Something failed on this device, the last step may not be saved: "), reason?.message ?? String(reason))));

try {
  await new House(await directory.me()).start();
} catch (problem) {
  if (problem.status === 401) location.assign("/intake/login?next=/intake/" + location.hash);
  flash("bad", el("p", {}, problem.message), el("p", {}, el("a", { href: "/intake/" }, t("Tải lại trang", "Reload"))));
}
