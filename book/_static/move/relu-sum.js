// A sum of four ReLUs: where each begins, and how steep it is, is in the reader's hand.
"use strict";

GradusMove.define("relu-sum", (figure) => {
  const units = [[-3, 1], [-1, -2], [1, 2], [2.5, -1.5]]; // where it begins, how much it bends the line
  const on = figure.plane([-4.5, 4.5], [-3.2, 3.2]);
  figure.axes(on, [-4.4, 4.4], [-3.1, 3.1], ["x", "sum of the ReLUs (line), bend of each (points)"]);
  const curve = figure.add("polyline", { fill: "none", stroke: "#0072B2", "stroke-width": 3 });

  function draw() {
    const at = (x) => units.reduce((sum, [mark, bend]) => sum + bend * Math.max(x - mark, 0), 0);
    const places = [-4.5, ...units.map(([mark]) => mark), 4.5].sort((a, b) => a - b);
    curve.setAttribute("points", places.map((x) => `${on.x(x).toFixed(1)},${on.y(at(x)).toFixed(1)}`).join(" "));
    const marks = new Set(units.filter(([, bend]) => Math.abs(bend) > 0.05).map(([mark]) => mark.toFixed(1)));
    figure.say(`${marks.size} bends, ${marks.size + 1} straight pieces. Left of the first mark all units are silent: the sum is 0 there.`);
  }

  units.forEach((at, index) =>
    figure.handle({
      on, at, label: `Unit ${index + 1}: left and right move where it begins, up and down its bend`,
      words: ([mark, bend]) => `begins at ${mark.toFixed(1)}, bends by ${bend.toFixed(1)}`,
      moved(place) { units[index] = place; draw(); },
    }),
  );
  draw();
}, { size: [640, 340], title: "Drag the four units: where each begins, and how it bends the line" });
