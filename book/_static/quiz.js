// Self-check questions: compare the reader's choice with the answer that lies in the page, and say why. Nothing is stored
// and nothing is sent; an event `quiz-answered` tells `progress.js` that it was right or wrong. Without this script the
// page shows each answer folded.
"use strict";

(() => {
  const SYMBOLS = { right: "\u2713", wrong: "\u2717" };

  function bring(quiz) {
    const fieldset = quiz.querySelector("fieldset");
    const button = quiz.querySelector(".quiz-check");
    const verdict = quiz.querySelector(".quiz-verdict");
    const answer = quiz.querySelector(".quiz-answer");
    let speaking;

    function say(text, explanation) {
      const line = document.createElement("p");
      line.textContent = text;
      const reasons = explanation ? explanation.cloneNode(true).childNodes : [];
      // Later than the emptying, so that a screen reader speaks again when the same answer is checked twice.
      speaking = setTimeout(() => verdict.replaceChildren(line, ...reasons), 50);
    }

    function clear() {
      clearTimeout(speaking);
      verdict.replaceChildren();
      for (const choice of quiz.querySelectorAll(".quiz-choice")) {
        choice.classList.remove("is-right", "is-wrong");
      }
    }

    function check() {
      clear();
      const chosen = fieldset.querySelector("input:checked");
      if (!chosen) {
        say("Choose an answer first.");
        return;
      }
      const letter = chosen.value;
      const outcome = letter === fieldset.dataset.right ? "right" : "wrong";
      chosen.closest(".quiz-choice").classList.add(`is-${outcome}`);
      say(`${SYMBOLS[outcome]} ${letter} is ${outcome}.`, answer.querySelector(`[data-letter="${letter}"] > div`));
      quiz.dispatchEvent(new CustomEvent("quiz-answered", { bubbles: true, detail: { isRight: outcome === "right" } }));
    }

    fieldset.addEventListener("change", clear);
    fieldset.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.type === "radio") {
        check();
      }
    });
    button.addEventListener("click", check);
    button.hidden = false;
    answer.open = true; // not seen on the screen; on paper it is
    quiz.classList.add("is-live");
  }

  window.gradusQuiz = bring; // for a question that a script puts into the page
  document.querySelectorAll(".quiz").forEach(bring);
})();
