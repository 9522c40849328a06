// A small form for one write on the desk: its id and words survive a reload of the tab, and a retry is the same write.

import { put } from "../assets/api.js";
import { el, flash, onSubmit } from "../assets/dom.js";
import { t } from "../assets/words.js";
import { set, values } from "./drafts.js";
import { clearErrors, errorsOf, showErrors, tooLong } from "./fields.js";
import { uuid7 } from "./uuid7.js";

/**
 * Wire `form` to a write. `name` keys what is kept; `path(id, fields)` and `write(fields)` make the request, the latter
 * answering {body} or {errors}; `done(answer, fields)` runs after the server has promised it.
 */
export function wire(form, { name, path, write, done, sure = async () => true }) {
  const key = `kycuong-desk/${name}`;
  let kept = JSON.parse(sessionStorage.getItem(key) ?? "null") ?? { id: uuid7(), fields: {} };
  set(form, kept.fields);
  const save = () => {
    kept.fields = values(form);
    sessionStorage.setItem(key, JSON.stringify(kept));
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  onSubmit(form, async () => {
    save();
    const fields = values(form);
    const { body, errors = [] } = write(fields);
    const wrong = () => [...(write(values(form)).errors ?? []), ...tooLong(form)];
    if (errors.length || tooLong(form).length) return showErrors(form, wrong(), undefined, wrong);
    clearErrors(form);
    if (!(await sure(fields))) return;
    const answer = await put(path(kept.id, fields), body).catch((problem) => {
      if (problem.slug === "id-reused") { kept.id = uuid7(); save(); }
      showErrors(form, errorsOf(problem), t("Chưa lưu được", "Not saved"));
    });
    if (!answer) return;
    sessionStorage.removeItem(key);
    kept = { id: uuid7(), fields: {} };
    await Promise.resolve(done(answer, fields)).catch(savedAll);
  });
  return form;
}

/** It stands, though what is shown is not what stands. */
const savedAll = (problem) => flash("warn", t(`Đã lưu, nhưng chưa đọc lại được danh sách: ${problem.message}`, `Saved, but the list could not be read again: ${problem.message}`),
  " ", el("a", { href: "" }, t("Tải lại trang", "Reload")));

/** A text area with its label and hint, named for a pointer. */
export function textField(id, name, pointer, label, hint) {
  return el("div", { class: "field" },
    el("label", { for: id }, label), hint && el("span", { class: "hint", id: `${id}-hint` }, hint),
    el("textarea", { id, name, "data-most": 4000, "data-pointer": pointer, "aria-describedby": hint ? `${id}-hint` : null }));
}

/** Radio choices [[value, label, explanation]]. */
export function choices(name, pointer, legend, options, kind = "") {
  return el("fieldset", { "data-pointer": pointer }, el("legend", {}, legend),
    el("div", { class: kind }, options.map(([value, label, explanation]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value }), el("span", {}, label, explanation && el("small", {}, explanation))))));
}
