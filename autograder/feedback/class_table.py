"""The outcome of a grading run: plain values, as JSON and as a table."""

from __future__ import annotations

from collections import Counter

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from autograder.records.report import GradedCell, Report, Result
from gradus.printable import on_one_line

_WIDEST = 100_000  # columns: wider than any table


def show(report: Report, console: Console) -> None:
    """Print the table of marks, then every stated problem by student, what was skipped, and a line that sums up.

    The table is as wide as it is: a name or a mark that is cut would be another one. On a terminal that is narrower,
    the questions come in blocks that fit.
    """
    numbers = range(len(report.questions))
    whole = _table(report, numbers)
    blocks = [numbers] if not console.is_terminal else _blocks(report, console.width)
    for table in [whole] if len(blocks) == 1 else [_table(report, block) for block in blocks]:
        _print_whole(table, console)

    names = [Text(f"{number} {question.name}") for number, question in enumerate(report.questions, 1)]
    if max((name.cell_len for name in names), default=0) <= console.width:
        console.print(Columns(names))
    else:
        console.print(*names, sep="\n", soft_wrap=True)
    if any(_waits(result, question) for result in report.results for question in report.questions):
        console.print("hand: waits to be marked by hand, in formgrader", highlight=False)
    if _is_late(report):
        console.print("late: taken off for being late; the total is what is left", highlight=False)
    console.print()
    for result in report.results:
        for problem in result.problems:
            console.print(Text(on_one_line(f"* {result.student}: {problem}")), soft_wrap=True)
    for (asked, name), count in _misconceptions(report.results).most_common():
        console.print(Text(f"{asked}: {count} with the misconception {name.replace('_', ' ')!r}"), soft_wrap=True)
    for question in report.questions:
        if said := _missing(question.name, report.results):
            console.print(Text(said), soft_wrap=True)
    for sentence in [*report.skipped, *report.notes]:
        console.print(Text(on_one_line(f"! {sentence}")), soft_wrap=True)
    stated = sum(bool(result.problems) for result in report.results)
    summary = f"{report.assignment}: {len(report.results)} graded, {stated} of them with a stated problem."
    console.print(Text(summary), soft_wrap=True)


def _table(report: Report, numbers: range) -> Table:
    """The students, their marks for some of the questions, and what they come to for all of them."""
    questions = [report.questions[number] for number in numbers]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("student", no_wrap=True)
    for number, question in zip(numbers, questions, strict=True):
        table.add_column(f"{number + 1}\n/{question.points:g}", justify="right", no_wrap=True)
    if _is_late(report):
        table.add_column("late", justify="right", no_wrap=True)
    table.add_column(f"total\n/{report.max_score:g}", justify="right", no_wrap=True)
    for result in report.results:
        marks = [_mark(result.marks[question.name], question) for question in questions]
        late = [_short(-result.late_penalty) if result.late_penalty else ""] if _is_late(report) else []
        total = f"{_short(result.score)}{'*' if result.problems else ' '}"
        table.add_row(Text(on_one_line(result.student)), *marks, *late, total)
    return table


def _is_late(report: Report) -> bool:
    return any(result.late_penalty for result in report.results)


def _blocks(report: Report, width: int) -> list[range]:
    """The questions in as few runs as fit into a width, each of one question at least."""
    blocks, first = [], 0
    while first < len(report.questions):
        end = len(report.questions)
        while end > first + 1 and _width(_table(report, range(first, end))) > width:
            end -= 1
        blocks.append(range(first, end))
        first = end
    return blocks


def _width(table: Table) -> int:
    console = Console(width=_WIDEST)
    return Measurement.get(console, console.options, table).maximum


def _print_whole(table: Table, console: Console) -> None:
    """Print at the table's own width; given a `width`, `Console.print` takes the console's if that is smaller."""
    usual = console.width
    console.width = max(usual, _width(table))
    try:
        console.print(table, crop=False, no_wrap=True)
    finally:
        console.width = usual


def _misconceptions(results: list[Result]) -> Counter[tuple[str, str]]:
    return Counter(item for result in results for item in result.misconceptions.items())


def _missing(question: str, results: list[Result]) -> str:
    """How many have the rule of a question wrong, and how many each edge alone; "" where nobody has."""
    verdicts = [result.verdicts.get(question, {}) for result in results]
    began = [verdict for verdict in verdicts if verdict.get("asked") and verdict["matched"] < verdict["asked"]]
    rule = sum(not verdict.get("has_rule", True) for verdict in began)
    edges = Counter(name for verdict in began if verdict.get("has_rule") for name in verdict.get("missing", ()))
    said = [f"{rule} with the rule wrong"] if rule else []
    said += [f"{count} right but for {name!r}" for name, count in edges.most_common()]
    return f"{question}: {', '.join(said)}" if said else ""


def _waits(result: Result, question: GradedCell) -> bool:
    """Whether an answer has still to be marked by hand."""
    return question.by_hand and result.marks[question.name] is None


def _mark(mark: float | None, question: GradedCell) -> str:
    if mark is None:
        return "hand" if question.by_hand else "-"
    return _short(mark)


def _short(mark: float) -> str:
    """With two decimals at most."""
    return f"{mark:.2f}".rstrip("0").rstrip(".")
