// The key "/" opens the search, as Ctrl-K does, where nothing is being typed.
"use strict";

addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector(".bd-search-container input[name=q]"); // of the search page itself
    event.preventDefault();
    event.stopImmediatePropagation();
    (field ? () => field.focus() : () => document.querySelector(".search-button__button")?.click())();
  }
}, true);
