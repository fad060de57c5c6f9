// The graph of L = (w x + b - y)²: values forward in the boxes, slopes on the edges, gradients backward.
"use strict";

GradusMove.define("scalar-graph", (figure) => {
  const values = { w: 2, x: 1.5, b: -1, y: 1 };
  const PLACES = { w: [60, 50], x: [60, 130], b: [200, 180], y: [340, 210], "wx": [200, 90], "z": [340, 125], "e": [460, 160], "L": [570, 160] };
  const EDGES = [["w", "wx"], ["x", "wx"], ["wx", "z"], ["b", "z"], ["z", "e"], ["y", "e"], ["e", "L"]];
  const NAMES = { wx: "w·x", z: "+ b", e: "− y", L: "square" };
  const layer = figure.add("g", {});

  function draw() {
    const { w, x, b, y } = values;
    const product = w * x, z = product + b, e = z - y, L = e * e;
    const value = { w, x, b, y, wx: product, z, e, L };
    const slope = { "w wx": x, "x wx": w, "wx z": 1, "b z": 1, "z e": 1, "y e": -1, "e L": 2 * e };
    const grad = { L: 1 };
    for (const [from, to] of [...EDGES].reverse()) {
      grad[from] = grad[to] * slope[`${from} ${to}`];
    }
    layer.replaceChildren();
    for (const [from, to] of EDGES) {
      const [x1, y1] = PLACES[from], [x2, y2] = PLACES[to];
      figure.add("line", { x1: x1 + 36, y1, x2: x2 - 36, y2, stroke: "currentColor", "stroke-opacity": 0.5, "stroke-width": 1.5 }, layer);
      figure.text(slope[`${from} ${to}`].toFixed(1), (x1 + x2) / 2, (y1 + y2) / 2 - 6, { fill: "#D55E00", "font-size": 13, "font-weight": 700 }, layer);
    }
    for (const [name, [cx, cy]] of Object.entries(PLACES)) {
      figure.add("rect", { x: cx - 36, y: cy - 22, width: 72, height: 44, rx: 6, fill: "#0072B2", "fill-opacity": 0.12, stroke: "#0072B2" }, layer);
      figure.text(`${NAMES[name] ?? name} = ${value[name].toFixed(2)}`, cx, cy - 4, { "font-size": 12 }, layer);
      figure.text(`∂ ${grad[name].toFixed(2)}`, cx, cy + 14, { "font-size": 12, fill: "#D55E00" }, layer);
    }
    figure.say(
      `L = ${L.toFixed(2)}. Its slope along w is ${grad.w.toFixed(2)}, the product of the slopes on the way back: ` +
        `${(2 * e).toFixed(2)} · 1 · 1 · ${x.toFixed(2)}. A little more w makes L ${grad.w > 0 ? "larger" : grad.w < 0 ? "smaller" : "neither larger nor smaller"}.`,
    );
  }

  for (const name of Object.keys(values)) {
    figure.slider({ label: name, min: -3, max: 3, step: 0.25, value: values[name], words: (value) => value.toFixed(2),
      moved(value) { values[name] = value; draw(); } });
  }
  draw();
}, { size: [620, 250], title: "Values go forward, slopes multiply backward: move w, x, b, y" });
