"use strict";
/* The interviewer's tablet. A sheet is kept in this tablet until the server has answered for it; it
   has an id made here, so that one that is sent twice is taken in once. The server alone decides
   whether it counts: nothing counts before the session was opened or after it was closed. */
(() => {
  const EVERY = 2000;
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const part = (name) => document.querySelector(`[data-${name}]`);
  const desk = read("desk");
  const words = read("words");
  const KEY = `interview:${desk.key}`;
  const form = part("sheet");
  let busy = false;

  const waiting = () => JSON.parse(window.localStorage.getItem(KEY) || "[]");
  const store = (sheets) => window.localStorage.setItem(KEY, JSON.stringify(sheets));

  function problem(text) {
    const box = part("problem");
    box.hidden = !text;
    box.textContent = text;
  }

  // ---- the sheet: complete, or not sent
  const fields = () => [...form.querySelectorAll("[data-full]")];

  /** The number with two decimals, null when it is none that this field takes. */
  function numberIn(field) {
    const text = field.value.normalize("NFKC").trim();
    if (!/^(0|[1-9][0-9]{0,2})([.][0-9]{1,2})?$/.test(text)) return null;
    return Number(text) <= Number(field.dataset.full) ? Number(text).toFixed(2) : null;
  }

  function check() {
    const wrong = fields().filter((field) => {
      const bad = numberIn(field) === null;
      field.classList.toggle("is-invalid", bad);
      field.setAttribute("aria-invalid", String(bad));
      return bad;
    });
    const name = wrong.length ? wrong[0].dataset.name : "";
    problem(wrong.length ? (name ? `${name}: ` : "") + words.mark.replace("{full}", wrong[0].dataset.full) : "");
    if (wrong.length) wrong[0].focus();
    return wrong.length === 0;
  }

  /** Hundredths times weights in ten thousandths: shown only, the server adds up by itself. */
  function total() {
    const sum = fields().reduce((all, field) => all
      + Math.round(Number(numberIn(field)) * 100) * Math.round(Number(field.dataset.weight) * 10000), 0);
    const text = (sum / 1000000).toFixed(6).replace(/0{1,4}$/, "");
    return text;
  }

  function confirm() {
    if (!check()) return;
    const several = fields().filter((field) => field.dataset.name);
    part("list").replaceChildren(...several.map((field) => {
      const line = document.createElement("p");
      line.className = "mb-1";
      line.textContent = `${field.dataset.name}: ${numberIn(field)}`;
      return line;
    }));
    part("typed").textContent = total();
    form.hidden = true;
    part("confirm").hidden = false;
    part("confirm").focus();
  }

  function back() {
    part("confirm").hidden = true;
    form.hidden = false;
    fields()[0].focus();
  }

  function enter() {
    const sheet = { client: window.crypto.randomUUID(), place: desk.place, total: total() };
    const several = fields().filter((field) => field.dataset.name);
    if (several.length) {
      sheet.marks = Object.fromEntries(several.map((field) => [field.name.slice(5), numberIn(field)]));
    } else sheet.score = numberIn(fields()[0]);
    store([...waiting(), sheet]);
    show();
    send();
  }

  function show() {
    if (!form) return;
    const own = waiting().filter((sheet) => sheet.place === desk.place);
    part("kept").hidden = own.length === 0;
    if (!own.length) return;
    form.hidden = true;
    part("confirm").hidden = true;
    part("total").textContent = own[0].total;
    part("state").textContent = words.kept;
  }

  // ---- the server
  async function ask(sheets) {
    const answer = await fetch(desk.sheets, {
      method: "POST",
      cache: "no-store",
      redirect: "manual",
      headers: { "Content-Type": "application/json", "X-CSRFToken": desk.token },
      body: JSON.stringify({ code: desk.code, panel: desk.panel, sheets }),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      problem(words.login);
      throw new Error("logged out");
    }
    const found = await answer.json();
    if (!answer.ok) { problem(found.error || String(answer.status)); throw new Error("refused"); }
    return found.taken;
  }

  function tell(taken) {
    const refused = taken.filter((one) => one.outcome === "refused");
    const done = new Set(taken.map((one) => one.client));
    store(waiting().filter((sheet) => !done.has(sheet.client)));
    if (!refused.length) {
      if (form) part("state").textContent = words.sent;
      window.location.assign(desk.again);
      return;
    }
    problem(refused.map((one) => one.why).join(" "));
    if (!form) return;
    part("kept").hidden = true;
    form.hidden = false;
  }

  async function send() {
    const sheets = waiting();
    if (busy || !sheets.length) return;
    busy = true;
    try {
      tell(await ask(sheets));
    } catch {
      show(); // without a network: kept, and sent again in two seconds
    } finally { busy = false; }
  }

  async function follow() {
    await send();
    window.setTimeout(follow, EVERY);
  }

  // ---- without a network: the worker keeps this page for the time it is loaded anew
  async function keep() {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(desk.worker, { scope: desk.again });
    const { active } = await navigator.serviceWorker.ready;
    const parts = [...document.querySelectorAll("link[href], script[src]")];
    active.postMessage({ keep: [new URL(desk.again, window.location.href).href, ...parts.map((one) => one.href || one.src)] });
  }

  async function forget() {
    if (!("serviceWorker" in navigator)) return;
    const worker = await navigator.serviceWorker.getRegistration(desk.again);
    if (worker && worker.active) worker.active.postMessage({ forget: true });
  }

  document.addEventListener("submit", (event) => {
    if (event.target === form) {
      event.preventDefault();
      event.stopImmediatePropagation();
      confirm();
    } else if (event.target.action.endsWith("/logout")) {
      if (!waiting().length) { forget(); return; }
      event.preventDefault();
      event.stopImmediatePropagation();
      problem(words.leave);
    }
  }, true);
  if (form) {
    form.noValidate = true; // what is missing is named here, in the page's language
    part("enter").addEventListener("click", enter);
    part("back").addEventListener("click", back);
  }
  window.addEventListener("online", send);
  show();
  follow();
  if (desk.open) keep().catch(() => {});
})();
