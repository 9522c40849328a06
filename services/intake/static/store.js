// What the phone keeps: the queue of writes, drafts, and the last lists read. "Saved" means the transaction completed.

const NAME = "kycuong-form";
const VERSION = 1;
const STORES = ["items", "drafts", "lists"];

let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store, { keyPath: "key" });
    };
    request.onsuccess = () => {
      request.result.onclose = () => { opening = null; }; // phones close idle databases; the next use opens it again
      resolve(request.result);
    };
    request.onerror = () => { opening = null; reject(request.error); };
  });
  return opening;
}

async function run(store, mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const keep = (store, value) => run(store, "readwrite", (place) => place.put(value));
export const drop = (store, key) => run(store, "readwrite", (place) => place.delete(key));
export const find = (store, key) => run(store, "readonly", (place) => place.get(key));
export const everything = (store) => run(store, "readonly", (place) => place.getAll());
