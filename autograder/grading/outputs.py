"""A graded notebook as nbgrader reads it: outputs in their places, and a mark at the end of each test cell.

nbgrader takes a test cell's mark from its outputs. So each one ends with exactly one `execute_result`, the `repr` of a
float from 0 to the points, after display text that says how it came about; never an error or stderr.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from autograder.grading.notes import notes_of
from autograder.records.execution import CellResult, Execution
from gradus.notebook.cells import label_of


def show(notebook: NotebookNode, execution: Execution) -> None:
    """Put the outputs of a run into its notebook."""
    by_index = {result.index: result for result in execution.cells}
    for index, cell in enumerate(notebook.cells):
        if cell["cell_type"] != "code":
            continue
        result = by_index.get(index, CellResult(index))
        cell["outputs"] = list(result.outputs)
        cell["execution_count"] = result.execution_count
        if result.state == "not run":
            cell["outputs"].append(_error("NotRun", "this cell was not run: the time for the notebook was over"))
    for index, note in notes_of(notebook, execution):
        text = f"The grader: {note}.\n"
        notebook.cells[index]["outputs"].append({"output_type": "stream", "name": "stdout", "text": text})


def show_mark(cell: NotebookNode, text: str, mark: float) -> None:
    """End a test cell with its mark, after what is said about it; nothing else in it counts for nbgrader."""
    cell["outputs"] = [_only_shown(output) for output in cell["outputs"]] + _verdict_outputs(text, mark)


def show_mark_again(notebook: dict[str, Any], name: str, text: str, mark: float) -> str:
    """Give a test cell another mark, after one more sentence about it; gives all that is said about it then."""
    (cell,) = [cell for cell in notebook["cells"] if label_of(cell) == name]
    said = f"{cell['outputs'][-2]['data']['text/plain']}\n{text}"
    cell["outputs"][-2:] = _verdict_outputs(said, mark)
    return said


def _verdict_outputs(text: str, score: float) -> list[dict[str, Any]]:
    return [
        {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}},
        {
            "output_type": "execute_result",
            "data": {"text/plain": repr(float(score))},
            "metadata": {},
            "execution_count": None,
        },
    ]


def _only_shown(output: dict[str, Any]) -> dict[str, Any]:
    """An output that nbgrader takes neither for a mark nor for a failure."""
    match output["output_type"]:
        case "stream":
            return {**output, "name": "stdout"}
        case "execute_result":
            return {"output_type": "display_data", "data": output["data"], "metadata": output["metadata"]}
        case "error":
            text = "\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
            return {"output_type": "stream", "name": "stdout", "text": text + "\n"}
        case _:
            return output


def _error(name: str, why: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": why, "traceback": [f"{name}: {why}"]}
