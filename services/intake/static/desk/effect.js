// What an answer or a decision does in points, where the scorecards can say; else the published rule stands beside the choice.

import { get } from "../../assets/api.js";
import { language, t } from "../../assets/words.js";

const points = new Intl.NumberFormat(language === "en" ? "en-GB" : "vi-VN", { minimumFractionDigits: 2 });
/** @param {string} score */
const shown = (score) => points.format(Number(score));

export class Effects {
  constructor() {
    this.asked = new Map(); // quarter/unit → what-if
  }

  /** The words beside agreeing and disagreeing, and the figures; null where they are not known. @param {string} quarter @param {string} unit @param {Finding} finding */
  async of(quarter, unit, { id, severity }) {
    const found = (await this.whatIf(quarter, unit))?.findings.find((/** @type {{ id: string }} */ each) => each.id === id);
    if (!found) return null;
    const { now, if_upheld: then } = found;
    return {
      agree: severity === 1 ? t(`mức 1: tính ngay, điểm quý ${shown(now)} → ${shown(then)}`, `level 1: counts at once, the quarter's score ${shown(now)} → ${shown(then)}`)
        : t(`Sở Nội vụ vẫn quyết định; nếu xác nhận, điểm quý ${shown(now)} → ${shown(then)}`, `the Department still decides; if upheld, the quarter's score ${shown(now)} → ${shown(then)}`),
      disagree: t(`chưa tính điểm đến khi có quyết định; nếu xác nhận, ${shown(now)} → ${shown(then)}`, `nothing counts until it is decided; if upheld, ${shown(now)} → ${shown(then)}`),
      upheld: t(`tính điểm trừ: điểm quý ${shown(now)} → ${shown(then)}`, `counts as a deduction: the quarter's score ${shown(now)} → ${shown(then)}`),
    };
  }

  /** @param {string} quarter @param {string} unit */
  whatIf(quarter, unit) {
    const path = `/reports/v1/scorecards/${quarter}/${unit}/what-if`;
    if (!this.asked.has(path)) this.asked.set(path, get(path).catch(() => null)); // the rule is said instead
    return this.asked.get(path);
  }
}
