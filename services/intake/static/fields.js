// Errors beside their fields, and a summary above the form that takes the focus and links to each.

import { el } from "../assets/dom.js";
import { t } from "../assets/words.js";
import { FIELD } from "./labels.js";

/** The control of a pointer: `data-pointer` on an input or on the fieldset around a group of them. */
const owner = (form, pointer) => {
  const named = [...form.querySelectorAll("[data-pointer]")];
  return named.find((node) => node.dataset.pointer === pointer)
    ?? named.find((node) => pointer.startsWith(node.dataset.pointer + "/"));
};

const input = (node) => (node.matches("input, select, textarea") ? node : node.querySelector("input, select, textarea, button") ?? node);

const described = (control) => (control.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);

function describe(control, ids) {
  if (ids.length) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}

export function clearErrors(form) {
  form.querySelector(".error-summary")?.remove();
  for (const words of form.querySelectorAll(".wrong-words")) words.remove();
  for (const box of form.querySelectorAll(".wrong")) box.classList.remove("wrong");
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-errormessage");
    describe(control, described(control).filter((id) => !id.startsWith("wrong-")));
  }
}

/** Show `[{pointer, detail}]`; a pointer that no field owns is told in the summary alone. */
export function showErrors(form, errors, title = t("Chưa gửi được: hãy sửa các mục sau", "Not sent: put these right")) {
  clearErrors(form);
  const lines = errors.map((error, index) => {
    const node = owner(form, error.pointer);
    const detail = said(error, node && labelOf(node));
    if (!node) return el("li", {}, detail);
    mark(node, detail, `wrong-${form.id}-${index}`);
    const control = input(node);
    control.id ||= `field-${form.id}-${index}`;
    const follow = (event) => { event.preventDefault(); control.focus(); };
    return el("li", {}, el("a", { href: `#${control.id}`, onclick: follow }, detail));
  });
  const summary = el("div", { class: "error-summary", role: "alert", tabindex: "-1" }, el("h2", {}, title), el("ul", {}, lines));
  form.prepend(summary);
  summary.focus();
}

function mark(node, detail, id) {
  const box = node.closest(".field") ?? node;
  box.classList.add("wrong");
  node.closest("details")?.setAttribute("open", ""); // a fault that is folded away cannot be put right
  const words = el("span", { class: "wrong-words", id }, el("span", { class: "unseen" }, t("Lỗi: ", "Error: ")), detail);
  const control = input(node);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-errormessage", id);
  describe(control, [...described(control), id]); // few readers know the attribute above
  if (box.tagName === "FIELDSET") box.querySelector("legend").after(words);
  else (box.querySelector("input, select, textarea") ?? control).before(words);
}

const labelOf = (node) => (node.matches("fieldset") ? node.querySelector("legend") : node.closest(".field").querySelector("label")).textContent;

/** The server's words are about a field without naming it. */
export const said = ({ pointer, detail, bare }, label = FIELD[pointer.split("/")[1]]) => (bare && label ? `${label}: ${detail}` : detail);

/** A problem as errors of a form: its fields, or its one sentence. */
export const errorsOf = (problem) => (problem.errors?.length
  ? problem.errors.map((error) => ({ ...error, bare: true }))
  : [{ pointer: "", detail: problem.message }]);
