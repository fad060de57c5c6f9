"""The marked regions of an nbgrader source cell: a solution, a hidden test, a guide for whoever marks by hand."""

from __future__ import annotations

import re

SOLUTION = "SOLUTION"
HIDDEN = "HIDDEN TESTS"
GUIDE = "MARK SCHEME"
_NEARLY = re.compile(r"\b(BEG[A-Z]*|END)\b.{0,3}\b(HID|SOL|MARK|TEST)[A-Z]*", re.IGNORECASE)


class RegionError(Exception):
    """Markers that do not pair; the message names the cure."""


def regions(text: str, kind: str) -> list[str]:
    """The regions of a kind (SOLUTION, HIDDEN, GUIDE) in a cell's source, without their markers.

    Raises:
        RegionError: a marker without its partner.
    """
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if f"BEGIN {kind}" in line:
            if inside:
                raise RegionError(
                    f"### BEGIN {kind} stands inside such a region; end the first one with ### END {kind}."
                )
            inside = True
            found.append([])
        elif f"END {kind}" in line:
            if not inside:
                raise RegionError(f"### END {kind} has no ### BEGIN {kind} before it; add it or take this one out.")
            inside = False
        elif inside:
            found[-1].append(line)
    if inside:
        raise RegionError(f"### BEGIN {kind} is never closed; add ### END {kind}.")
    return ["\n".join(lines) for lines in found]


def without(text: str, kind: str, stub: str) -> str:
    """A cell's source with each region of a kind replaced by `stub`, indented as its first marker is."""
    kept, inside = [], False
    for line in text.splitlines():
        if f"BEGIN {kind}" in line:
            kept.append(line[: len(line) - len(line.lstrip())] + stub)
            inside = True
        elif f"END {kind}" in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def suspicious_markers(text: str) -> list[str]:
    """Comment lines that look like a marker and that nbgrader would not take for one."""
    exact = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in (SOLUTION, HIDDEN, GUIDE)]
    lines = (line.strip() for line in text.splitlines())
    return [
        line
        for line in lines
        if line.startswith("#") and _NEARLY.search(line) and not any(mark in line for mark in exact)
    ]
