"use strict";
// Forms: what breaks a rule of the page is listed on top with links and said beside its field, in
// the words of the page; ID numbers, phones and passwords are looked at when a field is left. The
// server checks all of it again; without this script all works.
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
      field.setCustomValidity(said.textContent);
    };
    field.addEventListener("blur", look);
    // What was found wrong is looked at again with every key, so that it goes away once it is right.
    field.addEventListener("input", () => { if (!said.hidden) look(); });
  }
  // Numbers are put into plain digits before the page's own rule looks at them.
  document.addEventListener("change", ({ target }) => {
    const plain = ["numeric", "decimal", "tel"].includes(target.inputMode) && target.tagName === "INPUT";
    if (plain && target.value !== narrow(target.value)) target.value = narrow(target.value);
  }, true);

  // All errors of a form at once, instead of the browser's one bubble in its own language.
  const words = JSON.parse(document.body.dataset.words || "{}");
  const part = (tag, name, ...inside) => {
    const made = document.createElement(tag);
    made.className = name;
    made.append(...inside);
    return made;
  };
  const labelOf = (field) => {
    const legend = field.type === "radio" && field.closest("fieldset")?.querySelector("legend");
    const label = (legend || field.labels?.[0])?.cloneNode(true);
    for (const inner of label?.querySelectorAll("select, textarea, .field-error") || []) inner.remove();
    const text = field.getAttribute("aria-label") || label?.textContent || field.name;
    return text.trim().replace(/\s+/g, " ").replace(/[:：]$/, "");
  };
  const MISSING = { radio: "choose", "select-one": "choose", checkbox: "tick", file: "file" };
  const broken = (field) => {
    const state = field.validity;
    if (state.valueMissing && !state.badInput) return [MISSING[field.type] || "missing", ""];
    if (state.rangeUnderflow) return ["least", field.min];
    if (state.rangeOverflow) return ["most", field.max];
    if (state.stepMismatch) return ["step", field.step];
    if (state.tooShort) return ["short", field.minLength];
    if (state.tooLong) return ["long", field.maxLength];
    return words[field.type] ? [field.type, ""] : ["pattern", field.title];
  };
  const sentence = (field) => {
    if (field.validity.customError) return field.validationMessage;
    const [kind, bound] = broken(field);
    const about = { label: labelOf(field), bound };
    return words[kind].replace(/%\((\w+)\)s/g, (_, name) => about[name]).trim();
  };
  const besideOf = (field) => document.getElementById(`${field.id}-error`);
  const describe = (field, change) => {
    const told = new Set((field.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean));
    change(told);
    if (told.size) field.setAttribute("aria-describedby", [...told].join(" "));
    else field.removeAttribute("aria-describedby");
  };
  const mend = (field) => {
    besideOf(field).remove();
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    describe(field, (told) => told.delete(`${field.id}-error`));
    const link = document.querySelector(`[data-problems] a[href="#${CSS.escape(field.id)}"]`);
    const box = link?.closest("[data-problems]");
    link?.closest("li").remove();
    if (box && !box.querySelector("li")) box.remove();
  };
  const blamed = () => [...document.querySelectorAll("span.field-error[id]")]
    .map((span) => document.getElementById(span.id.replace(/-error$/, "")));
  const blame = (field, number, list) => {
    field.id ||= `field-${number}`;
    const said = sentence(field);
    const beside = part("span", "field-error", part("span", "visually-hidden", words.error), ` ${said}`);
    beside.id = `${field.id}-error`;
    beside.dataset.rule = "";
    field.before(beside);
    field.classList.add("is-invalid");
    if (field.type !== "radio") field.setAttribute("aria-invalid", "true");
    describe(field, (told) => told.add(beside.id));
    const link = part("a", "alert-link", said);
    link.href = `#${field.id}`;
    list.append(part("li", "", link));
  };
  const summary = () => {
    document.querySelector("[data-problems]")?.remove();
    const list = part("ul", "mb-0");
    const box = part("div", "alert alert-danger", part("h2", "h5 problems-head", words.problem), list);
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    box.dataset.problems = "";
    document.querySelector("[data-told]").prepend(box);
    return list;
  };
  let found = [];
  const tell = () => {
    const fields = found.filter((field, at) => field.type !== "radio" || found.findIndex(
      (other) => other.type === "radio" && other.name === field.name) === at);
    found = [];
    for (const field of blamed()) mend(field);
    const list = summary();
    fields.forEach((field, at) => blame(field, at, list));
    list.parentElement.focus();
  };
  // "invalid" comes for each wrong field in turn while the browser holds the form back.
  document.addEventListener("invalid", (event) => {
    if (!words.problem || !document.querySelector("[data-told]")) return;
    event.preventDefault();
    if (!found.length) setTimeout(tell);
    found.push(event.target);
  }, true);
  document.addEventListener("input", ({ target }) => {
    for (const field of blamed()) {
      const own = field.form === target.form && "rule" in besideOf(field).dataset;
      if (own && field.validity.valid) mend(field);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-problems] a");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });
})();
