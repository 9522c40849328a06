// The queue of writes: kept on the phone until the server has answered, sent in order, each under the id it was born with.

import { Problem, lines, request, text } from "../../assets/api.js";
import { t } from "../../assets/words.js";
import { alone, begin, headOf, link } from "./chain.js";
import { learn, now, steady, told } from "../shared/clock.js";
import { logKeys } from "../shared/directory.js";
import { upload } from "../shared/parts.js";
import { bytesOf, settle } from "./photo.js";
import { proven } from "./receipt.js";
import { drop, dropAll, everything, isFull, keep, keepAll } from "../shared/store.js";
import { labelled, righted } from "./times.js";

const LONGEST_PAUSE = 60;
const KEEP_RECEIVED = 30 * 24 * 3600 * 1000;
const ROUND = 5000;
const HOUR = 3600 * 1000;
const MOST_CARRIES = 10; // of a colleague's file whose inspection the server does not know: over a quarter of an hour
const BLOCKING = [0, 401, 429, 503]; // what would meet the next item too

/** This phone's name first; then openings, for all else of an inspection waits for its own; photos last, for words are small. */
const ORDER = ["device", "inspection", "finding", "withdrawal", "closing", "handover", "photo"];
/** @param {Item} item */
const rank = ({ kind }) => Math.min(ORDER.indexOf(kind), 2) + Number(kind === "photo");
/** @param {Item} a @param {Item} b */
const inOrder = (a, b) => rank(a) - rank(b) || a.n - b.n;

/** A pause of over an hour was reckoned by a clock that was wrong. @param {Item} item */
const rested = ({ notBefore }) => notBefore <= now() || notBefore > now() + HOUR;

const notTaken = () => t("Máy chủ vẫn chưa biết cuộc kiểm tra của một số mục trong tệp: người bàn giao phải sửa mục bị từ chối trên máy của họ, hoặc tự gửi.",
  "The server still does not know the inspection of some items in the file: whoever handed it over has to correct what was refused on their own device, or send it.");

/** A record and the store that keeps it. @typedef {[string, object]} Pair */

/** States of an item: waiting, sending, received (with `index` once its receipt has been checked), failed. */
export class Queue {
  /** @param {string} account @param {() => void} changed */
  constructor(account, changed) {
    this.account = account;
    this.changed = changed;
    this.items = /** @type {Item[]} */ ([]);
    this.others = 0;
    this.trouble = /** @type {Partial<Trouble> | null} */ (null);
    this.round = /** @type {Promise<void> | null} */ (null);
    this.newer = /** @type {Map<string, Item>} */ (new Map()); // items by key that are further than the disk says: on their way, or on a phone too full to note it
    this.lent = /** @type {Map<string, Item>} */ (new Map()); // items by key that lie elsewhere on a phone too full for the queue
    this.lost = 0;
    this.unreadable = false;
    this.progress = /** @type {{done: number, total: number} | null} */ (null);
    this.moving = /** @type {{key: string, share: number} | null} */ (null); // the photo that is on its way
    this.proving = /** @type {Promise<void> | null} */ (null);
    this.moved = 0;
    this.channel = new BroadcastChannel("kycuong-queue");
    this.channel.onmessage = () => this.load();
  }

  /** Read the phone's items; once more if anything on the disk has changed meanwhile. */
  async load() {
    let kept;
    let before;
    do {
      before = this.moved;
      kept = await everything("items");
    } while (before !== this.moved);
    const marked = Number(localStorage.getItem(this.mark)) || 0;
    if (kept.length === 0 && marked > 0) kept = await this.emptied(marked);
    const known = new Set(kept.map(({ key }) => key));
    kept = [...kept, ...[...this.lent.values()].filter(({ key }) => !known.has(key))].map((item) => this.newer.get(item.key) ?? item);
    this.others = kept.filter((item) => item.account !== this.account && item.kind !== "device" && item.state !== "received").length;
    this.items = kept.filter((item) => item.account === this.account).sort(inOrder);
    this.changed();
  }

  /** The browser deleted what was kept: put back what this page still holds, and say what is gone. @param {number} marked */
  async emptied(marked) {
    const { unsent } = this;
    for (const item of unsent) await keep("items", item);
    this.lost = Math.max(0, marked - unsent.length);
    return [...unsent];
  }

  /** Forget old received items, then send now and whenever there is reason to hope. */
  async start() {
    await this.load();
    for (const item of this.items.filter((each) => told() && each.state === "received" && each.n < now() - KEEP_RECEIVED && !this.awaited(each))) {
      await this.discard(item.key);
    }
    addEventListener("online", () => this.flush(true));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(true); });
    setInterval(() => { this.flush(false); this.prove(); }, ROUND);
    return this.flush(true);
  }

  /** Keep a write; resolves once the phone has it on disk. A second item of the same id takes the first one's place. @param {Write} write @param {Pair[]} [also] */
  async add(write, also = []) {
    return (await this.addAll([write], also))[0];
  }

  /** Keep several writes, and what else has to be kept with them, or nothing of it. @param {Write[]} writes @param {Pair[]} [also] */
  async addAll(writes, also = []) {
    const last = Math.max(now(), ...this.items.map(({ n }) => n + 1));
    const added = writes.map((write, place) => this.item(write, last + place));
    await alone(async (chained) => {
      const kept = chained ? await this.signed(added) : [];
      // a crash here leaves neither the items nor their places in the chain: all come in one transaction
      await keepAll([...added.map((item) => ["items", item]), ...kept, ...also]);
    });
    this.moved += 1;
    const keys = new Set(added.map(({ key }) => key));
    this.items = [...this.items.filter(({ key }) => !keys.has(key)), ...added].sort(inOrder);
    this.tell();
    return added;
  }

  /** On a full phone: send, unsigned, what its lender keeps until there is room; sent again then, it gets the same answer. @param {Write[]} writes */
  lend(writes) {
    for (const write of writes.filter(({ id }) => !this.find(id))) {
      const item = this.item(write, now());
      this.lent.set(item.key, item);
      this.items.push(item);
    }
    this.tell();
  }

  /** @param {Write} write @param {number} n @returns {Item} */
  item({ id, kind, inspection, path, body, label, after, photo }, n) {
    return {
      key: id, account: this.account, n, kind, inspection, path, body, label, after, photo,
      state: "waiting", tries: 0, notBefore: 0, problem: null, answer: null, kept: steady(),
    };
  }

  /** Put the items' bodies into this phone's chain, and answer with what is to be kept of it. @param {Item[]} added */
  async signed(added) {
    let head = null;
    try {
      for (const item of added.filter(({ body }) => body)) {
        const placed = await link(head ?? await this.head(), item.path, item.body);
        ({ head } = placed);
        item.body = placed.body;
      }
    } catch {} // nothing is lost: what could not be signed goes out unsigned
    return head ? [["keys", head]] : [];
  }

  /** Make this phone known to the server while there is a network, so that its signatures count. */
  introduce() {
    return alone(async (chained) => { if (chained) await this.head(); });
  }

  /** The head of this phone's chain; a new chain begins with telling the server its key. */
  async head() {
    const known = await headOf(this.account);
    if (known) return known;
    const head = await begin(this.account);
    const item = this.item({ id: head.id, kind: "device", path: `/intake/v1/devices/${head.id}`, body: { key: head.point }, label: {} }, now());
    await keepAll([["items", item], ["keys", head]]);
    this.moved += 1;
    this.items = [item, ...this.items];
    return head;
  }

  /** @param {string | undefined} id */
  find(id) {
    return this.items.find((item) => item.key === id);
  }

  /** @param {string} inspection */
  of(inspection) {
    return this.items.filter((item) => item.inspection === inspection);
  }

  /** How many are in each state, those in the log by themselves. */
  counts() {
    const counts = /** @type {Record<string, number>} */ ({});
    for (const { state, index } of this.shown) {
      const shown = index === undefined ? state : "logged";
      counts[shown] = (counts[shown] ?? 0) + 1;
    }
    return counts;
  }

  /** @param {string} state */
  count(state) {
    return this.shown.filter((item) => item.state === state).length;
  }

  get mark() {
    return `kycuong-unsent/${this.account}`;
  }

  /** What somebody filled in, not what the phone says of itself. */
  get shown() {
    return this.items.filter(({ kind }) => kind !== "device");
  }

  /** What the server does not hold yet, in the order it can be taken. */
  get unsent() {
    return this.shown.filter((item) => item.state !== "received");
  }

  /** @param {string} id */
  async retry(id) {
    const item = /** @type {Item} */ (this.find(id));
    const body = this.righted(item);
    if (body === item.body) await this.save(Object.assign(item, { state: "waiting", tries: 0, notBefore: 0, problem: null }));
    else await this.add({ ...item, id, body: { ...body, device: undefined }, label: labelled(item, body) }); // the server has heard of its old place in the chain
    return this.flush(true);
  }

  /** @param {Item} item */
  righted(item) {
    return item.body ? righted(item, this.find(item.inspection)) : item.body;
  }

  /**
   * Put right the times that this phone cannot have meant, and sign anew what follows in its chain: nothing of that has left
   * yet. A crash leaves all as it was.
   */
  async mend() {
    const fresh = (/** @type {Item} */ { body, state, tries, handed }) => body && state === "waiting" && tries === 0 && !handed;
    const wrong = new Map();
    for (const item of this.items.filter(fresh)) {
      const body = this.righted(item);
      if (body === item.body) continue;
      wrong.set(item, body);
      item.label = labelled(item, body); // what belongs to an opening goes by its right time
    }
    if (wrong.size) await alone((chained) => this.rewrite(wrong, fresh, chained));
  }

  /** @param {Map<Item, WriteBody>} wrong @param {(item: Item) => boolean} fresh @param {boolean} chained */
  async rewrite(wrong, fresh, chained) {
    const unsigned = [...wrong].filter(([{ body }]) => !body.device);
    for (const [item, body] of unsigned) item.body = body;
    let head = chained ? await headOf(this.account) : null;
    const first = Math.min(...[...wrong.keys()].map(({ body }) => body.device?.n ?? Infinity));
    const tail = this.items.filter(({ body }) => head && body?.device?.id === head.id && body.device.n >= first).sort((a, b) => a.body.device.n - b.body.device.n);
    const whole = tail.length > 0 && tail.every(fresh) && tail.length === head.n - first + 1; // else the server knows it as it is, and says what is wrong
    if (whole) head = { ...head, n: first - 1, prev: tail[0].body.device.prev };
    for (const item of whole ? tail : []) {
      const { device: _, ...body } = wrong.get(item) ?? item.body;
      const placed = await link(head, item.path, body);
      ({ head } = placed);
      item.body = placed.body;
    }
    await keepAll([...unsigned.map(([item]) => ["items", item]), ...(whole ? [...tail.map((item) => ["items", item]), ["keys", head]] : [])]);
    this.moved += 1;
  }

  /** Forget an opening that was refused, with all that was done under it. @param {string} inspection */
  abandon(inspection) {
    return this.forget(this.of(inspection));
  }

  /** Forget an item, and with a finding the sending of its photos. @param {string} id */
  async discard(id) {
    return this.forget(this.items.filter((item) => item.key === id || item.after === id));
  }

  /** @param {Item[]} gone */
  async forget(gone) {
    const keys = gone.map(({ key }) => key);
    const without = () => { this.items = this.items.filter(({ key }) => !keys.includes(key)); };
    without();
    for (const key of keys) { this.newer.delete(key); this.lent.delete(key); }
    await dropAll("items", keys);
    this.moved += 1;
    without(); // what was read in between held them still
    this.tell();
  }

  /**
   * Send what may be sent; `eager` ignores the pauses, and begins anew after a round that is under way, which may have
   * missed what was just added. Rounds never overlap, not even between tabs.
   * @param {boolean} eager
   */
  flush(eager) {
    if (this.round && !eager) return this.round;
    const before = this.round ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => this.locked(eager)).finally(() => {
      if (this.round === mine) this.round = null;
    });
    this.round = mine;
    return mine;
  }

  /** @param {boolean} eager */
  async locked(eager) {
    if (!this.items.some((item) => item.state === "waiting" || item.state === "sending")) return;
    if (!navigator.locks) return this.sendAll(eager); // the server takes a doubled write as one
    await navigator.locks.request("kycuong-queue", { ifAvailable: true }, async (lock) => {
      if (lock) await this.sendAll(eager);
    });
  }

  /** @param {boolean} eager */
  async sendAll(eager) {
    await this.load();
    for (const item of this.newer.values()) await this.save(item); // perhaps there is room again
    this.trouble = await this.greet();
    if (!this.trouble) await this.mend().catch(() => {}); // a full phone: sent as it is, and refused in words
    for (const item of this.items) if (item.state === "sending") item.state = "waiting"; // only one sends at a time, so a page died doing it
    const due = this.items.filter((item) => item.state === "waiting" && ((eager && !item.label.waits) || rested(item)));
    for (const [done, item] of (this.trouble ? [] : due).entries()) {
      if (this.blocked(item) || !this.find(item.key)) continue; // or discarded since
      if (this.righted(item) !== item.body) await this.mend().catch(() => {}); // it came after the round had begun
      this.progress = { done, total: due.length };
      await this.send(item);
      if (this.trouble) break;
    }
    this.progress = null;
    this.tell();
    this.prove();
  }

  /** Look for what was received in the log, and check each receipt here; one round at a time. */
  prove() {
    this.proving ??= this.proveAll().then(() => settle(this)).catch(() => {}).finally(() => { this.proving = null; }); // no network: the next round
    return this.proving;
  }

  async proveAll() {
    const unproven = this.items.filter((item) => item.state === "received" && item.answer?.receipt && item.index === undefined && !item.unproven);
    if (!unproven.length || this.trouble) return;
    const keys = await logKeys();
    for (const { key, answer } of unproven) {
      const receipt = await text(answer.receipt);
      if (receipt === null) continue; // no published checkpoint covers it yet
      const { index, trouble } = await proven(key, answer.event, receipt, keys);
      const item = this.find(key);
      if (item) await this.save(Object.assign(item, index === undefined ? { unproven: trouble } : { index, unchecked: trouble }));
    }
  }

  /** Is the server there, who am I to it, and what time is it? Returns what stands in the way, or null. */
  async greet() {
    const sent = Date.now();
    try {
      const { body, date } = await request("GET", "/intake/v1/me");
      if (typeof body?.account !== "string") return { status: 0, slug: "unreachable", message: "" };
      learn(date, sent);
      return body.account === this.account ? null : { status: 401, slug: "other-account", message: "" };
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return { status: problem.status, slug: problem.slug, message: problem.message };
    }
  }

  /** All wait for this phone's name, whatever belongs to an inspection for its opening, a photo for its finding. @param {Item} item */
  blocked(item) {
    return this.items.some((each) => each !== item && each.state !== "received"
      && (each.key === item.inspection || each.key === item.after || (each.kind === "device" && each.state !== "failed")));
  }

  /** Whether photos of a finding are still to be sent. @param {Item} item */
  awaited(item) {
    return this.items.some((each) => each.after === item.key && each.state !== "received");
  }

  /** @param {Item} item */
  async send(item) {
    item.state = "sending"; // not on disk: a full phone has to send before it can keep
    this.newer.set(item.key, item);
    this.tell();
    const sent = Date.now();
    try {
      if (item.kind === "handover") {
        await this.carry(item);
        return;
      }
      const { body, date } = item.photo ? await this.upload(item) : await request("PUT", item.path, this.told(item.body));
      if (body?.id !== (item.photo ? item.after : item.key)) throw new Problem(0, { type: "/problems/unreachable" }); // something on the way answered
      learn(date, sent);
      this.trouble = null;
      // a crash here sends the item once more, under the same id, and the server gives the same answer
      Object.assign(item, { state: "received", answer: body, problem: null, body: null, label: { ...item.label, agreed: undefined } }); // no private word stays
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.refused(item, problem);
    }
    await this.save(item);
  }

  /** A photo, with how far it is for whoever looks on; that parts of it went is kept, so that they go on after a restart. @param {Item} item */
  async upload(item) {
    const photo = await this.photo(item);
    return upload(item.path, photo, {
      begun: item.begun || item.tries > 0,
      begin: () => item.begun || this.save(Object.assign(item, { begun: true })),
      moved: (sent) => { this.moving = { key: item.key, share: sent / photo.size }; this.changed(); },
    }).finally(() => { this.moving = null; });
  }

  /** A body with how many more words this phone has to send; photos are named in the manifest, what was refused has been there. @param {WriteBody} body */
  told(body) {
    if (!body.device) return body;
    const waiting = this.unsent.filter(({ kind, state }) => kind !== "photo" && kind !== "handover" && state !== "failed");
    return { ...body, device: { ...body.device, waiting: Math.max(0, waiting.length - 1) } };
  }

  /** Bring a colleague's sealed queue; what waits for others is asked for again. @param {Item} item */
  async carry(item) {
    const told = await lines("/intake/v1/handovers", await this.photo(item));
    this.trouble = null;
    const taken = told.filter(({ status }) => status < 300).length;
    const unknown = told.filter(({ body }) => body.type === "/problems/not-yet-known").length;
    const refused = told.filter(({ status }) => status >= 400).map(({ body }) => body.errors?.[0]?.detail ?? body.detail);
    const waits = unknown > 0 || told.some(({ status }) => status >= 500);
    item.tries += 1;
    const hopeless = waits && item.tries >= MOST_CARRIES;
    Object.assign(item, {
      label: { ...item.label, items: told.length, taken, refused, waits }, state: hopeless ? "failed" : waits ? "waiting" : "received",
      problem: hopeless ? { message: notTaken(), errors: [] } : null, notBefore: waits ? now() + 1000 * 2 ** item.tries : 0,
    });
    if (await this.save(item) && !waits) await drop("photos", /** @type {string} */ (item.photo));
  }

  /** @param {Item} item */
  async photo({ photo }) {
    const bytes = await bytesOf(/** @type {string} */ (photo));
    if (!bytes) throw new Problem(422, { detail: t("Ảnh hoặc tệp này đã mất khỏi máy.", "This photo or file is lost from the device.") });
    return bytes;
  }

  /** @param {Item} item @param {Problem} problem */
  refused(item, problem) {
    const { status, slug, title, message, errors } = problem;
    item.problem = { status, slug, title, message, errors };
    item.tries += 1;
    item.state = problem.passing ? "waiting" : slug === "already-erased" ? "received" : "failed"; // an erased photo is wanted no more
    item.notBefore = now() + 1000 * (problem.retryAfter ?? Math.min(LONGEST_PAUSE, 2 ** item.tries));
    this.trouble = BLOCKING.includes(status) || slug === "strange" ? item.problem : null;
  }

  /** Keep an item as it is now; on a full phone this page remembers it and tries again. Resolves to whether the disk has it. @param {Item} item */
  async save(item) {
    if (!this.find(item.key)) return false; // discarded meanwhile
    this.items = this.items.map((each) => (each.key === item.key ? item : each));
    this.newer.set(item.key, item);
    try {
      await keep("items", item);
      this.newer.delete(item.key);
      this.moved += 1;
      if (!this.find(item.key)) await drop("items", item.key); // discarded while it was being kept
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    this.tell();
    return !this.newer.has(item.key);
  }

  tell() {
    localStorage.setItem(this.mark, String(this.unsent.length));
    this.channel.postMessage("changed");
    this.changed();
  }
}
