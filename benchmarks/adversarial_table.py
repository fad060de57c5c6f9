"""What was counted of hostile notebooks: kept, part by part, and drawn as a table."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attacks import ATTACKS
from attacks.spelling import PAIRS

RESULTS = Path(__file__).resolve().parent / "results"
GRADERS = ("nbgrader", "otter", "gradus")
SECOND_TWINS = {second.student for _, second in PAIRS.values()}  # graded to be compared with the first
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
    31: "signals to others", 32: "global state", 33: "shown text that parsers are slow at",
    34: "answers that are slow to read", 35: "hidden inputs spelt by how answers fail",
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
    seconds: float | None = None  # of the whole run of it, and of its neighbour where one is graded with it


KINDS = ("unearned", "ungraded", "lost", "aborted", "leak", "host", "page")


def before() -> dict[str, Any]:
    path = RESULTS / "adversarial.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def write(measured: dict[str, dict[str, Count]], otter: str) -> None:
    """Add what was measured now to what was before, and draw the table."""
    RESULTS.mkdir(exist_ok=True)
    earlier, known = before(), {attack.student for attack in ATTACKS}
    now = datetime.now(UTC).date().isoformat()
    content: dict[str, Any] = {
        "versions": {name: version(name) for name in ("nbgrader", "torch", "gradus-course")} | {"otter-grader": otter},
        "measured": earlier.get("measured", {}) | dict.fromkeys(measured, now),
    }
    for grader in GRADERS:
        counts = earlier.get(grader, {}) | {name: asdict(one) for name, one in measured.get(grader, {}).items()}
        content[grader] = {name: count for name, count in counts.items() if name in known}
    (RESULTS / "adversarial.json").write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")
    (RESULTS / "adversarial.md").write_text(table(content))
    print(table(content))


def table(content: dict[str, Any]) -> str:
    """The graders' counts, row by row, over the attacks that another grader was given, too; where none was, ours alone.

    A dash stands where a grader was given none.
    """
    graders = [grader for grader in GRADERS if content[grader]]
    of_row: dict[int, list[str]] = {row: [] for row in ROWS}
    for attack in ATTACKS:
        if attack.student in content["gradus"] and attack.student not in SECOND_TWINS:
            of_row[attack.row].append(attack.student)
    for row, names in of_row.items():
        shared = [name for name in names if any(name in content[grader] for grader in graders if grader != "gradus")]
        of_row[row] = shared or names
    head = ["technique", "attacks", *KINDS]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]

    def line(what: str, names: list[str]) -> str:
        given = [[content[grader][name] for name in names if name in content[grader]] for grader in graders]
        cells = [[str(len(counts)) if counts else "–" for counts in given]]
        cells += [[str(sum(one[kind] for one in counts)) if counts else "–" for counts in given] for kind in KINDS]
        return f"| {' | '.join([what, *(' / '.join(cell) for cell in cells)])} |"

    lines += [line(what, of_row[row]) for row, what in ROWS.items()]
    lines += [line("**all**", [name for names in of_row.values() for name in names]), ""]
    versions = {"nbgrader": content["versions"]["nbgrader"], "otter": content["versions"]["otter-grader"]}
    order = [f"{grader} {versions[grader]}" if grader in versions else "Gradus" for grader in graders]
    lines.append(f"In each cell: {' / '.join(order)}{'' if content['otter'] else '; otter was not installed'}.")
    for grader, name in zip(graders, order, strict=True):
        took = [count["seconds"] for count in content[grader].values() if count.get("seconds") is not None]
        if took:
            seconds = f"{statistics.median(took):.1f} seconds at the median, {max(took):.0f} at most"
            lines.append(f"{name}, {content['measured'][grader]}: {seconds} ({len(took)} runs).")
    return "\n".join(lines) + "\n"
