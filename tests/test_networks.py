"""Networks and graphs are drawn with every unit, arrow and number that they were given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from gradus import draw_graph, draw_network, figure


@pytest.fixture(autouse=True)
def no_figure_stays_open() -> None:
    plt.close("all")


def texts(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


@pytest.mark.parametrize(
    ("sizes", "circles", "arrows"),
    [((2, 1), 3, 2), ((2, 2, 1), 5, 6), ((4, 3), 7, 12), ((784, 256, 10), 15, 50), ((7, 6), 11, 30)],
)
def test_there_is_a_circle_for_a_unit_and_an_arrow_for_a_weight(
    sizes: tuple[int, ...], circles: int, arrows: int
) -> None:
    fig = draw_network(sizes)
    patches = fig.axes[0].patches
    assert sum(isinstance(patch, Circle) for patch in patches) == circles
    assert sum(isinstance(patch, FancyArrowPatch) for patch in patches) == arrows
    assert texts(fig).count("⋮") == sum(size > 6 for size in sizes)


def test_all_that_is_given_is_written() -> None:
    fig = draw_network(
        (2, 2, 1),
        names=("x", "h", "o"),
        units=(("a", "b"), ("OR", "AND"), ()),
        between=("(2, 2)", "(2, 1)"),
        weights=([[1, 2], [3, 4]], [[5], [-6]]),
    )
    expected = ["1", "2", "3", "4", "5", "-6", "x", "h", "o", "a", "b", "OR", "AND", "(2, 2)", "(2, 1)"]
    assert sorted(texts(fig)) == sorted(expected)


@pytest.mark.parametrize(
    "wrong", [{"sizes": (3,)}, {"names": ("x",)}, {"units": ((),)}, {"between": ("a", "b")}, {"weights": ([], [])}]
)
def test_a_list_of_another_length_is_refused_with_its_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"draw_network\(" + next(iter(wrong))):
        draw_network(**{"sizes": (2, 1), **wrong})  # type: ignore[arg-type]


def test_arrows_of_a_graph_end_at_the_boxes_and_carry_their_text() -> None:
    boxes = {"a": (0.0, 0.0, "a"), "b": (1.0, 1.0, "b"), "c": (2.0, 0.0, "c")}
    fig = draw_graph(
        boxes, [("a", "b", "2"), ("b", "c", "3"), ("a", "c", "4")], lit=["b"], via={("a", "c"): [(1.0, -1.0)]}
    )
    arrows = [patch for patch in fig.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 3
    assert sorted(texts(fig)) == ["2", "3", "4", "a", "b", "c"]
    assert "<svg" in figure(fig, alt="Three boxes.").svg


def test_an_arrow_to_no_box_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        draw_graph({"a": (0.0, 0.0, "a")}, [("a", "z", "")])
