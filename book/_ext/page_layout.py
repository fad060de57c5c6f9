"""What a chapter's page does with the parts of a notebook: the head as a strip, cells that only draw or prepare folded.

In JupyterLab and Colab a chapter begins with a table of five questions, and its cells stand in the order in which they
run. On the site the table becomes a strip of small boxes; the code of a cell that ends in a figure stands folded below
the figure, and a cell of nothing but imports and settings is folded where it stands, as is one of nothing but what the
tests of a problem set use. They run as all others do.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HEADER = ("Question", "Answer")
# What a strip calls a question of the head, and in which order.
SHORT = {
    "What will I be able to do?": "You will be able to",
    "What do I need first?": "You need",
    "Which words are new?": "New words",
    "How long is it to read?": "To read",
    "How long does it run?": "To run",
}
DRAWS = re.compile(r"^(?:figure|stepper)\(", re.MULTILINE)
SETTINGS = {"plt.style.use", "torch.manual_seed", "torch.set_printoptions", "seed_everything", "os.environ.setdefault"}
NO_PYTHON = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


def as_strip(table: nodes.table) -> nodes.container | None:
    """A chapter's head as boxes, in the order of `SHORT`; None for any other table."""
    head = next(iter(table.findall(nodes.thead)), None)
    body = next(iter(table.findall(nodes.tbody)), None)
    if head is None or body is None or tuple(entry.astext() for entry in head.findall(nodes.entry)) != HEADER:
        return None
    boxes = {}
    for row in body.findall(nodes.row):
        question, answer = row.findall(nodes.entry)
        asked = question.astext()
        label = nodes.paragraph("", "", nodes.strong("", SHORT.get(asked, asked)), classes=["chapter-head-label"])
        boxes[asked] = nodes.container("", label, *(child.deepcopy() for child in answer), classes=["chapter-head-box"])
    order = [*SHORT, *(asked for asked in boxes if asked not in SHORT)]
    return nodes.container("", *(boxes[asked] for asked in order if asked in boxes), classes=["chapter-head"])


def draws(source: str) -> bool:
    """Whether a cell is there for the figure that it ends in."""
    return DRAWS.search(source) is not None


def only_prepares(source: str) -> bool:
    """Whether a cell holds nothing but imports and settings."""
    try:
        statements = ast.parse(NO_PYTHON.sub(r"\1pass", source)).body
    except SyntaxError:
        return False
    parts = [part for statement in statements for part in ast.walk(statement)]
    imports = any(isinstance(part, ast.Import | ast.ImportFrom) for part in parts)
    return imports and all(map(_prepares, statements))


def _prepares(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]):
            return all(map(_prepares, [*body, *(inner for handler in handlers for inner in handler.body)]))
        case ast.Expr(value=ast.Call(func=function)):
            return ast.unparse(function) in SETTINGS
    return False


def is_given(metadata: dict[str, object]) -> bool:
    """Whether a cell of a problem set is neither to be changed nor marked."""
    match metadata.get("nbgrader"):
        case {"locked": True, "grade": False, "solution": False}:
            return True
    return False


def only_defines(source: str) -> bool:
    """Whether code does nothing but import and define functions and classes."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell with a line for the shell
        return False
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    return bool(statements) and all(isinstance(statement, kinds) for statement in statements)


def fold_code(cell: nodes.Element) -> None:
    """Fold the code of a cell that draws, below what it draws, and of one that only prepares."""
    parts = {part.get("nb_element"): part for part in cell.children if isinstance(part, nodes.Element)}
    code, output = parts.get("cell_code_source"), parts.get("cell_code_output")
    if code is None or "hide-input" in cell.get("cell_metadata", {}).get("tags", []):
        return
    source = code.astext()
    is_figure = output is not None and draws(source)
    if is_figure:
        words = "the code of this figure"
    elif only_prepares(source):
        words = "what is imported and set"
    elif is_given(cell.get("cell_metadata", {})) and only_defines(source):
        words = "what the tests use"
    else:
        return
    folded = HideCodeCellNode(prompt_show=f"Show {words}", prompt_hide=f"Hide {words}")
    folded["classes"].append("folded")
    place = cell.index(code)
    cell.remove(code)
    folded.append(code)
    if is_figure:
        cell.append(folded)
    else:
        cell.insert(place, folded)


def lay_out(app: Sphinx, doctree: nodes.document) -> None:
    if app.builder.format != "html":
        return
    for table in list(doctree.findall(nodes.table)):
        strip = as_strip(table)
        if strip is not None:
            table.replace_self(strip)
            break
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") == "cell_code":
            fold_code(cell)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("doctree-read", lay_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
