// The ceremony in the browser: a secret never leaves it before it is revealed.
"use strict";

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// C of draw/v1: SHA-256 of exactly this text.
async function commitment(draw, attempt, role, secret) {
  const text = `exam-system/draw/v1 commit\n${draw}\n${attempt}\n${role}\n${secret}\n`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return hex(new Uint8Array(digest));
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* private window: the paper copy remains */ }
}

function kept(name) {
  try { return localStorage.getItem(name) || ""; } catch { return ""; }
}

function makeSecret(box) {
  const { draw, attempt, role, store } = box.dataset;
  const field = document.getElementById("commitment");
  const shown = box.querySelector("[data-secret]");
  const sealed = box.querySelector("[data-sealed]");
  const show = async (secret) => {
    shown.textContent = secret.replace(/(.{8})(?=.)/g, "$1 ");
    field.value = await commitment(draw, attempt, role, secret);
    sealed.hidden = false;
  };
  if (kept(store)) show(kept(store));
  box.querySelector("[data-make]").addEventListener("click", () => {
    const secret = hex(crypto.getRandomValues(new Uint8Array(32)));
    keep(store, secret);
    show(secret);
  });
  box.querySelector("[data-print]").addEventListener("click", () => window.print());
  box.hidden = false;
}

const box = document.querySelector("[data-ceremony]");
if (box && window.crypto && crypto.subtle) makeSecret(box);

const reveal = document.querySelector("[data-reveal]");
if (reveal) {
  const field = document.getElementById("secret");
  if (!field.value) field.value = kept(reveal.dataset.reveal);
}
