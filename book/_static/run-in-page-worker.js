// Python, beside the page: it runs one cell after the other and says what comes of it. Whoever ends it ends the cell.
//
// It is asked with { number, place, source } and answers { text } and { html } as they come, then { number, fault, cut };
// at first { ready } or { failed }. `cell_runner.py` is the part that is written in Python.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const MOST = 50_000; // characters of one cell's output
const PAUSE = 50; // milliseconds between two messages of a cell that prints and prints

let waiting = "", sent = 0, said = 0, cut = false;

function send() {
  if (waiting) {
    postMessage({ text: waiting });
    waiting = "";
  }
  sent = performance.now();
}

function say(kind, text) {
  if (said + text.length > MOST) {
    text = kind === "text" ? text.slice(0, MOST - said) : "";
    cut = true;
  }
  said += text.length;
  if (kind === "html" && text) {
    send();
    postMessage({ html: text });
  } else if (kind === "text") {
    waiting += text;
    if (performance.now() - sent > PAUSE) {
      send();
    }
  }
}

async function load() {
  const python = await loadPyodide({ indexURL: new URL("pyodide/", self.location).href });
  const source = await (await fetch(new URL("pyodide/cell_runner.py", self.location))).text();
  python.FS.writeFile("/home/pyodide/cell_runner.py", source);
  return python.pyimport("cell_runner").Cells(say);
}

const cells = load();
cells.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error.message ?? error).slice(0, 300) }));

addEventListener("message", async ({ data: { number, place, source } }) => {
  const runner = await cells;
  [waiting, sent, said, cut] = ["", 0, 0, false];
  let fault;
  try {
    fault = runner.run(place, source);
  } catch (error) { // Python itself has ended: its memory or its stack
    fault = `Python has ended (${String(error.message ?? error).split("\n")[0].slice(0, 200)})`;
    send();
    postMessage({ number, fault, cut, dead: true });
    return;
  }
  send();
  postMessage({ number, fault, cut });
});
