// What was typed but not yet sent: kept at each keystroke, so a reload or a killed tab loses nothing.

import { drop, find, keep } from "./store.js";

export class Drafts {
  constructor(account) {
    this.account = account;
  }

  key(name) {
    return `${this.account}/${name}`;
  }

  async read(name) {
    return (await find("drafts", this.key(name)))?.value ?? null;
  }

  write(name, value) {
    return keep("drafts", { key: this.key(name), value });
  }

  clear(name) {
    return drop("drafts", this.key(name));
  }
}

/** The named controls of a form as a plain object; `set` puts such an object back. */
export const values = (form) => Object.fromEntries(new FormData(form));

export function set(form, kept) {
  for (const [name, value] of Object.entries(kept)) {
    const control = form.elements[name];
    if (control) control.value = value; // a RadioNodeList takes a value too
  }
}

/** Text as the server takes it: NFC, no control characters but line breaks. */
export const tidy = (text) =>
  text.normalize("NFC").replace(/\r\n?/g, "\n").replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, " ").trim();
