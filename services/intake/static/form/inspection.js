// An inspection as the phone sees it: what the server knows, and what still waits here.

import { day, moment, number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { tidy } from "../shared/drafts.js";
import { manifest } from "./photo.js";
import { uuid7 } from "../shared/uuid7.js";

/** The code that says that nothing was found. */
export const CLEAN = "K00";

/** The code of those who come late. */
export const LATE = "A01";

/** @param {{ severity: number }} finding */
export const isViolation = ({ severity }) => severity > 0;

/** Where the counts of an inspection that are not recorded yet are kept. @param {string} inspection */
export const countDraft = (inspection) => `count/${inspection}`;

/** How often this code was filed today for this unit, as far as the phone knows: here, and in its other inspections there. @param {House} house @param {Seen} inspection @param {Finding[]} known @param {string} code */
export function filedToday(house, inspection, known, code) {
  const today = day(now());
  const there = new Set(house.queue.items.filter(({ kind, label }) => kind === "inspection" && label.unit === inspection.unit).map(({ key }) => key));
  const mine = house.queue.items.filter(({ kind, label, ...item }) => kind === "finding" && label.code === code
    && (item.inspection === inspection.id || there.has(/** @type {string} */ (item.inspection))) && day(label.captured_at) === today);
  const here = new Set(mine.map(({ key }) => key));
  const others = known.filter((finding) => finding.code === code && finding.state !== "withdrawn" && !here.has(finding.id) && day(finding.captured_at) === today);
  return mine.length + others.length;
}

/** Server rows and queued openings as one list, newest first; a queued closing shows as closed. @param {Seen[]} known @param {Queue} queue */
export function merged(known, queue) {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const item of queue.items) {
    if (item.kind === "inspection" && !rows.has(item.key)) rows.set(item.key, /** @type {Seen} */ ({ id: item.key, state: "open", ...item.label }));
  }
  for (const item of queue.items) {
    const row = rows.get(/** @type {string} */ (item.inspection));
    if (item.kind === "closing" && item.state !== "failed" && row) rows.set(row.id, { ...row, state: "closed" });
  }
  return [...rows.values()].sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at));
}

/** Open or closed: what the server said, or closed as soon as this phone has a closing that was not refused. @param {{ id: string, stored: string }} seen @param {Queue} queue */
export const stateOf = ({ id, stored }, queue) => (queue.of(id).some(({ kind, state }) => kind === "closing" && state !== "failed") ? "closed" : stored);

/** One inspection with what is known of it here and there. @param {House} house @param {string} id */
export async function inspectionOf(house, id) {
  const local = merged([], house.queue).find((row) => row.id === id);
  const unsent = local && /** @type {Item} */ (house.queue.find(id)).state !== "received";
  const known = unsent ? null : await directory.inspection(house.account, id).catch((problem) => {
    if (local) return null;
    throw problem;
  });
  const row = /** @type {Seen} */ (known ?? local);
  const unit = (await directory.units(house.account)).find((each) => each.unit === row.unit);
  const found = { ...row, stored: known?.state ?? "open", staff: unit?.staff, mayClose: row.opener === house.account || house.roles.has("lead") };
  return { ...found, state: stateOf(found, house.queue) };
}

/** Instants as they are said: by the clock, with the day where they are not all of one. @param {string[]} times */
export function timely(times) {
  const said = times.map((at) => moment(at));
  return new Set(said.map((each) => each.slice(0, 10))).size > 1 ? said : said.map((each) => each.slice(11));
}

/** When they came, in words; nothing where nobody noted it. @param {string[]} [times] */
export function arrivals(times = []) {
  const minutes = timely(times);
  const said = [...new Set(minutes)].map((each) => /** @type {[string, number]} */ ([each, minutes.filter((other) => other === each).length]))
    .map(([each, count]) => (count > 1 ? `${each} (${number(count)})` : each)).join(", ");
  return said && t(`Đến muộn lúc ${said}.`, `Late at ${said}.`);
}

/** A counted row as the write of a finding. @param {string} inspection @param {string} code @param {Counted} row @returns {Write} */
export function findingOf(inspection, code, row) {
  const narrative = [tidy(row.narrative), arrivals(row.times)].filter(Boolean).join("\n");
  const persons = row.persons.split("\n").map(tidy).filter(Boolean);
  const sealed = { ...(narrative && { narrative }), ...(persons.length > 0 && { persons }) };
  const body = {
    inspection, code, count: row.count, captured_at: row.at, ...row.device,
    ...(Object.keys(sealed).length > 0 && { private: sealed }),
    ...(/** @type {Photo[]} */ (row.photos)?.length > 0 && { photos: manifest(/** @type {Photo[]} */ (row.photos)) }),
  };
  return {
    id: row.id, kind: "finding", inspection, path: `/intake/v1/findings/${row.id}`, body,
    label: { code, count: row.count, captured_at: row.at, photos: row.photos },
  };
}

/** What an item of the queue is called, but for a finding, which its code names. @param {Item} item */
export const titleOf = ({ kind, label }) => ({
  inspection: t("Mở cuộc kiểm tra", "Opening"), closing: t("Kết thúc kiểm tra", "Closing"), withdrawal: t(`Rút lại ${label.code}`, `Withdrawal of ${label.code}`),
  photo: t("Ảnh", "Photo"), handover: t("Tệp của đồng nghiệp", "A colleague's file"),
})[kind];

/** The findings that this phone takes back, sent or not. @param {Queue} queue @param {string} inspection */
export const takenBack = (queue, inspection) =>
  new Set(queue.of(inspection).filter(({ kind, state }) => kind === "withdrawal" && state !== "failed").map(({ after }) => after));

/** Take back what says that nothing was found: it waits for its finding, as all of an inspection for its opening. @param {Queue} queue @param {string} inspection @param {string} finding */
export function takeBack(queue, inspection, finding) {
  const id = uuid7();
  const reason = t("Ghi nhầm: có vi phạm được ghi nhận.", "Recorded by mistake: there is a violation.");
  return queue.add({
    id, kind: "withdrawal", inspection, after: finding, path: `/intake/v1/findings/${finding}/withdrawal/${id}`, body: { private: { reason } }, label: { code: CLEAN },
  });
}
