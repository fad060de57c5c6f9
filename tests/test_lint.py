"""No problem set is released that a student could not solve from its text, or that gives its answers away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_problem_set as tiny

from autograder.assignment.names import names_in_backticks
from autograder.authoring.collisions import collisions
from autograder.authoring.lint import leaks, lint, secrets
from autograder.authoring.points_lint import variants_findings
from gradus.notebook.form import Notebook


def findings(source: Notebook, released: Notebook | None = None) -> str:
    return "\n".join(lint(source, released or {"cells": []}, "tiny.ipynb"))


def changed(name: str, change: Callable[[str], str], **metadata: object) -> Notebook:
    """The problem set with one cell's text and nbgrader metadata changed."""
    source = tiny.source_notebook()
    (cell,) = [cell for cell in source["cells"] if cell["id"] == name.replace("_", "-")]
    cell["source"] = change(cell["source"])
    if metadata:
        cell["metadata"].setdefault("nbgrader", {}).update(metadata)
    return source


def test_a_sound_problem_set_has_no_findings() -> None:
    assert findings(tiny.source_notebook()) == ""


@pytest.mark.parametrize("use", ["triple(3)", "[triple(x) for x in (1, 2)]", "(lambda: triple(1))()"])
def test_a_name_that_nothing_announces_is_named_with_its_cell_and_cure(use: str) -> None:
    found = findings(changed("test_double", lambda text: f"{use}\n{text}"))
    assert re.search(r"tiny\.ipynb, cell 6 \(test_double\): the test uses 'triple'.*name it in the prompt", found)


def test_a_name_in_a_hidden_test_is_held_to_the_same_rule() -> None:
    found = findings(changed("test_double", lambda text: text.replace("cases.number(", "factor * cases.number(")))
    assert "'factor'" in found


@pytest.mark.parametrize("prompt", ["Give also `triple(x)`.", "```python\ntriple(3)\n```"])
def test_a_name_in_backticks_in_the_prompt_is_known(prompt: str) -> None:
    source = changed("test_double", lambda text: f"triple(3)\n{text}")
    source["cells"][3]["source"] += "\n\n" + prompt
    assert findings(source) == ""


def test_a_name_that_a_prompt_says_without_backticks_or_too_late_is_not_known() -> None:
    source = changed("test_double", lambda text: f"triple(3)\n{text}")
    source["cells"][3]["source"] += " Think of triple."
    source["cells"][6]["source"] += " And `triple`."
    assert "'triple'" in findings(source)


def test_a_name_that_only_the_solution_defines_is_not_known() -> None:
    helper = "### BEGIN SOLUTION\ndef helper(x):\n    return x\n### END SOLUTION\n"
    source = changed("double", lambda text: helper + text)
    source["cells"][5]["source"] = "helper(1)\n" + source["cells"][5]["source"]
    assert "'helper'" in findings(source)


def test_a_private_name_of_the_stub_is_not_known() -> None:
    source = changed("double", lambda text: "_cache = {}\n" + text)
    source["cells"][5]["source"] = "_cache.clear()\n" + source["cells"][5]["source"]
    assert "'_cache'" in findings(source)


def test_what_another_test_defines_is_not_known() -> None:
    assert "'number'" in findings(changed("test_halve", lambda text: text + "\nprint(number)"))


@pytest.mark.parametrize("call", ["double(1, 2)", "double(x=1, base=3)"])
def test_a_call_that_the_stub_does_not_allow_is_found(call: str) -> None:
    assert "its stub" in findings(changed("test_double", lambda text: f"{call}\n{text}"))


def test_code_spans_and_blocks_announce_names() -> None:
    text = "Use `f(x)` and ``g``.\n\n```\nh = 1\n```\n\nnot this"
    assert names_in_backticks(text) == {"f", "x", "g", "h"}


@pytest.mark.parametrize("line", ["%timeit double(2)", "!ls", "x = !ls"])
def test_magics_in_a_hidden_test_are_refused(line: str) -> None:
    hidden = changed("test_double", lambda text: text.replace("TESTS\nfrom", f"TESTS\n{line}\nfrom"))
    assert "not plain Python" in findings(hidden)


def test_a_hidden_region_outside_a_test_cell_is_refused() -> None:
    hidden = "\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS"
    assert "outside a test cell" in findings(changed("imports", lambda text: text + hidden))


def test_a_solution_region_outside_an_answer_cell_is_refused() -> None:
    solution = "\n### BEGIN SOLUTION\npass\n### END SOLUTION"
    assert "outside an answer cell" in findings(changed("imports", lambda text: text + solution))


def test_a_test_cell_without_points_is_refused() -> None:
    assert "no points" in findings(changed("test_double", lambda text: text, points=0))


@pytest.mark.parametrize("text", ["same(double(2), 4)", "### BEGIN HIDDEN TESTS\n\n### END HIDDEN TESTS"])
def test_a_test_cell_without_a_hidden_test_is_refused(text: str) -> None:
    assert "no hidden test" in findings(changed("test_double", lambda _: text))


def test_a_label_used_twice_is_refused() -> None:
    assert "'double' is cell 5 (double)'s already" in findings(changed("halve", lambda t: t, grade_id="double"))


@pytest.mark.parametrize("marker", ["### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"])
def test_a_marker_without_its_partner_is_refused(marker: str) -> None:
    assert "HIDDEN TESTS" in findings(changed("test_double", lambda text: text.replace(marker, "#")))


@pytest.mark.parametrize("typo", ["### BEGIN HIDDEN TEST\n", "### BEGIN HIDEN TESTS\n", "### begin hidden tests\n"])
def test_a_misspelt_marker_which_would_hide_nothing_is_refused(typo: str) -> None:
    source = changed("test_double", lambda text: f"{typo}{text}")
    assert "nearly a marker" in findings(source)


LEAKS = ("twice_of_the_input = 2*x", "`answer(double, cases.number(-10,10))`", "Because two halves make a whole.")


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found_however_it_is_spaced(leak: str) -> None:
    released = {"cells": [tiny.cell("markdown", "hint", f"Look: {leak}")]}
    assert re.search(r"cell 1 \(hint\): students would read", findings(tiny.source_notebook(), released))


def test_secrets_are_lines_that_give_something_away() -> None:
    secret = secrets(tiny.source_notebook())
    assert "twice_of_the_input = 2 * x" in secret
    assert "answer(halve, scale * cases.number(1, 2), atol=0.0)" in secret
    assert not [line for line in secret if line.startswith("#") or line in ("return x", "import math")]
    assert leaks("nothing of it", secret) == []


def test_a_tool_whose_name_students_type_is_named() -> None:
    assert collisions(tiny.source_notebook(), "tiny") == []
    (finding,) = collisions(changed("same", lambda text: text.replace("same", "close")), "tiny")
    assert re.match(r"tiny, cell 3 \(same\): .*'close'.*a name that nobody types", finding)


def test_a_stub_named_as_pythons_own_function_is_named() -> None:
    found = collisions(changed("double", lambda text: text.replace("double", "sum")), "tiny")
    assert any("(double): the stub defines 'sum'" in finding for finding in found)


def test_a_visible_line_that_takes_away_what_is_asked_is_named() -> None:
    found = collisions(changed("test_double", lambda text: f"halve = 2\n{text}"), "tiny")
    assert any("(test_double): its visible lines give 'halve'" in finding for finding in found)


def with_points(prompt: str = "**1 point · easy**", table: str = "", **points: float) -> Notebook:
    """The problem set with a prompt that states points, a table in its title, and other points in some cells."""
    source = tiny.source_notebook()
    source["cells"][3]["source"] = f"## 1. Twice\n\n{prompt}\n\nWrite `double(x)`."
    source["cells"][0]["source"] += table
    for cell in source["cells"]:
        if (label := tiny.label(cell)) in points:
            cell["metadata"]["nbgrader"]["points"] = points[label]
    return source


TABLE = """

| question | builds | points |
|---|---|---|
| 1 | `double` | 1 |
| 2 | `halve` | 2 |
| 3 | a written answer | 3 |
"""


@pytest.mark.parametrize("prompt", [
    "**1 point · easy**", "1 point", "*Easy.* This is worth 1 point.", "**Points:** 1", "Points: 1", "(1 point)",
    "First (0.5 points), then (0,5 points).", "**Easy, 1 point**", "Three points of the plane.", "**1.0 points**",
    "**1 point**\n\n- half of it (0.5 points)\n- the other half (0.5\n  points)",
])  # fmt: skip
def test_points_that_are_those_of_the_cell_are_right_however_they_are_written(prompt: str) -> None:
    assert findings(with_points(prompt, TABLE)) == ""


@pytest.mark.parametrize("prompt", [
    "**1 point · easy**", "1 point", "This is worth 1 point.", "**Points:** 1", "(1 point)", "**Easy, 1 point**",
    "**3 points**\n\n- half of it (0.5 points)\n- the other half (0.5 points)",
])  # fmt: skip
def test_points_that_a_prompt_says_and_its_cell_has_not_are_named(prompt: str) -> None:
    found = findings(with_points(prompt, test_double=3))
    assert "tiny.ipynb, cell 4 (double-prompt): it says 1 point, but test_double counts 3 points" in found


@pytest.mark.parametrize(("table", "points", "said"), [
    (TABLE, {"test_halve": 4}, "cell 1 (title): its table says 2 points for test_halve, which counts 4 points"),
    (TABLE, {"why": 5}, "cell 1 (title): its table says 3 points for why, which counts 5 points"),
    (TABLE.replace("| 2 | `halve` | 2 |\n", ""), {}, "cell 9 (test_halve): it has no row in the table of cell 1"),
    (TABLE.replace("| 3 | a written answer | 3 |\n", ""), {}, "cell 10 (why): it has no row"),
    (TABLE.replace("`halve`", "`third`"), {}, "cell 9 (test_halve): it has no row"),
    (TABLE.replace("`halve`", "`third`"), {}, "its table has a row for `third`, which is no question"),
    (TABLE + "| 4 | a written answer | 1 |\n", {}, "a row for a written answer, which is no question"),
    (TABLE.replace("1 |\n", "9 |\n"), {}, "its table says 9 points for test_double"),
])  # fmt: skip
def test_the_table_in_the_title_is_held_to_the_cells(table: str, points: dict[str, float], said: str) -> None:
    assert said in findings(with_points(table=table, **points))


def test_a_question_that_follows_without_stated_points_is_not_counted_to_the_one_before() -> None:
    source = with_points()
    source["cells"][6]["source"] = "## 2. Half\n\nWrite `halve(x)`."
    assert findings(source) == ""


def test_a_question_without_variants_and_variants_without_a_question_are_named_with_the_file(tmp_path: Path) -> None:
    source = tiny.source_notebook()
    assert list(variants_findings(source, tmp_path)) == []  # a problem set may have none at all
    folder = tmp_path / "variants"
    folder.mkdir()
    for question, right in (("double", "return x + x"), ("halve", "return 0.5 * x")):
        (folder / f"{question}.md").write_text(f"# {question}\n\n## Right\n\n**another**\n- `{right}`\n")
    assert list(variants_findings(source, tmp_path)) == []
    (folder / "halve.md").rename(folder / "half.md")
    found = dict(variants_findings(source, tmp_path))
    assert "there is no variants/halve.md; write right and wrong solutions" in found["cell 8 (halve)"]
    assert "there is no question 'half'" in found[str(folder / "half.md")]
