"""The installer stops with one sentence that says what to do, and the lists of versions agree."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import bootstrap
import lock
import pytest
import student_bundle

ROOT = Path(__file__).resolve().parent.parent


def _sentence(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err.strip()
    assert said.startswith("gradus: ")
    assert "Traceback" not in said
    return said


def test_an_old_python_is_told_which_one_to_use(monkeypatch, capsys) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 1))
    with pytest.raises(SystemExit):
        bootstrap.main()
    assert re.search(r"Python 3\.11 or newer .* is 3\.10; .*make PYTHON=", _sentence(capsys))


def test_a_python_without_venv_is_told_what_to_install(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit):
        bootstrap.check_python()
    assert "apt install python3-venv" in _sentence(capsys)


def test_a_small_disk_is_noticed_before_anything_is_installed(monkeypatch, capsys) -> None:
    usage = shutil.disk_usage(ROOT)._replace(free=10**9)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit):
        bootstrap.check_disk()
    assert "1.0 GB are free" in _sentence(capsys)


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "WARNING: Retrying after NewConnectionError('...: Failed to establish a new connection')",
            "check the network",
        ),
        ("ERROR: something nobody has seen", "the whole output is in"),
    ],
)
def test_a_failed_step_is_explained(monkeypatch, capsys, tmp_path: Path, said: str, cure: str) -> None:
    monkeypatch.setattr(bootstrap, "LOG", str(tmp_path / "install.log"))
    with pytest.raises(SystemExit):
        bootstrap.step("a step", [sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"])
    captured = capsys.readouterr()
    assert cure in captured.err


def test_a_machine_without_apt_is_told_what_to_install(tmp_path: Path) -> None:
    for name in ("uname", "id", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name))
    script = ROOT / "tools" / "system_packages.sh"
    told = subprocess.run(
        ["/bin/sh", str(script), "test"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert "Not here: bubblewrap (the sandbox" in told.stdout
    assert "Not here: chromium (the browser tests" in told.stdout


def test_the_scripts_can_be_executed() -> None:
    for name in ("tools/system_packages.sh", "postBuild", ".ci/run"):
        assert (ROOT / name).stat().st_mode & stat.S_IXUSR, name


def test_the_lock_is_what_the_one_list_gives() -> None:
    config = lock.project()
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == lock.environment(config)
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    names = {lock.requirement_name(line) for line in locked.splitlines() if line and not line.startswith("#")}
    wanted = {lock.requirement_name(line) for line in lock.direct_dependencies(config)}
    assert wanted - names == {"torch", "torchvision"}
    assert not [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]


def test_everything_in_the_lock_is_pinned_and_no_address_is_named() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[a-z0-9.-]+==[^ ]+( ; .+)?")
    assert [line for line in lines if not line.startswith("#") and not pinned.fullmatch(line)] == []
    assert "://" not in "\n".join(lines)


def test_d2l_is_no_dependency_of_the_package() -> None:
    config = lock.project()["project"]
    stated = [*config["dependencies"], *chain(*config["optional-dependencies"].values())]
    assert "d2l" not in {lock.requirement_name(line) for line in stated}


def test_the_students_bundle_has_no_solution_and_works_without_the_grader(tmp_path: Path) -> None:
    student_bundle.main()
    with zipfile.ZipFile(student_bundle.TARGET) as bundle:
        names = bundle.namelist()
        bundle.extractall(tmp_path)
    folders = {name.split("/")[1] for name in names if name.count("/") > 1}
    assert folders == {"book", "exercises", "gradus"}
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "gradus")}
    # An entry point names `autograder`, which the bundle does not have: hide it from the import system.
    blocked = (
        "import importlib.util as u, sys; real = u.find_spec;"
        "u.find_spec = lambda n, *a: None if n == 'autograder' else real(n, *a);"
        "sys.argv = ['gradus', '--help']; import gradus.cli as c; c.main()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", blocked], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "doctor" in shown.stdout
    assert "grade" not in shown.stdout


def test_every_file_of_the_library_goes_into_its_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["gradus"]
    packaged = {path for pattern in patterns for path in (ROOT / "gradus").glob(pattern)}
    files = {path for path in (ROOT / "gradus").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files == packaged
