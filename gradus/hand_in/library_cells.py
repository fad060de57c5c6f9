"""The answer cells of a ps6 notebook that make the library: found, and read without executing anything."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError
from gradus.names import bound_names
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, source_of
from gradus.notebook.frame import recorded_frame

PROBLEM_SET = "ps6"
LIBRARY: dict[str, dict[str, tuple[str, ...]]] = {
    "nn/linear": {"Linear": ("Linear",)},
    "nn/activation": {
        "Sigmoid": ("Identity", "Sigmoid"),
        "Tanh": ("Tanh",),
        "ReLU": ("ReLU",),
        "GELU": ("GELU",),
        "Softmax": ("Softmax",),
    },
    "nn/loss": {"MSELoss": ("MSELoss",), "CrossEntropyLoss": ("CrossEntropyLoss",)},
    "nn/batchnorm": {"BatchNorm1d": ("BatchNorm1d",)},
    "nn/layernorm": {"LayerNorm": ("LayerNorm",)},
    "nn/dropout": {"Dropout": ("Dropout",)},
    "optim/sgd": {"SGD": ("SGD",)},
    "models/mlp": {"MLP4": ("MLP0", "MLP1", "MLP4")},
}
"""Each module's answer cells, by grade_id, and what each cell must define. A module may import from those above it."""
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign)
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Cell:
    """One answer cell: the name of its place, its source without imports, and its imports by the name they bind."""

    place: str
    label: str
    body: str
    imports: dict[str, str]

    def defined_names(self) -> set[str]:
        """What the cell itself defines at its top level; imports may stand in several cells."""
        nodes = [node for node in ast.parse(self.body).body if not isinstance(node, _IMPORTS)]
        return bound_names(ast.unparse(ast.Module(nodes, [])))


def answer_cells(path: Path, notebook: Notebook) -> dict[str, Cell]:
    """The answer cells of the library by label, in the notebook's order.

    Raises:
        GradusError: it is not ps6, or a cell is missing, twice there, not plain Python, short of a class, or does more
            than define.
    """
    wanted = {label: names for cells in LIBRARY.values() for label, names in cells.items()}
    frame = recorded_frame(notebook)
    found: dict[str, Cell] = {}
    for number, cell in enumerate(notebook["cells"], start=1):
        whole = isinstance(cell, dict) and isinstance(cell.get("metadata", {}), dict)
        source = cell.get("source") if whole else None
        if not isinstance(source, str) and not (isinstance(source, list) and all(isinstance(s, str) for s in source)):
            raise GradusError(f"{path}: cell {number} is damaged; open and save the notebook once in JupyterLab.")
        label = label_of(cell)
        if label not in wanted or cell.get("cell_type") != "code":
            continue
        if label in found:
            raise GradusError(f"{path}: the answer cell `{label}` is there twice; delete one of the two.")
        found[label] = _read_cell(f"{path}, cell {number} ({label})", label, source_of(cell), wanted[label])
    if not found or (frame is not None and frame.name != PROBLEM_SET):
        name = f" ({frame.name})" if frame else ""
        raise GradusError(f"{path}: this is another notebook{name}; only {PROBLEM_SET} makes a library.")
    if missing := [label for label in wanted if label not in found]:
        named = ", ".join(f"`{label}`" for label in missing)
        raise GradusError(f"{path}: lacks the answer cells {named}; copy them from a fresh {PROBLEM_SET}.ipynb.")
    return found


def _read_cell(place: str, label: str, source: str, names: Iterable[str]) -> Cell:
    source = source.replace("\r\n", "\n").replace("\r", "\n")  # as Python counts lines
    lines = [line for line in source.split("\n") if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")]
    magic = next((line.strip() for line in lines if line.lstrip().startswith(("%", "!"))), None)
    try:
        compile("\n".join(lines), place, "exec")  # finds what `ast.parse` lets pass, a return outside a function
        tree, bound = ast.parse("\n".join(lines)), bound_names("\n".join(lines))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte, or half a character
        if magic:
            raise GradusError(f"{place}: {magic!r} is a magic, which no module may hold; move it elsewhere.") from None
        raise GradusError(f"{place}: not Python ({_reason(error)}); mend it, then run it.") from None
    if lacking := [name for name in names if name not in bound]:
        raise GradusError(f"{place}: does not define `{lacking[0]}`; write the class there, under this name.")
    if other := next((node for node in tree.body if not _belongs_in_a_module(node)), None):
        experiment = lines[other.lineno - 1].strip()
        raise GradusError(
            f"{place}: line {other.lineno}, {experiment!r}, would run at every import; move it into a cell of your own."
        )
    taken = Counter(line for node in tree.body for line in _lines_of(node))
    movable = [node for node in tree.body if all(taken[line] == 1 for line in _lines_of(node))]
    imports = imports_among(movable)  # those that share a line with something else stay where they are
    for node in movable:
        if isinstance(node, _IMPORTS):
            for line in _lines_of(node):
                lines[line - 1] = ""
    return Cell(place, label, "\n".join(lines).strip("\n"), imports)


def is_unanswered(cell: Cell) -> bool:
    """Whether a class that the cell must define still raises NotImplementedError."""
    wanted = {name for cells in LIBRARY.values() for name in cells.get(cell.label, ())}
    classes = [node for node in ast.parse(cell.body).body if isinstance(node, ast.ClassDef) and node.name in wanted]
    return any("raise NotImplementedError" in ast.unparse(node) for node in classes)


def _belongs_in_a_module(node: ast.stmt) -> bool:
    """Imports, definitions, assignments and docstrings do; experiments do not."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, (*_IMPORTS, *_DEFINES, ast.Pass)) or is_text


def _reason(error: Exception) -> str:
    return f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) and error.lineno else str(error)


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def imports_among(nodes: Iterable[ast.stmt]) -> dict[str, str]:
    """The import statements among `nodes`, in `try` and `if` too, one for each name that they bind."""
    found: dict[str, str] = {}
    for node in nodes:
        for inner in (getattr(node, "body", []), *(h.body for h in getattr(node, "handlers", []))):
            if isinstance(node, (ast.Try, ast.If)):
                for name, line in imports_among(inner).items():
                    found.setdefault(name, line)
        if isinstance(node, _IMPORTS):
            for alias in node.names:
                one: ast.stmt = ast.Import([alias])
                if isinstance(node, ast.ImportFrom):
                    one = ast.ImportFrom(node.module, [alias], node.level)
                found[alias.asname or alias.name.partition(".")[0]] = ast.unparse(one)
    return found
