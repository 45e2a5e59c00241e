"use strict";
/* While a table is taken in: asks how far it is, until the next page comes. */
(() => {
  const AGAIN = 1000;
  const form = document.querySelector("form[data-progress]");
  if (!form) return;

  async function ask(bar) {
    try {
      const answer = await fetch(form.dataset.progress, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (told.all) {
        bar.max = told.all;
        bar.value = told.done;
      }
    } catch { /* the next question may be answered */ }
    window.setTimeout(ask, AGAIN, bar);
  }

  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
    const bar = form.querySelector("progress");
    bar.hidden = false;
    window.setTimeout(ask, AGAIN, bar);
  });
})();
