// The phone's time, corrected by the server's Date header and always written with Vietnam's offset.

const VIETNAM = 7 * 3600 * 1000;
const BLUR = 2000; // the header counts whole seconds, and the answer took its time
const KEY = "kycuong-clock-offset";

let offset = Number(localStorage.getItem(KEY)) || 0;

/** Learn the offset from an answer's Date header; `sent` is the phone's clock (ms) when the question left. */
export function learn(header, sent, received = Date.now()) {
  const server = Date.parse(header ?? "");
  if (Number.isNaN(server)) return;
  const measured = server + 500 - (sent + received) / 2;
  offset = Math.abs(measured) <= BLUR ? 0 : Math.round(measured);
  localStorage.setItem(KEY, String(offset));
}

export const now = () => Date.now() + offset;

/** How far the phone is behind the server, in ms. */
export const correction = () => offset;

/** 2026-09-01T07:45:12+07:00 */
export const stamp = (at = now()) => new Date(at + VIETNAM).toISOString().slice(0, 19) + "+07:00";

/** Milliseconds by a clock that no setting moves while the page is open; from one page to the next it follows the device's. */
export const steady = () => performance.timeOrigin + performance.now();

/** How long ago the phone opened an inspection, for its writes; nothing where another phone did. @param {number | undefined} begun */
export const elapsed = (begun) => (begun === undefined ? {} : { elapsed_ms: Math.max(0, Math.round(steady() - begun)) });

/** The raw clock beside a corrected time; nothing when they agree. */
export const device = () => (offset === 0 ? {} : { device_at: stamp(Date.now()) });
