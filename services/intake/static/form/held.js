// What was just recorded waits ten seconds on the phone before it joins the queue: until then it can be taken back, and has
// neither a place in the phone's chain nor anybody who heard of it. It lies in a draft: a page closed meanwhile loses nothing.

import { now } from "../shared/clock.js";
import { sendings } from "./photo.js";
import { everything, isFull, keepAll } from "../shared/store.js";
import { countDraft, findingOf } from "./inspection.js";

const GRACE = 10_000;
/** @param {string} inspection */
const draftName = (inspection) => `held/${inspection}`;

export class Held {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    /** @type {Map<string, {until: number, rows: Rows, timer: number}>} */
    this.sets = new Map();
    this.others = 0;
  }

  /** Those that an earlier page left. */
  async load() {
    const start = this.house.drafts.key(draftName(""));
    this.others = 0; // those of another account: told, never touched
    for (const { key, value } of await everything("drafts")) {
      if (!value || !key.includes("/held/")) continue;
      if (key.startsWith(start)) this.wait(key.slice(start.length), value);
      else this.others += Object.keys(value.rows).length;
    }
  }

  /** The rows of an inspection that can still be taken back. @param {string} inspection */
  rows(inspection) {
    return this.sets.get(inspection)?.rows ?? {};
  }

  /** @param {string} inspection @param {{ until: number, rows: Rows }} held */
  wait(inspection, { until, rows }) {
    clearTimeout(this.sets.get(inspection)?.timer);
    const left = Math.min(GRACE, Math.max(0, until - now())); // a clock set back keeps nothing for longer
    const timer = setTimeout(() => this.file(inspection), left);
    this.sets.set(inspection, { until, rows, timer });
    this.house.changed();
  }

  /** Another page has written or ended what is held. @param {string} inspection */
  async written(inspection) {
    const value = await this.house.drafts.read(draftName(inspection));
    if (value) this.wait(inspection, value);
    else this.drop(inspection);
  }

  /** @param {string} inspection */
  drop(inspection) {
    clearTimeout(this.sets.get(inspection)?.timer);
    this.sets.delete(inspection);
    this.house.changed();
  }

  /** Take rows out of what is counted; what was held before goes on its way. @param {string} inspection @param {Rows} rows */
  async hold(inspection, rows) {
    await this.file(inspection);
    const { drafts } = this.house;
    const held = { until: now() + GRACE, rows };
    // a crash here leaves the rows counted or held, never both: they change places in one transaction
    await drafts.become(countDraft(inspection), (also) => keepAll([["drafts", { key: drafts.key(draftName(inspection)), value: held }], ...also]));
    drafts.kept(draftName(inspection));
    this.wait(inspection, held);
  }

  /** Back into what is counted: nothing has left the phone. Answers with the rows as they stand then. @param {string} inspection */
  async undo(inspection) {
    return alone(async () => {
      const { drafts } = this.house;
      const held = await drafts.read(draftName(inspection));
      if (!held) return null; // it is on its way
      const { K00: _, ...rows } = held.rows;
      const counted = { ...await drafts.read(countDraft(inspection)), ...rows };
      await drafts.become(draftName(inspection), (also) => keepAll([["drafts", { key: drafts.key(countDraft(inspection)), value: counted }], ...also]));
      drafts.kept(countDraft(inspection));
      this.drop(inspection);
      return counted;
    });
  }

  /** Into the queue, now; a phone too full for that sends it all the same, and keeps it here until its next start. @param {string} inspection */
  async file(inspection) {
    const { drafts, queue } = this.house;
    await alone(async () => {
      const held = await drafts.read(draftName(inspection));
      if (held) {
        const writes = Object.entries(held.rows).map(([code, row]) => findingOf(inspection, code, row)).flatMap((write) => [write, ...sendings(write)]);
        await drafts.become(draftName(inspection), (also) => queue.addAll(writes, also)).catch((error) => {
          if (!isFull(error)) throw error;
          queue.lend(writes);
        });
      }
      this.drop(inspection);
    });
    queue.flush(true);
  }

  /** All of it, before the queue is handed to somebody. */
  fileAll() {
    return Promise.all([...this.sets.keys()].map((inspection) => this.file(inspection)));
  }
}

/** Two tabs take nothing back that the other has sent. @template T @param {() => Promise<T>} act @returns {Promise<T>} */
const alone = (act) => (navigator.locks ? navigator.locks.request("kycuong-held", act) : act());
