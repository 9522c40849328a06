// The live inbox: a page that is open hears of a notice at once and shows its list anew; and sending again.

import { problemOf, request } from "../assets/api.js";
import { el, flash, redraw } from "../assets/dom.js";
import { t } from "../assets/words.js";

// a browser comes again by itself when a stream breaks off, and never after a refusal, as a proxy gives while the service starts anew
const AGAIN = 15_000;

/** The same list as the server would show it now, in place of the one that is shown. @param {HTMLElement} place */
async function renew(place) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-notices]");
  if (fresh) redraw(place, ...fresh.childNodes);
}

/** Show each notice that comes after the one at a place. @param {HTMLElement} place @param {string | undefined} after */
function listen(place, after) {
  const stream = new EventSource(`/reports/v1/alerts/stream${after ? `?after=${encodeURIComponent(after)}` : ""}`);
  let last = after;
  stream.addEventListener("notice", async ({ lastEventId }) => {
    last = lastEventId;
    await renew(place);
    flash("good", t("Có thông báo mới.", "There is a new notice."));
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN, place, last);
  });
}

/** @type {HTMLElement | null} */
const place = document.querySelector("[data-notices]");
if (place) listen(place, place.dataset.notices);

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
