// Seals a report in the browser: exam-system/sealed/v1, the same bytes that the server makes.
// Where the browser has no X25519, or this script does not run, the server seals it in memory.
"use strict";

const HEADER = "exam-system/sealed/v1";
const CLASSES = [8, 64, 512, 1024, 2048, 4096, 8192].map((size) => size * 1024);
const MOST_FILES = 6;
const MOST_BYTES = 7 * 1024 * 1024;
const ZERO = new Uint8Array(12);  // each key encrypts once
const bytesOf = (text) => new TextEncoder().encode(text);
const unbase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

function padded(content) {
  const size = CLASSES.find((limit) => content.length < limit);
  if (!size) throw new Error("the content is too large");
  const whole = new Uint8Array(size);
  whole.set(content);
  whole[content.length] = 0x80;
  return whole;
}

async function encrypt(key, data, extra) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const how = { name: "AES-GCM", iv: ZERO, additionalData: extra };
  return new Uint8Array(await crypto.subtle.encrypt(how, imported, data));
}

async function wrappingKey(mine, ephemeral, recipient) {
  const theirs = await crypto.subtle.importKey("raw", recipient, "X25519", false, []);
  const shared = await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, mine, 256);
  const source = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const salt = joined(ephemeral, recipient);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: bytesOf(HEADER) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, source, 256));
}

async function seal(content, recipients) {
  const pair = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  const ephemeral = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const key = crypto.getRandomValues(new Uint8Array(32));
  const rows = [HEADER, `from ${base64(ephemeral)}`];
  for (const { name, key: text } of recipients) {
    const wrapping = await wrappingKey(pair.privateKey, ephemeral, unbase64(text));
    rows.push(`to ${name} ${text} ${base64(await encrypt(wrapping, key, new Uint8Array()))}`);
  }
  const head = bytesOf(`${rows.join("\n")}\n\n`);
  return joined(head, await encrypt(key, padded(content), head));
}

// The content's first line is canonical JSON: keys in order, as JSON.stringify writes them.
async function contentOf(text, files) {
  const whole = (part) => (part.toWellFormed ? part.toWellFormed() : part);
  const rows = files.map((file) => ({ name: whole(file.name), size: file.size }));
  const head = bytesOf(`${JSON.stringify({ files: rows, text: whole(text), v: 1 })}\n`);
  const parts = await Promise.all(files.map((file) => file.arrayBuffer()));
  return joined(head, ...parts.map((part) => new Uint8Array(part)));
}

async function sendSealed(form) {
  const { text, files, sealed } = form.elements;
  const content = await contentOf(text.value.trim(), Array.from(files.files));
  const box = await seal(content, JSON.parse(form.dataset.keys));
  const carrier = new DataTransfer();
  carrier.items.add(new File([box], "sealed"));
  sealed.files = carrier.files;
  text.disabled = files.disabled = true;  // what is disabled is not sent
  form.submit();
  text.disabled = files.disabled = false;  // and can be read again when one comes back
}

// What cannot be sent is said before anything is sealed (by forms.js, on the event "invalid").
function isRefused(form) {
  const { text, files } = form.elements;
  const chosen = Array.from(files.files);
  const size = chosen.reduce((sum, file) => sum + file.size, 0);
  const much = chosen.length > MOST_FILES || size > MOST_BYTES;
  text.setCustomValidity(text.value.trim() || chosen.length ? "" : form.dataset.nothing);
  files.setCustomValidity(much ? form.dataset.much : "");
  return !form.checkValidity();
}

async function prepare(form) {
  try {
    await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  } catch { return; }
  form.querySelector("[data-sealing]").hidden = false;
  form.addEventListener("input", () => {
    for (const field of [form.elements.text, form.elements.files]) field.setCustomValidity("");
  });
  let under_way = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (under_way || isRefused(form)) return;
    under_way = true;
    try { await sendSealed(form); }
    catch { form.querySelector("[data-failed]").hidden = false; }
    under_way = false;
  });
}

document.querySelectorAll("form[data-report]").forEach(prepare);
