"""The outer wall: what bubblewrap shows to the warm process, and `/world`, what it shows to submissions.

Everything is read-only. Of this project there are only `gradus`, `autograder.answers` and the data, under `/gradus`;
`autograder.engine.inside` is shown to the warm process alone. The labels of test data are replaced by zeros.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.engine.inside.world import SCRATCH, WORLD
from gradus.datasets.catalog import DATA_SETS
from gradus.datasets.fetch import cache_folder

Step = tuple[str, ...]  # an operation, then its arguments; see `launch`

_COURSE = "/gradus"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_STUDENT = {
    "/etc/passwd": "student:x:1000:1000:student:/scratch/home:/bin/sh\n",
    "/etc/group": "student:x:1000:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
}
# Names of test labels, and the bytes of their header: what a held-out accuracy is judged by.
_HELD_OUT = {"t10k-labels-idx1-ubyte": 8}

ENVIRONMENT = {
    "HOME": f"{SCRATCH}/home",
    "TMPDIR": f"{SCRATCH}/tmp",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "GRADUS_DATA": f"{_COURSE}/data",
    "PYTHONPATH": _COURSE,
}
# One thread, before Python starts: a fork after an OpenMP region hangs. The limit holds whatever a cell asks for.
SETTINGS = {
    "OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PAGER": "cat", "GIT_PAGER": "cat",
    "TERM": "xterm-color", "TORCHINDUCTOR_COMPILE_THREADS": "1",
    # A fork pays for every page that is touched first: large blocks come from huge pages, and stay when they are freed.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20), "MALLOC_TOP_PAD_": str(1 << 20),
}  # fmt: skip


def package_folder() -> Path:
    """The folder of `autograder`."""
    return Path(__file__).resolve().parents[2]


def plan() -> list[Step]:
    """Every step that lays out the two roots, for `launch`."""
    common = list(_common())
    outer = [*common, ("show", str(package_folder() / "engine" / "inside"), f"{_COURSE}/autograder/engine/inside")]
    outer += [("proc", "/proc"), ("dev", "/dev"), ("tmpfs", SCRATCH), ("dir", f"{SCRATCH}/home")]
    outer += [("dir", f"{SCRATCH}/tmp"), *_huge_pages()]
    # fmt: off
    world = [("tmpfs", WORLD), *(_moved(step) for step in common), *_world_only(common), ("read-only", WORLD)]
    # fmt: on
    return [*outer, *world, ("read-only", "/")]


def environment() -> dict[str, str]:
    """The whole environment inside."""
    scripts = str(Path(sys.prefix, "bin"))
    return {"PATH": f"{scripts}:/usr/local/bin:/usr/bin:/bin", **ENVIRONMENT, **SETTINGS}


def _common() -> Iterator[Step]:
    for folder in _SYSTEM:
        if Path(folder).is_symlink():
            yield "link", str(Path(folder).readlink()), folder
        elif Path(folder).is_dir():
            yield "show", folder, folder
    for dataset in DATA_SETS:  # the system's copy has the labels
        if Path(dataset.system_folder).is_dir():
            yield "tmpfs", dataset.system_folder
            yield "read-only", dataset.system_folder
    for name in _ETC:
        if Path("/etc", name).exists():
            yield "show", f"/etc/{name}", f"/etc/{name}"
    for name, text in _STUDENT.items():
        yield _file(text.encode(), name)
    for folder in _python_folders():
        yield "show", folder, folder
    gradus = importlib.util.find_spec("gradus")
    if gradus is not None and gradus.submodule_search_locations:
        yield "show", str(Path(gradus.submodule_search_locations[0]).resolve()), f"{_COURSE}/gradus"
    yield "show", str(package_folder() / "answers"), f"{_COURSE}/autograder/answers"
    yield from _data()


def _python_folders() -> list[str]:
    """The virtual environment and the Python that it is made from, where they are not part of the system."""
    folders: list[str] = []
    for folder in (sys.base_prefix, str(Path(sys.executable).resolve().parents[1]), sys.prefix):
        for path in (folder, os.path.realpath(folder)):
            covered = any(Path(path).is_relative_to(shown) for shown in (*_SYSTEM, *folders))
            if not covered:
                folders.append(path)
    return folders


def _data() -> Iterator[Step]:
    for dataset in DATA_SETS:
        for file in dataset.files:
            path = cache_folder() / dataset.folder / file.name
            shown = f"{_COURSE}/data/{dataset.folder}/{file.name}"
            if not path.is_file():
                continue
            if file.name in _HELD_OUT:
                header = path.read_bytes()[: _HELD_OUT[file.name]]
                yield _file(header + bytes(file.size - len(header)), shown)
            else:
                yield "show", str(path.resolve()), shown


def _world_only(common: list[Step]) -> Iterator[Step]:
    for name in _DEVICES:
        yield "device", f"/dev/{name}", f"{WORLD}/dev/{name}"
    links = {
        "fd": "/proc/self/fd",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }
    for name, target in {**links, "shm": f"{SCRATCH}/shm"}.items():
        yield "link", target, f"{WORLD}/dev/{name}"
    yield "dir", f"{WORLD}/proc"
    yield "dir", WORLD + SCRATCH
    if not any(Path(step[-1]).is_relative_to("/tmp") for step in common):  # unless Python itself lies in there
        yield "link", f"{SCRATCH}/tmp", f"{WORLD}/tmp"


def _huge_pages() -> Iterator[Step]:
    """What malloc reads of /sys when a process starts, before it asks for huge pages."""
    for name in ("enabled", "hpage_pmd_size"):
        file = _HUGE_PAGES / name
        if file.is_file():
            yield _file(file.read_bytes(), str(file))


def _moved(step: Step) -> Step:
    return (*step[:-1], WORLD + step[-1])


def _file(content: bytes, path: str) -> Step:
    return "file", base64.b64encode(content).decode(), path


def find_bubblewrap() -> str | None:
    """The path of `bwrap`."""
    return shutil.which("bwrap")
