// The kernel of the figures that a reader moves by hand. A page holds a still picture:
//
//   <div class="gradus-move" data-move="NAME"> <svg viewBox="0 0 W H" role="img" aria-label="…"> … </svg> </div>
//
// and a script of its own defines what moves in it:
//
//   GradusMove.define("NAME", (figure) => { … });
//
// `figure.svg` is the picture, `figure.slider(…)` adds a slider below it, `figure.handle(…)` a point to drag, and
// `figure.say(…)` the sentence that tells everybody what has come of it. Everything that can be dragged answers to the
// arrow keys and says where it is. Without scripts the still picture stays. In a chapter the `<div>` stands empty below
// the figure that its cells have drawn, which is the still picture; `define` is told how large the moving one is, and what
// stands above it: `GradusMove.define("NAME", move, { size: [640, 300], title: "…" })`.
"use strict";

window.GradusMove = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  // An element of SVG (`svg: true`) or HTML with these attributes, put at the end of its parent.
  function add(parent, name, attributes = {}, svg = false) {
    const made = svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    parent.append(made);
    return made;
  }

  // Between numbers of the subject and units of the picture: `xs` and `ys` are what its left, right, bottom, top edges are.
  function plane(svg, xs, ys) {
    const { width, height } = svg.viewBox.baseVal;
    const right = width / (xs[1] - xs[0]), up = height / (ys[1] - ys[0]);
    return {
      x: (value) => (value - xs[0]) * right,
      y: (value) => height - (value - ys[0]) * up,
      under(event) {
        const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        return [xs[0] + place.x / right, ys[0] + (height - place.y) / up];
      },
      inside: ([x, y]) => [Math.min(Math.max(x, xs[0]), xs[1]), Math.min(Math.max(y, ys[0]), ys[1])],
    };
  }

  // The picture that stands in the box; in an empty one, a new picture under its title.
  function pictureIn(box, { size = [640, 300], title = "" }) {
    const still = box.querySelector("svg");
    if (still) {
      return still;
    }
    add(box, "p", { class: "title" }).textContent = title;
    return add(box, "svg", { viewBox: `0 0 ${size[0]} ${size[1]}`, role: "img", "aria-label": title }, true);
  }

  function makeFigure(box, options) {
    const svg = pictureIn(box, options);
    const controls = add(box, "div", { class: "controls" });
    const status = add(box, "p", { class: "said", role: "status" });
    let waiting;

    return {
      svg,
      plane: (xs, ys) => plane(svg, xs, ys),
      add: (name, attributes, parent = svg) => add(parent, name, attributes, true),

      // Words in the picture, centred on a place unless said otherwise.
      text(words, x, y, attributes = {}, parent = svg) {
        const made = add(parent, "text", { x, y, "text-anchor": "middle", fill: "currentColor", "font-size": 14, ...attributes }, true);
        made.textContent = words;
        return made;
      },

      // Grey lines where the axes are, with their names at the ends.
      axes(on, xs, ys, names = ["", ""]) {
        const line = { stroke: "currentColor", "stroke-opacity": 0.4 };
        add(svg, "line", { x1: on.x(xs[0]), x2: on.x(xs[1]), y1: on.y(0), y2: on.y(0), ...line }, true);
        add(svg, "line", { x1: on.x(0), x2: on.x(0), y1: on.y(ys[0]), y2: on.y(ys[1]), ...line }, true);
        this.text(names[0], on.x(xs[1]) - 4, on.y(0) - 6, { "text-anchor": "end" });
        this.text(names[1], on.x(0) + 6, on.y(ys[1]) + 14, { "text-anchor": "start" });
      },

      // A slider with its label and its value in words; `moved(value)` is called whenever it moves.
      slider({ label, min, max, step, value, words = String, moved }) {
        const whole = add(controls, "label");
        add(whole, "span").textContent = label;
        const input = add(whole, "input", { type: "range", min, max, step, value });
        const shown = add(whole, "output");
        const update = () => {
          shown.textContent = words(Number(input.value));
          input.setAttribute("aria-valuetext", shown.textContent);
          moved(Number(input.value));
        };
        input.addEventListener("input", update);
        shown.textContent = words(Number(input.value));
        input.setAttribute("aria-valuetext", shown.textContent);
        return { value: () => Number(input.value), set(next) { input.value = next; update(); } };
      },

      // A button; a press calls `pressed()`.
      button(label, pressed) {
        const made = add(controls, "button", { type: "button" });
        made.textContent = label;
        made.addEventListener("click", pressed);
        return made;
      },

      // A point to drag, or to move with the arrow keys by `step`; `moved([x, y])` is called with where it now is.
      // `within` says where a place that the hand asks for may be: anywhere in the picture, unless said otherwise.
      handle({ on, label, at, step = 0.1, within = on.inside, colour = "#D55E00", words = ([x, y]) => `${x.toFixed(1)}, ${y.toFixed(1)}`, moved }) {
        svg.setAttribute("role", "group"); // what can be moved inside an image would be hidden from a screen reader
        const group = add(svg, "g", { class: "handle", tabindex: 0, role: "slider", "aria-label": label }, true);
        const reach = add(group, "circle", { r: 22, fill: "transparent" }, true);
        const dot = add(group, "circle", { r: 8, fill: colour, stroke: "currentColor", "stroke-width": 2 }, true);
        let place = at;
        const show = () => {
          for (const circle of [reach, dot]) {
            circle.setAttribute("cx", on.x(place[0]));
            circle.setAttribute("cy", on.y(place[1]));
          }
          group.setAttribute("aria-valuenow", place[0].toFixed(2));
          group.setAttribute("aria-valuetext", words(place));
        };
        const go = (next) => {
          place = within(next);
          show();
          moved(place);
        };
        group.addEventListener("pointerdown", (event) => {
          group.setPointerCapture(event.pointerId);
          group.focus();
          event.preventDefault();
        });
        group.addEventListener("pointermove", (event) => {
          if (group.hasPointerCapture(event.pointerId)) {
            go(on.under(event));
          }
        });
        const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
        group.addEventListener("keydown", (event) => {
          const towards = keys[event.key];
          if (towards) {
            const long = event.shiftKey ? 5 : 1;
            go([place[0] + long * step * towards[0], place[1] + long * step * towards[1]]);
            event.preventDefault();
          }
        });
        show();
        return { place: () => place, set: go };
      },

      // Say in a sentence what the figure shows now: on the page at once, to a screen reader when the hand rests.
      say(sentence) {
        clearTimeout(waiting);
        status.setAttribute("aria-live", "off");
        status.textContent = sentence;
        svg.setAttribute("aria-label", sentence);
        waiting = setTimeout(() => {
          status.setAttribute("aria-live", "polite");
          status.textContent = `${sentence} `;
        }, 600);
      },
    };
  }

  return {
    define(name, move, options = {}) {
      const start = () => {
        for (const box of document.querySelectorAll(`.gradus-move[data-move="${name}"]`)) {
          box.classList.add("moves");
          move(makeFigure(box, options));
        }
      };
      document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
    },
  };
})();
