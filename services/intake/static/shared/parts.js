// A photo on its way: whole where the link is fast, in parts where it is not, and on from where it broke off.

import { exchange, Problem, request } from "../../assets/api.js";

const WHOLE = 20_000; // ms: what takes longer goes in parts
const SHARE = 5000; // ms that a part is to take
const FIRST = 16_384; // bytes
const LEAST = 4096;
let fits = Infinity; // bytes that this link takes at once, as far as is known

/**
 * Send a photo; answers as request() does. `begun` says that parts of it may be there, `begin` hears that they will be, `moved`
 * how many bytes have left.
 * @param {string} path @param {Blob} photo @param {{begun: boolean, begin: () => unknown, moved: (bytes: number) => void}} how
 */
export async function upload(path, photo, { begun, begin, moved }) {
  if (!begun && photo.size <= fits) {
    try {
      return await request("PUT", path, photo, { within: WHOLE, moved });
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 0) throw problem;
      fits = Math.min(fits, FIRST);
    }
  }
  await begin();
  return inParts(path, photo, moved);
}

/** @param {string} path @param {Blob} photo @param {(bytes: number) => void} moved */
async function inParts(path, photo, moved) {
  let received = await held(path);
  for (;;) {
    const start = Math.min(received, photo.size - 1); // all is there already: its last byte asks what became of it
    const part = photo.slice(start, start + Math.max(LEAST, Math.min(fits, photo.size)), photo.type);
    const since = performance.now();
    moved(start);
    try {
      const answer = await request("PUT", path, part, {
        headers: { "Content-Range": `bytes ${start}-${start + part.size - 1}/${photo.size}` }, moved: (sent) => moved(start + sent),
      });
      if (answer.status !== 202) return answer;
      ({ received } = answer.body);
      fits = Math.min(4 * part.size, (part.size * SHARE) / (performance.now() - since));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const smaller = problem.status === 0 && part.size > LEAST;
      if (!smaller && !(problem.slug === "upload-gap" && problem.received !== start)) throw problem;
      if (smaller) fits = part.size / 2; // perhaps the link takes less at once
      received = problem.received ?? await held(path);
    }
  }
}

/** How much of it the server holds. @param {string} path */
async function held(path) {
  return Number((await exchange("HEAD", path)).getResponseHeader("Upload-Offset")) || 0;
}
