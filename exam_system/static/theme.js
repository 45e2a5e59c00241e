"use strict";
// Light or dark, before anything is drawn: what was chosen here, else what the device prefers.
(() => {
  const page = document.documentElement;
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }  // forbidden here
  };
  const show = (theme) => { page.dataset.bsTheme = theme; };
  const now = () => chosen() || (device.matches ? "dark" : "light");
  show(now());
  device.addEventListener("change", () => show(now()));
  window.addEventListener("storage", () => show(now()));
  window.addEventListener("beforeprint", () => show("light"));
  window.addEventListener("afterprint", () => show(now()));

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    const tell = () => button.setAttribute("aria-pressed", String(now() === "dark"));
    button.hidden = false;
    tell();
    device.addEventListener("change", tell);
    button.addEventListener("click", () => {
      const wanted = now() === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", wanted); } catch { return; }
      show(wanted);
      tell();
    });
  });
})();
