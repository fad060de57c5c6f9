"""The directive `kill-rates`: what the hidden tests of each question catch, as `gradus mutants` has counted it.

    ```{kill-rates}
    ```

One row a question, from `solutions/*/mutants.json`. A file that cannot be read fails the build.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOGGER = logging.getLogger(__name__)
RESULTS = "solutions/*/mutants.json"
HEADINGS = ("Set", "Question", "Misconceptions", "Mutants", "Equivalent", "Caught")


def rows_of(root: Path) -> list[tuple[str, ...]]:
    """The cells of each row, in the order of problem sets and questions, and a last row with all of them.

    Args:
        root: the folder that holds `solutions/`.

    Raises:
        ValueError: a file is none of `gradus mutants`.
    """
    rows, questions = [], []
    for path in sorted(root.glob(RESULTS)):
        try:
            for question, of in json.loads(path.read_text(encoding="utf-8")).items():
                rows.append((path.parent.name, question, *_counts([of])))
                questions.append(of)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"{path} cannot be read ({error}); run `gradus mutants {path.parent.name}`.") from None
    return [*rows, ("all", f"{len(questions)} questions", *_counts(questions))]


def _counts(of: list[dict[str, Any]]) -> tuple[str, str, str, str]:
    wrong, wrong_caught, mutants, mutants_caught, equivalent = (
        sum(each[key] for each in of)
        for key in ("misconceptions", "misconceptions_caught", "mutants", "mutants_caught", "equivalent")
    )
    share = (wrong_caught + mutants_caught) / max(wrong + mutants, 1)
    rounded = "100 %" if share == 1 else f"{min(share, 0.999):.1%}".replace("%", " %")
    return f"{wrong_caught} / {wrong}", f"{mutants_caught} / {mutants}", str(equivalent), rounded


class KillRates(SphinxDirective):
    """The table. It takes no argument and no content."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        for path in root.glob(RESULTS):
            self.env.note_dependency(str(path))
        try:
            rows = rows_of(root)
        except ValueError as error:
            LOGGER.warning("%s", error, location=self.get_location())
            return []
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in HEADINGS), cols=len(HEADINGS))
        group += nodes.thead("", _row(HEADINGS))
        group += nodes.tbody("", *(_row(row, literal=1) for row in rows[:-1]), _row(rows[-1]))
        return [nodes.table("", group, classes=["kill-rates"])]


def _row(cells: tuple[str, ...], literal: int | None = None) -> nodes.row:
    """A row; the cell whose number is `literal` is code."""
    made = nodes.row()
    for number, cell in enumerate(cells):
        text = nodes.literal(cell, cell) if number == literal else nodes.Text(cell)
        made += nodes.entry("", nodes.paragraph("", "", text))
    return made


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("kill-rates", KillRates)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
