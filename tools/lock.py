"""Write `requirements.txt` and `environment.yml` from the one list of dependencies in `pyproject.toml`.

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

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
ENVIRONMENT = ROOT / "environment.yml"

# A marker that is never true drops a package, and all that only it brings, from the resolution.
NEVER = "; python_version < '3'"
DROPPED = ("torch", "torchvision", "jupyter")

HEADER = """\
# Made by `make lock` from pyproject.toml; do not edit. torch and torchvision are not here: which build is right depends
# on the machine. Install them first, then this list without dependencies, because d2l's own pins are years old:
#
#     pip install torch=={torch} torchvision=={torchvision}
#     pip install --no-deps -r requirements.txt
#     pip install --no-deps -e .
"""


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def direct_dependencies(config: dict) -> list[str]:
    """Every requirement that the project states, all extras included, and d2l."""
    extras = config["project"]["optional-dependencies"]
    stated = [*config["project"]["dependencies"], *(line for extra in extras.values() for line in extra)]
    return [*stated, f"d2l=={config['tool']['gradus']['pins']['d2l']}"]


def overrides(config: dict) -> list[str]:
    """Lines that replace what any package (d2l above all) asks for: our own floor, or nothing at all."""
    floors = [line for line in config["project"]["dependencies"] if requirement_name(line) not in DROPPED]
    return [f"{name} {NEVER}" for name in DROPPED] + floors + ["matplotlib-inline", "scipy>=1.13"]


def requirement_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    if match is None:
        raise ValueError(f"pyproject.toml: not a requirement: {requirement!r}")
    return match.group().lower()


def resolve(config: dict, keep: str | None) -> str:
    """The text of `requirements.txt`; pins that `keep` (the present file) holds stay unless they no longer fit."""
    pins = config["tool"]["gradus"]["pins"]
    with tempfile.TemporaryDirectory() as scratch:
        wanted, override, locked = (Path(scratch) / name for name in ("wanted.in", "override.txt", "locked.txt"))
        wanted.write_text("\n".join(direct_dependencies(config)) + "\n", encoding="utf-8")
        override.write_text("\n".join(overrides(config)) + "\n", encoding="utf-8")
        if keep is not None:
            locked.write_text(keep, encoding="utf-8")
        # fmt: off
        command = [
            sys.executable, "-m", "uv", "pip", "compile", str(wanted), "--override", str(override),
            "--universal", "--python-version", pins["python"], "--no-annotate", "--no-header", "--quiet",
            "--no-emit-index-url", "--no-emit-find-links", "--output-file", str(locked),
        ]
        # fmt: on
        subprocess.run(command, check=True, cwd=scratch, stdout=subprocess.DEVNULL)
        return HEADER.format(**pins) + locked.read_text(encoding="utf-8")


def environment(config: dict) -> str:
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
    parser = argparse.ArgumentParser(description="Write requirements.txt and environment.yml from pyproject.toml.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is out of date")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping the pins")
    options = parser.parse_args()
    config = project()
    present = REQUIREMENTS.read_text(encoding="utf-8") if REQUIREMENTS.exists() and not options.upgrade else None
    stale = []
    for path, text in ((REQUIREMENTS, resolve(config, present)), (ENVIRONMENT, environment(config))):
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
