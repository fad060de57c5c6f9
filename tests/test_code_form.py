"""Lint, format and types hold for everything that is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "--output-format", "concise", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=["lint", "format", "types"],
)
def test_the_code_is_in_form(command: tuple[str, ...]) -> None:
    checked = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_imports_run_one_way() -> None:
    for path in (ROOT / "gradus").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        importing = [line for line in lines if line.lstrip().startswith(("import autograder", "from autograder"))]
        assert importing == [], path
