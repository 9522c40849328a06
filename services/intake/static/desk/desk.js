// The case desk: tabs that the server put there for the caller's roles, each filled when it is opened.

import { problemOf } from "../../assets/api.js";
import { byId, clearFlash, el, flash } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import * as directory from "../shared/directory.js";
import { offerPush } from "../shared/push.js";
import { Tokens } from "../admin/tokens.js";
import { Units } from "../admin/units.js";
import { Cases } from "./auditor.js";
import { Phones } from "./devices.js";
import { Erasures } from "./erasure.js";
import { settled } from "./forms.js";
import { Head } from "./head.js";
import { resume } from "./leaving.js";
import { many } from "./list.js";
import { Mine } from "./mine.js";
import { Commend, Quarter } from "./office.js";
import { resumePapers } from "./papers.js";
import { History, Second, Waiting } from "./review.js";
import { Rounds } from "./rounds.js";
import { Surveys } from "./surveys.js";

/** @type {Record<string, new (desk: Desk, name: string) => any>} */
const TABS = { answer: Head, following: Head, answered: Head, waiting: Waiting, history: History, second: Second, commend: Commend, surveys: Surveys, quarter: Quarter, mine: Mine, cases: Cases, rounds: Rounds, erasures: Erasures, phones: Phones, units: Units, tokens: Tokens };
const CASES = ["answer", "waiting", "following", "mine", "cases"]; // where a link to an inspection leads whoever cannot open its tab

const links = [...document.querySelectorAll("[data-tab]")];
const views = new Map();

/** @param {{name: string, wanted: string | null, finding?: string | null}} asked @param {Desk} desk @param {boolean} moved */
async function open({ name, wanted, finding = null }, desk, moved) {
  for (const link of links) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    byId(`view-${link.dataset.tab}`).hidden = link.dataset.tab !== name;
  }
  links.find((link) => link.dataset.tab === name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!views.has(name)) views.set(name, new TABS[name](desk, name));
  if (moved) {
    clearFlash();
    byId(`${name}-title`).focus();
  }
  try {
    await views.get(name).show(wanted, finding);
  } catch (error) {
    const problem = problemOf(error);
    if (asked().name !== name) return;
    if (problem.status === 401) location.assign("/intake/login?ended&next=/intake/desk/" + location.hash);
    flash("bad", el("p", {}, problem.message), el("button", { type: "button", class: "quiet", onclick: () => open({ name, wanted, finding }, desk, true) }, t("Thử lại", "Try again")));
  }
}

/** The tab and, where the address names them, the inspection and the finding: `#/waiting/<inspection>/<finding>`. */
function asked() {
  const [name, wanted = null, finding = null] = location.hash.slice(2).split("/");
  const offered = (/** @type {string | undefined} */ tab) => links.some((link) => link.dataset.tab === tab);
  if (offered(name)) return { name, wanted, finding };
  return { name: /** @type {string} */ ((wanted && CASES.find(offered)) ?? links[0]?.dataset.tab), wanted, finding };
}

/** What the tabs say of the work that waits; a screen reader hears it with the tab. @param {string} tab @param {number} waiting */
function count(tab, waiting) {
  const badge = document.getElementById(`count-${tab}`); // there for those who have the tab
  if (badge) badge.textContent = waiting ? many(waiting) : "";
}

/** What an earlier page left to be sent was taken, or was refused: then its words are shown, for they stand nowhere else. @param {DeskWrite} write @param {Problem | null} problem */
function told(write, problem) {
  if (!problem) {
    settled(write);
    return flash("good", t(`Đã gửi: ${write.label}`, `Sent: ${write.label}`));
  }
  if (problem.passing) return flash("warn", t(`Chưa gửi được: ${write.label} Nội dung còn trên máy này và sẽ được gửi lại khi mở trang. ${problem.message}`, `Not sent yet: ${write.label} It is still on this device and will be sent when this page opens again. ${problem.message}`));
  const { text, reason } = write.body.private ?? {};
  return flash("bad", el("p", {}, t(`Bị từ chối: ${write.label}`, `Refused: ${write.label}`), " ", problem.message), (text || reason) && el("div", { class: "quote" }, text || reason));
}

async function start() {
  const me = await directory.me();
  /** @type {Desk} */
  const desk = {
    account: me.account, roles: new Set(me.roles.map(({ role }) => role)), me, catalogue: await directory.catalogue(me.account), count,
    reload: (name) => open({ name, wanted: null }, desk, false),
    go: (name, wanted) => {
      history.replaceState(null, "", `#/${name}/${wanted}`);
      return open({ name, wanted }, desk, false);
    },
    offer: (tab, useful) => { for (const link of links) if (link.dataset.tab === tab) link.closest("li")?.toggleAttribute("hidden", !useful); },
  };
  await resume(me.account, told);
  resumePapers(me.account);
  offerPush(byId("push"), desk.roles).catch(() => {}); // nothing waits for it
  if (!links.length) return; // an account without a role
  addEventListener("hashchange", () => open(asked(), desk, true));
  await open(asked(), desk, false);
}

try {
  await start();
} catch (error) {
  const problem = problemOf(error);
  flash("bad", el("p", {}, problem.message), el("p", {}, el("a", { href: "/intake/desk/" }, t("Tải lại trang", "Reload"))));
}
