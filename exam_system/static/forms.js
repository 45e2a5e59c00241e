"use strict";
// Forms of candidates: the list of errors gets the focus, and ID numbers, phones and passwords are
// looked at when a field is left. The server checks all of it again; without this script all works.
(() => {
  document.querySelector("[data-problems]")?.focus();

  // Spaces, full-width digits and hyphens are forgiven, as on the server (people.py).
  const narrow = (text) => text.normalize("NFKC").replace(/[\s\p{Cf}]/gu, "").toUpperCase();
  const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const isId = (text) => {
    const number = narrow(text);
    if (!/^\d{17}[\dX]$/.test(number)) return false;
    const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
    return "10X98765432"[sum % 11] === number[17];
  };
  const isPhone = (text) =>
    /^1[3-9]\d{9}$/.test(narrow(text).replace(/-/g, "").replace(/^(\+|00)86|^86(?=1\d{10}$)/, ""));
  const fits = (field) => {
    const [kind, about] = field.dataset.check.split(" ");
    if (kind === "id") return isId(field.value);
    if (kind === "phone") return isPhone(field.value);
    if (kind === "least") return field.value.length >= Number(about);
    return field.value === field.form.elements[about].value;
  };
  for (const field of document.querySelectorAll("[data-check]")) {
    const said = field.parentElement.querySelector(".field-said");
    const look = () => {
      const wrong = field.value !== "" && !fits(field);
      said.hidden = !wrong;
      said.textContent = wrong ? field.dataset.said : "";
      field.classList.toggle("is-invalid", wrong);
    };
    field.addEventListener("blur", look);
    // What was found wrong is looked at again with every key, so that it goes away once it is right.
    field.addEventListener("input", () => { if (!said.hidden) look(); });
  }
})();
