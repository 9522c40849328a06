// A link for the person concerned, shown once: whoever has it reads what is said, and answers one time.

import { problemOf, put } from "../../assets/api.js";
import { el, flash } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { dayOf } from "../shared/days.js";
import { uuid7 } from "../shared/uuid7.js";
import { dayFaults, dayLine } from "./acts.js";
import { wire } from "./forms.js";

/** The fold by which a reviewer gives such a link, for at most 30 days. @param {string} account @param {Case} finding */
export function linkForm(account, finding) {
  const place = el("div", {});
  const id = `link-${finding.id}`;
  const form = el("form", { class: "case-form", id, novalidate: true, "data-noun": "person-links" },
    el("p", { class: "hint" }, t("Chỉ hiện một lần. Ai có liên kết đọc được ghi nhận này, biết ai đã mở, và trả lời một lần.", "Shown once. Whoever has the link reads this finding, sees who opened it, and answers one time.")),
    dayLine(`${id}-expires`, "expires", "/expires", t("Hết hiệu lực sau ngày", "Ends after"), t("Nhiều nhất 30 ngày.", "At most 30 days.")),
    el("button", { class: "quiet" }, t("Tạo liên kết", "Make the link")));
  return el("details", { class: "act", "data-act": "person-links" }, el("summary", {}, t("Liên kết cho người liên quan", "Link for the person concerned")), wire(form, {
    name: `${account}/link/${finding.id}`,
    path: (write) => `/intake/v1/findings/${finding.id}/person-links/${write}`,
    again: t("Tạo thêm một liên kết", "Make another link"),
    write: ({ expires }) => ({ body: { expires: dayOf(expires) }, errors: dayFaults(expires, "/expires") }),
    done: async ({ id: made, link }) => {
      form.reset();
      place.replaceChildren(shown(finding, made, link));
      place.querySelector("input")?.focus();
    },
  }), place);
}

/** @param {Case} finding @param {string} made @param {string | undefined} link */
function shown({ id }, made, link) {
  if (!link) return el("p", { class: "notice warn" }, t("Liên kết đã được tạo và chỉ hiện một lần ở lần gửi trước. Hãy tạo liên kết khác.", "The link was made and shown once, when it was first sent. Make another one."));
  const ended = async (/** @type {{ target: HTMLElement }} */ { target }) => {
    try {
      await put(`/intake/v1/findings/${id}/person-links/${made}/removal/${uuid7()}`, {});
      const fold = target.closest("details");
      /** @type {HTMLElement} */ (target.closest(".notice")).remove();
      fold?.querySelector("summary")?.focus();
      flash("good", t("Liên kết đã hết hiệu lực.", "The link is over."));
    } catch (error) {
      const problem = problemOf(error);
      flash("bad", problem.message);
    }
  };
  return el("div", { class: "notice good" },
    el("label", { for: `made-${made}` }, t("Liên kết (chỉ hiện lần này)", "The link (shown this once)")),
    el("input", { id: `made-${made}`, readonly: true, value: new URL(link, location.origin).href }),
    el("p", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: ended }, t("Thu hồi liên kết", "End the link"))));
}
