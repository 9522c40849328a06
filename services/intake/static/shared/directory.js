// The lists the form needs, read from the server when it answers and from the phone when it does not.

import { all, get, page, Problem, request } from "../../assets/api.js";
import { language, plain } from "../../assets/words.js";
import { learn } from "./clock.js";
import { drop, find, keep } from "./store.js";

const PATIENCE = 3000; // a bad network answers late or never; what was kept last serves meanwhile

/** Ask `fetcher`; when the network is away or slow, answer with what was kept last. @param {string} key @param {() => Promise<any>} fetcher @returns {Promise<any>} */
async function kept(key, fetcher) {
  const fresh = fetcher().then(async (value) => {
    await keep("lists", { key, value }).catch(() => {}); // a full phone still shows what it has just read
    return { value };
  });
  fresh.catch(() => {}); // heard below, or too late to matter
  const last = await find("lists", key);
  const late = last ? [new Promise((done) => setTimeout(done, PATIENCE, last))] : [];
  try {
    return (await Promise.race([fresh, ...late])).value;
  } catch (problem) {
    if (!(problem instanceof Problem && problem.passing) || problem.status === 401 || !last) throw problem;
    return last.value;
  }
}

const order = new Intl.Collator("vi", { numeric: true });

/** The units in scope by name, with a plain form of their names for searching. @param {string} account @returns {Promise<Unit[]>} */
export async function units(account) {
  const list = /** @type {Unit[]} */ (await kept(`${account}/units`, () => all("/intake/v1/units?limit=1000")));
  const named = list.map((unit) => ({ ...unit, name: unit.label ?? unit.name })); // an older list, kept on the phone, has no labels
  return named.map((unit) => ({ ...unit, plain: plain(`${unit.name} ${unit.unit}`) })).sort((a, b) => order.compare(a.name, b.name));
}

/** Before it has been read. @type {Catalogue} */
export const NONE = { version: "", groups: [], codes: [], byCode: new Map() };

/** The catalogue in force. @param {string} account @returns {Promise<Catalogue>} */
export async function catalogue(account) {
  const raw = await kept(`${account}/catalogue`, () => get("/intake/v1/catalogue"));
  const codes = raw.codes.map((/** @type {any} */ code) => ({
    ...code, name: code.name[language], evidence: (code.evidence ?? []).map((/** @type {string} */ key) => raw.evidence[key][language]),
    plain: plain(`${code.code} ${code.name[language]}`),
  }));
  const groups = Object.entries(raw.groups).map(([group, words]) => ({
    group, name: words[language], codes: codes.filter((/** @type {any} */ code) => code.group === group),
  }));
  return { version: raw.version, groups, codes, byCode: new Map(codes.map((/** @type {any} */ code) => [code.code, code])) };
}

/** The caller's own inspections: all that are open, and the newest that are closed. @param {string} account @returns {Promise<Inspection[]>} */
export const inspections = (account) => kept(`${account}/inspections`, async () => [
  ...await all("/intake/v1/inspections?mine=true&state=open&limit=200"),
  ...(await page("/intake/v1/inspections?mine=true&state=closed&limit=20")).items,
]);

/** What was assigned to the caller. @param {string} account @returns {Promise<Assignment[]>} */
export const assignments = (account) => kept(`${account}/assignments`, async () => (await get("/intake/v1/assignments")).items);

/** One inspection, the caller's own or another in scope. @param {string} account @param {string} id @returns {Promise<Visit>} */
export const inspection = (account, id) => kept(`${account}/inspections/${id}`, () => get(`/intake/v1/inspections/${id}`));

/** The findings of one inspection, as the server holds them. @param {string} account @param {string} inspection @returns {Promise<Finding[]>} */
export const findings = (account, inspection) =>
  kept(`${account}/findings/${inspection}`, () => all(`/intake/v1/findings?inspection=${inspection}&limit=200`));

/** Who I am; the answer's Date header also sets the phone's clock right before anything is stamped. @returns {Promise<Me>} */
export const me = () => kept("me", async () => {
  const sent = Date.now();
  const { body, date } = await request("GET", "/intake/v1/me");
  learn(date, sent);
  return body;
});

/** After signing out or in the phone starts for nobody it knew before; what waits stays. */
export const forgetMe = () => drop("lists", "me").catch(() => {}); // a browser that keeps nothing knew nobody

/** What a queue is sealed to that a colleague carries. @returns {Promise<{id: string, key: string}>} */
export const handoverKey = () => kept("handover-key", () => get("/intake/v1/handover-key"));

/** The keys of the log, by which the phone checks its receipts. @returns {Promise<string[]>} */
export const logKeys = () => kept("log-keys", async () => (await get("/audit/v1/keys")).known);
