// Photos of a finding: taken into the draft, small and upright, kept on the phone until the server holds every one.

import { all } from "../../assets/api.js";
import { confirmed, el, flash, sheet } from "../../assets/dom.js";
import { digest, hex } from "../../assets/proof.js";
import { number, t } from "../../assets/words.js";
import { Boxes, burn } from "../shared/boxes.js";
import { drop, find, keep, notKept } from "../shared/store.js";
import { uuid7 } from "../shared/uuid7.js";

const LONGEST = 1600; // pixels of the longer side
const LARGEST = 400_000; // bytes
const QUALITIES = [0.8, 0.7, 0.6, 0.5, 0.4, 0.3];
const MOST = 10; // a finding
const taking = new Set(); // files that are being made photos

/**
 * A photo of a draft or of a queued finding; its bytes lie in the store "photos" under `key`.
 * @typedef {{key: string, sha256: string, bytes: number}} Photo
 */

/** The picture of a file, upright, at most 1600 pixels, under 400 kB, and nothing else of the file; black where boxes lie. @param {Blob} file @param {any[]} boxes */
export async function shrink(file, boxes = []) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    for (let longest = LONGEST; ; longest = Math.round(longest * 0.7)) {
      const canvas = drawn(bitmap, longest);
      burn(boxes, canvas);
      for (const quality of QUALITIES) {
        const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
        if (blob.size < LARGEST) return blob;
      }
    }
  } finally {
    bitmap.close();
  }
}

/** @param {ImageBitmap} bitmap @param {number} longest */
function drawn(bitmap, longest) {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d")); // null is for another kind of context
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // JPEG knows no transparency: what shows through is paper, not black
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Make a taken file a photo of this phone; resolves once it is on disk. @param {Blob} file @returns {Promise<Photo>} */
const take = async (file) => kept(await shrink(file));

/** @param {Blob} blob @returns {Promise<Photo>} */
async function kept(blob) {
  const sha256 = hex(await digest(blob));
  const key = uuid7();
  await keep("photos", { key, blob });
  return { key, sha256, bytes: blob.size };
}

/** When every file taken so far has become a photo of its draft, or was found to be none. */
export const taken = () => Promise.all(taking);

/** The bytes of a photo, or null where the phone lost them. @param {string} key @returns {Promise<Blob | null>} */
export const bytesOf = async (key) => (await find("photos", key))?.blob ?? null;

/** @param {Photo[]} photos */
export const forget = (photos = []) => Promise.all(photos.map(({ key }) => drop("photos", key)));

/** The manifest of a finding's body. @param {Photo[]} photos */
export const manifest = (photos) => photos.map(({ sha256, bytes }) => ({ sha256, bytes, type: "image/jpeg" }));

/** The writes that bring a finding's photos, each after the finding itself. @param {Write} write @returns {Write[]} */
export const sendings = ({ id, inspection, path, label }) => (label.photos ?? []).map(({ key }, place) => ({
  id: `${id}/photos/${place + 1}`, kind: "photo", inspection, after: id, photo: key, path: `${path}/photos/${place + 1}`, label: {},
}));

/**
 * The photos of a draft's row: thumbnails, a button for the camera, a way to take each back.
 * @param {{photos?: Photo[]}} row @param {() => Promise<unknown>} save keeps the draft @param {string} code
 */
export function photoSheet(row, save, code) {
  const shown = el("ul", { class: "photos" });
  const input = el("input", {
    type: "file", accept: "image/*", capture: "environment", hidden: true, "data-camera": code,
    onchange: () => {
      const adding = addAll([...input.files ?? []]).finally(() => taking.delete(adding));
      taking.add(adding);
    },
  });
  const button = el("button", { type: "button", class: "quiet", onclick: async () => {
    await save(); // a phone short of memory closes the page while its camera is open
    input.click();
  } }, t("Chụp ảnh", "Take a photo"));
  const addAll = async (/** @type {File[]} */ files) => {
    for (const file of files) await add(file);
    input.value = "";
  };
  const add = async (/** @type {File} */ file) => {
    button.disabled = true;
    try {
      const photo = await take(file);
      row.photos = [...(row.photos ?? []), photo];
      await save();
    } catch (error) {
      flash("bad", error instanceof DOMException && error.name !== "QuotaExceededError"
        ? t("Không đọc được tệp ảnh này. Hãy chụp lại.", "This file is no readable picture. Take another.") : notKept(error));
    }
    await draw();
  };
  const remove = async (/** @type {Photo} */ photo) => {
    if (!await confirmed(t("Bỏ ảnh này?", "Remove this photo?"), t("Ảnh bị xóa khỏi máy này.", "It is deleted from this device."), t("Bỏ", "Remove"), t("Giữ lại", "Keep"))) return;
    row.photos = row.photos?.filter((each) => each !== photo);
    await save();
    await forget([photo]);
    await draw();
  };
  const cover = async (/** @type {Photo} */ photo, /** @type {number} */ place) => {
    const blob = await bytesOf(photo.key);
    if (blob) coverSheet(blob, place, async (boxes) => {
      // a crash here leaves the photo as it was: the covered one takes its place only once it is on the disk
      const instead = await kept(await shrink(blob, boxes));
      if (!row.photos?.includes(photo)) return forget([instead]); // recorded or removed meanwhile
      row.photos = row.photos.map((each) => (each === photo ? instead : each));
      await save();
      await forget([photo]);
      await draw();
    });
  };
  const draw = async () => {
    const photos = row.photos ?? [];
    const nodes = await Promise.all(photos.map((photo, place) => thumbnail(photo, place, () => remove(photo), () => cover(photo, place))));
    shown.replaceChildren(...nodes);
    button.disabled = photos.length >= MOST;
  };
  draw();
  return [button, input, shown];
}

/** A photo as large as the phone, to draw boxes on. @param {Blob} blob @param {number} place @param {(boxes: any[]) => Promise<unknown>} keepIt */
function coverSheet(blob, place, keepIt) {
  const address = URL.createObjectURL(blob);
  const boxes = new Boxes(address, t(`Ảnh ${place + 1}`, `Photo ${place + 1}`));
  const done = el("button", { type: "button", onclick: async () => {
    if (!boxes.boxes.length) return boxes.more.focus();
    done.disabled = true;
    await keepIt(boxes.boxes).catch((error) => flash("bad", notKept(error)));
    dialog.close();
  } }, t("Che và giữ ảnh", "Cover and keep"));
  const dialog = sheet(t(`Che ảnh ${place + 1}`, `Cover photo ${place + 1}`), boxes.node, done);
  dialog.addEventListener("close", () => URL.revokeObjectURL(address));
}

/** @param {Photo} photo @param {number} place @param {() => unknown} remove @param {() => unknown} cover */
async function thumbnail(photo, place, remove, cover) {
  const words = t(`Ảnh ${place + 1}`, `Photo ${place + 1}`);
  const blob = await bytesOf(photo.key);
  const address = blob && URL.createObjectURL(blob);
  const free = () => URL.revokeObjectURL(address ?? "");
  return el("li", { "data-photo": photo.sha256 },
    blob ? el("img", { src: address, alt: words, onload: free, onerror: free }) : el("span", { class: "hint" }, t("Ảnh đã mất khỏi máy", "Lost from this device")),
    el("button", { type: "button", class: "quiet", "aria-label": t(`Bỏ ảnh ${place + 1}`, `Remove photo ${place + 1}`), onclick: remove }, "×"),
    blob && el("button", { type: "button", class: "quiet cover-photo", "aria-label": t(`Che ảnh ${place + 1}`, `Cover photo ${place + 1}`), onclick: cover }, t("Che", "Cover")));
}

/** How far a filed finding's photos are, and what to do about one that was refused; nothing for one without photos. @param {Queue} queue @param {Item} item */
export function progress(queue, item) {
  const { photos } = item.label;
  if (item.kind !== "finding" || !photos?.length) return null;
  const sent = queue.items.filter((each) => each.after === item.key);
  const failed = /** @type {Failed[]} */ (sent.filter((each) => each.state === "failed"));
  const there = sent.filter((each) => each.state === "received").length;
  const moving = sent.some(({ key }) => key === queue.moving?.key) ? Math.floor(100 * /** @type {{share: number}} */ (queue.moving).share) : null;
  return el("div", { class: "photo-state", "data-complete": String(Boolean(item.complete)) },
    el("p", { class: "meta" }, item.complete
      ? el("span", { class: "tag good" }, t(`Đủ ${number(photos.length)} ảnh`, `All photos: ${number(photos.length)}`))
      : el("span", { class: "tag warn" }, t(`Thiếu ảnh: đã gửi ${number(there)}/${number(photos.length)}, máy này còn giữ`, `Photos missing: ${number(there)} of ${number(photos.length)} sent, kept on this device`))),
    moving !== null && el("label", { class: "hint" }, t(`Đang gửi ảnh: ${moving}%`, `Sending a photo: ${moving}%`), " ", el("progress", { value: moving, max: 100 })),
    failed.map((each) => el("div", { class: "notice bad" }, el("p", {}, each.problem.errors[0]?.detail ?? each.problem.message),
      el("button", { type: "button", class: "quiet", onclick: () => queue.retry(each.key) }, t("Gửi lại ảnh", "Send the photo again")))));
}

/** Let go of the photos of findings that the server says are complete: not before. @param {Queue} queue */
export async function settle(queue) {
  for (const item of queue.items.filter(({ label, complete, state }) => label.photos?.length && !complete && state === "received")) {
    const sent = queue.items.filter((each) => each.after === item.key);
    if (sent.some(({ state }) => state !== "received") || !await complete(item, sent)) continue;
    await forget(item.label.photos);
    // a crash here asks the server once more; a phone too full to note what was sent has room again by now
    for (const each of sent) await queue.save(each);
    await queue.save(Object.assign(item, { complete: true }));
  }
}

/** Whether the last photo's answer said so, or else the server says so now: an answer is what was true when it was given. @param {Item} item @param {Item[]} sent */
async function complete(item, sent) {
  if (sent.some(({ answer }) => answer?.state === "complete")) return true;
  const findings = await all(`/intake/v1/findings?inspection=${item.inspection}&limit=200`);
  return findings.some(({ id, complete: held }) => id === item.key && held);
}
