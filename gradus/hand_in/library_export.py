"""A ps6 notebook as the importable package `mytorch`, from the source of its answer cells; nothing is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError
from gradus.hand_in.import_order import as_isort, sorted_imports
from gradus.hand_in.library_cells import LIBRARY, PROBLEM_SET, Cell, answer_cells, imports_among, is_unanswered
from gradus.hand_in.library_interfaces import added
from gradus.names import bound_names, free_names
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, read, source_of

PACKAGE = "mytorch"
OPEN = "models/mlp"
"""The module whose other public classes are exported too: what the student builds models with, `Chain` for example."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_ .()-]{1,100}")  # of a file: a line of code, or a module's encoding, is none
MARK = "# Written by `gradus export-library`"


@dataclass(frozen=True)
class Export:
    """What was written, and which answer cells still raise NotImplementedError."""

    folder: Path
    files: tuple[Path, ...]
    unanswered: tuple[str, ...]


def export_library(path: Path, to: Path, interface: str = "") -> Export:
    """Write the classes of the notebook in `path` as the package `to`/mytorch.

    `interface` names a course whose tests ask for further names; the models get them.

    Raises:
        GradusError: it is not ps6, an answer cell is missing, twice there, not plain Python, short of a class or does
            more than define, a name is defined in none of them or twice in one module, or `to`/mytorch is there and
            was not written by this command.
    """
    ends = added(interface)
    try:
        notebook = read(path)
        cells = answer_cells(path, notebook)
        texts = _modules(path, notebook, cells) | _packages(path, cells)
    except (RecursionError, MemoryError):
        raise GradusError(f"{path}: a cell is nested too deeply to be read; write it in simpler steps.") from None
    texts |= {name: texts[name] + end for name, end in ends.items()}
    folder = to / PACKAGE
    _require_own(folder, texts)
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise GradusError(f"{folder}: cannot be written ({error.strerror}); name another folder with --to.") from None
    unanswered = tuple(cell.label for cell in cells.values() if is_unanswered(cell))
    return Export(folder, tuple(folder / name for name in texts), unanswered)


def _modules(path: Path, notebook: Notebook, cells: dict[str, Cell]) -> dict[str, str]:
    """The text of each module by its file's name."""
    imports, others = _elsewhere(notebook, cells)
    texts: dict[str, str] = {}
    above: dict[str, str] = {}  # the module that each name comes from: the latest one above
    everywhere = {name for cell in cells.values() for name in bound_names(cell.body)}
    for module, labels in LIBRARY.items():
        own = [cell for cell in cells.values() if cell.label in labels]
        _require_no_name_twice(module, own)
        here = {name for cell in own for name in bound_names(cell.body)}
        needed = {line for cell in own for line in cell.imports.values() if line.startswith("from __future__")}
        for cell in own:
            for name in sorted(free_names(cell.body) - here):
                if name in cell.imports or (name not in everywhere and name in imports):
                    needed.add(cell.imports.get(name) or imports[name])
                elif name in above:
                    needed.add(f"from {_relative(module, above[name])} import {name}")
                elif "*" in imports:
                    raise GradusError(
                        f"{cell.place}: uses `{name}`, which `{imports['*']}` may bring; import it by its name."
                    )
                else:
                    later = name in everywhere
                    where = "a later answer cell" if later else f"cell {others[name]}" if name in others else "no cell"
                    raise GradusError(
                        f"{cell.place}: uses `{name}`, which {where} defines; define it in the cell that uses it."
                    )
        above |= dict.fromkeys(here, module)
        blocks = [sorted_imports(needed)] if needed else []
        parts = [_head(path, f"From {PROBLEM_SET}: {', '.join(_public(module, cells))}."), *blocks]
        texts[f"{module}.py"] = "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(cell.body for cell in own) + "\n"
    return texts


def _require_no_name_twice(module: str, own: Iterable[Cell]) -> None:
    """Raise when two cells of a module define the same name: in the package, the first cell would get the second's."""
    first: dict[str, Cell] = {}
    for cell in own:
        for name in sorted(cell.defined_names()):
            if name in first:
                raise GradusError(
                    f"{cell.place}: defines `{name}`, as the answer cell `{first[name].label}` does, and both go into "
                    f"{PACKAGE}/{module}.py; give one of the two another name, or keep the first if they are the same."
                )
            first[name] = cell


def _public(module: str, cells: dict[str, Cell]) -> list[str]:
    """The classes of a module that its package exports, in the notebook's order."""
    found = [name for names in LIBRARY[module].values() for name in names]
    if module != OPEN:
        return found
    tops = [node for label in LIBRARY[module] for node in ast.parse(cells[label].body).body]
    classes = [node.name for node in tops if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    return list(dict.fromkeys([*classes, *found]))


def _elsewhere(notebook: Notebook, cells: dict[str, Cell]) -> tuple[dict[str, str], dict[str, int]]:
    """The imports of all cells by name; and by name which cell defines it, of those that the library is not made of."""
    imports = {name: line for cell in cells.values() for name, line in cell.imports.items()}
    names: dict[str, int] = {}
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("cell_type") != "code" or label_of(cell) in cells:
            continue
        source = "\n".join("" if line.startswith(("%", "!")) else line for line in source_of(cell).split("\n"))
        try:
            tree = ast.parse(source)
            names |= dict.fromkeys(bound_names(source), number)
        except (
            SyntaxError,
            ValueError,
            RecursionError,
            MemoryError,
        ):  # whatever it defines, it is no part of the library
            continue
        for name, line in imports_among(tree.body).items():
            imports.setdefault(name, line)  # the first one counts: experiments stand below
    return imports, names


def _packages(path: Path, cells: dict[str, Cell]) -> dict[str, str]:
    """The text of each `__init__.py`."""
    texts: dict[str, str] = {}
    packages: dict[str, dict[str, list[str]]] = {}
    for module in LIBRARY:
        package, _, name = module.partition("/")
        packages.setdefault(package, {})[name] = sorted(_public(module, cells), key=as_isort)
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
    name = path.name if _PLAIN_NAME.fullmatch(path.name) else "a notebook"
    return f'{MARK} from {name}: change the notebook, and export again.\n"""{says}"""'


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
        for place in (folder / name, (folder / name).parent):
            if place.is_symlink():  # what is written there would be written elsewhere
                raise GradusError(f"{place}: this is a link, which export-library did not make; {cure}")
        if (folder / name).exists() and not _is_own(folder / name):
            raise GradusError(f"{folder / name}: this file was not written by export-library; {cure}")


def _is_own(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and path.read_text(encoding="utf-8").startswith(MARK)
    except (OSError, UnicodeDecodeError):
        return False
