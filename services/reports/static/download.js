// A file is fetched with its progress in sight, told to the log first where that is asked for; a plain link without this.

import { Problem, put, unreachable } from "../assets/api.js";
import { flash } from "../assets/dom.js";
import { number, t } from "../assets/words.js";

/** A new UUIDv7 (RFC 9562). */
function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const at = Date.now();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(at / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** 1536 → 2 kB @param {number} bytes */
const size = (bytes) => (bytes < 1_000_000 ? `${number(Math.ceil(bytes / 1000))} kB` : `${number(Math.round(bytes / 100_000) / 10)} MB`);

/** The address to fetch: with the id of its export once the log was told. @param {PageElement} link */
async function permitted(link) {
  const address = new URL(link.href);
  if (link.dataset.told) {
    const id = uuid7();
    await put(`/intake/v1/exports/${id}`, JSON.parse(link.dataset.told));
    address.searchParams.set("export", id);
  }
  return address;
}

/** The name that the server gives the file. @param {Response} answer */
function named(answer) {
  const said = answer.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(said);
  return encoded ? decodeURIComponent(encoded[1]) : (/filename="([^"]+)"/.exec(said)?.[1] ?? "");
}

/** The content, piece by piece; `moved` hears how much there is, of how much. @param {Response} answer @param {(had: number, whole: number) => void} moved */
async function received(answer, moved) {
  const whole = Number(answer.headers.get("Content-Length")) || 0;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader(); // an answer to GET has one
  const pieces = [];
  let had = 0;
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    pieces.push(value);
    had += value.length;
    moved(had, whole);
  }
  return new Blob(pieces, { type: answer.headers.get("Content-Type") ?? "" });
}

/** A line under the links: what is on its way, and how far it is. */
class Progress {
  /** @param {PageElement} link */
  constructor(link) {
    this.place = document.createElement("p");
    this.place.className = "download no-print";
    this.place.setAttribute("role", "status");
    this.words = document.createElement("span");
    this.bar = document.createElement("progress");
    this.bar.setAttribute("aria-label", link.textContent ?? "");
    this.place.append(this.words, " ", this.bar);
    this.words.textContent = t("Đang tạo tệp…", "Making the file…");
    link.closest("[data-files]")?.after(this.place);
  }

  /** @param {number} had @param {number} whole */
  moved(had, whole) {
    if (whole) [this.bar.max, this.bar.value] = [whole, had];
    this.words.textContent = whole ? `${size(had)} / ${size(whole)}` : size(had);
  }

  /** @param {string} name @param {number} bytes */
  done(name, bytes) {
    this.bar.remove();
    this.words.textContent = t(`Đã tải ${name} (${size(bytes)}).`, `Downloaded ${name} (${size(bytes)}).`);
  }
}

/** @param {PageElement} link */
async function download(link) {
  document.querySelector(".download")?.remove();
  const progress = new Progress(link);
  try {
    const answer = await fetch(await permitted(link), { headers: { Accept: "application/json" } }).catch(() => { throw unreachable(); });
    if (!answer.ok) throw new Problem(answer.status, await answer.json());
    const content = await received(answer, (had, whole) => progress.moved(had, whole));
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(content);
    saved.download = named(answer);
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 60_000);
    progress.done(saved.download, content.size);
  } catch (problem) {
    progress.place.remove();
    flash("bad", problem instanceof Problem ? problem.message : t("Không tải được; hãy thử lại.", "The download failed; try again."));
  }
}

const links = document.querySelectorAll("[data-files] a[download]");
for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !("body" in Response.prototype)) return;
    event.preventDefault();
    if (link.getAttribute("aria-disabled")) return; // it is on its way
    link.setAttribute("aria-disabled", "true");
    download(link).finally(() => link.removeAttribute("aria-disabled"));
  });
}
