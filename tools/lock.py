"""Write the lists of versions and packages from the one list of dependencies in `pyproject.toml`.

`requirements.txt` is the lock, `requirements-student.txt` the part of it that a student needs, and
`requirements-student-book.txt` what a student who builds the site needs besides; `environment.yml` is for conda;
`gradus/hand_in/grader_packages.txt` names what the grader has, for `gradus preflight`.

`make lock` runs this. The lock holds every package for Python 3.11 and newer and for every platform, except torch,
torchvision and what they bring: which build of those is right depends on the machine, so `tools/bootstrap.py` installs
them first, with pip's ordinary resolution. d2l is in the lock, but its own seven pins are overridden by ours.

`python tools/lock.py --check` writes nothing and exits 1 when a file differs from what the list would give.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
ENVIRONMENT = ROOT / "environment.yml"
STUDENT = ROOT / "requirements-student.txt"
STUDENT_BOOK = ROOT / "requirements-student-book.txt"
GRADER = ROOT / "gradus" / "hand_in" / "grader_packages.txt"

# A marker that is never true drops a package, and all that only it brings, from the resolution. rfc3987-syntax is an
# extra of jsonschema's for addresses in Unicode, which no notebook's schema has: where it is installed, every program
# that reads a notebook waits a second and a half for the grammar that it makes when it is imported.
NEVER = "; python_version < '3'"
DROPPED = ("torch", "torchvision", "jupyter", "rfc3987-syntax")

BROUGHT_BY_TORCH = ("filelock", "fsspec", "jinja2", "markupsafe", "mpmath", "networkx", "setuptools", "sympy")

HEADER = """\
# Made by `make lock` from pyproject.toml; do not edit. torch and torchvision are not here: which build is right depends
# on the machine. Install them first, then this list without dependencies, because d2l's own pins are years old:
#
#     pip install torch=={torch} torchvision=={torchvision}
#     pip install --no-deps -r {name}
#     pip install --no-deps -e .
"""
BOOK_HEADER = """\
# Made by `make lock` from pyproject.toml; do not edit. What building the site takes besides {student}:
#
#     pip install --no-deps -r {name}
"""
GRADER_HEADER = """\
# Made by `make lock` from requirements.txt; do not edit. What a notebook may import in the grader: `gradus preflight`
# names what is not here.
"""


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def direct_dependencies(config: dict[str, Any], *only: str) -> list[str]:
    """Every requirement that the project states, those of all extras or of the ones called `only`, and d2l."""
    extras = config["project"]["optional-dependencies"]
    stated = [*config["project"]["dependencies"]]
    stated += [line for extra, lines in extras.items() for line in lines if not only or extra in only]
    return [*stated, f"d2l=={config['tool']['gradus']['pins']['d2l']}"]


def overrides(config: dict[str, Any]) -> list[str]:
    """Lines that replace what any package (d2l above all) asks for: our own floor, or nothing at all."""
    floors = [line for line in config["project"]["dependencies"] if requirement_name(line) not in DROPPED]
    return [f"{name} {NEVER}" for name in DROPPED] + floors + ["matplotlib-inline", "scipy>=1.13"]


def requirement_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    if match is None:
        raise ValueError(f"pyproject.toml: not a requirement: {requirement!r}")
    return match.group().lower()


def resolve(config: dict[str, Any], keep: str | None, *only: str) -> str:
    """The lines of a list of pinned versions: the lock, or its part for the extras called `only`.

    Pins that `keep` (the present lock) holds stay unless they no longer fit; a part has no other pins than the lock.
    """
    pins = config["tool"]["gradus"]["pins"]
    with tempfile.TemporaryDirectory() as scratch:
        names = ("wanted.in", "override.txt", "constraint.txt", "locked.txt")
        wanted, override, constraint, locked = (Path(scratch) / name for name in names)
        wanted.write_text("\n".join(direct_dependencies(config, *only)) + "\n", encoding="utf-8")
        override.write_text("\n".join(overrides(config)) + "\n", encoding="utf-8")
        constraint.write_text(keep if keep is not None and only else "", encoding="utf-8")
        if keep is not None:
            locked.write_text(keep, encoding="utf-8")
        # fmt: off
        command = [
            sys.executable, "-m", "uv", "pip", "compile", str(wanted), "--override", str(override),
            "--constraint", str(constraint), "--universal", "--python-version", pins["python"], "--no-annotate",
            "--no-header", "--quiet", "--no-emit-index-url", "--no-emit-find-links", "--output-file", str(locked),
        ]
        # fmt: on
        subprocess.run(command, check=True, cwd=scratch, stdout=subprocess.DEVNULL)
        return locked.read_text(encoding="utf-8")


def headed(config: dict[str, Any], path: Path, lines: str) -> str:
    """The text of a list of versions that stands alone: how it is installed, and its lines."""
    return HEADER.format(**config["tool"]["gradus"]["pins"], name=path.name) + lines


def besides(lines: str, others: str) -> str:
    """The text of `requirements-student-book.txt`: the lines of a list that another one does not have."""
    present = set(others.splitlines())
    more = [line for line in lines.splitlines() if line not in present]
    return BOOK_HEADER.format(student=STUDENT.name, name=STUDENT_BOOK.name) + "\n".join(more) + "\n"


def names_in(locked: str) -> set[str]:
    """The packages that a list of versions names."""
    return {requirement_name(line) for line in locked.splitlines() if line and not line.startswith("#")}


def grader_packages(locked: str) -> str:
    """The text of `gradus/hand_in/grader_packages.txt`: a name on each line."""
    return GRADER_HEADER + "\n".join(sorted({*names_in(locked), *DROPPED[:2], *BROUGHT_BY_TORCH})) + "\n"


def environment(config: dict[str, Any]) -> str:
    """The text of `environment.yml`, for conda and Binder: what conda should bring; `postBuild` runs the rest."""
    stated = {requirement_name(line): line for line in config["project"]["dependencies"]}
    python = config["tool"]["gradus"]["pins"]["python"]
    return (
        "# Made by `make lock` from pyproject.toml; do not edit. conda brings Python and torch; `./postBuild`\n"
        "# installs the rest (Binder runs it unasked): conda's pip step cannot install d2l without its old pins.\n"
        "name: gradus\n"
        "channels:\n"
        "  - conda-forge\n"
        "dependencies:\n"
        f"  - python={python}\n"
        "  - pip\n"
        f"  - {stated['torch'].replace('torch', 'pytorch')}\n"
        f"  - {stated['torchvision']}\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the lists of versions from pyproject.toml.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping the pins")
    options = parser.parse_args()
    config = project()
    present = REQUIREMENTS.read_text(encoding="utf-8") if REQUIREMENTS.exists() and not options.upgrade else None
    locked = resolve(config, present)
    student = resolve(config, locked, "student")
    texts = {
        REQUIREMENTS: headed(config, REQUIREMENTS, locked),
        STUDENT: headed(config, STUDENT, student),
        STUDENT_BOOK: besides(resolve(config, locked, "student", "book"), student),
        ENVIRONMENT: environment(config),
        GRADER: grader_packages(locked),
    }
    stale = []
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not options.check:
                path.write_text(text, encoding="utf-8")
    if options.check and stale:
        print(f"{' and '.join(stale)}: not what pyproject.toml gives; run `make lock`.")
        return 1
    print(f"{'wrote ' + ' and '.join(stale) if stale else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
