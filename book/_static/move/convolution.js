// A window over a picture of nine by nine pixels: the sum of products that it gives, and the whole map.
"use strict";

GradusMove.define("convolution", (figure) => {
  const FILTERS = {
    "right minus left": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "below minus above": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "mean of nine": [[1, 1, 1], [1, 1, 1], [1, 1, 1]].map((row) => row.map((value) => value / 9)),
    "centre minus around": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]].map((row) => row.map((value) => value / 8)),
  };
  const rows = ["000000000", "001111100", "001000100", "001000100", "001111100", "000000100", "000000100", "001111100", "000000000"];
  const picture = rows.map((row) => [...row].map(Number));
  const CELL = 28, LEFT = 20, TOP = 34, OUT = 370;
  let name = "right minus left", at = [1, 1];
  figure.text("picture: press a pixel to change it", LEFT, 22, { "text-anchor": "start" });
  figure.text("map", OUT, 22, { "text-anchor": "start" });
  const pixels = figure.add("g", {}), map = figure.add("g", {});
  const window_ = figure.add("rect", { width: 3 * CELL, height: 3 * CELL, fill: "none", stroke: "#D55E00", "stroke-width": 3 });
  const target = figure.add("rect", { width: CELL, height: CELL, fill: "none", stroke: "#D55E00", "stroke-width": 3 });

  function sum(row, column) {
    return FILTERS[name].reduce((total, weights, i) =>
      total + weights.reduce((part, weight, j) => part + weight * picture[row + i][column + j], 0), 0);
  }

  function draw() {
    pixels.replaceChildren();
    picture.forEach((row, i) => row.forEach((value, j) => {
      const cell = figure.add("rect", { x: LEFT + CELL * j, y: TOP + CELL * i, width: CELL - 1, height: CELL - 1,
        fill: "currentColor", "fill-opacity": value ? 0.85 : 0.08 }, pixels);
      cell.addEventListener("click", () => { picture[i][j] = 1 - value; draw(); });
    }));
    map.replaceChildren();
    for (let i = 0; i < 7; i += 1) {
      for (let j = 0; j < 7; j += 1) {
        const value = sum(i, j);
        figure.add("rect", { x: OUT + CELL * j, y: TOP + CELL * (i + 1), width: CELL - 1, height: CELL - 1,
          fill: value < 0 ? "#0072B2" : "#D55E00", "fill-opacity": Math.min(Math.abs(value) / 3, 1) * 0.9 + 0.03 }, map);
      }
    }
    window_.setAttribute("x", LEFT + CELL * at[1] - 1);
    window_.setAttribute("y", TOP + CELL * at[0] - 1);
    target.setAttribute("x", OUT + CELL * at[1] - 1);
    target.setAttribute("y", TOP + CELL * (at[0] + 1) - 1);
    const value = sum(at[0], at[1]);
    figure.say(`Filter “${name}”, window at row ${at[0]}, column ${at[1]}: the sum of products is ${value.toFixed(2)}.`);
  }

  figure.slider({ label: "Row of the window", min: 0, max: 6, step: 1, value: 1, moved(value) { at = [value, at[1]]; draw(); } });
  figure.slider({ label: "Column", min: 0, max: 6, step: 1, value: 1, moved(value) { at = [at[0], value]; draw(); } });
  figure.button("Change the middle pixel", () => { picture[at[0] + 1][at[1] + 1] = 1 - picture[at[0] + 1][at[1] + 1]; draw(); });
  for (const each of Object.keys(FILTERS)) {
    figure.button(each, () => { name = each; draw(); });
  }
  draw();
}, { size: [600, 300], title: "Slide the window, change the filter, change the picture" });
