// Finds, opens and checks one record. What checks it is verify.js: verify.html's own program.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SIGNS = 25;
const FIND = 16;
const part = (id) => document.getElementById(id);
const both = (en, zh) => [["en", en], ["zh-Hans", zh]].map(([language, text]) => {
  const span = document.createElement("span");
  span.lang = language;
  span.textContent = text;
  return span;
});
const WORDS = { admission: ["Admission number", "准考证号"], post: ["Post", "岗位代码"],
  written: ["Written score", "笔试成绩"], interview: ["Interview score", "面试成绩"],
  total: ["Total", "总成绩"], rank: ["Rank in the post", "岗位排名"], outcome: ["Outcome", "结果"] };
const SAID = { scored: ["valid", "有效"], absent: ["absent", "缺考"],
  void: ["void by a violation", "违纪违规"], below: ["below the pass mark", "未达合格线"],
  shortlisted: ["enters the interview", "进入面试"], not: ["not selected", "未入围"],
  proposed: ["proposed for appointment", "拟录用"], appointed: ["to be appointed", "拟录用"],
  invited: ["invited to the medical examination", "进入体检考察"],
  zero: ["zero by a violation", "违纪零分"] };

/** A sentence for the person who looks, in both languages. */
class Told extends Error {
  constructor(en, zh) { super(en); this.en = en; this.zh = zh; }
}

/** The code that was typed, without hyphens; its last character checks the others (modulo 37). */
function readCode(text) {
  const code = text.normalize("NFKC").toUpperCase().replace(/[-\s]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (code.length !== SIGNS || [...code].some((sign) => !ALPHABET.includes(sign))) {
    throw new Told("A pick-up code is 25 letters and digits, in five groups of five.",
      "查询码为25位字母和数字，五位一组。");
  }
  let rest = 0;
  for (const sign of code.slice(0, -1)) rest = (rest * 32 + ALPHABET.indexOf(sign)) % 37;
  if (rest !== ALPHABET.indexOf(code.at(-1))) {
    throw new Told("A character is wrong: compare the code with the ticket.",
      "查询码有误，请与准考证逐位核对。");
  }
  return code;
}

async function read(name) {
  const answer = await fetch(name).catch(() => null);
  if (!answer?.ok) {
    throw new Told("The files could not be read. Try again in a moment.", "文件读取失败，请稍后再试。");
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** The lines of lookup.note: whose records these are and how they are filed. */
function readNote(bytes) {
  const pairs = textOf(bytes).split("\n").map((line) => line.split(" "));
  const said = Object.fromEntries(pairs.map(([key, ...rest]) => [key, rest.join(" ")]));
  return { exam: said.exam, version: said.version, bits: Number(said.bits), length: Number(said.length) };
}

/** Where the code's record is filed, and the key that opens it. */
async function derive(code, { exam, version }) {
  const secret = utf8(code);
  const how = { name: "HMAC", hash: "SHA-512" };
  const key = await crypto.subtle.importKey("raw", secret, how, false, ["sign"]);
  const about = utf8(`exam-lookup/v1\n${exam}\n${version}\n`);
  const made = new Uint8Array(await crypto.subtle.sign("HMAC", key, about));
  return { find: made.slice(0, FIND), key: made.slice(32) };
}

function shardName(find, bits) {
  const number = ((find[0] << 16) | (find[1] << 8) | find[2]) >>> (24 - bits);
  const name = number.toString(16).padStart(6, "0");
  return `shards/${name.slice(0, 4)}/${name}.bin`;
}

function entryOf(shard, find, length) {
  for (let begin = 0; begin < shard.length; begin += length) {
    if (sameBytes(shard.subarray(begin, begin + FIND), find)) {
      return shard.subarray(begin + FIND, begin + length);
    }
  }
  throw new Told("No record belongs to this code. Whoever was given another code, or has none, signs in.",
    "没有与此查询码对应的成绩。更换过查询码或没有查询码的，请登录报名网站查看。");
}

async function opened(sealed, raw) {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, sealed)
    .catch(() => { throw new Told("The record is damaged.", "成绩记录已损坏。"); });
  const bytes = new Uint8Array(text);
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1);
}

/** The candidate's slip.tlog-proof: the opened record and the signed root. */
async function slipOf(typed) {
  const code = readCode(typed);
  const [note, root, keys] = await Promise.all(["lookup.note", "root.note", "keys.txt"].map(read));
  const said = readNote(note);
  const { find, key } = await derive(code, said);
  const shard = await read(shardName(find, said.bits));
  const body = await opened(entryOf(shard, find, said.length), key);
  return { slip: joined(body, root), keys: textOf(keys) };
}

function show(record) {
  const rows = Object.entries(record.subjects).map(([code, mark]) => [[code, code], mark]);
  for (const key of Object.keys(WORDS)) rows.push([WORDS[key], record[key]]);
  part("record").replaceChildren(...rows.filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => {
      const [row, label, cell] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      label.append(...both(...name));
      cell.append(...(SAID[value] ? both(...SAID[value]) : [`${value}`]));
      row.append(label, cell);
      return row;
    }));
  part("whose").replaceChildren(`${record.exam} · v${record.version}`);
}

function say(state, en, zh) {
  part("told").className = `panel ${state}`;
  part("told").replaceChildren(...both(en, zh));
}

async function look(typed) {
  part("found").hidden = true;
  say("", "One moment …", "正在查询……");
  const { slip, keys } = await slipOf(typed);
  const { objects } = await verifyFiles([{ path: "slip.tlog-proof", bytes: slip }], keys);
  const [outcome] = objects;
  show(JSON.parse(textOf(parseProof(slip).extra)));
  const good = Boolean(outcome?.ok);
  part("checked").className = good ? "panel good" : "panel bad";
  part("checked").replaceChildren(...(good
    ? both("✓ The slip was checked in this browser: signatures and proof hold.",
      "✓ 已在本浏览器核验：签名和证明均有效。")
    : both(`✗ Not checked: ${outcome?.en ?? "this browser is too old"}`,
      `✗ 未通过核验：${outcome?.zh ?? "浏览器版本过低"}`)));
  URL.revokeObjectURL(part("save").href);
  part("save").href = URL.createObjectURL(new Blob([slip], { type: "text/plain" }));
  part("found").hidden = false;
  say("", "Your record:", "您的成绩：");
}

async function take(event) {
  event?.preventDefault();
  try {
    await look(part("code").value);
  } catch (error) {
    if (error instanceof Told) say("bad", error.en, error.zh);
    else say("bad", `This browser cannot open the record (${error.message}).`, "此浏览器不能打开成绩记录，请换用较新的浏览器。");
  }
}

function speak(language) {
  document.documentElement.lang = language;
  document.title = language === "en" ? "Look up your score" : "成绩查询";
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", `${button.dataset.language === language}`);
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
speak(navigator.language.startsWith("zh") ? "zh" : "en");
part("ask").addEventListener("submit", take);
part("print").addEventListener("click", () => window.print());
say("", "Nothing has been looked up yet.", "尚未查询。");

/** A code behind the address is taken out of it, so that it stays in no history. */
function fromAddress() {
  if (location.hash.length <= SIGNS) return;
  part("code").value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  take();
}

window.addEventListener("hashchange", fromAddress);
fromAddress();
