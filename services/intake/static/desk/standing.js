// What stands on the server when a form's words were bettered after an answer was lost: shown, and never doubled unasked.

import { problemOf, put } from "../../assets/api.js";
import { confirmed, el } from "../../assets/dom.js";
import { t } from "../../assets/words.js";

/** Note what leaves under a form's id, until it is known what became of it. @param {KeptForm} kept @param {HTMLFormElement} form @param {{ path: string, body: WriteBody, fields: Fields }} write */
export function remember(kept, form, { path, body, fields }) {
  const words = /** @type {string[][]} */ (Object.entries(fields).map(([name, value]) => said(form, name, value)).filter(Boolean));
  kept.sent = [...(kept.sent ?? []).filter((each) => !same(each, { path, body })), { path, body, fields, words }];
}

/** A refusal uses up no id: what was refused cannot be what stands. @param {Required<KeptForm>} kept */
export function refused(kept) {
  kept.sent.pop();
}

/** @param {{ path: string, body: WriteBody }} one @param {{ path: string, body: WriteBody }} other */
const same = (one, other) => JSON.stringify([one.path, one.body]) === JSON.stringify([other.path, other.body]);

/** Which of the earlier sendings the server took: to that one, and to no other, it gives its answer again. @param {Required<KeptForm>} kept */
async function taken({ sent }) {
  for (const each of sent) {
    try {
      return { ...each, answer: await put(each.path, each.body) };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.slug !== "id-reused") throw problem;
    }
  }
  return null;
}

/**
 * Say above the form what the server took first. `keep(first)` goes on with that; `again`, the words for sending what stands in
 * the form as a further write, are given where the contract allows one, and `renew()` then does it.
 * @param {HTMLFormElement} form @param {Required<KeptForm>} kept @param {{ keep: (first: Sent | null) => unknown, again: string | null, renew: () => void }} how
 */
export async function showStanding(form, kept, { keep, again, renew }) {
  const first = await taken(kept);
  const panel = el("div", { class: "error-summary", role: "alert", tabindex: "-1", "data-standing": true },
    el("h2", {}, t("Máy chủ đã nhận nội dung gửi lần trước", "The server has what was sent before")),
    el("p", {}, first
      ? t("Lần trước đã tới nơi, chỉ có câu trả lời bị mất. Nội dung vừa sửa CHƯA được nhận. Đang được ghi là:", "It had arrived, only the answer was lost. What you have changed since is NOT taken. What stands is:")
      : t("Máy chủ đã ghi một nội dung khác, gửi từ nơi khác. Nội dung đang có ở đây CHƯA được nhận.", "The server holds something else, sent from elsewhere. What stands here is NOT taken.")),
    first && el("dl", { class: "pairs" }, first.words.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    !again && el("p", {}, t("Việc này chỉ ghi được một lần, nên nội dung đã nhận không sửa được.", "This is recorded once, so what was received cannot be changed.")),
    el("div", { class: "actions" },
      el("button", { type: "button", onclick: () => keep(first) }, first ? t("Giữ nội dung đã nhận", "Keep what was received") : t("Xem điều đã ghi", "See what stands")),
      again && el("button", { type: "button", class: "quiet", onclick: () => further(again, renew) }, again)));
  form.querySelector(".error-summary")?.remove();
  form.prepend(panel);
  panel.focus();
}

/** @param {string} again @param {() => void} renew */
async function further(again, renew) {
  if (await confirmed(`${again}?`, t("Nội dung đã nhận vẫn còn và vẫn được tính; nội dung này được ghi thêm.", "What was received stays and counts; this comes in addition."), again, t("Chưa", "Not yet"))) renew();
}

/** A field's name and value as the form shows them; nothing of an empty one. @param {HTMLFormElement} form @param {string} name @param {string} value */
function said(form, name, value) {
  const control = form.elements[name];
  const one = control instanceof RadioNodeList ? [...control].find((each) => /** @type {HTMLInputElement} */ (each).value === value) : control;
  if (!one || !value) return null;
  if (one.type === "hidden" && !one.closest("fieldset")) return null; // given, not chosen
  if (one.type === "hidden") return [one.closest("fieldset").querySelector("legend").textContent, one.dataset.words || value];
  const [label] = one.labels;
  if (one.type !== "radio") return [label?.textContent ?? name, one.selectedOptions?.[0].textContent ?? value];
  return [one.closest("fieldset").querySelector("legend").textContent, (label.querySelector("span")?.firstChild ?? label).textContent];
}
