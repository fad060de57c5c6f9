// Pointing at a page on the path, or reaching it with the keyboard, marks the pages that it needs first.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const data = document.getElementById("course-path-needs");
  if (!data) {
    return;
  }
  const needs = JSON.parse(data.textContent);
  if (matchMedia("(hover: hover)").matches) { // a finger cannot point without following the link
    const hint = document.createElement("p");
    hint.textContent = "Point at a page, and what it needs first is marked.";
    document.querySelector(".course-path")?.before(hint);
  }
  const mark = (name, on) => {
    document.getElementById(name)?.classList.toggle("chosen", on);
    for (const needed of needs[name] ?? []) {
      document.getElementById(needed)?.classList.toggle("needed", on);
    }
  };
  for (const name of Object.keys(needs)) {
    const stop = document.getElementById(name);
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
      stop?.addEventListener(event, () => mark(name, on));
    }
  }
});
