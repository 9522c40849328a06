// A write that can be taken back: it stays here for ten seconds, on the disk, before it leaves. A page that closes in
// between, or goes out of sight, sends it; what could not be sent then is sent when the desk opens again.

import { problemOf, put } from "../../assets/api.js";
import { byId, el, one } from "../../assets/dom.js";
import { beforeLeaving } from "../../assets/shell.js";
import { language, t } from "../../assets/words.js";
import { drop, everything, keep } from "../shared/store.js";

const DELAY = 10; // seconds
const waiting = /** @type {Set<Leaving>} */ (new Set());

/** @param {DeskWrite} leaving */
const keyOf = ({ account, id }) => `${account}/leaving/${id}`;
/** @param {DeskWrite} leaving */
const mark = ({ id }) => `kycuong-undone/${id}`; // set at once, without a transaction that a closing page would cut off

/** Hold what nobody else may send meanwhile: another tab takes over only what a closed page has left. @param {string} key @param {LockOptions} how @param {() => Promise<any>} act */
const alone = (key, how, act) => (navigator.locks ? navigator.locks.request(key, how, (lock) => (lock || !how.ifAvailable) && act()) : act());

/**
 * Let a write {account, id, name, path, body, label} leave in ten seconds, `more` [{path, body}] after it. Resolves to the server's answer, or to null when it
 * was taken back; rejects with the Problem of a refusal.
 * @param {DeskWrite} write
 */
export async function leave(write) {
  await hold(write);
  return alone(keyOf(write), {}, () => new Promise((resolve, reject) => new Leaving(write, resolve, reject).wait()));
}

/** Let a write leave at once that nothing refuses a second time: whoever closes the page without its answer learns it later. @param {DeskWrite} write */
export async function leaveNow(write) {
  await hold(write);
  return alone(keyOf(write), {}, () => handOver(write));
}

/** @param {DeskWrite} write */
async function hold(write) {
  localStorage.removeItem(mark(write));
  await keep("drafts", { key: keyOf(write), value: write }).catch(() => {}); // a full disk: the open page still has it
  // a crash here leaves the write on the disk, and `resume` sends it
}

/** @param {DeskWrite} write */
async function handOver(write) {
  try {
    const answer = await sendAll(write);
    await forget(write); // a crash before leaves it here, and it is sent again: the same write, the same answer
    return answer;
  } catch (error) {
    const problem = problemOf(error);
    if (!problem.passing) await forget(write);
    throw problem;
  }
}

/** A write and those that follow it; of these a refusal is told beside the answer, not instead of it. @param {DeskWrite} leaving */
async function sendAll({ path, body, more = [] }) {
  const answer = await put(path, body);
  const refusals = /** @type {Problem[]} */ ([]);
  for (const each of more) await put(each.path, each.body).catch((problem) => { if (problem.passing) throw problem; refusals.push(problem); });
  return { ...answer, refusals };
}

class Leaving {
  /** @param {DeskWrite} write @param {(answer: any) => void} resolve @param {(problem: Problem) => void} reject */
  constructor(write, resolve, reject) {
    this.write = write;
    this.resolve = resolve;
    this.reject = reject;
    this.left = DELAY;
    this.sent = false;
    this.seconds = el("span", { "aria-hidden": "true" });
    this.line = el("div", { class: "leaving-line", "data-leaving": write.id },
      el("span", {}, write.label, " "), this.seconds,
      el("span", { class: "actions" },
        el("button", { type: "button", class: "quiet", onclick: () => this.undo() }, t("Hoàn tác", "Undo")),
        el("button", { type: "button", class: "quiet", onclick: () => this.send() }, t("Gửi ngay", "Send now"))));
  }

  wait() {
    waiting.add(this);
    byId("leaving").append(this.line);
    const end = performance.now() + DELAY * 1000;
    const tick = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      this.seconds.textContent = t(`Gửi sau ${left} giây.`, `Leaves in ${left} s.`);
      if (left <= 0) this.send();
    };
    this.clock = setInterval(tick, 250);
    tick();
  }

  over() {
    clearInterval(this.clock);
    waiting.delete(this);
    const held = this.line.contains(document.activeElement);
    this.line.remove();
    const view = held && document.querySelector("section:not([hidden])");
    if (view) (view.querySelector(".case[data-waits] > summary") ?? one(view, "h2")).focus();
  }

  undo() {
    if (this.sent) return;
    this.over();
    takeBack(this.write).finally(() => this.resolve(null));
  }

  async send() {
    if (this.sent) return;
    this.sent = true;
    clearInterval(this.clock);
    this.seconds.textContent = t("Đang gửi…", "Sending…");
    for (const button of this.line.querySelectorAll("button")) button.setAttribute("aria-disabled", "true"); // a disabled one would drop the focus
    try {
      this.resolve(await handOver(this.write));
    } catch (error) {
      const problem = problemOf(error);
      this.reject(problem);
    } finally {
      this.over();
    }
  }

  /** The page goes: its last request outlives it. */
  fling() {
    this.sent = true;
    for (const { path, body } of [this.write, ...this.write.more ?? []]) {
      fetch(path, {
        method: "PUT", keepalive: true, credentials: "same-origin", body: JSON.stringify(body),
        headers: { "Accept": "application/json", "Accept-Language": language, "Content-Type": "application/json", "X-Kycuong": "1" },
      }).catch(() => {});
    }
  }
}

/** These words are not to leave any more, from no page: others are being written in their place. @param {DeskWrite} write */
export function takeBack(write) {
  localStorage.setItem(mark(write), "1");
  // a crash here leaves the write on the disk beside its mark, and `resume` drops both
  return forget(write);
}

/** @param {DeskWrite} write */
async function forget(write) {
  await drop("drafts", keyOf(write)).catch(() => {});
  localStorage.removeItem(mark(write));
}

/** Send what an earlier page left here; `told(write, problem)` hears of each, without a problem when it was taken. @param {string} account @param {(write: DeskWrite, problem: Problem | null) => unknown} told */
export async function resume(account, told) {
  const left = (await everything("drafts").catch(() => [])).filter(({ key }) => key.startsWith(`${account}/leaving/`));
  for (const { key, value } of left) await alone(key, { ifAvailable: true }, () => sendAgain(value, told));
}

/** @param {DeskWrite} write @param {(write: DeskWrite, problem: Problem | null) => unknown} told */
async function sendAgain(write, told) {
  if (localStorage.getItem(mark(write))) return forget(write);
  const problem = await sendAll(write).then(() => null, (refusal) => refusal);
  if (!problem?.passing) await forget(write);
  return told(write, problem);
}

const sendWaiting = () => Promise.all([...waiting].map((each) => each.send()));
addEventListener("pagehide", () => { for (const each of waiting) each.fling(); });
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") sendWaiting(); });
beforeLeaving.add(sendWaiting);
addEventListener("pageshow", ({ persisted }) => { if (persisted && waiting.size) location.reload(); }); // they have left meanwhile
