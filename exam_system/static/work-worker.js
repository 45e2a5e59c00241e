// Solves a puzzle of ALTCHA (v2, PBKDF2): looks for the counter whose key begins as it should.
"use strict";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function derive(parameters, nonce, salt, counter) {
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const how = { name: "PBKDF2", hash: parameters.algorithm.split("/")[1], salt,
    iterations: parameters.cost };
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, parameters.keyLength * 8)));
}

self.addEventListener("message", async (event) => {
  const challenge = event.data;
  const { parameters } = challenge;
  const nonce = bytes(parameters.nonce), salt = bytes(parameters.salt);
  const most = parameters.data.most;
  for (let counter = 0; counter < most; counter += 1) {
    const derivedKey = await derive(parameters, nonce, salt, counter);
    if (derivedKey.startsWith(parameters.keyPrefix)) {
      self.postMessage({ answer: { challenge, solution: { counter, derivedKey } } });
      return;
    }
    if (counter % 50 === 0) self.postMessage({ share: counter / most });
  }
  throw new Error("the puzzle has no solution");
});
