// Five logits to drag, and a temperature: what softmax makes of them.
"use strict";

GradusMove.define("softmax", (figure) => {
  const logits = [1, 2, 4, 3, 0];
  const WIDTH = 640, BASE = 270, TALL = 210, PLACE = (index) => 80 + 120 * index;
  let temperature = 1;
  const bars = figure.add("g", { fill: "#0072B2", "fill-opacity": 0.75 });
  figure.add("line", { x1: 20, x2: WIDTH - 20, y1: BASE, y2: BASE, stroke: "currentColor" });
  const words = figure.add("g", {});
  figure.text("probability (bars) and logit (points)", 24, 22, { "text-anchor": "start" });

  function softmax() {
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  }

  function draw() {
    const shares = softmax();
    bars.replaceChildren();
    words.replaceChildren();
    shares.forEach((share, index) => {
      figure.add("rect", { x: PLACE(index) - 30, y: BASE - TALL * share, width: 60, height: TALL * share }, bars);
      figure.text(share.toFixed(share < 0.0995 ? 3 : 2), PLACE(index), BASE + 20, {}, words);
    });
    const winner = shares.indexOf(Math.max(...shares));
    const sure = shares[winner];
    figure.say(
      `Class ${winner} has ${Math.round(100 * sure)} per cent. ` +
        (sure > 0.99 ? "Nearly an argmax." : sure < 0.3 ? "Nearly a draw: a high temperature forgets who led." : "The shares sum to one."),
    );
  }

  const on = figure.plane([0, WIDTH], [-6.75, 8.25]); // of logits: -4 to 8 in the picture's height
  logits.forEach((logit, index) =>
    figure.handle({
      on, at: [PLACE(index), logit], step: 0.25, label: `Logit of class ${index}: arrow keys up and down`,
      words: ([, value]) => value.toFixed(2),
      within: ([, value]) => [PLACE(index), Math.min(Math.max(value, -4), 8)],
      moved([, value]) { logits[index] = value; draw(); },
    }),
  );
  figure.slider({
    label: "Temperature", min: 0.1, max: 5, step: 0.1, value: 1, words: (value) => value.toFixed(1),
    moved(value) { temperature = value; draw(); },
  });
  draw();
}, { size: [640, 300], title: "Move the logits and the temperature" });
