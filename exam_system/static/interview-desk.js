"use strict";
/* The interviewer's tablet. A sheet is kept in this tablet until the server has answered for it
   (see offline.js). The server alone decides whether it counts: nothing counts before the session was opened or after it was closed. */
(() => {
  const EVERY = 2000;
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const desk = read("desk");
  const words = read("words");
  const { part, waiting, add, settle, problem, ask, keep, forget } = window.offline(`interview:${desk.key}`, words);
  const form = part("sheet");
  let busy = false;

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
    const sheet = { place: desk.place, total: total() };
    const several = fields().filter((field) => field.dataset.name);
    if (several.length) {
      sheet.marks = Object.fromEntries(several.map((field) => [field.name.slice(5), numberIn(field)]));
    } else sheet.score = numberIn(fields()[0]);
    add([sheet]);
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
  function tell(taken) {
    const refused = taken.filter((one) => one.outcome === "refused");
    settle(taken);
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
      const found = await ask(desk.sheets, desk.token, { code: desk.code, panel: desk.panel, sheets });
      tell(found.taken);
    } catch {
      show(); // without a network: kept, and sent again in two seconds
    } finally { busy = false; }
  }

  async function follow() {
    await send();
    window.setTimeout(follow, EVERY);
  }

  document.addEventListener("submit", (event) => {
    if (event.target === form) {
      event.preventDefault();
      event.stopImmediatePropagation();
      confirm();
    } else if (event.target.action.endsWith("/logout")) forget(desk.again);
  }, true);
  if (form) {
    form.noValidate = true; // what is missing is named here, in the page's language
    part("enter").addEventListener("click", enter);
    part("back").addEventListener("click", back);
  }
  window.addEventListener("online", send);
  show();
  follow();
  if (desk.open) keep(desk.worker, desk.again, [desk.again]).catch(() => {});
})();
