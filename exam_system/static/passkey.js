// Passkeys: what the server asks for goes to the browser, and its answer into the form.
"use strict";

const bytes = (text) => Uint8Array.from(
  atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature",
    "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId),
    type: credential.type, response, clientExtensionResults: {} });
}

function prepared(json) {
  const options = JSON.parse(json);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    options[list] = (options[list] || []).map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return options;
}

async function confirm(form, ask) {
  try {
    form.elements.passkey.value = answer(await ask());
  } catch { return; /* cancelled: the code can still be typed */ }
  if (form.elements.code) form.elements.code.required = false;
  if (form.reportValidity()) form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey-new]")) {
  form.querySelector("button").addEventListener("click", () => confirm(form, () =>
    navigator.credentials.create({ publicKey: prepared(form.dataset.passkeyNew) })));
}
for (const button of document.querySelectorAll("button[data-passkey]")) {
  button.hidden = !window.PublicKeyCredential;
  button.addEventListener("click", () => confirm(button.form, () =>
    navigator.credentials.get({ publicKey: prepared(button.dataset.passkey) })));
}
