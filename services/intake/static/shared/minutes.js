// Checking a file of minutes: hashed here, and only the hash is asked about.

import { get, problemOf } from "../../assets/api.js";
import { byId, el } from "../../assets/dom.js";
import { digest, hex } from "../../assets/proof.js";
import { fileField } from "./files.js";
import { moment, t } from "../../assets/words.js";

/** @param {{match: boolean, current: boolean, issued_at: string}} told */
const VERDICT = (told) => {
  if (!told.match) return ["bad", "mismatch", t("KHÔNG TRÙNG KHỚP: hệ thống này chưa từng phát hành tệp như vậy, hoặc tệp đã bị sửa.", "NO MATCH: no such file was ever given out here, or it was altered.")];
  if (!told.current) return ["warn", "earlier", t(`TRÙNG KHỚP VỚI BẢN CŨ, phát hành lúc ${moment(told.issued_at)}.`, `MATCHES AN EARLIER EDITION, given out ${moment(told.issued_at)}.`)];
  return ["good", "match", t(`TRÙNG KHỚP: đúng tệp đã phát hành lúc ${moment(told.issued_at)}.`, `MATCH: this very file was given out ${moment(told.issued_at)}.`)];
};

fileField(byId("minutes-file"));
byId("minutes-file").addEventListener("change", async () => {
  const target = byId("minutes-file");
  const [file] = target.files;
  if (!file) return;
  target.value = ""; // so that the same file, altered, can be chosen again
  const place = byId("minutes-verdict");
  try {
    const [kind, verdict, words] = VERDICT(await get(`/intake/v1/minutes/${hex(await digest(file))}`));
    place.replaceChildren(el("p", { class: `notice ${kind}`, "data-verdict": verdict }, el("b", {}, file.name), " ", words));
  } catch (problem) {
    place.replaceChildren(el("p", { class: "notice bad" }, problemOf(problem).message));
  }
});
