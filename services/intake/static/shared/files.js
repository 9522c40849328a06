// A file chooser in the page's own language: the browser's says "Choose File" whatever the page speaks.

import { el } from "../../assets/dom.js";
import { t } from "../../assets/words.js";

/** Put a button with our words before a file input, which stays what the keyboard reaches and readers announce. @param {any} input */
export function fileField(input) {
  const chosen = el("span", { class: "file-name", "aria-hidden": "true" }, t("Chưa chọn tệp", "No file chosen"));
  input.classList.add("unseen");
  input.after(el("label", { for: input.id, class: "button quiet file-button", "aria-hidden": "true" }, t("Chọn tệp…", "Choose a file…")), chosen);
  // in the capturing phase: whoever takes the file may empty the input at once
  input.addEventListener("change", () => { if (input.files.length) chosen.textContent = input.files[0].name; }, true);
}
