// What waits, as a file that POST /intake/v1/batch takes: one write a line. Photos are no lines; they stay.

import { el } from "../../assets/dom.js";
import { stamp } from "./clock.js";

/** @param {any[]} items */
export const ndjson = (items) => items.filter(({ photo }) => !photo).map(({ path, body }) => `${JSON.stringify({ method: "PUT", path, body })}\n`).join("");

/** Hand the items over as a file; they stay on the phone. @param {any[]} items */
export const download = (items) =>
  save(new File([ndjson(items)], `kycuong-${stamp().slice(0, 16).replace(/[^0-9]/g, "")}.ndjson`, { type: "application/x-ndjson" }));

/** As a download. @param {File} file */
export function save(file) {
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Whether a share sheet was closed: its reader's no, and nothing to tell. @param {unknown} error */
export const declined = (error) => error instanceof DOMException && error.name === "AbortError";

/** By the share sheet where there is one for files, or else as a download; a sheet that was closed is the reader's no. @param {File} file */
export async function deliver(file) {
  try {
    if (!navigator.canShare?.({ files: [file] })) return save(file);
    return await navigator.share({ files: [file] });
  } catch (error) {
    if (declined(error)) throw error;
    return save(file); // the tap is too long ago, or this browser shares no such file
  }
}
