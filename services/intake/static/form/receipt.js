// The receipt of a write, checked on the phone: these very bytes stand in the log, at this place, under the log's signature.

import { leafHash, readNote, steps, unbase64 } from "../../assets/proof.js";
import { base64 } from "./chain.js";

const HEADER = "c2sp.org/tlog-proof@v1";

/**
 * Read a tlog-proof; throws when it is none.
 * @param {string} text @returns {{index: number, proof: string[], checkpoint: string}}
 */
export function readReceipt(text) {
  const end = text.indexOf("\n\n");
  const [header, ...lines] = text.slice(0, end).split("\n");
  if (lines[0]?.startsWith("extra ")) lines.shift(); // nothing authenticates it
  const place = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "");
  if (header !== HEADER || !place) throw new Error("not a receipt");
  return { index: Number(place[1]), proof: lines, checkpoint: text.slice(end + 2) };
}

/**
 * What a receipt proves of a write: {index}, {index, trouble} when the browser cannot check the signature, or {trouble}.
 * @param {string} id of the write @param {string} event its bytes as answered, base64 @param {string} text the receipt
 * @param {string[]} keys verifier keys of the log @returns {Promise<{index?: number, trouble?: string}>}
 */
export async function proven(id, event, text, keys) {
  try {
    const bytes = unbase64(event);
    if (JSON.parse(new TextDecoder().decode(bytes)).id !== id) return { trouble: "other-event" };
    const { index, proof, checkpoint } = readReceipt(text);
    const note = readNote(checkpoint);
    const leaf = base64(await leafHash(bytes));
    const key = keys.find((vkey) => note.signatures.some(({ name, id: signer }) => vkey.startsWith(`${name}+${signer}+`)));
    if (!key) return { trouble: "not-signed" };
    let last = /** @type {import("../../assets/proof.js").Step | null} */ (null);
    for await (const step of steps(bytes, index, { index, size: Number(note.size), leaf, root: "", proof, checkpoint }, key)) last = step;
    if (last?.kind === "signature" && last.ok !== false) return { index, ...(last.trouble && { trouble: last.trouble }) };
    return { trouble: last?.trouble };
  } catch (error) {
    return { trouble: String(error) };
  }
}
