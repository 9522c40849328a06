// The phone's time, corrected by the server's Date header and always written with Vietnam's offset.

const VIETNAM = 7 * 3600 * 1000;
const BLUR = 2000; // the header counts whole seconds, and the answer took its time
const KEY = "kycuong-clock-offset";
const HEARD = "kycuong-clock-heard";

let offset = Number(localStorage.getItem(KEY)) || 0;
let heard = { server: Number(localStorage.getItem(HEARD)) || 0, at: 0 }; // what the server's clock said last

/** Learn the offset from an answer's Date header; `sent` is the phone's clock (ms) when the question left. @param {string | null} header @param {number} sent */
export function learn(header, sent, received = Date.now()) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const measured = server + 500 - (sent + received) / 2;
  offset = Math.abs(measured) <= BLUR ? 0 : Math.round(measured);
  heard = { server, at: performance.now() };
  localStorage.setItem(KEY, String(offset));
  localStorage.setItem(HEARD, String(server));
}

/** Whether the server has told this page the time. */
export const told = () => heard.at > 0;

/** Never earlier than what the server said last and what has passed since, whatever the phone's clock is set back to. */
export const now = () => Math.max(Date.now() + offset, heard.server - BLUR + performance.now() - heard.at);

/** How far the phone is behind the server, in ms. */
export const correction = () => offset;

/** 2026-09-01T07:45:12+07:00 */
export const stamp = (at = now()) => new Date(at + VIETNAM).toISOString().slice(0, 19) + "+07:00";

/** Milliseconds by a clock that no setting moves while the page is open; from one page to the next it follows the device's. */
export const steady = () => performance.timeOrigin + performance.now();

/** How long ago the phone opened an inspection, for its writes; nothing where another phone did. @param {number | undefined} begun */
export const elapsed = (begun) => (begun === undefined ? {} : { elapsed_ms: Math.max(0, Math.round(steady() - begun)) });

/** The raw clock beside a corrected time; nothing when they agree. */
export const device = () => (Math.abs(now() - Date.now()) <= BLUR ? {} : { device_at: stamp(Date.now()) });
