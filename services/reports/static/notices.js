// The live inbox: a page that is open hears of a notice at once and shows its list anew; and sending again.

import { problemOf, request } from "../assets/api.js";
import { flash } from "../assets/dom.js";
import { t } from "../assets/words.js";

/** The same list as the server would show it now, in place of the one that is shown. @param {HTMLElement} place */
async function renew(place) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-notices]");
  if (fresh) place.replaceChildren(...fresh.childNodes);
}

/** @type {HTMLElement | null} */
const place = document.querySelector("[data-notices]");
if (place) {
  const after = place.dataset.notices;
  const stream = new EventSource(`/reports/v1/alerts/stream${after ? `?after=${encodeURIComponent(after)}` : ""}`);
  stream.addEventListener("notice", async () => {
    await renew(place);
    flash("good", t("Có thông báo mới.", "There is a new notice."));
  });
}

/** @type {NodeListOf<HTMLElement>} */
const buttons = document.querySelectorAll("[data-resend]");
for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await request("POST", `/reports/v1/deliveries/${button.dataset.resend}/resend`);
      button.replaceWith(t("Đang gửi lại.", "It is being sent again."));
    } catch (error) {
      const problem = problemOf(error);
      flash("bad", problem.message);
    }
  });
}
