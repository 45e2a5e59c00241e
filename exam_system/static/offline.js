"use strict";
/* What pages share that go on without a network: what is kept in this device until the server has
   answered for it, the asking, and the worker that keeps the page for the time it is loaded anew. */
window.offline = (key, words) => {
  const part = (name) => document.querySelector(`[data-${name}]`);

  const waiting = () => JSON.parse(window.localStorage.getItem(key) || "[]");
  const store = (all) => window.localStorage.setItem(key, JSON.stringify(all));
  // each has an id made here, so that one that is sent twice is taken in once
  const add = (all) => store([...waiting(), ...all.map((one) => ({ ...one, client: window.crypto.randomUUID() }))]);

  /** Let go of what the server has answered for. */
  function settle(taken) {
    const done = new Set(taken.map((one) => one.client));
    store(waiting().filter((one) => !done.has(one.client)));
  }

  function problem(text) {
    const box = part("problem");
    box.hidden = !text;
    box.textContent = text;
  }

  /** The server's answer; a refusal is said on the page. With `body` it is something to take in. */
  async function ask(address, token, body) {
    const answer = await fetch(address, {
      cache: "no-store",
      redirect: "manual",
      ...(body && {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
      }),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      problem(words.login);
      throw new Error("logged out");
    }
    const found = await answer.json();
    if (!answer.ok) { problem(found.error || String(answer.status)); throw new Error("refused"); }
    problem("");
    return found;
  }

  /** Keep these addresses and what the page loads; the worker serves them while there is no network. */
  async function keep(worker, scope, addresses) {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(worker, { scope });
    const { active } = await navigator.serviceWorker.ready;
    const parts = [...document.querySelectorAll("link[href], script[src], img[src^='/']")];
    const whole = addresses.map((one) => new URL(one, window.location.href).href);
    active.postMessage({ keep: [...whole, ...parts.map((one) => one.href || one.src)] });
  }

  async function forget(scope) {
    if (!("serviceWorker" in navigator) || waiting().length) return;
    const worker = await navigator.serviceWorker.getRegistration(scope);
    if (worker && worker.active) worker.active.postMessage({ forget: true });
  }

  // a log-out empties this device: not while something waits in it
  document.addEventListener("submit", (event) => {
    if (!event.target.action.endsWith("/logout") || !waiting().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    problem(words.leave);
  }, true);

  return { part, waiting, add, settle, problem, ask, keep, forget };
};
