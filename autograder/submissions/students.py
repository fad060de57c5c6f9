"""Students' names as folders write them: which can be recorded, and which two are the same."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

_LONGEST = 100
_FIRST = r"[^\W_]|['\N{RIGHT SINGLE QUOTATION MARK}](?=[^\W_])"  # 't Hooft
_OTHERS = re.compile(r"[\w .@+,&()'’‘ʼ`´·・׳״\-‌‍]")  # the last two join letters, in Persian and Hindi
_JUNK = re.compile(r"\.(?!\.?$).*|__macosx|thumbs\.db|desktop\.ini|icon\r|~\$.*|\$recycle\.bin", re.IGNORECASE)


def student_of(folder_name: str) -> str:
    """The name under which a folder's student is recorded: as it looks, however its accents are written.

    A Mac writes `é` as two characters, others as one; both are the same student.
    """
    return unicodedata.normalize("NFC", folder_name)


def is_name(student: str) -> bool:
    """Whether nbgrader's gradebook, folders and pages can hold a student of this name."""
    if not 0 < len(student) <= _LONGEST or not re.match(_FIRST, student) or student != student.strip():
        return False
    return all(_OTHERS.fullmatch(one) or unicodedata.category(one) in ("Mn", "Mc", "Pd") for one in student)


def is_junk(name: str) -> bool:
    """Whether a file or folder was left by a system or an editor, not by a student: `__MACOSX`, `._ps4.ipynb`."""
    return _JUNK.fullmatch(name) is not None


def folders_of(submitted: Path, student: str) -> list[Path]:
    """The folders of one student: more than one when a name is there in two Unicode forms."""
    own = submitted / student
    if student.isascii():
        return [own]
    found = [entry for entry in _entries(submitted) if student_of(entry) == student]
    return [submitted / entry for entry in sorted(found, key=lambda entry: (entry != student, entry))] or [own]


def _entries(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
