// The proof that an entry is in the log, checked step by step: RFC 6962 hashes, a C2SP signed note. Pure: no page, no network.

/**
 * What the log answers about an entry (GET /audit/v1/proofs/inclusion of no size of one's own); hashes are base64.
 * @typedef {{index: number, size: number, leaf: string, root: string, proof: string[], checkpoint: string}} Answer
 *
 * One step of a check. `ok` is null where nothing is compared yet, or where the browser cannot compare (`trouble` says so).
 * @typedef {{kind: "leaf" | "node" | "root" | "signature", ok: boolean | null, trouble?: string, hash?: Uint8Array,
 *   sibling?: Uint8Array, side?: "left" | "right", name?: string}} Step
 *
 * @typedef {{name: string, id: string, blob: Uint8Array}} Signature
 * @typedef {{text: string, origin: string, size: bigint, root: Uint8Array, signatures: Signature[]}} Note
 */

const ED25519 = 1;
const COSIGNATURE = 76; // key id 4, time 8, signature 64

/** @param {string} text @returns {Uint8Array} */
export const unbase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {Uint8Array} bytes @returns {string} */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Uint8Array} one @param {Uint8Array} other */
const same = (one, other) => hex(one) === hex(other);

/** SHA-256. @param {Blob} blob */
export const digest = async (blob) => new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));

/** SHA-256 over a prefix byte and what follows. @param {number} prefix @param {...Uint8Array} parts */
const hashed = (prefix, ...parts) => digest(new Blob([new Uint8Array([prefix]), ...parts]));

/** The hash of a leaf. @param {Uint8Array} entry */
export const leafHash = (entry) => hashed(0, entry);

/** The hash of an inner node. @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => hashed(1, left, right);

/**
 * On which side each sibling of a path stands, leaf to root (RFC 9162 2.1.3.2); null when the path has another length.
 * @param {bigint} index @param {bigint} size @param {number} length @returns {("left" | "right")[] | null}
 */
export function sides(index, size, length) {
  if (index < 0n || index >= size) return null;
  const found = /** @type {("left" | "right")[]} */ ([]);
  for (let node = index, last = size - 1n; last > 0n; node >>= 1n, last >>= 1n) {
    if (node & 1n) found.push("left");
    else if (node < last) found.push("right");
  }
  return found.length === length ? found : null;
}

/**
 * Read a signed checkpoint; throws when it is none.
 * @param {string} note @returns {Note}
 */
export function readNote(note) {
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  const signatures = note.slice(end + 2).trimEnd().split("\n").map((line) => {
    const [, name, blob] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
    if (!blob) throw new Error("not a signature's line");
    const bytes = unbase64(blob);
    return { name, id: hex(bytes.slice(0, 4)), blob: bytes };
  });
  return { text, origin, size: BigInt(size), root: unbase64(root), signatures };
}

/**
 * Read a note verifier key; throws when it is none of Ed25519.
 * @param {string} vkey @returns {{name: string, id: string, key: Uint8Array}}
 */
export function readKey(vkey) {
  const [, name, id, blob] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)\s*$/.exec(vkey) ?? [];
  const key = unbase64(blob ?? "");
  if (key[0] !== ED25519 || key.length !== 33) throw new Error("not an Ed25519 key");
  return { name, id, key: key.slice(1) };
}

/**
 * The witnesses' lines of a note (C2SP cosignature/v1), as they stand: their keys are not known here.
 * @param {Note} note @returns {{name: string, at: Date}[]}
 */
export const cosignatures = (note) => note.signatures
  .filter(({ name, blob }) => blob.length === COSIGNATURE && name !== note.origin)
  .map(({ name, blob }) => ({ name, at: new Date(1000 * Number(new DataView(blob.buffer).getBigUint64(4))) }));

/** Whether the log's key signed the note. @param {Note} note @param {string} vkey @returns {Promise<Step>} */
async function signatureStep(note, vkey) {
  const { name, id, key } = readKey(vkey);
  const told = /** @type {Step} */ ({ kind: "signature", name });
  const line = note.signatures.find((one) => one.name === name && one.id === id);
  if (note.origin !== name || line === undefined) return { ...told, ok: false, trouble: "not-signed" };
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    const ok = await crypto.subtle.verify("Ed25519", imported, line.blob.slice(4), new TextEncoder().encode(note.text));
    return ok ? { ...told, ok } : { ...told, ok, trouble: "bad-signature" };
  } catch {
    return { ...told, ok: null, trouble: "no-ed25519" };
  }
}

/**
 * Check that these exact bytes are the entry at `index` of the log whose key is `vkey`: yields each step, the last one being
 * the first that fails, or the signature.
 * @param {Uint8Array} bytes @param {number} index @param {Answer} answer @param {string} vkey @returns {AsyncGenerator<Step>}
 */
export async function* steps(bytes, index, answer, vkey) {
  let hash = await leafHash(bytes);
  if (!same(hash, unbase64(answer.leaf))) return yield { kind: "leaf", ok: false, trouble: "other-leaf", hash };
  yield { kind: "leaf", ok: true, hash };
  const path = sides(BigInt(answer.index), BigInt(answer.size), answer.proof.length);
  if (path === null || answer.index !== index) return yield { kind: "root", ok: false, trouble: "other-place", hash };
  for (const [step, side] of path.entries()) {
    const sibling = unbase64(answer.proof[step]);
    hash = side === "left" ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
    yield { kind: "node", ok: null, hash, sibling, side };
  }
  const note = readNote(answer.checkpoint);
  if (note.size !== BigInt(answer.size) || !same(hash, note.root)) return yield { kind: "root", ok: false, trouble: "other-root", hash };
  yield { kind: "root", ok: true, hash };
  yield await signatureStep(note, vkey);
}
