// What is wider than the page scrolls in its own box, and a box that scrolls can be reached with the keyboard. Only
// then: a tab stop on every formula would make a page of mathematics endless. The theme does this for code; this file does
// it for formulas and figures.
"use strict";

(() => {
  function scrolls(box) {
    return box.scrollWidth > box.clientWidth + 1;
  }

  function setTabStop(box, wanted) {
    if (wanted) {
      box.setAttribute("tabindex", "0");
    } else {
      box.removeAttribute("tabindex");
    }
  }

  function update() {
    for (const box of document.querySelectorAll("div.math, .cell_output .text_html, .gradus-stepper .picture")) {
      setTabStop(box, scrolls(box));
    }
    for (const formula of document.querySelectorAll("span.math")) {
      formula.classList.remove("wide");
      const block = formula.closest("p, li, td, th, dd, dt, figcaption, summary, div");
      const wide = formula.getBoundingClientRect().width > block.clientWidth + 1;
      formula.classList.toggle("wide", wide);
      setTabStop(formula, wide);
    }
  }

  window.addEventListener("load", () => {
    document.fonts.ready.then(update);
    let waiting;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(update, 200);
    });
  });
})();
