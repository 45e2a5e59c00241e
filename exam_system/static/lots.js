// Sealed lots in the browser: the secret is made here, and the public page follows the picks.
"use strict";

const AGAIN = 3000;
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// The commitment of lots/v1: SHA-256 of exactly this text.
async function lotsCommitment({ exam, group, attempt, list }, secret) {
  const text = `exam-system/lots/v1 commit\n${exam}\n${group}\n${attempt}\n${list}\n${secret}\n`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toHex(new Uint8Array(digest));
}

function stored(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    return localStorage.getItem(name) || "";
  } catch { return ""; /* private window: the paper copy remains */ }
}

const maker = document.querySelector("[data-lots-make]");
if (maker && window.crypto && crypto.subtle) {
  const show = async (secret) => {
    maker.querySelector("[data-secret]").textContent = secret.replace(/(.{8})(?=.)/g, "$1 ");
    document.getElementById("commitment").value = await lotsCommitment(maker.dataset, secret);
    maker.querySelector("[data-kept]").hidden = false;
  };
  if (stored(maker.dataset.store)) show(stored(maker.dataset.store));
  maker.querySelector("[data-make]").addEventListener("click", () => {
    const secret = toHex(crypto.getRandomValues(new Uint8Array(32)));
    stored(maker.dataset.store, secret);
    show(secret);
  });
  maker.hidden = false;
}

for (const field of document.querySelectorAll("[data-lots-secret]")) {
  if (!field.value) field.value = stored(field.dataset.lotsSecret);
}

async function follow() {
  const here = document.querySelector("[data-lots-stamp]");
  if (document.hidden || !here) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = page.querySelector("[data-lots-stamp]");
    if (there && there.dataset.lotsStamp !== here.dataset.lotsStamp) here.replaceWith(there);
  } catch { /* no network for a moment: the next round asks again */ }
}

if (document.querySelector("[data-lots-follow]")) setInterval(follow, AGAIN);
