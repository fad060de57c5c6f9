"""What a solution changes in another one: texts for texts, or lines for lines. Each line keeps where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.misconceptions.pages import Change, Difference, Page

_SAME, _OUT, _IN = " ", "-", "+"


@dataclass(frozen=True)
class Line:
    """A line of a program, and where it comes from: a line of the Markdown file, or none of it."""

    text: str
    origin: int | None = None


def changed(page: Page, solution: Difference | tuple[Change, ...], base: list[Line]) -> list[Line]:
    """The lines of `base` with what a solution changes in them.

    Raises:
        GradusError: a change does not fit, or fits in two places.
    """
    if isinstance(solution, Difference):
        return _with_difference(page, solution, base)
    for change in solution:
        base = _with_change(page, change, base)
    return base


def _with_change(page: Page, change: Change, base: list[Line]) -> list[Line]:
    places = [number for number, line in enumerate(base) for _ in range(line.text.count(change.old))]
    if not places:
        raise page.error(change.line, f"`{change.old}` is in no line of the right solution; copy it from there.")
    if len(places) > 1:
        raise page.error(change.line, f"`{change.old}` is there {len(places)} times; take more of its line with it.")
    (place,) = places
    return [*base[:place], Line(base[place].text.replace(change.old, change.new), change.line), *base[place + 1 :]]


def _with_difference(page: Page, difference: Difference, base: list[Line]) -> list[Line]:
    hunks: list[list[tuple[str, int]]] = [[]]
    for text, line in difference.code.lines:
        if not text.strip() or text.startswith("@@"):
            hunks.append([])
        elif text[0] in (_SAME, _OUT, _IN):
            hunks[-1].append((text, line))
        else:
            raise page.error(
                line, "each line of a difference begins with a minus, a plus or a space; put one before it."
            )
    for hunk in filter(None, hunks):
        base = _with_hunk(page, hunk, base)
    return base


def _with_hunk(page: Page, hunk: list[tuple[str, int]], base: list[Line]) -> list[Line]:
    """The base with one group of neighbouring lines replaced."""
    line, old = hunk[0][1], [text[1:] for text, _ in hunk if text[0] != _IN]
    if not old:
        raise page.error(line, "nothing says where these lines go; put the line before them, with a space, above.")
    texts = [each.text for each in base]
    places = [place for place in range(len(texts) - len(old) + 1) if texts[place : place + len(old)] == old]
    if not places:
        raise page.error(line, _why_nowhere(old, texts))
    if len(places) > 1:
        raise page.error(line, f"these lines are there {len(places)} times; put more of what is around them here.")
    new, place = [], places[0]
    for text, its_line in hunk:
        if text[0] == _IN:
            new.append(Line(text[1:], its_line))
        else:
            if text[0] == _SAME:
                new.append(base[place])
            place += 1
    return [*base[: places[0]], *new, *base[places[0] + len(old) :]]


def _why_nowhere(old: list[str], texts: list[str]) -> str:
    for each in old:
        if each not in texts:
            if each.strip() in (text.strip() for text in texts):
                return f"`{each.strip()}` is indented otherwise in the right solution; keep its spaces behind the sign."
            return f"`{each.strip()}` is no line of the right solution; copy it from there."
    return "these lines do not follow each other in the right solution; leave an empty line where some are left out."
