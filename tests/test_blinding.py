"""Whoever writes plainly what blinds the watch over forbidden functions is stated; nobody else is."""

from __future__ import annotations

import nbformat
import pytest

from autograder.grading.blinding import blinding_in

BLINDING = {
    "with torch._C.DisableTorchFunction():\n    pass": (1, "DisableTorchFunction"),
    "x = 1\nfrom torch._C import DisableTorchFunction as off": (2, "DisableTorchFunction"),
    "import torch\n\noff = getattr(torch._C, 'DisableTorchFunction')": (3, "DisableTorchFunction"),
    "torch.overrides._pop_mode()": (1, "_pop_mode"),
    "%matplotlib inline\ntorch._C._pop_torch_function_stack()": (2, "_pop_torch_function_stack"),
    "def f():\n    from autograder.answers import asking": (2, "autograder"),
    "import math, autograder.answers as a": (1, "autograder"),
    "%time import autograder": (1, "autograder"),
}
HONEST = [
    "# DisableTorchFunction is what one must not use\nx = 1",
    '"""I read of torch._C.DisableTorchFunction in the forum."""',
    "with torch._C.DisableTorchFunctionSubclass():\n    pass",
    "class Mine(torch.Tensor):\n    __torch_function__ = torch._C._disabled_torch_function_impl",
    "autograder = 'ours'\nprint(autograder)",
    "%time x = 1  # the autograder imports it",
    "with torch.no_grad(), torch.inference_mode():\n    torch.ops.aten.relu(x)",
]


def notebook(source: str, **nbgrader: bool) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": "softmax", **nbgrader}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("DisableTorchFunction"), cell])


@pytest.mark.parametrize("source", BLINDING)
def test_what_blinds_the_watch_is_stated_with_its_line(source: str) -> None:
    line, name = BLINDING[source]
    (said,) = blinding_in(notebook(source))
    assert said.startswith(f"cell `softmax`, line {line}: `{name}` is ")
    assert blinding_in(notebook(source, locked=True)) == []  # the release's own


@pytest.mark.parametrize("source", HONEST)
def test_nothing_is_stated_of_an_honest_cell(source: str) -> None:
    assert blinding_in(notebook(source)) == []


def test_few_of_many_are_stated() -> None:
    assert len(blinding_in(notebook("torch.overrides._pop_mode()\n" * 1_000))) == 3
