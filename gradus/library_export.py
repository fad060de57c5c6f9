"""A ps6 notebook as the importable package `mytorch`, from the source of its answer cells; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError
from gradus.frames import label_of, recorded_frame
from gradus.import_order import as_isort, sorted_imports
from gradus.names import bound_names, free_names
from gradus.notebooks import Notebook, read, source_of

PROBLEM_SET, PACKAGE = "ps6", "mytorch"
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
    "optim/sgd": {"SGD": ("SGD",)},
    "models/mlp": {"MLP4": ("MLP0", "MLP1", "MLP4")},
}
"""Each module's answer cells, by grade_id, and what each cell must define. A module may import from those above it."""
MARK = "# Written by `gradus export-library`"


@dataclass(frozen=True)
class Export:
    """What was written, and which answer cells still raise NotImplementedError."""

    folder: Path
    files: tuple[Path, ...]
    unanswered: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    """One answer cell: the name of its place, its source without imports, and its imports by the name they bind."""

    place: str
    label: str
    body: str
    imports: dict[str, str]


def export_library(path: Path, to: Path) -> Export:
    """Write the classes of the notebook in `path` as the package `to`/mytorch.

    Raises:
        GradusError: it is not ps6, an answer cell is missing, twice there, not plain Python or short of a class, a
            name is defined in none of them, or `to`/mytorch is there and was not written by this command.
    """
    notebook = read(path)
    cells = _answer_cells(path, notebook)
    texts = _modules(path, notebook, cells) | _packages(path)
    folder = to / PACKAGE
    _require_own(folder, texts)
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise GradusError(f"{folder}: cannot be written ({error.strerror}); name another folder with --to.") from None
    unanswered = tuple(cell.label for cell in cells.values() if "raise NotImplementedError" in cell.body)
    return Export(folder, tuple(folder / name for name in texts), unanswered)


def _answer_cells(path: Path, notebook: Notebook) -> dict[str, _Cell]:
    """The answer cells of the library by label, in the notebook's order."""
    wanted = {label: names for cells in LIBRARY.values() for label, names in cells.items()}
    frame = recorded_frame(notebook)
    found: dict[str, _Cell] = {}
    for number, cell in enumerate(notebook["cells"], start=1):
        whole = isinstance(cell, dict) and isinstance(cell.get("metadata", {}), dict)
        if not whole or not isinstance(cell.get("source"), (str, list)):
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


def _read_cell(place: str, label: str, source: str, names: Iterable[str]) -> _Cell:
    lines = [line for line in source.splitlines() if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")]
    magic = next((line.strip() for line in lines if line.lstrip().startswith(("%", "!"))), None)
    try:
        compile("\n".join(lines), place, "exec")  # finds what `ast.parse` lets pass, a return outside a function
        tree, bound = ast.parse("\n".join(lines)), bound_names("\n".join(lines))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        if magic:
            raise GradusError(f"{place}: {magic!r} is a magic, which no module may hold; move it elsewhere.") from None
        raise GradusError(f"{place}: not Python ({_reason(error)}); mend it, then run it.") from None
    if lacking := [name for name in names if name not in bound]:
        raise GradusError(f"{place}: does not define `{lacking[0]}`; write the class there, under this name.")
    taken = [line for node in tree.body for line in set(_lines_of(node))]
    movable = [node for node in tree.body if all(taken.count(line) == 1 for line in _lines_of(node))]
    imports = _imports(movable)  # those that share a line with something else stay where they are
    for node in movable:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for line in _lines_of(node):
                lines[line - 1] = ""
    return _Cell(place, label, "\n".join(lines).strip("\n"), imports)


def _reason(error: Exception) -> str:
    return f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) and error.lineno else str(error)


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _imports(nodes: Iterable[ast.stmt]) -> dict[str, str]:
    """The import statements among `nodes`, one for each name that they bind."""
    found = {}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                one: ast.stmt = ast.Import([alias])
                if isinstance(node, ast.ImportFrom):
                    one = ast.ImportFrom(node.module, [alias], node.level)
                found[alias.asname or alias.name.partition(".")[0]] = ast.unparse(one)
    return found


def _modules(path: Path, notebook: Notebook, cells: dict[str, _Cell]) -> dict[str, str]:
    """The text of each module by its file's name."""
    imports, others = _elsewhere(notebook, cells)
    homes = {  # the module that defines each name: the earliest one
        name: module
        for module in reversed(LIBRARY)
        for label in LIBRARY[module]
        for name in bound_names(cells[label].body)
    }
    texts, order = {}, list(LIBRARY)
    for module, labels in LIBRARY.items():
        own = [cell for cell in cells.values() if cell.label in labels]
        here = {name for cell in own for name in bound_names(cell.body)}
        needed = {line for cell in own for line in cell.imports.values() if line.startswith("from __future__")}
        for cell in own:
            for name in sorted(free_names(cell.body) - here):
                home = homes.get(name)
                if name in cell.imports or (home is None and name in imports):
                    needed.add(cell.imports.get(name) or imports[name])
                elif home is not None and order.index(home) < order.index(module):
                    needed.add(f"from {_relative(module, home)} import {name}")
                else:
                    where = "a later answer cell" if home else f"cell {others[name]}" if name in others else "no cell"
                    raise GradusError(
                        f"{cell.place}: uses `{name}`, which {where} defines; define it in the cell that uses it."
                    )
        blocks = [sorted_imports(needed)] if needed else []
        parts = [_head(path, f"From {PROBLEM_SET}: {', '.join(labels)}."), *blocks]
        texts[f"{module}.py"] = "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(cell.body for cell in own) + "\n"
    return texts


def _elsewhere(notebook: Notebook, cells: dict[str, _Cell]) -> tuple[dict[str, str], dict[str, int]]:
    """The imports of all cells by name; and by name which cell defines it, of those that the library is not made of."""
    imports = {name: line for cell in cells.values() for name, line in cell.imports.items()}
    names: dict[str, int] = {}
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("cell_type") != "code" or label_of(cell) in cells:
            continue
        try:
            tree = ast.parse(source_of(cell))
            names |= dict.fromkeys(bound_names(source_of(cell)), number)
        except SyntaxError:  # magics: whatever it defines, it is no part of the library
            continue
        imports |= _imports(tree.body)
    return imports, names


def _packages(path: Path) -> dict[str, str]:
    """The text of each `__init__.py`."""
    texts: dict[str, str] = {}
    packages: dict[str, dict[str, list[str]]] = {}
    for module, cells in LIBRARY.items():
        package, _, name = module.partition("/")
        packages.setdefault(package, {})[name] = sorted((n for names in cells.values() for n in names), key=as_isort)
    for package, modules in packages.items():
        lines = [f"from .{name} import {', '.join(modules[name])}" for name in sorted(modules)]
        texts[f"{package}/__init__.py"] = _init(path, package, lines, [n for names in modules.values() for n in names])
    texts["__init__.py"] = _init(path, PACKAGE, [f"from . import {', '.join(sorted(packages))}"], list(packages))
    return texts


def _init(path: Path, name: str, lines: list[str], public: list[str]) -> str:
    listed = "\n".join(f'    "{each}",' for each in sorted(public, key=as_isort))
    said = {"nn": "Layers and losses.", "optim": "Optimisers.", "models": "Models."}
    head = _head(path, said.get(name, "A library for neural networks, in NumPy."))
    return f"{head}\n\n" + "\n".join(lines) + f"\n\n__all__ = [\n{listed}\n]\n"


def _head(path: Path, says: str) -> str:
    return f'{MARK} from {path.name}: change the notebook, and export again.\n"""{says}"""'


def _relative(module: str, home: str) -> str:
    package, _, name = home.partition("/")
    return f".{name}" if module.startswith(f"{package}/") else f"..{package}.{name}"


def _require_own(folder: Path, texts: Iterable[str]) -> None:
    """Raise unless `folder` is new, empty, or was written by this command, as far as it would be overwritten."""
    if not folder.exists() and not folder.is_symlink():
        return
    cure = "move it away, or name another folder with --to."
    if folder.is_symlink() or not folder.is_dir():
        raise GradusError(f"{folder}: there is something of this name that is no folder; {cure}")
    if any(folder.iterdir()) and not _is_own(folder / "__init__.py"):
        raise GradusError(f"{folder}: this folder was not written by export-library; {cure}")
    for name in texts:
        if (folder / name).exists() and not _is_own(folder / name):
            raise GradusError(f"{folder / name}: this file was not written by export-library; {cure}")


def _is_own(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8").startswith(MARK)
    except (OSError, UnicodeDecodeError):
        return False
