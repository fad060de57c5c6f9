// A line through points: both of its ends can be moved; each residual is a square, and the loss is their mean area.
"use strict";

GradusMove.define("residuals", (figure) => {
  const points = [[1, 1.6], [2, 1.9], [3, 3.4], [4, 2.8], [5, 4.6], [6, 4.1], [7, 5.9], [8, 5.2]];
  const on = figure.plane([0, 10.67], [0, 8]);
  const squares = figure.add("g", { fill: "#0072B2", "fill-opacity": 0.15, stroke: "#0072B2" });
  const line = figure.add("line", { stroke: "#D55E00", "stroke-width": 3 });
  for (const [x, y] of points) {
    figure.add("circle", { cx: on.x(x), cy: on.y(y), r: 5, fill: "currentColor" });
  }
  const ends = [[0.5, 5.5], [8.6, 3]];
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const xMean = mean(points.map(([x]) => x)), yMean = mean(points.map(([, y]) => y));
  const slope = mean(points.map(([x, y]) => (x - xMean) * (y - yMean))) / mean(points.map(([x]) => (x - xMean) ** 2));
  const best = (x) => yMean + slope * (x - xMean);
  const loss = (at) => mean(points.map(([x, y]) => (y - at(x)) ** 2));
  const least = loss(best);

  function draw() {
    const [[x1, y1], [x2, y2]] = ends;
    const steep = Math.abs(x2 - x1) < 0.05 ? 0 : (y2 - y1) / (x2 - x1);
    const at = (x) => y1 + steep * (x - x1);
    for (const [name, value] of [["x1", on.x(0)], ["x2", on.x(9.5)], ["y1", on.y(at(0))], ["y2", on.y(at(9.5))]]) {
      line.setAttribute(name, value);
    }
    squares.replaceChildren();
    for (const [x, y] of points) {
      const side = Math.abs(on.y(y) - on.y(at(x)));
      figure.add("rect", { x: on.x(x), y: Math.min(on.y(y), on.y(at(x))), width: side, height: side }, squares);
    }
    const found = loss(at);
    const far = found / least;
    figure.say(
      `Mean square ${found.toFixed(2)}; the best line has ${least.toFixed(2)}. ` +
        (far < 1.02 ? "No line does better." : far < 1.5 ? "Close." : `That is ${far.toFixed(1)} times as much.`),
    );
  }

  const handles = ends.map((at, index) =>
    figure.handle({
      on, at, label: index ? "Right end of the line: arrow keys move it" : "Left end of the line: arrow keys move it",
      moved(place) { ends[index] = place; draw(); },
    }),
  );
  figure.button("The best line", () => {
    handles.forEach((handle, index) => handle.set([ends[index][0], best(ends[index][0])]));
  });
  draw();
}, { size: [640, 480], title: "Move the line: which makes the squares smallest?" });
