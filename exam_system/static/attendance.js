"use strict";
/* The sign-in of a room. Marks are kept in this phone until the server has answered for them (see
   offline.js). The server decides by its own clock what counts: here only the time between a mark and its sending is measured. */
(() => {
  const EVERY = 12000;
  const SCOPE = "/day/";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const day = read("day");
  const words = read("words");
  const people = new Map(day.people.map((one) => [one.number, one]));
  const rooms = new Map();
  for (const [room, numbers] of Object.entries(day.others)) for (const one of numbers) rooms.set(one, room);
  const kept = window.offline(`exam-day:${day.key}`, words);
  const { part, waiting, problem, ask } = kept;
  const dialog = part("dialog");
  let { state } = day;
  let ahead = day.state.now - Date.now();  // of the server's clock over this phone's
  let photos = {};
  let chosen = null;
  let busy = false;

  function add(marks) {
    const at = Date.now();
    kept.add(marks.map((one) => ({ ...one, at })));
    show();
    send();
  }

  function mark(number, kind, further = {}) {
    const known = state.people[number];
    const own = waiting().filter((one) => one.number === number).map((one) => one.client);
    const before = own.length ? own : known && !known.disputed ? known.marks : [];
    return { number, kind, replaces: before.join(" ") || null, ...further };
  }

  // ---- what counts, with what waits on top
  function stateOf(number) {
    const own = waiting().filter((one) => one.number === number && one.kind !== "elsewhere");
    const known = state.people[number];
    if (own.length) return { state: own[own.length - 1].kind, kept: true };
    return known || { state: null };
  }

  const over = () => Date.now() + ahead > day.entry_ends;

  function label(found) {
    if (found.disputed) return ["state-bad", words.disputed];
    const tones = { present: "state-good", absent: "", late: "state-wait" };
    return found.state ? [tones[found.state], words[found.state]] : ["state-info", words.none];
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function row(one) {
    const item = element("li", "sign-person");
    const button = element("button", "sign-open");
    button.type = "button";
    button.addEventListener("click", () => open(one.number));
    const found = stateOf(one.number);
    const [tone, text] = label(found);
    const seat = element("b", "sign-seat", String(one.seat).padStart(2, "0"));
    const name = element("span", "sign-name", one.name);
    const facts = element("span", "sign-facts", `${one.number} · ${one.id}`);
    const picture = element("img", "sign-photo");
    picture.alt = "";
    if (photos[one.number]) picture.src = photos[one.number]; else picture.hidden = true;
    const signs = element("span", "sign-state");
    signs.append(element("span", `state ${tone}`, text));
    if (found.kept) signs.append(element("span", "state state-wait", words.kept));
    const middle = element("span", "sign-middle");
    middle.append(name, facts);
    button.append(seat, picture, middle, signs);
    item.append(button);
    return item;
  }

  function show() {
    const marks = waiting();
    const left = part("waiting");
    left.hidden = marks.length === 0;
    left.textContent = `${words.waiting} ${marks.length}`;
    const present = day.people.filter((one) => stateOf(one.number).state === "present").length;
    part("count").textContent = words.of.replace("{present}", present).replace("{people}", day.people.length);
    const held = document.activeElement && document.activeElement.closest(".sign-person");
    const at = held ? [...held.parentNode.children].indexOf(held) : -1;
    part("list").replaceChildren(...day.people.map(row));
    if (at >= 0) part("list").children[at].firstChild.focus();
    const rest = part("rest");
    if (rest) rest.disabled = !over() || state.closed || left_unmarked().length === 0;
  }

  const left_unmarked = () => day.people.filter((one) => !stateOf(one.number).state);

  // ---- the server
  function net(text, tone) {
    const sign = part("net");
    sign.className = `state ${tone}`;
    sign.textContent = text;
  }

  // Forms need the office: without a network they would lead to the browser's own error page.
  function forms(usable) {
    for (const button of document.querySelectorAll("main form[method=post] button")) button.disabled = !usable;
  }

  function news(lines) {
    if (!lines.length) return;
    const box = part("news");
    box.hidden = false;
    box.replaceChildren(...lines.map((line) => element("p", "mb-0", line)));
  }

  function tell(sent, taken) {
    const of = new Map(sent.map((one) => [one.client, one]));
    const lines = [];
    for (const one of taken) {
      const number = of.get(one.client).number;
      const who = people.get(number);
      const name = who ? `${who.seat} ${who.name}` : number;
      if (one.outcome === "late") lines.push(`${name}: ${words.refused}`);
      else if (one.outcome === "early") lines.push(`${name}: ${words.early}`);
      else if (one.outcome === "after") lines.push(`${name}: ${words.after}`);
      else if (one.outcome === "unknown") lines.push(`${number}: ${words.unknown}`);
      else if (one.belongs) lines.push(`${number} ${words.belongs} ${one.belongs}`);
    }
    news(lines);
  }

  function take(found) {
    const before = Object.values(state.people).filter((one) => one.disputed).length;
    state = found;
    ahead = found.now - Date.now();
    const after = Object.values(state.people).filter((one) => one.disputed).length;
    if (after > before) news([words.dispute]);
    net(words.online, "state-good");
    forms(true);
    show();
    if (state.closed) kept.forget(SCOPE);
  }

  async function send() {
    const marks = waiting().slice(0, 200);
    if (busy) return;
    busy = true;
    let reached = false;
    try {
      if (marks.length) {
        const found = await ask(day.marks, day.token, { sent_at: Date.now(), marks });
        kept.settle(found.taken);
        tell(marks, found.taken);
        take(found.state);
      } else take(await ask(day.state_of));
      reached = true;
    } catch {
      net(words.offline, "state-wait");
      forms(false);
      show();
    } finally { busy = false; }
    const sent = new Set(marks.map((one) => one.client));
    if (reached && waiting().some((one) => !sent.has(one.client))) await send(); // marked meanwhile
  }

  // ---- one candidate
  function open(number) {
    const one = people.get(number);
    chosen = number;
    const picture = part("photo");
    const warn = part("warn");
    part("choices").hidden = !one;
    part("elsewhere").hidden = Boolean(one);
    picture.hidden = !one || !photos[number];
    if (!picture.hidden) picture.src = photos[number];
    document.getElementById("doubt").value = "";
    part("who").textContent = one ? `${words.seat} ${one.seat} · ${one.name}` : number;
    part("facts").textContent = one ? `${number} · ${one.id}` : "";
    const where = rooms.get(number);
    const text = one ? (over() ? words.entry : "") : where ? `${words.elsewhere} ${where}` : words.nowhere;
    warn.hidden = !text;
    warn.textContent = text;
    dialog.querySelector('[data-mark="absent"]').disabled = !over();
    dialog.showModal();
  }

  function numberOf(text) {
    const told = /^number (\S+)$/m.exec(text);
    const typed = (told ? told[1] : text).trim();
    if (people.has(typed) || told) return typed;
    const seat = day.people.filter((one) => typed === String(one.seat) || typed === String(one.seat).padStart(2, "0"));
    if (typed.length <= 2) return seat.length === 1 ? seat[0].number : "";
    const tail = day.people.filter((one) => typed.length >= 4 && typed.toUpperCase().endsWith(one.tail));
    if (tail.length === 1 && (typed.length === 4 || typed.length === 18)) return tail[0].number;
    return /^[0-9]{7,}$/.test(typed) && typed.length < 18 ? typed : "";
  }

  if (part("find")) {
    const field = document.getElementById("find");
    const find = () => {
      const number = numberOf(field.value);
      problem(number ? "" : words.unknown);
      field.value = "";
      if (number) open(number);
    };
    part("find").addEventListener("submit", (event) => { event.preventDefault(); delete event.target.dataset.sent; find(); });
    // a scanner ends a code with the Enter key; a ticket's code has several lines, the last one signed
    field.addEventListener("keydown", (event) => {
      const whole = !/^\S+\/ticket\//.test(field.value) || /^\u2014 /m.test(field.value);
      if (event.key === "Enter" && whole) { event.preventDefault(); find(); }
    });
  }

  dialog.addEventListener("click", (event) => {
    const { mark: kind, close } = event.target.dataset;
    if (close !== undefined) dialog.close();
    if (!kind) return;
    const doubt = document.getElementById("doubt");
    if (kind === "doubt" && !doubt.value.trim()) { doubt.focus(); return; }
    dialog.close();
    if (kind === "told" || kind === "found") add([{ number: chosen, kind: "elsewhere", found: kind }]);
    else if (kind === "doubt") add([mark(chosen, "present", { doubt: doubt.value })]);
    else add([mark(chosen, kind)]);
  });

  const rest = part("rest");
  if (rest) {
    rest.addEventListener("click", () => {
      const left = left_unmarked();
      if (!rest.dataset.sure) {
        rest.dataset.sure = "yes";
        rest.textContent = `${words.sure} ${left.map((one) => one.seat).join(", ")}`;
        return;
      }
      add(left.map((one) => mark(one.number, "absent")));
      delete rest.dataset.sure;
      rest.textContent = rest.dataset.name;
    });
    rest.dataset.name = rest.textContent;
  }

  async function pictures() {
    try { photos = await ask(day.photos); } catch { photos = {}; }
    show();
  }

  async function follow() {
    await send();
    window.setTimeout(follow, EVERY);
  }

  window.addEventListener("online", send);
  window.addEventListener("offline", () => net(words.offline, "state-wait"));
  show();
  pictures();
  follow();
  if (!state.closed) kept.keep(day.worker, SCOPE, [window.location.href, day.photos]).catch(() => {});
})();
