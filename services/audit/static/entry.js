// The page of one entry: fetches its bytes, the proof and the key, checks them here and says each step in words.

import { get, Problem } from "../assets/api.js";
import { byId, el } from "../assets/dom.js";
import { language, moment, number, t } from "../assets/words.js";
import { cosignatures, hex, readNote, steps } from "../assets/proof.js";

/** @typedef {import("../assets/proof.js").Step} Step */

const WAIT = 10; // seconds for a checkpoint that covers the entry

const TITLE = {
  leaf: t("Tính mã băm của mục này", "The entry's own fingerprint"),
  node: t("Ghép với mã bên cạnh", "Combined with its neighbour"),
  root: t("So với mã gốc của mốc kiểm chứng", "Compared with the checkpoint's root"),
  signature: t("Kiểm chữ ký của nhật ký trên mốc kiểm chứng", "The log's signature on the checkpoint"),
};

/** @type {Record<string, string>} */
const TROUBLE = {
  "other-leaf": t("Nội dung nhận được không phải là nội dung mà nhật ký đã ghi: mã băm khác.", "What was received is not what the log holds: the fingerprint differs."),
  "other-words": t("Nội dung hiện trên trang khác với nội dung vừa được kiểm.", "What this page shows is not what was just checked."),
  "other-place": t("Đường ghép không dẫn tới đúng vị trí của mục này.", "The path does not lead to this entry's place."),
  "other-root": t("Ghép xong, kết quả khác với mã gốc đã ký: một mã trên đường ghép, hoặc mốc kiểm chứng, đã bị sửa.", "The result is not the signed root: a hash of the path, or the checkpoint, was changed."),
  "not-signed": t("Mốc kiểm chứng không mang chữ ký của khóa nhật ký này.", "The checkpoint carries no signature by this log's key."),
  "bad-signature": t("Chữ ký không khớp: mốc kiểm chứng hoặc chữ ký đã bị sửa.", "The signature does not hold: the checkpoint or the signature was changed."),
  "no-ed25519": t("Trình duyệt này không kiểm được chữ ký Ed25519, nên bước này chưa được kiểm. Hãy dùng trình duyệt mới hơn.", "This browser cannot check Ed25519 signatures, so this step was not checked. Use a newer browser."),
};

/** @param {Uint8Array} hash */
const short = (hash) => el("code", { title: hex(hash) }, `${hex(hash).slice(0, 8)}…${hex(hash).slice(-4)}`);

/** @type {Record<string, (step: any) => any[]>} */
const EXPLAINED = {
  leaf: (step) => [t("SHA-256 của byte 00 và đúng từng byte của mục. Sửa một chữ thì kết quả ở bước này đã khác: ", "SHA-256 of the byte 00 and the entry's exact bytes. Change one letter and this result is another: "), short(step.hash)],
  node: (step) => [step.side === "left" ? t("Mã bên trái ", "Left ") : t("Mã bên phải ", "Right "), short(step.sibling), t(", ghép lại thành ", ", together "), short(step.hash)],
  root: (step) => [t("Kết quả ghép là mã gốc mà mốc kiểm chứng ký: ", "The result is the root that the checkpoint signs: "), short(step.hash)],
  signature: (step) => [t("Ký bởi khóa của nhật ký ", "Signed by the key of the log "), el("code", {}, step.name)],
};

/** @param {boolean | null} ok */
const tag = (ok) => ok === null ? null : el("b", { class: `tag ${ok ? "good" : "bad"}` }, ok ? t("Khớp", "Holds") : t("Không khớp", "Does not hold"));

/** @param {Step} step */
function line(step) {
  const unchecked = step.ok === null && step.trouble;
  return el("li", { class: step.ok === false ? "failed" : unchecked ? "unchecked" : null, "data-step": step.kind },
    el("b", {}, TITLE[step.kind]), " ",
    unchecked ? el("b", { class: "tag warn" }, t("Chưa kiểm", "Not checked")) : tag(step.ok),
    el("p", {}, step.trouble ? TROUBLE[step.trouble] : EXPLAINED[step.kind](step)));
}

/** @param {"" | "good" | "warn" | "bad"} kind @param {...any} words */
function say(kind, ...words) {
  byId("verdict").className = `notice ${kind}`;
  byId("verdict").replaceChildren(...words);
}

/** @param {string} path */
async function fetched(path) {
  const response = await fetch(path, { credentials: "same-origin", cache: "no-store", headers: { "Accept-Language": language } });
  if (!response.ok) throw new Problem(response.status, await response.json());
  return response;
}

/** The bytes, the proof and the key, from the log. @param {string} id */
async function gather(id) {
  const answer = get(`/audit/v1/proofs/inclusion?id=${id}&wait=${WAIT}`);
  const [bytes, key] = await Promise.all([fetched(`/audit/v1/entries/${id}`), fetched("/audit/vkey")]);
  return { bytes: new Uint8Array(await bytes.arrayBuffer()), vkey: await key.text(), answer: await answer };
}

/** What is shown must be what is checked. @param {Step} step @param {Uint8Array} bytes @returns {Step} */
const asShown = (step, bytes) => step.kind === "leaf" && step.ok && new TextDecoder().decode(bytes) !== byId("raw").textContent
  ? { ...step, ok: false, trouble: "other-words" } : step;

/** Shows each step as it is taken; the last one. @param {Awaited<ReturnType<typeof gather>>} gathered */
async function walk({ bytes, answer, vkey }) {
  let last = /** @type {Step | null} */ (null);
  for await (const step of steps(bytes, Number(byId("proof").dataset.index), answer, vkey)) {
    last = asShown(step, bytes);
    byId("steps").append(line(last));
    if (last.ok === false) break;
  }
  return last;
}

/** @param {Step | null} last @param {import("../assets/proof.js").Answer} answer */
function conclude(last, answer) {
  const where = byId("steps").children.length;
  if (!last) return;
  if (last.ok === false) {
    say("bad", el("b", {}, t(`Không khớp ở bước ${where}: ${TITLE[last.kind]}.`, `Step ${where} does not hold: ${TITLE[last.kind]}.`)), " ",
      t("Hãy giữ nguyên trang này và báo cho người phụ trách nhật ký.", "Keep this page as it is and tell whoever is in charge of the log."));
  } else if (last.ok === null) {
    say("warn", t(`Các bước trước đều khớp, nhưng bước ${where} chưa kiểm được trên trình duyệt này.`, `All earlier steps hold, but step ${where} could not be checked in this browser.`));
  } else {
    say("good", el("b", {}, t("Tất cả các bước đều khớp.", "All steps hold.")), " ",
      t(`Mục này đứng ở vị trí số ${number(answer.index)} trong nhật ký có ${number(answer.size)} mục, đúng như mốc kiểm chứng đã ký.`, `This entry is number ${number(answer.index)} of the log of ${number(answer.size)} entries, as the signed checkpoint says.`));
  }
}

/** @param {import("../assets/proof.js").Answer} answer */
function showWitnesses(answer) {
  const seen = cosignatures(readNote(answer.checkpoint));
  byId("cosigned").replaceChildren(...seen.map(({ name, at }) => el("li", {}, el("code", {}, name), ` · ${moment(at)}`)));
  byId("witnesses").hidden = seen.length === 0;
}

async function check() {
  byId("steps").replaceChildren();
  byId("witnesses").hidden = true;
  say("", t("Đang kiểm…", "Checking…"));
  try {
    if (!globalThis.crypto?.subtle) return say("warn", t("Trang được mở không qua kết nối an toàn (https), nên trình duyệt không cho tính mã; chưa bước nào được kiểm.", "This page was not opened over a secure connection (https), so the browser does not compute hashes; nothing was checked."));
    const gathered = await gather(byId("proof").dataset.id ?? "");
    const last = await walk(gathered);
    if (last?.ok !== false) showWitnesses(gathered.answer);
    conclude(last, gathered.answer);
  } catch (error) {
    say("warn", t("Chưa kiểm được: ", "Could not be checked: "), error instanceof Problem ? error.message : t("máy chủ trả lời không đúng dạng.", "the server's answer makes no sense."));
  }
}

byId("again").addEventListener("click", check);
check();
