// Gradient descent in a long valley, without and with momentum, side by side in one picture.
"use strict";

GradusMove.define("momentum", (figure) => {
  const STEPS = 40, STEEP = [1, 30], X = [-4.7, 1.3], Y = [-2.05, 2.05];
  const on = figure.plane(X, Y);
  let rate = 0.03, momentum = 0.8, start = [-4, 1.5];
  for (const level of [0.3, 1.5, 5, 12, 24, 42]) {
    figure.add("ellipse", {
      cx: on.x(0), cy: on.y(0), rx: on.x(Math.sqrt((2 * level) / STEEP[0])) - on.x(0),
      ry: on.y(0) - on.y(Math.sqrt((2 * level) / STEEP[1])), fill: "none", stroke: "currentColor", "stroke-opacity": 0.3,
    });
  }
  const plain = figure.add("polyline", { fill: "none", stroke: "#0072B2", "stroke-width": 2, "stroke-dasharray": "5 4" });
  const heavy = figure.add("polyline", { fill: "none", stroke: "#D55E00", "stroke-width": 2.5 });
  figure.add("circle", { cx: on.x(0), cy: on.y(0), r: 5, fill: "currentColor" });
  const height = ([x, y]) => (STEEP[0] * x * x + STEEP[1] * y * y) / 2;

  function walk(beta) {
    let place = start, speed = [0, 0];
    const places = [place];
    for (let step = 0; step < STEPS && height(place) < 1e4; step += 1) {
      speed = speed.map((value, axis) => beta * value + STEEP[axis] * place[axis]);
      place = place.map((value, axis) => value - rate * speed[axis]);
      places.push(place);
    }
    return places;
  }

  function show(curve, places) {
    curve.setAttribute("points", places.map(([x, y]) => `${on.x(x).toFixed(1)},${on.y(y).toFixed(1)}`).join(" "));
    return height(places.at(-1));
  }

  function draw() {
    const [without, withIt] = [show(plain, walk(0)), show(heavy, walk(momentum))];
    const words = (value) => (value > 999 ? "thousands: it flies off" : value < 0.01 ? "less than 0.01" : value.toPrecision(2));
    figure.say(`After ${STEPS} steps: without momentum (dashed) the height is ${words(without)}, with it ${words(withIt)}.`);
  }

  figure.slider({ label: "Learning rate", min: 0.005, max: 0.08, step: 0.005, value: rate, words: (value) => value.toFixed(3),
    moved(value) { rate = value; draw(); } });
  figure.slider({ label: "Momentum", min: 0, max: 0.98, step: 0.02, value: momentum, words: (value) => value.toFixed(2),
    moved(value) { momentum = value; draw(); } });
  figure.handle({ on, at: start, label: "Where both walks start: arrow keys move it", moved(place) { start = place; draw(); } });
  draw();
}, { size: [640, 300], title: "Momentum: move the rate, the momentum, the start" });
