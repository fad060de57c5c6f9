"""Where axe-core lies, which looks for what a screen reader or a keyboard stumbles over; fetched when it is not there.

It is a script for the browser, and only `tests/test_reach.py` reads it. So it is no part of the environment, and not in
requirements.txt, after which the executed chapters are named: it lies in `_build/`, in the version that pyproject.toml
states, from the package registry that pip uses.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "axe-playwright-python"


class NoAxeError(Exception):
    """axe-core is not there and cannot be fetched; the message says what to do."""


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["tool"]["gradus"]["browser-checks"][PACKAGE])


def axe_core(build: Path = ROOT / "_build") -> Path:
    """The file `axe.min.js`; raises NoAxeError."""
    wanted = f"{PACKAGE}=={version()}"
    folder = build / wanted.replace("==", "-")
    script = folder / "axe_playwright_python" / "axe.min.js"
    if not script.is_file():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), wanted]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0 or not script.is_file():
            raise NoAxeError(
                f"{wanted} cannot be fetched; with a network: {' '.join(command[:3])} … {wanted}. {run.stderr}"
            )
    return script


if __name__ == "__main__":
    print(axe_core())
