// A reviewer covers parts of a photo: everybody without need sees black there; the original opens for a reason, which is noted.

import { Problem } from "../../assets/api.js";
import { el, flash } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { Boxes } from "../shared/boxes.js";
import { wire } from "./forms.js";

/** The folds, one for each held photo. @param {Desk} desk @param {Case} finding @param {() => unknown} changed */
export const coveringForms = (desk, { id, photos_held: held, private: sealed, redactions = [] }, changed) => (sealed ? held : []).map((n) =>
  coveringForm(desk.account, id, n, redactions.find((each) => each.n === n), changed));

/** @param {string} account @param {string} finding @param {number} n @param {Redaction | undefined} redaction @param {() => unknown} changed */
function coveringForm(account, finding, n, redaction, changed) {
  const address = `/intake/v1/findings/${finding}/photos/${n}`;
  const id = `cover-${finding}-${n}`;
  const boxes = new Boxes("", t(`Ảnh ${n}`, `Photo ${n}`), redaction?.boxes);
  const form = el("form", { class: "case-form", id, novalidate: true, "data-noun": "redactions" },
    redaction && el("p", { class: "hint" }, t("Ảnh dưới đây đã che. Ô che mới thay cho ô che cũ.", "This photo is covered already. The new boxes take the place of the old ones.")),
    el("fieldset", { "data-pointer": "/boxes" }, el("legend", {}, t("Phần cần che", "What to cover")), boxes.node),
    el("button", {}, t("Lưu bản đã che", "Keep it covered")));
  wire(form, {
    name: `${account}/cover/${finding}/${n}`,
    path: (write) => `${address}/redactions/${write}`,
    write: () => ({ body: { boxes: boxes.boxes }, errors: boxes.boxes.length ? [] : [{ pointer: "/boxes", detail: t("Hãy vẽ ít nhất một ô che", "Draw at least one box") }] }),
    done: async () => {
      await changed();
      flash("good", t(`Đã che ảnh ${n}. Người không có trách nhiệm chỉ xem được bản đã che.`, `Photo ${n} is covered. Whoever has no need sees only that.`));
    },
  });
  const fold = el("details", { class: "act", "data-act": `redaction-${n}`, ontoggle: () => { if (fold.open) boxes.picture.src = address; } },
    el("summary", {}, redaction ? t(`Che lại ảnh ${n}`, `Cover photo ${n} anew`) : t(`Che ảnh ${n}`, `Cover photo ${n}`)), form);
  return redaction ? [fold, originalForm(address, id, n)] : fold;
}

/** The original of a covered photo, for a reason. @param {string} address @param {string} id @param {number} n */
function originalForm(address, id, n) {
  const words = el("input", { id: `${id}-reason`, name: "reason", maxlength: 500, required: true, autocomplete: "off" });
  const refused = el("p", { role: "alert", class: "wrong-words" });
  const form = el("form", { class: "case-form", id: `${id}-original`, onsubmit: async (event) => {
    event.preventDefault();
    refused.textContent = "";
    await original(address, words.value.trim()).then((content) => {
      const picture = el("img", { src: URL.createObjectURL(content), alt: t(`Ảnh ${n}, bản gốc`, `Photo ${n}, the original`), tabindex: "-1" });
      form.replaceChildren(el("div", { class: "photos" }, picture));
      picture.focus();
    }, ({ message }) => { refused.textContent = message; });
  } },
  el("div", { class: "field" }, el("label", { for: words.id }, t("Lý do xem bản gốc", "Reason for seeing the original")),
    el("span", { class: "hint" }, t("Lý do, tài khoản của bạn và thời điểm mở được ghi lại; không ghi tên riêng.", "The reason, your account and the time are noted; name nobody.")), words, refused),
  el("button", { class: "quiet" }, t("Xem bản gốc", "See the original")));
  return el("details", { class: "act", "data-act": `original-${n}` }, el("summary", {}, t(`Bản gốc của ảnh ${n}`, `The original of photo ${n}`)), form);
}

/** @param {string} address @param {string} reason */
async function original(address, reason) {
  const headers = { "Accept-Language": document.documentElement.lang, "Kycuong-Reason": encodeURIComponent(reason) };
  const answer = await fetch(`${address}?original=true`, { headers });
  if (answer.ok) return answer.blob();
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}
