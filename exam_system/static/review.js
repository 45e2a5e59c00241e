"use strict";
// One button chooses all applications of the page of which every check holds.
(() => {
  const button = document.getElementById("choose-fit");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const box of document.querySelectorAll("input[data-fit]")) box.checked = true;
  });
})();
