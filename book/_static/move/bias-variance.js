// Polynomials of a chosen degree through samples of twenty points: how far off on average, and how far apart.
"use strict";

GradusMove.define("bias-variance", (figure) => {
  const SAMPLE = 20, SAMPLES = 40, GRID = 60, NOISE = 0.35;
  const truth = (x) => Math.sin(2.5 * x);
  const on = figure.plane([-1.05, 1.05], [-2, 2]);
  const fits = figure.add("g", { fill: "none", stroke: "#0072B2", "stroke-opacity": 0.25 });
  const average = figure.add("polyline", { fill: "none", stroke: "#D55E00", "stroke-width": 3 });
  const real = figure.add("polyline", { fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "6 4" });
  const grid = Array.from({ length: GRID + 1 }, (_, step) => -1 + (2 * step) / GRID);
  const line = (ys) => grid.map((x, step) => `${on.x(x).toFixed(1)},${on.y(Math.min(Math.max(ys[step], -4), 4)).toFixed(1)}`).join(" ");
  let degree = 3, seed = 1, state = 1;

  function random() { // a linear congruential generator: the same samples for every degree
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  function basis(x) { // Chebyshev's polynomials: least squares by them stays well conditioned
    const values = [1, x];
    while (values.length <= degree) {
      values.push(2 * x * values.at(-1) - values.at(-2));
    }
    return values.slice(0, degree + 1);
  }

  function solve(rows, targets) { // normal equations, by elimination
    const size = degree + 1;
    const system = Array.from({ length: size }, (_, i) => [
      ...Array.from({ length: size }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1e-9 : 0)),
      rows.reduce((sum, row, k) => sum + row[i] * targets[k], 0),
    ]);
    for (let i = 0; i < size; i += 1) {
      for (let j = i + 1; j < size; j += 1) {
        const factor = system[j][i] / system[i][i];
        system[j] = system[j].map((value, k) => value - factor * system[i][k]);
      }
    }
    const found = Array(size).fill(0);
    for (let i = size - 1; i >= 0; i -= 1) {
      found[i] = (system[i][size] - found.reduce((sum, value, j) => (j > i ? sum + value * system[i][j] : sum), 0)) / system[i][i];
    }
    return found;
  }

  function draw() {
    state = seed;
    const curves = Array.from({ length: SAMPLES }, () => {
      const xs = Array.from({ length: SAMPLE }, () => 2 * random() - 1);
      const found = solve(xs.map(basis), xs.map((x) => truth(x) + NOISE * normal()));
      return grid.map((x) => basis(x).reduce((sum, value, i) => sum + value * found[i], 0));
    });
    const mean = grid.map((_, step) => curves.reduce((sum, curve) => sum + curve[step], 0) / SAMPLES);
    fits.replaceChildren();
    for (const curve of curves) {
      figure.add("polyline", { points: line(curve) }, fits);
    }
    average.setAttribute("points", line(mean));
    real.setAttribute("points", line(grid.map(truth)));
    const middle = grid.map((_, step) => step).filter((step) => Math.abs(grid[step]) <= 0.9);
    const over = (value) => middle.reduce((sum, step) => sum + value(step), 0) / middle.length;
    const bias = over((step) => (mean[step] - truth(grid[step])) ** 2);
    const variance = over((step) => curves.reduce((sum, curve) => sum + (curve[step] - mean[step]) ** 2, 0) / (SAMPLES - 1));
    figure.say(
      `Degree ${degree}: squared bias ${bias.toFixed(3)}, variance ${variance.toFixed(3)}, together ${(bias + variance).toFixed(3)} ` +
        `(the noise adds ${(NOISE ** 2).toFixed(2)}). ${bias > variance ? "Too stiff: they agree, and are wrong together." : "They scatter more than they are wrong on average."}`,
    );
  }

  figure.slider({ label: "Degree", min: 0, max: 10, step: 1, value: degree, moved(value) { degree = value; draw(); } });
  figure.button("Other samples", () => { seed += 1; draw(); });
  draw();
}, { size: [640, 300], title: "Forty fits to forty samples (blue), their mean (red), the truth (dashed)" });
