// Files to a reply or a report: named by their hashes in the write, sent after it, and kept on this device until they are there.

import { problemOf } from "../../assets/api.js";
import { el, flash } from "../../assets/dom.js";
import { digest, hex } from "../../assets/proof.js";
import { number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import { fileField } from "../shared/files.js";
import { upload } from "../shared/parts.js";
import { drop, everything, keep } from "../shared/store.js";

/** @typedef {{file: File, sha256: string}} Paper */

const KINDS = ["image/jpeg", "image/png", "image/webp", "application/pdf"];
const MOST = 10;
const DAY = 24 * 3600 * 1000;
const LARGEST = 10 * 1024 * 1024; // bytes
/** @param {string} account @param {string} path @param {number} n */
const keyOf = (account, path, n) => `${account}/paper/${path}/${n}`;

/** The field of a form for files, their hashes ready by the time it is sent. */
export class PaperField {
  /** @param {string} id */
  constructor(id) {
    this.chosen = /** @type {Paper[]} */ ([]);
    this.wrong = /** @type {string[]} */ ([]);
    this.list = el("ul", { class: "papers" });
    this.input = el("input", { type: "file", id: `${id}-files`, multiple: true, accept: KINDS.join(","), "data-pointer": "/files", "aria-describedby": `${id}-files-hint`, onchange: () => this.take() });
    this.node = el("div", { class: "field" },
      el("label", { for: `${id}-files` }, t("Tài liệu kèm theo (không bắt buộc)", "Documents (optional)")),
      el("span", { class: "hint", id: `${id}-files-hint` }, t("Ảnh hoặc PDF, mỗi tệp nhiều nhất 10 MB. Được lưu mã hóa.", "Pictures or PDF, at most 10 MB each. Stored encrypted.")),
      this.input, this.list);
    fileField(this.input);
  }

  async take() {
    const files = [...this.input.files ?? []];
    this.input.value = "";
    this.wrong = files.filter(({ size, type }) => size > LARGEST || !size || !KINDS.includes(type)).map(({ name }) => name);
    for (const file of files.filter(({ name }) => !this.wrong.includes(name))) {
      const sha256 = hex(await digest(file));
      if (this.chosen.length < MOST && !this.chosen.some((each) => each.sha256 === sha256)) this.chosen.push({ file, sha256 });
    }
    this.draw();
  }

  draw() {
    this.list.replaceChildren(...this.chosen.map((each) => el("li", {}, `${each.file.name}, ${number(Math.ceil(each.file.size / 1024))} kB `,
      el("button", { type: "button", class: "quiet", "aria-label": t(`Bỏ ${each.file.name}`, `Leave out ${each.file.name}`), onclick: () => this.leaveOut(each) }, t("Bỏ", "Leave out")))),
    ...this.wrong.map((name) => el("li", { class: "wrong-words" }, t(`${name}: chỉ nhận JPEG, PNG, WebP, PDF đến 10 MB`, `${name}: only JPEG, PNG, WebP, PDF up to 10 MB`))));
  }

  /** @param {Paper} one */
  leaveOut(one) {
    this.chosen = this.chosen.filter((each) => each !== one);
    this.draw();
    this.input.focus();
  }

  /** What the write says of them; nothing where there are none. */
  manifest() {
    return this.chosen.length ? { files: this.chosen.map(({ file, sha256 }) => ({ sha256, bytes: file.size, type: file.type })) } : {};
  }

  faults() {
    return this.wrong.map((name) => ({ pointer: "/files", detail: t(`${name} không gửi được`, `${name} cannot be sent`) })).slice(0, 1);
  }

  /** Keep the files with the write that names them: a crash later leaves them here, and the desk sends them when it opens. @param {string} account @param {string} path */
  async keep(account, path) {
    for (const [place, { file }] of this.chosen.entries()) await keep("photos", { key: keyOf(account, path, place + 1), blob: file });
  }
}

/** Send the files of a write that stands. A crash here leaves those not yet taken on this device. @param {string} account @param {string} path */
export async function sendPapers(account, path) {
  const start = `${account}/paper/${path}/`;
  for (const { key, blob } of (await everything("photos")).filter(({ key }) => key.startsWith(start))) await sendOne(key, blob, path);
}

/** A write that was taken back or refused sends none. @param {string} account @param {string} path */
export async function dropPapers(account, path) {
  const start = `${account}/paper/${path}/`;
  for (const { key } of await everything("photos")) if (key.startsWith(start)) await drop("photos", key);
}

/** When an id of ours was made, ms. @param {string} path */
const madeAt = (path) => Number.parseInt(path.slice(-36).replaceAll("-", "").slice(0, 12), 16);

/** Send what an earlier page left; what no write names any more after a day is dropped. @param {string} account */
export async function resumePapers(account) {
  const start = `${account}/paper/`;
  for (const { key, blob } of (await everything("photos").catch(() => [])).filter(({ key }) => key.startsWith(start))) {
    const path = key.slice(start.length, key.lastIndexOf("/"));
    await sendOne(key, blob, path).catch(({ status }) => (status === 404 && now() - madeAt(path) > DAY ? drop("photos", key) : null)); // the write may not have left either
  }
}

/** @param {string} key @param {Blob} blob @param {string} path */
async function sendOne(key, blob, path) {
  const n = key.slice(key.lastIndexOf("/") + 1);
  try {
    await upload(`${path}/files/${n}`, blob, { begun: false, begin: () => {}, moved: () => {} });
    await drop("photos", key);
  } catch (error) {
    const problem = problemOf(error);
    if (problem.passing || problem.status === 404) throw problem;
    await drop("photos", key); // the server will never take it
    flash("bad", t(`Một tệp kèm theo không được nhận: ${problem.message}`, `A document was not taken: ${problem.message}`));
  }
}
