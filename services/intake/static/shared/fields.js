// Errors beside their fields, and a summary above the form that takes the focus and links to each; they go when mended.
// A text that is too long stays as it was typed or pasted, counted, and is refused when it is to be sent.

import { el, one, untouched } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import { FIELD } from "./terms.js";
import { length } from "./rules.js";

/** What is wrong with the field of a pointer; `bare` words do not name it. @typedef {{pointer: string, detail: string, bare?: boolean}} Fault */

/** The control of a pointer: `data-pointer` on an input or on the fieldset around a group of them. @param {HTMLElement} form @param {string} pointer */
const owner = (form, pointer) => {
  const named = [...form.querySelectorAll("[data-pointer]")];
  return named.find((node) => node.dataset.pointer === pointer)
    ?? named.find((node) => pointer.startsWith(node.dataset.pointer + "/"));
};

/** @param {HTMLElement} node @returns {any} */
const input = (node) => (node.matches("input, select, textarea") ? node : node.querySelector("input, select, textarea, button") ?? node);

/** @param {Element} control */
const described = (control) => (control.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);

/** @param {Element} control @param {string[]} ids */
function describe(control, ids) {
  if (ids.length) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}

/** @param {HTMLElement} form */
export function clearErrors(form) {
  shown.delete(form);
  form.querySelector(".error-summary")?.remove();
  for (const box of form.querySelectorAll(".wrong, [aria-invalid]")) unmark(box);
}

/**
 * What a form shows as wrong, and how to ask it again.
 * @type {WeakMap<HTMLElement, {told: {pointer: string, line: HTMLElement, node?: HTMLElement}[], again: (() => {pointer?: string}[]) | null, summary: HTMLElement}>}
 */
const shown = new WeakMap();

/**
 * Show `[{pointer, detail}]`; a pointer that no field owns is told in the summary alone. `again()` answers with what is wrong by
 * now; without it an error goes once its field is altered.
 * @param {HTMLElement} form @param {Fault[]} errors @param {string} [title] @param {(() => {pointer?: string}[]) | null} [again]
 */
export function showErrors(form, errors, title = t("Chưa gửi được: hãy sửa các mục sau", "Not sent: put these right"), again = null) {
  clearErrors(form);
  const list = el("ul");
  const told = errors.map((error, index) => {
    const node = owner(form, error.pointer);
    const detail = said(error, node && labelOf(node));
    const line = el("li", {}, detail);
    list.append(line);
    if (!node) return { pointer: error.pointer, line };
    mark(node, detail, `wrong-${form.id}-${index}`);
    const control = input(node);
    control.id ||= `field-${form.id}-${index}`;
    const follow = (/** @type {Event} */ event) => { event.preventDefault(); control.focus(); };
    line.replaceChildren(el("a", { href: `#${control.id}`, onclick: follow }, detail));
    return { pointer: error.pointer, line, node };
  });
  const summary = el("div", { class: "error-summary", role: "alert", tabindex: "-1" }, el("h2", {}, title), list);
  form.prepend(summary);
  shown.set(form, { told, again, summary });
  for (const kind of ["input", "change"]) form.addEventListener(kind, mended);
  summary.focus();
}

/** Take away what has been put right since, and say so once nothing is left. @param {any} event */
function mended({ currentTarget: form, target }) {
  const state = shown.get(form);
  if (!state?.told.length) return;
  const wrong = state.again && new Set(state.again().map(({ pointer }) => pointer));
  const still = (/** @type {{pointer: string, node?: HTMLElement}} */ { pointer, node }) => (wrong ? wrong.has(pointer) : !node?.contains(target));
  for (const { line, node } of state.told.filter((each) => !still(each))) {
    line.remove();
    if (node && !state.told.some((each) => each.node === node && still(each))) unmark(node);
  }
  state.told = state.told.filter(still);
  if (state.told.length) return;
  state.summary.classList.add("mended");
  state.summary.replaceChildren(el("h2", {}, t("Đã sửa hết, hãy gửi lại.", "All put right: send again.")));
}

/** Say of one field what is wrong with it, once it is left; where a summary stands, that one follows. @param {HTMLElement} form @param {PageElement} control @param {() => Fault[]} faults */
export async function tell(form, control, faults) {
  await untouched(); // it may be left by a tap on the button that would move
  if (shown.has(form)) return;
  unmark(control);
  const fault = control.value && faults().find(({ pointer }) => pointer === control.dataset.pointer);
  if (fault) mark(control, said(fault, labelOf(control)), `wrong-${control.id}`);
}

/** @param {HTMLElement} node */
function unmark(node) {
  const box = node.closest(".field, .wrong") ?? node;
  box.classList.remove("wrong");
  for (const words of box.querySelectorAll(".wrong-words")) words.remove();
  for (const control of [box, ...box.querySelectorAll("[aria-invalid]")]) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-errormessage");
    describe(control, described(control).filter((id) => !id.startsWith("wrong-")));
  }
}

/** @param {HTMLElement} node @param {string} detail @param {string} id */
function mark(node, detail, id) {
  if (node.matches("p")) return; // it says so itself
  const box = node.closest(".field") ?? node;
  box.classList.add("wrong");
  node.closest("details")?.setAttribute("open", ""); // a fault that is folded away cannot be put right
  const words = el("span", { class: "wrong-words", id }, el("span", { class: "unseen" }, t("Lỗi: ", "Error: ")), detail);
  const control = input(node);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-errormessage", id);
  describe(control, [...described(control), id]); // few readers know the attribute above
  if (box.tagName === "FIELDSET") one(box, "legend").after(words);
  else (box.querySelector(".stepper, input, select, textarea") ?? control).before(words);
}

/** @param {HTMLElement} node */
const labelOf = (node) => (node.matches("fieldset") ? node.querySelector("legend") : node.closest(".field")?.querySelector("label"))?.textContent;

/** The server's words are about a field without naming it. @param {Fault} fault @param {string | null} [label] */
export const said = ({ pointer, detail, bare }, label = FIELD[pointer.split("/")[1]]) => (bare && label ? `${label}: ${detail}` : detail);

/** A problem as errors of a form: its fields, or its one sentence. @param {any} problem @returns {Fault[]} */
export const errorsOf = (problem) => (problem.errors?.length
  ? problem.errors.map((/** @type {Fault} */ error) => ({ ...error, bare: true }))
  : [{ pointer: "", detail: problem.message }]);

/** Those texts of a form that are longer than the server takes. @param {HTMLElement} form */
export const tooLong = (form) => [...form.querySelectorAll("[data-most]")].filter((control) => control.checkVisibility() && length(control.value) > Number(control.dataset.most))
  .map((control) => ({ pointer: control.dataset.pointer ?? "", bare: true, detail: left(control) }));

/** @param {any} control */
function left({ value, dataset }) {
  const rest = dataset.most - length(value);
  return rest < 0 ? t(`thừa ${number(-rest)} ký tự, hãy rút gọn`, `${number(-rest)} characters too many: shorten it`) : t(`còn ${number(rest)} ký tự`, `${number(rest)} characters left`);
}

/** Count down what is left of a text, once little is. @param {any} event */
function counted({ target }) {
  if (!target.dataset?.most) return;
  const near = length(target.value) > target.dataset.most * 0.9;
  const line = target.nextElementSibling?.matches(".left") ? target.nextElementSibling : near && el("small", { class: "left", role: "status" });
  if (!line) return;
  line.textContent = near ? left(target) : "";
  target.after(line);
}

for (const kind of ["input", "focusin"]) document.addEventListener(kind, counted);
