// XOR: two hidden units cut the plane of the inputs, and the four points move in the plane of the units.
"use strict";

GradusMove.define("xor", (figure) => {
  const POINTS = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];
  const cuts = [0.5, 1.5];
  let steepness = 6;
  const left = (x) => 60 + 190 * x, right = (x) => 380 + 190 * x, high = (y) => 240 - 190 * y;
  figure.text("inputs", 155, 285);
  figure.text("hidden units", 475, 285);
  const layer = figure.add("g", {});
  const unit = (index, x, y) => 1 / (1 + Math.exp(-steepness * (x + y - cuts[index])));

  function cut(sum, colour) { // the line x + y = sum, inside the square from -0.2 to 1.2
    const ends = [[sum - 1.2, 1.2], [1.2, sum - 1.2]].map(([x, y]) => [Math.min(Math.max(x, -0.2), 1.2), Math.min(Math.max(y, -0.2), 1.2)]);
    figure.add("line", { x1: left(ends[0][0]), y1: high(ends[0][1]), x2: left(ends[1][0]), y2: high(ends[1][1]), stroke: colour, "stroke-width": 3 }, layer);
  }

  function draw() {
    layer.replaceChildren();
    cut(cuts[0], "#009E73");
    cut(cuts[1], "#CC79A7");
    const hidden = POINTS.map(([x, y]) => [unit(0, x, y), unit(1, x, y)]);
    figure.add("line", { x1: right(0.42), y1: high(-0.08), x2: right(1.08), y2: high(0.58), stroke: "currentColor", "stroke-dasharray": "5 4", "stroke-width": 2 }, layer);
    let correct = 0;
    POINTS.forEach(([x, y, label], index) => {
      const [one, two] = hidden[index];
      correct += Number(one - two > 0.5) === label;
      const colour = label ? "#D55E00" : "#0072B2";
      for (const [cx, cy] of [[left(x), high(y)], [right(one), high(two)]]) {
        figure.add("circle", { cx, cy, r: 9, fill: colour, stroke: "currentColor" }, layer);
      }
      figure.text(`${x}${y}`, left(x) + 20, high(y) - 8, {}, layer);
      figure.text(`${x}${y}`, right(one) + 20, high(two) - 8 - 14 * (index === 2), {}, layer);
    });
    figure.say(
      `${correct} of 4 right. ` +
        (correct === 4 ? "In the plane of the hidden units one line (dashed) is enough." : "One line of the hidden plane does not part them: place one cut before the middle points, and one behind."),
    );
  }

  for (const index of [0, 1]) {
    figure.slider({ label: `Cut of unit ${index + 1}`, min: -0.2, max: 2.2, step: 0.1, value: cuts[index], words: (value) => value.toFixed(1),
      moved(value) { cuts[index] = value; draw(); } });
  }
  figure.slider({ label: "Steepness", min: 1, max: 20, step: 1, value: steepness, moved(value) { steepness = value; draw(); } });
  draw();
}, { size: [640, 300], title: "Move the cuts of the two hidden units" });
