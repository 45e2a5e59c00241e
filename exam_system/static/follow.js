"use strict";
/* Asks for a state again and again and shows it. While the network is away `lost` says so, and the asking goes on. */
window.follow = (address, every, lost, show) => {
  const ask = async () => {
    let reached = false;
    try {
      const answer = await fetch(address, { cache: "no-store" });
      reached = answer.ok;
      if (reached) show(await answer.json());
    } catch {
      reached = false; // said on the page, asked again
    }
    lost.hidden = reached;
    window.setTimeout(ask, every);
  };
  ask();
};
