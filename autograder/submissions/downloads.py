"""How Canvas, Moodle, Blackboard and Gradescope name what was handed in, and what to do with such a name.

`collecting` reads whole downloads by these patterns; a single file that lies in `submitted/` is told of here.
"""

from __future__ import annotations

import re

from gradus.printable import on_one_line

CANVAS = re.compile(r"(?P<name>[^_]+)(?:_(?P<late>LATE))?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)", re.DOTALL)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)", re.DOTALL)
BLACKBOARD = re.compile(
    r".+?_(?P<name>[^_]+)_attempt_(?P<day>\d{4}-\d\d-\d\d)-(?P<h>\d\d)-(?P<m>\d\d)-(?P<s>\d\d)(?:_(?P<file>.+)|\.txt)",
    re.DOTALL,
)
GRADESCOPE = re.compile(r"submission_\d+")
_PLATFORMS = {"Moodle": MOODLE, "Blackboard": BLACKBOARD, "Canvas": CANVAS}


def told_by_name(name: str, problem_set: str) -> str:
    """A sentence on a file or folder of a download: from where, whose, and where it goes; "" for any other name."""
    cure = "have `gradus collect` read the whole download, or move its notebook to"
    if GRADESCOPE.fullmatch(name):
        where = f"submitted/<student>/{problem_set}/{problem_set}.ipynb"
        return f"it is named by Gradescope, which does not say whose it is; {cure} {where}"
    for platform, pattern in _PLATFORMS.items():
        if found := pattern.fullmatch(name):
            student = on_one_line(found["name"].strip())
            late = ", late" if found.groupdict().get("late") else ""
            where = f"submitted/{student}/{problem_set}/{problem_set}.ipynb"
            return f"it is named by {platform}, as what {student!r} handed in{late}; {cure} {where}"
    return ""
