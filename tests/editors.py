"""What editors, copying and students do to a notebook on its way; each change leaves its answers what they were.

A change takes the student notebook with right answers, and the one that was handed out, and gives a new notebook.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of

Change = Callable[[Notebook, Notebook], Notebook]
CHANGES: dict[str, Change] = {}


def change(function: Callable[[Notebook, Notebook], Any]) -> Change:
    """Register a function that changes a copy of the notebook in place."""

    def changed(right: Notebook, released: Notebook) -> Notebook:
        notebook = copy.deepcopy(right)
        function(notebook, copy.deepcopy(released))
        return notebook

    CHANGES[function.__name__.replace("_", " ")] = changed
    return changed


def code(source: str, label: Notebook | None = None) -> Notebook:
    metadata = {"nbgrader": copy.deepcopy(label["metadata"]["nbgrader"])} if label else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def text(source: str) -> Notebook:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def is_code_answer(cell: Notebook) -> bool:
    return cell["cell_type"] == "code" and bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def is_test(cell: Notebook) -> bool:
    return bool(label_of(cell)) and cell["metadata"]["nbgrader"].get("grade") and cell["cell_type"] == "code"


def answers_of(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook["cells"] if is_code_answer(cell)]


def stub_of(cell: Notebook, released: Notebook) -> str:
    return next(source_of(one) for one in released["cells"] if label_of(one) == label_of(cell))


def around(notebook: Notebook, make: Callable[[Notebook], list[Notebook]]) -> None:
    """Put what `make` gives in the place of each answer cell."""
    notebook["cells"] = [new for cell in notebook["cells"] for new in (make(cell) if is_code_answer(cell) else [cell])]


def lose_labels(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def lose_ids(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell.pop("id", None)


@change
def nothing(notebook: Notebook, released: Notebook) -> None:
    pass


@change
def labels_gone(notebook: Notebook, released: Notebook) -> None:
    lose_labels(notebook)


@change
def ids_gone(notebook: Notebook, released: Notebook) -> None:
    lose_ids(notebook)


@change
def labels_and_ids_gone(notebook: Notebook, released: Notebook) -> None:
    lose_labels(notebook)
    lose_ids(notebook)


@change
def other_ids(notebook: Notebook, released: Notebook) -> None:
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{number:08x}"


@change
def labels_gone_and_other_ids(notebook: Notebook, released: Notebook) -> None:
    lose_labels(notebook)
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{number:08x}"


@change
def metadata_null(notebook: Notebook, released: Notebook) -> None:
    notebook["metadata"] = None
    for cell in notebook["cells"]:
        cell["metadata"] = None


@change
def line_ends_of_windows(notebook: Notebook, released: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = source_of(cell).replace("\n", "\r\n")


@change
def line_ends_of_windows_and_no_labels(notebook: Notebook, released: Notebook) -> None:
    lose_labels(notebook)
    lose_ids(notebook)
    for cell in notebook["cells"]:
        cell["source"] = source_of(cell).replace("\n", "\r\n")


@change
def outputs_kept(notebook: Notebook, released: Notebook) -> None:
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stderr", "text": "Error"}]


@change
def kaggle(notebook: Notebook, released: Notebook) -> None:
    lose_ids(notebook)
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = {"_uuid": f"u{number}", "_cell_guid": f"g{number}", "trusted": True}
    notebook["metadata"] = {"kaggle": {"accelerator": "none"}}
    notebook["cells"].insert(0, code("import numpy as np\nimport os\nfor name in os.listdir('.'):\n    print(name)"))


@change
def deepnote(notebook: Notebook, released: Notebook) -> None:
    """Each paragraph of a text becomes a cell."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        parts = source_of(cell).split("\n\n") if cell["cell_type"] == "markdown" else [source_of(cell)]
        for part in parts:
            kind = "text-cell-p" if cell["cell_type"] == "markdown" else "code"
            cells.append({**cell, "id": f"{number:032x}", "source": part, "metadata": {"deepnote_cell_type": kind}})
    notebook["cells"] = cells


@change
def databricks(notebook: Notebook, released: Notebook) -> None:
    lose_ids(notebook)
    for cell in notebook["cells"]:
        cell["metadata"] = {"application/vnd.databricks.v1+cell": {"nuid": "x", "title": ""}}
    notebook["cells"].insert(0, code("# Databricks notebook source"))


@change
def colab_forms(notebook: Notebook, released: Notebook) -> None:
    lose_ids(notebook)
    for cell in notebook["cells"]:
        cell["metadata"]["id"] = "AbCdEf12"
        if is_code_answer(cell):
            cell["source"] = f"#@title Answer {{ display-mode: 'form' }}\n{source_of(cell)}"


@change
def typed_into_a_new_notebook_without_its_texts(notebook: Notebook, released: Notebook) -> None:
    lose_labels(notebook)
    lose_ids(notebook)
    notebook["metadata"] = {}
    written = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    titles = [cell for cell in written if source_of(cell).startswith("#")]
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in titles]


@change
def stub_copies_at_the_end(notebook: Notebook, released: Notebook) -> None:
    notebook["cells"] += [code(stub_of(cell, released), cell) for cell in answers_of(notebook)]


@change
def stub_copies_without_labels_at_the_end(notebook: Notebook, released: Notebook) -> None:
    notebook["cells"] += [code(stub_of(cell, released)) for cell in answers_of(notebook)]


@change
def stub_copies_below_each_answer(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [cell, code(stub_of(cell, released), cell)])


@change
def stub_copies_without_labels_below_each_answer(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [cell, code(stub_of(cell, released) + "\n\n# copied")])


@change
def scratch_copies_at_the_end(notebook: Notebook, released: Notebook) -> None:
    notebook["cells"] += [
        code(stub_of(cell, released).replace("raise NotImplementedError", "return 0  # try something"), cell)
        for cell in answers_of(notebook)
    ]


@change
def older_attempts_above(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [code(stub_of(cell, released).replace("raise Not", "raise Value"), cell), cell])


@change
def answers_below_the_stubs(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [code(stub_of(cell, released), cell), code(source_of(cell))])


@change
def answers_above_the_stubs(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [code(source_of(cell)), code(stub_of(cell, released), cell)])


@change
def answers_at_the_end(notebook: Notebook, released: Notebook) -> None:
    answers = [code(source_of(cell)) for cell in answers_of(notebook)]
    around(notebook, lambda cell: [code(stub_of(cell, released), cell)])
    notebook["cells"] += answers


@change
def answers_at_the_end_and_no_labels(notebook: Notebook, released: Notebook) -> None:
    answers_at_the_end_in_place(notebook, released)
    lose_labels(notebook)
    lose_ids(notebook)


def answers_at_the_end_in_place(notebook: Notebook, released: Notebook) -> None:
    notebook["cells"] = CHANGES["answers at the end"](notebook, released)["cells"]


@change
def answers_typed_anew_in_their_places(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [code(source_of(cell))])


@change
def all_answers_in_one_cell(notebook: Notebook, released: Notebook) -> None:
    first, *_ = answers_of(notebook)
    whole = "\n\n\n".join(source_of(cell) for cell in answers_of(notebook))
    around(notebook, lambda cell: [code(whole if cell is first else stub_of(cell, released), cell)])


@change
def all_answers_in_a_cell_of_their_own(notebook: Notebook, released: Notebook) -> None:
    first, *_ = answers_of(notebook)
    whole = code("\n\n\n".join(source_of(cell) for cell in answers_of(notebook)))
    around(notebook, lambda cell: [*([whole] if cell is first else []), code(stub_of(cell, released), cell)])


@change
def answers_joined_with_their_tests(notebook: Notebook, released: Notebook) -> None:
    join(notebook, lambda answer, test: answer)


@change
def tests_joined_with_their_answers(notebook: Notebook, released: Notebook) -> None:
    join(notebook, lambda answer, test: test)


def join(notebook: Notebook, labelled: Callable[[Notebook, Notebook], Notebook]) -> None:
    """Make one cell of each answer and its test; it has the label of one of the two."""
    cells: list[Notebook] = []
    for cell in notebook["cells"]:
        if is_test(cell) and cells and is_code_answer(cells[-1]):
            answer = cells.pop()
            cells.append(code(f"{source_of(answer)}\n\n{source_of(cell)}", labelled(answer, cell)))
        else:
            cells.append(cell)
    notebook["cells"] = cells


@change
def answers_split(notebook: Notebook, released: Notebook) -> None:
    """An editor leaves the label on the upper part, which is a line about the answer."""
    around(notebook, lambda cell: [code("# my answer\nimport math", cell), code(source_of(cell))])


@change
def answers_split_with_two_labels(notebook: Notebook, released: Notebook) -> None:
    around(notebook, lambda cell: [code("# my answer\nimport math", cell), code(source_of(cell), cell)])


@change
def answers_behind_their_tests(notebook: Notebook, released: Notebook) -> None:
    cells = notebook["cells"]
    for index in range(len(cells) - 1):
        if is_code_answer(cells[index]) and is_test(cells[index + 1]):
            cells[index], cells[index + 1] = cells[index + 1], cells[index]


@change
def first_answer_moved_to_the_end(notebook: Notebook, released: Notebook) -> None:
    first, *_ = answers_of(notebook)
    notebook["cells"].remove(first)
    notebook["cells"].append(first)


@change
def tests_deleted(notebook: Notebook, released: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not is_test(cell)]


@change
def tests_copied_behind_new_definitions(notebook: Notebook, released: Notebook) -> None:
    for cell in answers_of(notebook):
        notebook["cells"].append(code(stub_of(cell, released).replace("raise NotImplementedError", "return 0")))
    notebook["cells"] += [code(source_of(cell), cell) for cell in notebook["cells"] if is_test(cell)]


@change
def tests_edited_and_no_labels(notebook: Notebook, released: Notebook) -> None:
    for cell in notebook["cells"]:
        if is_test(cell):
            cell["source"] = f"print('checking')\n{source_of(cell)}"
    lose_labels(notebook)
    lose_ids(notebook)


def minor_version(minor: int) -> Change:
    def changed(right: Notebook, released: Notebook) -> Notebook:
        notebook = copy.deepcopy(right) | {"nbformat_minor": minor}
        if minor < 5:
            for cell in notebook["cells"]:
                cell.pop("id", None)
        return notebook

    return changed


CHANGES |= {f"format 4.{minor}": minor_version(minor) for minor in range(6)}
