"""Files of this repository, copied into a folder in which a test may change them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_files(names: Iterable[str], folder: Path) -> Path:
    """Copy files, named from the root of the repository, to the same places below a folder, which is returned."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder
