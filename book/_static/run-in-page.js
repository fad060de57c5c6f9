// Runs the cells of a chapter that need Python alone, in the page. Nothing is loaded before the reader presses the button.
//
// `run_in_page.py` says in `#run-in-page` which code cells these are, what the others need, and what Python weighs;
// `run-in-page-worker.js` has the Python. What a reader has changed is kept by the browser, under one key:
//
//   { gradus: 1, pages: { PAGE: { CELL: text } } }
//
// Without scripts nothing of it shows. `progress.js` erases it with the rest.
"use strict";

(() => {
  const KEY = "gradus-code", VERSION = 1, LONGEST = 20_000; // characters that are kept of a cell
  const HTML_HEAD = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;
  const KEYWORDS = "False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from"
    + "|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield";
  const TOKEN = new RegExp([
    /(?<c1>#.*)/, /(?<s2>(?:\b[rbfu]{1,2})?(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
    new RegExp(`\\b(?<k>${KEYWORDS})\\b`), /\b(?<mi>\d[\w.]*)/,
  ].map((part) => part.source).join("|"), "g");

  const script = document.currentScript;

  function make(name, attributes = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  }

  function button(label, name, pressed) {
    const made = make("button", { type: "button", class: "run-button", "aria-label": name }, label);
    made.addEventListener("click", pressed);
    return made;
  }

  // What is kept. Something else under the key, or a browser that keeps nothing, counts as nothing, and is left alone.

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isText = (value) => typeof value === "string" && value.length <= LONGEST;

  function stored() {
    try {
      const text = localStorage.getItem(KEY);
      const data = text === null ? { gradus: VERSION, pages: {} } : JSON.parse(text);
      return isObject(data) && data.gradus === VERSION && isObject(data.pages) ? data : null;
    } catch {
      return null;
    }
  }

  function keptText(page, cell) {
    const pages = stored()?.pages ?? {}, cells = Object.hasOwn(pages, page) && isObject(pages[page]) ? pages[page] : {};
    return Object.hasOwn(cells, cell) && isText(cells[cell]) ? cells[cell] : null;
  }

  // Keep a cell's text, or forget it (null); whether it is kept now. Another tab may have written: read, change, write.
  function keep(page, cell, text) {
    const data = stored();
    if (data === null || (text !== null && !isText(text))) {
      return false;
    }
    const { [cell]: _, ...others } = isObject(data.pages[page]) ? data.pages[page] : {};
    data.pages[page] = text === null ? others : { ...others, [cell]: text };
    try {
      localStorage.setItem(KEY, JSON.stringify(data));
      return true;
    } catch {
      return false;
    }
  }

  // Code in the colours of the page.
  function coloured(text) {
    const parts = [];
    let end = 0;
    for (const found of text.matchAll(TOKEN)) {
      const [[kind]] = Object.entries(found.groups).filter(([, value]) => value !== undefined);
      parts.push(text.slice(end, found.index), make("span", { class: kind }, found[0]));
      end = found.index + found[0].length;
    }
    return [...parts, text.slice(end)];
  }

  // The Python of the page: one worker, which runs one cell at a time.

  const python = { worker: null, isReady: false, running: null, waiting: [], number: 0, said: () => {} };

  function begin() {
    const worker = new Worker(new URL("run-in-page-worker.js", script.src), { type: "module" });
    const hearOf = (data) => { // one that was ended may still have had something to say
      if (worker === python.worker) {
        hear(data);
      }
    };
    worker.addEventListener("message", ({ data }) => hearOf(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      hearOf({ failed: event.message || "the site does not have it" });
    });
    python.isReady = false;
    python.worker = worker;
  }

  function hear(data) {
    const { running } = python;
    if (data.ready) {
      python.isReady = true;
      python.said("Python is there.");
      next();
    } else if ("failed" in data) {
      python.worker.terminate();
      python.worker = null;
      python.waiting.splice(0).forEach((cell) => cell.say(""));
      python.said(`Python could not be loaded (${data.failed}). Press the button to try again.`);
    } else if ("text" in data) {
      running?.print(data.text);
    } else if ("html" in data) {
      running?.draw(data.html);
    } else if (data.dead) {
      startAnew(`${data.fault}. It was started anew, without what the cells had computed.`);
    } else if (running && data.number === python.number) {
      python.running = null;
      running.end(data.fault, data.cut);
      if (data.fault) {
        python.waiting.splice(0).forEach((cell) => cell.say("Not run: a cell before it failed."));
      }
      next();
    }
  }

  function next() {
    if (python.isReady && !python.running && python.waiting.length) {
      python.running = python.waiting.shift();
      python.number += 1;
      python.running.start();
      python.worker.postMessage({ number: python.number, place: python.running.name, source: python.running.text });
    }
  }

  function run(cells) {
    if (!python.worker) {
      begin();
      python.said("Loading Python…");
    }
    for (const cell of cells) {
      if (cell !== python.running && !python.waiting.includes(cell)) {
        python.waiting.push(cell);
        cell.say("Waiting…");
      }
    }
    next();
  }

  function startAnew(words) {
    const stopped = python.running;
    python.worker.terminate();
    python.running = null;
    python.waiting.splice(0).forEach((cell) => cell.say(""));
    stopped?.end("", false);
    stopped?.say(words);
    begin();
  }

  // A cell that can be edited and run. `box` holds its code, a <pre>; `below` is what it stands below.
  class Cell {
    constructor({ page, id, name, box, below, printed }, above) {
      Object.assign(this, { page, id, name, printed });
      this.pre = box.querySelector("pre");
      this.original = this.pre.textContent.replace(/\n$/, "");
      this.colours = [...this.pre.childNodes];
      this.field = make("textarea", { class: "run-field", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
        autocorrect: "off", wrap: "off", "aria-label": `Code of ${name}`, "aria-describedby": "run-keys" });
      this.said = make("span", { class: "run-said", role: "status" });
      this.output = make("div", { class: "run-output", "aria-live": "polite", "aria-label": `Output of ${name}`, role: "group", hidden: "" });
      this.runs = button("Run", `Run ${name}`, () => run([this]));
      this.stops = button("Stop", `Stop ${name}`, () => startAnew("Stopped. Python was started anew, and what the cells had computed is gone: run those above again."));
      this.resets = button("Reset", `Reset ${name}`, () => this.reset());
      const runsAbove = button("Run all above", `Run all above ${name}`, () => run(above()));
      const bar = make("div", { class: "run-bar", role: "group", "aria-label": name }, make("span", { class: "run-name" }, name),
        this.runs, runsAbove, this.stops, this.resets, this.said);
      this.stops.hidden = true;
      box.classList.add("run-editor");
      this.pre.removeAttribute("tabindex"); // it was a stop where it scrolls; now the field is
      this.pre.setAttribute("aria-hidden", "true");
      this.pre.after(this.field);
      below.after(bar, this.output);
      this.write(keptText(page, id) ?? this.original);
      this.field.addEventListener("input", () => this.edited());
      this.field.addEventListener("keydown", (event) => this.pressed(event));
    }

    get text() {
      return this.field.value;
    }

    write(text) {
      this.field.value = text;
      this.field.setSelectionRange(0, 0);
      this.paint();
    }

    paint() {
      const isOriginal = this.text === this.original;
      this.pre.replaceChildren(...(isOriginal ? this.colours : [...coloured(this.text), "\n"]));
      this.resets.disabled = isOriginal && this.output.hidden;
    }

    edited() {
      this.paint();
      const isKept = keep(this.page, this.id, this.text === this.original ? null : this.text);
      this.say(isKept ? "" : "Your browser does not keep this change: it is gone when you leave the page.");
    }

    pressed(event) {
      if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        run([this]);
      } else if (event.key === "Tab" && !event.shiftKey && !this.leaves) {
        event.preventDefault();
        document.execCommand("insertText", false, "    ");
      } else if (event.key === "Enter" && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing) {
        event.preventDefault();
        const line = this.text.slice(0, this.field.selectionStart).split("\n").at(-1);
        document.execCommand("insertText", false, `\n${line.match(/^ */)[0]}${/:\s*$/.test(line) ? "    " : ""}`);
      }
      this.leaves = event.key === "Escape" || (this.leaves && event.key === "Shift");
    }

    reset() {
      keep(this.page, this.id, null);
      this.output.replaceChildren();
      this.output.hidden = true;
      this.write(this.original);
      this.printed?.removeAttribute("hidden");
      this.say("As it was.");
      this.field.focus();
    }

    say(words) {
      this.said.textContent = words;
    }

    start() {
      this.began = performance.now();
      this.output.replaceChildren();
      this.output.hidden = true;
      this.output.removeAttribute("tabindex");
      this.printed?.setAttribute("hidden", "");
      this.stops.hidden = false;
      this.runs.hidden = true;
      this.say("Running…");
    }

    print(text) {
      this.output.hidden = false;
      const last = this.output.lastElementChild;
      (last?.localName === "pre" ? last : this.output.appendChild(make("pre"))).append(text);
    }

    // What a cell draws is shown without scripts, apart from the page, and may fetch nothing.
    draw(html) {
      const { color, fontFamily } = getComputedStyle(this.output);
      this.output.hidden = false;
      this.output.append(make("iframe", { class: "run-drawn", sandbox: "", title: `What ${this.name} shows`,
        srcdoc: `${HTML_HEAD}<style>body { margin: 0; color: ${color}; font: 0.9rem ${fontFamily.replaceAll("<", "")} }</style>${html}` }));
    }

    end(fault, isCut) {
      if (isCut) {
        this.print("\n… and more, which is not shown.");
      }
      const hadFocus = document.activeElement === this.stops;
      this.stops.hidden = true;
      this.runs.hidden = false;
      if (hadFocus) {
        this.runs.focus();
      }
      if (this.output.scrollHeight > this.output.clientHeight) {
        this.output.setAttribute("tabindex", "0");
      }
      const seconds = (performance.now() - this.began) / 1000;
      this.say(fault || `Ran in ${seconds < 0.05 ? "no time" : `${seconds.toFixed(1)} s`}.`);
      this.resets.disabled = false;
    }
  }

  // An empty cell below an exercise.
  function placeFor(exercise) {
    const box = make("div", { class: "highlight" }, make("pre", {}, "# Your code. It may use what\n# the cells above have defined.\n"));
    const holder = make("div", { class: "run-exercise" }, box);
    exercise.after(holder);
    return box;
  }

  function open(facts, offer) {
    const cells = [], article = document.querySelector(".bd-article");
    const above = (cell) => () => cells.slice(0, cells.indexOf(cell)).filter((each) => each.isOfChapter);
    const add = (what, isOfChapter) => {
      const cell = new Cell({ page: facts.page, ...what }, () => above(cell)());
      cell.isOfChapter = isOfChapter;
      cells.push(cell);
    };
    const begins = facts.cells.findIndex(({ needs }) => !needs);
    [...article.querySelectorAll(".cell")].slice(begins).forEach((cell, after) => {
      const i = begins + after, { id, needs } = facts.cells[i], input = cell.querySelector(".cell_input");
      if (needs) {
        cell.append(make("p", { class: "run-not" }, `Cell ${i + 1} runs in Colab and JupyterLab, not in this page: it needs ${needs}.`));
      } else {
        add({ id, name: `cell ${i + 1}`, box: input.querySelector(".highlight"), below: input, printed: cell.querySelector(".cell_output") }, true);
      }
    });
    article.querySelectorAll(".exercise.admonition[id]").forEach((exercise, i) => {
      const box = placeFor(exercise);
      add({ id: exercise.id, name: `exercise ${i + 1}`, box, below: box, printed: null }, false);
    });
    offer.querySelector("button").textContent = "Run all cells";
    offer.append(make("p", { id: "run-keys", class: "run-keys" },
      "Change any cell, and press Run below it. Shift and Enter do the same; Tab indents, and Escape, then Tab, leads on. What you write is kept by this browser alone."));
    return () => run(cells.filter((cell) => cell.isOfChapter));
  }

  // Why the page cannot run Python where it is, in a sentence, or "".
  function obstacle() {
    if (location.protocol === "file:") {
      return "The cells of this chapter can run in the page where it is served from an address; opened from a file, browsers do not let it.";
    }
    return window.WebAssembly && window.Worker ? "" : "Your browser cannot run the cells of this chapter in the page.";
  }

  function start() {
    const facts = JSON.parse(document.getElementById("run-in-page").textContent);
    const first = [...document.querySelectorAll(".bd-article .cell")][facts.cells.findIndex(({ needs }) => !needs)];
    const offer = make("div", { class: "run-offer" }), said = make("span", { class: "run-said", role: "status" });
    if (!first) {
      return;
    }
    first.before(offer);
    if (obstacle()) {
      const links = [...document.querySelectorAll(".run-links a")].flatMap((link, i) => [i ? ", " : " ", link.cloneNode(true)]);
      offer.append(make("p", {}, obstacle(), ...(links.length ? [" Run them elsewhere:", ...links, "."] : [])));
      return;
    }
    let runAll = null;
    const press = make("button", { type: "button", class: "run-button" }, "Run in this page");
    press.addEventListener("click", () => {
      if (runAll) {
        runAll();
      } else {
        python.said = (words) => { said.textContent = words; };
        runAll = open(facts, offer);
        run([]);
      }
    });
    offer.append(press, make("span", { class: "run-weight" }, `Python for the browser, ${facts.megabytes} MB (${facts.packed} MB where the server packs it), loaded once, from this site.`), said);
  }

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
