// Surveys of satisfaction from a file of a spreadsheet: shown first, row by row, and written only once the reader says so.

import { get, lines, problemOf } from "../../assets/api.js";
import { byId, clearFlash, el, flash, redraw } from "../../assets/dom.js";
import { number, plain, quarter as quarterName, t } from "../../assets/words.js";
import * as directory from "../shared/directory.js";
import { fileField } from "../shared/files.js";
import { uuid7 } from "../shared/uuid7.js";

/** @type {Record<string, string[]>} */
const COLUMNS = {
  unit: ["unit", "don vi", "ma don vi"], quarter: ["quarter", "quy"], source: ["source", "nguon", "nguon khao sat"],
  asked: ["asked", "duoc hoi", "so nguoi duoc hoi"], answered: ["answered", "tra loi", "so nguoi tra loi"], satisfied: ["satisfied", "hai long", "so nguoi hai long"],
};
const NAMES = Object.keys(COLUMNS);
const MOST_ROWS = 5000; // of a batch
const MOST_SHOWN = 200;
/** A row of the file as a write, and what stands in it under heads that are not read. @typedef {{line: number, name: string, body: Survey, faults: string[], ignored: [string, string][]}} Row */
/** @typedef {{unit: string, quarter: string, source: string, asked: number, answered: number, satisfied: number}} Survey */
/** What became of a write of a batch. @typedef {{line: number, status: number, body: any}} Answer */
// what the server takes as a source: Latin letters, common punctuation, one line
const LETTER = String.raw`A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff`;
const SIGN = String.raw`.,;:\u0027\u2018\u2019\u02bc\u0022\u201c\u201d()/&+\u00b0\u2116\u2013\u2014\-`;
const WORD = String.raw`[${LETTER}0-9${SIGN}][${LETTER}0-9${SIGN}\u0300-\u034e\u0350-\u036f]*`;
const SOURCE = new RegExp(`^(?=[^${LETTER}]*[${LETTER}])${WORD}(?: ${WORD})*$`, "u");
const LONGEST_SOURCE = 60; // characters
const LARGEST = 2 * 1024 * 1024; // bytes
/** @type {Record<string, string>} */
const LABELS = {
  unit: t("Đơn vị", "Unit"), quarter: t("Quý", "Quarter"), source: t("Nguồn", "Source"),
  asked: t("Được hỏi", "Asked"), answered: t("Trả lời", "Answered"), satisfied: t("Hài lòng", "Satisfied"),
};

/** A spreadsheet's text: UTF-8, or UTF-16 as Excel writes "Unicode text"; null where a byte is no letter. @param {Uint8Array} bytes */
function decoded(bytes) {
  const wide = /** @type {Record<string, string>} */ ({ "255,254": "utf-16le", "254,255": "utf-16be" })[String(bytes.slice(0, 2))];
  try {
    return new TextDecoder(wide ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const SAID = /^"?sep=([;,\t])"?(?=\n)/i; // Excel's own first line, which it hides

/** What parts a text's fields: commas, semicolons or tabs, as it says itself or its first line of words has them. @param {string} text */
function markOf(text) {
  const [, said] = SAID.exec(text) ?? [];
  const first = text.split("\n").find((line) => /[^\s;,"]/.test(line)) ?? "";
  return said ?? [";", "\t", ","].find((one) => first.includes(one)) ?? ",";
}

/** The fields of a CSV text, row by row, quotes doubled inside quotes. @param {string} text @param {string} mark */
export function fieldsOf(text, mark = markOf(text)) {
  const rows = [/** @type {string[]} */ ([])];
  const field = new RegExp(`([ \u00a0]*"(?:[^"]|"")*"[ \u00a0]*|[^${mark}\\n]*)(${mark}|\\n|$)`, "gy");
  for (const [, raw, end] of text.matchAll(field)) {
    const told = raw.trim();
    rows[rows.length - 1].push((/^"(?:[^"]|"")*"$/.test(told) ? told.slice(1, -1).replaceAll('""', '"') : told).trim().normalize("NFC"));
    if (end === "") break;
    if (end !== mark) rows.push([]);
  }
  return rows;
}

/** Why a row's fields cannot be told from each other. @param {string[]} fields @param {string[]} heads @param {string} mark */
function shifted(fields, heads, mark) {
  const faults = [];
  // a decimal comma in a file of commas: every figure after it would be read in another's place
  if (fields.slice(heads.length).some(Boolean)) faults.push(t("nhiều ô hơn dòng đầu", "more fields than the first line"));
  if (fields.some((field, at) => field && heads[at] === "")) faults.push(t("có ô dưới cột không tên", "a field stands under no head"));
  // a quotation mark left open takes in the rows that follow, up to the next one
  if (fields.some((field) => field.split("\n").slice(1).some((line) => line.split(mark).length >= NAMES.length))) faults.push(t("dấu nháy mở ở dòng này nuốt các dòng sau", "a quotation mark opened here takes in the rows that follow"));
  return faults;
}

/** The rows of a file as {line, body, faults}; a text instead says what is wrong with the whole of it. @param {string} text @param {Unit[]} units @returns {Row[] | string} */
export function read(text, units) {
  const lines = text.replace(/\r\n?/g, "\n");
  const mark = markOf(lines);
  const every = fieldsOf(lines.replace(SAID, ""), mark);
  const top = Math.max(every.findIndex((fields) => fields.some(Boolean)), 0);
  const [heads, ...rows] = every.slice(top);
  const places = NAMES.map((name) => heads.findIndex((head) => COLUMNS[name].includes(plain(head))));
  const missing = NAMES.filter((_, at) => places[at] < 0);
  if (missing.length) return t(`Dòng đầu của tệp phải có các cột: ${missing.map((name) => LABELS[name]).join(", ")}.`, `The file's first line must name the columns: ${missing.join(", ")}.`) + found(heads);
  const told = rows.map((fields, at) => ({ line: top + at + 2, fields })).filter(({ fields }) => fields.some(Boolean));
  if (!told.length) return t("Tệp không có dòng nào.", "The file has no rows.");
  if (told.length > MOST_ROWS) return t(`Tệp có ${number(told.length)} dòng; mỗi lần nhiều nhất ${number(MOST_ROWS)}.`, `The file has ${number(told.length)} rows; at most ${number(MOST_ROWS)} at once.`);
  const seen = new Map();
  const others = heads.flatMap((head, at) => (head && !places.includes(at) ? [at] : []));
  return told.map(({ line, fields }) => ({
    ...rowOf(line, Object.fromEntries(NAMES.map((name, at) => [name, fields[places[at]] ?? ""])), units, seen, shifted(fields, heads, mark)),
    ignored: others.map((at) => [heads[at], fields[at] ?? ""]),
  }));
}

/** What stands where the heads should. @param {string[]} heads */
function found(heads) {
  const said = heads.filter(Boolean).map((head) => `“${head.slice(0, 60)}”`).join(", ");
  return said && t(` Dòng đầu đang là: ${said}. Nếu đó là tên bảng, hãy xóa các dòng phía trên tên cột.`, ` It is now: ${said}. If that is a title, take out the lines above the columns' names.`);
}

/** What keeps a source from being taken. @param {string} source */
function faultOfSource(source) {
  if (!source) return t("thiếu nguồn", "no source");
  if (source.includes("\n")) return t("nguồn phải là một dòng; có thể thiếu dấu nháy đóng", "the source must be one line; a closing quotation mark may be missing");
  if ([...source].length > LONGEST_SOURCE) return t(`nguồn dài quá ${LONGEST_SOURCE} ký tự`, `the source is over ${LONGEST_SOURCE} characters`);
  return SOURCE.test(source) ? "" : t("nguồn phải có chữ; chỉ dùng chữ La-tinh, chữ số, dấu câu thường, một dấu cách giữa các từ", "the source must have a letter; use Latin letters, digits, common punctuation, single blanks");
}

/** @param {number} line @param {Fields} fields @param {Unit[]} units @param {Map<string, number>} seen @param {string[]} faults */
function rowOf(line, fields, units, seen, faults) {
  const alike = units.filter(({ unit, name }) => unit === fields.unit || plain(name) === plain(fields.unit));
  if (alike.length !== 1) faults.push(alike.length ? t("nhiều đơn vị cùng tên, hãy ghi mã", "several units have this name, give the id") : t("không có đơn vị này", "there is no such unit"));
  if (!/^20\d\d-Q[1-4]$/.test(fields.quarter)) faults.push(t("quý phải viết như 2026-Q3", "the quarter is written 2026-Q3"));
  faults.push(...[faultOfSource(fields.source)].filter(Boolean));
  const [asked, answered, satisfied] = ["asked", "answered", "satisfied"].map((name) => {
    if (!/^\d{1,7}$/.test(fields[name])) faults.push(t(`${LABELS[name].toLowerCase()} phải là số nguyên`, `${name} must be a whole number`));
    return Number(fields[name]);
  });
  if (answered > asked) faults.push(t("trả lời nhiều hơn được hỏi", "more answered than were asked"));
  if (satisfied > answered) faults.push(t("hài lòng nhiều hơn trả lời", "more are satisfied than answered"));
  const body = { unit: alike[0]?.unit ?? fields.unit, quarter: fields.quarter, source: fields.source, asked, answered, satisfied };
  const about = [body.unit, body.quarter, body.source].join("\n");
  if (seen.has(about)) faults.push(t(`trùng với dòng ${seen.get(about)}`, `repeats line ${seen.get(about)}`));
  seen.set(about, seen.get(about) ?? line);
  return { line, name: alike[0]?.name ?? fields.unit, body, faults };
}

/** The id of a row's write, made of what it says: the same file a second time writes nothing twice. @param {Survey} survey */
export async function idOf({ unit, quarter, source, asked, answered, satisfied }) {
  const text = ["kycuong/survey/1", unit, quarter, source, asked, answered, satisfied].join("\n");
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).slice(0, 16);
  const at = Date.UTC(Number(quarter.slice(0, 4)), 3 * Number(quarter.slice(6)) - 3, 1);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(at / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Whether a row was recorded before, by this account or a colleague's. @param {Answer} answer */
const wasThere = ({ status, body }) => status === 200 || (status === 409 && body.type === "/problems/id-reused");

/** @param {Row[]} rows @param {string[]} ids */
function record(rows, ids) {
  const writes = rows.map(({ body }, at) => JSON.stringify({ method: "PUT", path: `/intake/v1/surveys/${ids[at]}`, body }));
  return lines("/intake/v1/batch", new Blob([`${writes.join("\n")}\n`], { type: "application/x-ndjson" }));
}

/** A scorecard, or null where there is none yet: what merely cannot be asked now is no sign that a row stands. @param {string} path */
const cardOf = (path) => get(path).catch((error) => {
  if (problemOf(error).status === 404) return null;
  throw error;
});

/** Of rows that were recorded before, those in whose place other counts stand by now: the file that came last is to stand. @param {Row[]} rows */
async function others(rows) {
  const cards = new Map();
  for (const { body: { quarter, unit } } of rows) {
    const path = `/reports/v1/scorecards/${quarter}/${unit}`;
    if (!cards.has(path)) cards.set(path, await cardOf(path));
  }
  return rows.filter(({ body: { quarter, unit, source, answered, satisfied } }) => {
    const stands = cards.get(`/reports/v1/scorecards/${quarter}/${unit}`)?.survey?.find((/** @type {Survey} */ one) => one.source === source);
    return stands && (stands.answered !== answered || stands.satisfied !== satisfied);
  });
}

/** The new rows are written; which of the others are to be written once more is not known. */
class NotCompared extends Error {}

/** @param {unknown} error @returns {never} */
function notCompared(error) {
  throw new NotCompared(t(`Dòng mới đã được ghi, nhưng chưa so được dòng đã có với phiếu điểm; hãy bấm ghi lần nữa. ${problemOf(error).message}`, `New rows are written, but those that were there could not be compared with the scorecards; record once more. ${problemOf(error).message}`));
}

/** Why a file is no text that can be read. @param {File} file */
const unread = ({ size }) => (size > LARGEST
  ? t("Tệp lớn quá 2 MB.", "The file is over 2 MB.")
  : t("Tệp không phải CSV dạng UTF-8. Trong Excel, hãy chọn Lưu dưới dạng › CSV UTF-8, rồi chọn tệp đó.", "The file is no CSV in UTF-8. In Excel choose Save as › CSV UTF-8, then choose that file."));

export class Surveys {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.input = byId("surveys-file");
    this.place = byId("surveys-preview");
    fileField(this.input);
    this.input.addEventListener("change", () => this.take().catch(({ message }) => flash("bad", message)));
  }

  /** A file may be chosen while the units are still being read, or before this script ran: it waits for them. */
  async show() {
    this.units = directory.units(this.desk.account);
    await this.units;
    if (this.input.files.length) await this.take();
  }

  async take() {
    const [file] = this.input.files;
    this.input.value = "";
    clearFlash();
    this.place.replaceChildren();
    if (!file) return;
    const text = file.size > LARGEST ? null : decoded(new Uint8Array(await file.arrayBuffer()));
    const rows = text === null ? unread(file) : read(text, /** @type {Unit[]} */ (await this.units));
    if (typeof rows === "string") return flash("bad", rows);
    this.preview(rows);
  }

  /** @param {Row[]} rows */
  preview(rows) {
    const wrong = rows.filter(({ faults }) => faults.length);
    const shown = [...wrong, ...rows.filter(({ faults }) => !faults.length)].slice(0, MOST_SHOWN);
    const said = wrong.length
      ? t(`${number(wrong.length)} trong ${number(rows.length)} dòng có lỗi, hiện ở trên. Chưa ghi gì. Hãy sửa tệp rồi chọn lại.`, `${number(wrong.length)} of ${number(rows.length)} rows are wrong, shown first. Nothing is written. Mend the file and choose it again.`)
      : t(`${number(rows.length)} dòng đọc được. Chưa ghi gì: hãy xem lại, rồi xác nhận.`, `${number(rows.length)} rows are read. Nothing is written yet: look them through, then confirm.`);
    const ignored = rows[0].ignored.map(([head]) => head);
    redraw(this.place,
      el("p", { class: wrong.length ? "notice bad" : "notice", role: "status", tabindex: "-1", id: "surveys-said" }, said),
      ignored.length > 0 && el("p", { class: "hint", id: "surveys-ignored" }, t(`Cột không ghi, chỉ hiện để đối chiếu: ${ignored.join(", ")}.`, `Columns that are not recorded, only shown to compare: ${ignored.join(", ")}.`)),
      el("div", { class: "table-wrap", tabindex: "0", role: "group", "aria-labelledby": "surveys-said" }, el("table", {},
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("Dòng", "Line")), ...NAMES.map((name) => el("th", { scope: "col", class: NAMES.indexOf(name) > 2 ? "figure" : "" }, LABELS[name])), el("th", { scope: "col" }, t("Lỗi", "Wrong")), ...ignored.map((head) => el("th", { scope: "col" }, t(`${head} (không ghi)`, `${head} (not recorded)`))))),
        el("tbody", {}, shown.map((row) => drawn(row))))),
      rows.length > shown.length && el("p", { class: "hint" }, t(`Hiện ${number(shown.length)} dòng đầu.`, `The first ${number(shown.length)} rows are shown.`)),
      !wrong.length && el("button", { type: "button", id: "surveys-confirm", onclick: ({ target }) => this.send(rows, target) }, t(`Ghi ${number(rows.length)} kết quả khảo sát`, `Record ${number(rows.length)} surveys`)));
    byId("surveys-said").focus();
  }

  /** @param {Row[]} rows @param {HTMLButtonElement} button */
  async send(rows, button) {
    button.disabled = true;
    try {
      const answers = await record(rows, await Promise.all(rows.map(({ body }) => idOf(body))));
      const known = rows.filter((_, at) => wasThere(answers[at]));
      if (known.length) flash("", t(`Đang so ${number(known.length)} dòng đã có với phiếu điểm…`, `Comparing ${number(known.length)} rows that were there with the scorecards…`));
      const replaced = await others(known).catch(notCompared);
      if (replaced.length) {
        for (const again of await record(replaced, replaced.map(() => uuid7()))) {
          const at = rows.indexOf(replaced[again.line - 1]);
          answers[at] = { ...again, line: at + 1 };
        }
      }
      this.tell(rows, answers);
    } catch (error) {
      button.disabled = false;
      flash("bad", error instanceof NotCompared ? error.message : problemOf(error).message);
    }
  }

  /** What became of each row; whoever was refused stays on the page, with the reason. @param {Row[]} rows @param {Answer[]} answers */
  tell(rows, answers) {
    const count = (/** @type {number[]} */ ...statuses) => answers.filter(({ status }) => statuses.includes(status)).length;
    const refused = answers.filter((answer) => answer.status >= 400 && !wasThere(answer));
    const before = answers.filter(wasThere).length;
    flash(refused.length ? "warn" : "good", t(`Đã ghi ${number(count(201))} kết quả khảo sát; ${number(before)} dòng đã có từ trước; ${number(refused.length)} dòng bị từ chối.`, `Recorded ${number(count(201))} surveys; ${number(before)} rows were there before; ${number(refused.length)} rows were refused.`));
    this.place.replaceChildren();
    if (refused.length) this.preview(refused.map(({ line, body }) => ({ ...rows[line - 1], faults: body.errors?.map((/** @type {Fault} */ { detail }) => detail) ?? [body.detail ?? body.title] })));
  }
}

/** @param {Row} row */
function drawn({ line, name, body, faults, ignored }) {
  return el("tr", {},
    el("td", {}, number(line)), el("td", {}, name), el("td", {}, /^20\d\d-Q[1-4]$/.test(body.quarter) ? quarterName(body.quarter) : body.quarter), el("td", {}, body.source),
    .../** @type {const} */ (["asked", "answered", "satisfied"]).map((field) => el("td", { class: "figure" }, Number.isNaN(body[field]) ? "" : number(body[field]))),
    el("td", {}, faults.length ? faults.join("; ") : t("không", "none")), ...ignored.map(([, field]) => el("td", {}, field)));
}
