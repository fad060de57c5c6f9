"""What hostile notebooks get from stock nbgrader, from stock otter and from Gradus: the same files, counted row by row.

    python benchmarks/adversarial.py                  # two attacks of each row through the others, all through Gradus
    python benchmarks/adversarial.py --per-row 99     # all through all; hours
    python benchmarks/adversarial.py --otter ENV/bin/python --graders otter --rows 33 34 35     # a part

nbgrader grades each attack in a course of its own, followed by one harmless neighbour, inside a guard
(`stock_nbgrader`). otter grades each by itself in the same guard (`stock_otter`), where there is a Python that has it.
Attacks that would harm this machine in spite of the guard are left out. A part replaces what was measured of it before,
and leaves the rest. Counts go to `benchmarks/results/adversarial.json` and, as a table, to
`benchmarks/results/adversarial.md`.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "adversarial"), str(ROOT)]

from adversarial_table import GRADERS, ROWS, SECOND_TWINS, Count, before, write  # noqa: E402
from attacks import ATTACKS, Attack, Targets  # noqa: E402
from attacks.attack import POINTS  # noqa: E402
from attacks.spelling import PAIRS, alike  # noqa: E402
from hostile_class import (  # noqa: E402
    NEIGHBOUR,
    SAID_ON_SUCCESS,
    HostileClass,
    Listeners,
    graded_class,
)
from page_check import dangers  # noqa: E402
from stock_nbgrader import LAST, SOURCE, StockResult, grade, make_template  # noqa: E402
from stock_otter import grade as grade_by_otter  # noqa: E402
from stock_otter import make_autograder, version_of  # noqa: E402

from gradus.notebook.form import read  # noqa: E402

LEAKED, GOT_OUT = SAID_ON_SUCCESS
_REFUSED = "no student id"  # right answers of a student whose name we refuse are no unearned marks elsewhere
# Not even in a guard: the fork bombs and what fills memory in forty processes at once.
LEFT_OUT = ("fork-bomb", "many-processes-allocate", "a-million-cells")
# Of two twins the second one is graded to be compared with the first, and counts with it.
TWIN_OF = {first.student: second for first, second in PAIRS.values()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Count what hostile notebooks get, from other graders and from ours.")
    parser.add_argument("--per-row", type=int, default=2, help="attacks of each row that the others grade")
    parser.add_argument("--workers", type=int, default=2, help="of their runs at once")
    parser.add_argument("--graders", nargs="+", choices=GRADERS, default=GRADERS, help="who grades now")
    parser.add_argument("--rows", nargs="+", type=int, default=list(ROWS), help="of the catalogue")
    parser.add_argument("--most-seconds", type=float, default=float("inf"), help="of another grader; then none begins")
    parser.add_argument("--otter", type=Path, help="a Python that has otter-grader")
    options = parser.parse_args()
    found = version_of(options.otter)
    measured: dict[str, dict[str, Count]] = {}
    chosen = [attack for attack in _chosen(options.per_row) if attack.row in options.rows]
    how_long = options.workers, options.most_seconds
    with tempfile.TemporaryDirectory(prefix="gradus-adversarial-") as folder:
        Path(folder).chmod(0o755)
        others = Path(folder) / "others"
        if "nbgrader" in options.graders:
            measured["nbgrader"] = Others(others / "nbgrader", None).count(chosen, *how_long)
        if "otter" in options.graders and found != "not installed":
            measured["otter"] = Others(others / "otter", options.otter).count(chosen, *how_long)
        if "gradus" in options.graders:
            ours = [attack for attack in ATTACKS if attack.row in options.rows]
            measured["gradus"] = _through_gradus(Path(folder) / "ours", ours)
    earlier = before().get("versions", {}).get("otter-grader", found)
    write(measured, found if "otter" in measured else earlier)
    return 0


def _chosen(per_row: int) -> list[Attack]:
    chosen: Counter[int] = Counter()
    found = []
    for attack in ATTACKS:
        is_left_out = attack.name.startswith(LEFT_OUT) or attack.student in SECOND_TWINS
        if chosen[attack.row] < per_row and not is_left_out:
            chosen[attack.row] += 1
            found.append(attack)
    return found


class Others:
    """A grader that is none of ours: nbgrader, or otter where `otter` is a Python that has it."""

    def __init__(self, folder: Path, otter: Path | None) -> None:
        folder.mkdir(mode=0o755, parents=True)
        folder.parent.chmod(0o755)
        self.folder, self.otter, self.name = folder, otter, "otter" if otter else "nbgrader"
        self.template = make_template(folder)
        self.released = read(self.template / "release" / "ps4" / "ps4.ipynb")
        own_cells = [cell for cell in self.released["cells"] if cell["metadata"].get("nbgrader")]
        self.neighbour = json.dumps(self.released | {"cells": own_cells}).encode()
        loot = folder / "nothing"
        loot.mkdir()
        nobody = Targets(loot, (loot / "secret.txt",), loot, 0, "")
        self.usual: Counter[str] = Counter()
        if otter:
            self.autograder = make_autograder(folder / "autograder", otter)
        else:
            self.usual = Counter(dangers(grade(self.template, folder / "usual", None, nobody, self.neighbour).page))

    def count(self, attacks: list[Attack], workers: int, most_seconds: float) -> dict[str, Count]:
        self.until = time.monotonic() + most_seconds
        with ThreadPoolExecutor(workers) as threads:
            return dict(filter(None, threads.map(self._one, attacks)))

    def _one(self, attack: Attack) -> tuple[str, Count] | None:
        if time.monotonic() > self.until:
            return None
        result, count = self._graded(attack)
        twin = TWIN_OF.get(attack.student)
        if twin is not None and alike(result.page, attack) != alike(self._graded(twin)[0].page, twin):
            count.leak = True
            count.reasons.append("leak: the twin's page is another")
        print(f"{self.name}  {attack.student}: {', '.join(count.reasons) or 'held'}", flush=True)
        return attack.student, count

    def _graded(self, attack: Attack) -> tuple[StockResult, Count]:
        own = self.folder / secrets.token_hex(4)
        canaries = {name: f"CANARY-{name}-{secrets.token_hex(8)}" for name in ("home", "neighbour")}
        home, loot = own / "home", own / "loot"
        for made in (home, loot):
            made.mkdir(parents=True)
        loot.chmod(0o777)
        (home / "secret.txt").write_text(canaries["home"])
        root = own / "course"
        other = root / "submitted" / LAST / "ps4" / "ps4.ipynb"
        listeners = Listeners()
        secrets_ = (home / "secret.txt", home, root / "gradebook.db", root, other, SOURCE.parent)
        targets = Targets(loot, secrets_, other, listeners.port, listeners.abstract)
        essay = self.neighbour.replace(b"YOUR ANSWER HERE", canaries["neighbour"].encode())
        try:
            if self.otter:
                result = grade_by_otter(self.autograder, self.otter, root, self.released, attack, targets)
            else:
                result = grade(self.template, root, attack, targets, essay)
        finally:
            listeners.close()
        wrote = [path.name for path in loot.iterdir()]
        count = _stock_count(attack, result, canaries, self.usual, listeners.calls, wrote)
        shutil.rmtree(own, ignore_errors=True)
        return result, count


def _stock_count(
    attack: Attack,
    result: StockResult,
    canaries: dict[str, str],
    usual: Counter[str],
    calls: list[str],
    loot: list[str],
) -> Count:
    """`usual` is what nbgrader's own page loads and runs for everyone; it is not counted, nor are the hidden tests that
    it shows to everyone."""
    unearned = [
        f"{name}: {mark:g}, {attack.earned[name]:g} earned"
        for name, mark in result.marks.items()
        if mark > attack.earned[name] and not (attack.right and attack.problem == _REFUSED)
    ]
    ungraded = [f"{name}: waits for a person" for name in result.by_hand]
    ungraded += [] if result.marks or result.by_hand else ["no marks at all"]
    lost = [f"{name}: lost" for name, mark in result.marks.items() if attack.exactly and mark < attack.earned[name]]
    leaked = [f"leak: {name}" for name, canary in canaries.items() if canary in result.seen]
    leaked += ["leak: hidden inputs"] if LEAKED in result.seen else []
    host = [*calls, *(f"wrote {name}" for name in loot), *(f"left running: {line[:60]}" for line in result.left)]
    host += ["reached what it should not"] if GOT_OUT in result.seen else []
    host += ["had to be ended by the guard"] if result.ended_by_guard else []
    acts = list((Counter(dangers(result.page)) - usual).elements())[:1]
    aborted = [] if result.neighbour_graded or result.ended_by_guard else ["the next student was not graded"]
    reasons = [*unearned, *ungraded, *lost, *leaked, *host, *acts, *aborted]
    kinds = (unearned, ungraded, lost, aborted, leaked, host, acts)
    return Count(*(bool(found) for found in kinds), reasons, round(result.outcome.seconds, 1))


def _through_gradus(folder: Path, chosen: list[Attack]) -> dict[str, Count]:
    folder.mkdir(mode=0o755)
    with graded_class(folder, chosen) as graded:
        shared = [*graded.calls, *graded.loot, *graded.outcome.left]  # nobody can say whose they are
        counts = {student: _our_count(attack, graded, shared) for student, attack in graded.attacks.items()}
        for first, second in (pair for pair in PAIRS.values() if pair[0].student in counts):
            pages = [alike(graded.page(twin.student) or "", twin) for twin in (first, second)]
            counts[first.student].leak |= pages[0] != pages[1]
        return counts


def _our_count(attack: Attack, graded: HostileClass, shared: list[str]) -> Count:
    result = graded.result(attack.student)
    marks = {name: result["marks"][name] for name in POINTS}
    unearned = [name for name, mark in marks.items() if mark is not None and mark > attack.earned[name]]
    ungraded = [name for name, mark in marks.items() if mark is None]
    lost = [name for name, mark in marks.items() if attack.exactly and (mark or 0) < attack.earned[name]]
    seen = graded.seen_by(attack.student)
    leaked = [word for word in (*graded.canaries.values(), *SAID_ON_SUCCESS, *graded.hidden_lines) if word in seen]
    acts = dangers(graded.page(attack.student) or "")
    aborted = [] if graded.result(NEIGHBOUR)["state"] == "graded" and graded.outcome.status == 0 else ["the run failed"]
    reasons = [*unearned, *ungraded, *lost, *leaked, *shared, *acts, *aborted]
    kinds = (unearned, ungraded, lost, aborted, leaked, shared, acts)
    took = sum(result.get("seconds", {}).get(phase, 0.0) for phase in ("total", "intake", "judge", "keep"))
    return Count(*(bool(found) for found in kinds), reasons, round(took, 1))


if __name__ == "__main__":
    sys.exit(main())
