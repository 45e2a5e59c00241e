"use strict";
/* Follows the record of acts: asks every three seconds for acts that came since and puts them on
   top, each once. Without this script the page loads anew by itself. */
(() => {
  const body = document.querySelector("[data-newer]");
  if (!body) return;
  const SECONDS = 3;
  const MOST = 500; // older rows go: the page stays light however long it is left open
  const known = new Set([...body.rows].map((row) => Number(row.dataset.act)));
  let newest = Math.max(0, ...known);

  const put = (act) => {
    if (known.has(act.id)) return;
    known.add(act.id);
    newest = Math.max(newest, act.id);
    const older = [...body.rows].find((row) => Number(row.dataset.act) < act.id);
    const made = document.createElement("template");
    made.innerHTML = act.html; // from our own server, every value in it escaped there
    body.insertBefore(made.content, older ?? null);
    while (body.rows.length > MOST) body.deleteRow(-1);
  };

  const ask = async () => {
    let reached = false;
    try {
      const address = new URL(body.dataset.newer, window.location.href);
      address.searchParams.set("after", String(newest));
      const answer = await fetch(address, { cache: "no-store" });
      reached = answer.ok;
      if (reached) (await answer.json()).acts.reverse().forEach(put);
    } catch {
      reached = false; // the network is away: said on the page, asked again
    }
    document.querySelector("[data-lost]").hidden = reached;
    window.setTimeout(ask, SECONDS * 1000);
  };
  ask();
})();
