"""Stock `otter run`, as it comes, on the same hostile notebooks and in the same guard as stock nbgrader.

otter-grader lives in a virtual environment of its own, outside this project's: `--otter PYTHON` names its Python. The
hidden tests are those of `stock/ps4/`, each written as a file of otter's with the visible lines and the hidden ones as
two cases; a question's points are earned when both pass. As otter's documentation has it, without containers, a
submission is graded by one command, and what the student gets to see are the parts of its `results.json` that are
marked as visible. Each submission is a run of its own, so no neighbour is graded with it; a run that does not end holds
the class up.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from attacks import Attack, Targets
from attacks.attack import POINTS
from stock_nbgrader import LEFT_BEHIND, SOURCE, StockResult, guarded
from supervised import supervise

from gradus.notebook.form import read, source_of

SECONDS = 60  # for one submission: otter has no limit of its own, and then the guard ends the run
_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
INSIDE = (
    """import json, os, subprocess, sys, time
python, student = sys.argv[1], json.loads(sys.argv[2])
os.mkdir("out")
notebook = os.path.join("submitted", student, "ps4", "ps4.ipynb")
command = [python, "-m", "otter", "run", "-a", "autograder.zip", "-o", "out", "--no-logo", notebook]
with open("out/said.txt", "wb") as said:
    codes = [subprocess.run(command, stdout=said, stderr=subprocess.STDOUT).returncode]
"""
    + LEFT_BEHIND
)


def version_of(python: Path | None) -> str:
    """otter's version there; "not installed" where there is none."""
    if python is None:
        return "not installed"
    code = "import importlib.metadata as m; print(m.version('otter-grader'))"
    try:
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return done.stdout.strip() if done.returncode == 0 else "not installed"


def make_autograder(folder: Path, python: Path) -> Path:
    """`autograder.zip` of ps4, below `folder`."""
    tests = folder / "tests"
    tests.mkdir(parents=True)
    for cell in read(SOURCE)["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in POINTS:
            visible, _, hidden = source_of(cell).partition(_BEGIN)
            cases = [(visible, False), (hidden.partition(_END)[0], True)]
            (tests / f"{name}.py").write_text(_test_file(name, POINTS[name], cases))
    command = [str(python), "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-requirements"]
    subprocess.run([*command, "--no-environment", "--no-config"], cwd=folder, check=True, capture_output=True)
    return folder / "autograder.zip"


def _test_file(name: str, points: float, cases: list[tuple[str, bool]]) -> str:
    suites = [
        {"cases": [{"code": as_doctest(code), "hidden": hidden, "locked": False} for code, hidden in cases],
         "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    ]  # fmt: skip
    test = {"name": name, "points": points, "all_or_nothing": True, "suites": suites}
    return f"OK_FORMAT = True\n\ntest = {test!r}\n"


class _Silent(ast.NodeTransformer):
    """A prompt shows the value of an expression, which a doctest takes for an answer."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Assign([ast.Name("_", ast.Store())], node.value)


def as_doctest(code: str) -> str:
    """Python as it would be typed at a prompt, where it says nothing."""
    typed = []
    for statement in ast.fix_missing_locations(_Silent().visit(ast.parse(code))).body:
        first, *others = ast.unparse(statement).splitlines()
        typed += [f">>> {first}", *(f"... {line}" for line in others)]
    return "\n".join(typed) + "\n"


def grade(autograder: Path, python: Path, root: Path, released: Any, attack: Attack, targets: Targets) -> StockResult:
    """Grade one attack.

    Args:
        root: where to make its course; it must not exist.
    """
    root.mkdir(parents=True)
    (root / "autograder.zip").write_bytes(autograder.read_bytes())
    attack.write(root / "submitted", released, targets)
    command = [sys.executable, "-c", INSIDE, str(python), json.dumps(attack.student)]
    outcome = supervise(guarded(root, targets, command, python.parents[1]), timeout=SECONDS, most_memory=6_000_000_000)
    codes = root / "codes.json"
    left = json.loads(codes.read_text())[1] if codes.is_file() else []
    marks, seen = _results(root / "out")
    return StockResult(marks, [], True, seen, seen, outcome, left, outcome.status == -9 or not codes.is_file())


def _results(out: Path) -> tuple[dict[str, float], str]:
    """The marks in `results.json`, and what it shows to the student; nothing where there is none."""
    try:
        tests = json.loads((out / "results.json").read_text(encoding="utf-8", errors="replace"))["tests"]
        marks = {test["name"]: float(test["score"]) for test in tests if test.get("name") in POINTS and "score" in test}
        shown = [str(test.get("output", "")) for test in tests if test.get("visibility") != "hidden"]
        return marks, "\n".join(shown)
    except (OSError, ValueError, KeyError, TypeError):
        return {}, ""
