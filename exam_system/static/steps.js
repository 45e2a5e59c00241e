"use strict";
// Forms that ask several things: on a phone one after the other, then a look at all answers. On a
// wide screen, and without this script, they stand on one page. Nothing that is typed leaves this
// tab before it is sent: the address says only which question is open. For a reload the tab keeps
// what was typed until it is sent, but no password. What is wrong forms.js says (event "invalid").
(() => {
  const form = document.querySelector("form[data-steps]");
  if (!form) return;
  const steps = [...form.querySelectorAll("[data-step]")];
  const last = steps.at(-1);
  const list = form.querySelector("[data-answers]");
  const intro = document.querySelectorAll("[data-intro]");
  const narrow = window.matchMedia("(max-width: 40rem)");
  const wrong = new Set(steps.filter((step) => step.querySelector(".field-error")));  // says the server
  let now = steps[0];
  let seen = "again" in form.dataset;  // from the answers one comes back to the answers

  const inputs = (step) => [...step.querySelectorAll("input, select, textarea")];
  const named = (hash) => document.getElementById(decodeURIComponent(hash.slice(1)));
  const stepOf = (part) => steps.find((step) => step.contains(part));
  const isOpen = (step) => wrong.has(step) || !inputs(step).every((one) => one.validity.valid);
  const firstOpen = () => steps.find(isOpen) ?? last;

  const forget = (step) => {
    wrong.delete(step);
    for (const one of step.querySelectorAll(".field-error")) one.remove();
    for (const one of step.querySelectorAll(".field-wrong, .is-invalid")) {
      one.classList.remove("field-wrong", "is-invalid");
      one.removeAttribute("aria-invalid");
    }
    for (const box of document.querySelectorAll("[data-problems]")) {
      for (const link of box.querySelectorAll("a")) {
        if (step.contains(named(link.hash))) link.closest("li").remove();
      }
      if (!box.querySelector("li")) box.remove();
    }
  };
  const isRight = (step) => {
    for (const one of step.querySelectorAll("[data-check]")) one.dispatchEvent(new Event("blur"));
    return inputs(step).map((one) => one.checkValidity()).every(Boolean);
  };

  const label = (field) =>
    field.type === "radio" ? field.closest("fieldset").querySelector("legend") : field.labels[0];
  const answer = (fields) => {
    const [field] = fields;
    if (field.type === "radio") return fields.find((one) => one.checked)?.labels[0].textContent;
    if (field.type === "password") return field.value && "••••••••";
    if (field.type === "file") return [...field.files].map((file) => file.name).join(", ");
    return field.selectedOptions ? field.selectedOptions[0].text : field.value;
  };
  const made = (tag, name, ...parts) => {
    const element = Object.assign(document.createElement(tag), { className: name });
    element.append(...parts);
    return element;
  };
  const recite = () => {
    const groups = new Map();
    for (const field of steps.slice(0, -1).flatMap(inputs)) {
      if (field.type !== "checkbox") groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
    }
    list.replaceChildren(...[...groups.values()].map((fields) => {
      const name = label(fields[0]).textContent.trim();
      const change = made("a", "", list.dataset.change, made("span", "visually-hidden", ` ${name}`));
      change.href = `#${fields[0].id}`;
      const told = [made("dt", "", name), made("dd", "", answer(fields) || "—")];
      return made("div", "", ...told, made("dd", "answers-change", change));
    }));
  };

  const KEEP = `typed ${form.getAttribute("action")}`;
  const kept = steps.flatMap(inputs).filter((one) => !/password|file|hidden/.test(one.type));
  const held = (one) => (/radio|checkbox/.test(one.type) ? "checked" : "value");
  const keep = () => {
    sessionStorage[KEEP] = JSON.stringify(kept.map((one) => [one.id, one[held(one)]]));
  };
  const restore = () => {
    const typed = new Map(JSON.parse(sessionStorage[KEEP] ?? "[]"));
    for (const one of kept) if (typed.has(one.id)) one[held(one)] = typed.get(one.id);
  };

  const show = (step) => {
    now = step;
    const alone = narrow.matches;
    form.classList.toggle("stepped", alone);
    for (const one of steps) one.hidden = alone && one !== step;
    for (const one of intro) one.hidden = alone && step !== steps[0];
    if (list && step === last) recite();
  };
  // To the question or field that the address names; never past a question without an answer.
  const follow = () => {
    const part = location.hash ? named(location.hash) : steps[0];
    const wanted = stepOf(part);
    if (!wanted || !narrow.matches) return;
    const far = part === wanted && steps.indexOf(wanted) > steps.indexOf(firstOpen());
    show(far ? firstOpen() : wanted);
    now.scrollIntoView();
    (part === wanted ? now.querySelector("h2") : part).focus();
  };

  form.addEventListener("submit", (event) => {
    if (!narrow.matches) return;
    const right = isRight(now);
    if (right) forget(now);
    if (right && now === last && firstOpen() === last) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!right) return;
    const next = seen ? firstOpen() : steps[steps.indexOf(now) + 1];
    seen ||= next === last;
    location.hash = next.id;
  });
  form.addEventListener("input", keep);
  form.addEventListener("mousedown", (event) => {  // a remark that appears now would move the button
    if (event.target.closest("button, [type=submit]")) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {  // which comes here only when it is really sent
    if (event.target === form) sessionStorage.removeItem(KEEP);
  });
  document.addEventListener("click", (event) => {  // forms.js goes to the field, once it is seen
    const step = stepOf(named(event.target.closest?.("[data-problems] a")?.hash ?? ""));
    if (!step || step === now) return;
    history.pushState(null, "", `#${step.id}`);
    show(step);
  }, true);
  window.addEventListener("hashchange", follow);
  narrow.addEventListener("change", () => show(now));

  steps.forEach((step, place) => {
    const back = step.querySelector("[data-back]");
    if (place) back.href = `#${steps[place - 1].id}`;
    else back.remove();
    const said = form.dataset.steps.replace("0", place + 1).replace("99", steps.length);
    step.querySelector(".step-of").textContent = said;
  });
  if (seen) keep();
  else restore();
  show(seen ? firstOpen() : steps[0]);
  if (seen) history.replaceState(null, "", `#${now.id}`);
  else if (location.hash) follow();
})();
