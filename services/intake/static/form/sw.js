// The form without a network. The server puts VERSION, FILES ({address: hash}) and AWAY ({language: page}) before this text; any
// changed file makes another version. Only GET of the form's page and of its own files: writes and answers about cases never
// pass through here. A second registration of this very script, for the whole origin, keeps nothing: it only says of a section
// that cannot be reached that it needs a network.

const CACHE = `kycuong-form-${VERSION}`;
const LANGUAGE = "/intake/language"; // not an address of the server: where the page leaves the reader's language

const FORM = registration.scope.endsWith("/intake/");

addEventListener("install", (/** @type {any} */ event) => event.waitUntil(FORM ? fill() : skipWaiting()));

addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(FORM ? settle() : clients.claim()));

addEventListener("message", ({ data }) => { if (data === "take-over") skipWaiting(); });

addEventListener("sync", (/** @type {any} */ event) => event.waitUntil(wake()));

addEventListener("push", (/** @type {any} */ event) => event.waitUntil(tell(event.data)));

addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (FORM && pathname === "/intake/") event.respondWith(page(request, searchParams.get("lang")));
    else if (!/\/v1\/|\.\w+$/.test(pathname)) event.respondWith(fetch(request).catch(away)); // a page, not a file to download
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

/** @param {string} address */
async function kept(address) {
  return (await caches.open(CACHE)).match(address, { ignoreVary: true });
}

/**
 * Only the form's own page takes the kept files: the desk shares some of them, and its others come from the server; how a
 * page looks where there is no network, for the one that says so.
 * @param {Request} request @param {string} clientId
 */
async function file(request, clientId) {
  const asking = await clients.get(clientId);
  const form = asking && new URL(asking.url).pathname === "/intake/";
  const { pathname } = new URL(request.url);
  return (form && await kept(pathname)) || fetch(request).catch(async (error) => {
    const look = /\.css$|outdoor\.js$/.test(pathname) && await caches.match(pathname, { ignoreVary: true });
    if (look) return look;
    throw error;
  });
}

/** The reader's language: what the address says, then the cookie that every page sets, then what the form was last read in. */
async function reader(wanted = /** @type {string | null} */ (null)) {
  const chosen = wanted && wanted in AWAY ? wanted : (await self.cookieStore?.get("kycuong_lang"))?.value;
  const language = chosen ?? await (await caches.match(LANGUAGE))?.text();
  return language === "en" ? "en" : "vi";
}

/** A section that cannot be reached. */
async function away() {
  return new Response(AWAY[await reader()], {
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'self'" },
  });
}

/** The page that holds nobody's data; who is signed in, its script asks. @param {Request} request @param {string | null} wanted */
async function page(request, wanted) {
  return (await kept(`/intake/shell?lang=${await reader(wanted)}`)) ?? fetch(request);
}

/** A notice, in the server's own words: unit and kind, no name and no allegation. A repeat takes the place of the first. @param {{ json(): any } | null} said */
async function tell(said) {
  const { id, title, findings = 0, link = "" } = said?.json() ?? {};
  const english = await reader() === "en";
  const count = findings > 0 ? (english ? `${findings} finding${findings === 1 ? "" : "s"}. ` : `${findings} ghi nhận. `) : "";
  await registration.showNotification(title ?? "Kỷ Cương", {
    body: count + (english ? "Open to read." : "Mở để xem."), tag: id, data: link, icon: "/intake/static/icon-192.png",
  });
}

/** The notice's page: in a window of ours where there is one, else in a new one; no address of anybody else's. @param {string} link */
async function show(link) {
  const address = new URL(link || "/reports/notices", location.origin);
  const path = new URL(address.pathname + address.search, location.origin).href;
  for (const client of await clients.matchAll({ type: "window" })) {
    if (client.url === path) return client.focus();
  }
  return clients.openWindow(path);
}
