// The case desk: tabs that the server put there for the caller's roles, each filled when it is opened.

import { byId, clearFlash, el, flash } from "../assets/dom.js";
import { t } from "../assets/words.js";
import * as directory from "./directory.js";
import { Phones } from "./desk_devices.js";
import { Erasures } from "./desk_erasure.js";
import { Answer, Answered } from "./desk_head.js";
import { Mine } from "./desk_mine.js";
import { Commend, Quarter, Units } from "./desk_office.js";
import { History, Waiting } from "./desk_review.js";

const TABS = { answer: Answer, answered: Answered, waiting: Waiting, history: History, commend: Commend, quarter: Quarter, mine: Mine, erasures: Erasures, phones: Phones, units: Units };

const links = [...document.querySelectorAll("[data-tab]")];
const views = new Map();

async function open(name, desk, moved) {
  for (const link of links) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    byId(`view-${link.dataset.tab}`).hidden = link.dataset.tab !== name;
  }
  if (!views.has(name)) views.set(name, new TABS[name](desk));
  if (moved) {
    clearFlash();
    byId(`${name}-title`).focus();
  }
  try {
    await views.get(name).show();
  } catch (problem) {
    if (wanted() !== name) return;
    if (problem.status === 401) location.assign("/intake/login?ended&next=/intake/desk/" + location.hash);
    flash("bad", el("p", {}, problem.message), el("button", { type: "button", class: "quiet", onclick: () => open(name, desk, true) }, t("Thử lại", "Try again")));
  }
}

function wanted() {
  const name = location.hash.slice(2);
  return links.some((link) => link.dataset.tab === name) ? name : links[0]?.dataset.tab;
}

async function start() {
  const me = await directory.me();
  const desk = { account: me.account, roles: new Set(me.roles.map(({ role }) => role)), me, catalogue: await directory.catalogue(me.account) };
  desk.reload = (name) => open(name, desk, false);
  addEventListener("hashchange", () => open(wanted(), desk, true));
  if (links.length) await open(wanted(), desk, false);
}

try {
  await start();
} catch (problem) {
  flash("bad", el("p", {}, problem.message), el("p", {}, el("a", { href: "/intake/desk/" }, t("Tải lại trang", "Reload"))));
}
