// The one way pages talk to the services: JSON in, JSON or a Problem out.

import { language, t } from "./words.js";

/** What the server refused (problem+json), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || "");
    this.status = status;
    this.slug = (body.type || "").replace("/problems/", "");
    this.title = body.title || "";
    this.errors = body.errors || [];
    this.retryAfter = retryAfter;
  }

  /** True when the same request may succeed later without anyone changing it. */
  get passing() {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500 || this.slug === "not-yet-known" || this.slug === "strange";
  }
}

const unreachable = () => new Problem(0, {
  type: "/problems/unreachable",
  title: t("Không kết nối được máy chủ", "The server cannot be reached"),
  detail: t("Không kết nối được máy chủ. Hãy kiểm tra mạng rồi thử lại.", "The server cannot be reached. Check the network and try again."),
});

/** A refusal that is no problem+json: something on the way spoke, not the server. */
const strange = (status) => ({
  type: "/problems/strange",
  title: t("Máy chủ trả lời không đúng dạng", "The server's answer makes no sense"),
  detail: t(`Máy chủ trả lời không đúng dạng (mã ${status}). Hãy thử lại sau ít phút.`, `The server's answer makes no sense (code ${status}). Try again in a few minutes.`),
});

async function exchange(method, path, body, wait) {
  const headers = { "Accept": "application/json", "Accept-Language": language };
  if (method !== "GET") headers["X-Kycuong"] = "1";
  const image = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = image ? body.type : "application/json";
  try {
    return await fetch(path, {
      method, headers, credentials: "same-origin", cache: "no-store",
      body: body === undefined || image ? body : JSON.stringify(body), signal: AbortSignal.timeout(wait),
    });
  } catch {
    throw unreachable();
  }
}

/** Send one request; returns {status, body, date}, throws Problem. A captive portal's page counts as unreachable. */
export async function request(method, path, body, wait = 20000) {
  const response = await exchange(method, path, body, wait);
  const answer = response.status === 204 ? null : await json(response);
  if (response.ok && answer === undefined) throw unreachable();
  if (response.ok) return { status: response.status, body: answer, date: response.headers.get("Date") };
  throw refusal(response, answer);
}

/** Send a text file; returns the answer's lines, parsed. */
export async function lines(path, blob) {
  const response = await exchange("POST", path, blob, 60000);
  if (!response.ok) throw refusal(response, await json(response));
  if (!(response.headers.get("Content-Type") ?? "").startsWith("application/x-ndjson")) throw unreachable();
  return (await response.text().catch(() => { throw unreachable(); })).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** A short text, or null where there is none (yet). */
export async function text(path) {
  const response = await exchange("GET", path, undefined, 10000);
  if (response.ok && !(response.headers.get("Content-Type") ?? "").startsWith("text/plain")) throw unreachable();
  if (response.ok) return response.text().catch(() => { throw unreachable(); });
  if (response.status === 404) return null;
  throw refusal(response, await json(response));
}

/** The JSON of an answer; undefined where it is something else, or breaks off. */
async function json(response) {
  if (!/^application\/(problem\+)?json\b/.test(response.headers.get("Content-Type") ?? "")) return undefined;
  return response.json().catch(() => undefined);
}

function refusal(response, answer) {
  const pause = Number(response.headers.get("Retry-After"));
  return new Problem(response.status, answer || strange(response.status), pause > 0 ? pause : null);
}

export const get = async (path) => (await request("GET", path, undefined, 10000)).body;
export const put = async (path, body) => (await request("PUT", path, body)).body;

/** One page of a list: {items, next}, `next` being the cursor of the following page or null. */
export const page = (path, cursor = null) =>
  get(cursor === null ? path : `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`);

/** All items of a list, following its cursor. */
export async function all(path) {
  const items = [];
  let next = null;
  do {
    const { items: more, next: following } = await page(path, next);
    items.push(...more);
    next = following;
  } while (next);
  return items;
}
