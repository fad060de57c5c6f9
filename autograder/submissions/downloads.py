"""Whose notebook it is that a learning platform's download has named in its own way, and where it belongs."""

from __future__ import annotations

import re

from gradus.printable import on_one_line

_CANVAS = re.compile(r"(?P<student>[^_]+)(?P<late>_LATE)?_\d+_\d+_.+")
_MOODLE = re.compile(r"(?P<student>[^_]+)_\d+_assignsubmission_(?:file|onlinetext)_?.*")
_BLACKBOARD = re.compile(r".+?_(?P<student>[^_]+)_attempt_\d{4}(?:-\d\d){5}.*")
_GRADESCOPE = re.compile(r"submission_\d+")
_PLATFORMS = {"Moodle": _MOODLE, "Blackboard": _BLACKBOARD, "Canvas": _CANVAS}


def told_by_name(name: str, problem_set: str) -> str:
    """A sentence on a file or folder of a download: from where, whose, and where it goes; "" for any other name."""
    if _GRADESCOPE.fullmatch(name):
        where = f"submitted/<student>/{problem_set}/{problem_set}.ipynb"
        return f"it is named by Gradescope, which does not say whose it is; move its notebook to {where}"
    for platform, pattern in _PLATFORMS.items():
        if found := pattern.fullmatch(name):
            student = on_one_line(found["student"].strip())
            late = ", late" if found.groupdict().get("late") else ""
            where = f"submitted/{student}/{problem_set}/{problem_set}.ipynb"
            return f"it is named by {platform}, as what {student!r} handed in{late}; move its notebook to {where}"
    return ""
