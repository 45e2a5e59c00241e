// Proof of work: solves the form's puzzle beside the page, tells how far it is, then lets it go.
"use strict";

function prove(box) {
  const { form } = box.querySelector("[name=altcha]");
  const field = form.elements.altcha;
  const said = box.querySelector("[role=status]"), bar = box.querySelector("progress");
  const again = box.querySelector("button");
  let waiting = null;
  let told = -1;

  const tell = (share) => {
    bar.value = Math.round(share * 100);
    const step = Math.floor(share * 4) * 25;  // spoken in quarters, not at every percent
    if (step === told) return;
    told = step;
    said.textContent = `${said.dataset.doing} ${step} %${waiting ? ` ${said.dataset.sends}` : ""}`;
  };
  const fail = () => {
    said.textContent = said.dataset.failed;
    bar.hidden = true;
    again.hidden = false;
    waiting = null;
  };
  const done = (answer) => {
    field.value = btoa(JSON.stringify(answer));
    said.textContent = said.dataset.done;
    bar.hidden = true;
    if (waiting) form.requestSubmit(waiting.button);
  };
  const begin = () => {
    again.hidden = true;
    bar.hidden = false;
    told = -1;
    tell(0);
    const worker = new Worker(box.dataset.worker);
    worker.addEventListener("error", fail);
    worker.addEventListener("message", (event) => {
      if (event.data.answer) { worker.terminate(); done(event.data.answer); }
      else tell(event.data.share);
    });
    worker.postMessage(JSON.parse(box.dataset.work));
  };

  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    event.stopPropagation();  // site.js would take the real sending for a second one
    waiting = { button: event.submitter };
    if (!again.hidden) begin();
    else said.textContent = `${said.dataset.doing} ${said.dataset.sends}`;
  });
  again.addEventListener("click", begin);
  begin();
}

document.querySelectorAll("[data-work]").forEach(prove);
