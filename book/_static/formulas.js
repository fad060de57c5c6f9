// Formulas are set when the text of the page is there: those on the screen and a little beyond it, and the next ones as
// the reader comes near them, in steps so short that the page answers meanwhile. From the first scroll or key on, the
// others follow, since whoever moves may jump. `MathJax.startup.promise` is there from the beginning, and is kept when
// the first ones are set; `gradusFormulas.all()` sets all of them, for paper and for the tests.
"use strict";

(() => {
  const STEP = 25; // milliseconds that a step should take
  const NEAR = "600px"; // so far from the screen, formulas are set
  const PARTS = ["core", "input/tex", "output/chtml", "output/chtml/fonts/tex.js", "a11y/assistive-mml"];
  const script = document.currentScript;
  let finish;
  const finished = new Promise((resolve) => { finish = resolve; });

  const pause = () => new Promise((resolve) => { setTimeout(resolve); });
  let number = 4; // formulas in a step
  let last = Promise.resolve();

  async function inSteps(formulas) {
    const waiting = [...formulas];
    while (waiting.length) {
      const began = performance.now();
      await window.MathJax.typesetPromise(waiting.splice(0, number));
      const took = performance.now() - began;
      number = Math.max(1, Math.min(2 * number, Math.round((number * STEP) / took)));
      await pause();
    }
  }

  // One after the other: two runs of MathJax at once would set a formula twice.
  const set = (formulas) => { last = last.then(() => inSteps(formulas)); return last; };

  function begin() {
    const left = new Set(document.querySelectorAll(".math"));
    const take = (formulas) => {
      const taken = formulas.filter((formula) => left.delete(formula));
      return taken.length ? set(taken).then(() => dispatchEvent(new Event("formulas-set"))) : last;
    };
    const near = new IntersectionObserver((seen) => {
      const came = seen.filter((each) => each.isIntersecting).map((each) => each.target);
      came.forEach((formula) => near.unobserve(formula));
      take(came).then(finish);
    }, { rootMargin: NEAR });
    left.forEach((formula) => near.observe(formula));
    window.gradusFormulas = { all: () => take([...left]) };
    for (const moved of ["scroll", "keydown", "pointerdown"]) {
      addEventListener(moved, window.gradusFormulas.all, { once: true, passive: true });
    }
    addEventListener("beforeprint", window.gradusFormulas.all);
    if (!left.size) {
      finish();
    }
  }

  window.MathJax = {
    ...window.MathJax,
    loader: { load: [] },
    startup: {
      promise: finished,
      typeset: false,
      ready() {
        const { loader, startup } = window.MathJax;
        loader.preLoad(...PARTS);
        startup.defaultReady();
        startup.promise.then(begin);
        startup.promise = finished;
      },
    },
  };

  function load() {
    const mathjax = document.createElement("script");
    mathjax.src = new URL("mathjax/tex-chtml.js", script.src);
    mathjax.addEventListener("load", () => { window.MathJax.typesetPromise ?? finish(); });
    mathjax.addEventListener("error", finish);
    document.head.append(mathjax);
  }

  if (document.readyState === "complete") {
    load();
  } else {
    addEventListener("load", load, { once: true });
  }
})();
