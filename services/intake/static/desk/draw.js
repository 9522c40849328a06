// A draw checked in the reader's own browser: the plan's place in the signed log, the root the seed is made of, the candidates,
// every ticket. docs/draw.md says how each is computed, and what none of it proves.

import { get, Problem, problemOf, text } from "../../assets/api.js";
import { el } from "../../assets/dom.js";
import { hex, nodeHash, steps, unbase64 } from "../../assets/proof.js";
import { number, t } from "../../assets/words.js";

const METHOD = "kycuong/draw/1";
const BESIDE = 10; // tickets shown after those drawn

/** @typedef {{ok: boolean, words: string}} Told */
/** The plan and the result as their events have them. @typedef {{candidates: {root: string, count: number, group: string}[], strata: {size: number}[], beacon?: {name: string, pattern: string}}} Planned */
/** @typedef {{root: string, round: string, beacon: string, drawn: {group: string, units: string[]}[]}} Drawn */
/** @typedef {{group: string, size: number, rows: {unit: string, ticket: string}[]}} Stratum */

/** SHA-256 of a text, in hex. @param {string} words */
const sha256 = async (words) => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words))));

/** The candidates of a stratum with their tickets, the smallest first. @param {string} seed @param {string[]} units */
async function ticketed(seed, units) {
  const made = await Promise.all(units.map(async (unit) => ({ unit, ticket: await sha256(`${seed}\n${unit}\n`) })));
  return made.sort((a, b) => (a.ticket < b.ticket ? -1 : 1));
}

/**
 * Whether a tree of `size` leaves begins with one of `old`, by their roots in hex (RFC 9162 2.1.4.2).
 * @param {bigint} old @param {bigint} size @param {string} oldRoot @param {string} root @param {Uint8Array[]} proof
 */
export async function extendsTree(old, size, oldRoot, root, proof) {
  if (old === size) return proof.length === 0 && oldRoot === root;
  const path = [...proof];
  if ((old & (old - 1n)) === 0n) path.unshift(Uint8Array.from((oldRoot.match(/../g) ?? []).map((pair) => parseInt(pair, 16))));
  let [node, last] = [old - 1n, size - 1n];
  for (; node & 1n; node >>= 1n) last >>= 1n;
  let [was, is] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (last === 0n) return false;
    if ((node & 1n) || node === last) {
      [was, is] = [await nodeHash(sibling, was), await nodeHash(sibling, is)];
      for (; !(node & 1n) && node; node >>= 1n) last >>= 1n;
    } else is = await nodeHash(is, sibling);
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && was !== undefined && hex(was) === oldRoot && hex(is) === root;
}

/** The exact bytes of an entry, and whether they stand in the signed log where it says. @param {string} id @param {string} vkey */
async function logged(id, vkey) {
  const response = await fetch(`/audit/v1/entries/${id}`, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok) throw new Problem(response.status, await response.json());
  const bytes = new Uint8Array(await response.arrayBuffer());
  const answer = await get(`/audit/v1/proofs/inclusion?id=${id}&wait=10`);
  let last = null;
  for await (last of steps(bytes, answer.index, answer, vkey)) if (last.ok === false) break;
  return { event: JSON.parse(new TextDecoder().decode(bytes)), answer, holds: last?.kind === "signature" && last.ok !== false, unsigned: last?.ok === null };
}

/** @param {boolean} ok @param {string} right @param {string} wrong */
const told = (ok, right, wrong) => ({ ok, words: ok ? right : wrong });

/** Check a round's draw: yields each step, and at last the tickets. @param {Round} round @returns {AsyncGenerator<Told & { seed?: string, strata?: Stratum[] }>} */
async function* check({ id, drawn_event: drawnId, candidates }) {
  const vkey = /** @type {string} */ (await text("/audit/vkey"));
  const plan = await logged(id, vkey);
  yield told(plan.holds && plan.event.data.round === id, t(`Kế hoạch là mục số ${number(plan.answer.index)} của nhật ký đã ký.`, `The plan is entry ${number(plan.answer.index)} of the signed log.`),
    t("Kế hoạch không ở trong nhật ký đã ký.", "The plan is not in the signed log."));
  const drawn = await logged(/** @type {string} */ (drawnId), vkey);
  const { data } = drawn.event;
  yield told(drawn.holds && data.round === id, t("Kết quả rút thăm ở trong nhật ký đã ký.", "The result is in the signed log."), t("Kết quả rút thăm không ở trong nhật ký đã ký.", "The result is not in the signed log."));
  const size = plan.answer.index + 1;
  const to = plan.answer.size;
  const way = await get(`/audit/v1/proofs/consistency?from=${size}&to=${to}`);
  const follows = await extendsTree(BigInt(size), BigInt(to), data.root, hex(unbase64(plan.answer.root)), way.proof.map(unbase64));
  yield told(data.size === size && follows, t(`Mã gốc dùng để rút thăm là của ${number(size)} mục đầu của chính nhật ký đó.`, `The root of the draw is that of this log's first ${number(size)} entries.`),
    t("Mã gốc dùng để rút thăm không phải của nhật ký này.", "The root of the draw is not of this log."));
  yield* compared(plan.event.data, data, /** @type {Candidates[]} */ (candidates));
}

/** The candidates and the tickets, by the plan and the result as the log has them. @param {Planned} plan @param {Drawn} data @param {Candidates[]} candidates */
async function* compared(plan, data, candidates) {
  const roots = await Promise.all(candidates.map(({ units }) => sha256(units.map((unit) => `${unit}\n`).join(""))));
  const same = plan.candidates.length === candidates.length && plan.candidates.every(({ root, count, group }, place) => root === roots[place] && count === candidates[place].units.length && group === candidates[place].group);
  yield told(same, t("Danh sách để rút thăm đúng như kế hoạch đã cam kết.", "The candidates are those that the plan commits to."), t("Danh sách để rút thăm khác với kế hoạch.", "The candidates are not those of the plan."));
  // as the service reads a pattern: with the flag u a script takes no \: for a colon
  yield told(plan.beacon ? new RegExp(plan.beacon.pattern).test(data.beacon) : data.beacon === "",
    plan.beacon ? t(`Kết quả công khai (${plan.beacon.name}): ${data.beacon}. Hãy so với kết quả đã đăng.`, `The beacon (${plan.beacon.name}): ${data.beacon}. Compare it with what was published.`)
      : t("Đợt này không hẹn kết quả công khai: người giữ nhật ký có thể đã thử nhiều kế hoạch.", "This round has no beacon: whoever runs the log could have tried several plans."),
    plan.beacon ? t("Kết quả công khai không theo mẫu đã hẹn.", "The beacon is not as the plan says.")
      : t("Kết quả rút thăm dùng một số công khai mà kế hoạch không hẹn.", "The draw uses a beacon that the plan does not name."));
  const seed = await sha256(`${METHOD}\n${data.root}\n${data.round}\n${data.beacon}\n`);
  const strata = await Promise.all(candidates.map(async ({ group, units }, place) => ({ group, size: plan.strata[place].size, rows: await ticketed(seed, units) })));
  const smallest = strata.map(({ group, size, rows }) => [group, ...rows.slice(0, size).map(({ unit }) => unit)].join());
  const right = smallest.join("\n") === data.drawn.map(({ group, units }) => [group, ...units].join()).join("\n");
  yield { ...told(right, t("Các phiếu nhỏ nhất đúng là các đơn vị trúng thăm.", "The smallest tickets are those of the units drawn."), t("Các đơn vị trúng thăm không phải là những phiếu nhỏ nhất.", "The units drawn are not those with the smallest tickets.")), seed, strata };
}

/** The table of one stratum's tickets. @param {Stratum} stratum @param {(unit: string) => string} name */
function table({ size, rows }, name) {
  const body = el("tbody", {});
  const show = (/** @type {number} */ most) => body.replaceChildren(...rows.slice(0, most).map(({ unit, ticket }, place) => el("tr", { class: place < size ? "drawn" : null },
    el("td", { class: "figure" }, number(place + 1)), el("td", {}, name(unit)), el("td", { class: "mono" }, el("code", { title: ticket }, `${ticket.slice(0, 8)}…`)),
    el("td", {}, place < size && el("span", { class: "tag good" }, t("Trúng", "Drawn"))))));
  show(size + BESIDE);
  const all = el("button", { type: "button", class: "quiet", onclick: () => { show(rows.length); all.remove(); } }, t(`Hiện cả ${number(rows.length)} phiếu`, `Show all ${number(rows.length)} tickets`));
  return [el("div", { class: "table-wrap", tabindex: "0", role: "group", "aria-label": t("Các phiếu", "Tickets") }, el("table", {}, el("thead", {}, el("tr", {}, [t("Thứ tự", "Place"), t("Đơn vị", "Unit"), t("Phiếu", "Ticket"), t("Kết quả", "Result")].map((words) => el("th", { scope: "col" }, words)))), body)),
    rows.length > size + BESIDE && all];
}

/** The part of a round's page that checks its draw at a tap. @param {Round} round @param {(unit: string) => string} name @param {Record<string, string>} groups */
export function drawCheck(round, name, groups) {
  const list = el("ol", { class: "steps" });
  const place = el("div", {});
  const verdict = el("p", { role: "status" });
  const run = async () => {
    list.replaceChildren();
    place.replaceChildren();
    verdict.className = "";
    verdict.textContent = t("Đang kiểm…", "Checking…");
    let fine = true;
    try {
      for await (const step of check(round)) {
        fine &&= step.ok;
        list.append(el("li", { "data-ok": String(step.ok) }, el("span", { class: `tag ${step.ok ? "good" : "bad"}` }, step.ok ? t("Khớp", "Holds") : t("Không khớp", "Does not hold")), " ", step.words));
        if (step.strata) place.replaceChildren(el("p", { class: "root" }, "seed: ", el("code", {}, step.seed)), ...step.strata.flatMap((/** @type {Stratum} */ each) => /** @type {Node[]} */ ([el("h4", {}, groups[each.group]), ...table(each, name)].filter(Boolean))));
      }
      verdict.className = `notice ${fine ? "good" : "bad"}`;
      verdict.textContent = fine ? t("Mọi bước đều khớp: máy này tự tính lại và ra đúng các đơn vị đó.", "Every step holds: this device computed the same units itself.")
        : t("Có bước không khớp. Hãy giữ nguyên trang này và báo người giám sát nhật ký.", "A step does not hold. Keep this page as it is and tell the auditor.");
    } catch (error) {
      const problem = problemOf(error);
      verdict.className = "notice warn";
      verdict.textContent = t(`Chưa kiểm được: ${problem.message}`, `Could not be checked: ${problem.message}`);
    }
  };
  return el("div", { class: "draw" }, el("h3", {}, t("Rút thăm", "The draw")),
    el("button", { type: "button", class: "quiet", onclick: run }, t("Tự kiểm lần rút thăm trên máy này", "Check the draw on this device")), verdict, list, place);
}
