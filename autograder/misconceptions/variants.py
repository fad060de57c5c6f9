"""Other right solutions of a problem set (wheats) and wrong ones (chaffs): a Markdown file a question.

`solutions/ps4/variants/softmax.md` holds those of the question `softmax`, in the form that `pages.py` shows. The files
are read, never executed here: their code runs where submissions run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.misconceptions.pages import AT_AN_EDGE, Page, read_page
from autograder.misconceptions.programs import Program, programs_of
from gradus.errors import GradusError
from gradus.notebook.cells import kind_of, label_of
from gradus.notebook.form import Notebook, source_of

FOLDER = "variants"


@dataclass(frozen=True)
class Variant:
    """One solution of one question. `question` is the grade_id of the answer cell, and `source` goes into it."""

    question: str
    name: str
    source: str
    place: str = field(default="", compare=False, kw_only=True)  # its file, line and name

    @property
    def title(self) -> str:
        """The name in words, for reports."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Misconception(Variant):
    """A mistake that classes make. `hint` is for the student who made it.

    `at_edge` says that it is one at an edge alone: on ordinary inputs its answers are right.
    """

    hint: str
    at_edge: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Variants:
    """Those of one problem set, in the order of its questions."""

    wheats: tuple[Variant, ...]
    misconceptions: tuple[Misconception, ...]

    def of(self, question: str) -> Variants:
        """Those of one question."""
        return Variants(
            tuple(variant for variant in self.wheats if variant.question == question),
            tuple(variant for variant in self.misconceptions if variant.question == question),
        )


def pages_of(folder: Path) -> dict[str, Path]:
    """The files with variants of the problem set in `folder`, by their question."""
    return {path.stem: path for path in sorted((folder / FOLDER).glob("*.md"))}


def read_variants(folder: Path, notebook: Notebook, questions: Collection[str] | None = None) -> Variants:
    """The variants of a problem set.

    Args:
        folder: of the problem set, for example `solutions/ps4`.
        notebook: its source, with the solutions that variants may differ from.
        questions: those to read; None is all.

    Raises:
        GradusError: there are none, a file is broken, or there is no such question.
    """
    wheats: list[Variant] = []
    misconceptions: list[Misconception] = []
    for page, programs in written_programs(folder, notebook, questions):
        for entry in page.entries:
            source, place = programs[entry.name].source, f"{page.path}, line {entry.line} ({entry.name})"
            if entry.is_right:
                wheats.append(Variant(page.question, entry.name, source, place=place))
            else:
                at_edge = entry.section == AT_AN_EDGE
                misconceptions.append(
                    Misconception(page.question, entry.name, source, entry.hint, place=place, at_edge=at_edge)
                )
    return Variants(tuple(wheats), tuple(misconceptions))


def written_programs(
    folder: Path, notebook: Notebook, questions: Collection[str] | None = None
) -> list[tuple[Page, Mapping[str, Program]]]:
    """Each file, in the order of the questions, with the programs of its solutions by name. Arguments as above."""
    paths, answers = pages_of(folder), answers_of(notebook)
    if not paths:
        raise GradusError(
            f"{folder / FOLDER}: no such files; write right and wrong solutions there, of each question in a file that "
            "is named after it, as in `softmax.md`."
        )
    for question in questions or ():
        if question not in paths:
            there = ", ".join(paths)
            raise GradusError(f"{folder / FOLDER / question}.md: no such file (there: {there}); write it.")
    for question, path in paths.items():
        if question not in answers and (questions is None or question in questions):
            raise GradusError(f"{path}: {no_answer_cell(question)}")
    wanted = [question for question in answers if question in (paths if questions is None else set(questions))]
    pages = [read_page(paths[question]) for question in wanted]
    return [(page, programs_of(page, answers[page.question])) for page in pages]


def no_answer_cell(question: str) -> str:
    """What to say of a file whose question the notebook does not have, or no longer under that name."""
    return f"there is no question {question!r}; give the file the name that the answer cell has now."


def answers_of(notebook: Notebook) -> dict[str, str]:
    """The source of each answer cell, by its grade_id."""
    return {label_of(cell): source_of(cell) for cell in notebook["cells"] if kind_of(cell) == "answer"}
