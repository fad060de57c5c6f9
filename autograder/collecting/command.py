"""What `gradus collect` prints, and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.collecting.collect import Collected
from gradus.printable import some_of


def as_dict(report: Collected) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "assignment": report.problem_set,
        "platforms": report.platforms,
        "students": report.students,
        "files": [vars(fate) for fate in report.fates],
        "late_without_time": report.late,
        "missing": report.missing,
    }


def show(report: Collected, console: Console) -> None:
    """A line for each file, then the class in numbers, and what to look at."""
    table = Table("file", "student", "what became of it", box=None)
    for fate in report.fates:
        table.add_row(fate.file, fate.student, f"{fate.state}: {fate.why}" if fate.why else fate.state)
    if report.fates:
        console.print(table, markup=False)
    counts = Counter(fate.state for fate in report.fates)
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"
    known = sorted({platform for platform in report.platforms if platform})
    named = f", named as {' and '.join(known)} does it" if known else ""
    console.print(f"{report.problem_set}: {len(report.students)} students. Files: {told}{named}.", markup=False)
    if report.late:
        console.print(
            f"Late, without a time in the download: {some_of(report.late)}. They count as in time until the time "
            "stands in a file timestamp.txt beside the notebook.",
            markup=False,
        )
    if report.missing:
        console.print(f"In the roster, and nothing handed in: {some_of(report.missing)}.", markup=False)
