"use strict";
/* Asks for the board anew every few seconds; what it shows stays when the connection goes. */
(() => {
  const EVERY = 4000;
  const board = () => document.querySelector("[data-board]");
  const lost = (gone) => { document.querySelector("[data-lost]").hidden = !gone; };

  async function ask() {
    try {
      const answer = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      board().replaceChildren(...page.querySelector("[data-board]").childNodes);
      window.dispatchEvent(new Event("resize"));
      lost(false);
    } catch { lost(true); }
    window.setTimeout(ask, EVERY);
  }
  window.setTimeout(ask, EVERY);
})();
