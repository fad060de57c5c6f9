"""A picture of a run that grows in the notebook while it trains."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from gradus.progress import somebody_watches
from gradus.torch_d2l import d2l

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Limits = tuple[float, float] | list[float] | None


class ProgressBoard(d2l.ProgressBoard):
    """d2l's `ProgressBoard`: points go in one by one, and a picture with one line for each label comes out.

    Each line is one artist whose data change; the picture is redrawn once for each whole number that `x` passes (an
    epoch, as a rule) and when the cell ends. Where nobody watches (a script, a build, the grader) nothing is drawn and
    matplotlib is not even imported. `Trainer(..., board=ProgressBoard())` fills one.

    Args:
        xlabel, ylabel, xlim, ylim, xscale, yscale: of the axes, as in matplotlib.
        ls, colors: line styles and colours of the labels, in the order in which they first appear; they repeat.
        fig, axes: draw here instead of in a figure of the board's own.
        figsize: width and height in inches.
        display: `False` collects points and shows nothing.

    Attributes:
        data: label to its points `(x, y)`, each the mean of `every_n` points that were given.
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        xlim: Limits = None,
        ylim: Limits = None,
        xscale: str = "linear",
        yscale: str = "linear",
        ls: Sequence[str] = ("-", "--", "-.", ":"),
        colors: Sequence[str] = ("C0", "C1", "C2", "C3"),
        fig: Figure | None = None,
        axes: Axes | None = None,
        figsize: tuple[float, float] = (3.5, 2.5),
        display: bool = True,
    ):
        self.xlabel, self.ylabel, self.xlim, self.ylim = xlabel, ylabel, xlim, ylim
        self.xscale, self.yscale, self.ls, self.colors = xscale, yscale, ls, colors
        self.fig, self.axes, self.figsize, self.display = fig, axes, figsize, display
        self._artists: dict[str, Any] = {}
        self._picture: Any = None  # IPython's handle of the picture in the running cell
        self._waits_for_end = False  # whether the notebook calls when the cell ends
        self._is_stale = False  # whether there are points that the picture does not show
        self.clear()

    def clear(self) -> None:
        """Forget all points, for a new run."""
        self.data: dict[str, list[tuple[float, float]]] = {}
        self._waiting: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._passed = -math.inf
        for artist in self._artists.values():
            artist.remove()
        self._artists = {}

    def draw(self, x: float, y: torch.Tensor | float, label: str, every_n: int = 1) -> None:
        """Add the point (`x`, `y`) to the line `label`; of `every_n` points the mean is drawn (0 counts as 1).

        The picture follows when `x` passes the next whole number, and when the cell ends.
        """
        self.add(x, y, label, every_n)
        if math.floor(x) > self._passed:
            self._passed = math.floor(x)
            self.show()

    def add(self, x: float, y: torch.Tensor | float, label: str, every_n: int = 1) -> None:
        """As `draw`, without a picture; `show` makes it."""
        waiting = self._waiting[label]
        waiting.append((float(x), float(y.detach() if isinstance(y, torch.Tensor) else y)))
        if len(waiting) >= every_n:
            xs, ys = zip(*waiting, strict=True)
            self.data.setdefault(label, []).append((sum(xs) / len(xs), sum(ys) / len(ys)))
            waiting.clear()
            self._is_stale = self._shell() is not None

    def show(self) -> None:
        """Redraw the picture below the running cell of a notebook; elsewhere, nothing."""
        if self.data and self._shell() is not None:
            from IPython.display import display

            self._is_stale = False
            if self._picture is None:
                self._picture = display(self._drawing(), display_id=True)
            else:
                self._picture.update(self._drawing())

    def figure(self) -> Figure:
        """The matplotlib figure as it stands, for `gradus.figure`; one line for each label."""
        if self.axes is None:
            from matplotlib.figure import Figure as NewFigure  # not pyplot's: a notebook would show it twice

            self.fig = self.fig or NewFigure(figsize=self.figsize, layout="constrained")
            self.axes = self.fig.add_subplot()
        axes = self.axes
        for label, points in self.data.items():
            if label not in self._artists:
                number = len(self._artists)
                style, colour = self.ls[number % len(self.ls)], self.colors[number % len(self.colors)]
                (self._artists[label],) = axes.plot([], [], linestyle=style, color=colour, label=label)
            self._artists[label].set_data(*zip(*points, strict=True))
            self._artists[label].set_marker("o" if len(points) == 1 else "")  # a line of one point is not seen
            axes.legend()
        axes.set(xscale=self.xscale, yscale=self.yscale, xlabel=self.xlabel or "", ylabel=self.ylabel or "")
        axes.relim()
        axes.autoscale()
        axes.set(xlim=self.xlim, ylim=self.ylim)
        return axes.get_figure()  # type: ignore[return-value]

    def _drawing(self) -> Any:
        from gradus.figures import figure

        last = ", ".join(f"{label} {points[-1][1]:.3g}" for label, points in self.data.items())
        return figure(self.figure(), alt=f"Progress of the training run; the last values are {last}.")

    def _shell(self) -> Any:
        """The notebook's shell, when there is one and somebody watches; asks it to call when the cell ends."""
        if not (self.display and somebody_watches(sys.stdout)):
            return None
        from IPython import get_ipython

        shell = get_ipython()
        if shell is not None and not self._waits_for_end:
            self._waits_for_end = True
            shell.events.register("post_execute", self._end_of_cell)
        return shell

    def _end_of_cell(self) -> None:
        """Show what came after the last redraw, and leave the picture to its cell: the next one gets its own."""
        from IPython import get_ipython

        if self._is_stale:
            self.show()
        get_ipython().events.unregister("post_execute", self._end_of_cell)
        self._picture, self._waits_for_end, self._passed = None, False, -math.inf
