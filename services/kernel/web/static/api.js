// The one way pages talk to the services: JSON in, JSON or a Problem out.

import { language, t } from "./words.js";

/** What the server refused (problem+json), or that it could not be reached (status 0). */
export class Problem extends Error {
  /** @param {number} status @param {any} body @param {number | null} [retryAfter] seconds */
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || "");
    this.status = status;
    this.slug = (body.type || "").replace("/problems/", "");
    this.title = body.title || "";
    this.errors = body.errors || [];
    this.received = body.received;
    this.retryAfter = retryAfter;
  }

  /** True when the same request may succeed later without anyone changing it. */
  get passing() {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500 || this.slug === "not-yet-known" || this.slug === "strange";
  }
}

/** What went wrong, as a Problem: a fault of the page's own too, which is none of the server's. @param {unknown} error */
export function problemOf(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem(NaN, { detail: t(`Trang này gặp lỗi: ${error}`, `This page failed: ${error}`) });
}

export const unreachable = () => new Problem(0, {
  type: "/problems/unreachable",
  title: t("Không kết nối được máy chủ", "The server cannot be reached"),
  detail: t("Không kết nối được máy chủ. Hãy kiểm tra mạng rồi thử lại.", "The server cannot be reached. Check the network and try again."),
});

/** A refusal that is no problem+json: something on the way spoke, not the server. @param {number} status */
const strange = (status) => ({
  type: "/problems/strange",
  title: t("Máy chủ trả lời không đúng dạng", "The server's answer makes no sense"),
  detail: t(`Máy chủ trả lời không đúng dạng (mã ${status}). Hãy thử lại sau ít phút.`, `The server's answer makes no sense (code ${status}). Try again in a few minutes.`),
});

const SILENCE = 30_000; // ms in which nothing moves either way: a slow network is no broken one

/**
 * One exchange, however long it takes as long as something moves; `within` (ms) ends it all the same, `moved` hears how much
 * of the body has left. By XMLHttpRequest, for fetch tells nothing of that. Throws Problem where no answer came whole.
 * @param {string} method @param {string} path @param {any} [body]
 * @param {{ headers?: Record<string, string>, within?: number, moved?: (sent: number) => void }} [how]
 * @returns {Promise<XMLHttpRequest>}
 */
export function exchange(method, path, body, { headers = {}, within = 0, moved = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    let silence = 0;
    const alive = () => { clearTimeout(silence); silence = setTimeout(() => asked.abort(), SILENCE); };
    const bytes = body instanceof Blob;
    asked.open(method, path);
    asked.timeout = within;
    const said = {
      "Accept": "application/json", "Accept-Language": language, "Cache-Control": "no-cache", ...(method !== "GET" && { "X-Kycuong": "1" }),
      ...(body !== undefined && { "Content-Type": bytes ? body.type : "application/json" }), ...headers,
    };
    for (const [name, value] of Object.entries(said)) asked.setRequestHeader(name, value);
    asked.upload.onprogress = ({ loaded }) => { alive(); moved(loaded); };
    asked.onprogress = asked.onreadystatechange = alive;
    asked.onload = () => resolve(asked);
    asked.onerror = asked.onabort = asked.ontimeout = () => reject(unreachable());
    asked.onloadend = () => clearTimeout(silence);
    alive();
    asked.send(body === undefined || bytes ? body : JSON.stringify(body));
  });
}

/** @param {XMLHttpRequest} asked */
const fine = ({ status }) => status >= 200 && status < 300;

/** @param {XMLHttpRequest} asked */
const kind = (asked) => asked.getResponseHeader("Content-Type") ?? "";

/**
 * Send one request; returns {status, body, date}, throws Problem. A captive portal's page counts as unreachable.
 * @param {string} method @param {string} path @param {any} [body] @param {Parameters<typeof exchange>[3]} [how]
 * @returns {Promise<{status: number, body: any, date: string | null}>}
 */
export async function request(method, path, body, how) {
  const asked = await exchange(method, path, body, how);
  const answer = asked.status === 204 ? null : json(asked);
  if (!fine(asked)) throw refusal(asked, answer);
  if (answer === undefined) throw unreachable();
  return { status: asked.status, body: answer, date: asked.getResponseHeader("Date") };
}

/** Send a text file; returns the answer's lines, parsed. @param {string} path @param {Blob} blob @returns {Promise<any[]>} */
export async function lines(path, blob) {
  const asked = await exchange("POST", path, blob);
  if (!fine(asked)) throw refusal(asked, json(asked));
  if (!kind(asked).startsWith("application/x-ndjson")) throw unreachable();
  return asked.responseText.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** A short text, or null where there is none (yet). @param {string} path */
export async function text(path) {
  const asked = await exchange("GET", path);
  if (asked.status === 404) return null;
  if (!fine(asked)) throw refusal(asked, json(asked));
  if (!kind(asked).startsWith("text/plain")) throw unreachable();
  return asked.responseText;
}

/** The JSON of an answer; undefined where it is something else. @param {XMLHttpRequest} asked */
function json(asked) {
  if (!/^application\/(problem\+)?json\b/.test(kind(asked))) return undefined;
  try {
    return JSON.parse(asked.responseText);
  } catch {
    return undefined;
  }
}

/** @param {XMLHttpRequest} asked @param {any} answer */
function refusal(asked, answer) {
  const pause = Number(asked.getResponseHeader("Retry-After"));
  return new Problem(asked.status, answer || strange(asked.status), pause > 0 ? pause : null);
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await request("GET", path)).body;

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export const put = async (path, body) => (await request("PUT", path, body)).body;

/** One page of a list: {items, next}, `next` being the cursor of the following page or null. @param {string} path @param {string | null} [cursor] @returns {Promise<{items: any[], next: string | null, total?: number}>} */
export const page = (path, cursor = null) =>
  get(cursor === null ? path : `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`);

/** All items of a list, following its cursor. @param {string} path @returns {Promise<any[]>} */
export async function all(path) {
  const items = [];
  let next = /** @type {string | null} */ (null);
  do {
    const { items: more, next: following } = await page(path, next);
    items.push(...more);
    next = following;
  } while (next);
  return items;
}
