// The marking page. What a person gives is kept here until the server says that it stands in the gradebook.
"use strict";

const RETRY = 2000; // milliseconds
const REMEMBERED = 9; // comments
const element = (id) => document.getElementById(id);
const state = { problemSet: "", questions: {}, answers: [], at: 0, shown: [], step: 0, undo: [], queue: [], sending: false,
  texts: new Map(), recent: {}, takes: false, typed: false };

const here = () => state.answers[state.at];
const points = (given) => given.points === null ? "none" : String(given.points);
const given = (answer) => ({ points: answer.points, comment: answer.comment, waits: answer.waits });
const isDone = (answer) => !answer.conflict && (answer.points === null ? answer.automatic !== null : !answer.waits);
const same = (one, other) => one.points === other.points && one.comment === other.comment && one.waits === other.waits;
const say = (text) => { element("said").textContent = text; };
const complain = (text) => { element("trouble").textContent = text; };

async function textOf(answer) {
  if (!state.texts.has(answer.key)) {
    const reply = await fetch(`answer/${answer.key}`);
    if (!reply.ok) throw new Error(reply.statusText);
    state.texts.set(answer.key, (await reply.json()).html);
  }
  return state.texts.get(answer.key);
}

async function fill(place, answer) {
  try {
    const html = await textOf(answer);
    if (place.dataset.key !== answer.key) return; // another one is shown by now
    place.innerHTML = html; // cleaned where it was drawn; the page's policy runs nothing in it either
    if (!place.textContent.trim() && !place.querySelector("img")) place.textContent = "(Nothing is written here.)";
    outwards(place);
  } catch {
    place.textContent = "This answer cannot be loaded: is gradus mark still running?";
  }
}

function outwards(place) {
  for (const link of place.querySelectorAll("a[href]")) link.target = "_blank";
}

function alike(answer, by) {
  return state.answers.filter((other) => other !== answer && other.question === answer.question && other[by] === answer[by]);
}

function show(at, focus = true) {
  state.at = at;
  Object.assign(state, { shown: [], step: 0, typed: false, takes: false });
  const answer = here();
  const question = state.questions[answer.question];
  const own = state.answers.filter((other) => other.question === answer.question);
  document.title = element("title").textContent = `${state.problemSet}: ${answer.question}`;
  element("heading").textContent = `Answer ${own.indexOf(answer) + 1} of ${own.length}${answer.flagged ? ", flagged" : ""}`;
  element("answer").dataset.key = answer.key;
  element("answer").textContent = "…";
  fill(element("answer"), answer);
  if (element("guide").dataset.question !== answer.question) {
    element("guide").dataset.question = answer.question;
    element("guide").innerHTML = question.guide;
    element("prompt").innerHTML = question.prompt;
    element("asked").hidden = !question.prompt;
    outwards(element("right"));
  }
  element("others").replaceChildren();
  element("most").textContent = `0 to ${question.most}`;
  const first = answer.conflict ? answer.conflict.mine : answer;
  const suggested = first.points === null && answer.empty ? 0 : first.points;
  element("points").value = suggested === null ? "" : suggested;
  element("comment").value = first.comment;
  element("conflict").hidden = !answer.conflict;
  if (answer.conflict) {
    const { mine } = answer.conflict;
    element("conflict-says").textContent = `Somebody else has given this answer ${points(answer)} points meanwhile` +
      `${answer.comment ? ` and the comment “${answer.comment}”` : ""}. You gave ${points(mine)}. Theirs stands in the gradebook.`;
  }
  showAlike();
  showRecent();
  progress();
  if (focus) {
    element("heading").focus({ preventScroll: true });
    element("left").scrollTop = 0;
    if (getComputedStyle(element("left")).overflowY !== "auto") window.scrollTo(0, 0);
  }
  const next = following();
  if (next >= 0) textOf(state.answers[next]).catch(() => {});
}

function showAlike() {
  const answer = here();
  const equal = alike(answer, "group").length;
  const near = alike(answer, "family").length - equal;
  const said = [];
  if (answer.empty) said.push(`Nothing was written${answer.automatic === null ? "" : `; the grader has given ${answer.automatic}`}.`);
  if (equal) said.push(`${equal} more that ${equal === 1 ? "is" : "are"} equal but for case and spaces.`);
  if (near) said.push(`${near} more that ${near === 1 ? "is" : "are"} nearly equal.`);
  element("alike").textContent = said.join(" ");
  element("group").disabled = element("all").disabled = !equal && !near;
}

function showRecent() {
  const recent = state.recent[here().question] || [];
  element("recent").replaceChildren(...recent.map((text, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${number + 1} ${text}`;
    button.addEventListener("click", () => take(number));
    return button;
  }));
}

function progress() {
  const done = state.answers.filter(isDone).length;
  element("place").textContent = `${done} of ${state.answers.length} done`;
  const unsaved = state.queue.reduce((sum, job) => sum + job.length, 0);
  element("unsaved").hidden = unsaved === 0;
  element("unsaved").textContent = `${unsaved} not saved yet`;
  element("show-conflict").hidden = !state.answers.some((answer) => answer.conflict && answer !== here());
}

// The next answer that waits; then those that were flagged; -1 when all are done.
function following() {
  const count = state.answers.length;
  const order = Array.from({ length: count - 1 }, (_, step) => (state.at + 1 + step) % count);
  const waits = (flagged) => order.find((at) => !isDone(state.answers[at]) && Boolean(state.answers[at].flagged) === flagged);
  return waits(false) ?? waits(true) ?? -1;
}

function goOn() {
  const at = following();
  if (at >= 0) return show(at);
  const next = Math.min(state.at + 1, state.answers.length - 1);
  const all = state.answers.every(isDone);
  show(next);
  if (all) say("All are marked. Ctrl-C in the terminal ends this; then run gradus grade.");
}

function move(step) {
  const at = state.at + step;
  if (at < 0 || at >= state.answers.length) return say(step < 0 ? "This is the first." : "This is the last.");
  say("");
  show(at);
}

// What the fields say, or null when that is no mark.
function entered() {
  const written = element("points").value.trim().replace(",", ".").replace("½", ".5");
  const most = state.questions[here().question].most;
  const value = Number(written);
  if (!/^\d*\.?\d*$/.test(written) || !/\d/.test(written) || !Number.isFinite(value) || value > most) {
    say(written ? `Points are a number from 0 to ${most}.` : "Type the points first: digits, and . for a half.");
    return null;
  }
  return { points: value, comment: element("comment").value, waits: false };
}

function save() {
  if (here().conflict) return say("Say first whose mark is to stand: k keeps theirs, o gives yours.");
  const mark = entered();
  if (!mark) return;
  give([here()], mark);
  say(`${mark.points} given.`);
  goOn();
}

function saveAll() {
  const answer = here();
  if (answer.conflict) return say("Say first whose mark is to stand: k keeps theirs, o gives yours.");
  if (!state.shown.length) return showOthers();
  const mark = entered();
  if (!mark) return;
  const others = state.shown.filter((other) => other.points === null && !other.conflict);
  give([answer, ...others], mark);
  say(`${mark.points} given to ${others.length + 1} answers.`);
  goOn();
}

function give(answers, mark, forUndo = true) {
  const job = answers.map((answer) => ({ answer, expected: given(answer), mark: { ...mark } }));
  for (const { answer, mark: own } of job) Object.assign(answer, own, { flagged: false });
  if (forUndo) state.undo.push(job);
  if (mark.comment.trim()) remember(answers[0].question, mark.comment);
  state.queue.push(job);
  progress();
  send();
}

function remember(question, comment) {
  const others = (state.recent[question] || []).filter((text) => text !== comment);
  state.recent[question] = [comment, ...others].slice(0, REMEMBERED);
}

function undo() {
  const job = state.undo.pop();
  if (!job) return say("There is nothing to undo.");
  const back = job.filter(({ answer, mark }) => same(given(answer), mark));
  if (!back.length) return say("It was changed meanwhile, and stays.");
  const changes = back.map(({ answer, expected, mark }) => ({ answer, expected: mark, mark: expected }));
  for (const { answer, mark } of changes) Object.assign(answer, mark);
  state.queue.push(changes);
  send();
  show(state.answers.indexOf(back[0].answer));
  say(back.length === 1 ? "Undone." : `Undone for ${back.length} answers.`);
}

// One change after the other, each until the server has it.
async function send() {
  if (state.sending) return;
  state.sending = true;
  while (state.queue.length) {
    const job = state.queue[0];
    let why;
    try {
      const body = Object.fromEntries(job.map(({ answer, expected, mark }) => [answer.key, { expected, given: mark }]));
      const reply = await fetch("give", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      if (reply.ok) {
        settle(job, await reply.json());
        continue;
      }
      why = reply.headers.get("Content-Type") === "application/json" ? (await reply.json()).error : reply.statusText;
      if (reply.status !== 503) {
        refuse(job, why);
        continue;
      }
    } catch {
      why = "The server does not answer: is gradus mark still running?";
    }
    complain(`${why} It is kept here, and tried again.`);
    progress();
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
  state.sending = false;
}

function settle(job, stands) {
  state.queue.shift();
  const lost = job.filter(({ answer, mark }) => !same(stands[answer.key], mark));
  for (const { answer, mark } of lost) {
    Object.assign(answer, stands[answer.key], { conflict: { mine: mark } });
    // what was still to be sent for it was said without knowing this
    for (const later of state.queue) later.splice(0, later.length, ...later.filter((one) => one.answer !== answer));
  }
  state.queue = state.queue.filter((later) => later.length);
  complain(lost.length ? `Somebody else has marked ${lost.length === 1 ? "an answer" : `${lost.length} answers`} meanwhile; theirs stands.` : "");
  if (lost.some(({ answer }) => answer === here())) show(state.at);
  progress();
}

function refuse(job, why) {
  state.queue.shift();
  for (const { answer, expected } of job) Object.assign(answer, expected);
  complain(`${why} It was not saved.`);
  show(state.at, false);
}

function keepTheirs() {
  if (!here().conflict) return;
  delete here().conflict;
  complain("");
  goOn();
}

function giveMine() {
  const answer = here();
  if (!answer.conflict) return;
  const mark = entered();
  if (!mark) return;
  delete answer.conflict;
  complain("");
  give([answer], mark);
  goOn();
}

// First the equal ones, then those that are nearly equal too, then none.
function showOthers() {
  const sizes = ["group", "family"].map((by) => alike(here(), by));
  do state.step = (state.step + 1) % 3; while (state.step && sizes[state.step - 1].length === (state.step === 2 ? sizes[0].length : 0));
  state.shown = state.step ? sizes[state.step - 1] : [];
  element("others").replaceChildren(...state.shown.map((other) => {
    const article = document.createElement("article");
    const heading = document.createElement("h3");
    heading.textContent = `${other.group === here().group ? "equal" : "nearly equal"}, ${other.points === null ? "no mark yet" : `has ${other.points}`}`;
    const text = document.createElement("div");
    Object.assign(text, { className: "text", dir: "auto" });
    text.dataset.key = other.key;
    fill(text, other);
    article.append(heading, text);
    return article;
  }));
  const open = state.shown.filter((other) => other.points === null).length;
  say(state.shown.length ? `${state.shown.length} more are shown. Shift+Enter gives this one, and ${open} of them that have no mark, the same.` : "");
}

function take(number) {
  const text = (state.recent[here().question] || [])[number];
  state.takes = false;
  if (text === undefined) return say("There is no such comment.");
  element("comment").value = text;
  say("");
}

function flag() {
  here().flagged = true;
  say("Flagged: it comes back at the end.");
  goOn();
}

function digit(key) {
  const field = element("points");
  const most = state.questions[here().question].most;
  const longer = field.value + key;
  field.value = state.typed && Number(longer) <= most ? longer : key;
  state.typed = true;
}

function half() {
  const value = Number(element("points").value) || 0;
  element("points").value = value % 1 ? Math.floor(value) : value + 0.5;
  state.typed = true;
}

function stepBy(step) {
  const most = state.questions[here().question].most;
  element("points").value = Math.min(most, Math.max(0, (Number(element("points").value) || 0) + step));
  state.typed = true;
}

async function find(words) {
  const wanted = words.trim().toLocaleLowerCase();
  if (!wanted) return;
  const place = document.createElement("template");
  const count = state.answers.length;
  for (let step = 1; step <= count; step++) {
    const at = (state.at + step) % count;
    if (state.answers[at].question !== here().question) continue;
    place.innerHTML = await textOf(state.answers[at]).catch(() => "");
    if (place.content.textContent.toLocaleLowerCase().includes(wanted)) {
      show(at);
      return say(step === count ? "This is the only one." : "");
    }
  }
  say("No answer has these words.");
}

const KEYS = {
  g: showOthers, n: () => move(1), p: () => move(-1), u: undo, s: flag, k: keepTheirs, o: giveMine, ".": half, ",": half,
  "+": () => stepBy(0.5), "-": () => stepBy(-0.5), c: () => element("comment").focus(), "/": () => element("find").focus(),
  "?": () => element("keys").showModal(), Backspace: () => { element("points").value = ""; state.typed = false; },
  r: () => { state.takes = true; say("Which comment? Its number."); },
};

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || element("keys").open || !state.answers.length) return;
  const at = event.target;
  const inText = at.matches("textarea, #find");
  const inPoints = at === element("points");
  if (event.key === "Escape") element("heading").focus();
  else if (event.key === "Enter" && at === element("comment") && !event.shiftKey) element("heading").focus();
  else if (inText || (event.key === "Enter" && at.matches("button, a, summary"))) return;
  else if (event.key === "Enter" && !event.repeat) (event.shiftKey ? saveAll : save)();
  else if (inPoints || !element("single").checked) return;
  else if (state.takes && /^[1-9]$/.test(event.key)) take(Number(event.key) - 1);
  else if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (Object.hasOwn(KEYS, event.key) && !(at.matches("button, a, summary") && event.key === "Backspace")) KEYS[event.key]();
  else return;
  event.preventDefault();
}

async function begin() {
  document.addEventListener("keydown", pressed);
  const buttons = { all: saveAll, group: showOthers, previous: () => move(-1), next: () => move(1), skip: flag, undo, keep: keepTheirs,
    over: giveMine, help: KEYS["?"], "show-conflict": () => show(state.answers.findIndex((answer) => answer.conflict)) };
  for (const [id, does] of Object.entries(buttons)) element(id).addEventListener("click", does);
  element("mark").addEventListener("submit", (event) => { event.preventDefault(); save(); });
  element("search").addEventListener("submit", (event) => { event.preventDefault(); find(element("find").value); });
  window.addEventListener("beforeunload", (event) => { if (state.queue.length) event.preventDefault(); });
  const reply = await fetch("answers");
  const { problem_set: problemSet, questions, answers } = await reply.json();
  Object.assign(state, { problemSet, questions, answers });
  for (const answer of answers) if (answer.comment) remember(answer.question, answer.comment);
  const first = answers.findIndex((answer) => !isDone(answer));
  show(Math.max(first, 0));
}

begin().catch(() => complain("The answers cannot be loaded: is gradus mark still running?"));
