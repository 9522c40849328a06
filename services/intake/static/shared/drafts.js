// What was typed but not yet sent: kept at each keystroke, so a reload or a killed tab loses nothing.

import { drop, find, keep } from "./store.js";

export class Drafts {
  /**
   * `told` hears of each write: (null) once it is on disk, or (error); `elsewhere` the name of what another tab has written;
   * `busy` whether anything is still on its way to the disk.
   * @param {string} account @param {(error: any) => void} told @param {(name: string) => void} elsewhere
   * @param {(busy: boolean) => void} busy
   */
  constructor(account, told = () => {}, elsewhere = () => {}, busy = () => {}) {
    this.account = account;
    this.told = told;
    this.busy = busy;
    this.underway = 0;
    this.channel = new BroadcastChannel(`kycuong-drafts/${account}`);
    this.channel.onmessage = ({ data }) => elsewhere(data);
    this.writing = new Map(); // name → the newest value not yet on disk, while one before it is being written
    this.last = /** @type {Promise<unknown>} */ (Promise.resolve());
  }

  /** @param {string} name */
  key(name) {
    return `${this.account}/${name}`;
  }

  /** @param {string} name */
  async read(name) {
    await this.settled();
    return (await find("drafts", this.key(name)))?.value ?? null;
  }

  /** Resolves once this value, or a newer one of the same name, is on disk. @param {string} name @param {any} value */
  write(name, value) {
    this.writing.set(name, structuredClone(value));
    return this.next(() => {
      if (!this.writing.has(name)) return null;
      const newest = this.writing.get(name);
      this.writing.delete(name);
      return keep("drafts", { key: this.key(name), value: newest }).then(() => this.kept(name));
    });
  }

  /** @param {string} name */
  kept(name) {
    this.told(null);
    this.channel.postMessage(name);
  }

  /** @param {string} name */
  clear(name) {
    this.writing.delete(name);
    return this.next(() => drop("drafts", this.key(name)).then(() => this.channel.postMessage(name)));
  }

  /**
   * Let what was drafted go over into `taking`, which keeps the given records along with its own: a crash leaves the draft
   * or what it became, never both and never neither.
   * @template T @param {string} name @param {(records: [string, object][]) => Promise<T>} taking @returns {Promise<T>}
   */
  async become(name, taking) {
    await this.settled();
    const taken = await taking([["drafts", { key: this.key(name), value: null }]]);
    this.channel.postMessage(name);
    return taken;
  }

  /** When all writes so far have ended, well or not. */
  settled() {
    return this.last.catch(() => {});
  }

  /** @param {() => unknown} act @returns {Promise<any>} */
  next(act) {
    this.busy(++this.underway > 0);
    const mine = this.settled().then(act).finally(() => this.busy(--this.underway > 0));
    this.last = mine;
    mine.catch((error) => this.told(error));
    return mine;
  }
}

/** The named controls of a form as a plain object; `set` puts such an object back. @param {PageElement | HTMLFormElement} form @returns {Record<string, any>} */
export const values = (form) => Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (form)));

/** @param {PageElement | HTMLFormElement} form @param {Record<string, any>} kept */
export function set(form, kept) {
  for (const [name, value] of Object.entries(kept)) {
    const control = form.elements[name];
    if (control?.type === "checkbox") control.checked = Boolean(value);
    else if (control) control.value = value; // a RadioNodeList takes a value too
  }
}

/** Text as the server takes it: NFC, no control characters but line breaks. @param {string} text */
export const tidy = (text) =>
  text.normalize("NFC").replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n]/gu, " ").trim();
