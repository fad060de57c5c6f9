"""What a training run recorded: one figure per epoch and name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class History:
    """Per-epoch means over the examples, as `Trainer.fit` returns them.

    Attributes:
        train: name to one value per epoch, for example `history.train["loss"]`. The mean runs over the epoch while the
            parameters move, so it lags behind `val`.
        val: the same on the validation set, at the end of each epoch.
        seconds: wall-clock time of each epoch, validation included.
    """

    train: dict[str, list[float]] = field(default_factory=dict)
    val: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def last(self) -> dict[str, float]:
        """The figures of the last epoch, for example `{"train_loss": 0.49, "val_loss": 0.5, "val_acc": 0.83}`."""
        named = [("train_", self.train), ("val_", self.val)]
        return {prefix + name: values[-1] for prefix, figures in named for name, values in figures.items() if values}

    def plot(self, figsize: tuple[float, float] = (5.0, 3.2)) -> Figure:
        """A curve per recorded name against the epoch, training dashed, validation solid; for `gradus.figure`."""
        from matplotlib.figure import Figure as NewFigure  # not pyplot's: a notebook must not show it a second time
        from matplotlib.ticker import MaxNLocator

        fig = NewFigure(figsize=figsize, layout="constrained")
        ax = fig.subplots()
        for prefix, figures, style in (("train ", self.train, "--"), ("validation ", self.val, "-")):
            for name, values in figures.items():
                marker = "o" if len(values) == 1 else None
                ax.plot(
                    range(1, len(values) + 1), values, style, marker=marker, label=prefix + _SPELLED.get(name, name)
                )
        ax.set_xlabel("epoch")
        ax.set_ylabel("mean over the examples")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
        return fig

    def __str__(self) -> str:
        figures = "  ".join(f"{name} {value:.4f}" for name, value in self.last().items())
        return f"{len(self.seconds)} epochs in {sum(self.seconds):.1f} s  {figures}"


_SPELLED = {"acc": "accuracy"}


class Means:
    """Collects values during a pass and gives their means weighted by examples, reading the device only once."""

    def __init__(self) -> None:
        self._values: dict[str, list[torch.Tensor]] = defaultdict(list)
        self._weights: dict[str, list[int]] = defaultdict(list)

    def add(self, name: str, value: torch.Tensor | float, num_examples: int) -> None:
        """Note a scalar that is a mean over `num_examples` examples."""
        self._values[name].append(
            value.detach().reshape(()) if isinstance(value, torch.Tensor) else torch.tensor(value)
        )
        self._weights[name].append(num_examples)

    def result(self) -> dict[str, float]:
        """Name to weighted mean; empty when nothing was added."""
        means = {}
        for name, values in self._values.items():
            weights = torch.tensor(self._weights[name], dtype=torch.float64)
            read = torch.stack(values).cpu()  # here, and once
            means[name] = float(read.double() @ weights / weights.sum())
        return means
