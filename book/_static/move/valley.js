// Twenty-five steps down a narrow valley, with the length of the step and the start in the reader's hand.
"use strict";

GradusMove.define("valley", (figure) => {
  const STEPS = 25, STEEP = [1, 18], LIMIT = 2 / STEEP[1]; // of the height x²/2 + 9 y²
  const on = figure.plane([-4.7, 1.2], [-2.05, 2.05]);
  const path = figure.svg.querySelector(".path"), dots = figure.svg.querySelector(".steps");
  let rate = 0.1, start = [-4, 1.6];

  const height = ([x, y]) => (STEEP[0] * x * x + STEEP[1] * y * y) / 2;
  const inWords = (value) => (value < 0.01 ? "less than 0.01" : value > 999 ? "thousands" : value.toPrecision(2));

  function walk() {
    const places = [start];
    while (places.length <= STEPS && Math.abs(places.at(-1)[1]) < 1e6) {
      const [x, y] = places.at(-1);
      places.push([x - rate * STEEP[0] * x, y - rate * STEEP[1] * y]);
    }
    return places;
  }

  function judgement(first, last) {
    if (rate > LIMIT) {
      return "Each leap across the valley lands higher than it began: the step is too long, and the walk climbs out.";
    }
    const end = `After ${STEPS} steps the height is ${inWords(last)}; it began at ${inWords(first)}.`;
    if (rate > LIMIT / 2) {
      return `${end} The walk leaps from wall to wall, and comes along all the faster.`;
    }
    return last > 0.5 ? `${end} Safe, and slow: the floor of the valley is nearly flat.` : end;
  }

  function draw() {
    const places = walk();
    const shown = places.map(([x, y]) => [on.x(x), on.y(y)]).filter(([x, y]) => Math.abs(x) < 1e4 && Math.abs(y) < 1e4);
    path.setAttribute("points", shown.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    dots.replaceChildren();
    for (const [cx, cy] of shown) {
      figure.add("circle", { cx, cy, r: 3 }, dots);
    }
    figure.say(judgement(height(places[0]), height(places.at(-1))));
  }

  figure.slider({
    label: "Learning rate", min: 0.005, max: 0.125, step: 0.005, value: rate,
    words: (value) => value.toFixed(3),
    moved(value) { rate = value; draw(); },
  });
  figure.handle({
    on, label: "Where the walk starts: arrow keys move it", at: start,
    moved(place) { start = place; draw(); },
  });
  draw();
});
