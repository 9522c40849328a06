// What the phone keeps: the queue of writes, drafts, photos, and the last lists read, each sealed under a key that never
// leaves this browser. "Saved" means the transaction completed.

import { t } from "../../assets/words.js";

const NAME = "kycuong-form";
const VERSION = 3;
const STORES = ["items", "drafts", "lists", "photos", "keys"];
const SEAL = "seal/"; // how the names of the sealing keys begin

/** A record under its key; of a photo, its bytes. @typedef {{key: string, blob?: Blob, [name: string]: any}} Kept */
/** @typedef {{key: string, made: CryptoKey}} SealKey */

let opening = /** @type {Promise<IDBDatabase> | null} */ (null);
let sealing = /** @type {Promise<SealKey | null> | null} */ (null);

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, { keyPath: "key" });
      }
    };
    request.onsuccess = () => {
      const database = request.result;
      const forget = () => { opening = null; sealing = null; };
      database.onclose = forget; // phones close idle databases; the next use opens it again
      database.onversionchange = () => { database.close(); forget(); }; // a newer form in another tab
      resolve(database);
    };
    request.onerror = () => { opening = null; reject(request.error); };
  });
  return opening;
}

/** A write completes once it is on the disk, not in a buffer that a dead battery empties. @template T @param {string[]} stores @param {IDBTransactionMode} mode @param {(store: (name: string) => IDBObjectStore) => IDBRequest<T> | void} act @returns {Promise<any>} */
async function run(stores, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode, { durability: stores[0] === "lists" ? "relaxed" : "strict" });
    const request = act((store) => transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? request?.error);
  });
}

/** A key of this browser to seal with, {key, made}: one that is there, or a new one; null where the browser can keep none. */
function sealKey() {
  if (!crypto.subtle) return null;
  sealing ??= (async () => {
    const known = (await run(["keys"], "readonly", (place) => place("keys").getAll())).find((/** @type {SealKey} */ { key }) => key.startsWith(SEAL));
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const fresh = { key: `${SEAL}${crypto.randomUUID()}`, made };
    await run(["keys"], "readwrite", (place) => place("keys").put(fresh));
    return fresh;
  })().catch(() => { sealing = null; return null; }); // some browsers keep no keys in a private window: better kept plainly than not
  return sealing;
}

/** @param {string} store @param {Kept} value @param {SealKey | null} by */
async function seal(store, value, by) {
  if (store === "keys" || !by) return value;
  const { blob, ...words } = value;
  const plain = blob ? await blob.arrayBuffer() : new TextEncoder().encode(JSON.stringify(words));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { key: value.key, by: by.key, iv, type: blob?.type, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, by.made, plain) };
}

/** What was kept, also by a form that did not seal; undefined where it cannot be read, and the page is told. @param {any} record */
async function unseal(record) {
  if (!record?.sealed) return record;
  const by = await run(["keys"], "readonly", (place) => place("keys").get(record.by));
  const plain = by && await crypto.subtle.decrypt({ name: "AES-GCM", iv: record.iv }, by.made, record.sealed).catch(() => null);
  if (!plain) {
    document.dispatchEvent(new CustomEvent("unreadable"));
    return undefined;
  }
  return record.type === undefined ? JSON.parse(new TextDecoder().decode(plain)) : { key: record.key, blob: new Blob([plain], { type: record.type }) };
}

/**
 * Keep several things or none: [[store, value], …]. The key that seals them is kept with them, under its own name: two tabs,
 * or a browser that emptied the store in between, may each have one, and no record loses its own.
 * @param {any[][]} pairs
 */
export async function keepAll(pairs) {
  const by = await sealKey();
  const sealed = await Promise.all(pairs.map(async ([store, value]) => [store, await seal(store, value, by)]));
  await run([...new Set([...pairs.map(([store]) => store), "keys"])], "readwrite", (place) => {
    for (const [store, value] of sealed) place(store).put(value);
    if (by) place("keys").put(by);
  });
}

/** @param {string} store @param {Kept} value */
export const keep = (store, value) => keepAll([[store, value]]);
/** @param {string} store @param {string[]} keys */
export const dropAll = (store, keys) => run([store], "readwrite", (place) => { for (const key of keys) place(store).delete(key); });
/** @param {string} store @param {string} key */
export const drop = (store, key) => dropAll(store, [key]);
/** @param {string} store @param {string} key @returns {Promise<any>} */
export const find = async (store, key) => unseal(await run([store], "readonly", (place) => place(store).get(key)));
/** @param {string} store @returns {Promise<any[]>} */
export const everything = async (store) =>
  (await Promise.all((await run([store], "readonly", (place) => place(store).getAll())).map(unseal))).filter(Boolean);

/** @param {any} error */
export const isFull = (error) => error?.name === "QuotaExceededError";

/** A failure to keep something, in words that say what to do. @param {any} error */
export const notKept = (error) => (isFull(error)
  ? t("Máy đã hết chỗ: việc vừa làm CHƯA được giữ lại. Hãy xóa bớt ảnh hoặc ứng dụng trên máy rồi làm lại, và chưa đóng trang này.",
    "This device is full: the last step is NOT kept. Free some space, do it again, and do not close this page yet.")
  : t(`Có lỗi trên máy này, việc vừa làm có thể CHƯA được giữ lại: ${error?.message ?? error}`,
    `Something failed on this device, the last step may NOT be kept: ${error?.message ?? error}`));
