"""A folder whose name means something in nbgrader's search patterns, read as it stands.

nbgrader searches with `glob` below the folders of a course, and has no option for a name with `[` or `?` in it. In its
modules `glob` is replaced by ours.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

_roots: set[str] = set()  # of the folders whose names are search patterns


def take_as_it_stands(folder: Path, *modules: ModuleType) -> None:
    """Let these modules of nbgrader's find what lies below `folder`, whatever its name is."""
    if glob.has_magic(str(folder)):
        _roots.add(str(folder))
    for module in modules:
        module.glob = SimpleNamespace(glob=_found)  # type: ignore[attr-defined]


def _found(pattern: str, **options: Any) -> list[str]:
    """`glob.glob`, which takes what stands in a course folder's own name as it is."""
    for root in _roots:
        if pattern.startswith(root + os.sep):
            below = glob.glob(pattern[len(root) + 1 :], root_dir=root, **options)  # noqa: PTH207
            return [f"{root}{os.sep}{path}" for path in below]
    return glob.glob(pattern, **options)  # noqa: PTH207
