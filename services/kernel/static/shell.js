// What every page's header does: sign out, and keep the place when the language changes.

import { request } from "./api.js";
import { byId, flash } from "./dom.js";

async function signOut() {
  try {
    await request("POST", "/intake/logout");
  } catch (problem) {
    if (problem.status !== 401) return flash("bad", problem.message);
  }
  location.assign("/intake/login?signed-out");
}

for (const button of document.querySelectorAll("[data-sign-out]")) button.addEventListener("click", signOut);
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}
for (const link of document.querySelectorAll(".skip")) {
  link.addEventListener("click", (event) => { // the address's fragment names the view in some pages
    event.preventDefault();
    byId("main").focus();
  });
}
