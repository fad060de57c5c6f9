// Make one document of the pages of the site: the reading order is the book's, every link leads to its place in the
// same document, and solutions and answers stand at the end. Runs in the page that is to be printed; see `paper.py`.
"use strict";

const Paper = (() => {
  const LEFT_OUT = ".headerlink, .run-links, .copybtn, script, noscript, details.hide, .quiz-check, .quiz-verdict";
  const NEEDS_SCRIPTS = ".gradus-review, .gradus-progress";
  const slug = (name) => name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const outside = (element) => !element.closest("svg") || element.matches("svg");

  const made = (tag, attributes = {}, ...content) => {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...content);
    return element;
  };

  const fetched = async (name) => {
    const text = await (await fetch(`/${name}.html`)).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const article = document.adoptNode(page.querySelector("article.bd-article"));
    const canonical = page.querySelector("link[rel=canonical]");
    return { name, article, published: canonical ? canonical.href : null };
  };

  // Ids of different pages are the same words: each gets the name of its page in front. Those inside pictures are left,
  // which refer to one another in ways of their own.
  const renamed = ({ name, article }) => {
    article.querySelectorAll("[id]").forEach((element) => {
      if (outside(element)) element.id = `${slug(name)}--${element.id}`;
    });
  };

  const linked = ({ name, article, published }, known) => {
    article.querySelectorAll("a[href]").forEach((link) => {
      if (!outside(link)) return;
      const target = new URL(link.getAttribute("href"), `${location.origin}/${name}.html`);
      if (target.origin !== location.origin) return;
      const page = target.pathname.slice(1).replace(/\.html$/, "");
      if (known.has(page)) {
        const place = `${slug(page)}--${decodeURIComponent(target.hash.slice(1))}`;
        link.href = `#${target.hash ? place : slug(page)}`;
      } else if (published) {
        link.href = new URL(link.getAttribute("href"), published).href;
      } else {
        link.removeAttribute("href");
      }
    });
  };

  const demoted = (article) => {
    for (const level of [5, 4, 3, 2, 1]) {
      article.querySelectorAll(`h${level}`).forEach((heading) => {
        const lower = made(`h${level + 1}`);
        lower.append(...heading.childNodes);
        heading.replaceWith(lower);
      });
    }
  };

  // What is folded on the site is read after the attempt: at the end of the book, with a link there and one back.
  const moved = ({ name, article }) => {
    const entries = [];
    const take = (details, asked, title) => {
      const own = `${asked.id}--solution`;
      details.querySelector("summary").remove();
      const back = made("a", { href: `#${asked.id}` }, title);
      entries.push(made("section", { id: own, class: "solution" }, made("h3", {}, back), ...details.childNodes));
      details.replaceWith(made("p", { class: "to-solution" }, made("a", { href: `#${own}` }, "Solution")));
    };
    article.querySelectorAll(".quiz").forEach((quiz, number) => {
      const answer = quiz.querySelector("details");
      if (answer) take(answer, quiz, `Question ${number + 1}`);
      quiz.querySelectorAll("input").forEach((input) => input.remove());
    });
    article.querySelectorAll(".exercise").forEach((exercise) => {
      const next = exercise.nextElementSibling;
      if (next?.matches("details")) {
        take(next, exercise, exercise.querySelector(".admonition-title").textContent.replace(/\s+/g, " ").trim());
      }
    });
    return entries;
  };

  const opened = (article) => {
    article.querySelectorAll("details").forEach((details) => {
      const title = details.querySelector("summary");
      const box = made("div", { class: "folded-on-the-site" });
      if (title) box.append(made("p", { class: "summary" }, ...title.childNodes));
      title?.remove();
      box.append(...details.childNodes);
      details.replaceWith(box);
    });
  };

  const contents = (rows) => {
    const list = made("ol");
    rows.forEach(({ title, target, inner }) => {
      const page = made("span", { class: "page", "data-of": target });
      const link = made("a", { href: `#${target}` }, made("span", { class: "title" }, title), page);
      const item = made("li", {}, link);
      if (inner.length) item.append(contents(inner));
      list.append(item);
    });
    return list;
  };

  const heading = (section) => {
    const copy = section.querySelector("h1, h2, h3").cloneNode(true);
    return copy.textContent.replace(/\s+/g, " ").trim();
  };

  // `parts` is a list of {title, pages}; the first, without a title, is what comes before Part 1.
  const assemble = async (parts) => {
    const known = new Set(parts.flatMap((part) => part.pages));
    const fetchedParts = [];
    for (const part of parts) fetchedParts.push({ ...part, pages: await Promise.all(part.pages.map(fetched)) });
    fetchedParts.forEach((part) => {
      part.pages = part.pages.filter((page) => {
        const shown = !page.article.querySelector(NEEDS_SCRIPTS);
        if (!shown) known.delete(page.name);
        return shown;
      });
    });
    const book = document.querySelector("main");
    const rows = [];
    const solutions = made("section", { id: "solutions", class: "part" }, made("h1", {}, "Solutions and answers"));
    for (const part of fetchedParts) {
      const inner = [];
      if (part.title) {
        const id = `part-${slug(part.title)}`;
        book.append(made("section", { id, class: "part" }, made("h1", {}, part.title)));
        rows.push({ title: part.title, target: id, inner });
      }
      for (const page of part.pages) {
        page.article.querySelectorAll(LEFT_OUT).forEach((element) => element.remove());
        renamed(page);
        linked(page, known);
        const entries = moved(page);
        opened(page.article);
        demoted(page.article);
        const section = made("section", { id: slug(page.name), class: "page", "data-name": page.name });
        section.append(...page.article.childNodes);
        book.append(section);
        const title = heading(section);
        (part.title ? inner : rows).push({ title, target: section.id, inner: [] });
        if (entries.length) {
          const of = made("section", { id: `${section.id}--solutions`, class: "solutions" }, made("h2", {}, title));
          of.append(...entries);
          solutions.append(of);
        }
      }
    }
    book.append(solutions);
    rows.push({ title: "Solutions and answers", target: "solutions", inner: [] });
    document.querySelector("nav").append(contents(rows));
    Paper.rows = rows;
  };

  // Links that lead nowhere, in words: the caller says so and stops.
  const broken = () => {
    const targets = new Set([...document.querySelectorAll("[id]")].map((element) => element.id));
    const links = [...document.querySelectorAll('main a[href^="#"], nav a[href^="#"]')].filter(outside);
    return links.map((link) => decodeURIComponent(link.hash.slice(1))).filter((place) => !targets.has(place));
  };

  const numbered = (pages) => {
    document.querySelectorAll("nav .page").forEach((place) => {
      place.textContent = pages[place.dataset.of] ?? "";
    });
  };

  // The rest is for readers of EPUB: a page a file, in the form of XML.
  const stilled = () => {
    document.querySelectorAll("main :is(.controls, button, input, output, .now)").forEach((part) => part.remove());
    document.querySelectorAll("main :is(fieldset, legend, label)").forEach((part) => {
      const plain = made("div", part.className ? { class: part.className } : {});
      plain.append(...part.childNodes);
      part.replaceWith(plain);
    });
    document.querySelectorAll("main :is([tabindex], [aria-live], [data-live], style[scoped])").forEach((part) => {
      ["tabindex", "aria-live", "data-live", "scoped"].forEach((attribute) => part.removeAttribute(attribute));
    });
  };

  const file = (section) => `${section.id}.xhtml`;

  const separated = () => {
    const sections = [...document.querySelectorAll("main > section")];
    document.querySelectorAll('main a[href^="#"]').forEach((link) => {
      if (!outside(link)) return;
      const place = decodeURIComponent(link.hash.slice(1));
      const section = document.getElementById(place).closest("main > section");
      link.setAttribute("href", section === link.closest("main > section") ? `#${place}` : `${file(section)}#${place}`);
    });
    return sections.map((section) => {
      const styles = [...section.querySelectorAll("style")].filter((style) => outside(style));
      styles.forEach((style) => style.remove());
      const page = document.implementation.createHTMLDocument(section.querySelector("h1, h2").textContent.trim());
      page.documentElement.lang = "en";
      page.documentElement.dataset.theme = "light";
      page.querySelector("head").append(made("link", { rel: "stylesheet", href: "book.css" }), ...styles);
      page.body.append(page.adoptNode(section));
      const has = ["svg", "math"].filter((tag) => page.querySelector(tag));
      return { file: file(section), text: new XMLSerializer().serializeToString(page), has };
    });
  };

  return { assemble, broken, numbered, stilled, separated };
})();
