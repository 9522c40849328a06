// Sign-in: JSON to the server, which sets the session cookie; then on to the page that was asked for.

import { problemOf, request } from "../../assets/api.js";
import { byId, one, onSubmit } from "../../assets/dom.js";
import { span, t } from "../../assets/words.js";
import { forgetMe, me } from "./directory.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";

const PATIENCE = 3000;
const NAME = "kycuong-account"; // who signed in here last, so that only the password is to be typed
const PRESENT = "kycuong-signed-in"; // since then nobody has signed out
const form = byId("login");
const asked = new URLSearchParams(location.search);
let waiting = 0;

/** What this device remembers; a private window may remember nothing. @param {string} name */
const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
/** @param {string} name @param {string | null} value */
const remember = (name, value) => { try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { /* not remembered */ } };

/** Only a page of this origin may follow a sign-in. */
function destination() {
  const { next: wanted = "" } = form.dataset;
  if (!wanted.startsWith("/")) return "/intake/login";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + location.hash : "/intake/login";
}

/** @param {string} account @param {string} password */
function missing(account, password) {
  const errors = [];
  if (!account) errors.push({ pointer: "/account", detail: t("Hãy nhập tài khoản", "Enter your account") });
  if (!password) errors.push({ pointer: "/password", detail: t("Hãy nhập mật khẩu", "Enter your password") });
  return errors;
}

async function signIn() {
  const account = byId("account").value.trim().toLowerCase();
  const password = byId("password").value;
  const errors = missing(account, password);
  if (errors.length) return refuse(errors);
  clearErrors(form);
  try {
    await request("POST", "/intake/login", { account, password });
    remember(NAME, account);
    remember(PRESENT, "yes");
    await forgetMe();
    await Promise.race([me().catch(() => {}), new Promise((done) => setTimeout(done, PATIENCE))]); // for a start without a network
    location.replace(destination());
  } catch (error) {
    const problem = problemOf(error);
    const wrong = problem.status === 401 || problem.status === 422;
    refuse(wrong ? [{ pointer: "/account", detail: t("Tài khoản hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và bộ gõ tiếng Việt.", "The account or the password is wrong. Check Caps Lock and the keyboard layout.") }]
      : problem.retryAfter ? [{ pointer: "", detail: tooSoon(problem.message, problem.retryAfter) }] : errorsOf(problem));
    if (!wrong && !problem.retryAfter) return;
    byId("password").focus(); // the summary is announced where it stands; what is to be typed again is the password
    byId("password").select();
  }
}

/** @param {{pointer: string, detail: string}[]} errors */
const refuse = (errors) => showErrors(form, errors, t("Chưa đăng nhập được", "Not signed in"));

/** The server's sentence and how long to wait, which then counts down beside the password. @param {string} message @param {number} retryAfter */
function tooSoon(message, retryAfter) {
  const end = Date.now() + retryAfter * 1000;
  clearInterval(waiting);
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) clearInterval(waiting);
    byId("wait").textContent = left > 0 ? t(`Còn ${span(left)} nữa`, `${span(left)} to go`) : t("Nay thử lại được.", "You can try again now.");
  };
  waiting = setInterval(tick, 1000);
  tick();
  return /\d/.test(message) ? message : t(`Đăng nhập sai nhiều lần. Hãy thử lại sau ${span(retryAfter)}.`, `Too many wrong passwords. Try again in ${span(retryAfter)}.`);
}

if (asked.has("signed-out")) {
  forgetMe();
  remember(PRESENT, null);
} else if (remembered(PRESENT)) byId("why").hidden = false; // nobody signed out here, and yet the session is gone
byId("account").value ||= remembered(NAME) ?? "";
if (byId("account").value) byId("password").focus();
onSubmit(form, signIn);
one(form, "button").disabled = false;
byId("show-password").addEventListener("change", () => {
  byId("password").type = byId("show-password").checked ? "text" : "password";
});
