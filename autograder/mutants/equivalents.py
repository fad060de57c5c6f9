"""Mutants that are right: what the last section of a question's file of variants lists, with a reason for each.

## Equivalent

- `covariance`: `centred = X - X.mean(dim=0)` → `centred = X.mean(dim=0) - X`: both signs change, and cancel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from autograder.misconceptions.pages import Page
from autograder.mutants.mutants import Mutant


@dataclass(frozen=True)
class Equivalent:
    """A mutant by where it is, what was there and what is there now; `line` is that of the file."""

    where: str
    was: str
    now: str
    reason: str
    line: int

    def is_of(self, mutant: Mutant) -> bool:
        return (self.where, self.was, self.now) == (mutant.where, mutant.was, mutant.now)


def equivalents_of(page: Page) -> list[Equivalent]:
    """What one file lists.

    Raises:
        GradusError: an entry is not written as above.
    """
    return [_read(page, item) for item in page.equivalent]


def unknown(page: Page, mutants: Iterable[Mutant]) -> list[str]:
    """A sentence for each entry of a file whose mutant is not made any more."""
    mutants = list(mutants)
    return [
        f"{page.path}, line {each.line}: no mutant of {page.question} is `{each.now}` where `{each.was}` was; the "
        "solution has changed, so take this out or write it anew."
        for each in equivalents_of(page)
        if not any(each.is_of(mutant) for mutant in mutants)
    ]


def _read(page: Page, item: SyntaxTreeNode) -> Equivalent:
    line = item.map[0] + 1 if item.map else 1
    parts = [part for child in item.children if child.type == "paragraph" for part in child.children[0].children]
    codes = [part.content for part in parts[:5:2]]
    between = [part.content.strip() for part in parts[1:4:2]]
    reason = "".join(_text(part) for part in parts[5:]).strip()
    if len(parts) < 6 or between not in ([":", "→"], [":", "->"]) or not reason.startswith(": "):
        raise page.error(line, "write an entry as - `function`: `was` → `is now`: why that is right.")
    return Equivalent(codes[0], codes[1], codes[2], reason[2:], line)


def _text(part: SyntaxTreeNode) -> str:
    return f"`{part.content}`" if part.type == "code_inline" else part.content or " "
