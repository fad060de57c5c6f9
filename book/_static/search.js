// The search: the sentences of the book in which the words stand, with the words marked, under the heading of their
// section. Titles come first, then headings and names of the library, then terms of the glossary, then text, and code
// last. All of the text is in `sentences.js`, so that a book opened from a file is searched as well.
"use strict";

(() => {
  const TITLE = 4, HEADING = 3, TERM = 2, TEXT = 1, CODE = 0; // where all words stand, the best first
  const AT_ONCE = 15; // results, until more are asked for
  const KINDS = { t: TITLE, h: HEADING, n: HEADING, g: TERM }; // of sections; an exercise is text

  // Letters without their accents, as many as before: what is found in this stands at the same place in the text.
  const plain = (text) => [...text].map((letter) => {
    const bare = letter.normalize("NFD")[0].toLowerCase();
    return bare.length === letter.length ? bare : letter;
  }).join("");

  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // What a word may end in, so that "gradients" finds a gradient and "descend" what descends.
  const stem = (word) => (/^\p{L}{5,}$/u.test(word) ? word.replace(/(?:ies|ing|ed|es|s|e|y)$/u, "") : word);

  // A pattern for one word of a query. A hyphen and a space are the same; a name with dots or brackets is meant exactly.
  function patternOf(word, isPhrase) {
    const isCode = /[._()[\]=]/.test(word.replace(/[.?!,]$/, ""));
    const parts = word.split(/[\s-]+/u).filter(Boolean).map((part, i, all) => escaped(i === all.length - 1 && !isCode && !isPhrase ? stem(part) : part));
    const end = isCode || isPhrase ? "(?![\\p{L}\\p{N}_])" : "[\\p{L}\\p{N}]*";
    return new RegExp(`(?<![\\p{L}\\p{N}_])${parts.join("[\\s\\-]+")}${end}`, "gu");
  }

  function wordsOf(query) {
    const found = [...plain(query).matchAll(/"([^"]+)"|(\S+)/g)].map(([, phrase, word]) => ({ text: phrase ?? word, isPhrase: phrase !== undefined }));
    return found.map(({ text, isPhrase }) => ({ text: text.replace(/^[^\p{L}\p{N}_.]+|[^\p{L}\p{N}_)\]]+$/gu, ""), isPhrase }))
      .filter(({ text }) => text).map(({ text, isPhrase }) => ({ text, pattern: patternOf(text, isPhrase) }));
  }

  const holds = (text, { pattern }) => text.search(pattern) >= 0; // which, unlike `test`, leaves the pattern as it is

  // All sections, each with its text once as it is shown and once as it is searched.
  function sectionsOf(pages) {
    return pages.flatMap(([page, sections]) => sections.map(([place, heading, kind, sentences, code]) => ({
      page, place, heading, kind, title: sections[0][1], sentences, code,
      name: page.startsWith("exercises/") ? page.split("/").at(-1).replace(".html", "") : "", // "ps3" finds the third problem set
      plainHeading: plain(heading), plainTitle: plain(sections[0][1]), plainSentences: plain(sentences), plainCode: plain(code),
    })));
  }

  function ranked(sections, words, query) {
    const whole = plain(query).trim(), results = [];
    sections.forEach((section, order) => {
      const heading = section.kind === "t" ? `${section.plainHeading} ${section.name}`.trim() : section.plainHeading;
      const inHeading = words.filter((word) => holds(heading, word)), inText = words.filter((word) => holds(section.plainSentences, word));
      const inCode = words.filter((word) => holds(section.plainCode, word)), own = new Set([...inHeading, ...inText, ...inCode]);
      if (!own.size || !words.every((word) => own.has(word) || holds(section.plainTitle, word))) {
        return;
      }
      let rank, score;
      if (inHeading.length === words.length && section.kind in KINDS) {
        rank = KINDS[section.kind];
        score = (section.plainHeading === whole || (section.kind === "t" && section.name === whole) ? 2 : 0) - (section.name ? 0.3 : 0) // what is asked comes after what is taught
          + words.reduce((sum, { text }) => sum + text.length, 0) / heading.length;
      } else {
        rank = new Set([...inHeading, ...inText]).size >= own.size && inText.length ? TEXT : CODE;
        const lines = (rank === TEXT ? section.plainSentences : section.plainCode).split("\n");
        const many = lines.filter((line) => words.some((word) => holds(line, word))).length;
        score = (lines.some((line) => line.includes(whole)) ? 2 : 0) + (lines.some((line) => words.every((word) => holds(line, word))) ? 1 : 0)
          + inHeading.length / words.length + own.size / words.length + many / (many + 4);
      }
      results.push({ section, rank, score, order });
    });
    return results.sort((one, other) => other.rank - one.rank || other.score - one.score || one.order - other.order);
  }

  // The sentence of a section that has most of the words, or its first; code where no sentence has any.
  function best(section, words) {
    const count = (line) => words.filter((word) => holds(plain(line), word)).length;
    const lines = section.sentences.split("\n").map((text) => ({ text, count: count(text), isCode: false }));
    if (section.kind === "t" || lines.some((line) => line.count)) {
      return lines.reduce((most, line) => (line.count > most.count ? line : most), lines[0]);
    }
    const code = section.code.split("\n").map((text) => ({ text: text.trim(), count: count(text), isCode: true }));
    const most = code.reduce((one, line) => (line.count > one.count ? line : one), { count: 0 });
    return most.count ? most : lines[0];
  }

  const make = (name, attributes, ...children) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };

  // A text with the words marked, cut to what stands around the first where it is long.
  function marked(text, words, longest = 300) {
    const searched = plain(text);
    let spans = words.flatMap(({ pattern }) => [...searched.matchAll(pattern)].map(({ index, 0: { length } }) => [index, index + length]));
    spans = spans.sort(([one], [other]) => one - other).filter(([start], i, all) => !i || start >= all[i - 1][1]);
    const from = text.length > longest && spans[0]?.[0] > longest / 2 ? text.lastIndexOf(" ", spans[0][0] - longest / 3) + 1 : 0;
    const to = text.length - from > longest ? text.lastIndexOf(" ", from + longest) : text.length;
    const parts = [from ? "… " : ""];
    let end = from;
    for (const [start, stop] of spans.filter(([start, stop]) => start >= from && stop <= to)) {
      parts.push(text.slice(end, start), make("mark", {}, text.slice(start, stop)));
      end = stop;
    }
    return [...parts, text.slice(end, to), to < text.length ? " …" : ""];
  }

  function shown({ section }, words) {
    const link = make("a", { href: section.page + (section.kind === "t" ? "" : section.place) }, ...marked(section.heading, words));
    const line = best(section, words), item = make("li", {});
    const page = section.kind === "t" ? (section.name ? "Problem set" : "Page") : section.title;
    item.append(make("p", { className: "found-page" }, page)); // also because the theme hides a heading that comes first
    item.append(make("h2", {}, link));
    if (line?.text) {
      const text = marked(line.text, words);
      item.append(make("p", { className: "found-text" }, ...(line.isCode ? [make("span", { className: "found-label" }, "Code"), make("code", {}, ...text)] : text)));
    }
    link.addEventListener("click", () => localStorage.setItem("sphinx_highlight_terms", words.map(({ text }) => text).join(" ")));
    return item;
  }

  // How many letters must be typed otherwise, added, left out or exchanged; more than `most` are as good as infinite.
  function distance(one, other, most) {
    if (Math.abs(one.length - other.length) > most) {
      return Infinity;
    }
    let before = [], last = [...Array(other.length + 1).keys()];
    for (let i = 1; i <= one.length; i++) {
      const row = [i];
      for (let j = 1; j <= other.length; j++) {
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (one[i - 1] !== other[j - 1]));
        if (one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      [before, last] = [last, row];
    }
    return last.at(-1) <= most ? last.at(-1) : Infinity;
  }

  // A query whose words are all in the book, for one with a word that is not; "" if there is none.
  function suggestion(sections, words) {
    const known = new Map();
    for (const { plainHeading, plainSentences, kind } of sections) {
      for (const [word] of `${plainHeading} ${plainSentences}`.matchAll(/[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)*/gu)) {
        known.set(word, (known.get(word) ?? 0) + (kind === "g" ? 20 : 1));
      }
    }
    const mended = words.map((word) => {
      if (sections.some((section) => [section.plainHeading, section.plainTitle, section.plainSentences, section.plainCode, section.name].some((text) => holds(text, word)))) {
        return word.text;
      }
      const most = word.text.length < 5 ? 1 : 2;
      const near = [...known].map(([other, count]) => [distance(word.text, other, most), -count, other]).filter(([far]) => far < Infinity);
      return near.sort((one, other) => one[0] - other[0] || one[1] - other[1])[0]?.[2];
    });
    return mended.every(Boolean) && mended.some((word, i) => word !== words[i].text) ? mended.join(" ") : "";
  }

  function many(number, one, more) {
    return `${number} ${number === 1 ? one : more}`;
  }

  function search(place, query) {
    const sections = sectionsOf(window.gradusSentences ?? []), said = make("p", { className: "found-said" });
    said.setAttribute("role", "status");
    place.replaceChildren(said);
    let words = wordsOf(query), results = words.length ? ranked(sections, words, query) : [];
    if (!words.length) {
      return;
    }
    if (!results.length) {
      const other = suggestion(sections, words);
      said.append(`Nothing in the book has “${query}”.`, ...(other ? [" Did you mean ", make("a", { href: `?q=${encodeURIComponent(other)}` }, other), "?"] : []));
      if (!other) {
        return;
      }
      words = wordsOf(other);
      results = ranked(sections, words, other);
    } else {
      said.append(`${many(results.length, "place", "places")} on ${many(new Set(results.map(({ section }) => section.page)).size, "page", "pages")}.`);
    }
    const list = make("ol", { className: "found" }), more = make("button", { type: "button", className: "found-more" });
    const show = () => {
      const next = results.slice(list.children.length, list.children.length + AT_ONCE).map((result) => shown(result, words));
      list.append(...next);
      more.textContent = `Show more (${results.length - list.children.length})`;
      more.hidden = list.children.length === results.length;
      return next[0];
    };
    show();
    more.addEventListener("click", () => show().querySelector("a").focus());
    place.append(list, more);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const query = new URLSearchParams(location.search).get("q") ?? "", place = document.getElementById("search-results");
    document.querySelectorAll("form.bd-search input[name=q]").forEach((field) => { field.value = query; });
    if (place && query) {
      document.title = `${query} - ${document.title}`;
      search(place, query);
    }
  });
})();
