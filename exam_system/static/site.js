"use strict";
// What every page needs. Without this script the pages work too.
(() => {
  // Wide tables and long lines scroll: the keyboard must reach those that do.
  // Those that go on to the right say so at that edge.
  const edge = (part) => {
    part.classList.toggle("more", part.scrollLeft + part.clientWidth < part.scrollWidth - 2);
  };
  const reach = () => {
    for (const part of document.querySelectorAll(".table-wrap, pre")) {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      edge(part);
    }
  };
  document.addEventListener("scroll", (event) => {
    if (event.target.matches?.(".table-wrap")) edge(event.target);
  }, { capture: true, passive: true });
  reach();
  window.addEventListener("resize", reach);

  // On a phone the row of sections scrolls: the one that is open is to be seen.
  const here = document.querySelector(".sections [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2;

  // A form is sent once: a second press while the answer is under way does nothing.
  const ANSWER = 3000;  // a download leaves the page where it is: after this it may be asked again
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, ANSWER);
  });
})();
