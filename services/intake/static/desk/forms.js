// A small form for one write on the desk: its id and words survive a reload of the tab, and a retry is the same write.

import { put } from "../../assets/api.js";
import { el, flash, onSubmit } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { leave, leaveNow, takeBack } from "./leaving.js";
import { dropPapers, sendPapers } from "./papers.js";
import { refused, remember, showStanding } from "./standing.js";
import { set, values } from "../shared/drafts.js";
import { clearErrors, errorsOf, showErrors, tooLong } from "../shared/fields.js";
import { uuid7 } from "../shared/uuid7.js";

/**
 * Wire `form` to a write. `name` keys what is kept; `path(id, fields)` and `write(fields)` make the request, the latter
 * answering {body} or {errors}; `done(answer, fields)` runs after the server has promised it. The id stays until an answer is
 * known; `again` is what a further write of the kind is called, where the contract allows one. `restore(fields)` hears what
 * was kept. With `later(fields)`, the words for it, the write can be taken back for ten seconds; `onward` then moves the focus
 * to what comes next, `reveal` shows the form again, and `also(fields)` [{path, body}] follows it. `papers` are files that it names. With `called(fields)` it leaves at once, and under these words its answer is told also to a later page.
 * @param {any} form
 * @param {{ name: string, path: (id: string, fields: Fields) => string, write: (fields: Fields) => Asked, done: (answer: any, fields: Fields) => any,
 *   again?: string | null, restore?: (fields: Fields) => void, sure?: (fields: Fields) => Promise<boolean>, later?: ((fields: Fields) => string) | null,
 *   called?: ((fields: Fields) => string) | null, onward?: () => void, reveal?: () => void, also?: (fields: Fields) => { path: string, body: WriteBody }[], papers?: import("./papers.js").PaperField | null }} how
 */
export function wire(form, { name, path, write, done, again = null, restore = () => {}, sure = async () => true, later = null, called = null, onward = () => {}, reveal = () => {}, also = () => [], papers = null }) {
  const key = keptAs(name);
  let kept = JSON.parse(sessionStorage.getItem(key) ?? "null") ?? { id: uuid7(), fields: {} };
  set(form, kept.fields);
  restore(kept.fields);
  const save = () => {
    kept.fields = values(form);
    sessionStorage.setItem(key, JSON.stringify(kept));
  };
  const account = name.split("/")[0];
  const end = async (/** @type {any} */ answer, /** @type {Fields} */ fields) => {
    const view = form.closest("section");
    const sent = papers && sendPapers(account, path(kept.id, fields)).then(() => null, (problem) => problem);
    sessionStorage.removeItem(key);
    kept = { id: uuid7(), fields: {} };
    await Promise.resolve(done(answer, fields)).catch(savedAll);
    sent?.then((problem) => problem && unsentPapers(problem)); // after the good news, which would hide it
    land(form, view);
  };
  const keep = async (/** @type {Sent | null} */ first) => {
    if (!first) return location.reload();
    clearErrors(form);
    await end(first.answer, first.fields);
    flash("good", t("Đã giữ nội dung máy chủ nhận lần trước.", "What the server received before is kept."));
  };
  const renew = () => {
    kept = { id: uuid7(), fields: kept.fields };
    form.requestSubmit();
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
    remember(kept, form, { path: path(kept.id, fields), body, fields });
    save();
    const label = (later ?? called)?.(fields);
    const more = also(fields);
    const leaving = /** @type {DeskWrite} */ (label && { account, id: kept.id, name, path: path(kept.id, fields), body, label, ...(more.length && { more }) });
    if (papers) await papers.keep(account, path(kept.id, fields));
    const answer = await (later ? aside(form, leaving, onward) : called ? leaveNow(leaving) : put(path(kept.id, fields), body)).catch(async (problem) => {
      if (!problem.passing) {
        refused(kept);
        if (papers) await dropPapers(account, path(kept.id, fields));
      }
      else if (leaving) form.addEventListener("input", () => takeBack(leaving), { once: true }); // bettered: what lies on the disk is older
      save();
      tellRefusal(form, problem, leaving?.label, reveal);
      if (problem.slug === "id-reused") await showStanding(form, kept, { keep, again, renew }).catch((away) => showErrors(form, errorsOf(away), UNKNOWN));
      else if (problem.status === 409) form.querySelector(".error-summary").append(el("a", { href: "" }, t("Tải lại để xem điều đã ghi", "Reload to see what stands")));
    });
    if (answer) await end(answer, fields);
    if (answer === null) {
      if (papers) await dropPapers(account, path(kept.id, fields));
      reveal();
      takenBack(form, kept, save);
    }
  });
  return form;
}

/** @param {string} name */
const keptAs = (name) => `kycuong-desk/${name}`;

/** A write of an earlier page was taken: what was typed for it is no draft any more. @param {DeskWrite} leaving */
export const settled = ({ name }) => sessionStorage.removeItem(keptAs(name));

/** Whoever acted stands somewhere also when the button is gone: where the form is folded away, at the next case, at the heading. @param {HTMLFormElement} form @param {HTMLElement | null} view */
function land(form, view) {
  const held = document.activeElement;
  if (held && held !== document.body && held.checkVisibility()) return;
  const folded = form.isConnected && form.closest("details:not(.case)")?.querySelector("summary");
  (folded || (view?.querySelector(".case[data-waits] > summary") ?? view?.querySelector("h2")))?.focus();
}

/** The form steps aside while its write can be taken back; null when it was. @param {HTMLFormElement} form @param {DeskWrite} leaving @param {() => void} onward */
async function aside(form, leaving, onward) {
  form.hidden = true;
  onward();
  try {
    return await leave(leaving);
  } finally {
    form.hidden = false;
  }
}

/** It never left: the form is there again with every word. @param {HTMLFormElement} form @param {Required<KeptForm>} kept @param {() => void} save */
function takenBack(form, kept, save) {
  refused(kept);
  save();
  form.closest("details")?.setAttribute("open", "");
  (form.querySelector("textarea") ?? form.querySelector("input"))?.focus();
}

/** Say why at the form; whoever types elsewhere by now keeps his place, and is told where to look. @param {HTMLFormElement} form @param {Problem} problem @param {string | undefined} label @param {() => void} reveal */
function tellRefusal(form, problem, label, reveal) {
  const elsewhere = /** @type {HTMLElement} */ (document.activeElement);
  const typing = elsewhere?.matches("textarea, input, select") && !form.contains(elsewhere);
  if (!typing) reveal();
  form.closest("details")?.setAttribute("open", "");
  showErrors(form, errorsOf(problem), t("Chưa lưu được", "Not saved"));
  if (!typing) return;
  elsewhere.focus({ preventScroll: true });
  flash("bad", el("p", {}, `${label ?? ""} ${problem.message}`.trim()),
    el("button", { type: "button", class: "quiet", onclick: () => { reveal(); form.querySelector(".error-summary")?.focus(); } }, t("Xem", "See")));
}

/** @param {Problem} problem */
const unsentPapers = (problem) => flash("warn", t(`Tài liệu kèm theo chưa gửi hết, còn trên máy này và sẽ được gửi khi mở lại trang. ${problem.message}`, `Not all documents were sent; they are on this device and will be sent when this page opens again. ${problem.message}`));

const UNKNOWN = t("Máy chủ đã nhận nội dung gửi lần trước, nhưng chưa đọc lại được: hãy gửi lại", "The server has what was sent before, but it could not be read: send again");

/** It stands, though what is shown is not what stands. @param {Problem} problem */
const savedAll = (problem) => flash("warn", t(`Đã lưu, nhưng chưa đọc lại được danh sách: ${problem.message}`, `Saved, but the list could not be read again: ${problem.message}`),
  " ", el("a", { href: "" }, t("Tải lại trang", "Reload")));

/** A text area with its label and hint, named for a pointer. @param {string} id @param {string} name @param {string} pointer @param {string} label @param {string | null} hint */
export function textField(id, name, pointer, label, hint) {
  return el("div", { class: "field" },
    el("label", { for: id }, label), hint && el("span", { class: "hint", id: `${id}-hint` }, hint),
    el("textarea", { id, name, "data-most": 4000, "data-pointer": pointer, "aria-describedby": hint ? `${id}-hint` : null }));
}

/** Radio choices [[value, label, explanation]]. @param {string} name @param {string} pointer @param {string} legend @param {(string | undefined)[][]} options */
export function choices(name, pointer, legend, options, kind = "") {
  return el("fieldset", { "data-pointer": pointer }, el("legend", {}, legend),
    el("div", { class: kind }, options.map(([value, label, explanation]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value }), el("span", {}, label, explanation && el("small", {}, explanation))))));
}
