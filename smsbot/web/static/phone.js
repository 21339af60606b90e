// The phone simulator: shows what the number was sent, and writes as its owner. No framework, no other host.
"use strict";

const POLL_MS = 1000;
const GSM = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
  "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€"); // two septets each (3GPP TS 23.038 §6.2.1.1)
const SCRIPTS = [["ka", /\p{Script=Georgian}/u], ["hy", /\p{Script=Armenian}/u], ["ru", /\p{Script=Cyrillic}/u],
  ["az", /[əƏğĞıİşŞ]/u]];

const at = (id) => document.getElementById(id);
const log = at("log"), number = at("number"), text = at("text"), send = at("send"), empty = at("empty");
const shown = new Map(); // message id → its row
let poll = 0, generation = 0;

// Which script a text is in tells a screen reader which voice to take.
function languageOf(words) {
  const found = SCRIPTS.find(([, letters]) => letters.test(words));
  return found ? found[0] : "en";
}

function measure(words) {
  let septets = 0;
  for (const char of words) {
    if (EXTENSION.has(char)) septets += 2;
    else if (GSM.has(char)) septets += 1;
    else return ucs2(words);
  }
  return counted("GSM-7", septets, septets <= 160 ? 160 : 153, cut(words, 153, (char) => (EXTENSION.has(char) ? 2 : 1)));
}

function ucs2(words) {
  return counted("UCS-2", words.length, words.length <= 70 ? 70 : 67, cut(words, 67, (char) => char.length));
}

// How many joined parts: a character of two units is never cut in half.
function cut(words, room, width) {
  let parts = 1, used = 0;
  for (const char of words) {
    if (used + width(char) > room) { parts += 1; used = 0; }
    used += width(char);
  }
  return parts;
}

function counted(encoding, units, room, joined) {
  const single = encoding === "GSM-7" ? 160 : 70;
  const parts = units <= single ? 1 : joined;
  return { encoding, units, parts, room: parts === 1 ? single : room * parts };
}

const plural = (count) => `${count} ${count === 1 ? "part" : "parts"}`;

function count() {
  const cost = measure(text.value);
  at("counter").textContent = `${cost.units} / ${cost.room} · ${cost.encoding} · ${plural(cost.parts)}`;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

function row(message, fresh) {
  const one = document.createElement("div");
  one.className = `row ${message.direction}${fresh ? " fresh" : ""}`;
  one.dataset.id = message.id;
  const who = document.createElement("span");
  who.className = "unseen";
  who.textContent = message.direction === "in" ? "You wrote: " : "You got: ";
  const bubble = document.createElement("p");
  bubble.className = "bubble";
  bubble.dir = "auto";
  bubble.lang = languageOf(message.text);
  bubble.textContent = message.text;
  if (!message.text.trim()) {
    bubble.classList.add("blank");
    bubble.lang = "en";
    bubble.textContent = "Empty text";
  }
  const meta = document.createElement("p");
  meta.className = "meta";
  one.append(who, bubble, meta);
  describe(one, message);
  return one;
}

function describe(one, message) {
  const meta = one.querySelector(".meta");
  const clock = message.at.slice(11, 16);
  const words = `${clock} · ${message.encoding} · ${plural(message.parts)}`;
  meta.textContent = message.direction === "out" && message.status !== "delivered" ? `${words} · ${message.status}` : words;
  if (message.broadcast) {
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = `Broadcast ${message.broadcast} · `;
    meta.prepend(badge);
  }
}

function day(instant) {
  const [year, month, date] = instant.slice(0, 10).split("-");
  return `${date}.${month}.${year}`;
}

function show(messages, first) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  let added = false;
  for (const message of messages) {
    const known = shown.get(message.id);
    if (known) { if (known.status !== message.status) { known.status = message.status; describe(known.row, message); } continue; }
    if (log.dataset.day !== day(message.at)) {
      log.dataset.day = day(message.at);
      const line = document.createElement("p");
      line.className = "day";
      line.textContent = log.dataset.day;
      log.append(line);
    }
    const made = row(message, !first);
    shown.set(message.id, { row: made, status: message.status });
    log.append(made);
    added = true;
  }
  empty.hidden = shown.size > 0;
  if (added && (atEnd || first)) log.scrollTop = log.scrollHeight;
}

function tell(messages) {
  const mine = messages.filter((message) => message.direction === "in");
  const theirs = messages.filter((message) => message.direction === "out");
  at("fact-sent").textContent = mine.length;
  at("fact-received").textContent = theirs.length;
  at("fact-parts").textContent = theirs.reduce((sum, message) => sum + message.parts, 0);
}

async function ask(address, options) {
  const response = await fetch(address, { headers: { "Content-Type": "application/json" }, ...options });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail || "Something went wrong.");
  return answer;
}

async function look(first = false) {
  const mine = generation;
  try {
    const answer = await ask(`/simulator/messages?number=${encodeURIComponent(number.value.trim())}`);
    if (mine !== generation) return; // another person took the phone meanwhile
    at("link").textContent = "";
    show(answer.items, first);
    tell(answer.items);
  } catch (error) {
    if (mine === generation) at("link").textContent = error instanceof TypeError ? "No connection" : error.message;
  }
}

async function round() {
  clearTimeout(poll);
  const mine = generation;
  if (!document.hidden && number.value.trim()) await look();
  if (mine === generation) poll = setTimeout(round, POLL_MS);
}

function change() {
  generation += 1;
  clearTimeout(poll);
  shown.clear();
  delete log.dataset.day;
  log.replaceChildren(empty);
  empty.hidden = false;
  tell([]);
  try { sessionStorage.setItem("number", number.value.trim()); } catch { /* a private window: not kept */ }
  look(true).then(round);
}

async function write(words) {
  trouble("");
  if (!number.value.trim()) { trouble("Enter the citizen’s number first."); number.focus(); return false; }
  send.disabled = true;
  try {
    const body = JSON.stringify({ from: number.value.trim(), text: words });
    const { replies } = await ask("/simulator/messages", { method: "POST", body });
    await look();
    // Somebody who has just been erased is shown the last reply all the same: the server no longer knows whose it was.
    const at = new Date().toISOString();
    const left = replies.filter((reply) => !shown.has(reply.id));
    show(left.map((reply) => ({ ...reply, direction: "out", status: "sent", broadcast: null, at })));
    log.scrollTop = log.scrollHeight;
    return true;
  } catch (error) {
    trouble(error instanceof TypeError ? "The server cannot be reached. Your text was kept; try again." : error.message);
    return false;
  } finally {
    send.disabled = false;
  }
}

function trouble(words) {
  at("trouble").textContent = words;
  at("trouble").hidden = !words;
}

at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value;
  if (!words.trim() || send.disabled) return;
  if (await write(words)) { text.value = ""; count(); }
  text.focus();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("composer").requestSubmit();
  }
});
text.addEventListener("input", count);
document.querySelector(".chips").addEventListener("click", async (event) => {
  const chip = event.target.closest(".chip");
  if (chip && !send.disabled) await write(chip.dataset.text);
});
at("who").addEventListener("submit", (event) => { event.preventDefault(); text.focus(); });
number.addEventListener("change", change);
document.addEventListener("visibilitychange", () => { if (!document.hidden) round(); });

try { number.value = sessionStorage.getItem("number") || number.value; } catch { /* a private window: the example stays */ }
count();
change();
