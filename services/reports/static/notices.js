// The live inbox: a page that is open hears of a notice at once and shows its list anew; and sending again.

import { problemOf, request } from "../assets/api.js";
import { el, flash, redraw } from "../assets/dom.js";
import { t } from "../assets/words.js";

/** The same list as the server would show it now, in place of the one that is shown. @param {HTMLElement} place */
async function renew(place) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-notices]");
  if (fresh) redraw(place, ...fresh.childNodes);
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
  let busy = false;
  button.addEventListener("click", async () => {
    if (busy) return;
    busy = true;
    try {
      await request("POST", `/reports/v1/deliveries/${button.dataset.resend}/resend`);
      const told = el("span", { role: "status", tabindex: "-1" }, t("Đang gửi lại; tải lại trang để xem kết quả.", "It is being sent again; reload the page to see what comes of it."));
      button.replaceWith(told);
      told.focus();
    } catch (error) {
      const problem = problemOf(error);
      flash("bad", problem.message);
    } finally {
      busy = false;
    }
  });
}
