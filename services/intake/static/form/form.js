// The phone form: who I am, the queue, and which of the four views the address names.
// Served whole, with: ../assets/proof.js; apart from: shared/store.js shared/clock.js shared/uuid7.js

import { problemOf } from "../../assets/api.js";
import { byId, clearFlash, el, flash, one, redraw, untouched } from "../../assets/dom.js";
import { beforeLeaving } from "../../assets/shell.js";
import { items, moment, number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import { Drafts } from "../shared/drafts.js";
import * as directory from "../shared/directory.js";
import { FillAudit } from "./fill_audit.js";
import { CloseView } from "./close.js";
import { CountView } from "./count.js";
import { HandoverView } from "./handover.js";
import { Held } from "./held.js";
import { ListView } from "./list.js";
import { askToWake, keepForm } from "./offline.js";
import { OpenView, prefill } from "./open.js";
import { QueueSheet, saving } from "./queue_sheet.js";
import { QUEUED } from "../shared/terms.js";
import { Queue } from "./queue.js";
import { isFull, notKept } from "../shared/store.js";

const DAY = 24 * 3600 * 1000;
const REDRAW = 120; // ms: a long queue changes faster than anyone reads
const FIELD = ["inspector", "lead"];
const PUSH = "/intake/static/shared/push.js"; // needs the network all the same: no phone keeps it

/** @type {[RegExp, string, any][]} */
const VIEWS = [
  [/^#\/open(?:\/([0-9a-f-]{36}))?$/, "view-open", OpenView],
  [/^#\/inspection\/([0-9a-f-]{36})\/close$/, "view-close", CloseView],
  [/^#\/inspection\/([0-9a-f-]{36})$/, "view-count", CountView],
  [/^#\/handover$/, "view-handover", HandoverView],
  [/^/, "view-list", ListView],
];

/** The phone's account with its queue, drafts and views. @typedef {House} TheHouse */
class House {
  /** @param {Me} me */
  constructor({ account, roles }) {
    this.account = account;
    this.roles = new Set(roles.map(({ role }) => role));
    this.drafts = new Drafts(account, (error) => this.saved(error), (name) => this.written(name),
      (busy) => byId("saved").setAttribute("aria-busy", String(busy)));
    this.queue = new Queue(account, () => this.changed());
    this.held = new Held(this);
    this.fill = new FillAudit(this.drafts);
    this.sheet = new QueueSheet(this);
    this.views = new Map();
    this.current = null;
    this.turn = 0;
  }

  async start() {
    beforeLeaving.add(() => this.leave());
    const form = keepForm(() => this.drafts.settled(), () => this.queue.flush(true));
    form.catch(() => {}); // a portal's page, a private window: it works without, only not offline
    document.addEventListener("unreadable", () => { this.queue.unreadable = true; this.changed(); });
    await this.queue.load();
    await this.held.load();
    await this.queue.introduce().catch(() => {}); // a full phone: it sends unsigned
    await prefill(this);
    addEventListener("hashchange", () => this.route()); // not before: the first view would be drawn over one that is typed into
    await this.route();
    const lists = Promise.all([directory.units(this.account), directory.catalogue(this.account), directory.handoverKey().catch(() => {}), directory.assignments(this.account).catch(() => {})]); // on the phone before the network goes
    Promise.all([form, lists]).then(([ready]) => this.ready(ready), () => {});
    await lists.catch(() => {});
    if (this.roles.has("lead")) lists.then(() => import(PUSH)).then(({ offerPush }) => offerPush(byId("push"), this.roles)).catch(() => {});
    navigator.storage?.persist?.().then((granted) => { this.persisted = granted; this.changed(); }, () => {}); // some ask the reader: nothing waits for that
    await this.queue.start();
  }

  /** Show the view that the address names. A view that waited for the network is asked `still` before it goes on: it may be
   *  another's turn by then. */
  async route() {
    clearFlash();
    if (this.stood) flash("warn", this.stood);
    this.stood = "";
    byId("saved").textContent = "";
    const { hash } = location;
    this.turn += 1;
    const { turn } = this;
    const still = () => this.turn === turn;
    const [pattern, id, View] = VIEWS.find(([each]) => each.test(hash)) ?? VIEWS[0]; // the last takes any
    const moved = this.current !== null;
    for (const [, other] of VIEWS) byId(other).hidden = other !== id;
    if (!this.views.has(id)) this.views.set(id, new View(this));
    const view = this.views.get(id);
    this.current = view;
    if (moved) scrollTo(0, 0);
    const title = one(byId(id), "h1");
    try {
      const shown = view.show(pattern.exec(hash)?.[1], still);
      if (moved) title.focus(); // by now it names what is shown
      await Promise.all([shown, this.fill.follow(hash)]);
      if (still()) document.title = `${title.textContent} – Kỷ Cương`;
    } catch (error) {
      if (!still()) return;
      const problem = problemOf(error);
      if (problem.status === 401) this.queue.trouble = problem;
      else flash("bad", el("p", {}, problem.message));
      this.changed();
    }
  }

  /** An item whose id the server knows with what was sent first: that stands, and is shown; a further one is never made unasked. @param {Item} item @param {string} [draft] */
  async keepFirst(item, draft) {
    await this.queue.forget([item]); // its photos are still to come
    if (draft) await this.drafts.clear(draft);
    this.stood = stands();
    this.go(`#/inspection/${item.inspection}`);
  }

  /** @param {string} hash */
  go(hash) {
    if (location.hash === hash) return this.route();
    location.hash = hash;
  }

  /** Say so once the form would start here without a network. @param {boolean | void} offline */
  ready(offline) {
    byId("ready").textContent = offline ? t("Máy này dùng được cả khi không có mạng.", "This device works without a network too.") : "";
  }

  changed() {
    this.drawing ??= setTimeout(async () => {
      await untouched();
      this.drawing = /** @type {number | null} */ (null);
      showQueue(this);
      this.sheet.draw();
      this.current?.changed?.();
    }, REDRAW);
  }

  /** "Saved" is said only of what is on disk. @param {unknown} error */
  saved(error) {
    byId("saved").textContent = error ? "" : t(`Đã lưu trên máy lúc ${moment(now()).slice(-5)}`, `Saved on this device at ${moment(now()).slice(-5)}`);
    if (error) flash("bad", el("p", {}, notKept(error)));
  }

  /** Another tab has written the draft that is shown here: what it holds now counts, not what this page read before. @param {string} name */
  written(name) {
    if (name.startsWith("held/")) this.held.written(name.slice(5));
    else if (this.current?.draft === name) this.route();
  }

  /**
   * Keep a write in its draft's place, try it at once, and answer with the item: received, still waiting, or failed with its
   * problem.
   * @param {Write} write @param {string} draft
   */
  async send(write, draft) {
    await this.drafts.become(draft, (also) => this.queue.add(write, also));
    askToWake();
    await this.flushed();
    return this.queue.find(write.id);
  }

  /** Try to send all of it, no longer than anybody waits. */
  flushed() {
    return Promise.race([this.queue.flush(true), new Promise((done) => setTimeout(done, 5000))]);
  }

  /** Whoever signs out sends first what could still be undone: nobody else on this phone can. */
  async leave() {
    await this.held.fileAll();
    await this.flushed();
  }
}

/** One line in the page's flow, over nothing: what is not sent, or that all is. */
const stands = () => t("Máy chủ đã nhận mục này với nội dung gửi lần trước.", "The server has this item as it was sent before.");

/** @param {House} house */
function showQueue(house) {
  const { queue, held } = house;
  const { logged = 0, received = 0, ...counts } = queue.counts();
  const kept = [...held.sets.values()].reduce((total, { rows }) => total + Object.keys(rows).length, 0);
  if (kept) counts.waiting = (counts.waiting ?? 0) + kept;
  const tags = Object.entries(QUEUED).filter(([state]) => counts[state] > 0)
    .map(([state, [words, kind]]) => el("span", { class: kind, "data-state": state }, `${words}: ${number(counts[state])}`));
  if (!tags.length && logged + received > 0) tags.push(el("span", { class: "good", "data-state": "logged" }, t("Đã gửi hết", "All sent")));
  byId("queue-open").hidden = !tags.length;
  redraw(byId("queue-state"), tags);
  redraw(byId("queue-progress"), progress(queue));
  redraw(byId("queue-trouble"), troubles(house));
}

/** @param {Queue} queue */
function progress({ progress: round }) {
  if (!round || round.total < 3) return [];
  return [el("label", {}, t(`Đang gửi ${number(round.done + 1)}/${number(round.total)}`, `Sending ${number(round.done + 1)} of ${number(round.total)}`), " ",
    el("progress", { value: round.done, max: round.total }))];
}

/** @param {string} kind @param {string} words @param {...Child} acts */
const slim = (kind, words, ...acts) => el("div", { class: `notice slim ${kind}`, role: kind === "bad" ? "alert" : null }, el("p", {}, words), acts);

/** @param {House} house */
function troubles(house) {
  const { queue, held, persisted } = house;
  const { trouble } = queue;
  const exported = () => saving(house);
  const notices = [];
  if (queue.lost > 0) {
    notices.push(slim("bad", t(`Bộ nhớ của trình duyệt trên máy này đã bị xóa: ${items(queue.lost)} chưa gửi đã mất. Hãy ghi lại từ sổ tay và báo trưởng đoàn.`,
      `The browser's storage on this device was deleted: ${items(queue.lost)} not yet sent are lost. Record them anew from your notes and tell the lead.`)));
  }
  if (queue.unreadable) {
    notices.push(slim("bad", t("Có mục trên máy này không đọc được nữa: khóa của trình duyệt đã mất. Hãy ghi lại từ sổ tay và báo trưởng đoàn.",
      "Something on this device can no longer be read: the browser's key is gone. Record it anew from your notes and tell the lead.")));
  }
  if (queue.unsent.some((item) => item.n < now() - DAY) && !persisted) {
    notices.push(slim("warn", t("Có mục đã chờ hơn một ngày, và trình duyệt có thể xóa dữ liệu khi máy thiếu chỗ. Hãy gửi sớm, thêm ứng dụng vào màn hình chính, hoặc lưu ra tệp.",
      "Something has waited for over a day, and the browser may delete data when the device is short of space. Send soon, add this app to the home screen, or save it as a file."), exported()));
  }
  const pending = queue.count("waiting") + queue.count("sending");
  if (trouble && (trouble.status === 401)) notices.push(signedOut(pending, exported));
  else if (trouble && pending > 0) {
    notices.push(slim("warn", t("Mất kết nối. Mọi mục vẫn còn trên máy này, sẽ tự gửi khi có mạng.", "No connection. Everything is still on this device, and sent when the network is back."),
      el("button", { type: "button", class: "quiet", onclick: () => queue.flush(true) }, t("Thử gửi ngay", "Try now")), exported()));
  }
  const failed = queue.unsent.filter(({ state }) => state === "failed");
  if (failed.length > 0) {
    notices.push(slim("warn", t(`${items(failed.length)} bị từ chối.`, `Refused: ${items(failed.length)}.`),
      failed[0].inspection && el("a", { class: "button quiet", href: `#/inspection/${failed[0].inspection}` }, t("Xem và sửa", "See and correct")), exported()));
  }
  const others = queue.others + held.others;
  if (others > 0) {
    notices.push(slim("warn", t(`Máy này còn ${others} mục chưa gửi của tài khoản khác. Chỉ tài khoản đó gửi được: hãy đăng nhập bằng tài khoản đó.`,
      `This device still holds ${items(others)} of another account, unsent. Only that account can send: sign in with it.`)));
  }
  return notices;
}

/** @param {number} pending @param {() => HTMLElement} exported */
function signedOut(pending, exported) {
  const back = "/intake/login?next=" + encodeURIComponent("/intake/") + location.hash;
  return slim("bad", t(`Phiên đăng nhập đã hết hoặc đã đổi tài khoản. ${pending} mục chưa gửi vẫn còn trên máy này.`,
    `The session has ended or the account has changed. Unsent and still on this device: ${items(pending)}.`),
  el("a", { class: "button", href: back }, t("Đăng nhập lại", "Sign in again")), pending > 0 && exported());
}

/** Whom the kept page is for: its header shows them, and those who do not inspect go to their desk. @param {Me} me */
function greet({ account, roles }) {
  if (!roles.some(({ role }) => FIELD.includes(role))) return location.replace("/intake/desk/");
  for (const place of document.querySelectorAll("[data-account]")) place.textContent = account;
}

addEventListener("unhandledrejection", (event) => {
  if (isFull(event.reason)) event.preventDefault(); // told; not a fault of the program
  flash("bad", el("p", {}, notKept(event.reason)));
});

try {
  const me = await directory.me();
  greet(me);
  await new House(me).start();
} catch (error) {
  const problem = problemOf(error);
  if (problem.status === 401) location.assign("/intake/login?next=" + encodeURIComponent("/intake/" + location.search) + location.hash);
  flash("bad", el("p", {}, problem.message), el("p", {}, el("a", { href: "/intake/" }, t("Tải lại trang", "Reload"))));
}
