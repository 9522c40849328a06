// Building pages from data: text only ever becomes text, never markup.

import { t } from "./words.js";

/**
 * el("p", {class: "hint", onclick: f, hidden: true}, "words", node, …); false, null and "" children are left out.
 * @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Attributes} [attributes] @param {...Child} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = /** @type {HTMLElementTagNameMap[K] & { value?: unknown }} */ (document.createElement(tag));
  for (const [name, value] of Object.entries(/** @type {Record<string, any>} */ (attributes))) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(.../** @type {any[]} */ (children).flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

let pressed = /** @type {Promise<void> | null} */ (null); // until the finger is up again

/** Resolves once nothing is being pressed: what moves under a finger loses its tap. */
export const untouched = () => pressed ?? Promise.resolve();

document.addEventListener("mousedown", ({ button }) => {
  if (button !== 0) return;
  const over = new AbortController();
  pressed = new Promise((/** @type {() => void} */ up) => {
    const end = () => { over.abort(); setTimeout(() => { pressed = null; up(); }); }; // the click comes first
    for (const kind of ["mouseup", "dragend", "keydown"]) document.addEventListener(kind, end, { capture: true, signal: over.signal });
  });
}, true);

/** The first such element in a place that has one: a page without it is not the page of its script. @param {ParentNode} place @param {string} selector */
export function one(place, selector) {
  const found = place.querySelector(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
}

/** @param {string} id */
export const byId = (id) => one(document, `#${id}`);

/**
 * Put nodes where others were, unless they look the same: then nothing is announced again, and what has the focus keeps it.
 * Where they differ, the focus goes to what stands in its place: the same words of the same item.
 * @param {Element} place @param {...Child} nodes
 */
export function redraw(place, ...nodes) {
  const made = el("div", {}, ...nodes);
  const [fresh, old] = [[...made.childNodes], [...place.childNodes]];
  if (fresh.length === old.length && fresh.every((node, index) => node.isEqualNode(old[index]))) return;
  const { activeElement: active } = document;
  const held = active && place.contains(active) && named(active);
  place.replaceChildren(...fresh);
  if (held) [...place.querySelectorAll("a, button")].find((each) => named(each) === held)?.focus({ preventScroll: true });
}

/** @param {Element} node */
const named = (node) => `${node.closest("[data-item]")?.dataset.item ?? node.getAttribute("href") ?? ""} ${node.textContent}`;

/** Say something at the top of the page. @param {"" | "good" | "warn" | "bad"} kind @param {...Child} children */
export function flash(kind, ...children) {
  const area = byId("flash");
  area.replaceChildren(el("div", { class: `notice ${kind}` }, ...children));
  if (!document.activeElement?.matches("input, textarea, select")) area.scrollIntoView({ block: "nearest" }); // nobody is torn from what he types
}

export const clearFlash = () => byId("flash").replaceChildren();

/** Run an asynchronous act at each submit, never two at a time: impatient taps send once. @param {HTMLElement} form @param {(event: Event) => Promise<unknown>} act */
export function onSubmit(form, act) {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    try {
      await act(event);
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  });
}

/** A sheet that somebody asked for: Escape, its button, a tap beside it or another view closes it, and the focus goes back. @param {string} title @param {...Child} children */
export function sheet(title, ...children) {
  const gone = new AbortController();
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog", { class: "sheet", "aria-labelledby": "sheet-title", closedby: "any", onclose: () => { gone.abort(); dialog.remove(); } },
    el("div", { class: "sheet-head" }, el("h2", { id: "sheet-title", tabindex: "-1", autofocus: true }, title),
      el("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("Đóng", "Close"))),
    children));
  document.body.append(dialog);
  addEventListener("hashchange", () => dialog.close(), { signal: gone.signal });
  dialog.showModal();
  return dialog;
}

/**
 * Ask before something that cannot be undone.
 * @param {string} question @param {Child} explanation @param {string} yes @param {string} no @returns {Promise<boolean>}
 */
export function confirmed(question, explanation, yes, no) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ value) => { dialog.close(); dialog.remove(); resolve(value); };
    const dialog = /** @type {HTMLDialogElement} */ (el("dialog", { "aria-labelledby": "dialog-question", oncancel: () => answer(false) },
      el("h2", { id: "dialog-question" }, question),
      el("p", {}, explanation),
      el("div", { class: "actions" },
        el("button", { type: "button", onclick: () => answer(true) }, yes),
        el("button", { type: "button", class: "quiet", onclick: () => answer(false) }, no))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
