"""What the site's own extensions do to a page: icons, the head of a chapter, folded code, cards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import cards  # noqa: E402
import front_parts  # noqa: E402
import inline_icons  # noqa: E402
import page_head  # noqa: E402
import page_layout  # noqa: E402

SCRIPT = (
    '(function(){var p={github:[496,512,[],"f09b","M1 2z"]};run(function(){d("fab",p),d("fa-brands",p)})}(),'
    'function(){var p={sun:[512,512,[9728],"f185","M3 4z"]};run(function(){d("far",p),d("fa-regular",p)})}(),'
    'function(){var p={0:[320,512,[],"30","M9z"],sun:[512,512,[9728],"f185","M5 6z"],'
    '"magnifying-glass":[512,512,[128269,"search"],"f002","M7z"],bars:[448,512,["navicon"],"f0c9","M8z"]};'
    'run(function(){d("fas",p),d("fa-solid",p)})}());'
)


@pytest.fixture
def icons(tmp_path: Path) -> dict[tuple[str, str], inline_icons.Drawing]:
    script = tmp_path / "fontawesome.js"
    script.write_text(SCRIPT)
    return inline_icons.drawings(script)


@pytest.mark.parametrize(
    ("icon", "path"),
    [
        ('<i class="fa-solid fa-sun fa-lg" data-mode="light"></i>', "M5 6z"),
        ('<i class="far fa-sun"></i>', "M3 4z"),
        ('<i class="fab fa-github"></i>', "M1 2z"),
        ('<span class="fa-solid fa-bars">\n</span>', "M8z"),
        ('<i class="fas fa-search" title="Search"></i>', "M7z"),
    ],
)
def test_an_icon_becomes_a_drawing_of_its_pack(
    icons: dict[tuple[str, str], inline_icons.Drawing], icon: str, path: str
) -> None:
    drawn = inline_icons.inline(f"<button>{icon}</button>", icons)
    assert f'd="{path}"' in drawn
    assert 'aria-hidden="true"' in drawn
    assert "title" not in drawn
    assert ('data-mode="light"' in icon) == ('data-mode="light"' in drawn)


def test_other_elements_stay_as_they_are(icons: dict[tuple[str, str], inline_icons.Drawing]) -> None:
    page = '<i>italic</i><span class="fasten">x</span><i class="fasten"></i>'
    assert inline_icons.inline(page, icons) == page


def test_an_icon_that_is_not_there_fails_the_build(icons: dict[tuple[str, str], inline_icons.Drawing]) -> None:
    with pytest.raises(ExtensionError, match="fa-unicorn"):
        inline_icons.inline('<i class="fas fa-unicorn"></i>', icons)


def test_a_script_of_another_form_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "fontawesome.js").write_text("export const icons = {};")
    with pytest.raises(ExtensionError, match="another form"):
        inline_icons.drawings(tmp_path / "fontawesome.js")


@pytest.mark.parametrize(
    ("body", "closed"),
    [
        ('at <span class="math notranslate nohighlight"><math><mi>x</mi></math></span>. Then', True),
        ('(<span class="math notranslate nohighlight"><math><mi>x</mi></math></span>), and', True),
        ('<span class="math notranslate nohighlight"><math><mi>x</mi></math></span> and', False),
        ('<span class="math notranslate nohighlight"><math><mi>x</mi></math></span>-th', False),
        ('<div class="math notranslate nohighlight"><math><mi>x</mi></math></div>.', False),
    ],
)
def test_a_formula_and_the_mark_behind_it_stay_on_a_line(body: str, closed: bool) -> None:
    assert (page_head.CLOSED.search(body) is not None) == closed


@pytest.mark.parametrize(
    ("source", "prepares"),
    [
        ("import torch\nfrom gradus import (\n    Frame,\n    figure,\n)\n\ntorch.manual_seed(0);", True),
        ('import matplotlib.pyplot as plt\n\nplt.style.use("gradus.house")', True),
        ("try:\n    import gradus\nexcept ImportError:  # on Colab\n    %pip install gradus\nimport gradus", True),
        ("import torch\n\nx = torch.arange(3)", False),
        ("import torch\n1 +", False),
        ("torch.manual_seed(0);", False),
        ("import torch\nprint(torch.__version__)", False),
    ],
)
def test_a_cell_of_imports_and_settings_is_told_from_others(source: str, prepares: bool) -> None:
    assert page_layout.only_prepares(source) == prepares


LOCKED = {"locked": True, "grade": False, "solution": False}


@pytest.mark.parametrize(
    ("source", "nbgrader", "folded"),
    [
        ("import sys\n\n\ndef in_words(value):\n    return str(value)\n\n\nclass Watch:\n    pass", LOCKED, True),
        ("def in_words(value):\n    return str(value)", None, False),  # a chapter shows what it defines
        ("def softmax(o):\n    raise NotImplementedError", LOCKED | {"solution": True, "locked": False}, False),
        ("assert softmax(o).shape == (2, 3)", LOCKED | {"grade": True}, False),
        ("def build():\n    pass\n\n\nnetwork = build()", LOCKED, False),
        ("def build(:", LOCKED, False),
    ],
)
def test_what_the_tests_of_a_problem_set_use_is_folded(
    source: str, nbgrader: dict[str, bool] | None, folded: bool
) -> None:
    cell = nodes.container("", nb_element="cell_code", cell_metadata={"nbgrader": nbgrader} if nbgrader else {})
    cell += nodes.container("", nodes.literal_block(source, source), nb_element="cell_code_source")
    page_layout.fold_code(cell)
    assert [child.get("prompt_show") for child in cell.children] == (["Show what the tests use"] if folded else [None])


@pytest.mark.parametrize(
    ("source", "is_figure"),
    [
        ("fig, ax = plt.subplots()\nfigure(\n    fig,\n    alt='a line')", True),
        ("stepper(frames, label='step')", True),
        ("def draw():\n    figure(fig, alt='a')", False),
        ("fig, ax = plt.subplots()\nplt.figure(2)", False),
    ],
)
def test_a_cell_that_ends_in_a_figure_is_told_from_others(source: str, is_figure: bool) -> None:
    assert page_layout.draws(source) == is_figure


def table_of(*rows: tuple[str, str]) -> nodes.table:
    def row(cells: tuple[str, str]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in cells))

    head, *others = rows
    group = nodes.tgroup("", nodes.thead("", row(head)), nodes.tbody("", *map(row, others)), cols=2)
    return nodes.table("", group)


def test_the_head_of_a_chapter_becomes_boxes_in_one_order() -> None:
    strip = page_layout.as_strip(
        table_of(
            ("Question", "Answer"),
            ("Which words are new?", "rank"),
            ("What will I be able to do?", "Count axes"),
            ("Is it hard?", "No"),
        )
    )
    assert strip is not None
    assert [box.astext().split() for box in strip.children] == [
        ["You", "will", "be", "able", "to", "Count", "axes"],
        ["New", "words", "rank"],
        ["Is", "it", "hard?", "No"],
    ]
    assert page_layout.as_strip(table_of(("Rate", "Loss"), ("0.1", "2"))) is None


def test_a_long_title_fits_on_its_card() -> None:
    big = cards.font(72, bold=True)
    lines = cards.lines_of("a title of many words that does not fit into one line", big, cards.WIDTH)
    assert len(lines) > 1
    assert all(big.getlength(line) <= cards.WIDTH for line in lines)
    assert cards.card("A title", "Gradus", "a promise").size == cards.SIZE


def test_the_path_leads_through_all_parts_and_problem_sets() -> None:
    found = front_parts.stretches(ROOT)
    assert [len(each.chapters) > 4 for each in found] == [True] * 6
    sets = [stop.name.split("/")[1] for each in found for stop in each.problem_sets]
    assert sets == sorted(path.parent.name for path in (ROOT / "exercises").glob("ps*/ps*.ipynb"))
    known = {stop.name for each in found for stop in (*each.chapters, *each.problem_sets)}
    order = [stop.name for each in found for stop in each.chapters]
    for each in found:
        for stop in each.chapters:
            before = [needed for needed in stop.needs if needed in known]
            assert all(order.index(needed) < order.index(stop.name) for needed in before), stop.name


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(10, "½ hour"), (50, "1 hour"), (60, "1 hour"), (80, "1½ hours"), (110, "2 hours"), (250, "4 hours")],
)
def test_hours_are_said_in_halves(minutes: int, words: str) -> None:
    assert front_parts.hours(minutes) == words
