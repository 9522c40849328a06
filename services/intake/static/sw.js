// The form without a network. The server puts VERSION and FILES ({address: hash}) before this text; any changed file makes
// another version. Only GET of the form's page and of its own files: writes and answers about cases never pass through here.

/* global VERSION, FILES */

const CACHE = `kycuong-form-${VERSION}`;
const LANGUAGE = "/intake/language"; // not an address of the server: where the page leaves the reader's language

addEventListener("install", (event) => event.waitUntil(fill()));

addEventListener("activate", (event) => event.waitUntil(settle()));

addEventListener("message", ({ data }) => { if (data === "take-over") skipWaiting(); });

addEventListener("sync", (event) => event.waitUntil(wake()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (pathname === "/intake/") event.respondWith(page(request, searchParams.get("lang")));
  } else if (pathname in FILES) event.respondWith(file(request, event.clientId));
});

/** All or nothing, each checked against its hash: a half-changed server or a portal's page is no version. */
async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll(Object.entries(FILES).map(([address, integrity]) =>
    new Request(address, { integrity, cache: "no-cache", credentials: "omit" })));
}

async function settle() {
  const old = (await caches.keys()).filter((name) => name.startsWith("kycuong-form-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

/** The pages send; a worker that sent too would have to read what is sealed to an account. */
async function wake() {
  for (const client of await clients.matchAll({ type: "window" })) client.postMessage("flush");
}

async function kept(address) {
  return (await caches.open(CACHE)).match(address, { ignoreVary: true });
}

/** Only the form's own page takes the kept files: the desk shares some of them, and its others come from the server. */
async function file(request, clientId) {
  const asking = await clients.get(clientId);
  const form = asking && new URL(asking.url).pathname === "/intake/";
  return (form && await kept(new URL(request.url).pathname)) || fetch(request);
}

/** The page that holds nobody's data; who is signed in, its script asks. */
async function page(request, wanted) {
  const language = wanted ?? await (await caches.match(LANGUAGE))?.text();
  return (await kept(`/intake/shell?lang=${language === "en" ? "en" : "vi"}`)) ?? fetch(request);
}
