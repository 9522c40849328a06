// RFC 9562 version 7 ids: made here, kept with the draft, so that a retry sends the same one.

import { now } from "./clock.js";

/** A new UUIDv7; `at` is milliseconds since 1970, by the corrected clock. The random part is 74 bits. */
export function uuid7(at = now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(at / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
