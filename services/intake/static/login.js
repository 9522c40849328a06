// Sign-in: JSON to the server, which sets the session cookie; then on to the page that was asked for.

import { request } from "../assets/api.js";
import { byId, onSubmit } from "../assets/dom.js";
import { t } from "../assets/words.js";
import { forgetMe, me } from "./directory.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";

const PATIENCE = 3000;
const form = byId("login");

/** Only a page of this origin may follow a sign-in. */
function destination() {
  const wanted = form.dataset.next;
  if (!wanted.startsWith("/")) return "/intake/login";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? url.pathname + url.search + location.hash : "/intake/login";
}

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
    await forgetMe();
    await Promise.race([me().catch(() => {}), new Promise((done) => setTimeout(done, PATIENCE))]); // for a start without a network
    location.replace(destination());
  } catch (problem) {
    refuse(problem.status === 401 || problem.status === 422
      ? [{ pointer: "/account", detail: t("Tài khoản hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và bộ gõ tiếng Việt.", "The account or the password is wrong. Check Caps Lock and the keyboard layout.") }]
      : errorsOf(problem));
  }
}

const refuse = (errors) => showErrors(form, errors, t("Chưa đăng nhập được", "Not signed in"));

if (new URLSearchParams(location.search).has("signed-out")) forgetMe();
onSubmit(form, signIn);
form.querySelector("button").disabled = false;
byId("show-password").addEventListener("change", (event) => {
  byId("password").type = event.target.checked ? "text" : "password";
});
