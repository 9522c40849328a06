// What the phone keeps: the queue of writes, drafts, and the last lists read. "Saved" means the transaction completed.

import { t } from "../assets/words.js";

const NAME = "kycuong-form";
const VERSION = 2;
const STORES = ["items", "drafts", "lists", "photos"];

let opening = null;

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
      database.onclose = () => { opening = null; }; // phones close idle databases; the next use opens it again
      database.onversionchange = () => { database.close(); opening = null; }; // a newer form in another tab
      resolve(database);
    };
    request.onerror = () => { opening = null; reject(request.error); };
  });
  return opening;
}

/** A write completes once it is on the disk, not in a buffer that a dead battery empties. */
async function run(store, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: store === "lists" ? "relaxed" : "strict" });
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}

export const keep = (store, value) => run(store, "readwrite", (place) => place.put(value));
export const drop = (store, key) => run(store, "readwrite", (place) => place.delete(key));
export const find = (store, key) => run(store, "readonly", (place) => place.get(key));
export const everything = (store) => run(store, "readonly", (place) => place.getAll());

/** A failure to keep something, in words that say what to do. */
export const notKept = (error) => (error?.name === "QuotaExceededError"
  ? t("Máy đã hết chỗ: việc vừa làm CHƯA được giữ lại. Hãy xoá bớt ảnh hoặc ứng dụng trên máy rồi làm lại, và chưa đóng trang này.",
    "This device is full: the last step is NOT kept. Free some space, do it again, and do not close this page yet.")
  : t(`Có lỗi trên máy này, việc vừa làm có thể CHƯA được giữ lại: ${error?.message ?? error}`,
    `Something failed on this device, the last step may NOT be kept: ${error?.message ?? error}`));
