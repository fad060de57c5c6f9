"""Pictures of networks and of graphs of computations: units and arrows, boxes and arrows, in the house style."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch

RADIUS = 0.24  # of a unit, where neighbouring units of a layer are 1 apart
Point = tuple[float, float]


def draw_network(
    sizes: Sequence[int],
    *,
    names: Sequence[str] = (),
    units: Sequence[Sequence[str]] = (),
    between: Sequence[str] = (),
    weights: Sequence[Sequence[Sequence[float]]] = (),
    most: int = 6,
    ax: Axes | None = None,
) -> Figure:
    """Draw a fully connected network from left to right: a circle for each unit, an arrow for each weight.

    Args:
        sizes: the number of units in each layer, the inputs first (`(784, 256, 10)`).
        names: what stands below each layer.
        units: what stands in the circles, layer by layer; a layer may be left empty.
        between: what stands above the arrows from each layer to the next, such as the shape of its weights.
        weights: numbers to write beside the arrows: from each layer to the next a table (units, next units).
        most: a layer of more units is drawn with its first ones, three dots and its last one.
        ax: axes to draw in; else a figure is made.

    Returns the figure. Raises ValueError if there are fewer than two layers, or a list does not fit them.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Circle

    _check(sizes, names, units, between, weights)
    shown = [_shown(size, most) for size in sizes]
    tallest = max(len(rows) for rows in shown)
    step = 2.0 if weights or max(sizes) <= most else 2.4
    if ax is None:
        _, ax = plt.subplots(figsize=(1.3 * step * (len(sizes) - 1) + 0.9, 0.55 * tallest + 0.9))
    ax.set(aspect="equal", xlim=(-0.6, step * (len(sizes) - 1) + 0.6), ylim=(-tallest / 2 - 0.7, tallest / 2 + 0.6))
    ax.axis("off")
    at = [
        {unit: (step * layer, (len(rows) - 1) / 2 - row) for row, unit in enumerate(rows) if unit is not None}
        for layer, rows in enumerate(shown)
    ]
    for layer in range(len(sizes) - 1):
        for i, here in at[layer].items():
            for j, there in at[layer + 1].items():
                start, end = _from_rim_to_rim(here, there)
                ax.add_patch(_arrow(start, end, color="k", linewidth=0.7, alpha=0.7))
                if weights:
                    # A third of the way along, where arrows to different units have parted and do not yet cross.
                    x, y = (start[k] + 0.3 * (end[k] - start[k]) for k in range(2))
                    ax.text(
                        x, y + 0.06, f"{weights[layer][i][j]:g}", fontsize=8, style="italic", ha="center", va="bottom"
                    )
        if between:
            ax.text(step * (layer + 0.5), tallest / 2 + 0.2, between[layer], fontsize=9, ha="center", va="bottom")
    for layer, rows in enumerate(shown):
        for unit, (x, y) in at[layer].items():
            ax.add_patch(Circle((x, y), RADIUS, facecolor="none", edgecolor=f"C{min(layer, 1)}", linewidth=1.5))
            if units and units[layer]:
                ax.text(x, y, units[layer][unit], fontsize=8, ha="center", va="center")
        if None in rows:
            ax.text(step * layer, (len(rows) - 1) / 2 - rows.index(None), "⋮", ha="center", va="center")
        if names:
            ax.text(step * layer, -tallest / 2 - 0.1, names[layer], fontsize=9, ha="center", va="top")
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def draw_graph(
    boxes: Mapping[Any, tuple[float, float, str]],
    arrows: Sequence[tuple[Hashable, Hashable, str]],
    *,
    lit: Collection[Hashable] = (),
    via: Mapping[Any, Sequence[Point]] | None = None,
    figsize: tuple[float, float] = (7.2, 3.0),
) -> Figure:
    """Draw boxes with text, and arrows between them with a text of their own.

    Args:
        boxes: for each name its place and its text, `(x, y, text)`.
        arrows: from which box, to which box, and what is written beside the arrow.
        lit: names of boxes that stand out.
        via: for arrows that are not straight, the points between.
        figsize: width and height in inches.

    Returns the figure. Raises KeyError if an arrow names a box that there is not.
    """
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=figsize)
    ax.axis("off")
    xs, ys = [box[0] for box in boxes.values()], [box[1] for box in boxes.values()]
    bends = [point for points in (via or {}).values() for point in points]
    ys += [y for _, y in bends]
    ax.set(xlim=(min(xs) - 0.5, max(xs) + 0.5), ylim=(min(ys) - 0.6, max(ys) + 0.6))
    drawn = {}
    for name, (x, y, text) in boxes.items():
        colour, width = ("C1", 2.2) if name in lit else ("C5", 1)
        frame = {"facecolor": "none", "edgecolor": colour, "linewidth": width, "boxstyle": "round"}
        drawn[name] = ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=frame)
    fig.draw_without_rendering()  # only then is it known how large the boxes are
    to_data = ax.transData.inverted()
    for start, end, text in arrows:
        points: list[Point] = [boxes[start][:2], *(via or {}).get((start, end), ()), boxes[end][:2]]
        for at, other, name in ((0, 1, start), (-1, -2, end)):
            patch = drawn[name].get_bbox_patch()
            assert patch is not None
            left_bottom, right_top = to_data.transform(patch.get_window_extent().get_points())
            half = [(right_top[k] - left_bottom[k]) / 2 for k in range(2)]
            points[at] = _leaving(points[at], points[other], half)
        for here, there in pairwise(points[:-1]):
            ax.plot(*zip(here, there, strict=True), color="C5", linewidth=1)
        ax.add_patch(_arrow(points[-2], points[-1], color="C5", linewidth=1.0))
        x, y = (points[0][k] + 0.5 * (points[1][k] - points[0][k]) for k in range(2))
        ax.text(x, y + 0.04, text, fontsize=8, style="italic", ha="center", va="bottom")
    return fig


def _arrow(start: Point, end: Point, *, color: str, linewidth: float, alpha: float = 1.0) -> FancyArrowPatch:
    from matplotlib.patches import FancyArrowPatch

    form = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=8, shrinkA=0, shrinkB=0)
    form.set(color=color, linewidth=linewidth, alpha=alpha)
    return form


def _check(sizes: Sequence[int], *lists: Sequence[object]) -> None:
    names, units, between, weights = lists
    if len(sizes) < 2:
        raise ValueError(f"draw_network(sizes): a network has two layers or more, the inputs among them, not {sizes!r}")
    for what, given, needed in (
        ("names", names, len(sizes)),
        ("units", units, len(sizes)),
        ("between", between, len(sizes) - 1),
        ("weights", weights, len(sizes) - 1),
    ):
        if given and len(given) != needed:
            raise ValueError(f"draw_network({what}=…): {len(given)} given, for {len(sizes)} layers there are {needed}")


def _shown(size: int, most: int) -> list[int | None]:
    """The numbers of the units that are drawn, from the top; None stands for those that are not."""
    if size <= most:
        return list(range(size))
    return [*range(most - 2), None, size - 1]


def _from_rim_to_rim(here: Point, there: Point) -> tuple[Point, Point]:
    """The arrow between two circles, without what lies inside them."""
    length = ((there[0] - here[0]) ** 2 + (there[1] - here[1]) ** 2) ** 0.5
    x, y = (RADIUS * (there[k] - here[k]) / length for k in range(2))
    return (here[0] + x, here[1] + y), (there[0] - x, there[1] - y)


def _leaving(middle: Point, towards: Point, half: Sequence[float]) -> Point:
    """Where the line from the middle of a box leaves the box, whose half width and height are given."""
    way = [towards[k] - middle[k] for k in range(2)]
    share = min([half[k] / abs(way[k]) for k in range(2) if way[k]], default=0.0)
    share = min(share, 1.0)
    return middle[0] + share * way[0], middle[1] + share * way[1]
