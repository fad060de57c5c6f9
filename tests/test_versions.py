"""One version everywhere, a release that Colab can install, and the files that hosts of repositories read."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import new_version
import pytest
import yaml
from copied_files import copy_files

from gradus.errors import GradusError
from gradus.version import __version__

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAMES = ("gradus/version.py", "_config.yml", "CITATION.cff", "CHANGELOG.md", "exercises/ps4/ps4.ipynb")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_files(NAMES, tmp_path)


def test_what_is_opened_and_installed_is_the_tag_of_this_version() -> None:
    """`test_notebook_form` holds the set-up cell of every notebook to this."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["branch"] == f"v{__version__}"
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == __version__
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_new_version_reaches_every_file_that_names_it(copy: Path) -> None:
    assert sorted(new_version.write_version(copy, "7.8.9", "2031-02-03")) == sorted(copy / name for name in NAMES)
    texts = {name: (copy / name).read_text(encoding="utf-8") for name in NAMES}
    assert '__version__ = "7.8.9"' in texts["gradus/version.py"]
    assert yaml.safe_load(texts["_config.yml"])["repository"]["branch"] == "v7.8.9"
    assert {"version": "7.8.9", "date-released": "2031-02-03"}.items() <= yaml.safe_load(texts["CITATION.cff"]).items()
    assert "## Not yet released\n\n## 7.8.9\n" in texts["CHANGELOG.md"]
    cells = json.loads(texts["exercises/ps4/ps4.ipynb"])["cells"]
    assert sum("@v7.8.9\n" in "".join(cell["source"]) for cell in cells) == 1
    assert f"@v{__version__}" not in texts["exercises/ps4/ps4.ipynb"]


@pytest.mark.parametrize("name", ["_config.yml", "CITATION.cff", "CHANGELOG.md"])
def test_a_file_that_does_not_name_the_old_version_stops_the_new_one(copy: Path, name: str) -> None:
    (copy / name).write_text("nothing\n")
    before = {name: (copy / name).read_bytes() for name in NAMES}
    with pytest.raises(GradusError, match=name.replace(".", r"\.")):
        new_version.write_version(copy, "7.8.9", "2031-02-03")
    assert {name: (copy / name).read_bytes() for name in NAMES} == before


@pytest.mark.parametrize("version", ["", "1", "v1.2.3", "1.2.3rc1", "1.2", "1.2.3 "])
def test_what_is_no_version_is_refused(copy: Path, version: str) -> None:
    with pytest.raises(GradusError, match="no version"):
        new_version.write_version(copy, version, "2031-02-03")


HOSTS = [ROOT / ".gitlab-ci.yml", ROOT / ".pre-commit-config.yaml", *sorted((ROOT / ".github").rglob("*.yml"))]


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: path.name)
def test_what_continuous_integration_starts_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?<![\w`])make ([a-z]+)", re.sub(r"#.*", "", text))) <= targets
    for script in re.findall(r"(?:\.ci|tools)/[\w.]+", text):
        assert (ROOT / script).is_file(), script


@pytest.mark.parametrize("path", [ROOT / ".gitlab-ci.yml", ROOT / ".github/workflows/check.yml"], ids=lambda p: p.name)
def test_every_python_that_is_promised_is_tested(path: Path) -> None:
    """Those that the README says the locked versions resolve for."""
    job = yaml.safe_load(path.read_text(encoding="utf-8"))
    matrix = job["test"]["parallel"]["matrix"][0]["PYTHON"] if "test" in job else None
    tested = matrix or job["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == ["3.11", "3.12", "3.13"]
    assert PYPROJECT["project"]["requires-python"] == f">={tested[0]}"
