"""Stock `nbgrader autograde`, as it comes, in a guard that keeps this machine whole while it runs hostile notebooks.

The guard is not a part of what is measured: it shows the submission the whole system, its course and the canaries, as
an instructor's machine would, and only keeps what is written, started and allocated within bounds. `stock/ps4/` is
ps4 with hidden tests that assert, as courses write them for nbgrader.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from attacks import Attack, Targets
from attacks.attack import POINTS
from nbgrader.api import Gradebook, MissingEntry
from supervised import Outcome, supervise

from gradus.notebook.form import read

SOURCE = Path(__file__).resolve().parent / "stock" / "ps4" / "ps4.ipynb"
CELL_SECONDS = 30  # nbgrader's own default
SECONDS = 90  # for one submission, then the guard ends the run
MEMORY = 6_000_000_000  # of everything together; then the guard ends the run
PROCESSES, FILE_BYTES, DISK = 200, 500_000_000, 1_000_000_000
UID = 54_321
LAST = "zz-neighbour"  # graded after the attack, if the run gets there

CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.root = "{{root}}"
c.ExecutePreprocessor.timeout = {CELL_SECONDS}
c.Exchange.root = "{{root}}/exchange"
"""
# The end of what runs as the first process of its own namespace: what is still there has outlived the grader.
LEFT_BEHIND = """time.sleep(1)
left = []
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (1, os.getpid()):
        try:
            left.append(open(f"/proc/{name}/cmdline", "rb").read().decode("utf-8", "replace").replace("\\0", " "))
        except OSError:
            pass
open("codes.json", "w").write(json.dumps([codes, [line for line in left if line.strip()]]))
"""
INSIDE = (
    """import json, os, subprocess, sys, time
codes = [subprocess.run([sys.executable, "-m", "nbgrader", *words]).returncode for words in json.loads(sys.argv[1])]
"""
    + LEFT_BEHIND
)


@dataclass
class StockResult:
    """What stock nbgrader made of one submission. `marks` is empty where it gave none."""

    marks: dict[str, float]
    by_hand: list[str]  # autograded questions that now wait for a person
    neighbour_graded: bool
    seen: str
    page: str
    outcome: Outcome
    left: list[str] = field(default_factory=list)
    ended_by_guard: bool = False


def make_template(folder: Path) -> Path:
    """A course with the release made and the gradebook knowing it."""
    root = folder / "template"
    (root / "source" / "ps4").mkdir(parents=True)
    shutil.copy(SOURCE, root / "source" / "ps4")
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=root))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "ps4"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root


def grade(template: Path, root: Path, attack: Attack | None, targets: Targets, neighbour: bytes) -> StockResult:
    """Autograde one attack and then a harmless neighbour, and make their feedback.

    Args:
        root: where to make the course of these two; it must not exist.
    """
    shutil.copytree(template, root)
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=root))
    released = read(root / "release" / "ps4" / "ps4.ipynb")
    if attack is not None:
        attack.write(root / "submitted", released, targets)
    last = root / "submitted" / LAST / "ps4" / "ps4.ipynb"
    last.parent.mkdir(parents=True)
    last.write_bytes(neighbour)
    student = LAST if attack is None else attack.student
    words = [["autograde", "ps4"], ["generate_feedback", "ps4", f"--student={student}"]]
    command = [sys.executable, "-c", INSIDE, json.dumps(words)]
    outcome = supervise(guarded(root, targets, command), timeout=SECONDS, most_memory=MEMORY)
    return _result(root, student, outcome)


def guarded(root: Path, targets: Targets, command: list[str], *shown_too: Path) -> list[str]:
    """The command, which cannot write outside the course and the place for loot, nor start or write too much."""
    limits = [f"--nproc={PROCESSES}", f"--fsize={FILE_BYTES}", f"--as={MEMORY}", "--core=0"]
    command = ["prlimit", *limits, *command]
    guard = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--die-with-parent"]
    writable = (root, targets.loot, targets.secrets[0].parent)
    if os.geteuid() == 0:  # process limits do not count for root
        guard += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        command = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *command]
        for folder in writable:
            subprocess.run(["chown", "-R", "--no-dereference", f"{UID}:{UID}", str(folder)], check=True)
    for place in ("/tmp", "/var/tmp", "/root"):  # /root is closed to others, and Python may lie in it
        guard += ["--size", str(DISK), "--perms", "1777", "--tmpfs", place]
    shown = [Path(sys.base_prefix), Path(sys.prefix), Path(__file__).resolve().parents[1], *shown_too]
    for folder in (path for path in shown if path.is_relative_to("/tmp") or path.is_relative_to("/root")):
        guard += [*_ways_to(folder), "--ro-bind", str(folder), str(folder)]
    for folder in writable:
        guard += [*_ways_to(folder), "--bind", str(folder), str(folder)]
    guard += ["--setenv", "HOME", str(targets.secrets[0].parent), "--setenv", "OMP_NUM_THREADS", "1"]
    guard += ["--setenv", "PATH", f"{sys.prefix}/bin:/usr/bin:/bin", "--chdir", str(root), "--"]
    return [*guard, *command]


def _ways_to(folder: Path) -> list[str]:
    """Make the folders above `folder`, open to everyone: bubblewrap makes them for their owner alone."""
    above = [path for path in reversed(folder.parents) if path.is_relative_to("/tmp") or path.is_relative_to("/root")]
    return [word for path in above for word in ("--perms", "0755", "--dir", str(path))]


def _result(root: Path, student: str, outcome: Outcome) -> StockResult:
    path = root / "codes.json"
    left = json.loads(path.read_text())[1] if path.is_file() else []
    texts = []
    pages = [*(root / "feedback").glob(f"{glob_escape(student)}/ps4/*.html")]
    for file in [*(root / "autograded").glob(f"{glob_escape(student)}/ps4/*.ipynb"), *pages]:
        if file.is_file() and file.stat().st_size < 100_000_000:
            texts.append(file.read_text(encoding="utf-8", errors="replace"))
    plain = [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in texts]
    marks, by_hand = _marks(root, student)
    others, _ = _marks(root, LAST)
    return StockResult(
        marks, by_hand, bool(others), "\n".join([*texts, *plain]),
        "\n".join(page.read_text(encoding="utf-8", errors="replace") for page in pages), outcome, left,
        outcome.status == -9 or not path.is_file(),
    )  # fmt: skip


def glob_escape(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _marks(root: Path, student: str) -> tuple[dict[str, float], list[str]]:
    """The marks in the gradebook, and the questions that wait for a person; nothing where there is no submission."""
    try:
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
            grades = gradebook.find_submission_notebook("ps4", "ps4", student).grades
            given = {g.name: float(g.auto_score) for g in grades if g.name in POINTS and g.auto_score is not None}
            return given, [g.name for g in grades if g.name in POINTS and g.auto_score is None]
    except (MissingEntry, ValueError):
        return {}, []
    except Exception as error:  # a database that the attack has broken
        print(f"{root}: {error}", file=sys.stderr)
        return {}, []
