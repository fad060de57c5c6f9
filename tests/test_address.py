"""A course gets another address: every file that names the old one names the new one, or none is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from copied_files import copy_files

from autograder.authoring.address import own_address, pages_address, set_address, whose_address
from gradus.errors import GradusError

ROOT = Path(__file__).resolve().parent.parent
OLD = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
NAMES = ("_config.yml", "CITATION.cff", "book/index.md", "book/01-preliminaries/02-tensors.ipynb")
NAMES += ("exercises/ps4/ps4.ipynb", "solutions/ps4/ps4.ipynb")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_files(NAMES, tmp_path)


def files_that_name(root: Path, address: str) -> list[str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in files if address in path.read_text(encoding="utf-8"))


def test_no_file_of_the_course_names_its_address_where_it_is_not_written() -> None:
    """What `gradus set-address` changes is all that there is."""
    folders, kinds = ("book", "solutions", "exercises", "gradus", "autograder", "tools"), {".py", ".md", ".toml"}
    texts = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    texts += [path for path in ROOT.iterdir() if path.suffix in {*kinds, ".txt"} or path.name == "Makefile"]
    assert [path for path in texts if OLD in path.read_text(encoding="utf-8")] == []


def test_a_new_address_reaches_every_file_that_names_the_old_one(copy: Path) -> None:
    before = files_that_name(copy, OLD)
    changed = set_address(copy, "https://github.com/a-school/deep.learning")
    assert sorted(path.relative_to(copy).as_posix() for path in changed) == before
    assert files_that_name(copy, OLD) == []
    config = yaml.safe_load((copy / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == "https://github.com/a-school/deep.learning"
    assert config["html"]["baseurl"] == "https://a-school.github.io/deep.learning/"
    notebook = (copy / "exercises/ps4/ps4.ipynb").read_text(encoding="utf-8")
    assert "git+https://github.com/a-school/deep.learning@v" in notebook


def test_the_way_back_leaves_everything_as_it_was(copy: Path) -> None:
    before = {name: (copy / name).read_bytes() for name in NAMES}
    set_address(copy, "https://github.com/a-school/course", "https://learn.a-school.example/deep")
    config = yaml.safe_load((copy / "_config.yml").read_text(encoding="utf-8"))
    assert config["html"]["baseurl"] == "https://learn.a-school.example/deep/"
    set_address(copy, OLD)
    assert {name: (copy / name).read_bytes() for name in NAMES} == before
    assert set_address(copy, OLD) == []


def test_a_repository_whose_name_begins_alike_is_another(copy: Path) -> None:
    page = copy / "book/01-preliminaries/02-tensors.ipynb"
    page.write_text(page.read_text(encoding="utf-8").replace("# 2", f"# see {OLD}-data 2") + f"\n{OLD}-data\n")
    set_address(copy, "https://github.com/a-school/course")
    assert f"{OLD}-data" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("https://github.com/Owner/name", "https://owner.github.io/name/"),
        ("https://github.com/owner/name.git", "https://owner.github.io/name/"),
        (" https://github.com/owner/name/ ", "https://owner.github.io/name/"),
        ("https://github.com/owner/owner.github.io", "https://owner.github.io/"),
    ],
)
def test_the_site_is_where_the_host_publishes_it(repository: str, site: str) -> None:
    assert pages_address(repository) == site


@pytest.mark.parametrize(
    "address",
    ["", "gradus", "github.com/a/b", "https://github.com/a", "https://gitlab.com/a/b", "https://github.com/a/b/tree/c"],
)
def test_what_is_no_repository_is_refused_and_nothing_is_written(copy: Path, address: str) -> None:
    before = {name: (copy / name).read_bytes() for name in NAMES}
    with pytest.raises(GradusError, match="OWNER/NAME"):
        set_address(copy, address)
    with pytest.raises(GradusError, match="no address of a site"):
        set_address(copy, "https://github.com/a/b", "not a site")
    assert {name: (copy / name).read_bytes() for name in NAMES} == before


OF_ONE = "https://github.com/A-school/deep.learning"


@pytest.mark.slow("git")
@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:a-school/deep.learning.git",
        "ssh://git@github.com/a-school/deep.learning",
        "ssh://git@github.com:22/a-school/deep.learning.git",
        "https://github.com/a-school/deep.learning.git/",
        "https://someone:t0ken@github.com/a-school/deep.learning",
    ],
)
def test_a_clone_knows_whether_students_would_open_its_own_repository(tmp_path: Path, remote: str) -> None:
    """Whatever form its address has there; what git needs besides, a token, is not said."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')
    for folder in ("objects", "refs"):
        (tmp_path / ".git" / folder).mkdir()
    own = own_address(tmp_path)
    assert own == "https://github.com/a-school/deep.learning"
    assert "finds solutions/ there" in whose_address(OF_ONE, own)
    assert f"comes from {own}, and a tag" in whose_address("https://github.com/a-school/deep", own)


@pytest.mark.slow("git")
def test_where_git_knows_no_address_nothing_is_said_of_one(tmp_path: Path) -> None:
    assert own_address(tmp_path) == ""
    assert whose_address(OF_ONE, "") == ""
