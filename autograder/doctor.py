"""The instructor's part of `gradus doctor`: nbgrader, its kernel, its database tool, the sandbox."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradus.doctor import State, check

_SECONDS = 20


@check("nbgrader")
def _nbgrader() -> tuple[State, str, str]:
    try:
        number = version("nbgrader")
    except PackageNotFoundError:
        return "missing", "not installed: problem sets cannot be graded here", "run `make`"
    beside = Path(sys.executable).parent / "alembic"
    if not beside.exists() and shutil.which("alembic") is None:
        return "broken", f"{number}, but `alembic`, which opens its database, is not found", "run `make` again"
    return "works", number, ""


@check("kernel")
def _kernel() -> tuple[State, str, str]:
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return "missing", "no Jupyter here: notebooks cannot be graded", "run `make`"
    try:
        return "works", KernelSpecManager().get_kernel_spec("python3").display_name, ""
    except NoSuchKernel:
        return "broken", "no kernel named python3", f"{sys.executable} -m ipykernel install --sys-prefix"


@check("sandbox")
def _sandbox() -> tuple[State, str, str]:
    cure = "on Debian: `apt install bubblewrap`"
    found = shutil.which("bwrap")
    if found is None:
        return "missing", "no bubblewrap: submissions run unprotected", cure
    # fmt: off
    command = [found, "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-all", "--die-with-parent", "true"]
    # fmt: on
    tried = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if tried.returncode != 0:
        return "missing", f"bubblewrap cannot make a sandbox: {tried.stderr.strip()}", "allow user namespaces"
    return "works", "bubblewrap makes a sandbox without a network", ""
