// The loss over the plane of slope and intercept, and the line that belongs to a place in it.
"use strict";

GradusMove.define("normal-equations", (figure) => {
  const points = [[-2, -1.6], [-1.2, -1.1], [-0.5, 0.3], [0.2, -0.4], [0.9, 1.3], [1.5, 0.9], [2.1, 2.2]];
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const data = { x: (value) => 20 + 58 * (value + 2.5), y: (value) => 150 - 45 * value };
  const FIELD = { left: 350, top: 10, side: 280 };
  const on = { // slope from -1 to 3 and intercept from -2 to 2, in the right half of the picture
    x: (value) => FIELD.left + (FIELD.side * (value + 1)) / 4,
    y: (value) => FIELD.top + FIELD.side - (FIELD.side * (value + 2)) / 4,
    under(event) {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(figure.svg.getScreenCTM().inverse());
      return [(4 * (place.x - FIELD.left)) / FIELD.side - 1, 2 - (4 * (place.y - FIELD.top)) / FIELD.side];
    },
    inside: ([w, b]) => [Math.min(Math.max(w, -1), 3), Math.min(Math.max(b, -2), 2)],
  };
  const xx = mean(points.map(([x]) => x * x)), xMean = mean(points.map(([x]) => x));
  const xy = mean(points.map(([x, y]) => x * y)), yMean = mean(points.map(([, y]) => y));
  const w0 = (xy - xMean * yMean) / (xx - xMean ** 2), b0 = yMean - w0 * xMean;
  const loss = (w, b) => mean(points.map(([x, y]) => (w * x + b - y) ** 2)) / 2;

  for (const level of [0.05, 0.25, 0.7, 1.5, 2.8]) { // ellipses: the quadratic form [[xx, x], [x, 1]] / 2
    const angles = Array.from({ length: 61 }, (_, step) => (step * Math.PI) / 30);
    const ring = angles.map((angle) => {
      const [u, v] = [Math.cos(angle), Math.sin(angle)];
      const radius = Math.sqrt((2 * level) / (xx * u * u + 2 * xMean * u * v + v * v));
      return `${on.x(w0 + radius * u).toFixed(1)},${on.y(b0 + radius * v).toFixed(1)}`;
    });
    figure.add("polyline", { points: ring.join(" "), fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 });
  }
  figure.add("circle", { cx: on.x(w0), cy: on.y(b0), r: 5, fill: "#0072B2" });
  figure.text("slope →", FIELD.left + FIELD.side - 30, FIELD.top + FIELD.side + 4);
  figure.text("intercept ↑", FIELD.left + 40, FIELD.top + 12);
  const line = figure.add("line", { stroke: "#D55E00", "stroke-width": 3 });
  const arrow = figure.add("line", { stroke: "#009E73", "stroke-width": 3 });
  for (const [x, y] of points) {
    figure.add("circle", { cx: data.x(x), cy: data.y(y), r: 5, fill: "currentColor" });
  }

  function draw([w, b]) {
    const ends = [-2.5, 2.5];
    line.setAttribute("x1", data.x(ends[0]));
    line.setAttribute("x2", data.x(ends[1]));
    line.setAttribute("y1", data.y(w * ends[0] + b));
    line.setAttribute("y2", data.y(w * ends[1] + b));
    const residuals = points.map(([x, y]) => [x, w * x + b - y]);
    const along = [mean(residuals.map(([x, r]) => x * r)), mean(residuals.map(([, r]) => r))];
    arrow.setAttribute("x1", on.x(w));
    arrow.setAttribute("y1", on.y(b));
    arrow.setAttribute("x2", on.x(w - 0.4 * along[0]));
    arrow.setAttribute("y2", on.y(b - 0.4 * along[1]));
    const flat = Math.abs(along[0]) < 0.03 && Math.abs(along[1]) < 0.03;
    figure.say(
      `Slope ${w.toFixed(2)}, intercept ${b.toFixed(2)}, loss ${loss(w, b).toFixed(3)}. Mean residual ${along[1].toFixed(2)}, ` +
        `mean of input times residual ${along[0].toFixed(2)}. ` + (flat ? "Both are zero: the normal equations hold." : "The green line points downhill, by minus these two."),
    );
  }

  const handle = figure.handle({ on, at: [-0.4, 1.2], label: "Slope and intercept: arrow keys move them",
    words: ([w, b]) => `slope ${w.toFixed(2)}, intercept ${b.toFixed(2)}`, moved: draw });
  figure.button("To the bottom", () => handle.set([w0, b0]));
  draw(handle.place());
}, { size: [640, 310], title: "Move the place in the bowl: the line follows" });
