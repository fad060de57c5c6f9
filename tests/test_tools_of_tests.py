"""What the tests themselves use cannot be redefined by a student's cell."""

from __future__ import annotations

import pytest
from in_process import SEED, run_job, source_notebook
from tiny_problem_set import cell

from autograder.assignment.jobs import source_job
from autograder.assignment.tools import with_tools
from autograder.misconceptions.jobs import substitute

BLIND = """
class Watch:
    def __init__(self, *args, **kwargs): pass
    def __enter__(self): return self
    def __exit__(self, *error): return False


import contextlib
ready_made = contextlib.nullcontext
"""
CHEATS = {  # solved by what the question forbids
    "ps1": ("distances", "def distances(A, B):\n    return torch.cdist(A, B)"),
    "ps2": ("unit_rows", "def unit_rows(X, *rest):\n    return torch.nn.functional.normalize(X, dim=1)"),
    "ps3": ("jacobian", "def jacobian(f, x):\n    return torch.autograd.functional.jacobian(f, x)"),
    "ps4": ("softmax", "def softmax(Z):\n    return torch.softmax(Z, dim=1)"),
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_ban_holds_for_a_student_who_redefines_what_enforces_it(name: str) -> None:
    question, cheat = CHEATS[name]

    def answers(source: str) -> list[bytes]:
        return run_job(source_job(substitute(source_notebook(name), question, source), SEED))[f"test_{question}"]

    caught = answers(cheat)
    assert answers(cheat + BLIND) == caught
    assert b"AssertionError" in b"".join(caught)


def test_a_region_gets_the_tools_that_it_uses_and_those_that_they_use() -> None:
    near = "import math\n\ndef near(a):\n    return math.floor(a)"
    shared = f"import os\n{near}\n\ndef other():\n    return near(1)\n\nlimit = 3"
    before = [
        cell("code", "imports", "import re\ndef wanted(): pass\ndraws = near(0)"),
        cell("code", "shared", shared, locked=True),
        cell("code", "wanted", "def wanted(): pass", solution=True),
        cell("code", "test_a", "import json\ndef tested(): return 0", grade=True, locked=True),
    ]
    region = "near(limit) + tested() + wanted() + draws, re, json"
    asked = with_tools(region, before)
    assert asked == "\n\n".join(["import re", near, "limit = 3", "import json", region])
    assert with_tools("print(1)", before) == "print(1)"
    assert with_tools("def near(a): return 1\nnear(2)", before) == "def near(a): return 1\nnear(2)"


@pytest.mark.parametrize("source", ["%matplotlib inline\ndef near(a): return a", "x = 1"])
def test_a_locked_cell_without_plain_definitions_adds_nothing(source: str) -> None:
    assert with_tools("near(1)", [cell("code", "shared", source, locked=True)]) == "near(1)"
