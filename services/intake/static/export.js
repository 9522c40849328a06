// What waits, as a file that POST /intake/v1/batch takes: one write a line. Photos are no lines; they stay.

import { el } from "../assets/dom.js";
import { stamp } from "./clock.js";

export const ndjson = (items) => items.filter(({ photo }) => !photo).map(({ path, body }) => `${JSON.stringify({ method: "PUT", path, body })}\n`).join("");

/** Hand the items over as a file; they stay on the phone. */
export function download(items) {
  const address = URL.createObjectURL(new Blob([ndjson(items)], { type: "application/x-ndjson" }));
  const name = `kycuong-${stamp().slice(0, 16).replace(/[^0-9]/g, "")}.ndjson`;
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
