"""What must be known of a released notebook to find its cells in one that was handed in."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.submissions.sources import bare, lines_of
from gradus.notebook.cells import is_answer, is_graded, is_written, label_of


@dataclass(frozen=True)
class SubmittedCell:
    """All that is taken from one cell. `label` is nbgrader's grade_id, `cell_id` nbformat's id; "" for none."""

    kind: str
    source: str
    label: str = ""
    cell_id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


class ReleaseIndex:
    """A released notebook, by label, id, text and name. `answers` are those that tests mark, `written` those of people.

    `asked` has the names that an answer cell leaves to the student, `names` all that it defines as it was handed out.
    `prompts` has the line with which the question of a written answer begins.
    `test_of` has the test of each answer, `tested` the answers of each test.
    """

    def __init__(self, released: NotebookNode) -> None:
        self.frame: dict[str, NotebookNode] = {label_of(cell): cell for cell in released.cells if label_of(cell)}
        self.label_by_id = {cell.get("id"): label for label, cell in self.frame.items()}
        self.written = [label for label, cell in self.frame.items() if is_written(cell)]
        self.answers = [label for label, cell in self.frame.items() if is_answer(cell) and not is_graded(cell)]
        self.stubs = {label: bare(self.frame[label].source) for label in self.answers}
        self.label_by_stub = {stub: label for label, stub in self.stubs.items() if stub}
        self.names, self.asked = {}, {}
        for label in self.answers:
            self.names[label], self.asked[label] = _names(self.frame[label].source)
        self._longest = 2 * max((len(cell.source) for cell in released.cells), default=0) + 1_000
        self.locked_by_text: dict[str, list[str]] = {}
        self.tested: dict[str, list[str]] = {}
        self.test_of: dict[str, str] = {}
        self._follow(released)
        self.prompts = _prompts(released)
        self.texts = [cell.source for cell in released.cells if cell.cell_type != "code"]
        self.pictures = _pictures(released)
        self.given_code = {as_text(cell.source) for cell in released.cells if cell.cell_type == "code"}

    def is_short(self, source: str) -> bool:
        """Whether a source is short enough to be that of a released cell: longer ones need no comparison."""
        return len(source) <= self._longest

    def is_given(self, source: str) -> bool:
        """Whether it is a code cell of the release."""
        return self.is_short(source) and as_text(source) in self.given_code

    def _follow(self, released: NotebookNode) -> None:
        group: list[str] = []
        for label, cell in self.frame.items():
            if label in self.stubs:
                group = [*group, label] if group and group[-1] not in self.test_of else [label]
            elif not is_answer(cell):
                if cell.cell_type == "code":
                    self.locked_by_text.setdefault(as_text(cell.source), []).append(label)
                if is_graded(cell):
                    self.tested[label] = group
                    self.test_of |= {answer: label for answer in group if answer not in self.test_of}


def _prompts(released: NotebookNode) -> dict[str, str]:
    """For each written answer, the first line of the text above it, which asks for it."""
    prompts, line = {}, ""
    for cell in released.cells:
        if is_written(cell):
            prompts[label_of(cell)] = line
        elif cell.cell_type != "code":
            line = first_line(cell.source)
    return prompts


def _pictures(released: NotebookNode) -> frozenset[str]:
    """The data of the pictures that were pasted into its texts."""
    attached = [by_type for cell in released.cells for by_type in cell.get("attachments", {}).values()]
    return frozenset("".join(data) for by_type in attached for data in by_type.values())


def first_line(text: str) -> str:
    return " ".join(next(iter(lines_of(text)), "").split())


_last: tuple[NotebookNode, ReleaseIndex] | None = None


def index_of(released: NotebookNode) -> ReleaseIndex:
    """The index of a released notebook; a class is graded against one, which is looked through once."""
    global _last
    last = _last
    if last is None or last[0] is not released:
        last = _last = (released, ReleaseIndex(released))
    return last[1]


def as_text(source: str) -> str:
    """A source as a key: white space around it and at the ends of lines does not count."""
    return "\n".join(lines_of(source))


def _names(stub: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a stub defines, and those among them that it leaves to the student."""
    try:
        body = ast.parse(stub).body
    except SyntaxError:  # a magic in it
        body = []
    defined = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    names = frozenset(node.name for node in defined)
    open_ones = frozenset(node.name for node in defined if "NotImplementedError" in ast.unparse(node))
    return names, open_ones or names
