// The console: asks the staff API with the key of whoever sits here. No framework, no other host.
"use strict";

const at = (id) => document.getElementById(id);
const PIECE = 200_000; // characters of a sheet sent at once: the API takes a million bytes
let key = "";
let draft = null; // what was checked, so that exactly that is sent

// What is shown is always text, never markup.
function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "on") made.addEventListener("click", value);
    else if (value === true) made.setAttribute(attribute, "");
    else if (value !== false && value !== null) made.setAttribute(attribute, value);
  }
  made.append(...inside.filter(Boolean));
  return made;
}

const fill = (place, ...inside) => place.replaceChildren(...inside.filter(Boolean));

async function ask(method, address, body, headers = {}) {
  const options = { method, headers: { Authorization: `Bearer ${key}`, ...headers } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(address, options);
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(answer.detail || "Something went wrong.");
  return answer;
}

function say(id, words) {
  at("trouble").hidden = at("done").hidden = true;
  if (!words) return;
  at(id).textContent = words;
  at(id).hidden = false;
  if (id === "trouble") at(id).focus();
}

// One thing at a time: a second press does nothing until the first is answered.
async function attempt(work, button) {
  if (button) button.disabled = true;
  say("trouble", "");
  try {
    await work();
  } catch (error) {
    say("trouble", error instanceof TypeError ? "The server cannot be reached; try again." : error.message);
  } finally {
    if (button) button.disabled = false;
  }
}

const moment = (instant) => (instant ? `${instant.slice(8, 10)}.${instant.slice(5, 7)}.${instant.slice(0, 4)}, ${instant.slice(11, 16)}` : "");
const counted = (count, one, many) => `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)));
  const lines = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, String(cell)))));
  return element("div", { class: "wide" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines)));
}

// Sign in and move about

async function enter() {
  const [topics, places] = await Promise.all([everything("/api/topics"), everything("/api/places")]);
  const name = (named) => named.names.en || Object.values(named.names)[0] || named.code;
  at("topics").replaceChildren(...topics.filter((topic) => topic.active).map((topic) =>
    element("label", { class: "choice" },
      element("input", { type: "checkbox", name: "topic", value: topic.code }), ` ${topic.number} ${name(topic)}`)));
  at("places").replaceChildren(...places.filter((place) => place.active).map((place) =>
    element("option", { value: place.code }, name(place))));
  at("enter").hidden = true;
  at("desk").hidden = false;
  await show("sent");
}

async function everything(address) {
  const items = [];
  let next = "";
  do {
    const page = await ask("GET", `${address}?limit=1000${next && `&cursor=${encodeURIComponent(next)}`}`);
    items.push(...page.items);
    next = page.next || "";
  } while (next);
  return items;
}

function leave() {
  key = "";
  try { sessionStorage.removeItem("staff-key"); } catch { /* a private window: nothing was kept */ }
  location.reload();
}

const views = { new: async () => {}, sent: () => sent(), inbox: () => inbox(), forms: async () => {}, channels };

async function show(view) {
  for (const tab of document.querySelectorAll("[data-view]")) {
    if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  for (const page of document.querySelectorAll("[data-page]")) page.hidden = page.dataset.page !== view;
  await views[view]();
}

// A new message

function instant(id) {
  const given = at(id).value;
  return given ? new Date(given).toISOString() : null;
}

function written() {
  const text = {};
  for (const field of document.querySelectorAll("[data-language]")) {
    if (field.value.trim()) text[field.dataset.language] = field.value;
  }
  const chosen = (name) => [...document.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value);
  const body = {
    text,
    kind: at("promotion").checked ? "promotion" : "information",
    missing_translation: at("skip").checked ? "skip" : "fallback",
    send_at: instant("send-at"),
    expires_at: instant("expires-at"),
  };
  if (at("urgent").checked) Object.assign(body, { urgent: true, reason: at("reason").value });
  if (at("everyone").checked) body.everyone = true;
  else Object.assign(body, { topics: chosen("topic"), places: [...at("places").selectedOptions].map((one) => one.value) });
  if (chosen("language").length) body.languages = chosen("language");
  return body;
}

async function check() {
  forget();
  const body = written();
  const found = await ask("POST", "/api/broadcasts", { ...body, dry_run: true });
  draft = { body, idempotency: [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("-") };
  const rows = Object.entries(found.by_language).map(([language, share]) =>
    [language, share.recipients, share.encoding, share.units, share.parts]);
  // A substitute saves something only if each of these characters has one.
  const costly = Object.entries(found.by_language).flatMap(([language, share]) =>
    share.forcing.every((one) => one.substitute !== null)
      ? share.forcing.map((one) => `${one.substitute} for ${one.character} (${language})`) : []);
  const people = counted(found.recipients, "person", "people");
  const send = element("button", { type: "button", class: "main" }, `Send to ${people}`);
  send.addEventListener("click", () => attempt(post, send));
  fill(
    at("check"),
    element("h3", {}, `${people}, ${counted(found.parts_total, "part", "parts")}`),
    table(["Language", "People", "Encoding", "Units", "Parts"], rows),
    costly.length ? element("p", {}, `The text would be shorter with other characters: ${costly.join(", ")}.`) : null,
    found.state === "awaiting_approval" ? element("p", {}, "Somebody else has to approve it before it leaves.") : null,
    send,
  );
}

async function post() {
  const made = await ask("POST", "/api/broadcasts", draft.body, { "Idempotency-Key": draft.idempotency });
  at("new").reset();
  forget();
  arrange();
  await show("sent");
  say("done", `Message ${made.id} to ${counted(made.recipients, "person", "people")}: ${made.state.replace("_", " ")}.`);
}

// Any edit voids the check.
function forget() {
  draft = null;
  at("check").replaceChildren();
}

function arrange() {
  at("some").hidden = at("everyone").checked;
  at("why").hidden = !at("urgent").checked;
}

// Messages

const STEPS = {
  awaiting_approval: ["approve", "cancel"], scheduled: ["pause", "cancel"], sending: ["pause", "cancel"],
  paused: ["resume", "cancel"], done: [], cancelled: [],
};

async function sent(cursor = "") {
  const page = await ask("GET", `/api/broadcasts?limit=20${cursor && `&cursor=${cursor}`}`);
  const rows = page.items.map(broadcast);
  if (cursor) at("sent").append(...rows);
  else at("sent").replaceChildren(...(rows.length ? rows : [element("p", {}, "Nothing has been written yet.")]));
  more("sent-more", page.next, (next) => sent(next));
}

function more(id, next, work) {
  at(id).hidden = !next;
  at(id).onclick = () => attempt(() => work(next), at(id));
}

function broadcast(one) {
  const counts = Object.entries(one.counts).filter(([, count]) => count).map(([status, count]) => `${status} ${count}`);
  const whom = one.everyone ? "everyone" : [...one.topics, ...one.places].join(", ");
  const box = element("article", {},
    element("h3", {}, `${one.id}`, element("span", { class: "state" }, one.state.replace("_", " "))),
    ...Object.entries(one.text).map(([language, words]) => element("blockquote", { lang: language, dir: "auto" }, words)),
    element("p", { class: "hint" }, [moment(one.created_at), one.created_by, whom && `to ${whom}`,
      one.starts_at && `begins ${moment(one.starts_at)}`, one.corrects && `corrects ${one.corrects}`].filter(Boolean).join(" · ")),
    element("p", {}, counts.join(", ") || "nobody"),
    ...(one.paused_because ? [element("p", { class: "hint" }, `Paused: ${one.paused_because}`)] : []));
  for (const step of STEPS[one.state] || []) {
    const button = element("button", { type: "button" }, step[0].toUpperCase() + step.slice(1));
    button.addEventListener("click", () => attempt(async () => {
      if (step === "cancel" && !confirm(`Cancel message ${one.id}? What has not left never will.`)) return;
      box.replaceWith(broadcast(await ask("POST", `/api/broadcasts/${one.id}/${step}`)));
    }, button));
    box.append(button);
  }
  if (one.counts.sent + one.counts.delivered > 0) box.append(writing(`Correct ${one.id}`, "Correction", async (words) => {
    const made = await ask("POST", `/api/broadcasts/${one.id}/correction`, { text: words });
    await sent();
    say("done", `Correction ${made.id} to ${counted(made.recipients, "person", "people")} who got message ${one.id}.`);
  }));
  return box;
}

let fields = 0;

function writing(summary, label, work) {
  const id = `field-${(fields += 1)}`;
  const field = element("textarea", { id, rows: 2, dir: "auto" });
  const send = element("button", { type: "submit" }, "Send");
  const form = element("form", {}, element("label", { for: id }, label), field, send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => work(field.value), send);
  });
  return element("details", {}, element("summary", {}, summary), form);
}

// Inbox

async function inbox(cursor = "") {
  const page = await ask("GET", `/api/inbox?limit=50${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
  const rows = page.items.map(entry);
  if (cursor) at("inbox").append(...rows);
  else at("inbox").replaceChildren(...(rows.length ? rows : [element("p", {}, "Nothing waits for an answer.")]));
  more("inbox-more", page.next, (next) => inbox(next));
}

function entry(one) {
  const act = (words, action) => {
    const button = element("button", { type: "button" }, words);
    button.addEventListener("click", () => attempt(async () => {
      if (action === "stop" && !confirm(`Stop all messages to ${one.number}?`)) return;
      box.replaceWith(entry(await ask("POST", `/api/inbox/${one.id}`, { action })));
    }, button));
    return button;
  };
  const box = element("article", {},
    element("h3", {}, one.number, element("span", { class: "state" }, one.state),
      element("span", { class: "hint" }, `${one.tag.replace("_", " ")} · ${moment(one.at)}`)),
    element("blockquote", { dir: "auto" }, one.text || "Empty text"));
  if (one.number.startsWith("+")) box.append(writing("Answer", "Answer", async (words) => {
    await ask("POST", "/api/messages", { to: one.number, text: words });
    await inbox();
    say("done", "The answer is on its way.");
  }));
  if (one.state === "open") box.append(act("Dealt with", "close"), act("This was a STOP", "stop"));
  else box.append(act("Open again", "open"));
  return box;
}

// Paper forms

// Cuts a sheet between records: a line break within quotation marks is part of a cell.
function pieces(sheet) {
  const found = [];
  let begin = 0, quoted = false, line = 1, first = 1, header = null;
  for (let index = 0; index <= sheet.length; index += 1) {
    const end = index === sheet.length;
    if (sheet[index] === '"') quoted = !quoted;
    if (!end && sheet[index] !== "\n") continue;
    if (!end) line += 1;
    if (quoted && !end) continue;
    if (header === null) {
      header = sheet.slice(0, index + 1);
      begin = index + 1;
      first = line;
    } else if ((end && index > begin) || index - begin >= PIECE) {
      found.push({ csv: header + sheet.slice(begin, index + 1), before: first - 1 - (header.split("\n").length - 1) });
      begin = index + 1;
      first = line;
    }
  }
  return found.length ? found : [{ csv: header, before: 0 }];
}

async function forms(dry) {
  const [file] = at("sheet").files;
  const whole = new TextDecoder("utf-8", { fatal: true });
  let sheet;
  try {
    sheet = whole.decode(await file.arrayBuffer()).replace(/\r\n?/g, "\n");
  } catch {
    throw new Error("The file is not in UTF-8; save it from the spreadsheet as “CSV UTF-8”.");
  }
  const total = { rows: 0, taken: 0, repeated: 0, welcomed: 0, refused: [] };
  for (const { csv, before } of pieces(sheet)) {
    const report = await ask("POST", "/api/forms", { csv, dry_run: dry, welcome: at("welcome").checked });
    for (const figure of ["rows", "taken", "repeated", "welcomed"]) total[figure] += report[figure];
    total.refused.push(...report.refused.map((one) => ({ ...one, line: one.line + before })));
  }
  tell(total, dry);
}

function tell(total, dry) {
  const would = dry ? "would be " : "";
  const rows = total.refused.map((one) => [one.line, one.column || "", one.reason, one.mend]);
  const take = element("button", { type: "button", class: "main" }, `Take ${counted(total.taken, "form", "forms")}`);
  take.addEventListener("click", () => attempt(() => forms(false), take));
  fill(
    at("report"),
    element("h3", {}, `${counted(total.rows, "row", "rows")}: ${total.taken} ${would}taken, ${total.refused.length} ${would}refused, ` +
      `${total.repeated} taken before or standing twice`),
    rows.length ? table(["Line", "Column", "Reason", "What to do"], rows) : null,
    dry && total.taken ? take : null,
    !dry && total.welcomed ? element("p", {}, `${counted(total.welcomed, "text", "texts")} will say where and when they signed.`) : null,
  );
}

// Channels

async function channels() {
  const page = await ask("GET", "/api/channels");
  fill(at("channels"), ...page.items.map((one) => element("article", {},
    element("h3", {}, one.name, element("span", { class: "state" }, one.health)),
    one.reason ? element("p", {}, one.reason) : null,
    element("p", { class: "hint" }, [one.gateway, one.sender, `${one.backlog} waiting`,
      one.since && `since ${moment(one.since)}`].filter(Boolean).join(" · ")))));
}

// Wiring

at("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  attempt(async () => {
    await enter();
    try { sessionStorage.setItem("staff-key", key); } catch { /* a private window: asked for again */ }
  }, event.submitter);
});
at("leave").addEventListener("click", leave);
for (const tab of document.querySelectorAll("[data-view]")) {
  tab.addEventListener("click", () => attempt(() => show(tab.dataset.view), tab));
}
at("new").addEventListener("submit", (event) => { event.preventDefault(); attempt(check, event.submitter); });
at("new").addEventListener("input", () => { forget(); arrange(); });
at("forms").addEventListener("submit", (event) => { event.preventDefault(); attempt(() => forms(true), event.submitter); });
at("forms").addEventListener("input", () => at("report").replaceChildren());

try { key = sessionStorage.getItem("staff-key") || ""; } catch { /* a private window */ }
if (key) attempt(enter);
