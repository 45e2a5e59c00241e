"use strict";
/* Follows one's long works that are under way: how far they are, and that they have ended. */
(() => {
  const AGAIN = 1500;

  async function ask(root) {
    try {
      const answer = await fetch(root.dataset.work, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      const bar = root.querySelector("progress");
      if (told.rooms) {
        bar.max = told.rooms;
        bar.value = told.done;
      }
      if (!told.running) {
        // Its own page shows what came of it; any other page may hold what somebody is typing.
        if (root.dataset.back === window.location.pathname) window.location.replace(window.location.href);
        bar.hidden = true;
        root.querySelector("[data-going]").hidden = true;
        root.querySelector("[data-over]").hidden = false;
        return;
      }
    } catch { /* the next question may be answered */ }
    window.setTimeout(ask, AGAIN, root);
  }

  for (const root of document.querySelectorAll("[data-work]")) window.setTimeout(ask, AGAIN, root);
})();
