// The form without a network: its worker, a newer version of it, and the wake-up calls of the browser.

import { byId, el } from "../../assets/dom.js";
import { language, t } from "../../assets/words.js";

const HOUR = 3600 * 1000;
const worker = navigator.serviceWorker;

/**
 * Keep the form on this phone; `settled` resolves when all that was typed is on disk, `flush` sends the queue. Resolves to
 * whether the form is here: false where the browser keeps no pages.
 * @param {() => Promise<unknown>} settled @param {() => unknown} flush
 */
export async function keepForm(settled, flush) {
  chosen();
  if (!worker) return false;
  const [, cookie = language] = /\bkycuong_lang=(vi|en)/.exec(document.cookie) ?? [];
  worker.addEventListener("message", ({ data }) => { if (data === "flush") flush(); });
  await caches.open("kycuong-language").then((kept) => kept.put("/intake/language", new Response(cookie)));
  if (cookie !== language) return location.reload(); // another page chose it since, and this worker cannot read cookies
  const registration = await worker.register("/intake/sw.js", { scope: "/intake/", updateViaCache: "none" });
  offer(registration, settled);
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", () => offer(registration, settled)));
  setInterval(() => registration.update().catch(() => {}), HOUR);
  await worker.ready;
  worker.register("/intake/sw.js", { scope: "/", updateViaCache: "none" }).catch(() => {}); // says of other sections that they need a network
  return true;
}

/** A language that was just chosen is the reader's from now on, and the address says no more of it. */
function chosen() {
  const address = new URL(location.href);
  if (!address.searchParams.has("lang")) return;
  document.cookie = `kycuong_lang=${language}; path=/; max-age=31536000; samesite=lax`;
  address.searchParams.delete("lang");
  history.replaceState(null, "", address);
}

/** Where the browser can, let it wake this page when the network is back. */
export async function askToWake() {
  const registration = await worker?.getRegistration("/intake/");
  await registration?.sync?.register("queue").catch(() => {}); // refused in a private window
}

/** @param {ServiceWorkerRegistration} registration @param {() => Promise<unknown>} settled */
function offer(registration, settled) {
  const { waiting } = registration;
  byId("new-version").replaceChildren(...(waiting && worker.controller ? [notice(waiting, settled)] : []));
}

/** @param {ServiceWorker} waiting @param {() => Promise<unknown>} settled */
function notice(waiting, settled) {
  const take = async (/** @type {{ target: HTMLButtonElement }} */ event) => {
    event.target.disabled = true;
    await settled();
    worker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("take-over");
  };
  return el("div", { class: "notice" },
    el("p", {}, t("Có bản mới của ứng dụng. Những gì đã nhập vẫn còn.", "There is a new version of this app. What you typed is kept.")),
    el("button", { type: "button", class: "quiet", onclick: take }, t("Dùng bản mới", "Use the new version")));
}
