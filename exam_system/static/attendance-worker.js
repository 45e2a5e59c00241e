"use strict";
/* Keeps the pages of rooms for the time without a network: what a page names is stored, asked of
   the server first and served from here when the server cannot be reached. Nothing else is touched. */
const KEPT = "exam-day-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function keep(addresses) {
  const cache = await caches.open(KEPT);
  for (const address of addresses) {
    try {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (answer.ok) await cache.put(address, answer);
    } catch { /* the network has just gone: what was kept before stays */ }
  }
}

self.addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keep(event.data.keep));
  if (event.data.forget) event.waitUntil(caches.delete(KEPT));
});

async function answered(request) {
  try {
    const answer = await fetch(request);
    const cache = await caches.open(KEPT);
    // a page that is kept is kept as it was shown last
    if (answer.ok && !answer.redirected && await cache.match(request.url)) {
      await cache.put(request.url, answer.clone());
    }
    return answer;
  } catch {
    const cache = await caches.open(KEPT);
    return (await cache.match(request.url)) || Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = new URL(request.url).origin === self.location.origin;
  if (own && request.method === "GET") event.respondWith(answered(request));
});
