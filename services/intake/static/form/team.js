// What a closing could leave behind: items of colleagues' phones that have not come, and refused ones of this phone.

import { get } from "../../assets/api.js";
import { items, t } from "../../assets/words.js";

const PATIENCE = 3000;

/** What speaks against closing now: {sure, left} in words, nothing left where all is well. Never a reason to refuse. @param {House} house @param {Seen} inspection */
export async function leftBehind(house, inspection) {
  const failed = house.queue.of(inspection.id).filter(({ state, kind }) => state === "failed" && kind !== "closing").length;
  const mine = failed ? [sure(t(`Máy này còn ${items(failed)} bị từ chối, chưa xử lý.`, `Refused and not dealt with on this device: ${items(failed)}.`))] : [];
  const others = (inspection.team ?? []).filter((account) => account !== house.account);
  const all = /** @type {any[]} */ ([...mine, ...(others.length ? await colleagues(inspection, others) : [])]);
  return { sure: all.some((each) => each.sure), left: all.map((each) => each.words ?? each) };
}

/** What is known for certain, beside what may be so, which is words alone. @typedef {{sure: boolean, words: string}} Sure */
/** @param {string} words @returns {Sure} */
const sure = (words) => ({ sure: true, words });

/** @param {Seen} inspection @param {string[]} others @returns {Promise<(Sure | string)[]>} */
async function colleagues(inspection, others) {
  try {
    const late = new Promise((_, no) => setTimeout(no, PATIENCE)); // whoever closes does not wait for a bad network
    const { devices = [] } = await Promise.race([get(`/intake/v1/inspections/${inspection.id}`), late]);
    return others.flatMap((account) => unsent(account, devices.filter((/** @type {Phone} */ one) => one.account === account), inspection));
  } catch {
    return [t("Không có mạng nên chưa biết máy của đồng nghiệp còn mục chưa gửi hay không.", "Without a network nobody knows whether colleagues' devices still hold something.")];
  }
}

/** @param {string} account @param {Phone[]} devices @param {Seen} seen */
function unsent(account, devices, { opened_at: opened }) {
  /** @type {(Sure | string)[]} */
  const told = devices.filter((one) => one.waiting > 0 || one.missing_count > 0).map((one) => sure(t(
    `Máy ${one.device.slice(-4)} của ${account}: ${items(Math.max(one.waiting, one.missing_count))} chưa gửi.`,
    `Device ${one.device.slice(-4)} of ${account}: ${items(Math.max(one.waiting, one.missing_count))} not sent.`)));
  const seen = devices.some((one) => one.last_received_at && Date.parse(one.last_received_at) >= Date.parse(opened));
  if (!told.length && !seen) told.push(t(`Máy chủ chưa nhận ghi nhận nào của ${account}: không sao nếu người này không ghi gì.`, `Nothing from ${account} has come yet: all is well if they recorded nothing.`));
  return told;
}
