"""What every command has in common: the version, short help, the course folder, and what a shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from autograder import cli as instructor
from autograder.authoring import kill_matrices, release
from autograder.course import Course
from gradus.cli import app
from gradus.version import __version__

instructor.register(app)
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
INSTRUCTORS = ("grade", "release", "variants")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_version_is_the_packages() -> None:
    assert run("--version") == f"gradus {__version__}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_has_a_short_name_everywhere(command: list[str]) -> None:
    assert run(*command, "-h") == run(*command, "--help")


@pytest.mark.parametrize("command", INSTRUCTORS)
def test_every_instructors_command_takes_a_course_folder(command: str) -> None:
    options = {option for one in get_command(app).commands[command].params for option in one.opts}  # type: ignore[attr-defined]
    assert "--course" in options


def test_the_course_folder_is_the_one_that_is_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Course] = []
    monkeypatch.setattr(release, "make_releases", lambda course, names: asked.append(course) or [])
    monkeypatch.setattr(release, "advice", lambda course, names: [])
    monkeypatch.setattr(kill_matrices, "examine", lambda course, *rest, **named: asked.append(course) or [])
    run("release", "ps1", "--course", str(tmp_path))
    run("variants", "ps1", "--course", str(tmp_path))
    assert [course.root for course in asked] == [tmp_path, tmp_path]


@pytest.mark.slow("a program for each key that is pressed")
@pytest.mark.parametrize(
    ("words", "offered"), [("gradus gr", "grade"), ("gradus grade ps", "ps4"), ("gradus pre", "preflight")]
)
def test_a_shell_completes_commands_and_problem_sets(words: str, offered: str) -> None:
    environment = {"_GRADUS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    shown = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'gradus'; from gradus.cli import main; main()"],
        env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert offered in shown.stdout.split(), shown.stderr


@pytest.mark.slow("a program")
def test_a_class_starts_its_sandboxes_before_anything_that_takes_time_and_never_runs_nbgraders_package(
    tmp_path: Path,
) -> None:
    """nbgrader, with the web server that its package begins with, takes longer than the whole class of one."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from autograder import cli\n"
        "import autograder.grading.grade as grading\n"
        "def nbgrader(): return [name for name in sys.modules if name.startswith('nbgrader.')]\n"
        "slow = {'nbformat', 'sqlalchemy', 'markdown_it', 'torch'}\n"
        "def begins(*_): print(nbgrader(), slow & set(sys.modules)); raise SystemExit\n"
        "grading.WarmProcess.begin = begins\n"
        "try: cli.grade('ps4', folder=Path(sys.argv[1]))\n"
        "except SystemExit: pass\n"
        "import autograder.grading.class_run\n"
        "print('nbgrader.api' in nbgrader(), [one for one in nbgrader() if 'server' in one or 'apps' in one])\n"
        "import nbgrader\n"
        "print(nbgrader.__version__ != '', 'nbgrader.apps' in sys.modules)\n"
    )
    tmp_path.joinpath("submitted").mkdir()
    shown = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert shown.stdout == "[] set()\nTrue []\nTrue True\n"
