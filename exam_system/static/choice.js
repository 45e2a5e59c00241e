"use strict";
/* Follows a session in which places are chosen: asks for its state every second and counts the time down in between.
   The hall's screen is filled in; other pages load anew when something has happened, but not under somebody's hand. */
(() => {
  const root = document.querySelector("[data-choice]");
  if (!root) return;

  const part = (name) => root.querySelector(`[data-${name}]`);
  const write = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const timer = root.querySelector("[data-left]");
  let ends = timer && timer.dataset.left !== "" ? performance.now() + 1000 * Number(timer.dataset.left) : null;

  const tick = () => {
    const left = ends === null ? null : Math.max(0, Math.round((ends - performance.now()) / 1000));
    const text = left === null ? "–" : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    write(part("clock"), text);
    if (timer) timer.classList.toggle("choice-short", left !== null && left <= 60);
  };

  const cell = (row, text) => { row.insertCell().textContent = text; };
  const box = ([code, name, left, free]) => {
    const item = document.createElement("li");
    item.className = `hall-box hall-${left ? "in" : "out"}`;
    const parts = [["span", `${code} ${name}`], ["b", String(left)], ["span", `/ ${free}`]];
    item.append(...parts.map(([kind, text]) => Object.assign(document.createElement(kind), { textContent: text })));
    return item;
  };

  const fill = (view) => {
    write(part("sentence"), view.sentence);
    write(part("number"), view.number || "–");
    write(part("then"), view.then || "–");
    part("places").replaceChildren(...view.places.map(box));
    part("done-rows").replaceChildren(...view.done.map((cells) => {
      const row = document.createElement("tr");
      cells.forEach((text) => cell(row, text));
      return row;
    }));
  };

  const show = (view) => {
    ends = view.left === null ? null : performance.now() + 1000 * view.left;
    if ("hall" in root.dataset) fill(view);
    else if (view.mark !== root.dataset.mark) window.location.reload();
  };

  window.setInterval(tick, 250);
  window.follow(root.dataset.choice, 1000, part("lost"), show);
})();
