"""What an attack is, and the notebook that one is made from."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.sample_class.roster import Student
from autograder.sample_class.submissions import answers
from gradus.notebook.form import Notebook, source_of

POINTS = {
    "test_recall_and_precision": 2.0,
    "test_log_sum_exp": 1.0,
    "test_softmax": 1.0,
    "test_kl_divergence": 2.0,
    "test_accuracy_gap": 2.0,
    "test_calibration_error": 3.0,
    "test_fit_softmax": 4.0,
}
NOTHING = dict.fromkeys(POINTS, 0.0)
RIGHT = Student("", "", "compact")  # answers that do not use each other


@dataclass(frozen=True)
class Targets:
    """What an attacker is after, and where it is: the attackers are told."""

    loot: Path  # a folder outside the course in which everyone may write
    secrets: tuple[Path, ...]  # files and folders on this machine that hold a canary
    neighbour: Path  # another student's notebook
    tcp_port: int  # somebody listens there, on the loopback interface
    abstract: str  # and there, in the abstract namespace of Unix sockets


class Work:
    """A submission in the making: the released notebook, right answers or stubs in it, and its folder."""

    def __init__(self, released: Notebook, folder: Path, targets: Targets, right: bool) -> None:
        self.notebook: Notebook = copy.deepcopy(released)
        self.folder = folder
        self.targets = targets
        self.data: bytes | None = None  # handed in instead of the notebook
        self.hands_in_notebook = True
        if right:
            for question, body in answers(RIGHT).items():
                signature = self._signature(question)
                self.answer(question, f"{signature}\n{body}")

    def cell(self, name: str) -> dict:
        """The cell with this grade_id, or with this id where nbgrader does not know it."""
        for cell in self.notebook["cells"]:
            if name in (cell["metadata"].get("nbgrader", {}).get("grade_id"), cell.get("id")):
                return cell
        raise LookupError(name)

    def answer(self, question: str, source: str) -> None:
        """Write `source` into an answer cell."""
        self.cell(question)["source"] = source

    def body(self, question: str, body: str) -> None:
        """Write the lines of `body`, not yet indented, as the function that a question asks for."""
        lines = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
        self.answer(question, f"{self._signature(question)}\n{lines}")

    def preface(self, question: str, lines: str) -> None:
        """Put lines before the first one of the right function that a question asks for."""
        self.body(question, lines)
        self.cell(question)["source"] += answers(RIGHT)[question]

    def add(self, source: str, before: str = "recall_and_precision-prompt", kind: str = "code") -> None:
        """Add a cell of the student's own; `before=""` is at the end."""
        cell = {"cell_type": kind, "id": f"mine-{len(self.notebook['cells'])}", "metadata": {}, "source": source}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        place = self.notebook["cells"].index(self.cell(before)) if before else len(self.notebook["cells"])
        self.notebook["cells"].insert(place, cell)

    def tests(self) -> list[dict]:
        """The autograded cells."""
        return [self.cell(name) for name in POINTS]

    def beside(self, name: str, content: str | bytes) -> None:
        """Hand in another file with the notebook."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def text(self) -> str:
        """The notebook as Jupyter saves it."""
        return json.dumps(self.notebook, indent=1) + "\n"

    def hand_in(self) -> None:
        """Write what is handed in."""
        if self.hands_in_notebook:
            (self.folder / "ps4.ipynb").write_bytes(self.text().encode() if self.data is None else self.data)

    def _signature(self, question: str) -> str:
        source = source_of(self.cell(question))
        return source[: source.index('    """')].rstrip() if '    """' in source else source.split(":\n")[0] + ":"


Make = Callable[[Work], None]


@dataclass(frozen=True)
class Attack:
    """A hostile or odd submission.

    `earned` is what honest judgement of its answers gives, question by question: no mark may be above it, and none
    below it either when `exactly`. `problem` is a part of the sentence in which the grader must say what was wrong,
    "" for any sentence, None when there may be none. `graded_as` is the name in reports where the folder's name is not
    one that a student can have. `harms_host` keeps it out of graders that have no walls.
    """

    name: str
    row: int
    make: Make
    right: bool
    earned: dict[str, float]
    exactly: bool
    problem: str | None
    student: str
    harms_host: bool

    def write(self, submitted: Path, released: Notebook, targets: Targets) -> None:
        """Hand it in below the folder `submitted`."""
        folder = submitted / self.student / "ps4"
        folder.mkdir(parents=True)
        work = Work(released, folder, targets, self.right)
        self.make(work)
        work.hand_in()


def attack(
    row: int,
    *,
    right: bool = True,
    loses: tuple[str, ...] = (),
    loses_all: bool = False,
    exactly: bool = True,
    problem: str | None = None,
    student: str = "",
    harms_host: bool = False,
) -> Callable[[Make], Attack]:
    """Make an attack of a function that changes a `Work`.

    Args:
        row: of the catalogue.
        right: begin with right answers to every question; else with the released stubs, which earn nothing.
        loses: the questions that earn nothing all the same.
        loses_all: nothing is earned although the answers are right, because there is no notebook to be read.
        exactly: what is earned must also be given; False where the answers are themselves in doubt.
        harms_host: never run this without walls.
    """

    def made(make: Make) -> Attack:
        name = make.__name__.strip("_").replace("_", "-")
        lost = {f"test_{question}" for question in loses}
        earned = {test: 0.0 if test in lost else full for test, full in POINTS.items()}
        if loses_all or not right:
            earned = NOTHING
        return Attack(name, row, make, right, earned, exactly, problem, student or f"r{row:02}-{name}", harms_host)

    return made
