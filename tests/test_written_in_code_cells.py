"""A written answer in a labelled code cell waits for a person too; comments on code are no answer to anything else."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
import tiny_problem_set as tiny
from nbgrader.utils import determine_grade
from test_fuzzed_readers import grows_too_fast
from test_written_answers import ANSWER, at

from autograder.gradebook.generate import generate
from autograder.submissions.intake import framed
from autograder.submissions.sources import names_one_of, number_in
from gradus.notebook.form import Notebook, source_of


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    source = tiny.source_notebook()
    source["cells"].insert(-1, tiny.cell("markdown", "why-prompt", "## 3. Why?\n\nWhy do two halves make a whole?"))
    return json.loads(generate(tiny.course(tmp_path_factory.mktemp("released"), source), tiny.NAME))


def seen(released: Notebook, **added: str) -> tuple[str, float | None]:
    """The answer cell as whoever marks sees it, and nbgrader's mark of it, when lines were added to cells."""
    notebook = copy.deepcopy(released)
    for name, line in added.items():
        cell = notebook["cells"][at(notebook, name)]
        cell["source"] = f"{source_of(cell)}\n{line}"
    rebuilt = framed(json.dumps(notebook).encode(), "tiny.ipynb", nbformat.reads(json.dumps(released), as_version=4))
    (why,) = [cell for cell in rebuilt.cells if tiny.label(cell) == "why"]
    return why.source, determine_grade(why)[0]


WRITTEN = [
    {"test_halve": f"# {ANSWER}"}, {"test_double": f'"""{ANSWER}"""'},
    {"same": f"\n# Question 3: {ANSWER}"},
    {"halve": f"# Question 3: {ANSWER}"}, {"halve": f"# 3) {ANSWER}"}, {"double": f'"""\n3. {ANSWER}\n"""'},
    {"double": f"    return 2 * x\n\n# Q3: {ANSWER}"}, {"test_halve": f"print('{ANSWER}')"},
]  # fmt: skip
ON_CODE = [
    {"halve": f"# {ANSWER}"},
    {"halve": "    # half of it is what question two asks for, and 3 is odd\n    return x / 2"},
    {"test_halve": "print(halve(3))"}, {"test_halve": "assert halve(7) == 3.5"},
    {"double": "    return x + x  # twice"},
    {"double": "    # why: two halves make a whole, says everybody\n    return x + x"},
]  # fmt: skip


@pytest.mark.parametrize("added", WRITTEN, ids=range(len(WRITTEN)))
def test_what_was_written_into_a_labelled_code_cell_waits_for_a_person(
    released: Notebook, added: dict[str, str]
) -> None:
    source, mark = seen(released, **added)
    assert ANSWER in source
    assert mark is None


@pytest.mark.parametrize("added", ON_CODE, ids=range(len(ON_CODE)))
def test_what_is_said_on_code_answers_no_other_question(released: Notebook, added: dict[str, str]) -> None:
    assert seen(released, **added) == ("YOUR ANSWER HERE", 0.0)


def test_a_question_has_the_number_of_its_heading() -> None:
    headings = ["## 8. Why?", "### Question 12: noise", "# Why?", "8. Why", ""]
    assert [number_in(heading) for heading in headings] == ["8", "12", "", "", ""]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("# Question 8: x", True), ("# 8. x", True), ("# answer no. 8) x", True), ("# Aufgabe 8: x", True),
        ("#8) x", True),
        ("'''\n8) x'''", True), ("# see why_so", True), ("# 8 images", False),
        ("x = torch.int8)", False),
        ("# range(8):", False), ("# Question 18: x", False), ("# leakage", False), ("# 3.8: x", False),
    ],
)  # fmt: skip
def test_a_comment_names_a_question_or_does_not(code: str, names: bool) -> None:
    assert names_one_of(code, ["8", "why_so", "leakage", ""]) is names


@pytest.mark.parametrize("unit", ["a", " ", "a ", "#", "# a", "# no", "#8 ", '"""', "a.", "8", "\n#", "no no.  "])
def test_comments_are_looked_through_in_no_time_that_grows_with_the_square(unit: str) -> None:
    def look(length: int) -> bool:
        text = unit * (length // len(unit))
        return (
            names_one_of(f"# {text}", ["8"]) or names_one_of(f"#a{text}8 {text}", ["8"]) or bool(number_in(f"# {text}"))
        )

    assert grows_too_fast(look, 12_500) is None
