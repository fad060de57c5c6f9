"""The installer stops with one sentence that says what to do, and the lists of versions agree."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import requires
from itertools import chain
from pathlib import Path

import bootstrap
import lock
import pytest
import student_bundle
from test_student_bundle import blocks

from gradus.hand_in.grader import normalised, packages

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


@pytest.mark.slow("a Python")
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


@pytest.mark.slow("a shell")
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


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The student's repository, with nothing else of the project in sight."""
    student_bundle.write_folder(student_bundle.files(), tmp_path / "gradus")
    return tmp_path / "gradus"


@pytest.mark.slow("a virtual environment and what is installed in it")
def test_the_commands_of_the_bundles_readme_work(bundle: Path, tmp_path: Path) -> None:
    """In order, in the unpacked bundle. The locked packages are there already, so that pip fetches nothing."""
    there = tmp_path / "packages"
    there.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"gradus_course|__editable__|pip|_virtualenv|.*\.pth$", path.name):
            (there / path.name).symlink_to(path)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"PIP_NO_INDEX": "1", "PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def follow(line: str) -> str:
        run = subprocess.run(
            ["/bin/sh", "-c", line], cwd=bundle, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"
        return run.stdout

    for line in blocks((bundle / "README.md").read_text(encoding="utf-8"), "sh"):
        if "bootstrap" in line:  # does the steps below, from the network
            assert os.access(bundle / "tools" / "bootstrap.py", os.R_OK)
        elif line.endswith("-m venv .venv"):
            follow(line.replace("python3", sys.executable, 1))
            (installed,) = (bundle / ".venv").glob("lib/*/site-packages")
            for old in installed.glob("setuptools*"):  # an older one would hide the locked one
                shutil.rmtree(old)
            (installed / "there.pth").write_text(f"{there}\n", encoding="utf-8")
        elif line.endswith("jupyter lab"):
            follow(".venv/bin/python -m jupyterlab --version")
        elif "jupyter-book build" in line:  # executes every chapter
            follow(".venv/bin/python -m jupyter_book.cli.main --version")
        else:
            said = follow(line)
            if "preflight" in line:
                assert "Fit to hand in" in said
    shown = follow(".venv/bin/gradus --help")
    assert "preflight" in shown
    assert "variants" not in shown  # an instructor's


def test_without_make_the_installer_says_what_to_type(monkeypatch, capsys) -> None:
    monkeypatch.setattr(bootstrap, "WITH_MAKE", False)
    monkeypatch.setattr(bootstrap, "COMMAND", "python3 tools/bootstrap.py")
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 1))
    with pytest.raises(SystemExit):
        bootstrap.check_python()
    assert _sentence(capsys).endswith("run `python3.12 tools/bootstrap.py`.")


@pytest.mark.parametrize(("system", "file"), [("nt", "Scripts/python.exe"), ("posix", "bin/python")])
def test_the_virtual_environments_python_is_the_file_that_there_is(monkeypatch, system: str, file: str) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(bootstrap.os, "name", system)
        python = bootstrap.venv_python()
    assert python == os.path.join(bootstrap.VENV, *file.split("/"))  # noqa: PTH118


def test_the_installer_says_how_much_it_has_taken(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "three").write_bytes(b"abc")
    (tmp_path / "gone").symlink_to("nowhere-at-all")
    assert bootstrap.size_of(str(tmp_path)) == 3 + len("nowhere-at-all")


def test_the_graders_packages_are_those_of_the_lock_and_of_torch() -> None:
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert (ROOT / "gradus" / "hand_in" / "grader_packages.txt").read_text(encoding="utf-8") == lock.grader_packages(
        locked
    )
    brought = [need for need in requires("torch") or [] if "extra" not in need and "platform" not in need]
    assert {lock.requirement_name(need) for need in brought} <= packages()
    assert {normalised(name) for name in ("torch", "torchvision", "scipy", "Pillow", "typing_extensions")} <= packages()


def test_every_file_of_the_library_goes_into_its_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["gradus"]
    packaged = {path for pattern in patterns for path in (ROOT / "gradus").glob(pattern)}
    files = {path for path in (ROOT / "gradus").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files == packaged
