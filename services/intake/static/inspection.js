// An inspection as the phone sees it: what the server knows, and what still waits here.

import * as directory from "./directory.js";

/** Where the counts of an inspection that are not recorded yet are kept. */
export const countDraft = (inspection) => `count/${inspection}`;

/** Server rows and queued openings as one list, newest first; a queued closing shows as closed. */
export function merged(known, queue) {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const item of queue.items) {
    if (item.kind === "inspection" && !rows.has(item.key)) rows.set(item.key, { id: item.key, state: "open", ...item.label });
  }
  for (const item of queue.items) {
    const row = rows.get(item.inspection);
    if (item.kind === "closing" && item.state !== "failed" && row) rows.set(row.id, { ...row, state: "closed" });
  }
  return [...rows.values()].sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at));
}

/** One inspection with what is known of it here and there. */
export async function inspectionOf(house, id) {
  const local = merged([], house.queue).find((row) => row.id === id);
  const unsent = local && house.queue.find(id).state !== "received";
  const known = unsent ? null : await directory.inspection(house.account, id).catch((problem) => {
    if (local) return null;
    throw problem;
  });
  const row = known ? merged([known], house.queue).find((each) => each.id === id) : local;
  const unit = (await directory.units(house.account)).find((each) => each.unit === row.unit);
  return { ...row, staff: unit?.staff, mayClose: row.opener === house.account || house.roles.has("lead") };
}
