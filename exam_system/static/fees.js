"use strict";
// Asks every three seconds whether the payment has arrived, and then shows the page anew.
(() => {
  const waiting = document.getElementById("waiting");
  if (!waiting) return;
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.status, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).paid) { location.reload(); return; }
    } catch { /* the phone is offline for a moment: the next round asks again */ }
    setTimeout(ask, 3000);
  };
  setTimeout(ask, 3000);
})();
