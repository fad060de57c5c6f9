"""What a regrade would change, as a table for a terminal."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from autograder.records.plan import Move, Plan
from gradus.printable import on_one_line


def show(plan: Plan, accepted: bool, falls_accepted: bool, console: Console) -> None:
    """Print what has changed, each mark that moves, who is to be looked at, and lines that sum up.

    Args:
        accepted: whether it was written; without `falls_accepted` but for the marks that fall.
    """

    def say(text: str) -> None:
        console.print(Text(on_one_line(text)), soft_wrap=True)

    for change in plan.changes:
        say(f"* {f'{change.question}: ' if change.question else ''}{change.text}")
    if plan.moves:
        for row in _in_rows(plan):
            console.print(Text(row.rstrip()), soft_wrap=True)
    for student, why in plan.failures.items():
        say(f"! {student}: {why}")
    for note in plan.notes:
        say(f"! {note}")
    if plan.max_score[0] != plan.max_score[1]:
        say(f"Full marks: {plan.max_score[0]:g} -> {plan.max_score[1]:g}")
    counts = plan.summary
    new = f", {counts['new']} new" if counts["new"] else ""
    say(
        f"{plan.assignment}: {plan.submissions} submissions: {counts['unchanged']} unchanged, {counts['rise']} rise, "
        f"{counts['fall']} fall{new}, {counts['needs_a_person']} to be looked at by a person."
    )
    ran = plan.ran
    say(f"Run as a whole: {ran['everything']}; in part: {ran['a part']}; marked without a run: {ran['nothing']}.")
    say(_end(plan, accepted, falls_accepted))


def _end(plan: Plan, accepted: bool, falls_accepted: bool) -> str:
    falls = plan.students("falls")
    if not accepted and not plan.moves and plan.max_score[0] == plan.max_score[1]:
        return "No mark moves."
    if not accepted:
        hint = ", --accept-falls with marks that fall" if falls else ""
        return f"Nothing was written: --accept writes it{hint}."
    if falls and not falls_accepted:
        return f"Written, but for marks that fall; these stay as they were: {', '.join(falls)} (--accept-falls)."
    return "Written."


def _in_rows(plan: Plan) -> list[str]:
    """A line for each move, in columns as wide as they have to be: a mark that is cut would be another one."""
    rows = [["student", "question", "from", "to", "total", "why"]]
    shown: set[str] = set()
    for move in plan.moves:
        before, after = plan.totals[move.student]
        total = "" if move.student in shown else f"{_short(before)} -> {_short(after)}"
        shown.add(move.student)
        row = [move.student, move.question, _short(move.before), _short(move.after), total, _why(move)]
        rows.append([on_one_line(entry) for entry in row])
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(set_cell_size(entry, width) for entry, width in zip(row, widths, strict=True)) for row in rows]


def _why(move: Move) -> str:
    if move.by_hand is not None:
        return f"given by hand, {_short(move.by_hand)}, and stays; {move.why}"
    return move.why


def _short(mark: float | None) -> str:
    return "-" if mark is None else f"{mark:.2f}".rstrip("0").rstrip(".")
