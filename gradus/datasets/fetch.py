"""Bring a data set into the user's cache folder, verified, from the nearest place that has it.

The chain, for each file that the cache lacks: an archive that somebody put into the cache folder, the folder of the
system package, that package downloaded with apt (no root needed), the mirrors. Each file is unpacked beside its final
name, checked, and moved into place in one step: two processes may do it at once, and one that is killed leaves nothing
that could be taken for the data.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from gradus.datasets.catalog import DataFile, DataSet
from gradus.errors import GradusError

_LEFTOVER_AGE = 3600  # seconds after which an unfinished file belongs to no running process
_APT_SECONDS = 300
_MIRROR_SECONDS = 30
_AT_FIRST = os.environ.get("GRADUS_DATA")  # what a notebook does to its environment later hides no data


def cache_folder() -> Path:
    """Where the data lies: `$GRADUS_DATA`, else the user's cache folder for `gradus`."""
    chosen = os.environ.get("GRADUS_DATA")
    if chosen:
        return Path(chosen).expanduser().resolve()
    try:
        import platformdirs
    except ImportError:  # a notebook service that has torch and little else
        return Path.home() / ".cache" / "gradus"
    return Path(platformdirs.user_cache_dir("gradus"))


def data_folder(data: DataSet) -> Path:
    """The folder that holds the unpacked files of `data`.

    A notebook that points `GRADUS_DATA` to another folder, such as one on its own drive, finds there what it has put
    there; what is not there, and was where this Python was started, is read from where it was.
    """
    folder = cache_folder() / data.folder
    at_first = Path(_AT_FIRST) / data.folder if _AT_FIRST else folder
    return at_first if at_first != folder and _missing(folder, data) and not _missing(at_first, data) else folder


def missing_files(data: DataSet, verify: bool = False) -> list[DataFile]:
    """The files that the cache lacks or holds in the wrong size (with `verify`, with the wrong content)."""
    return _missing(data_folder(data), data, verify)


def _missing(folder: Path, data: DataSet, verify: bool = False) -> list[DataFile]:
    return [file for file in data.files if not _is_whole(folder / file.name, file, verify)]


def fetch(
    data: DataSet, verify: bool = False, say: Callable[[str], None] = lambda line: None, download: bool = True
) -> Path:
    """Make sure that every file of `data` is in the cache.

    Args:
        data: an entry of `gradus.datasets.catalog`.
        verify: read the files that are there already and replace damaged ones; without it only sizes are compared.
        say: called with one line for each place that is tried.
        download: whether to look beyond this machine, too.

    Returns:
        The folder that holds the files.

    Raises:
        GradusError: no place had the data; the message names the files and where to put them.
    """
    folder = data_folder(data)
    wanted = missing_files(data, verify)
    if not wanted:
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        troubles = []
        for source, archives in _sources(data, folder, download):
            say(f"{data.name}: {source}")
            for file in list(wanted):
                try:
                    _install(archives(file.name + ".gz"), file, folder)
                    wanted.remove(file)
                except (LookupError, EOFError, zlib.error, gzip.BadGzipFile) as trouble:
                    troubles.append(f"{source}: {trouble}")
                    break  # the next file will not be there either
            if not wanted:
                return folder
    except OSError as error:
        raise GradusError(
            f"{data.name}: cannot write to {folder} ({error.strerror or error}); free some space or point GRADUS_DATA "
            "to another folder."
        ) from error
    names = ", ".join(file.name + ".gz" for file in wanted)
    raise GradusError(
        f"{data.name}: not found anywhere ({'; '.join(troubles)}). Put {names} into {folder}, or set GRADUS_DATA to a "
        f"folder that holds {data.folder}/; on Debian and Ubuntu, `apt install {data.system_package}` is enough."
    )


def _sources(data: DataSet, folder: Path, download: bool) -> Iterator[tuple[str, Callable[[str], bytes]]]:
    """Each place to look, and a function from an archive's name to its bytes (LookupError when it is not there)."""
    yield f"archives in {folder}", lambda name: _read(folder / name)
    yield data.system_folder, lambda name: _read(Path(data.system_folder) / name)
    if not download:
        return
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        with tempfile.TemporaryDirectory(prefix="gradus-data-") as scratch:
            unpacked: dict[str, Path] = {}

            def from_package(name: str) -> bytes:
                if not unpacked:
                    unpacked["root"] = _unpack_system_package(data, Path(scratch))
                return _read(unpacked["root"] / data.system_folder.lstrip("/") / name)

            yield f"the system package {data.system_package}", from_package
    for mirror in data.mirrors:
        yield mirror, lambda name, mirror=mirror: _download(mirror + name)  # type: ignore[misc]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise LookupError(f"no {path.name}") from None


def _unpack_system_package(data: DataSet, scratch: Path) -> Path:
    """Download the package with apt and unpack it below `scratch`; needs no root."""
    try:
        subprocess.run(
            ["apt-get", "download", "--quiet", data.system_package],
            cwd=scratch, check=True, capture_output=True, timeout=_APT_SECONDS,
        )  # fmt: skip
        package = next(scratch.glob("*.deb"))
        root = scratch / "root"
        subprocess.run(
            ["dpkg-deb", "--extract", str(package), str(root)],
            check=True, capture_output=True, timeout=_APT_SECONDS,
        )  # fmt: skip
    except (subprocess.SubprocessError, StopIteration, OSError):
        raise LookupError("apt does not have it") from None
    return root


def _download(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_MIRROR_SECONDS, context=_certificates()) as answer:
            return answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise LookupError(f"cannot be reached ({type(error).__name__})") from None


def _certificates() -> ssl.SSLContext:
    try:
        import certifi  # macOS: Python from python.org knows no certificates of its own
    except ImportError:
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())


def _install(archive: bytes, file: DataFile, folder: Path) -> None:
    """Unpack `archive` to `folder / file.name`, in one step that other processes see whole or not at all."""
    content = gzip.decompress(archive)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise LookupError(f"{file.name}.gz is damaged (its checksum is wrong)")
    handle, part = tempfile.mkstemp(dir=folder, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(folder / file.name)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _is_whole(path: Path, file: DataFile, verify: bool) -> bool:
    try:
        if path.stat().st_size != file.size:
            return False
        if not verify:
            return True
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def _remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of processes that were killed."""
    for part in folder.glob(".part-*"):
        try:
            if time.time() - part.stat().st_mtime > _LEFTOVER_AGE:
                part.unlink()
        except FileNotFoundError:
            continue  # its process has just finished
