#!/usr/bin/env bash
# playwright-core 1.65.1 (npm) with Chromium 153.0.8010.0 (@sparticuz/chromium 153.0.0), seen 2026-11-30.
#
# `context.setOffline(true)` is how a suite tries a page that must live without a network. It is less offline than a basement:
# - What is open stays open. An EventSource and the body of an answer that is being read go on bringing what the server sends; a
#   WebSocket is held up and brings it afterwards, in order. None hears of an error, so a page that says "no connection" when its stream
#   ends never says it, and what should ask anew after an outage never does.
# - A shared worker is online: its requests reach the server while `navigator.onLine` is false to it too. What a page does by one is not
#   tried at all. Dedicated workers and the service worker are offline.
# - `sendBeacon` answers true, for good, and nothing is sent then or later.
# - `context.request`, by which suites ask the server "as the page would", is online.
#
# Seen: as asserted below. End the server (or its connections) for what listens; `setOffline` is right for what asks.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" playwright-core@1.65.1 @sparticuz/chromium@153.0.0 ws@8.18.3 >/dev/null
cd "$place"
cat > offline.mjs <<'JS'
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import Chromium from "@sparticuz/chromium";
import { chromium } from "playwright-core";
import { WebSocketServer } from "ws";

const WORKERS = {
  "/service.js": `onactivate = (event) => event.waitUntil(clients.claim());
    onmessage = async (event) => event.source.postMessage(await asked("/by-service"))`,
  "/own.js": `onmessage = async () => postMessage(await asked("/by-own"))`,
  "/shared.js": `onconnect = ({ ports: [port] }) => { port.onmessage = async () => port.postMessage(await asked("/by-shared")) }`,
};
const ASKED = `async function asked(path) {
    const answer = await fetch(path, { cache: "no-store" }).then((answer) => answer.status, () => "fails");
    return [answer, navigator.onLine];
  }\n`;
const came = new Set();
const open = [];
const server = createServer((request, response) => {
  came.add(request.url);
  const kind = { "/": "text/html", "/events": "text/event-stream" }[request.url] ?? "text/javascript";
  response.writeHead(200, { "Content-Type": kind });
  if (request.url === "/events" || request.url === "/body") {
    response.write("data: first\n\n");
    open.push((words) => response.write(`data: ${words}\n\n`));
  } else response.end(ASKED + (WORKERS[request.url] ?? ""));
});
new WebSocketServer({ server, path: "/socket" }).on("connection", (socket) => {
  socket.send("first");
  open.push((words) => socket.send(words));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://localhost:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: await Chromium.executablePath(), args: ["--no-sandbox"] });
const context = await browser.newContext();
const page = await context.newPage();

const answers = () =>
  page.evaluate(async () => {
    const answer = (target, send) =>
      new Promise((resolve) => {
        target.onmessage = ({ data }) => resolve(data);
        send();
      });
    const { own, shared } = globalThis.workers;
    const { controller } = navigator.serviceWorker;
    return {
      page: [await fetch("/by-page", { cache: "no-store" }).then(({ status }) => status, () => "fails"), navigator.onLine],
      service: await answer(navigator.serviceWorker, () => controller.postMessage("ask")),
      own: await answer(own, () => own.postMessage("ask")),
      shared: await answer(shared.port, () => shared.port.postMessage("ask")),
      beacon: navigator.sendBeacon("/beacon", "x"),
    };
  });
const heard = async (words, among) => {
  for (let tries = 0; tries < 100; tries++) {
    const told = await page.evaluate(() => globalThis.heard);
    if (among.every((name) => told[name].includes(words))) return told;
    await pause(100);
  }
  throw new Error(`not heard by all: ${JSON.stringify(await page.evaluate(() => globalThis.heard))}`);
};

try {
  await page.goto(url);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/service.js");
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.workers = { own: new Worker("/own.js"), shared: new SharedWorker("/shared.js") };
    globalThis.heard = { events: "", socket: "", body: "" };
    const events = new EventSource("/events");
    events.onmessage = ({ data }) => { globalThis.heard.events += `${data};`; };
    events.onerror = () => { globalThis.heard.events += "error;"; };
    const socket = new WebSocket(`ws://${location.host}/socket`);
    socket.onmessage = ({ data }) => { globalThis.heard.socket += `${data};`; };
    socket.onerror = socket.onclose = () => { globalThis.heard.socket += "error;"; };
    const reader = (await fetch("/body")).body.pipeThrough(new TextDecoderStream()).getReader();
    const on = ({ value, done }) => {
      globalThis.heard.body += done ? "error;" : value.replace("data: ", "").replace("\n\n", ";");
      if (!done) reader.read().then(on, () => on({ done: true }));
    };
    reader.read().then(on);
  });
  await heard("first", ["events", "body", "socket"]);
  await context.setOffline(true);
  came.clear();
  for (const send of open) send("offline");
  const told = await heard("offline", ["events", "body"]);
  const asked = await answers();
  const direct = (await context.request.get(`${url}direct`)).status();
  await context.setOffline(false);
  for (const send of open) send("again");
  const after = await heard("again", ["events", "body", "socket"]);
  await pause(1000); // a beacon that was only put off would come now
  console.log({ ...asked, direct, told, after, came: [...came].sort() });
  assert.deepEqual(told, { events: "first;offline;", socket: "first;", body: "first;offline;" });
  assert.deepEqual(asked, {
    page: ["fails", false], service: ["fails", false], own: ["fails", false], shared: [200, false], beacon: true,
  });
  assert.deepEqual(new Set(Object.values(after)), new Set(["first;offline;again;"]));
  assert.equal(direct, 200);
  assert.deepEqual([...came].sort(), ["/by-shared", "/direct"]);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
JS
TMPDIR="$place" timeout 120 node offline.mjs
