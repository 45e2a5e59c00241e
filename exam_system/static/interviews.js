"use strict";
/* Asks for a panel's state every second, the hall screen every half. The hall screen is filled in; other pages load anew
   when another candidate is called, a result is shown or the panel closes. */
(() => {
  const root = document.querySelector("[data-poll]");
  if (!root) return;

  const part = (name, within = root) => within.querySelector(`[data-${name}]`);
  const write = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };

  const fillBox = (box, state) => {
    box.className = `hall-box hall-${state.tone}`;
    write(part("text", box), state.text);
    write(part("word", box), state.word);
    const marks = part("marks", box);
    marks.hidden = state.marks.length === 0;
    marks.replaceChildren(...state.marks.flatMap(([text, out]) => {
      const mark = document.createElement(out ? "s" : "span"); // what was dropped is struck
      mark.textContent = text;
      return [mark, " "];
    }));
  };

  const fillHeard = (rows) => {
    const body = part("heard");
    if (body.rows.length === rows.length) return;
    body.replaceChildren(...rows.map((cells) => {
      const row = document.createElement("tr");
      for (const text of cells) row.insertCell().textContent = text;
      return row;
    }));
  };

  const fillHall = (view) => {
    const boxes = root.querySelectorAll("[data-box]");
    const others = view.substitutes !== root.dataset.substitutes;
    if (others || boxes.length !== view.boxes.length) return window.location.reload();
    boxes.forEach((box, at) => fillBox(box, view.boxes[at]));
    write(part("number"), view.number || "–");
    write(part("result"), view.result || "–");
    fillHeard(view.heard);
    write(part("sentence"), view.sentence);
    return undefined;
  };

  const watch = (view) => {
    if (view.mark !== root.dataset.mark) return window.location.assign(root.dataset.again);
    return write(part("sentence"), view.sentence);
  };

  const show = root.dataset.again ? watch : fillHall;
  const every = root.dataset.again ? 1000 : 500; // the hall has what was entered last
  window.follow(root.dataset.poll, every, part("lost"), show);
})();
