"use strict";
/* Follows a run of printing tickets: asks how far it is, and loads the page anew at its end. */
(() => {
  const AGAIN = 1500;
  const root = document.querySelector("[data-tickets][data-running]");
  if (!root) return;

  async function ask() {
    try {
      const answer = await fetch(root.dataset.tickets, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      const bar = root.querySelector("progress");
      bar.max = Math.max(told.rooms, 1);
      bar.value = told.done;
      if (!told.running) {
        window.location.reload();
        return;
      }
    } catch { /* the next question may be answered */ }
    window.setTimeout(ask, AGAIN);
  }
  window.setTimeout(ask, AGAIN);
})();
