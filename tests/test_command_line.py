"""The command line: help that is documentation, findings with cures, errors in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import cli as instructor
from gradus import doctor

pytestmark = pytest.mark.slow("a Python for each command")


def gradus(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradus.cli", *arguments],
        env=os.environ | {"COLUMNS": "200"} | environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_help_lists_the_students_and_the_instructors_commands() -> None:
    shown = gradus("--help")
    assert shown.returncode == 0
    for command in ("doctor", "data", "preflight", "export-library", "release", "grade", "mark", "variants", "mutants"):
        assert command in shown.stdout


def test_importing_gradus_loads_nothing_heavy() -> None:
    code = "import gradus, gradus.cli, sys; print([m for m in ('torch', 'pandas', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_doctor_says_what_works_as_json() -> None:
    findings = {finding["name"]: finding for finding in json.loads(gradus("doctor", "--json").stdout)}
    for name in ("Python", "torch", "device", "d2l", "data", "nbgrader", "sandbox: network", "sandbox: files"):
        assert name in findings
    assert findings["torch"]["state"] == "works"


def test_doctor_names_missing_data_and_the_cure(tmp_path: Path) -> None:
    shown = gradus("doctor", GRADUS_DATA=str(tmp_path))
    assert shown.returncode == 1
    assert "broken  data" in shown.stdout
    assert "→ run `gradus data`" in shown.stdout
    assert shown.stdout.rstrip().endswith("Not ready: data.")


def test_a_check_that_raises_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls_over() -> tuple[doctor.State, str, str]:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(doctor, "_CHECKS", {"disk": falls_over})
    monkeypatch.setattr(doctor, "entry_points", lambda group: [])
    (finding,) = doctor.examine()
    assert (finding.state, finding.says) == ("broken", "OSError: the disk is on fire")
    assert finding.cure


def test_a_persons_mistake_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    failed = gradus("data", GRADUS_DATA=str(tmp_path / "file"))
    assert failed.returncode == 2
    assert failed.stderr.startswith("gradus: Fashion-MNIST: cannot write to")
    assert len(failed.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["release", "grade", "variants", "preflight", "export-library", "doctor", "data"])
def test_help_shows_every_word_of_its_documentation(command: str) -> None:
    """Square brackets too, which the terminal's mark-up would take for its own."""
    from typer.main import get_command

    from gradus.cli import app

    instructor.register(app)
    written = (get_command(app).commands[command].help or "").replace("\\[", "[")  # type: ignore[attr-defined]
    shown = " ".join(gradus(command, "--help", COLUMNS="120").stdout.split())
    for word in written.split():
        assert word in shown
