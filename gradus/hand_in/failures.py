"""What a run from top to bottom found, in words: each fault once, at the cell that has it."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from gradus.hand_in.findings import Finding, cell_name
from gradus.hand_in.fresh_run import CellError, FreshRun
from gradus.hand_in.grader import CELL_SECONDS, RUN_SECONDS
from gradus.hand_in.needs import Need
from gradus.hand_in.plain_python import Mistake, tree_of
from gradus.notebook.form import Notebook, source_of

NEARLY = 0.9  # of a budget: another machine may take more
NONE: Mapping[int, float] = MappingProxyType({})
_RESTART = "in JupyterLab, Kernel → Restart Kernel and Run All Cells… shows the same."
_NO_DEVICE = re.compile(
    r"No (CUDA|HIP) GPUs|no NVIDIA driver|not compiled with CUDA|CUDA-capable device|invalid device ordinal"
    r"|is_available\(\) is False|\bMPS\b"
)
_MADE = re.compile(r"^\s*(?:async\s+def|def|class)\s+(\w+)|^(\w+(?:\s*,\s*\w+)*)\s*(?::[^=]*)?=[^=]", re.MULTILINE)
_IMPORTED = re.compile(r"^\s*(?:from\s+[\w.]+\s+)?import\s+(.+)", re.MULTILINE)


def failures(
    run: FreshRun,
    cells: list[Notebook],
    needs: list[Need],
    answered_by_raise: set[int],
    budgets: Mapping[int, float] = NONE,
) -> list[Finding]:
    """What failed or took long, in the order of the cells.

    What follows from a fault that is stated already, here or in `needs` or at a cell of `answered_by_raise`, is not
    stated again; a name that is missing because the cell that makes it failed is counted there.
    """
    stated: dict[int, list[Finding]] = defaultdict(list)
    follows: dict[int, list[int]] = defaultdict(list)  # a failed cell to those that miss what it would have made
    missed: dict[int, set[str]] = {}  # a failed cell to the names that it would have made
    first: dict[int, int] = {}  # a failed cell to the one that it failed with
    for error in run.errors:
        name = _missing_name(error)
        cause = next((first[index] for index, names in missed.items() if name in names), None)
        missed.setdefault(error.index, made_names(source_of(cells[error.index])))
        first.setdefault(error.index, error.index if cause is None else cause)
        if cause is not None:
            follows[cause].append(error.index)
        elif not (_is_stated(error, needs) or _is_left(error, answered_by_raise)):
            stated[error.index].append(_about(error, cells))
    usual = {index: seconds for index, seconds in run.seconds.items() if index not in budgets}
    for index, seconds in usual.items():
        stated[index] += _slow(seconds, cell_name(cells, index))
    for index, seconds in run.spent.items():
        stated[index] += _over_budget(seconds, budgets[index], cell_name(cells, index))
    if run.ended is not None:
        stated[run.ended[0]].append(_about_the_end(run, cells, budgets))
    elif (total := sum(usual.values())) > RUN_SECONDS:
        index = max(usual, key=usual.__getitem__)
        what = f"all cells together took {total:.0f} s, this one longest; the grader stops after {RUN_SECONDS:.0f} s."
        cure = "compute less: fewer epochs, fewer examples."
        stated[index].append(Finding("problem", cell_name(cells, index), what, cure))
    return [_with_followers(finding, follows[index]) for index in sorted(stated) for finding in stated[index]]


def kept_needs(needs: list[Need], run: FreshRun) -> list[Finding]:
    """The findings about `needs`, after the run: without what the cells made themselves.

    A file that a cell names and ran without may not be needed there: that is a note.
    """
    failed = {error.index for error in run.errors}
    kept = []
    for need in needs:
        name = need.name.partition(".")[0] if need.kind == "module" else re.split(r"[\\/]", need.name)[-1]
        if need.kind != "install" and run.made & {name, f"{name}.py"}:
            continue
        finding = need.finding
        if need.kind == "file" and need.index not in failed:
            finding = Finding("note", finding.where, finding.what, finding.cure)
        kept.append(finding)
    return kept


def made_names(source: str) -> set[str]:
    """The names that a cell makes at its top level, and where it is no Python, those that its lines seem to make."""
    tree = tree_of(source)
    if isinstance(tree, Mistake):
        groups = [name for match in _MADE.findall(source) for part in match for name in part.split(",")]
        groups += [
            part.split(" as ")[-1] for line in _IMPORTED.findall(source) for part in line.strip("() ").split(",")
        ]
        return {name.strip().partition(".")[0] for name in groups if name.strip()}
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return made


def syntax_finding(cells: list[Notebook], index: int, line: int | None, says: str) -> Finding:
    """The finding about a cell that is not Python."""
    version = ".".join(map(str, sys.version_info[:2]))
    place = f"line {line} is" if line else "it is"
    cure = "mend that line; until then nothing in this cell is defined."
    return Finding("problem", cell_name(cells, index), f"{place} not Python {version}: {says}.", cure)


def _missing_name(error: CellError) -> str | None:
    match = re.search(r"name '(\w+)'", error.message) if error.kind == "NameError" else None
    return match[1] if match else None


def _is_stated(error: CellError, needs: list[Need]) -> bool:
    """Whether a need of this cell says already what the error says: a module or a file that is not there."""
    said = [need for need in needs if need.kind != "install" and (need.index == error.index or need.kind == "module")]
    names = [re.split(r"[\\/]", need.name)[-1] if need.kind == "file" else need.name.split(".")[0] for need in said]
    return error.kind in ("ModuleNotFoundError", "ImportError", "FileNotFoundError", "OSError") and any(
        name in error.message for name in names
    )


def _is_left(error: CellError, answered_by_raise: set[int]) -> bool:
    return error.kind == "NotImplementedError" and error.raised_in in answered_by_raise


def _about(error: CellError, cells: list[Notebook]) -> Finding:
    where = cell_name(cells, error.index)
    short = f"{error.kind}: {error.message}"[:300]
    if error.kind == "NotImplementedError" and error.raised_in is not None:
        cure = "fill the cell that says YOUR CODE HERE; as it is, this question earns nothing."
        return Finding("note", where, "it is not answered yet (NotImplementedError).", cure, True)
    if error.kind == "NameError":
        return Finding("problem", where, f"it does not run from the top: {short}.", _name_cure(error, cells))
    if error.kind in ("SyntaxError", "IndentationError", "TabError"):
        message, _, place = error.message.partition(" (")
        line = re.search(r"line (\d+)", place)
        return syntax_finding(cells, error.index, int(line[1]) if line else None, message)
    if _NO_DEVICE.search(error.message):
        cure = "name no device, or ask for the one that there is: `device = gradus.pick_device()`."
        return Finding("problem", where, f"it needs a GPU, which the grader does not have: {short}", cure)
    if error.kind == "AssertionError":
        return Finding("problem", where, f"a check fails: {error.message or 'no message'}"[:300], "mend what it tests.")
    if error.kind == "StdinNotImplementedError":
        return Finding("problem", where, "it asks for input, and nobody is there to answer.", "take input() out.")
    if error.kind == "ModuleNotFoundError":
        cure = (
            "write what you need of it into a cell: the grader has the course's packages, and no other file or drive."
        )
        return Finding("problem", where, f"it imports what the grader does not have: {short}.", cure)
    if error.kind == "FileNotFoundError":
        cure = "write what you need of it into a cell: nothing but the notebook is handed in."
        return Finding("problem", where, f"it reads a file that the grader does not have: {short}.", cure)
    return Finding("problem", where, f"it fails in a fresh kernel: {short}", _RESTART)


def _name_cure(error: CellError, cells: list[Notebook]) -> str:
    name = _missing_name(error)
    for later in range(error.index + 1, len(cells)):
        if name and cells[later].get("cell_type") == "code" and name in made_names(source_of(cells[later])):
            return f"`{name}` is made only in {cell_name(cells, later)}: move that cell up, or this one down."
    return f"nothing above makes it: a cell was deleted or renamed something. {_RESTART[0].upper()}{_RESTART[1:]}"


def _slow(seconds: float, where: str) -> list[Finding]:
    cure = "compute less in it, or take it out if no question needs it."
    if seconds > CELL_SECONDS:
        what = f"it took {seconds:.0f} s here, and the grader stops a cell after {CELL_SECONDS:.0f} s."
        return [Finding("problem", where, what, cure)]
    what = f"it took {seconds:.0f} s here of the {CELL_SECONDS:.0f} s that the grader gives a cell."
    return [Finding("note", where, what, cure)] if seconds > CELL_SECONDS / 2 else []


def _over_budget(seconds: float, budget: float, where: str) -> list[Finding]:
    cure = "train for less, and look at the clock before every batch."
    if seconds > budget:
        what = f"it took {seconds:.0f} processor seconds here; the grader stops it after {budget:g}."
        return [Finding("problem", where, what, cure)]
    what = f"it took {seconds:.0f} processor seconds here of the {budget:g} after which the grader stops it."
    return [Finding("note", where, what, cure)] if seconds > NEARLY * budget else []


def _about_the_end(run: FreshRun, cells: list[Notebook], budgets: Mapping[int, float]) -> Finding:
    assert run.ended is not None
    index, how = run.ended
    where = cell_name(cells, index)
    if how == "dead":
        what, cure = "Python itself ended while this cell ran.", "it may need too much memory, or call exit()."
        return Finding("problem", where, what, cure)
    if index in budgets:
        what = (
            f"it was not over after {run.limit:.0f} s; the grader stops it after {budgets[index]:g} processor seconds."
        )
        return Finding("problem", where, what, "train for less, and look at the clock before every batch.")
    what = f"the run was not over after {run.limit:.0f} s."
    cure = f"find what takes so long: the grader gives all cells {RUN_SECONDS:.0f} s (--timeout gives them more here)."
    return Finding("problem", where, what, cure)


def _with_followers(finding: Finding, followers: list[int]) -> Finding:
    if not followers or finding.kind == "note":
        return finding
    numbers = [str(index + 1) for index in dict.fromkeys(followers)]
    named = f"cell {numbers[0]} fails" if len(numbers) == 1 else f"cells {', '.join(numbers)} fail"
    return Finding(finding.kind, finding.where, f"{finding.what.rstrip('.')}; {named} with it.", finding.cure)
