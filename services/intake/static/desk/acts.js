// What somebody may do with a case, by the nouns that the server names in `may`: for each a small form, its words, what it sends.

import { get } from "../../assets/api.js";
import { el, flash } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { now, stamp } from "../shared/clock.js";
import { dayField, dayOf, NO_DAY, typed } from "../shared/days.js";
import { tidy } from "../shared/drafts.js";
import { choices, textField, wire } from "./forms.js";
import { OUTCOME, OUTCOME_EFFECT } from "./labels.js";
import { PaperField } from "./papers.js";
import { reasonField } from "./reasons.js";

const REASON = "/private/reason";
/** @param {string} iso */
const day = (iso) => typed(stamp(Date.parse(iso)).slice(0, 10));
/** @param {unknown} value @param {string} pointer @param {string} vi @param {string} en */
const wanting = (value, pointer, vi, en) => (value ? [] : [{ pointer, detail: t(vi, en) }]);
/** @param {string} reason */
const because = (reason) => wanting(tidy(reason), REASON, "Hãy ghi lý do", "Give the reason");

/** The deadlines of a case that still run. @param {Finding} finding */
export const running = ({ deadlines = [] }) => deadlines.filter(({ of, state }) => state === "open" && of !== "appeal");

/** A text field for a day, with the calendar and the weekday. @param {string} id @param {string} name @param {string} pointer @param {string} label @param {string | null | undefined} hint */
export function dayLine(id, name, pointer, label, hint) {
  const input = el("input", { id, name, type: "text", inputmode: "numeric", "data-day": true, autocomplete: "off", placeholder: "15/12/2026", "data-pointer": pointer, "aria-describedby": hint ? `${id}-hint` : null });
  const line = el("div", { class: "field" }, el("label", { for: id }, label), hint && el("span", { class: "hint", id: `${id}-hint` }, hint), input);
  dayField(input);
  return line;
}

/** What a day's field says, and what is wrong with it. @param {string} text @param {string} pointer */
export function dayFaults(text, pointer) {
  const day = dayOf(text);
  if (day) return [];
  return [{ pointer, detail: day === null ? NO_DAY : t("Hãy ghi ngày", "Give the day") }];
}

/** @type {Record<string, string>} */
const OF = { reply: t("Giải trình", "Reply"), remedy: t("Khắc phục", "Remedy") };

/** Which clock more time is for: asked only where two run. @param {Finding} finding */
function whichClock(finding) {
  const clocks = running(finding);
  if (clocks.length > 1) return choices("of", "/of", t("Gia hạn việc gì", "More time for"), clocks.map(({ of, due }) => [of, OF[of], t(`hạn hiện nay ${day(due)}`, `now due ${day(due)}`)]));
  return [el("input", { type: "hidden", name: "of", value: clocks[0]?.of ?? "reply" }),
    clocks[0] && el("p", { class: "hint" }, t(`Hạn ${OF[clocks[0].of].toLowerCase()} hiện nay: hết ngày ${day(clocks[0].due)}.`, `${OF[clocks[0].of]} is due by the end of ${day(clocks[0].due)}.`))];
}

/** @type {Pick<Act, "fields" | "write">} */
const moreTime = {
  fields: (finding, id) => [
    whichClock(finding),
    dayLine(`${id}-until`, "until", "/until", t("Đến hết ngày", "Until the end of"), t("Một ngày làm việc; nhiều nhất 20 ngày làm việc sau hạn đầu tiên.", "A working day, at most 20 working days after the first deadline.")),
    textField(`${id}-reason`, "reason", REASON, t("Lý do", "Reason"), t("Bắt buộc; được lưu mã hóa.", "Required; stored encrypted.")),
  ],
  write: ({ of, until, reason }) => ({
    body: { of, until: dayOf(until), private: { reason: tidy(reason) } },
    errors: [...wanting(of, "/of", "Hãy chọn việc cần gia hạn", "Choose what the time is for"), ...dayFaults(until, "/until"), ...because(reason)],
  }),
};

/** A form that asks for a reason only. @param {string} label @param {string} hint @returns {Pick<Act, "fields" | "write">} */
const reasoned = (label, hint) => ({
  fields: (_, id) => [textField(`${id}-reason`, "reason", REASON, label, hint)],
  write: ({ reason }) => ({ body: { private: { reason: tidy(reason) } }, errors: because(reason) }),
});

/** @param {Fields} fields */
const outcomeFaults = ({ outcome, reason }) => [...wanting(outcome, "/outcome", "Hãy chọn một quyết định", "Choose a decision"), ...because(reason)];
/** @param {string[]} offered */
const verdicts = (offered) => choices("outcome", "/outcome", t("Quyết định", "Decision"), offered.map((outcome) => [outcome, OUTCOME[outcome], OUTCOME_EFFECT[outcome]]), "outcomes");

/**
 * By noun: `title` of the fold, `button`, `fields(finding, id, how)`, `write(fields, finding)`; `later` the words under which it can be
 * taken back for ten seconds, `done` what is said once it stands; `key` and `form` name its draft and form where they have an older name.
 * @type {Record<string, Act>}
 */
export const ACTS = {
  reply: {
    main: true, title: t("Giải trình", "Reply"), button: t("Gửi giải trình", "Send the reply"), papers: true,
    fields: ({ severity }, id, { effect }) => [
      choices("accepts", "/accepts", t("Ý kiến của đơn vị", "The unit's view"), [
        ["true", t("Thống nhất", "Agree"), effect?.agree ?? agreed(severity)],
        ["false", t("Không thống nhất, đề nghị xem xét", "Disagree, ask for a review"), effect?.disagree ?? t("chưa tính điểm đến khi Sở Nội vụ quyết định", "nothing counts until the Department has decided")],
      ]),
      textField(`text-${id.slice(6)}`, "text", "/private/text", t("Nội dung giải trình", "Reply"), t("Nêu sự việc, lý do, văn bản kèm số. Được lưu mã hóa.", "State facts, reasons, documents by number. Stored encrypted.")),
    ],
    write: ({ accepts, text }) => ({
      body: { accepts: accepts === "true", ...(tidy(text) && { private: { text: tidy(text) } }) },
      errors: [...wanting(accepts, "/accepts", "Hãy chọn thống nhất hoặc không thống nhất", "Choose agree or disagree"),
        ...(accepts === "false" ? wanting(tidy(text), "/private/text", "Hãy nêu lý do không thống nhất", "Say why the unit disagrees") : [])],
    }),
    later: ({ code }, { accepts }) => (accepts === "true" ? t(`${code}: đơn vị thống nhất.`, `${code}: the unit agrees.`) : t(`${code}: đơn vị không thống nhất.`, `${code}: the unit disagrees.`)),
    done: ({ code }) => t(`Đã nhận giải trình cho ghi nhận ${code}.`, `The reply to ${code} was received.`),
  },
  "remedy-report": {
    main: true, title: t("Báo cáo khắc phục", "Report the remedy"), button: t("Gửi báo cáo khắc phục", "Send the report"), papers: true,
    fields: (_, id) => [
      dayLine(`${id}-done`, "done_on", "/done_on", t("Khắc phục xong ngày", "Put right on"), t("Báo cáo trong hạn và được xác nhận thì mức 1, mức 2 chỉ tính nửa điểm trừ.", "Reported in time and verified, level 1 and 2 cost half.")),
      textField(`${id}-text`, "text", "/private/text", t("Đã làm gì", "What was done"), t("Nêu việc đã làm, văn bản kèm số. Được lưu mã hóa.", "State what was done, documents by number. Stored encrypted.")),
    ],
    write: ({ done_on: done, text }) => ({
      body: { done_on: dayOf(done), ...(tidy(text) && { private: { text: tidy(text) } }) },
      errors: [...dayFaults(done, "/done_on"),
        ...((dayOf(done) ?? "") > stamp().slice(0, 10) ? [{ pointer: "/done_on", detail: t("Ngày này chưa tới", "This day is still to come") }] : []),
        ...wanting(tidy(text), "/private/text", "Hãy nêu việc đã làm", "Say what was done")],
    }),
    later: ({ code }) => t(`${code}: báo cáo đã khắc phục.`, `${code}: reported as put right.`),
    done: ({ code }) => t(`Đã nhận báo cáo khắc phục ${code}.`, `The report on ${code} was received.`),
  },
  "remedy-plan": {
    title: t("Kế hoạch khắc phục", "Plan the remedy"), button: t("Gửi kế hoạch", "Send the plan"),
    fields: (finding, id) => [
      choices("feasible", "/feasible", t("Có khắc phục được không", "Can it be put right"), [
        ["true", t("Được, theo ngày dưới đây", "Yes, by the day below")],
        ["false", t("Không khắc phục được", "It cannot"), t("Sở Nội vụ sẽ xem xét: gia hạn, miễn hoặc giữ nguyên hạn", "the Department will extend, waive or keep the deadline")],
      ]),
      dayLine(`${id}-due`, "due", "/due", t("Sẽ xong ngày", "It will be done by"), running(finding).filter(({ of }) => of === "remedy").map(({ due }) => t(`Không sau hạn khắc phục ${day(due)}.`, `Not after the deadline, ${day(due)}.`))[0]),
      textField(`${id}-actions`, "actions", "/private/actions", t("Sẽ làm gì", "What will be done"), t("Nếu không khắc phục được, hãy nêu vì sao. Được lưu mã hóa.", "If it cannot be put right, say why. Stored encrypted.")),
    ],
    write: ({ feasible, due, actions }) => ({
      body: { feasible: feasible === "true", ...(feasible === "true" && { due: dayOf(due) }), ...(tidy(actions) && { private: { actions: tidy(actions) } }) },
      errors: [...wanting(feasible, "/feasible", "Hãy chọn được hoặc không", "Choose whether it can be put right"), ...(feasible === "true" ? dayFaults(due, "/due") : []),
        ...wanting(tidy(actions), "/private/actions", "Hãy nêu việc sẽ làm, hoặc vì sao không làm được", "Say what will be done, or why it cannot")],
    }),
    later: ({ code }) => t(`${code}: kế hoạch khắc phục.`, `${code}: a plan to put it right.`),
    done: ({ code }) => t(`Đã nhận kế hoạch khắc phục ${code}.`, `The plan for ${code} was received.`),
  },
  "extension-request": {
    ...moreTime, title: t("Xin gia hạn", "Ask for more time"), button: t("Gửi đề nghị gia hạn", "Send the request"),
    note: t("Đề nghị không làm dừng thời hạn: hạn cũ vẫn tính đến khi được gia hạn.", "Asking stops no clock: the old deadline stands until more time is given."),
    later: ({ code }) => t(`${code}: đề nghị gia hạn.`, `${code}: a request for more time.`),
    done: ({ code }) => t(`Đã gửi đề nghị gia hạn ${code}.`, `The request for ${code} was sent.`),
  },
  appeal: {
    title: t("Khiếu nại quyết định", "Appeal the decision"), button: t("Gửi khiếu nại", "Send the appeal"),
    note: t("Chỉ một lần, trong 10 ngày làm việc kể từ quyết định. Người khác sẽ xem xét; trong lúc đó chưa tính điểm.", "Once, within 10 working days of the decision. Somebody else looks into it; meanwhile nothing counts."),
    fields: (_, id) => [textField(`${id}-text`, "text", "/private/text", t("Nội dung khiếu nại", "The appeal"), t("Nêu điểm nào của quyết định chưa đúng. Được lưu mã hóa.", "Say what of the decision is wrong. Stored encrypted."))],
    write: ({ text }) => ({ body: { private: { text: tidy(text) } }, errors: wanting(tidy(text), "/private/text", "Hãy nêu nội dung khiếu nại", "Say why you appeal") }),
    later: ({ code }) => t(`${code}: khiếu nại quyết định.`, `${code}: an appeal.`),
    done: ({ code }) => t(`Đã nhận khiếu nại về ${code}.`, `The appeal about ${code} was received.`),
  },
  decision: {
    main: true, key: "decide", title: t("Quyết định", "Decide"), button: t("Ra quyết định", "Decide"),
    fields: (finding, id, { many }) => [
      finding.state === "recorded" && finding.severity !== 4
        && el("p", { class: "hint" }, t("Còn trong hạn giải trình: chưa thể xác nhận vi phạm.", "Still in the reply period: it cannot be upheld yet.")),
      verdicts(finding.outcomes),
      reasonField(id, t("Bắt buộc. Đơn vị đọc được; lưu mã hóa.", "Required. The unit can read it; stored encrypted.")),
      many,
    ],
    write: (fields) => ({ body: { outcome: fields.outcome, private: { reason: tidy(fields.reason) } }, errors: outcomeFaults(fields) }),
    later: ({ code, unit_name: unit }, { outcome }) => t(`${code}, ${unit}: ${OUTCOME[outcome]}.`, `${code}, ${unit}: ${OUTCOME[outcome]}.`),
    done: ({ code, unit_name: unit }, { outcome }) => t(`Đã quyết định ${code}, ${unit}: ${OUTCOME[outcome]}.`, `Decided ${code}, ${unit}: ${OUTCOME[outcome]}.`),
  },
  "second-review": {
    main: true, title: t("Thẩm định lần hai", "Second review"), button: t("Ghi ý kiến thẩm định lần hai", "Record the second review"),
    note: t("Hồ sơ này được rút ngẫu nhiên để đọc lại độc lập. Kết luận thứ nhất không hiện ở đây; ý kiến của bạn không đổi điểm.", "This case was drawn at random to be read again. The first outcome is not shown; yours changes no score."),
    fields: ({ severity }, id) => [
      verdicts(Object.keys(OUTCOME).filter((outcome) => outcome !== "referred" || severity === 4)), reasonField(id, t("Bắt buộc; lưu mã hóa.", "Required; stored encrypted.")),
    ],
    write: (fields) => ({ body: { outcome: fields.outcome, private: { reason: tidy(fields.reason) } }, errors: outcomeFaults(fields) }),
    later: ({ code, unit_name: unit }) => t(`${code}, ${unit}: thẩm định lần hai.`, `${code}, ${unit}: second review.`),
    done: ({ code }) => t(`Đã ghi thẩm định lần hai ${code}.`, `The second review of ${code} is recorded.`),
  },
  "remedy-verification": {
    main: true, title: t("Xác nhận khắc phục", "Verify the remedy"), button: t("Ghi kết quả", "Record it"),
    fields: ({ remedy }, id) => [
      choices("outcome", "/outcome", t("Kết quả khắc phục", "The remedy"), remedy === "declined" ? [
        ["verified", t("Đồng ý là không khắc phục được", "Agreed that it cannot be put right"), t("miễn khắc phục; không được giảm nửa điểm trừ", "the remedy is waived; no points come back")],
        ["refused", t("Không đồng ý, vẫn phải khắc phục", "Not agreed, it is still to be put right"), t("giữ nguyên hạn khắc phục", "the deadline stands")],
      ] : [
        ["verified", t("Đã khắc phục", "Put right")],
        ["refused", t("Chưa đạt, yêu cầu làm lại", "Not good enough, to be done again"), t("mở hạn thứ hai và cuối cùng", "opens the second and last deadline")],
      ]),
      reasonField(id, t("Bắt buộc. Đơn vị đọc được; lưu mã hóa.", "Required. The unit can read it; stored encrypted.")),
    ],
    write: ({ outcome, reason }) => ({
      body: { outcome, private: { reason: tidy(reason) } }, errors: [...wanting(outcome, "/outcome", "Hãy chọn kết quả", "Choose what became of it"), ...because(reason)],
    }),
    later: ({ code, unit_name: unit }, { outcome }) => (outcome === "verified" ? t(`${code}, ${unit}: xác nhận khắc phục.`, `${code}, ${unit}: remedy verified.`) : t(`${code}, ${unit}: chưa đạt.`, `${code}, ${unit}: remedy refused.`)),
    done: ({ code, unit_name: unit }) => t(`Đã ghi kết quả khắc phục ${code}, ${unit}.`, `The remedy of ${code}, ${unit} is recorded.`),
  },
  extension: {
    ...moreTime, title: t("Gia hạn", "Give more time"), button: t("Gia hạn", "Give more time"), asked: true,
    later: ({ code, unit_name: unit }) => t(`${code}, ${unit}: gia hạn.`, `${code}, ${unit}: more time.`),
    done: ({ code, unit_name: unit }) => t(`Đã gia hạn ${code}, ${unit}.`, `More time for ${code}, ${unit}.`),
  },
  release: {
    ...reasoned(t("Lý do", "Reason"), t("Bắt buộc. Đơn vị sẽ nhận được ghi nhận này và được giải trình.", "Required. The unit will be told of this finding and may reply.")),
    title: t("Thông báo cho đơn vị (mức 4)", "Release to the unit (level 4)"), button: t("Thông báo cho đơn vị", "Release it"),
    later: ({ code, unit_name: unit }) => t(`${code}, ${unit}: thông báo cho đơn vị.`, `${code}, ${unit}: released to the unit.`),
    done: ({ code }) => t(`Đơn vị sẽ nhận được ghi nhận ${code}.`, `The unit will be told of ${code}.`),
  },
  reopening: {
    ...reasoned(t("Lý do mở lại", "Why it is reopened"), t("Bắt buộc. Hồ sơ chờ một quyết định mới; trong lúc đó chưa tính điểm.", "Required. The case waits for a new decision; meanwhile nothing counts.")),
    title: t("Mở lại hồ sơ", "Reopen the case"), button: t("Mở lại hồ sơ", "Reopen the case"),
    later: ({ code, unit_name: unit }) => t(`${code}, ${unit}: mở lại hồ sơ.`, `${code}, ${unit}: reopened.`),
    done: ({ code, unit_name: unit }) => t(`Đã mở lại hồ sơ ${code}, ${unit}.`, `Reopened ${code}, ${unit}.`),
  },
  correction: {
    title: t("Đính chính ghi nhận", "Correct the finding"), button: t("Đính chính", "Correct it"),
    note: t("Ghi nhận cũ vẫn còn trong nhật ký. Nếu đơn vị đã giải trình hoặc đã quá hạn, hạn giải trình mở lại.", "The old finding stays in the log. After a reply or a lapse the unit may reply anew."),
    fields: ({ code, count, severity, private: sealed }, id, { catalogue }) => [
      el("div", { class: "field" }, el("label", { for: `${id}-code` }, t("Mã vi phạm", "Code")),
        el("select", { id: `${id}-code`, name: "code", "data-pointer": "/code" }, alike(catalogue, severity).map((each) => el("option", { value: each.code, selected: each.code === code }, `${each.code} ${each.name}`)))),
      el("div", { class: "field" }, el("label", { for: `${id}-count` }, t("Số lượng", "Count")),
        el("input", { id: `${id}-count`, name: "count", type: "number", inputmode: "numeric", min: 1, max: 9999, "data-pointer": "/count", value: count })),
      textField(`${id}-narrative`, "narrative", "/private/narrative", t("Nội dung ghi nhận của đoàn", "The team's words"), sealed?.narrative ? t("Để trống thì giữ nội dung đang có.", "Left empty, what stands is kept.") : null),
      textField(`${id}-reason`, "reason", REASON, t("Lý do đính chính", "Why it is corrected"), t("Bắt buộc; được lưu mã hóa.", "Required; stored encrypted.")),
    ],
    write: ({ code, count, narrative, reason }, { captured_at: captured }) => ({
      body: { code, count: Number(count), captured_at: captured, private: { reason: tidy(reason), ...(tidy(narrative) && { narrative: tidy(narrative) }) } },
      errors: [...wanting(/^[1-9]\d{0,3}$/.test(count), "/count", "Hãy ghi một số từ 1 đến 9.999", "Give a number from 1 to 9,999"), ...because(reason)],
    }),
    done: ({ code }) => t(`Đã đính chính ghi nhận ${code}.`, `Corrected finding ${code}.`),
  },
  withdrawal: {
    ...reasoned(t("Rút lại: lý do", "Withdraw: reason"), t("Bắt buộc. Ghi nhận vẫn còn trong nhật ký, nhưng không tính.", "Required. The finding stays in the log but counts nothing.")),
    key: "withdraw", danger: true, title: t("Rút lại ghi nhận", "Withdraw the finding"), button: t("Rút lại ghi nhận", "Withdraw the finding"),
    done: ({ code }) => t(`Đã rút lại ghi nhận ${code}.`, `Withdrew finding ${code}.`),
  },
};

/** @param {number} severity */
function agreed(severity) {
  if (severity === 1) return t("mức 1: tính điểm trừ ngay", "level 1: counts at once");
  return t("mức 2 trở lên: Sở Nội vụ vẫn quyết định", "level 2 and above: the Department still decides");
}

/** The codes of the same class of severity: a correction stays in it. @param {Catalogue} catalogue @param {number} severity */
const alike = ({ codes }, severity) => codes.filter((each) => !/^K0[1-3]$/.test(each.code) && kindOf(each.severity) === kindOf(severity));
/** @param {number} severity */
const kindOf = (severity) => (severity === 0 ? "free" : severity === 4 ? "kept" : "scored");

/**
 * The forms for what the caller may do with a case: the first main one stands open, the others are folded. `done(noun)` runs once
 * a write stands, `onward` moves the focus on, `reveal` shows the case again; the rest goes to the fields.
 * @param {Desk} desk @param {Case} finding
 * @param {{ done: (noun: string, answer?: any) => any, onward?: () => void, reveal?: () => void, only?: string[], effect?: Effect | null, many?: Child, also?: (fields: Fields) => { path: string, body: WriteBody }[] }} how
 */
export function actsOf(desk, finding, how) {
  const nouns = finding.may.filter((noun) => ACTS[noun] && (how.only?.includes(noun) ?? true)).sort((a, b) => order(a) - order(b));
  const main = nouns.find((noun) => ACTS[noun].main);
  return nouns.map((noun) => {
    const form = formOf(desk, finding, noun, how);
    return noun === main ? form : el("details", { class: "act", "data-act": noun }, el("summary", {}, ACTS[noun].title), form);
  });
}

const PLACES = Object.keys(ACTS);
/** @param {string} noun */
const order = (noun) => PLACES.indexOf(noun);

/** @param {Desk} desk @param {Case} finding @param {string} noun @param {Parameters<typeof actsOf>[2]} how */
function formOf(desk, finding, noun, { done, onward = () => {}, reveal = () => {}, also = () => [], ...rest }) {
  const act = ACTS[noun];
  const id = `${act.key ?? noun}-${finding.id}`;
  const papers = act.papers && new PaperField(id);
  const form = el("form", { class: "case-form", id, novalidate: true, "data-noun": noun },
    act.note && el("p", { class: "hint" }, act.note),
    act.fields(finding, id, { catalogue: desk.catalogue, ...rest }), papers?.node,
    el("button", { class: act.danger ? "danger" : null }, act.button));
  if (act.asked) prefill(finding, form);
  return wire(form, {
    name: `${desk.account}/${act.key ?? noun}/${finding.id}`,
    path: (write) => `/intake/v1/findings/${finding.id}/${noun}/${write}`,
    write: (fields) => {
      const { body, errors } = act.write(fields, finding);
      return { body: { ...body, ...papers?.manifest() }, errors: [...errors, ...papers?.faults() ?? []] };
    },
    later: act.later && ((fields) => /** @type {NonNullable<Act["later"]>} */ (act.later)(finding, fields)),
    papers, also, onward, reveal,
    done: async (answer, fields) => {
      await done(noun, answer);
      flash("good", act.done(finding, fields));
    },
  });
}

/** More time as the unit asked for it: the day stands in its event. @param {Case} case @param {HTMLFormElement} form */
async function prefill({ answers = {} }, form) {
  const event = answers["extension-request"];
  const asked = event && await get(`/audit/v1/entries/${event}`).then(({ data }) => data, () => null);
  if (!asked?.until || form.elements.until.value || Date.parse(asked.until) < now()) return;
  form.elements.until.value = typed(asked.until);
  form.elements.of.value = asked.of;
  form.prepend(el("p", { class: "notice" }, t(`Đơn vị đề nghị gia hạn đến hết ngày ${typed(asked.until)}.`, `The unit asks for time until ${typed(asked.until)}.`)));
}
