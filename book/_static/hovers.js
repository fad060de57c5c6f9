// What a link leads to, shown beside it while the pointer or the keyboard is on it: the meaning of a term, a figure, an
// equation, a cited work, the first paragraph of a page. It stays while the pointer is on it, and Escape closes it. A
// finger sees nothing of this. Texts of other pages are in `previews.js`; what is on the same page is copied from it.
"use strict";

(() => {
  const SETTINGS = document.currentScript.dataset;
  const ROOT = new URL(document.documentElement.dataset.content_root, location.href).href;
  const WAIT = { open: 250, close: 300 }; // milliseconds
  const card = document.createElement("div");
  card.className = "hover-card";
  card.id = "hover-card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  let shownFor, opening, closing, fetched;

  function previews() {
    fetched ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = `${ROOT}_static/${SETTINGS.previews}`;
      script.onload = () => resolve(window.gradusPreviews ?? {});
      script.onerror = () => resolve({});
      document.head.append(script);
    });
    return fetched;
  }

  // What is copied has no ids, leads nowhere and cannot be operated.
  function copied(node) {
    const copy = node.cloneNode(true);
    copy.querySelectorAll(".headerlink, script, button, input, .controls, .cell_input").forEach((part) => part.remove());
    copy.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
    [copy, ...copy.querySelectorAll("[id], [tabindex], [aria-describedby]")].forEach((part) => {
      ["id", "tabindex", "aria-describedby"].forEach((name) => part.removeAttribute(name));
    });
    return copy;
  }

  function fromThisPage(id) {
    const target = id && document.getElementById(id);
    if (!target) {
      return [];
    }
    if (target.matches("section")) {
      const parts = [target.querySelector(":scope > :is(h1, h2, h3, h4)"), target.querySelector(":scope > p:not(.run-links)")];
      return parts.filter(Boolean).map(copied).map((part) => (part.matches("p") ? part : bold(part)));
    }
    return target.matches("figure, div.math") ? [copied(target)] : [];
  }

  function bold(heading) {
    const line = document.createElement("p");
    line.append(document.createElement("strong"));
    line.firstChild.append(...heading.childNodes);
    return line;
  }

  async function contentOf(link) {
    const [page, id] = link.href.split("#");
    if (page === location.href.split("#")[0]) {
      return fromThisPage(decodeURIComponent(id ?? ""));
    }
    if (!page.startsWith(ROOT)) {
      return [];
    }
    const box = document.createElement("template");
    box.innerHTML = (await previews())[decodeURIComponent(link.href.slice(ROOT.length))] ?? "";
    return [...box.content.childNodes];
  }

  // Below the line in which the link stands, or above it where there is more room.
  function place(link) {
    const lines = [...link.getClientRects()], line = lines[0], around = card.offsetParent.getBoundingClientRect();
    const left = Math.max(8, Math.min(line.left, document.documentElement.clientWidth - card.offsetWidth - 8));
    const below = lines.at(-1).bottom + 4, isAbove = below + card.offsetHeight > innerHeight && line.top > innerHeight / 2;
    card.style.left = `${left - around.left}px`;
    card.style.top = `${(isAbove ? line.top - card.offsetHeight - 4 : below) - around.top}px`;
  }

  async function open(link) {
    close();
    shownFor = link;
    const content = await contentOf(link);
    if (!content.length || shownFor !== link) {
      shownFor = shownFor === link ? undefined : shownFor;
      return;
    }
    card.replaceChildren(...content);
    card.hidden = false;
    place(link);
    link.setAttribute("aria-describedby", card.id);
  }

  function close() {
    clearTimeout(opening);
    clearTimeout(closing);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = undefined;
    card.hidden = true;
  }

  function soon(link) {
    clearTimeout(closing);
    clearTimeout(opening);
    if (link !== shownFor) {
      opening = setTimeout(open, WAIT.open, link);
    }
  }

  function later() {
    clearTimeout(opening);
    clearTimeout(closing);
    closing = setTimeout(close, WAIT.close);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const article = document.querySelector(".bd-article");
    if (!article) {
      return;
    }
    (article.closest("main") ?? article).append(card);
    const linkAt = (node) => node.closest?.("a.reference.internal:not(.course-path *, .sd-stretched-link)");
    article.addEventListener("pointerover", ({ target, pointerType }) => {
      const link = linkAt(target);
      if (link && pointerType !== "touch") {
        link.removeAttribute("title"); // the card says the same
        soon(link);
      }
    });
    article.addEventListener("pointerout", ({ target, relatedTarget }) => {
      const link = linkAt(target);
      if (link && !link.contains(relatedTarget)) {
        later();
      }
    });
    card.addEventListener("pointerenter", () => clearTimeout(closing));
    card.addEventListener("pointerleave", later);
    article.addEventListener("focusin", ({ target }) => {
      const link = linkAt(target);
      if (link?.matches(":focus-visible")) {
        soon(link);
      }
    });
    article.addEventListener("focusout", ({ target }) => linkAt(target) && later());
    addEventListener("keydown", ({ key }) => key === "Escape" && close());
  });
})();
