"use strict";
/* Follows a ceremony: told by server-sent events, else by asking every few seconds. What the page
   shows stays when the connection goes. The result is computed by then; here it is only shown. */
(() => {
  const REFRESH = 5000;
  const GONE = 6000;  // a stream that ends is opened again within this time
  const DIGIT = 400;
  const PACES = [4000, 2000, 1000, 500, 200];
  const FEW = 300;  // up to so many labels are shown one after the other, else slot by slot
  const CELLS = 100;
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const root = () => document.querySelector("[data-story]");
  const follows = () => Boolean(root() && "follow" in root().dataset);

  // ---- news
  let source = null;
  let asking = null;
  let silence = null;

  function lost(gone) {
    window.clearTimeout(silence);
    silence = null;
    for (const part of document.querySelectorAll("[data-lost]")) part.hidden = !gone;
  }

  function doubt() {
    if (silence === null) silence = window.setTimeout(() => lost(true), GONE);
  }

  function listen() {
    if (!follows() || source || asking) return;
    if (!root().dataset.events) { ask(); return; }
    const address = new URL(root().dataset.events, window.location.href);
    address.searchParams.set("since", root().dataset.story);
    source = new EventSource(address);
    source.addEventListener("open", () => lost(false));
    source.addEventListener("story", refresh);
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) { hush(); ask(); } else doubt();
    });
  }

  function hush() {
    if (source) source.close();
    source = null;
    window.clearTimeout(asking);
    asking = null;
  }

  // No stream to be had: the mark of the story is asked for instead.
  async function ask() {
    asking = window.setTimeout(ask, REFRESH);
    try {
      const answer = await fetch(root().dataset.asked, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      lost(false);
      if ((await answer.text()) !== root().dataset.story) await refresh();
    } catch { lost(true); }
  }

  async function refresh() {
    try {
      const answer = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-story]");
      lost(false);
      if (fresh && fresh.dataset.story === root().dataset.story) return;
      if ("again" in root().dataset) window.location.reload();
      else if (fresh) put(fresh);
    } catch {
      lost(true);
      window.setTimeout(refresh, REFRESH);
    }
  }

  function put(fresh) {
    const here = root();
    const before = here.querySelector("[data-result]");
    const after = fresh.querySelector("[data-result]");
    const kept = before && after && before.dataset.seed === after.dataset.seed;
    if (kept) after.replaceWith(before);  // goes on where it is
    here.replaceWith(fresh);
    if (!kept) play(after, true);
    balls(here, fresh);
    if (!follows()) hush();
    window.dispatchEvent(new Event("resize"));  // site.js looks at the new tables
  }

  // The dice come one by one as they were typed, and get their ring one by one as they are read back.
  function balls(here, fresh) {
    if (calm()) return;
    for (const [mark, hidden] of [["typed", "ball-coming"], ["read", "ball-unread"]]) {
      const row = `[data-dice~="${mark}"]`;
      if (here.querySelector(row) || !fresh.querySelector(row)) continue;
      fresh.querySelectorAll(`${row} .ball`).forEach((ball, at) => {
        ball.classList.add(hidden);
        window.setTimeout(() => ball.classList.remove(hidden), DIGIT * (at + 1));
      });
    }
  }

  // ---- the result, shown at a pace that people can follow
  function places(box) {
    return Array.from(box.querySelectorAll("tr[data-slot]"), (row) => ({
      name: row.dataset.slot,
      labels: row.querySelector("[data-labels]").textContent.split(",\n").map((one) => one.trim()),
    }));
  }

  async function ticket(text) {
    if (!window.crypto || !crypto.subtle) return "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function play(box, live) {
    if (!box || !box.querySelector("[data-player]")) return;
    const part = (name) => box.querySelector(`[data-${name}]`);
    const slots = places(box);
    const total = slots.reduce((sum, slot) => sum + slot.labels.length, 0);
    if (!total) return;
    const all = total <= FEW;
    let list = [];
    let at = -1;
    let pace = 1;
    let timer = null;

    const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
    const say = (name, values = {}) => fill(part("player").dataset[name], values);

    function choose(index) {
      const chosen = all && index === 0 ? slots : [slots[index - (all ? 1 : 0)]];
      list = chosen.flatMap((slot) => slot.labels.map((label, place) => ({ slot, label, place })));
      at = -1;
      draw();
    }

    function cells(slot) {
      const first = Math.max(0, Math.min(list[Math.max(at, 0)].place - CELLS + 1, slot.labels.length - CELLS));
      const shown = new Map(list.slice(0, at + 1).filter((one) => one.slot === slot).map((one) => [one.place, one.label]));
      part("places").replaceChildren(...slot.labels.slice(first, first + CELLS).map((_label, n) => {
        const item = document.createElement("li");
        const place = first + n;
        item.append(Object.assign(document.createElement("span"), { textContent: String(place + 1) }));
        item.append(Object.assign(document.createElement("b"), { textContent: shown.get(place) || "·" }));
        if (shown.has(place)) item.className = place === list[at].place ? "player-now" : "player-in";
        return item;
      }));
    }

    async function draw() {
      const one = list[Math.max(at, 0)];
      cells(one.slot);
      part("place-now").textContent = say("place", { slot: one.slot.name, place: one.place + 1 });
      part("label").textContent = at < 0 ? "–" : one.label;
      part("count-now").textContent = say("count", { shown: at + 1, all: list.length });
      part("go").textContent = say(timer ? "pause" : at < 0 ? "begin" : "on");
      part("next").disabled = part("go").disabled = at === list.length - 1;
      part("slower").disabled = pace === 0;
      part("faster").disabled = pace === PACES.length - 1;
      part("check").hidden = at < 0;
      if (at < 0) return;
      const text = `${box.dataset.seed}:${box.dataset.purpose}:${one.label}`;
      part("command").textContent = `printf '%s' '${text.replaceAll("'", "'\\''")}' | sha256sum`;
      part("ticket").textContent = await ticket(text);
    }

    function run(on) {
      window.clearInterval(timer);
      timer = on && at < list.length - 1 ? window.setInterval(step, PACES[pace]) : null;
      box.classList.toggle("player-running", Boolean(timer));
    }

    function step() {
      at = Math.min(at + 1, list.length - 1);
      if (at === list.length - 1) run(false);
      draw();
    }

    function change(by) {
      pace = Math.max(0, Math.min(PACES.length - 1, pace + by));
      run(Boolean(timer));
      draw();
    }

    function end() { run(false); at = list.length - 1; box.classList.remove("player-first"); draw(); }

    const names = slots.map((slot) => `${slot.name} (${slot.labels.length})`);
    const options = (all ? [say("all"), ...names] : names).map((name, n) => new Option(name, String(n)));
    part("choose").replaceChildren(...options);
    part("choose").addEventListener("change", (event) => { run(false); choose(Number(event.target.value)); });
    part("go").addEventListener("click", () => { run(!timer); draw(); });
    part("next").addEventListener("click", () => { run(false); step(); });
    part("slower").addEventListener("click", () => change(-1));
    part("faster").addEventListener("click", () => change(1));
    part("whole").addEventListener("click", end);
    part("copy").addEventListener("click", () => copy(part("command"), part("copy")));
    part("player").hidden = false;
    choose(0);
    if (!live) return;
    box.classList.add("player-first");  // the table waits until the first showing is over
    if (calm()) end(); else run(true);
    draw();
  }

  function copy(from, button) {
    const range = document.createRange();
    range.selectNodeContents(from);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);  // marked, where the page may not use the clipboard
    if (!navigator.clipboard) return;
    navigator.clipboard.writeText(from.textContent).then(() => { button.textContent = button.dataset.done; }, () => {});
  }

  for (const box of document.querySelectorAll("[data-result]")) play(box, false);
  for (const button of document.querySelectorAll("[data-print-page]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("[data-story] details")) part.open = true;
  });
  // A page that nobody looks at takes no place from others.
  document.addEventListener("visibilitychange", () => {
    hush();
    if (!document.hidden) listen();
  });
  window.addEventListener("pagehide", hush);
  window.addEventListener("offline", () => { if (follows()) lost(true); });
  window.addEventListener("online", () => { hush(); listen(); });
  listen();
})();
