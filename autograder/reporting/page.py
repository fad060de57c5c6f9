"""The report as one page: it loads nothing, runs nothing, and shows what students wrote as text alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.reporting.charts import bar, histogram
from autograder.reporting.class_report import ClassReport
from autograder.reporting.statistics import BINS, FEWEST
from gradus.printable import on_one_line, printable

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_LABELS = [f"{100 * place // BINS}–{100 * (place + 1) // BINS} %" for place in range(BINS)]


def page_of(report: ClassReport) -> str:
    """The page. Every text in it is escaped; one that could steer a reader's eye is made visible first."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(line=_line, code=printable, percent=_percent, number=_number, bar=bar)
    counts = report.distribution
    says = f"Students by their share of the points: {_in_words(counts)}."
    wrong = sorted((one for one in report.groups if not one.group.is_unanswered), key=lambda one: -one.group.size)
    return environment.get_template("report.html.j2").render(
        report=report,
        chart=histogram(counts, [label.removesuffix(" %") for label in _LABELS], says),
        tenths=list(zip(_LABELS, counts, strict=True)),
        by_hand=[question for question in report.questions if question.by_hand],
        nobody=[question.name for question in report.questions if question.nobody],
        everybody=[question.name for question in report.questions if question.everybody],
        wrong=[shown for shown in wrong if shown.group.size > 1],
        alone=[shown for shown in wrong if shown.group.size == 1],
        not_begun=[shown.group for shown in report.groups if shown.group.is_unanswered],
        fewest=FEWEST,
    )


def _line(text: Any) -> str:
    return on_one_line(str(text))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}".replace("-", "−")


def _in_words(counts: list[int]) -> str:
    return ", ".join(f"{count} with {label}" for label, count in zip(_LABELS, counts, strict=True) if count)
