"""The plain values that go into a run of one notebook and come out of it. They can be pickled, for a pool."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

CellState = Literal["ok", "raised", "timeout", "killed", "not run"]
# "not judged": what it sent took longer to be compared than a question may.
QuestionState = Literal["done", "timeout", "killed", "not reached", "too much", "not judged"]
# Why a run may be another's doing than the notebook's: it was "slowed" by others when a limit passed, or a process of
# it "ended" and the grader does not know why.
Doubt = Literal["slowed", "ended"]

MIB = 1 << 20


@dataclass(frozen=True)
class CodeCell:
    """A code cell as the student sees it: without hidden lines."""

    index: int  # of the cell in its notebook
    source: str
    question: str | None = None  # the hidden region that is to be asked of the state after this cell
    added: bool = False  # the student's own: no cell that was handed out
    budget: float | None = None  # processor seconds of its own, beside the limits for all cells


@dataclass(frozen=True)
class Question:
    """A hidden region, which runs in a room of its own: it reads the notebook's names and changes none.

    Its cases are drawn from the name of the question `like`, or else from its own. `prelude` is Python that runs in the
    notebook itself, just before: another solution in the place of the one that is there.
    """

    name: str
    test: str  # plain Python, without magics
    like: str | None = None
    prelude: str = ""

    @property
    def drawn_as(self) -> str:
        return self.like or self.name


@dataclass(frozen=True)
class Job:
    """A notebook to run and what to ask of it.

    `seed` is for the hidden regions; the visible run never holds it. `ambient` seeds the visible run, so that a run can
    be repeated to the same outputs.
    """

    cells: tuple[CodeCell, ...]
    questions: tuple[Question, ...]
    seed: int
    ambient: int = 0


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Seconds are those in which it ran or slept: time in which it waited for a processor that others had is not counted.
    A wall clock behind them ends what is never counted, at four times the seconds of a cell or question and twice those
    of all together.
    """

    cell_seconds: float = 30.0  # each cell; then it is interrupted, and a little later killed
    visible_seconds: float = 120.0  # all cells together, restarts included
    question_seconds: float = 20.0  # each question
    total_seconds: float = 300.0  # everything together
    cpu_seconds: int = 240  # that each process may run
    memory_bytes: int = 2048 * MIB  # what each process may allocate; all together may hold a quarter more
    processes: int = 64  # that the submission may start besides its own
    files: int = 256  # open at once, per process
    file_bytes: int = 256 * MIB  # the largest file
    tmpfs_bytes: int = 512 * MIB  # all files together, shared memory included
    inodes: int = 20_000  # number of files
    output_bytes: int = 4 * MIB  # kept of what the cells print and display; the rest is read and thrown away
    answer_bytes: int = 32 * MIB  # of each question

    def beside(self, job: Job) -> Limits:
        """These limits, and room for what single cells may take beside them, also where a notebook is run once more."""
        budget = sum(cell.budget or 0.0 for cell in job.cells)
        if not budget:
            return self
        total, cpu = self.total_seconds + 2 * budget, self.cpu_seconds + math.ceil(budget)
        return replace(self, total_seconds=total, cpu_seconds=cpu)


KINDS = ("module", "import", "magic", "file", "input", "name", "device", "install")


@dataclass(frozen=True)
class PassedOver:
    """Something in a cell that cannot be had here; the rest of the cell was run without it.

    `kind` is one of `KINDS`: `what` is then the module that is missing, why an import failed, the magic, the file, or
    the name that an earlier such line would have given; an "input" asked somebody something; a "device" is a GPU, for
    which the CPU stood in; an "install" was not tried.
    """

    line: int
    kind: str
    what: str


@dataclass
class CellResult:
    """What became of a cell. `outputs` are those of nbformat 4. `broken` says where it is no Python, and why."""

    index: int
    state: CellState = "not run"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    execution_count: int | None = None
    seconds: float = 0.0
    passed_over: list[PassedOver] = field(default_factory=list)
    broken: tuple[int, str] | None = None
    ran: float | None = None  # processor seconds, of a cell with a budget


CellEnd = Literal["memory", "connection", "endless", "ended"]
ENDS: dict[CellEnd, str] = {
    "memory": "used more memory than a notebook may",
    "connection": "broke the connection to the grader",
    "endless": "ran too long and could not be interrupted",
    "ended": "ended Python",
}
"""How a cell took the notebook's process with it, in words that follow "this cell"."""


@dataclass(frozen=True)
class Problem:
    """Something that went wrong in a run, for whoever says it in words.

    Of a cell: one of `ENDS`, after which the others were run without it; "stopped" at the limit for a cell, or at
    the end of its own budget: "spent"; "output", of which it made too much. Of the notebook: "time", the limit for
    all cells; "rerun", the same, and what remained was run again without the slow cells of the student's own;
    "processes", which came faster than they could be ended; "slowed", when others had the computer as a limit
    passed.
    """

    kind: CellEnd | Literal["stopped", "spent", "output", "time", "rerun", "processes", "slowed"]
    cell: int | None = None  # its index in the notebook


@dataclass
class QuestionResult:
    """What a question's child sent. `frames` are bytes from a hostile process, one frame per answer."""

    name: str
    frames: list[bytes] = field(default_factory=list)
    state: QuestionState = "not reached"
    seconds: float = 0.0


@dataclass
class Execution:
    """The run of one notebook.

    `seconds` is the wall time of each phase: `set_up` (namespaces, mounts,
    the fork), `visible`, `questions`, `tear_down`, and `total`. A run with `doubts` counts only when another one, with
    the machine to itself, comes to the same.
    """

    cells: list[CellResult]
    questions: list[QuestionResult]
    problems: list[Problem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    doubts: set[Doubt] = field(default_factory=set)
