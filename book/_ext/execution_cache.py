"""Keep executed chapters in a cache whose folder is named after everything that can change what they print.

jupyter-cache knows a notebook by its code cells alone: a chapter that imports `gradus` would be served with yesterday's
outputs after `gradus` changed. So the folder's name carries a hash of the library, the pinned versions and the data's
checksums (constants of `gradus`, which checks the files against them), and of the Python and the torch that run. The
rest of pyproject.toml, which is about lint and tests, is not in it: no chapter need run again for that.
`tools/execute_chapters.py` fills the folder; as a Sphinx extension this module tells myst-nb to read from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

PREFIX = ".jupyter_cache-"
LOCK = "requirements.txt"
# Not in requirements.txt: which build is installed depends on the machine.
UNPINNED = ("torch", "torchvision")
# A maintainer who goes back and forth between two branches finds both caches again.
KEPT = 3


def library_files(root: Path) -> list[Path]:
    """Every file of the student library, data checksums and styles included, in a fixed order."""
    files = (root / "gradus").rglob("*")
    return sorted(path for path in files if path.is_file() and path.suffix != ".pyc")


def neighbour_files(root: Path) -> list[Path]:
    """Every file beside the chapters that one of them could read: a table, a picture, a module of its own."""
    files = (root / "book").rglob("*")
    return sorted(
        path
        for path in files
        if path.is_file()
        and path.suffix not in (".ipynb", ".md", ".pyc")
        and path.name not in ("references.bib", "course-map.tsv")  # the site's own
        and not any(part.startswith(("_", ".")) for part in path.relative_to(root).parts)
    )


def hash_files(root: Path, files: list[Path], facts: list[str]) -> str:
    """SHA-256 of names and contents of `files` and of `facts`; a file that is missing counts as missing."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b"missing"
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    return digest.hexdigest()


def installed(package: str) -> str:
    """`name==version` as installed here, so that another build of torch gets another cache."""
    try:
        return f"{package}=={version(package)}"
    except PackageNotFoundError:
        return f"{package} missing"


def pins(root: Path) -> str:
    """What pyproject.toml pins, as JSON."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return json.dumps(project["tool"]["gradus"]["pins"], sort_keys=True)


def fingerprint(root: Path) -> str:
    """What the outputs of every chapter depend on besides its own cells, in 16 hexadecimal digits."""
    facts = [f"python {sys.version_info.major}.{sys.version_info.minor}", *map(installed, UNPINNED), pins(root)]
    return hash_files(root, [*library_files(root), *neighbour_files(root), root / LOCK], facts)[:16]


def cache_folder(root: Path) -> Path:
    """The folder that holds the executed chapters of the book in `root`; it need not exist yet."""
    return root / "_build" / f"{PREFIX}{fingerprint(root)}"


def remove_old_caches(root: Path) -> list[Path]:
    """Delete all but the newest few caches and never the current one; return the deleted folders."""
    current = cache_folder(root)
    others = [folder for folder in (root / "_build").glob(f"{PREFIX}*") if folder != current]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder)
    return others[KEPT - 1 :]


def use_cache_folder(app: Sphinx, config: Config) -> None:
    config.nb_execution_cache_path = str(cache_folder(Path(app.srcdir)))


def setup(app: Sphinx) -> dict[str, object]:
    os.environ.setdefault("GRADUS_QUIET", "1")  # chapters that myst-nb itself executes print no progress either
    app.connect("config-inited", use_cache_folder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
