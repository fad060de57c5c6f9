"""Whatever is handed in becomes a notebook that can be graded, with what the student's answers deserve left in it."""

from __future__ import annotations

import copy
import gzip
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tiny_problem_set as tiny
from nbformat import NotebookNode

from autograder.course import Course
from autograder.submissions.intake import MAX_BYTES, MAX_CELLS, take_in
from autograder.submissions.record import NOTE_ID
from autograder.submissions.sources import functions_in
from gradus.notebook.form import Notebook, source_of
from gradus.notebook.frame import KEY, frame_of


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    return tiny.released_course(tmp_path_factory.mktemp("released"))[1]


@pytest.fixture
def right(released: Notebook) -> Notebook:
    return tiny.answered(released, **tiny.RIGHT, why="Because.")


def taken_in(path: Path, released: Notebook, below: Path) -> tuple[NotebookNode, list[str]]:
    """What intake makes of a file, which nbformat must accept, and the problems it states."""
    notebook = take_in(path, below, nbformat.reads(json.dumps(released), as_version=4))
    nbformat.validate(notebook)
    return notebook, notebook.metadata["gradus"]["problems"]


def rebuilt(tmp_path: Path, released: Notebook, submitted: Notebook | bytes) -> tuple[NotebookNode, list[str]]:
    made = Course(tmp_path)
    return taken_in(tiny.hand_in(made, "ada", submitted), released, made.submitted)


def labels(notebook: NotebookNode) -> list[str]:
    return [tiny.label(cell) for cell in notebook.cells if tiny.label(cell)]


def without(notebook: Notebook, *names: str) -> Notebook:
    rest = copy.deepcopy(notebook)
    rest["cells"] = [cell for cell in rest["cells"] if tiny.label(cell) not in names]
    return rest


def moved(notebook: Notebook, name: str, to: int) -> Notebook:
    changed = copy.deepcopy(notebook)
    cells = changed["cells"]
    cells.insert(to, cells.pop(next(i for i, cell in enumerate(cells) if tiny.label(cell) == name)))
    return changed


def test_an_ordinary_submission_is_taken_as_it_is(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, right)
    assert problems == []
    assert notebook.metadata["gradus"]["readable"] is True
    assert [cell.source for cell in notebook.cells] == [source_of(cell) for cell in right["cells"]]


def test_added_cells_are_kept_where_they_stand(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    right["cells"].insert(5, tiny.cell("code", "mine", "import cmath"))
    notebook, problems = rebuilt(tmp_path, released, right)
    assert notebook.cells[5].source == "import cmath"
    assert problems == []


def test_a_deleted_test_is_put_back_behind_its_answer(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, without(right, "test_double"))
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert problems == ["test cell `test_double` was missing: restored"]


def test_deleted_tools_of_the_tests_are_put_back_before_them(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    notebook, problems = rebuilt(tmp_path, released, without(right, "same"))
    assert labels(notebook)[:2] == ["same", "double"]
    assert problems == ["cell `same` was missing: restored"]


def test_a_test_moved_before_its_answer_is_moved_back(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, moved(right, "test_halve", 0))
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert problems == ["test cell `test_halve` stood in the wrong place: moved back"]


def test_tools_moved_behind_the_tests_are_moved_back(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, _ = rebuilt(tmp_path, released, moved(right, "same", len(right["cells"])))
    assert labels(notebook)[:2] == ["same", "double"]


def test_an_answer_without_its_label_is_known_by_what_it_defines_and_its_test_runs_behind_it(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    stripped = without(right, "double", "test_double")
    stripped["cells"].append(tiny.cell("code", "mine", tiny.RIGHT["double"]))
    notebook, problems = rebuilt(tmp_path, released, stripped)
    assert labels(notebook)[-3:] == ["double", "test_double", "test_halve"]
    assert problems[0] == "answer cell `double` was missing: `double` was found in a cell of its own and graded"


def test_when_an_answer_is_nowhere_its_test_runs_after_all_of_the_students_cells(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    stripped = without(right, "double", "test_double")
    stripped["cells"].append(tiny.cell("code", "mine", "exec('double = lambda x: 2 * x')"))
    notebook, problems = rebuilt(tmp_path, released, stripped)
    assert tiny.label(notebook.cells[-1]) == "test_double"
    assert "answer cell `double` was missing" in problems


def test_without_any_metadata_cells_are_known_by_their_ids(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    for cell in right["cells"]:
        cell["metadata"] = {}
    notebook, problems = rebuilt(tmp_path, released, right)
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert problems == []


def test_without_metadata_and_ids_cells_are_known_by_their_text_and_names(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    for number, cell in enumerate(right["cells"]):
        cell |= {"metadata": {}, "id": f"c{number}"}
    notebook, problems = rebuilt(tmp_path, released, right)
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert "the cells of tiny had lost their labels" in problems[0]
    assert "answer cell `why` was missing: what was written in an added text cell was put into it" in problems[1]


def test_an_answer_under_another_name_is_known_by_its_place(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    renamed = tiny.answered(right, halve="def half(x):\n    return x / 2")
    for number, cell in enumerate(renamed["cells"]):
        cell |= {"metadata": {}, "id": f"c{number}"}
    notebook, problems = rebuilt(tmp_path, released, renamed)
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert not any("`halve` was missing" in problem for problem in problems)


FUNCTIONS = {
    "def f(x):\n    return x": {"f"},
    "async def f(x): return x": {"f"},
    "class f:\n    pass": {"f"},
    "@cache\ndef f(x):\n    return x": {"f"},
    "%%time\ndef f(x):\n    return x": {"f"},
    "f = lambda x: x": {"f"},
    "f = g": {"f"},
    "f: Callable = g.h  # the same": {"f"},
    "f = f(x)": set(),
    "f = 3": set(),
    "f == g": set(),
    "f += 1": set(),
    "    def f(x): return x": set(),
    "# def f(x): return x": set(),
    '"""\ndef f(x): return x\n"""': set(),
    "%%writefile f.py\ndef f(x): return x": set(),
    "f = 3\ndef f(x): return x": {"f"},
    "def g(x):\n    f = x": {"g"},
}


@pytest.mark.parametrize("source", FUNCTIONS)
def test_what_a_cell_defines_is_read_without_running_it(source: str) -> None:
    assert functions_in(source) == FUNCTIONS[source]
    assert functions_in(source.replace("\n", "\r\n")) == FUNCTIONS[source]


def test_when_nothing_is_recognised_all_tests_run_at_the_end(tmp_path: Path, released: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, {"cells": [tiny.cell("code", "x", "print(1)")], "nbformat": 4})
    assert set(labels(notebook)[-4:]) == {"same", "test_double", "test_halve", "why"}
    assert len(problems) == 1
    assert "no cell of tiny was recognised" in problems[0]


def test_a_changed_test_is_replaced_and_that_is_said(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, tiny.answered(right, test_double="pass"))
    (test,) = [cell for cell in notebook.cells if tiny.label(cell) == "test_double"]
    assert test.source == "same(double(2), 4)"
    assert problems == ["test cell `test_double` had been changed: the released one was run"]


def test_flags_points_types_and_tags_come_from_the_release(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    for cell in right["cells"]:
        cell["metadata"].setdefault("tags", []).append("skip-execution")
        if tiny.label(cell):
            cell["metadata"]["nbgrader"] |= {"grade": False, "points": 99, "schema_version": 99, "locked": "x"}
        if tiny.label(cell) == "double":
            cell["cell_type"] = "markdown"
    notebook, problems = rebuilt(tmp_path, released, right)
    ours = {tiny.label(cell): cell for cell in nbformat.from_dict(released).cells if tiny.label(cell)}
    for cell in notebook.cells:
        assert "tags" not in cell.metadata
        if tiny.label(cell):
            assert (cell.metadata, cell.cell_type) == (
                ours[tiny.label(cell)].metadata,
                ours[tiny.label(cell)].cell_type,
            )
    assert problems == ["cell `double` had become a markdown cell: it was made a code cell again"]


def test_of_two_copies_of_an_answer_the_last_is_graded(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    second = copy.deepcopy(next(cell for cell in right["cells"] if tiny.label(cell) == "double"))
    second["source"] = "def double(x):\n    return 0"
    right["cells"].insert(5, second)
    notebook, problems = rebuilt(tmp_path, released, right)
    assert [cell.source for cell in notebook.cells if tiny.label(cell) == "double"] == [second["source"]]
    assert problems == ["cell `double` is there more than once: the last one was graded"]


def test_a_copy_behind_the_test_does_not_go_before_an_answer_above_it(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    """The answer in a cell of its own above the test, its stub left, and a labelled copy used as scratch paper."""
    stub = next(cell for cell in released["cells"] if tiny.label(cell) == "double")
    scratch = copy.deepcopy(stub) | {"source": "def double(x):\n    return 0", "id": "scratch"}
    mixed = tiny.answered(right, double=source_of(stub))
    mixed["cells"].insert(4, tiny.cell("code", "mine", tiny.RIGHT["double"]))
    mixed["cells"].append(scratch)
    notebook, problems = rebuilt(tmp_path, released, mixed)
    assert [cell.source for cell in notebook.cells if tiny.label(cell) == "double"] == [tiny.RIGHT["double"]]
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert not any("NotImplementedError" in cell.source for cell in notebook.cells)
    assert any("`double` was found in a cell of its own" in problem for problem in problems)


def test_a_copied_test_is_said_and_the_first_one_is_run(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    twin = copy.deepcopy(next(cell for cell in right["cells"] if tiny.label(cell) == "test_double"))
    right["cells"] += [tiny.cell("code", "again", "def double(x):\n    return 0"), twin | {"id": "twin"}]
    notebook, problems = rebuilt(tmp_path, released, right)
    assert labels(notebook) == labels(nbformat.from_dict(released))
    assert problems == ["test cell `test_double` is there more than once: the first one was run as this cell"]


def test_what_a_stub_gives_is_still_there_where_a_part_of_it_was_written_anew(
    tmp_path: Path, released: Notebook
) -> None:
    """The stub runs first, then what the student has made of a part of it."""
    both = "def given(x):\n    return x\n\n\ndef double(x):\n    raise NotImplementedError"
    wide = tiny.answered(released, double=both)
    mine = tiny.cell("code", "mine", "def double(x):\n    return given(x) + x")
    copied = tiny.cell("code", "double", mine["source"], solution=True) | {"id": "copied"}
    for cell in (mine, copied):
        for place in (4, 5):  # above the stub, below it
            handed = copy.deepcopy(wide)
            handed["cells"].insert(place, cell)
            notebook, _ = rebuilt(tmp_path, wide, handed)
            sources = [one.source for one in notebook.cells if "def double" in one.source]
            assert sources == [both, mine["source"]]


def test_a_notebook_worked_on_below_an_empty_copy_of_itself_is_graded_there(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    twice = right | {"cells": [*released["cells"], *copy.deepcopy(right["cells"])]}
    notebook, problems = rebuilt(tmp_path, released, twice)
    assert not any("wrong place" in problem for problem in problems)
    half = len(released["cells"]) - 3  # two stubs and a placeholder are left out
    places = {tiny.label(cell): index for index, cell in enumerate(notebook.cells[1:]) if tiny.label(cell)}
    assert half <= places["double"] < places["test_double"] < places["halve"] < places["test_halve"] < places["why"]
    assert notebook.cells[1 + places["double"]].source == tiny.RIGHT["double"]
    assert notebook.cells[1 + places["why"]].source == "Because."


def test_a_test_is_not_moved_behind_a_new_definition_of_what_it_tests(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    """`test_halve` would go behind `double`, which was moved to the end, but between them `halve` is overwritten."""
    changed = moved(right, "double", len(right["cells"]))
    changed["cells"].insert(-1, tiny.cell("code", "scratch", "def halve(x):\n    return 'scratch'"))
    notebook, problems = rebuilt(tmp_path, released, changed)
    assert labels(notebook) == ["same", "halve", "test_halve", "why", "double", "test_double"]
    assert problems == ["test cell `test_double` stood in the wrong place: moved back"]


def test_pictures_in_a_written_answer_are_kept(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    picture = {"sketch.png": {"image/png": "iVBORw0KGgo=", "text/html": "<b>"}, "odd": 7}
    next(cell for cell in right["cells"] if tiny.label(cell) == "why")["attachments"] = picture
    notebook, _ = rebuilt(tmp_path, released, right)
    (why,) = [cell for cell in notebook.cells if tiny.label(cell) == "why"]
    assert why.attachments == {"sketch.png": {"image/png": "iVBORw0KGgo="}}


def test_problems_are_said_at_the_top_of_the_notebook(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    notebook, problems = rebuilt(tmp_path, released, without(right, "test_double"))
    assert notebook.cells[0].id == NOTE_ID
    assert problems[0] in notebook.cells[0].source


def _old(notebook: Notebook) -> bytes:
    """The notebook in nbformat 3."""
    return nbformat.writes(nbformat.convert(nbformat.from_dict(notebook), 3), version=3).encode()


def _with_umlauts(notebook: Notebook) -> str:
    return json.dumps(notebook, ensure_ascii=False).replace("# Tiny", "# Größe über 1 µm – “Tiny”")


READABLE: dict[str, Any] = {
    "with a byte order mark": lambda notebook: b"\xef\xbb\xbf" + json.dumps(notebook).encode(),
    "in UTF-16": lambda notebook: json.dumps(notebook).encode("utf-16"),
    "in UTF-16 without a mark": lambda notebook: json.dumps(notebook).encode("utf-16-be"),
    "in an encoding of Windows": lambda notebook: _with_umlauts(notebook).encode("cp1252"),
    "with a damaged character": lambda notebook: _with_umlauts(notebook).encode().replace("ß".encode(), b"\xc3"),
    "with zeros behind it": lambda notebook: json.dumps(notebook).encode() + b"\n" + bytes(4096),
    "written as JSON twice": lambda notebook: json.dumps(json.dumps(notebook)).encode(),
    "as a server sends it": lambda notebook: json.dumps({"type": "notebook", "content": notebook}).encode(),
    "with Windows line ends": lambda notebook: json.dumps(notebook, indent=1).replace("\n", "\r\n").encode(),
    "in format 3": _old,
    "in format 4.99": lambda notebook: json.dumps(notebook | {"nbformat_minor": 99}).encode(),
    "without a kernel": lambda notebook: json.dumps(notebook | {"metadata": {"kernelspec": "none"}}).encode(),
    "with half a character": lambda notebook: json.dumps(notebook).replace("# Tiny", "\\ud800").encode(),
    "with odd cells": lambda notebook: json.dumps(notebook | {"cells": [7, {}, *notebook["cells"]]}).encode(),
}


@pytest.mark.parametrize("how", READABLE)
def test_answers_are_found_in_a_notebook(tmp_path: Path, released: Notebook, right: Notebook, how: str) -> None:
    notebook, _ = rebuilt(tmp_path, released, READABLE[how](right))
    assert notebook.metadata["gradus"]["readable"] is True
    answers = {tiny.label(cell): cell.source for cell in notebook.cells}
    assert {name: answers[name] for name in tiny.RIGHT} == tiny.RIGHT
    json.dumps(notebook).encode("utf-8")


UNREADABLE = {
    "is empty": b" \n",
    "not valid JSON (line 2)": b'{"cells": [],\n',
    "not valid JSON": b"\xff\xfe\x00garbage",
    "a merge conflict": b'{\n<<<<<<< HEAD\n"cells": []\n=======\n>>>>>>> b\n}',
    "it has no cells": b'{"nbformat": 4}',
    "but not a notebook": b"[1, 2]",
    "hand in the file that Jupyter saved": b'{"nbformat": 3, "worksheets": 7}',
    "is not a notebook": b"[" * 100_000,
    "it is a web page": b"\n<!DOCTYPE html><html><body>my answer</body></html>",
    "it is a zip archive": b"PK\x03\x04\x14\0\0\0",
    "it is a gzip archive": gzip.compress(b"{}"),
    "it is a PDF": b"%PDF-1.7\n%\xb5",
    "it is a Python script": b"\xef\xbb\xbf# In[1]:\n\n\nimport torch\n",
    "it is a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
    "JSON but not a notebook": json.dumps([{"source": "An answer of some length. " * 20}]).encode(),
    "cells, more than the": json.dumps({"cells": [{}] * (MAX_CELLS + 1)}).encode(),
}


MAY_HOLD_AN_ANSWER = {  # and a person may be able to read it
    "not valid JSON (line 2)", "not valid JSON", "a merge conflict", "is not a notebook", "cells, more than the",
    "more than the 32 MB", "it is a web page", "it is a zip archive", "it is a gzip archive", "it is a PDF",
    "it is a Python script", "it is a pointer of Git LFS", "JSON but not a notebook",
}  # fmt: skip


def refused(notebook: NotebookNode, problems: list[str], released: Notebook, reason: str) -> None:
    assert notebook.metadata["gradus"]["readable"] is False
    *cells, why = notebook.cells[1:]
    assert [cell.source for cell in cells] == [source_of(cell) for cell in released["cells"]][:-1]
    waits = "The grader could not read what was handed in: look at the file itself."
    assert why.source == (waits if reason in MAY_HOLD_AN_ANSWER else "YOUR ANSWER HERE")
    assert len(problems) == 1
    assert reason.lower() in problems[0].lower()
    assert problems[0].startswith("tiny.ipynb ")


@pytest.mark.parametrize("reason", UNREADABLE)
def test_what_is_not_a_notebook_gives_a_reason(tmp_path: Path, released: Notebook, reason: str) -> None:
    refused(*rebuilt(tmp_path, released, UNREADABLE[reason]), released, reason)


def _link(path: Path) -> None:
    path.with_name("real").write_text("{}")
    path.symlink_to("real")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


STRANGE = {
    "as a link": _link,
    "not a plain file": os.mkfifo,
    "could not be read (is a directory)": Path.mkdir,
    "more than the 32 MB": _sparse,
}


@pytest.mark.parametrize("reason", STRANGE)
def test_what_is_not_a_plain_file_is_refused_without_waiting(tmp_path: Path, released: Notebook, reason: str) -> None:
    path = Course(tmp_path).submitted_notebook("ada", tiny.NAME)
    path.parent.mkdir(parents=True)
    STRANGE[reason](path)
    refused(*taken_in(path, released, Course(tmp_path).submitted), released, reason)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, released: Notebook, right: Notebook) -> None:
    made = Course(tmp_path)
    tiny.hand_in(made, "ada", right)
    (made.submitted / "eve").symlink_to("ada")
    notebook, problems = taken_in(made.submitted_notebook("eve", tiny.NAME), released, made.submitted)
    refused(notebook, problems, released, "as a link")


def released_again(released: Notebook, **mended: str) -> Notebook:
    """The release after the course mended the text of some locked cells."""
    again = tiny.answered(released, **mended)
    again["metadata"] = {**again["metadata"], KEY: frame_of(tiny.NAME, again).as_dict()}
    return again


MENDED = {"test_double": "same(double(3), 6)", "same": "def same(a, b):\n    return a == b"}


def test_a_locked_cell_that_the_course_mended_is_replaced_and_nobody_is_blamed(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    notebook, problems = rebuilt(tmp_path, released_again(released, **MENDED), right)
    sources = {tiny.label(cell): cell.source for cell in notebook.cells}
    assert {name: sources[name] for name in MENDED} == MENDED
    assert problems == []


def test_a_student_who_changed_a_cell_that_was_mended_since_is_told(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    own = tiny.answered(right, test_double="pass")
    _, problems = rebuilt(tmp_path, released_again(released, **MENDED), own)
    assert problems == ["test cell `test_double` had been changed: the released one was run"]


@pytest.mark.parametrize("frame", [None, [], {"name": 1}, {"name": "tiny", "cells": ["x"]}, {"cells": 5}, "text"])
def test_a_notebook_that_does_not_say_what_it_was_is_held_to_todays_release(
    tmp_path: Path, released: Notebook, right: Notebook, frame: object
) -> None:
    right["metadata"][KEY] = frame
    if frame is None:
        del right["metadata"][KEY]
    _, problems = rebuilt(tmp_path, released_again(released, **MENDED), right)
    assert len(problems) == 2
    assert all("had been changed" in problem for problem in problems)


def test_questions_added_or_put_in_another_order_since_are_nobodys_fault(
    tmp_path: Path, released: Notebook, right: Notebook
) -> None:
    longer = copy.deepcopy(released)
    locked = {"grade": False, "locked": True}
    longer["cells"] += [
        tiny.cell("code", "more_tools", "tools = 1", **locked),
        tiny.cell("code", "third", "def third(x):\n    raise NotImplementedError", solution=True),
        tiny.cell("code", "test_third", "third(3)", grade=True, locked=True, points=1),
    ]
    notebook, problems = rebuilt(tmp_path, released_again(longer), right)
    assert {"test_third", "more_tools"} <= set(labels(notebook))
    assert problems == [
        "answer cell `third` was added after this notebook was handed out",
        "test cell `test_third` was added after this notebook was handed out",
    ]
    cells = copy.deepcopy(released)
    cells["cells"] = [*cells["cells"][:3], *cells["cells"][6:9], *cells["cells"][3:6], *cells["cells"][9:]]
    notebook, problems = rebuilt(tmp_path, released_again(cells), right)
    assert problems == []
    gone = without(right, "test_double")
    assert rebuilt(tmp_path, released, gone)[1] == ["test cell `test_double` was missing: restored"]
