"""What hostile notebooks get from stock nbgrader and from Gradus: the same files through both, counted row by row.

    python benchmarks/adversarial.py                # two attacks of each row through nbgrader, all through Gradus
    python benchmarks/adversarial.py --per-row 99   # all through both; an hour

nbgrader grades each attack in a course of its own, followed by one harmless neighbour, inside a guard
(`stock_nbgrader`). Attacks that would harm this machine in spite of it are left out and counted as such. Counts go to
`benchmarks/results/adversarial.json` and, as a table, to `benchmarks/results/adversarial.md`.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
sys.path[:0] = [str(ROOT / "tests" / "adversarial"), str(ROOT)]

from attacks import ATTACKS, Attack, Targets  # noqa: E402
from attacks.attack import POINTS  # noqa: E402
from hostile_class import (  # noqa: E402
    NEIGHBOUR,
    SAID_ON_SUCCESS,
    HostileClass,
    Listeners,
    graded_class,
)
from page_check import dangers  # noqa: E402
from stock_nbgrader import LAST, SOURCE, StockResult, grade, make_template  # noqa: E402

from gradus.notebook.form import read  # noqa: E402

LEAKED, GOT_OUT = SAID_ON_SUCCESS
_REFUSED = "no student id"  # right answers of a student whose name we refuse are no unearned marks elsewhere
# Not even in a guard: the fork bombs and what fills memory in forty processes at once.
LEFT_OUT = ("fork-bomb", "many-processes-allocate", "a-million-cells")
ROWS = {
    1: "tags that skip a test", 2: "results shown by the tested function", 3: "a patched shell",
    4: "objects equal to everything",
    5: "patched comparisons", 6: "a patched or flooded answering function", 7: "exits and crashes", 8: "endless loops",
    9: "daemons and exit handlers", 10: "fork bombs", 11: "allocation without end", 12: "a full disk",
    13: "floods of output", 14: "hidden tests through frames, memory, history", 15: "reading other files",
    16: "exceptions that carry hidden inputs", 17: "the network", 18: "pickles", 19: "modules that shadow libraries",
    20: "scripts in outputs and text", 21: "duplicate labels, flipped flags", 22: "deleted and edited tests",
    23: "broken and odd files", 24: "giant files", 25: "links, pipes, devices, archives", 26: "forged metadata",
    27: "hard-coded cases", 28: "patched clocks and generators", 29: "odd student names", 30: "slow on purpose",
    31: "signals to others", 32: "global state",
}  # fmt: skip


@dataclass
class Count:
    """What happened to one attack; the reasons are for who reads the JSON."""

    unearned: bool
    ungraded: bool  # no mark, or an autograded question that waits for a person, and no reason given to the student
    lost: bool  # marks of right answers were lost
    aborted: bool  # students after this one were not graded
    leak: bool
    host: bool
    page: bool  # a feedback page that acts on its reader
    reasons: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description="Count what hostile notebooks get, from nbgrader and from Gradus.")
    parser.add_argument("--per-row", type=int, default=2, help="attacks of each row that nbgrader grades")
    parser.add_argument("--workers", type=int, default=2, help="of nbgrader's courses at once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradus-adversarial-") as folder:
        Path(folder).chmod(0o755)
        stock = _through_nbgrader(Path(folder) / "stock", options.per_row, options.workers)
        ours = _through_gradus(Path(folder) / "ours")
    _write(stock, ours)
    return 0


def _chosen(per_row: int) -> list[Attack]:
    chosen: Counter[int] = Counter()
    found = []
    for attack in ATTACKS:
        if chosen[attack.row] < per_row and not attack.name.startswith(LEFT_OUT):
            chosen[attack.row] += 1
            found.append(attack)
    return found


def _through_nbgrader(folder: Path, per_row: int, workers: int) -> dict[str, Count]:
    folder.mkdir(mode=0o755)
    template = make_template(folder)
    released = read(template / "release" / "ps4" / "ps4.ipynb")
    neighbour = json.dumps(
        released | {"cells": [c for c in released["cells"] if c["metadata"].get("nbgrader")]}
    ).encode()
    loot = folder / "nothing"
    loot.mkdir()
    nobody = Targets(loot, (loot / "secret.txt",), loot, 0, "")
    usual = Counter(dangers(grade(template, folder / "usual", None, nobody, neighbour).page))

    def one(attack: Attack) -> tuple[str, Count]:
        own = folder / secrets.token_hex(4)
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
        essay = neighbour.replace(b"YOUR ANSWER HERE", canaries["neighbour"].encode())
        try:
            result = grade(template, root, attack, targets, essay)
        finally:
            listeners.close()
        count = _stock_count(attack, result, canaries, usual, listeners.calls, [path.name for path in loot.iterdir()])
        shutil.rmtree(own, ignore_errors=True)
        print(f"nbgrader  {attack.student}: {', '.join(count.reasons) or 'held'}", flush=True)
        return attack.student, count

    with ThreadPoolExecutor(workers) as threads:
        return dict(threads.map(one, _chosen(per_row)))


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
    return Count(*(bool(found) for found in (unearned, ungraded, lost, aborted, leaked, host, acts)), reasons)


def _through_gradus(folder: Path) -> dict[str, Count]:
    folder.mkdir(mode=0o755)
    with graded_class(folder) as graded:
        shared = [*graded.calls, *graded.loot, *graded.outcome.left]  # nobody can say whose they are
        return {student: _our_count(attack, graded, shared) for student, attack in graded.attacks.items()}


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
    return Count(*(bool(found) for found in (unearned, ungraded, lost, aborted, leaked, shared, acts)), reasons)


KINDS = ("unearned", "ungraded", "lost", "aborted", "leak", "host", "page")


def _write(stock: dict[str, Count], ours: dict[str, Count]) -> None:
    RESULTS.mkdir(exist_ok=True)
    versions = {name: version(name) for name in ("nbgrader", "torch", "gradus-course")}
    content = {
        "versions": versions,
        "nbgrader": {name: asdict(count) for name, count in stock.items()},
        "gradus": {name: asdict(count) for name, count in ours.items()},
    }
    (RESULTS / "adversarial.json").write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")
    (RESULTS / "adversarial.md").write_text(_table(stock, ours))
    print(_table(stock, ours))


def _table(stock: dict[str, Count], ours: dict[str, Count]) -> str:
    """Both graders' counts, row by row, over the attacks that both graded."""
    row_of = {attack.student: attack.row for attack in ATTACKS}
    head = ["technique", "attacks", *KINDS]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    sums: Counter[str] = Counter()
    for row, what in ROWS.items():
        both = [name for name in stock if row_of[name] == row and name in ours]
        cells = []
        for kind in KINDS:
            theirs, own = (sum(getattr(of[name], kind) for name in both) for of in (stock, ours))
            sums[f"{kind} stock"] += theirs
            sums[f"{kind} ours"] += own
            cells.append(f"{theirs} / {own}")
        lines.append(f"| {what} | {len(both)} | {' | '.join(cells)} |")
    total = [f"{sums[f'{kind} stock']} / {sums[f'{kind} ours']}" for kind in KINDS]
    lines.append(f"| **all** | {len(stock)} | {' | '.join(total)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
