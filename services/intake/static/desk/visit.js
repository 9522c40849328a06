// What is wrong about a whole inspection and is put right by further writes: its figures, its team, the inspection itself.

import { get, problemOf } from "../../assets/api.js";
import { confirmed, el, flash } from "../../assets/dom.js";
import { items, t } from "../../assets/words.js";
import { tidy } from "../shared/drafts.js";
import { faults } from "../shared/rules.js";
import { textField, wire } from "./forms.js";

/** An inspection whose minutes may be read. @typedef {Visit & { roll: Figures, private: Sealed }} Closed */

const REASON = "/private/reason";
/** @param {string} reason */
const because = (reason) => (tidy(reason) ? [] : [{ pointer: REASON, detail: t("Hãy ghi lý do", "Give the reason") }]);

const FIGURES = [
  ["assigned", "/assigned", t("Biên chế được giao", "Allotted")], ["present", "/present", t("Có mặt", "Present")],
  ["late", "/late", t("Trong đó đi muộn", "Of them late")], ["unexcused", "/unexcused", t("Vắng không lý do", "Absent, unexcused")],
  ["persons_checked", "/persons_checked", t("Số người được kiểm tra", "Persons checked")], ["files_checked", "/files_checked", t("Số hồ sơ được kiểm tra", "Files checked")],
];
const EXCUSED = [
  ["leave", t("Nghỉ phép", "On leave")], ["meeting", t("Đi họp", "At a meeting")], ["duty", t("Công tác", "On duty elsewhere")],
  ["study", t("Đi học", "Studying")], ["sickness", t("Nghỉ ốm", "Sick")], ["maternity", t("Thai sản", "Maternity")],
];
const SEALED = ["opinion", "refusal", "minutes", "signatures", "position", "fill"];

/** @param {string} id @param {string} name @param {string} pointer @param {string} label @param {unknown} value */
const figure = (id, name, pointer, label, value) => el("div", { class: "field" }, el("label", { for: `${id}-${name}` }, label),
  el("input", { id: `${id}-${name}`, name, type: "number", inputmode: "numeric", min: 0, max: 99_999, step: 1, "data-pointer": pointer, value: value ?? 0 }));

/** @param {Fields} fields */
const away = (fields) => Object.fromEntries(EXCUSED.map(([name]) => /** @type {[string, number]} */ ([name, Number(fields[name])])).filter(([, many]) => many > 0));

/** The nouns that the server names, each as a fold; what an inspection's own page knows comes with its opening. @type {Record<string, VisitAct>} */
const ACTS = {
  correction: {
    title: t("Đính chính số liệu", "Correct the figures"), button: t("Đính chính", "Correct"),
    note: t("Biên bản cũ vẫn còn trong nhật ký; bản đính chính thay cho nó. Hạn giải trình không đổi.", "The old minutes stay in the log; the correction takes their place. The reply's deadline is unchanged."),
    fields: (/** @type {Closed} */ { roll }, id) => [
      el("div", { class: "pair" }, FIGURES.map(([name, pointer, label]) => figure(id, name, pointer, label, roll[name]))),
      el("fieldset", { "data-pointer": "/excused" }, el("legend", {}, t("Vắng có lý do", "Absent, excused")),
        el("div", { class: "pair" }, EXCUSED.map(([name, label]) => figure(id, name, `/excused/${name}`, label, roll.excused?.[name])))),
    ],
    write: (fields, /** @type {Closed} */ { closed_at: closed, roll, private: sealed }) => {
      const figures = Object.fromEntries(FIGURES.map(([name]) => [name, Number(fields[name])]));
      const kept = Object.fromEntries(SEALED.filter((name) => sealed?.[name] !== undefined).map((name) => [name, sealed[name]]));
      const body = { closed_at: closed, ...figures, excused: away(fields), signed: roll.signed ?? false, private: { ...kept, reason: tidy(fields.reason) } };
      return { body, errors: faults("closing", body).filter(({ pointer }) => pointer !== "/closed_at") }; // that stands as the phone said it
    },
    done: t("Đã đính chính số liệu.", "The figures are corrected."),
  },
  team: {
    title: t("Thành viên đoàn", "Members of the team"), button: t("Đổi thành viên", "Change the team"), bare: true,
    fields: ({ team = [], opener }, id) => [
      el("fieldset", { "data-pointer": "/remove" }, el("legend", {}, t("Ra khỏi đoàn", "Leaves the team")),
        team.filter((account) => account !== opener).map((account) => el("label", { class: "choice" }, el("input", { type: "checkbox", name: `remove ${account}`, value: "1" }), account)),
        team.length < 2 && el("p", { class: "hint" }, t("Đoàn chỉ có người mở cuộc kiểm tra.", "The opener is alone in the team."))),
      el("div", { class: "field" }, el("label", { for: `${id}-add` }, t("Vào đoàn", "Joins the team")),
        el("span", { class: "hint", id: `${id}-add-hint` }, t("Tài khoản, cách nhau bằng dấu phẩy", "Accounts, separated by commas")),
        el("input", { id: `${id}-add`, name: "add", "data-pointer": "/add", "aria-describedby": `${id}-add-hint`, autocomplete: "off", autocapitalize: "none", spellcheck: "false" })),
    ],
    write: (fields) => {
      const add = fields.add.split(/[,;\s]+/).filter(Boolean);
      const remove = Object.keys(fields).filter((name) => name.startsWith("remove ")).map((name) => name.slice(7));
      const none = !add.length && !remove.length;
      return { body: { ...(add.length && { add }), ...(remove.length && { remove }) }, errors: none ? [{ pointer: "/add", detail: t("Hãy nêu người vào hoặc ra khỏi đoàn", "Name who joins or leaves") }] : [] };
    },
    done: t("Đã đổi thành viên đoàn.", "The team is changed."),
  },
  voiding: {
    title: t("Hủy cuộc kiểm tra", "Void the inspection"), button: t("Hủy cuộc kiểm tra", "Void the inspection"), danger: true,
    note: t("Mọi ghi nhận của cuộc này không còn tính, mọi thời hạn dừng. Không khôi phục được.", "Its findings count no more and every deadline ends. It cannot be taken back."),
    fields: () => [],
    write: ({ reason }) => ({ body: { private: { reason: tidy(reason) } }, errors: [] }),
    sure: ({ unit_name: unit, found }) => confirmed(t(`Hủy cuộc kiểm tra tại ${unit}?`, `Void the inspection at ${unit}?`),
      t(`${items(found?.all ?? 0)} đã ghi nhận sẽ không còn tính. Việc này không khôi phục được.`, `${items(found?.all ?? 0)} found will count no more. This cannot be taken back.`),
      t("Hủy cuộc kiểm tra", "Void it"), t("Không hủy", "Keep it")),
    done: t("Đã hủy cuộc kiểm tra.", "The inspection is voided."),
  },
};

/**
 * The folds for what the caller may do with an inspection; `done()` runs once a write stands.
 * @param {Desk} desk @param {Inspection} inspection @param {{ done: () => unknown, only?: string[] }} how
 */
export function visitActs(desk, inspection, { done, only = Object.keys(ACTS) }) {
  return inspection.may.filter((noun) => only.includes(noun) && ACTS[noun]).map((noun) => {
    const fold = el("details", { class: "act", "data-act": noun }, el("summary", {}, ACTS[noun].title));
    fold.addEventListener("toggle", () => { if (fold.open && !fold.querySelector("form")) fill(fold, desk, inspection, noun, done); });
    return fold;
  });
}

/** @param {HTMLDetailsElement} fold @param {Desk} desk @param {Inspection} inspection @param {string} noun @param {() => unknown} done */
async function fill(fold, desk, { id }, noun, done) {
  try {
    fold.append(formOf(desk, await get(`/intake/v1/inspections/${id}`), noun, done));
  } catch (error) {
    const problem = problemOf(error);
    flash("bad", problem.message);
    fold.open = false;
  }
}

/** @param {Desk} desk @param {Visit} inspection @param {string} noun @param {() => unknown} done */
function formOf(desk, inspection, noun, done) {
  const act = ACTS[noun];
  const id = `${noun}-${inspection.id}`;
  const form = el("form", { class: "case-form", id, novalidate: true, "data-noun": noun },
    act.note && el("p", { class: "hint" }, act.note), act.fields(inspection, id),
    !act.bare && textField(`${id}-reason`, "reason", REASON, t("Lý do", "Reason"), t("Bắt buộc; được lưu mã hóa.", "Required; stored encrypted.")),
    el("button", { class: act.danger ? "danger" : null }, act.button));
  return wire(form, {
    name: `${desk.account}/${noun}/${inspection.id}`,
    path: (write) => `/intake/v1/inspections/${inspection.id}/${noun}/${write}`,
    write: (fields) => {
      const { body, errors } = act.write(fields, inspection);
      return { body, errors: [...errors, ...(act.bare ? [] : because(fields.reason))] };
    },
    sure: async () => (act.sure ? act.sure(inspection) : true),
    done: async () => {
      await done();
      flash("good", act.done);
    },
  });
}
