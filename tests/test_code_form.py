"""What `make lint` does not see: imports run one way."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_imports_run_one_way() -> None:
    for path in (ROOT / "gradus").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        importing = [line for line in lines if line.lstrip().startswith(("import autograder", "from autograder"))]
        assert importing == [], path
