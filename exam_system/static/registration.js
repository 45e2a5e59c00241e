"use strict";
// Search in the list of posts, conditions of the chosen post, preview of the chosen photo.
// Without this script the pages work too: the list is only longer to scroll.
(() => {
  const select = document.getElementById("post");
  const search = document.getElementById("search");
  if (select && search) {
    const all = Array.from(select.options);
    const found = document.getElementById("found");
    const show = () => {
      for (const panel of document.querySelectorAll("[data-post]")) {
        panel.hidden = panel.dataset.post !== select.value;
      }
    };
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = all.filter((option) => words.every((word) => option.text.toLowerCase().includes(word)));
      const chosen = select.value;
      select.replaceChildren(...fits);
      if (fits.some((option) => option.value === chosen)) select.value = chosen;
      found.textContent = fits.length ? `${fits.length} / ${all.length}` : found.dataset.none;
      show();
    };
    search.closest("[data-search-for]").hidden = false;
    search.addEventListener("input", filter);
    // Enter in the search field must not send the form.
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    select.addEventListener("change", show);
    show();
  }
  const file = document.querySelector("input[type=file][name=photo]");
  const preview = document.getElementById("preview");
  if (file && preview) {
    file.accept = "image/jpeg,image/png";
    file.addEventListener("change", () => {
      preview.hidden = true;
      if (!file.files.length) return;
      const reader = new FileReader();  // a data: address, which the page's policy allows
      reader.addEventListener("load", () => { preview.src = reader.result; preview.hidden = false; });
      reader.readAsDataURL(file.files[0]);
    });
  }
})();
