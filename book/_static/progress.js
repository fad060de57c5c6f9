// What a reader has read, answered and solved, kept in this browser and nowhere else: under one key of `localStorage`.
//
//   { gradus: 1, pages: { PAGE: { read: [section, …], solved: [exercise, …], of: [sections, questions, exercises] } },
//     questions: { KEY: { page, box, seen: "2026-11-30", due: "2026-12-01" } }, last: { page, section, heading } }
//
// A section is read when its end was on the screen, and it was on the screen as long as a fast reader takes for its
// words. A question that has been answered comes back on a later day (`reviewed`), on the page with the `gradus-review`.
// `learning_kept.py` says which page this is, and how much there is of everything. Without scripts nothing of it shows.
// The time is `window.gradusNow()` where that is defined, for the tests.
"use strict";

(() => {
  const KEY = "gradus-progress", VERSION = 1;
  const CODE_KEY = "gradus-code"; // the cells that a reader has changed (`run-in-page.js`), which are erased as well
  const DAYS = [1, 3, 7, 21, 60]; // until a question comes back, by its box
  const WORDS_PER_SECOND = 10, SHORTEST = 2, LONGEST = 30; // seconds that a section must be on the screen
  const EDGE = 16; // pixels below its last line that belong to a section
  const TICK = 500, SETTLED = 5000; // milliseconds between two looks; after which a reader who opened a page is in it

  const script = document.currentScript;
  const ROOT = new URL("../", script.src), PAGE = script.dataset.page, IS_KEPT = "kept" in script.dataset;
  const now = () => (window.gradusNow ?? Date.now)();

  // Days are written as `2026-11-30`, the reader's own.

  function dayOf(time) {
    const date = new Date(time), two = (number) => String(number).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  }

  function noonOf(day) {
    const [year, month, date] = day.split("-").map(Number);
    return new Date(year, month - 1, date, 12);
  }

  function later(day, days) {
    const date = noonOf(day);
    date.setDate(date.getDate() + days);
    return dayOf(date);
  }

  const today = () => dayOf(now());
  const inWords = (day) => (day === later(today(), 1) ? "tomorrow" : `on ${noonOf(day).toLocaleDateString("en-GB", { day: "numeric", month: "long" })}`);
  const many = (number, one, more = `${one}s`) => `${number} ${number === 1 ? one : more}`;

  // Is it what this script writes? A file may hold anything.

  const ID = /^[\w.:-]{1,200}$/, PAGE_NAME = /^[a-z][\w-]*(?:\/[\w-]+)+$/i, QUESTION = /^[0-9a-f]{6,64}$/;
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isText = (value, form) => typeof value === "string" && form.test(value);
  const isDay = (value) => isText(value, /^[12]\d{3}-\d\d-\d\d$/) && later(value, 0) === value;
  const isIds = (value) => Array.isArray(value) && value.length < 1000 && value.every((each) => isText(each, ID));
  const isAmount = (value) => Number.isInteger(value) && value >= 0 && value < 1000;

  const isPage = ([name, page]) => isText(name, PAGE_NAME) && isObject(page) && isIds(page.read) && isIds(page.solved)
    && Array.isArray(page.of) && page.of.length === 3 && page.of.every(isAmount);
  const isQuestion = ([key, question]) => isText(key, QUESTION) && isObject(question) && isText(question.page, PAGE_NAME)
    && isAmount(question.box) && question.box < DAYS.length && isDay(question.seen) && isDay(question.due);
  const isPlace = (place) => isObject(place) && isText(place.page, PAGE_NAME) && isText(place.section, /^[\w.:-]{0,200}$/)
    && isText(place.heading, /^.{0,300}$/s);

  // What is wrong with something that should be a reader's progress; "" if nothing is.
  function fault(data) {
    if (!isObject(data) || !("gradus" in data) || !isObject(data.pages) || !isObject(data.questions)) {
      return "it holds something else than the progress in this course";
    }
    if (data.gradus !== VERSION) {
      return "it was written by another version of these pages";
    }
    const bad = Object.entries(data.pages).find((each) => !isPage(each)) ?? Object.entries(data.questions).find((each) => !isQuestion(each));
    if (bad || !(data.last === null || isPlace(data.last))) {
      return `it is damaged at ${JSON.stringify(bad ? bad[0] : "last").slice(0, 60)}`;
    }
    return "";
  }

  // The sound data in a text; throws an Error that says in words why there are none.
  function parsed(text) {
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      throw new Error("it holds something else than the progress in this course");
    }
    const wrong = fault(data);
    if (wrong) {
      throw new Error(wrong);
    }
    return { gradus: VERSION, pages: data.pages, questions: data.questions, last: data.last };
  }

  // Keeping. Where the browser refuses, everything goes on until the page is left, and `refusal` says why in a sentence.

  const nothing = () => ({ gradus: VERSION, pages: {}, questions: {}, last: null });
  let kept = nothing(), refusal = "";
  let fit = () => {}; // what this page, if it is a chapter, puts right in whatever is read: what it has may have changed

  function load() {
    if (refusal) {
      return;
    }
    let text = null;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      refusal = "Your browser keeps nothing for this site (a private window, or a setting), so your progress is forgotten when you leave the page.";
    }
    try {
      kept = text === null ? nothing() : parsed(text);
    } catch (error) {
      refusal = `What your browser keeps of your progress cannot be read (${error.message}). Nothing is added to it; you can erase it, or import a file in its place.`;
    }
    fit(kept);
  }

  function save() {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      refusal = "Your browser has no room left for your progress, so what you do now is forgotten when you leave the page.";
    }
  }

  // Another tab may have written since: read, change, write.
  function change(how) {
    load();
    how(kept);
    if (!refusal) {
      save();
    }
    showMarks();
  }

  function replaceAll(data) {
    refusal = "";
    kept = data;
    save();
    showMarks();
  }

  function erase() {
    refusal = "";
    try {
      localStorage.removeItem(KEY);
      localStorage.removeItem(CODE_KEY);
    } catch {
      // Nothing was kept: there is nothing to erase.
    }
    kept = nothing();
    load();
    showMarks();
  }

  function pageIn(data, name) {
    return (data.pages[name] ??= { read: [], solved: [], of: [0, 0, 0] });
  }

  // A question after an answer to it. The first answer of a day counts; a right one before its time changes nothing.
  function reviewed(question, page, isRight, day) {
    if (question?.seen === day || (question && isRight && day < question.due)) {
      return question;
    }
    const box = question && isRight ? Math.min(question.box + 1, DAYS.length - 1) : 0;
    return { page, box, seen: day, due: later(day, DAYS[box]) };
  }

  // Two records in one: whatever either has; of a question, what was answered last.
  function merged(ours, theirs) {
    const both = structuredClone(ours);
    for (const [name, page] of Object.entries(theirs.pages)) {
      const mine = (both.pages[name] ??= { read: [], solved: [], of: page.of });
      mine.read = [...new Set([...mine.read, ...page.read])];
      mine.solved = [...new Set([...mine.solved, ...page.solved])];
    }
    for (const [key, question] of Object.entries(theirs.questions)) {
      const mine = both.questions[key];
      both.questions[key] = mine && mine.seen >= question.seen ? mine : question;
    }
    both.last ??= theirs.last;
    return both;
  }

  const answeredOn = (name) => Object.values(kept.questions).filter((question) => question.page === name).length;

  // Sections read, questions answered, exercises solved of a page, none more than it has.
  function amounts(name, of) {
    const page = kept.pages[name];
    return [page?.read.length ?? 0, answeredOn(name), page?.solved.length ?? 0].map((number, i) => Math.min(number, of[i]));
  }

  // "done": every section read and every question answered; exercises are the reader's choice.
  function stateOf(name) {
    const of = kept.pages[name]?.of;
    if (!of) {
      return "";
    }
    const [read, answered, solved] = amounts(name, of);
    return read === of[0] && answered === of[1] && read > 0 ? "done" : read + answered + solved > 0 ? "begun" : "";
  }

  // Small pieces of a page.

  function make(name, attributes = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  }

  function button(label, pressed) {
    const made = make("button", { type: "button", class: "kept-button" }, label);
    made.addEventListener("click", pressed);
    return made;
  }

  const address = (page, section = "") => new URL(`${page}.html${section && `#${section}`}`, ROOT).href;

  // Links to pages of the course, in the side bar and on the first page's path; each with the name of its page.
  function links() {
    const found = [];
    for (const link of document.querySelectorAll(".bd-sidenav a[href], .course-path a[href]")) {
      const path = link.href.split(/[?#]/)[0];
      const isHere = path === location.href.split(/[?#]/)[0];
      if (isHere || path.startsWith(ROOT.href)) {
        found.push([link, isHere ? PAGE : decodeURI(path.slice(ROOT.href.length)).replace(/\.html$/, "")]);
      }
    }
    return found;
  }

  // A page's title as the side bar has it, without its number; "" for a page that is not there.
  function titleOf(page) {
    const [link] = links().find(([, name]) => name === page) ?? [];
    return link ? link.firstChild.textContent.trim().replace(/^[\d.]+\s+/, "") : "";
  }

  function showMarks() {
    for (const [link, page] of links()) {
      const state = stateOf(page);
      link.querySelector(".kept-mark")?.remove();
      if (state) {
        link.append(make("span", { class: `kept-mark is-${state}` }, make("span", { class: "kept-unseen" }, ` (${state})`)));
      }
    }
  }

  // Say once on a page, below what the reader has just done, that it is not kept.
  function admit(below) {
    if (refusal && !document.querySelector(".kept-refusal")) {
      const line = make("p", { class: "kept-refusal", role: "status" });
      below.after(line);
      setTimeout(() => line.append(refusal), 50); // later, so that a screen reader speaks
    }
  }

  // A chapter or a problem set: its sections, exercises and questions.

  function headed(section) {
    const heading = section.querySelector(":scope > h1, :scope > h2").cloneNode(true);
    heading.querySelectorAll(".section-number, .headerlink, mjx-assistive-mml").forEach((part) => part.remove());
    return heading.textContent.trim().slice(0, 300);
  }

  function secondsFor(section) {
    const words = [...section.querySelectorAll("p, li:not(:has(p))")].map((part) => part.textContent).join(" ").split(/\s+/).length;
    return Math.min(Math.max(words / WORDS_PER_SECOND, SHORTEST), LONGEST);
  }

  // Look twice a second which sections are on the screen, and how long they have been.
  function watch(all, toRead) {
    const seen = new Map(toRead.map((section) => [section, { seconds: 0, ended: false }]));
    let before = now(), settled = 0;

    function look(section, passed) {
      const sight = seen.get(section), { top, bottom } = section.getBoundingClientRect();
      if (top > innerHeight || bottom < 0) {
        return false;
      }
      sight.seconds += passed / 1000;
      sight.ended ||= bottom <= innerHeight + EDGE;
      return sight.ended && sight.seconds >= (sight.enough ??= secondsFor(section));
    }

    function remember() {
      const here = all.filter((section) => section.getBoundingClientRect().top < innerHeight / 2).at(-1);
      const place = { page: PAGE, section: here?.id ?? "", heading: here ? headed(here) : "" };
      if (kept.last?.page !== place.page || kept.last.section !== place.section) {
        change((data) => { data.last = place; });
      }
    }

    setInterval(() => {
      const passed = Math.min(Math.max(now() - before, 0), 2 * TICK); // a machine that slept has read nothing
      before = now();
      if (document.hidden) {
        return;
      }
      settled += passed;
      const read = toRead.filter((section) => !kept.pages[PAGE].read.includes(section.id) && look(section, passed));
      if (read.length) {
        change((data) => {
          const page = pageIn(data, PAGE);
          page.read = [...new Set([...page.read, ...read.map((section) => section.id)])];
        });
      }
      if (settled >= SETTLED) {
        remember();
      }
    }, TICK);
  }

  function addTick(exercise) {
    const box = make("input", { type: "checkbox", autocomplete: "off" });
    const name = exercise.querySelector(".caption-number")?.textContent.trim() ?? "";
    const redraw = () => { box.checked = kept.pages[PAGE].solved.includes(exercise.id); };
    box.addEventListener("change", () => {
      change((data) => {
        const page = pageIn(data, PAGE), others = page.solved.filter((id) => id !== exercise.id);
        page.solved = box.checked ? [...others, exercise.id] : others;
      });
      admit(exercise);
    });
    exercise.append(make("label", { class: "kept-solved" }, box, " Solved", make("span", { class: "kept-unseen" }, ` (${name})`)));
    redraw();
    return redraw;
  }

  // Below a question that has been answered: when it comes back.
  function note(quiz) {
    const question = kept.questions[quiz.dataset.key];
    quiz.querySelector(".kept-note")?.remove();
    if (!question) {
      return;
    }
    const when = question.due > today() ? `comes back ${inWords(question.due)}` : "is due today";
    const where = quiz.dataset.page ? [] : [" in ", make("a", { href: address("book/appendix/review") }, "Today’s review")];
    quiz.append(make("p", { class: "kept-note" }, `Answered; it ${when}`, ...where, "."));
  }

  function listen() {
    document.addEventListener("quiz-answered", ({ target, detail }) => {
      const { key, page = PAGE } = target.dataset;
      if (key) {
        change((data) => { data.questions[key] = reviewed(data.questions[key], page, detail.isRight, today()); });
        note(target);
        admit(target);
      }
    });
  }

  function openChapter() {
    const article = document.querySelector(".bd-article");
    const under = (heading) => [...article.querySelectorAll("section[id]")].filter((section) => section.querySelector(`:scope > ${heading}`));
    const all = under("h2").length ? under("h2") : under("h1");
    const toRead = under("h2").length ? all.filter((section) => !section.querySelector(".quiz, .exercise.admonition")) : all;
    const exercises = [...article.querySelectorAll(".exercise.admonition[id]")], quizzes = [...article.querySelectorAll(".quiz[data-key]")];
    const still = (ids, elements) => ids.filter((id) => elements.some((element) => element.id === id));

    fit = (data) => {
      const page = pageIn(data, PAGE);
      page.of = [toRead.length, quizzes.length, exercises.length];
      page.read = still(page.read, toRead);
      page.solved = still(page.solved, exercises);
    };
    fit(kept);
    const redraw = exercises.map(addTick);
    quizzes.forEach(note);
    watch(all, toRead);
    return () => {
      redraw.forEach((draw) => draw());
      quizzes.forEach(note);
    };
  }

  // The first page: go on, and what is due.

  const dueToday = () => Object.entries(kept.questions).filter(([, question]) => question.due <= today());

  function offerToContinue() {
    const start = document.querySelector(".bd-article a.start")?.closest("p");
    document.querySelector(".kept-continue")?.remove();
    if (!start) {
      return;
    }
    const parts = [], title = kept.last ? titleOf(kept.last.page) : "", due = dueToday().length;
    if (title) {
      const where = kept.last.heading ? `${title}: ${kept.last.heading}` : title;
      parts.push("Continue where you were: ", make("a", { href: address(kept.last.page, kept.last.section) }, where), ". ");
    }
    if (due) {
      parts.push(`${many(due, "quick question is", "quick questions are")} due in `, make("a", { href: address("book/appendix/review") }, "Today’s review"), ".");
    }
    if (parts.length) {
      start.after(make("p", { class: "kept-continue" }, ...parts));
    }
  }

  // The page "Your progress".

  function openProgress(place) {
    const contents = JSON.parse(document.getElementById("course-contents").textContent);
    const table = make("div", { class: "pst-scrollable-table-container" }), said = make("p", { role: "status", class: "kept-said" }), asked = make("div");
    const file = make("input", { type: "file", accept: ".json,application/json", hidden: "" });

    function draw() {
      const sum = [0, 0, 0], all = [0, 0, 0], rows = [];
      for (const { caption, pages } of contents) {
        const counts = [0, 0, 0], totals = [0, 0, 0];
        for (const { page, of } of pages) {
          amounts(page, of).forEach((number, i) => { counts[i] += number; totals[i] += of[i]; });
        }
        rows.push(row(caption, counts, totals));
        counts.forEach((number, i) => { sum[i] += number; all[i] += totals[i]; });
      }
      const heads = ["Part", "Sections read", "Questions answered", "Exercises solved"].map((text) => make("th", { scope: "col" }, text));
      table.replaceChildren(make("table", { class: "table kept-table" }, make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows), make("tfoot", {}, row("All", sum, all))));
    }

    function row(name, counts, totals) {
      const cells = counts.map((number, i) => make("td", {}, totals[i] ? `${number} of ${totals[i]}` : "–"));
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
    }

    function say(text) {
      said.replaceChildren();
      setTimeout(() => said.replaceChildren(text), 50);
    }

    // A question with its answers; the last one changes nothing, and has the focus.
    function ask(question, ...answers) {
      const close = (act) => () => { asked.replaceChildren(); act(); from.focus(); };
      const from = document.activeElement;
      const buttons = answers.map(([label, act]) => button(label, close(act)));
      asked.replaceChildren(make("div", { class: "kept-asked", role: "group", "aria-label": question }, make("p", {}, question), ...buttons));
      buttons.at(-1).focus();
    }

    function exportAll() {
      load();
      const link = make("a", { download: `gradus-progress-${today()}.json` });
      link.href = URL.createObjectURL(new Blob([JSON.stringify(kept, null, 1)], { type: "application/json" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      say(`Exported: ${link.download}.`);
    }

    function finish(data, done) {
      replaceAll(data);
      draw();
      say(refusal || done);
    }

    async function importAll() {
      const [chosen] = file.files;
      file.value = "";
      let data;
      try {
        data = parsed(await chosen.text());
      } catch (error) {
        say(`Nothing was imported from ${chosen.name}: ${error.message}.`);
        return;
      }
      load();
      if (!refusal && Object.keys(kept.pages).length + Object.keys(kept.questions).length === 0) {
        finish(data, `Imported from ${chosen.name}.`);
        return;
      }
      ask(`What should become of what is kept here, when ${chosen.name} is imported?`,
        ["Add the file to it", () => finish(merged(kept, data), `Added what ${chosen.name} holds.`)],
        ["Replace it by the file", () => finish(data, `Replaced by what ${chosen.name} holds.`)],
        ["Import nothing", () => say("Nothing was changed.")]);
    }

    function eraseAll() {
      ask("Erase everything that this browser keeps: your progress, which cannot be brought back unless you have exported it, and what you have changed in cells?",
        ["Erase it", () => { erase(); draw(); say(refusal || "Erased."); }],
        ["Keep it", () => say("Nothing was changed.")]);
    }

    file.addEventListener("change", importAll);
    const buttons = make("p", { class: "kept-buttons" }, button("Export", exportAll), button("Import…", () => file.click()), button("Erase…", eraseAll));
    draw();
    place.append(table, buttons, file, asked, said);
    say(refusal);
    return draw;
  }

  // The page "Today's review".

  // A question of `questions.js` as the chapter has it, with radio buttons again.
  function built({ key, page, html }) {
    const quiz = make("div", { class: "quiz", id: "quiz-review", "data-key": key, "data-page": page });
    quiz.innerHTML = html;
    quiz.querySelector("fieldset").append(make("button", { type: "button", class: "quiz-check" }, "Check"),
      make("div", { class: "quiz-verdict", role: "status" }));
    for (const label of quiz.querySelectorAll("label[data-letter]")) {
      const letter = label.dataset.letter, choice = make("div", { class: "quiz-choice" });
      label.replaceWith(choice);
      label.htmlFor = `quiz-review-${letter}`;
      label.removeAttribute("data-letter"); // an explanation has it too
      label.prepend(make("span", { class: "quiz-letter" }, `${letter}. `));
      choice.append(make("input", { type: "radio", name: "quiz-review", id: label.htmlFor, value: letter, autocomplete: "off" }), label);
    }
    for (const link of quiz.querySelectorAll("a[href]")) {
      link.href = new URL(link.getAttribute("href"), address(page)).href;
    }
    return quiz;
  }

  function openReview(place) {
    const known = new Map((window.gradusQuestions ?? []).map((question) => [question.key, question]));
    const due = dueToday().filter(([key]) => known.has(key)).sort(([, one], [, other]) => (one.due < other.due ? -1 : one.due > other.due ? 1 : one.box - other.box));
    const count = make("p", { class: "review-count", tabindex: "-1" }), box = make("div"), onward = make("p", { class: "kept-buttons" });

    function comingBack() {
      const days = Object.entries(kept.questions).filter(([key]) => known.has(key)).map(([, { due: day }]) => day).filter((day) => day > today()).sort();
      const next = days.filter((day) => day === days[0]).length;
      return next ? ` The next ${many(next, "question comes", "questions come")} back ${inWords(days[0])}.` : "";
    }

    function end(words) {
      count.textContent = words + comingBack();
      box.replaceChildren();
      onward.replaceChildren();
    }

    function ask(i) {
      if (i === due.length) {
        end(`That was ${many(due.length, "question", "questions")}, and all for today.`);
        return;
      }
      const question = known.get(due[i][0]), quiz = built(question);
      count.replaceChildren(`Question ${i + 1} of ${due.length}, from `, make("a", { href: address(question.page) }, titleOf(question.page) || "a chapter"));
      box.replaceChildren(quiz);
      onward.replaceChildren();
      window.gradusQuiz(quiz);
      dispatchEvent(new Event("resize")); // `wide-boxes.js` looks again
      quiz.addEventListener("quiz-answered", () => {
        onward.replaceChildren(button(i + 1 < due.length ? "Next question" : "Finish", () => { ask(i + 1); count.focus(); }));
      });
    }

    place.append(count, box, onward);
    if (due.length) {
      ask(0);
    } else if (Object.keys(kept.questions).length) {
      end("Nothing is due today.");
    } else {
      end("You have not answered a quick question yet. They stand at the end of each chapter, under “Check yourself”, and come back here from the day after.");
    }
    admit(place);
  }

  document.addEventListener("DOMContentLoaded", () => {
    load();
    const redraw = IS_KEPT ? openChapter() : () => {};
    const progress = document.querySelector(".gradus-progress"), review = document.querySelector(".gradus-review");
    const drawTable = progress ? openProgress(progress) : () => {};
    if (review) {
      openReview(review);
    }
    listen();
    const showAll = () => { showMarks(); redraw(); drawTable(); offerToContinue(); };
    showMarks();
    offerToContinue();
    addEventListener("storage", ({ key }) => { if (key === KEY || key === null) { load(); showAll(); } });
    addEventListener("pageshow", ({ persisted }) => { if (persisted) { load(); showAll(); } });
  });
})();
