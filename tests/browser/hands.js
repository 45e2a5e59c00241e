// What whoever has no mouse, or enlarges everything, would stumble over on the open page: a list of sentences.
// `hands` needs a first press of Tab, so that focus shows; `enlarged` the width of the window.
(() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], audio[controls], video[controls]";
  const WIDGET = "a[href], button, input, select, textarea, summary, label, option, dialog, form, main, body";
  const listens = [];
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, ...rest) {
    if (kind === "click" && this instanceof Element) listens.push(this);
    return add.call(this, kind, ...rest);
  };

  const tell = (one) => `${one.outerHTML.replace(/\s+/g, " ").slice(0, 140)}`;
  const seen = (one) => one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length > 0;
  const stops = () => [...document.querySelectorAll(FOCUSABLE)].filter((one) =>
    !one.matches(":disabled") && one.tabIndex >= 0 && one.type !== "hidden" && seen(one) && !one.closest("[inert]"));

  // A group of radio buttons is one stop: the checked one, or the first.
  const single = (all) => all.filter((one) => one.type !== "radio" || one.checked
    || !all.some((other) => other.name === one.name && other.form === one.form && other.checked)
      && all.find((other) => other.name === one.name && other.form === one.form) === one);

  const ring = (one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && style.outlineColor !== "rgba(0, 0, 0, 0)";
  };

  const covered = (one) => {
    const box = one.getBoundingClientRect();
    const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]].map(([x, y]) =>
      [box.left + box.width * x, box.top + box.height * y]);
    const inside = points.filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
    return inside.length > 0 && inside.every(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return top && !one.contains(top) && !top.contains(one) && !one.closest("label")?.contains(top);
    });
  };

  // Reading goes down and to the right; another column may begin higher up.
  const backwards = (one, next) => {
    const [a, b] = [one, next].map((each) => each.getBoundingClientRect());
    const above = b.bottom <= a.top + 1, left = b.right <= a.left + 1;
    return above && b.left < a.right || left && !above && b.top < a.bottom - 1 && b.bottom > a.top + 1;
  };

  const structure = () => {
    const found = [];
    const count = (selector) => document.querySelectorAll(selector).length;
    if (count("h1") !== 1) found.push(`${count("h1")} headings h1`);
    if (count("main") !== 1) found.push(`${count("main")} main parts`);
    if (document.getAnimations().length) found.push("something moves though nothing should");
    for (const one of document.querySelectorAll("[tabindex]")) {
      if (one.tabIndex > 0) found.push(`order of its own: ${tell(one)}`);
    }
    for (const one of document.querySelectorAll("a:not([href])")) {
      if (seen(one) && !one.hasAttribute("tabindex")) found.push(`a link to nowhere: ${tell(one)}`);
    }
    for (const one of listens) {
      if (one.isConnected && seen(one) && one.tabIndex < 0 && !one.matches(WIDGET) && !one.querySelector(FOCUSABLE)) {
        found.push(`only for a mouse: ${tell(one)}`);
      }
    }
    for (const one of document.querySelectorAll(".state, .ball, .badge, .seat.own, .step-done, .step-now")) {
      if (!one.textContent.trim()) found.push(`a colour without a word: ${tell(one)}`);
    }
    return found;
  };

  window.hands = () => {
    const found = structure(), all = single(stops()), floats = [...document.querySelectorAll("body *")].some((one) =>
      ["sticky", "fixed"].includes(getComputedStyle(one).position));
    let last = null;
    for (const one of all) {
      one.focus({preventScroll: !floats});
      if (document.activeElement !== one) found.push(`cannot be reached: ${tell(one)}`);
      else if (!ring(one)) found.push(`focus is not seen: ${tell(one)}`);
      if (floats && covered(one)) found.push(`focus is covered: ${tell(one)}`);
      if (!one.dispatchEvent(new KeyboardEvent("keydown", {key: "Tab", bubbles: true, cancelable: true}))) {
        found.push(`Tab does not lead away: ${tell(one)}`);
      }
      if (last && backwards(last, one)) found.push(`before what precedes it: ${tell(one)} after ${tell(last)}`);
      last = one;
    }
    scrollTo(0, 0);
    return found;
  };

  window.enlarged = (width) => {
    const root = document.documentElement, wide = Math.max(root.scrollWidth, root.clientWidth);
    const found = wide > width ? [`scrolls sideways at ${width}: ${wide}`] : [];
    for (const one of document.querySelectorAll("body *")) {
      if (one.scrollWidth <= one.clientWidth + 1 || one.clientWidth <= 1) continue;
      const flow = getComputedStyle(one).overflowX;
      if ((flow === "hidden" || flow === "clip") && !one.closest("svg") && !one.matches("input, select, .visually-hidden")) {
        found.push(`cut off at ${width}: ${tell(one)}`);
      }
    }
    return found;
  };
})();
