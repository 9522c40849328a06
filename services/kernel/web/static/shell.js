// What every page does: sign out, keep the place when the language changes, and no figure that a wheel changes.

import { problemOf, request } from "./api.js";
import { byId, flash, one } from "./dom.js";

/** Acts that have to end before the session does: what is still to be sent under it. */
export const beforeLeaving = new Set();

/** Whoever uses this device next is told of nobody else's cases: what the browser ends, its push service refuses for good. */
async function untold() {
  await (await (await navigator.serviceWorker?.getRegistration("/"))?.pushManager?.getSubscription())?.unsubscribe();
}

async function signOut() {
  await Promise.allSettled([...beforeLeaving].map((act) => act()));
  try {
    await request("POST", "/intake/logout");
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status !== 401) return flash("bad", problem.message);
  }
  await untold().catch(() => {});
  location.assign("/intake/login?signed-out");
}

for (const button of document.querySelectorAll("[data-sign-out]")) button.addEventListener("click", signOut);
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}
for (const place of document.querySelectorAll("[data-view]")) { // a form, or a button of another's: that would send its files for nothing
  const button = place.matches("button") ? place : one(place, "button");
  const show = (/** @type {boolean} */ on) => button.setAttribute("aria-pressed", String(on));
  const { documentElement: page } = document;
  show(page.hasAttribute("data-outdoor"));
  button.addEventListener("click", (event) => { // without a script the server does it, and this page begins anew
    event.preventDefault();
    const on = page.toggleAttribute("data-outdoor");
    document.cookie = `kycuong_view=${on ? "outdoor" : "plain"}; path=/; max-age=31536000; samesite=lax`;
    show(on);
  });
}
for (const link of document.querySelectorAll(".skip")) {
  link.addEventListener("click", (event) => { // the address's fragment names the view in some pages
    event.preventDefault();
    byId("main").focus();
  });
}

/** A wheel turns the page, never the number that happens to have the focus. */
addEventListener("wheel", ({ target }) => {
  const held = /** @type {HTMLInputElement} */ (document.activeElement);
  if (target !== held || held.type !== "number") return;
  held.blur(); // the browser counts only in what has the focus
  requestAnimationFrame(() => held.focus({ preventScroll: true }));
}, { capture: true, passive: true });
