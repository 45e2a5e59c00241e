"use strict";
/* A signature drawn with a finger or a pen: lines of whole numbers on a field of 600 by 200. */
(() => {
  const form = document.querySelector("[data-sign]");
  if (!form) return;
  const field = form.querySelector("[data-field]");
  const done = form.querySelector("[data-done]");
  let lines = [];
  let drawing = null;

  function point(event) {
    const box = field.getBoundingClientRect();
    const on = (value, size) => Math.max(0, Math.min(size, Math.round(value * size)));
    return [on((event.clientX - box.left) / box.width, 600), on((event.clientY - box.top) / box.height, 200)];
  }

  function show() {
    field.replaceChildren(...lines.map((line) => {
      const drawn = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      drawn.setAttribute("points", line.join(" "));
      return drawn;
    }));
    done.disabled = lines.reduce((count, line) => count + line.length / 2, 0) < 4;
    form.elements.signature.value = JSON.stringify(lines);
  }

  field.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    field.setPointerCapture(event.pointerId);
    drawing = point(event);
    lines.push(drawing);
  });
  field.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    drawing.push(...point(event));
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) field.addEventListener(end, () => { drawing = null; });
  form.querySelector("[data-clear]").addEventListener("click", () => { lines = []; show(); });
})();
