// TeX to MathML Core, by MathJax's parser: the MathML that browsers draw themselves, where MathJax's own is written for
// its own output. So the spaces that TeX puts between atoms, which MathJax computes when it draws, are written at the
// operators; bold, script and double-struck letters are those of Unicode; and tables have their alignment as style.
// Run by `mathml.py`, which loads MathJax's parts first; `formula(tex, display)` is what it calls.
"use strict";

const PACKAGES = ["base", "ams", "boldsymbol", "color"];
const { TEXCLASS } = MathJax._.core.MmlTree.MmlNode;
const { html_ts, mathjax: { mathjax }, adaptors: { liteAdaptor } } = { ...MathJax._.handlers, ...MathJax._ };

html_ts.RegisterHTMLHandler(liteAdaptor.liteAdaptor());
const input = new MathJax._.input.tex_ts.TeX({
  packages: PACKAGES,
  formatError(parser, error) { throw error; },
});
const page = mathjax.document("", { InputJax: input });

// The first letter of each alphabet of Unicode: capitals, small letters, digits, capital and small Greek ones. 0: none.
const ALPHABETS = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce, 0x1d6a8, 0x1d6c2],
  "bold-italic": [0x1d468, 0x1d482, 0x1d7ce, 0x1d71c, 0x1d736],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8, 0, 0],
  script: [0x1d49c, 0x1d4b6, 0, 0, 0],
  "-tex-calligraphic": [0x1d49c, 0x1d4b6, 0, 0, 0],
  fraktur: [0x1d504, 0x1d51e, 0, 0, 0],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2, 0, 0],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6, 0, 0],
};
const FIRST = [0x41, 0x61, 0x30, 0x391, 0x3b1];
const LENGTH = [26, 26, 10, 25, 25];
// Letters that Unicode had before it had the alphabets, and variants at the end of the Greek one.
const ELSEWHERE = {
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
  script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
  bold: { "ϵ": "𝛜", "ϑ": "𝛝", "ϕ": "𝛟", "ϱ": "𝛠", "ϖ": "𝛡", "∂": "𝛛", "∇": "𝛁" },
  "bold-italic": { "ϵ": "𝝐", "ϑ": "𝝑", "ϕ": "𝝓", "ϱ": "𝝔", "ϖ": "𝝕", "∂": "𝝏", "∇": "𝜵" },
};
ELSEWHERE["-tex-calligraphic"] = ELSEWHERE.script;

const inAlphabet = (text, variant) => [...text].map((letter) => {
  const other = ELSEWHERE[variant]?.[letter];
  const code = letter.codePointAt(0);
  const row = FIRST.findIndex((first, at) => code >= first && code < first + LENGTH[at]);
  const first = ALPHABETS[variant]?.[row];
  return other ?? (first ? String.fromCodePoint(first + code - FIRST[row]) : letter);
}).join("");

const em = (number) => `${number.toFixed(4)}em`;
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const tag = (name, attributes, inner) => {
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `<${name}${written.map(([key, value]) => ` ${key}="${escaped(String(value))}"`).join("")}>${inner}</${name}>`;
};

// What of MathJax's attributes means the same to a browser.
const KEPT = {
  mo: ["minsize", "maxsize", "largeop", "movablelimits"],
  mspace: ["width", "height", "depth"],
  mpadded: ["width", "height", "depth", "lspace", "voffset"],
  mfrac: ["linethickness"],
  mstyle: ["displaystyle", "scriptlevel"],
  munder: ["accentunder"], mover: ["accent"], munderover: ["accent", "accentunder"],
  mtable: ["displaystyle"],
};
// Of an em, as in TeX.
const SPACES = { thinmathspace: 3 / 18, mediummathspace: 4 / 18, thickmathspace: 5 / 18 };
const ROWS = new Set(["math", "mrow", "TeXAtom", "mstyle", "mpadded", "mphantom", "msqrt", "menclose", "mtd", "merror"]);
// Accents: the signs of the keyboard are as wide as a letter in typefaces of mathematics.
const OVERLINE = "\u2015"; // what MathJax stretches over a formula
const ACCENTS = { "^": "ˆ", "~": "˜" };
// What browsers of the Chromium family stretch has the width of its widest form, and stands in a gap: so \big( is a larger
// letter, and a bracket around nothing that is higher than a line is one of the text.
const BIG = "1.2em";
const HIGH = new Set(["mfrac", "mtable", "munder", "munderover", "msqrt", "mroot"]);
const isFlat = (node) => !HIGH.has(node.kind) && (node.childNodes ?? []).every((child) => !child || isFlat(child));
// They hang a root's sign from its line: over a low letter it would sink below the text.
const STRUT = `<mspace width="0" height="0.7em" depth="0.15em"></mspace>`;

const explicit = (node, name) => node.attributes.getExplicit(name);
const operator = (node) => (node?.isEmbellished ? node.coreMO() : null);

// The space that TeX puts in front of a node goes to it, if it is an operator, to the operator before it, or between them.
function spaced(root) {
  const before = new Map(), around = new Map();
  const at = (mo) => around.get(mo) ?? around.set(mo, { lspace: 0, rspace: 0 }).get(mo);
  const walk = (node) => {
    (node.childNodes ?? []).forEach((child, place) => {
      if (!child || child.isKind("text") || child.isKind("XML")) return;
      const space = SPACES[child.texSpacing()] ?? 0;
      const own = operator(child), previous = operator(siblings(child)[0]);
      if (own) at(own);
      if (space && own) at(own).lspace = space;
      else if (space && previous) at(previous).rspace = space;
      else if (space) before.set(child, space);
      walk(child);
    });
  };
  walk(root);
  return { before, around };
}

// The neighbour on the left in the row that both are drawn in, as a list of one or none.
function siblings(node) {
  let parent = node.parent, child = node;
  while (parent) {
    const at = parent.childNodes.indexOf(child);
    if (at > 0 && (parent.isInferred || ROWS.has(parent.kind))) return [parent.childNodes[at - 1]];
    if (!parent.isInferred) return [];
    [child, parent] = [parent, parent.parent];
  }
  return [];
}

function token(node, { around }) {
  const variant = explicit(node, "mathvariant");
  let text = inAlphabet(node.getText(), variant), attributes = {};
  if (node.kind === "mi" && variant === "normal" && [...text].length === 1) attributes.mathvariant = "normal";
  if (node.kind === "mi" && variant === "italic" && [...text].length > 1) attributes.style = "font-style:italic";
  if (node.kind === "mo") {
    const { lspace, rspace } = around.get(node) ?? { lspace: 0, rspace: 0 };
    for (const name of KEPT.mo) attributes[name] = explicit(node, name);
    attributes.stretchy = explicit(node, "stretchy") ?? (node.attributes.get("stretchy") ? "true" : undefined);
    if (String(attributes.stretchy) === "false") text = ACCENTS[text] ?? text;
    if (attributes.minsize === BIG) {
      Object.assign(attributes, { minsize: "", maxsize: "", stretchy: "false", style: `font-size:${BIG}` });
    }
    attributes.form = { [TEXCLASS.OPEN]: "prefix", [TEXCLASS.CLOSE]: "postfix" }[node.texClass];
    if (attributes.form && !attributes.minsize && isFlat(node.parent)) attributes.stretchy = "false";
    attributes.lspace = explicit(node, "lspace") ?? (lspace ? em(lspace) : "0");
    attributes.rspace = explicit(node, "rspace") ?? (rspace ? em(rspace) : "0");
  }
  if (node.kind === "mtext") text = text.replace(/^ | $/g, "\u00a0");
  const color = explicit(node, "mathcolor");
  if (color) attributes.style = `color:${color}`;
  return tag(node.kind, attributes, escaped(text));
}

function table(node, spaces) {
  const words = (name, fallback) => String(node.attributes.get(name) ?? fallback).split(/\s+/);
  const aligned = words("columnalign", "center"), gaps = words("columnspacing", "0.8em");
  const between = words("rowspacing", "1ex");
  const of = (list, at) => list[Math.min(at, list.length - 1)];
  const half = (length) => (parseFloat(length) ? length.replace(/^[\d.]+/, (number) => String(number / 2)) : "0");
  const rows = node.childNodes.map((row, down) => tag("mtr", {}, row.childNodes.map((cell, across) => {
    const sides = [down ? half(of(between, down - 1)) : "0", across < row.childNodes.length - 1 ? half(of(gaps, across)) : "0",
      down < node.childNodes.length - 1 ? half(of(between, down)) : "0", across ? half(of(gaps, across - 1)) : "0"];
    const side = of(aligned, across);
    return tag("mtd", { class: side === "center" ? "" : `math-${side}`, style: `padding:${sides.join(" ")}` }, children(cell, spaces));
  }).join("")));
  return tag("mtable", { displaystyle: explicit(node, "displaystyle") }, rows.join(""));
}

const space = (node, { before }) => (before.has(node) ? tag("mspace", { width: em(before.get(node)) }, "") : "");
const children = (node, spaces) => node.childNodes.map((child) => written(child, spaces)).join("");

function accented(node, spaces) {
  const attributes = {};
  for (const name of KEPT[node.kind]) attributes[name] = explicit(node, name);
  if (node.kind === "mover" && operator(node.childNodes[1])?.getText() === OVERLINE) {
    return tag("mrow", { class: "math-overlined" }, written(node.childNodes[0], spaces));
  }
  const over = node.kind === "munder" ? null : operator(node.childNodes.at(-1));
  if (over && over.attributes.get("accent")) attributes.accent = "true";
  return tag(node.kind, attributes, node.childNodes.map((child) => written(child, spaces)).join(""));
}

function bare(node, spaces) {
  if (node.isInferred) return children(node, spaces);
  if (node.isToken) return node.kind === "mspace" ? tag("mspace", { width: explicit(node, "width") }, "") : token(node, spaces);
  if (node.kind === "TeXAtom") {
    const inner = children(node, spaces), row = node.childNodes[0];
    return row.childNodes.length === 1 && !spaces.before.has(row.childNodes[0]) ? inner : tag("mrow", {}, inner);
  }
  if (node.kind === "mtable") return table(node, spaces);
  if (node.kind === "msqrt") return tag("msqrt", {}, children(node, spaces) + STRUT);
  if (["munder", "mover", "munderover"].includes(node.kind)) return accented(node, spaces);
  if (node.kind === "menclose") {
    if (explicit(node, "notation") !== "box") throw new Error(`no way to draw ${explicit(node, "notation")}`);
    return tag("mrow", { class: "math-boxed" }, children(node, spaces));
  }
  const attributes = {};
  for (const name of KEPT[node.kind] ?? []) attributes[name] = explicit(node, name);
  if (explicit(node, "mathcolor")) attributes.style = `color:${explicit(node, "mathcolor")}`;
  return tag(node.kind, attributes, children(node, spaces));
}

// A space in front stands beside its node, so in a row of their own where a row is not what they are in.
function written(node, spaces) {
  const before = space(node, spaces);
  const inRow = node.parent?.isInferred || ROWS.has(node.parent?.kind);
  return before && !inRow ? tag("mrow", {}, before + bare(node, spaces)) : before + bare(node, spaces);
}

function formula(tex, display) {
  const root = page.convert(tex, { display, end: MathJax._.core.MathItem.STATE.CONVERT });
  root.setTeXclass(null);
  const spaces = spaced(root);
  return tag("math", display ? { display: "block" } : {}, children(root, spaces));
}
