// The Department's reviewer: what waits for a decision, a verification or more time, oldest first; then what was handled.

import { el, flash } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import { uuid7 } from "../shared/uuid7.js";
import { actsOf } from "./acts.js";
import { Bench } from "./bench.js";
import { linkForm } from "./concerned.js";
import { coveringForms } from "./covering.js";
import { Effects } from "./effect.js";
import { requestForm } from "./erasure.js";
import { OUTCOME_EFFECT } from "./labels.js";
import { Chips } from "./list.js";
import { visitActs } from "./visit.js";

/** @param {string} words */
const asks = (words) => (words ? `&q=${encodeURIComponent(words)}` : "");

/** Whether something waits for the reviewer: named by the server's list, and his to do. @param {Finding} finding */
const waits = ({ waits_for: turn, may }) => Boolean(turn) && may.some((noun) => ["decision", "remedy-verification", "extension", "release"].includes(noun));

export class Waiting {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.effects = new Effects();
    this.chips = new Chips("waiting-kinds", () => { this.bench.close(); this.show(); });
    this.bench = new Bench(desk, "waiting", {
      path: (words) => `/intake/v1/desk?list=${this.chips.value || "waiting"}&limit=10${asks(words)}`,
      waits, shows: (finding) => this.chips.value === "period" || Boolean(finding.waits_for),
      counted: (total) => this.chips.value || desk.count("waiting", total),
      acts: (full, row) => this.acts(full, row), empty: t("Không có hồ sơ nào chờ xử lý.", "Nothing waits."),
    });
  }

  show(wanted = /** @type {string | null} */ (null), finding = /** @type {string | null} */ (null)) {
    return this.bench.show(wanted, finding);
  }

  /** @param {Case} full @param {DeskRow | undefined} row */
  async acts(full, row) {
    const upheld = row && full.outcomes.includes("upheld") ? (await this.effects.of(row.quarter, row.unit, full))?.upheld : null;
    const others = (row?.findings ?? []).filter(({ id, may, waits_for: turn }) => id !== full.id && turn === "decision" && may.includes("decision"));
    const box = el("input", { type: "checkbox", name: "many", value: "1" });
    const many = others.length > 0 && full.may.includes("decision") && el("label", { class: "choice" }, box,
      t(`Cùng quyết định và lý do cho ${number(others.length)} ghi nhận khác của cuộc này`, `The same decision and reason for ${number(others.length)} other findings of this inspection`));
    const same = others.map(({ id, outcomes }) => ({ id, outcomes, write: uuid7() })); // ids made once: sent again they are the same writes
    const forms = actsOf(this.desk, full, {
      many, onward: () => this.bench.next(full.id), reveal: () => this.bench.choose(full.id),
      also: ({ outcome, reason }) => (box.checked ? same.filter(({ outcomes }) => outcomes.includes(outcome))
        .map(({ id, write }) => ({ path: `/intake/v1/findings/${id}/decision/${write}`, body: { outcome, private: { reason: reason.normalize("NFC").trim() } } })) : []),
      done: async (_, answer) => {
        for (const { id } of box.checked ? same : []) this.bench.forget(id);
        await this.bench.changed(full.id);
        if (answer?.refusals?.length) flash("warn", t(`${number(answer.refusals.length)} ghi nhận khác chưa quyết định được: ${answer.refusals[0].message}`, `${number(answer.refusals.length)} others were not decided: ${answer.refusals[0].message}`));
      },
    });
    if (upheld) tellEffect(forms, upheld);
    const whole = row ? visitActs(this.desk, row, { only: ["voiding"], done: () => this.bench.changed(full.id) }) : [];
    return [...forms, ...whole, ...coveringForms(this.desk, full, () => this.bench.changed(full.id)).flat(), linkForm(this.desk.account, full), requestForm(this.desk.account, full)];
  }
}

/** What upholding costs, in figures, in place of the rule. @param {HTMLElement[]} forms @param {string} words */
function tellEffect(forms, words) {
  const choice = forms.map((form) => form.querySelector('[name="outcome"][value="upheld"]')).find(Boolean);
  const place = choice?.closest("label")?.querySelector("small");
  if (place?.textContent === OUTCOME_EFFECT.upheld) place.textContent = words;
}

export class History {
  /** @param {Desk} desk */
  constructor(desk) {
    this.bench = new Bench(desk, "history", {
      path: (words) => `/intake/v1/desk?list=handled&limit=10${asks(words)}`, waits: () => false,
      acts: (full) => [...actsOf(desk, full, { done: () => this.bench.changed(full.id), reveal: () => this.bench.choose(full.id) }),
        ...coveringForms(desk, full, () => this.bench.changed(full.id)).flat(), requestForm(desk.account, full)],
      empty: t("Chưa có.", "None yet."),
    });
  }

  show(wanted = /** @type {string | null} */ (null), finding = /** @type {string | null} */ (null)) {
    return this.bench.show(wanted, finding);
  }
}

/** Cases drawn to be read once more: nothing of the first outcome is here. */
export class Second {
  /** @param {Desk} desk */
  constructor(desk) {
    this.bench = new Bench(desk, "second", {
      path: (words) => `/intake/v1/desk?list=second&limit=10${asks(words)}`, waits: ({ may }) => may.includes("second-review"),
      shows: ({ may }) => may.includes("second-review"), address: (id) => `/intake/v1/findings/${id}?blind=true`,
      counted: (total) => desk.count("second", total),
      acts: (full) => actsOf(desk, full, { only: ["second-review"], done: () => this.bench.gone(full.id), onward: () => this.bench.next(full.id), reveal: () => this.bench.choose(full.id) }),
      empty: t("Không có hồ sơ nào được rút để thẩm định lần hai.", "No case is drawn for a second review."),
    });
  }

  show(wanted = /** @type {string | null} */ (null), finding = /** @type {string | null} */ (null)) {
    return this.bench.show(wanted, finding);
  }
}
