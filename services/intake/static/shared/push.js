// Being told on this device: asked of the reader only after a tap, kept by the browser, ended by the same switch.

import { get, put } from "../../assets/api.js";
import { el } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { uuid7 } from "./uuid7.js";

const TOLD = ["lead", "unit_head", "reviewer"]; // who has notices
const NOUN = "/intake/v1/push-subscriptions";

/** A subscription of this account. @typedef {{id: string, endpoint: string}} Subscribed */

/** Fill a place with the switch, where this installation pushes, the account is told anything and the browser can. @param {HTMLElement} place @param {Set<string>} roles */
export async function offerPush(place, roles) {
  if (!TOLD.some((role) => roles.has(role)) || !("PushManager" in globalThis) || !navigator.serviceWorker) return;
  const { key, items } = await get(NOUN);
  if (key) place.replaceChildren(await control(key, items));
}

/** @param {string} key @param {Subscribed[]} items */
async function control(key, items) {
  const state = el("span", { class: "hint", role: "status", id: "push-state" });
  const toggle = el("button", { type: "button", class: "quiet", role: "switch", "aria-describedby": "push-state", onclick: async () => {
    toggle.disabled = true;
    await (shown ? end(shown) : begin(key)).then(draw, (problem) => { state.textContent = problem.message; });
    toggle.disabled = false;
  } }, t("Báo trên máy này", "Tell me on this device"));
  let shown = /** @type {Subscribed | null} */ (null);
  const draw = (/** @type {Subscribed | null} */ mine) => {
    shown = mine;
    toggle.setAttribute("aria-checked", String(Boolean(mine)));
    const denied = globalThis.Notification?.permission === "denied";
    state.textContent = mine ? t("Đang báo: tên đơn vị và loại thông báo, không có nội dung.", "On: the unit's name and the kind of notice, nothing of its content.")
      : denied ? t("Trình duyệt đang chặn thông báo của trang này; hãy cho phép trong cài đặt trình duyệt.", "The browser blocks this page's notifications; allow them in its settings.") : t("Chưa bật.", "Off.");
  };
  const held = await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();
  draw(held ? items.find(({ endpoint }) => endpoint === held.endpoint) ?? null : null);
  return el("p", { class: "push" }, toggle, " ", state);
}

/** What the browser and the server both hold. A crash between them leaves the browser's alone, which the switch shows as off. @param {string} key @returns {Promise<Subscribed | null>} */
async function begin(key) {
  if (await Notification.requestPermission() !== "granted") return null;
  const registration = await navigator.serviceWorker.register("/intake/sw.js", { scope: "/", updateViaCache: "none" });
  await active(registration);
  await (await registration.pushManager.getSubscription())?.unsubscribe(); // of whoever used this device before, or of another key
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }).catch((error) => {
    throw new Error(t(`Trình duyệt chưa nhận được: ${error.message}`, `The browser could not: ${error.message}`));
  });
  const id = uuid7();
  const { endpoint, expirationTime = null, keys } = subscription.toJSON();
  await put(`${NOUN}/${id}`, { endpoint, expirationTime: expirationTime === null ? null : Math.round(expirationTime), keys });
  return { id, endpoint: subscription.endpoint };
}

/** A worker takes messages once it runs. @param {ServiceWorkerRegistration} registration */
const active = ({ installing, waiting, active: running }) => running ?? new Promise((ready) => {
  const worker = installing ?? waiting;
  worker?.addEventListener("statechange", () => { if (worker.state === "activated") ready(worker); });
});

/** The server's first: what it still sends, nobody here would see. @param {Subscribed} mine */
async function end({ id }) {
  await put(`${NOUN}/${id}/removal/${uuid7()}`, {});
  await (await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription())?.unsubscribe();
  return null;
}
