"""The leaderboard of a problem set that has one: for programs as JSON, for people as a page. It names nobody.

`leaderboard/<problem set>.json` and `.md` in the course folder. A network goes by the name that its student chose.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.files.writing import write_whole
from autograder.records.report import Report

NO_NAME = "(no name)"


def write_leaderboard(course: Course, report: Report) -> Path | None:
    """Write both files, if a submission of this report has a place on a leaderboard. Returns the page's path."""
    rows = rows_of(report)
    if not rows:
        return None
    folder = course.root / "leaderboard"
    images = max(result.standing.get("images", 0) for result in report.results)
    whole = {"problem_set": report.assignment, "images": images, "rows": rows}
    write_whole(folder / f"{report.assignment}.json", (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
    page = folder / f"{report.assignment}.md"
    write_whole(page, _page(report.assignment, images, rows).encode())
    return page


def rows_of(report: Report) -> list[dict[str, Any]]:
    """Best first: rank, name, accuracy, error_bar, cpu_seconds, parameters. Who are equally good share a rank."""
    placed = [result for result in report.results if "accuracy" in result.standing]
    placed.sort(key=lambda result: (-result.standing["accuracy"], result.standing.get("cpu_seconds", 0.0)))
    students = {result.student.casefold() for result in report.results}
    taken: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for number, result in enumerate(placed, 1):
        stands = result.standing
        equal = bool(rows) and rows[-1]["accuracy"] == stands["accuracy"]
        rows.append(
            {
                "rank": rows[-1]["rank"] if equal else number,
                "name": _name(stands.get("name", ""), students, taken),
                "accuracy": stands["accuracy"],
                "error_bar": stands["error_bar"],
                "cpu_seconds": stands.get("cpu_seconds"),
                "parameters": stands.get("parameters"),
            }
        )
    return rows


def _name(chosen: str, students: set[str], taken: Counter[str]) -> str:
    """The chosen name, with a number behind the second of a kind; none that is a student's in this course."""
    if not chosen or chosen.casefold() in students:
        return NO_NAME
    taken[chosen.casefold()] += 1
    return f"{chosen} {taken[chosen.casefold()]}" if taken[chosen.casefold()] > 1 else chosen


def _page(name: str, images: int, rows: list[dict[str, Any]]) -> str:
    first = rows[0]
    close = sum(first["accuracy"] - row["accuracy"] < first["error_bar"] for row in rows) - 1
    lines = [
        f"# Leaderboard of {name}",
        "",
        f"Accuracy on {images:,} held-out images. ± is two standard errors: on other images of this kind the accuracy",
        f"lies within, 95 times of 100. Networks that are as close to the first: {close}.",
        "",
        "| rank | network | accuracy | CPU seconds | parameters |",
        "|---:|---|---:|---:|---:|",
    ]
    for row in rows:
        accuracy = f"{row['accuracy']:.2%} ± {row['error_bar']:.2%}"
        seconds = "" if row["cpu_seconds"] is None else f"{row['cpu_seconds']:.0f}"
        parameters = "" if row["parameters"] is None else f"{row['parameters']:,}"
        lines.append(f"| {row['rank']} | {row['name']} | {accuracy} | {seconds} | {parameters} |")
    return "\n".join(lines) + "\n"
