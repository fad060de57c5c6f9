"""Four steppers as chapters draw them: a curve from sums of units, a temperature, a learning rate, backpropagation."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradus import Frame, stepper


def temperature() -> Any:
    """Softmax of five logits, divided by a temperature that the reader chooses."""
    scores = torch.tensor([1.0, 2.0, 4.0, 3.0, 0.0])
    frames = []
    for T in (10, 5, 3, 2, 1.5, 1, 0.7, 0.5, 0.3, 0.1):
        p = torch.softmax(scores / T, dim=0)
        fig, ax = plt.subplots(figsize=(5, 2.8))
        ax.bar(range(1, 6), p.tolist())
        ax.set(xlabel="class", ylabel="probability", ylim=(0, 1))
        frames.append(Frame(fig, f"T = {T}", f"class 3 has a probability of {p[2]:.2f}, class 5 of {p[4]:.2f}."))
    return stepper(frames, "temperature", "Five bars, the probabilities of five classes; class 3 leads.", start=5)


def fit(features: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The least-squares fit of y (n,) by the columns of features (n, k) and a constant."""
    A = torch.cat([features, torch.ones(len(y), 1)], dim=1).double()
    return (A @ torch.linalg.lstsq(A, y.double()[:, None], driver="gelsd").solution).squeeze(1)


def units() -> Any:
    """A curve, drawn by a sum of more and more sigmoids and by as many ReLUs."""
    x = torch.linspace(0, 1, 81)
    y = torch.sin(7 * x) + 0.5 * torch.cos(17 * x)
    frames = []
    for n in (1, 2, 3, 4, 6, 8, 12, 16, 24):
        at = torch.linspace(0, 1, n + 1)[:n]
        parts = {"sigmoids": torch.sigmoid(3 * n * (x[:, None] - at)), "ReLUs": torch.relu(x[:, None] - at)}
        fig, axes = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
        worst = []
        for ax, (kind, features) in zip(axes, parts.items(), strict=True):
            drawn = fit(features, y)
            ax.plot(x, y, "--", color="C5")
            ax.plot(x, drawn, color="C0")
            ax.set(title=kind, xlabel="x", ylim=(-2, 2))
            worst.append(f"{kind} miss by up to {(drawn - y).abs().max():.2f}")
        frames.append(Frame(fig, f"{n} unit{'s'[: n > 1]}", ", ".join(worst) + "."))
    return stepper(frames, "number of units", "A dashed curve and, over it, a sum of units that approaches it.")


def learning_rate() -> Any:
    """Twelve steps of gradient descent on x², for one learning rate after the other."""
    x = torch.linspace(-4, 4, 41)
    frames = []
    for lr in (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0, 1.05):
        path = [3.0]
        for _ in range(12):
            path.append(path[-1] - lr * 2 * path[-1])
        fig, ax = plt.subplots(figsize=(5, 3))
        ax.plot(x, x**2, color="C5", linewidth=1)
        ax.plot(path, [w**2 for w in path], "o-", markersize=4, linewidth=1)
        ax.set(xlabel="w", ylabel="loss", xlim=(-4, 4), ylim=(-0.5, 16))
        frames.append(Frame(fig, f"learning rate {lr}", f"after 12 steps, w = {path[-1]:.2g}."))
    return stepper(frames, "learning rate", "A parabola, and on it the places that gradient descent visits.", start=2)


def box(ax: Axes, at: tuple[float, float], lines: list[str], lit: bool) -> None:
    colour = "C1" if lit else "C5"
    ax.text(*at, "\n".join(lines), ha="center", va="center", bbox={"fc": "none", "ec": colour, "lw": 2 if lit else 1})


def backpropagation() -> Any:
    """Forward and backward through (x · w + b)², a node at a time."""
    places = {"x": (0, 2), "w": (0, 1), "b": (1, 0), "x·w": (1, 1.5), "x·w + b": (2, 0.9), "(x·w + b)²": (3.1, 0.9)}
    edges = [("x", "x·w"), ("w", "x·w"), ("x·w", "x·w + b"), ("b", "x·w + b"), ("x·w + b", "(x·w + b)²")]
    value = {"x": 3.0, "w": -2.0, "b": 5.0}
    value |= {"x·w": value["x"] * value["w"]}
    value |= {"x·w + b": value["x·w"] + value["b"]}
    value |= {"(x·w + b)²": value["x·w + b"] ** 2}
    grad = {"(x·w + b)²": 1.0, "x·w + b": 2 * value["x·w + b"]}
    grad |= {"x·w": grad["x·w + b"], "b": grad["x·w + b"]}
    grad |= {"x": grad["x·w"] * value["w"], "w": grad["x·w"] * value["x"]}

    def draw(known: list[str], passed: list[str], now: str) -> Figure:
        fig, ax = plt.subplots(figsize=(6.4, 3))
        ax.set(xlim=(-0.5, 3.8), ylim=(-0.5, 2.5))
        ax.axis("off")
        for start, end in edges:
            arrow = {"arrowstyle": "->", "color": "C5", "shrinkA": 28, "shrinkB": 28}
            ax.annotate("", places[end], places[start], arrowprops=arrow)
        for name, place in places.items():
            lines = [name, f"{value[name]:g}" if name in known else "?"]
            box(ax, place, [*lines, f"∂ {grad[name]:g}" if name in passed else "∂ ?"], name == now)
        return fig

    names, frames = list(value), []
    for i, name in enumerate(names):
        frames.append(Frame(draw(names[: i + 1], [], name), f"forward, {name}", f"its value is {value[name]:g}."))
    back = list(grad)
    for i, name in enumerate(back):
        says = f"the gradient of the result by it is {grad[name]:g}."
        frames.append(Frame(draw(names, back[: i + 1], name), f"backward, {name}", says))
    return stepper(frames, "step", "Six boxes joined by arrows: the inputs x, w and b, and what is computed from them.")


WORKED = {
    "temperature": temperature,
    "units": units,
    "learning rate": learning_rate,
    "backpropagation": backpropagation,
}
