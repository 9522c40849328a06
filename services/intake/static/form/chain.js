// This phone's chain: each queued write names the one before and is signed by a key that never leaves this browser, so that
// the server sees what was deleted and whose a write is, whoever carries it.

import { find } from "../shared/store.js";
import { uuid7 } from "../shared/uuid7.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const HASH = { name: "ECDSA", hash: "SHA-256" };

/** @param {Uint8Array} bytes */
export const base64 = (bytes) => {
  let text = "";
  for (let place = 0; place < bytes.length; place += 0x8000) text += String.fromCharCode(...bytes.subarray(place, place + 0x8000));
  return btoa(text);
};

/** RFC 8785 of what bodies hold: integers, strings, booleans, null. @param {any} value @returns {string} */
const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
};

/** @param {string} account */
const place = (account) => `chain/${account}`;

/** The head of an account's chain here: {key, id, n, prev, signing, point}, or undefined. @param {string} account */
export const headOf = (account) => find("keys", place(account));

/** A new chain. @param {string} account */
export async function begin(account) {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const point = base64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return { key: place(account), id: uuid7(), n: 0, prev: null, signing: pair.privateKey, point };
}

/** A write's body with its place in the chain, and the chain's new head. @param {Head} head @param {string} path @param {WriteBody} body */
export async function link(head, path, body) {
  const said = JSON.parse(JSON.stringify(body));
  const device = { id: head.id, n: head.n + 1, prev: head.prev, nonce: base64(crypto.getRandomValues(new Uint8Array(16))) };
  const message = new TextEncoder().encode(`kycuong/device/1\n${canonical({ body: said, path, ...device })}`);
  const sig = base64(new Uint8Array(await crypto.subtle.sign(HASH, head.signing, message)));
  const prev = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", message)));
  return { body: { ...said, device: { ...device, sig } }, head: { ...head, n: device.n, prev } };
}

/** Do something while no other tab adds to the chain; `chained` is false where this browser can neither lock nor sign. @template T @param {(chained: boolean) => Promise<T>} act */
export const alone = (act) => (navigator.locks && crypto.subtle ? navigator.locks.request("kycuong-chain", () => act(true)) : act(false));
