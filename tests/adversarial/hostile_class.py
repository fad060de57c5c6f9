"""A class in which the attacks sit among honest students, with canaries planted, graded by `gradus grade`."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import secrets
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attacks import ATTACKS, Attack, Targets, Work
from attacks.attack import POINTS
from nbgrader.api import Gradebook
from supervised import Outcome, supervise

from autograder.course import REPOSITORY, Course
from autograder.sample_class.roster import Student
from autograder.sample_class.submissions import answers
from gradus.datasets.fetch import cache_folder
from gradus.notebook.form import Notebook, read, source_of

SEED = 20_260_101
# Small limits, so that whoever is stopped is stopped soon. They count what a submission's processes run, so that a busy
# machine stops nobody; the dearest cell or question of an honest one takes a third of its time. A cell that ignores its
# interrupt has 2 s more until it is killed: what is left of the time for all cells is enough for the others, twice over.
LIMITS = {
    "cell_seconds": 0.6, "visible_seconds": 4, "question_seconds": 0.6, "total_seconds": 8, "cpu_seconds": 4,
    "memory_bytes": 500_000_000, "tmpfs_bytes": 64_000_000, "file_bytes": 48_000_000, "output_bytes": 1_000_000,
}  # fmt: skip
# Their names put them among the attacks; what each loses.
HONEST: Mapping[str, tuple[Student, tuple[str, ...]]] = {
    "a-honest-plain": (Student("", "", "plain"), ()),
    "r05-zz-honest-loops": (Student("", "", "loops"), ()),
    "r11-zz-honest-mistake": (Student("", "", "compact", {"softmax": "softmax_over_examples"}), ("softmax",)),
    "r17-zz-honest-compact": (Student("", "", "compact"), ()),
    "r24-zz-honest-stub": (Student("", "", None), tuple(name.removeprefix("test_") for name in POINTS)),
    "z-honest-sum": (Student("", "", "loops", {"kl_divergence": "kl_divergence_summed"}), ("kl_divergence",)),
}
NEIGHBOUR = "a-honest-plain"
SAID_ON_SUCCESS = ("LEAKED-INPUT", "GOT-OUT")  # attacks put these together when they run


def grade_command(course: Course, *options: str) -> list[str]:
    """`gradus grade ps4`, by this Python."""
    start = "from gradus.cli import main; main()"
    where = ["--course", str(course.root), "--seed", str(SEED), "--json", str(course.root / "marks.json")]
    return [sys.executable, "-c", start, "grade", "ps4", *where, *options]


def set_limits(course: Course, limits: Mapping[str, float]) -> None:
    """Write the course's gradus.toml."""
    course.root.mkdir(parents=True, exist_ok=True)
    lines = ["[grading]", *(f"{name} = {value}" for name, value in limits.items())]
    (course.root / "gradus.toml").write_text("\n".join(lines) + "\n")


def hand_in_honest(course: Course, released: Notebook, targets: Targets, words: str = "") -> None:
    """Write the honest submissions. `words` go into the neighbour's essay."""
    for name, (student, _) in HONEST.items():
        folder = course.submitted / name / "ps4"
        folder.mkdir(parents=True)
        work = Work(released, folder, targets, right=False)
        for question, body in answers(student).items():
            work.body(question, "")
            work.cell(question)["source"] += body
        work.answer("why_cross_entropy", f"Because it is the likelihood. {words if name == NEIGHBOUR else ''}")
        work.hand_in()


def honest_marks(name: str) -> dict[str, float]:
    lost = {f"test_{question}" for question in HONEST[name][1]}
    return {test: 0.0 if test in lost else points for test, points in POINTS.items()}


class Listeners:
    """Somebody on the loopback interface and on an abstract Unix socket, whom no submission may reach."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.abstract = f"gradus-canary-{os.getpid()}-{secrets.token_hex(4)}"
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(f"\0{self.abstract}")
        self._unix.listen()
        self.port = self._tcp.getsockname()[1]
        for name, listener in (("tcp", self._tcp), ("unix", self._unix)):
            threading.Thread(target=self._listen, args=(name, listener), daemon=True).start()

    def _listen(self, name: str, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link:
                link.settimeout(1)
                with contextlib.suppress(OSError):
                    self.calls.append(f"{name}: {link.recv(200)!r}")

    def close(self) -> None:
        for listener in (self._tcp, self._unix):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


@dataclass
class HostileClass:
    """The class after its run."""

    course: Course
    attacks: dict[str, Attack]
    targets: Targets
    canaries: dict[str, str]
    hidden_lines: list[str]
    outcome: Outcome
    report: dict[str, Any]
    calls: list[str]
    before: dict[str, tuple[int, int]]
    loot: list[str]
    scratch: list[str]
    _seen: dict[str, str] = field(default_factory=dict)

    def result(self, student: str) -> dict[str, Any]:
        """The one result of a student."""
        (found,) = [one for one in self.report["submissions"] if one["student"] == as_reported(student)]
        return found

    def seen_by(self, student: str) -> str:
        """Everything that this student and the instructor get to see of this submission: notebook, page, sentences."""
        if student not in self._seen:
            result = self.result(student)
            texts = [json.dumps(result, ensure_ascii=False)]
            for path in (self.course.autograded_notebook(student, "ps4"), self.course.feedback_page(student, "ps4")):
                with contextlib.suppress(OSError):
                    texts.append(path.read_text(encoding="utf-8", errors="replace"))
            without_tags = [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in texts]
            unescaped = [text.replace('\\"', '"').replace("\\n", "\n") for text in texts]
            self._seen[student] = "\n".join([*texts, *without_tags, *unescaped])
        return self._seen[student]

    def page(self, student: str) -> str | None:
        path = self.course.feedback_page(student, "ps4")
        return path.read_text(encoding="utf-8") if path.is_file() else None


def as_reported(student: str) -> str:
    """The name of a student's folder as the report has it: what is not Unicode in it replaced."""
    return student.encode("utf-8", "replace").decode()


def hidden_lines(released: Notebook, submissions: str, source_path: Path | None = None) -> list[str]:
    """Lines of the hidden tests and the solution that stand neither in what students get nor in what they wrote."""
    source = read(source_path or REPOSITORY / "solutions" / "ps4" / "ps4.ipynb")
    given = "\n".join(source_of(cell) for cell in released["cells"])
    hidden = []
    for cell in source["cells"]:
        text = source_of(cell)
        regions = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", text, re.DOTALL)
        if cell["cell_type"] == "markdown":
            regions += re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.DOTALL)
        hidden += [line.strip() for region in regions for line in region.splitlines()]
    return sorted({line for line in hidden if len(line) > 30 and line not in given and line not in submissions})


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every entry below a folder, with what tells that it was changed."""
    found = {}
    for where, folders, files in os.walk(os.fsencode(folder)):
        for name in (*folders, *files):
            status = os.lstat(where + b"/" + name)
            found[repr(where + b"/" + name)] = (status.st_mtime_ns, status.st_size)
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextlib.contextmanager
def graded_class(folder: Path, chosen: Iterable[Attack] = ATTACKS) -> Iterator[HostileClass]:
    """Make the class, with the attacks that are chosen, grade it, and take stock."""
    course = Course(folder / "course")
    set_limits(course, LIMITS)
    canaries = {
        name: f"CANARY-{name}-{secrets.token_hex(8)}"
        for name in ("home", "environment", "descriptor", "gradebook", "neighbour")
    }
    home, loot, scratch = folder / "home", folder / "loot", folder / "tmp"
    for made in (home, loot, scratch):
        made.mkdir()
    loot.chmod(0o777)
    (home / "secret.txt").write_text(canaries["home"])
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519").write_text(canaries["home"])
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.add_student("canary", first_name=canaries["gradebook"])

    listeners = Listeners()
    neighbour = course.submitted_notebook(NEIGHBOUR, "ps4")
    solutions = REPOSITORY / "solutions"
    secret_places = (
        home / "secret.txt",
        home,
        course.root / "gradebook.db",
        course.root,
        neighbour,
        solutions,
        REPOSITORY,
    )
    targets = Targets(loot, secret_places, neighbour, listeners.port, listeners.abstract)
    released = read(course.released_notebook("ps4"))
    hand_in_honest(course, released, targets, canaries["neighbour"])
    attacks = {attack.student: attack for attack in chosen}
    for attack in attacks.values():
        attack.write(course.submitted, released, targets)
    before = snapshot(course.submitted)

    reading, writing = os.pipe()
    os.write(writing, canaries["descriptor"].encode())
    environment = {
        **os.environ, "HOME": str(home), "TMPDIR": str(scratch), "GRADUS_DATA": str(cache_folder()),
        "GRADUS_TOKEN": canaries["environment"],
    }  # fmt: skip
    try:
        outcome = supervise(
            grade_command(course, "--workers", "2"), environment=environment, pass_fds=(reading,), timeout=1200
        )
    finally:
        os.close(reading)
        os.close(writing)
        listeners.close()
    marks = course.root / "marks.json"
    assert marks.is_file(), outcome.output
    submissions = "\n".join(
        path.read_text(errors="replace").replace('\\"', '"')
        for path in course.submitted.glob("*/ps4/ps4.ipynb")
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 2_000_000
    )
    yield HostileClass(
        course, attacks, targets, canaries, hidden_lines(released, submissions), outcome, json.loads(marks.read_text()),
        listeners.calls, before, names_in(loot), names_in(scratch),
    )  # fmt: skip
