// Times that the phone cannot have meant, for its clock was set meanwhile: mended by what passed on its steady clock.

import { now, stamp, steady } from "../shared/clock.js";

/** @type {Record<string, string>} */
const TIME = { inspection: "opened_at", finding: "captured_at", closing: "closed_at" };
const SLACK = 60_000; // ms

/**
 * An item's body with the time it can have meant: not later than as much ago as has passed in this page since, not earlier than
 * as long after the `opening`. The very same body where nothing is wrong, or nothing is known.
 * @param {Item} item @param {Item | undefined} opening
 */
export function righted({ kind, body, kept, label }, opening) {
  const name = TIME[kind];
  if (!name) return body;
  const { elapsed_ms: passed } = body;
  const begun = (kind === "inspection" ? label : opening?.label)?.begun;
  const at = begun + (kind === "inspection" ? 0 : passed) || kept;
  const here = at >= performance.timeOrigin && at <= steady(); // a page of before may have had another clock
  const latest = here ? now() - (steady() - at) : now();
  const earliest = kind !== "inspection" && opening ? Math.min(latest, Date.parse(opening.label.opened_at) + (passed ?? 0)) : -Infinity;
  const claimed = Date.parse(body[name]);
  const late = claimed > latest + SLACK;
  if (!late && !(claimed < earliest - SLACK)) return body;
  const right = late && (here || passed === undefined || earliest === -Infinity) ? latest : earliest;
  return { ...body, [name]: stamp(right), device_at: body.device_at ?? body[name] };
}

/** What a list shows of an item, with the times of its body. @param {Item} item @param {WriteBody} body */
export const labelled = ({ kind, label }, body) => (label[TIME[kind]] ? { ...label, [TIME[kind]]: body[TIME[kind]] } : label);
