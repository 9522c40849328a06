// A queue without a network: sealed to the server as one text file, for a colleague's phone to carry (HPKE, RFC 9180 base
// mode: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM).

import { unbase64 } from "../../assets/proof.js";
import { base64 } from "./chain.js";
import { stamp } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { bytesOf } from "./photo.js";

const FORMAT = "kycuong-handover/1\n";
const MOST = 16_000_000; // bytes
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const KEM = Uint8Array.of(75, 69, 77, 0, 16); // "KEM", 0x0010
const SUITE = Uint8Array.of(72, 80, 75, 69, 0, 16, 0, 1, 0, 2); // "HPKE", 0x0010, 0x0001, 0x0002

/** @typedef {string | Uint8Array | Blob} Part */

const encoder = new TextEncoder();
/** @param {Part} part */
const bytes = (part) => (typeof part === "string" ? encoder.encode(part) : part);
/** @param {...Part} parts */
const joined = async (...parts) => new Uint8Array(await new Blob(parts.map(bytes)).arrayBuffer());

/** @param {Uint8Array} secret @param {...Part} parts */
async function hmac(secret, ...parts) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, await joined(...parts)));
}

const NONE = new Uint8Array(32);
/** @param {Uint8Array} suite @param {Uint8Array} salt @param {string} label @param {Part} material */
const extract = (suite, salt, label, material) => hmac(salt, "HPKE-v1", suite, label, material);
/** @param {Uint8Array} suite @param {Uint8Array} secret @param {string} label @param {Part} info @param {number} size */
const expand = async (suite, secret, label, info, size) =>
  (await hmac(secret, Uint8Array.of(0, size), "HPKE-v1", suite, label, info, Uint8Array.of(1))).slice(0, size);

/** Seal to a public key (uncompressed point). @param {Uint8Array} theirs @param {string} info @param {Uint8Array} plain */
async function seal(theirs, info, plain) {
  const mine = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", mine.publicKey));
  const their = await crypto.subtle.importKey("raw", theirs, CURVE, false, []);
  const agreed = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: their }, mine.privateKey, 256));
  const shared = await expand(KEM, await extract(KEM, NONE, "eae_prk", agreed), "shared_secret", await joined(enc, theirs), 32);
  const context = await joined(Uint8Array.of(0), await extract(SUITE, NONE, "psk_id_hash", ""), await extract(SUITE, NONE, "info_hash", info));
  const secret = await extract(SUITE, shared, "secret", "");
  const key = await crypto.subtle.importKey("raw", await expand(SUITE, secret, "key", context, 32), "AES-GCM", false, ["encrypt"]);
  const iv = await expand(SUITE, secret, "base_nonce", context, 12);
  return joined(enc, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain)));
}

/** What of a queue can be carried, with its bytes: {parts, carried, left}; not what `unknown` phones signed; photos as long as there is room. @param {Item[]} items @param {Set<string>} unknown */
async function packed(items, unknown) {
  const parts = [];
  const carried = [];
  const staying = new Set();
  let size = 0;
  for (const item of items) {
    const photo = item.photo ? await bytesOf(item.photo) : null;
    const signer = item.body?.device?.id;
    if (item.photo ? !photo || staying.has(item.after) || size + photo.size > MOST : !signer || unknown.has(signer)) {
      staying.add(item.key);
      continue;
    }
    const line = { method: "PUT", path: item.path, ...(photo ? { bytes: photo.size } : { body: item.body }) };
    parts.push(`${JSON.stringify(line)}\n`, ...(photo ? [photo, "\n"] : []));
    carried.push(item);
    size += photo?.size ?? 0;
  }
  return { parts, carried, left: items.length - carried.length };
}

/** The file to hand over: {file, carried, left}; throws where the server's key was never read here. @param {Item[]} items @param {Set<string>} [unknown] */
export async function sealed(items, unknown = new Set()) {
  const { id, key } = await directory.handoverKey();
  const { parts, carried, left } = await packed(items, unknown);
  const head = `${FORMAT}${JSON.stringify({ key: id, items: carried.length, made_at: stamp() })}\n`;
  const armour = base64(await seal(unbase64(key), head, await joined(...parts)));
  const name = `kycuong-ban-giao-${stamp().slice(0, 16).replace(/[^0-9]/g, "")}.txt`; // share sheets take no other ending
  return { file: new File([head, armour, "\n"], name, { type: "text/plain" }), carried, left };
}

/** What a file says of itself before it is opened: {items, made_at}, or null when it is none. @param {Blob} file */
export async function headOf(file) {
  const [format, said] = (await file.slice(0, 400).text()).split(/\r?\n/);
  try {
    const { key, items, made_at } = JSON.parse(said);
    return `${format}\n` === FORMAT && typeof key === "string" ? { items: Number(items), made_at } : null;
  } catch {
    return null;
  }
}
