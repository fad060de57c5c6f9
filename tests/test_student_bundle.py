"""The repository that students open is whole, agrees with its README, and holds nothing that is an instructor's."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import lock
import pytest
import student_bundle
import yaml
from book_pages import pages
from build_book import is_scratch
from copied_files import copy_files

from gradus.notebook.form import read, source_of
from gradus.version import __version__

ROOT = Path(__file__).resolve().parent.parent
INSTRUCTORS = ("solutions", "autograder", "tests", ".github", ".ci", "CONTRIBUTING.md", "SECURITY.md")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The student's repository, with nothing else of the project in sight."""
    folder = tmp_path_factory.mktemp("student") / "gradus"
    student_bundle.write_folder(student_bundle.files(), folder)
    return folder


def blocks(readme: str, language: str) -> list[str]:
    """The command lines of a README's code blocks in a language."""
    found = re.findall(rf"```{language}\n(.*?)```", readme, flags=re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def readme_of(bundle: Path) -> str:
    return (bundle / "README.md").read_text(encoding="utf-8")


def test_what_is_an_instructors_is_not_in_it(bundle: Path) -> None:
    folders = {path.name for path in bundle.iterdir() if path.is_dir()}
    assert folders == {"book", "exercises", "gradus", "tools", "benchmarks"}
    assert [name for name in INSTRUCTORS if (bundle / name).exists()] == []
    assert [path.name for path in (bundle / "tools").iterdir()] == ["bootstrap.py"]
    assert {path.name for path in (bundle / "exercises").rglob("*") if path.is_file()} == {
        f"ps{number}.ipynb" for number in range(1, 9)
    }


def test_a_file_that_lies_beside_those_that_are_named_does_not_go_along(tmp_path: Path, monkeypatch) -> None:
    """A notebook that somebody has solved, notes, what a run has left."""
    made_of = ("_toc.yml", student_bundle.FRONT, student_bundle.GUIDE, student_bundle.COUNTED, *student_bundle.LISTS)
    counts = (path.relative_to(ROOT).as_posix() for path in ROOT.glob("solutions/*/mutants.json"))
    copy_files((*(path.as_posix() for path in student_bundle.bundled()), *made_of, *counts), tmp_path)
    before = student_bundle.files()
    monkeypatch.setattr(student_bundle, "ROOT", tmp_path)
    (tmp_path / "exercises" / "ps4" / "ps4-solved.ipynb").write_text("{}", encoding="utf-8")
    for name in ("book/notes.md", "book/scratch.ipynb", "gradus/results.json", "gradebook.db", "book/marks.csv"):
        (tmp_path / name).write_text("secret", encoding="utf-8")
    assert student_bundle.files() == before


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    for target in (one, other):
        student_bundle.write_archive(student_bundle.files(), target)
    assert one.read_bytes() == other.read_bytes()


def test_the_archive_holds_what_the_folder_holds(bundle: Path, tmp_path: Path) -> None:
    student_bundle.write_archive(student_bundle.files(), tmp_path / "packed.zip")
    with zipfile.ZipFile(tmp_path / "packed.zip") as archive:
        packed = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        rights = {entry.filename: (entry.external_attr >> 16) & 0o777 for entry in archive.infolist()}
    there = {f"gradus/{path.relative_to(bundle).as_posix()}": path for path in bundle.rglob("*") if path.is_file()}
    assert packed == {name: path.read_bytes() for name, path in there.items()}
    assert rights == {name: path.stat().st_mode & 0o777 for name, path in there.items()}
    assert rights["gradus/postBuild"] == 0o755


def test_its_table_of_contents_names_the_pages_that_are_there(bundle: Path) -> None:
    listed = {page.relative_to(bundle).as_posix() for page in pages(bundle)}
    ours = {page.relative_to(ROOT).as_posix() for page in pages(ROOT)}
    assert ours - listed == {student_bundle.GUIDE}
    written = {path for suffix in ("md", "ipynb") for path in (bundle / "book").rglob(f"*.{suffix}")}
    assert {path.relative_to(bundle).as_posix() for path in written} == {
        name for name in listed if name.startswith("book/")
    }


def test_its_pages_lead_to_no_page_that_is_not_there(bundle: Path) -> None:
    """And state nothing that is computed from a file which is not."""
    for page in pages(bundle):
        text = "\n".join(map(source_of, read(page)["cells"])) if page.suffix == ".ipynb" else page.read_text("utf-8")
        assert "{measured}" not in text
        assert "```{include}" not in text
        assert "```{kill-rates}" not in text
        for link in re.findall(r"\]\(([^)#\s]+\.(?:md|ipynb))", text):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"


def test_whatever_its_pages_are_made_from_is_in_it(bundle: Path) -> None:
    """Each file of the book but the instructor's page, and each that a chapter reads elsewhere."""
    ours = {path for path in (ROOT / "book").rglob("*") if path.is_file() and not is_scratch(path.relative_to(ROOT))}
    theirs = {path.relative_to(bundle) for path in (bundle / "book").rglob("*")}
    assert {path.relative_to(ROOT) for path in ours} - theirs == {Path(student_bundle.GUIDE)}
    read_elsewhere = set()
    for page in (bundle / "book").rglob("*.ipynb"):
        code = "\n".join(source_of(cell) for cell in read(page)["cells"] if cell["cell_type"] == "code")
        read_elsewhere |= {page.parent / name for name in re.findall(r"[\"'](\.\./[^\"']+)[\"']", code)}
    assert read_elsewhere
    assert [path for path in read_elsewhere if not path.exists()] == []


def test_the_first_page_keeps_all_but_the_section_for_instructors(bundle: Path) -> None:
    ours, theirs = ((root / student_bundle.FRONT).read_text(encoding="utf-8") for root in (ROOT, bundle))
    headings = [re.findall(r"^## .+", text, flags=re.MULTILINE) for text in (ours, theirs)]
    assert [heading for heading in headings[0] if heading not in headings[1]] == ["## For instructors"]
    assert "instructor" not in theirs


@pytest.mark.parametrize("name", ["without_guide", "for_students", "as_numbers"])
def test_a_page_that_has_changed_stops_it_with_a_sentence(name: str) -> None:
    with pytest.raises(student_bundle.BundleError, match=r"(_toc\.yml|index\.md|kill-rates\.md) has"):
        getattr(student_bundle, name)("# Another page\n")


def test_of_what_hidden_tests_catch_it_says_numbers_alone(bundle: Path) -> None:
    page = (bundle / student_bundle.COUNTED).read_text(encoding="utf-8")
    _, *rows = [line for line in page.splitlines() if line.startswith("|") and "---" not in line]
    assert len(rows) > 50
    row = r"\| (ps\d|all) \| `[\w ]+` \| \d+ / \d+ \| \d+ / \d+ \| \d+ \| [\d.]+ % \|"
    assert [line for line in rows if not re.fullmatch(row, line)] == []
    assert page.rstrip().endswith(rows[-1])


def test_every_address_in_it_is_the_public_repositorys_at_a_release(bundle: Path) -> None:
    """Colab, Binder and the set-up cell open one state of the course, never what is being worked on."""
    config = yaml.safe_load((bundle / "_config.yml").read_text(encoding="utf-8"))
    url, tag = config["repository"]["url"], config["repository"]["branch"]
    assert tag == f"v{__version__}"
    notebooks = [*(bundle / "book").rglob("*.ipynb"), *(bundle / "exercises").rglob("*.ipynb")]
    installs = [set(re.findall(r"git\+(\S+?)(?:\\n|\"|\s)", path.read_text(encoding="utf-8"))) for path in notebooks]
    assert {address for found in installs for address in found} == {f"{url}@{tag}"}
    assert sum(bool(found) for found in installs) == len(notebooks)
    readme = readme_of(bundle)
    assert config["html"]["baseurl"] in readme
    assert f"version {tag}" in readme


def versions(pins: Iterable[str]) -> set[str]:
    """Packages and versions, without the platforms that they are for: who needs a package tells them."""
    return {pin.partition(" ;")[0] for pin in pins}


def locked() -> set[str]:
    return versions((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())


def test_a_student_installs_what_a_student_needs(bundle: Path) -> None:
    listed = (bundle / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in listed if not line.startswith("#")]
    assert versions(pins) <= locked()
    names = {lock.requirement_name(line) for line in pins}
    wanted = {lock.requirement_name(line) for line in lock.direct_dependencies(lock.project(), "student")}
    assert wanted - names == {"torch", "torchvision"}
    left_out = {"mypy", "ruff", "pytest", "nbgrader", "sphinx", "jupyter-book", "playwright", "sqlalchemy", "uv"}
    assert not names & left_out


def test_who_builds_the_site_installs_that_besides(bundle: Path) -> None:
    student, book = (
        {line for line in (bundle / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")}
        for name in ("requirements.txt", "requirements-book.txt")
    )
    assert not student & book
    assert versions(student | book) <= locked()
    names = {lock.requirement_name(line) for line in student | book}
    wanted = {lock.requirement_name(line) for line in lock.direct_dependencies(lock.project(), "student", "book")}
    assert wanted - names == {"torch", "torchvision"}
    assert not names & {"mypy", "ruff", "pytest", "nbgrader", "playwright", "uv"}
    for name in ("requirements.txt", "requirements-book.txt"):
        assert "requirements-student" not in (bundle / name).read_text(encoding="utf-8")


def test_its_makefile_has_the_targets_that_its_readme_names(bundle: Path) -> None:
    makefile = (bundle / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE)
    assert sorted(targets) == sorted(set(re.findall(r"`make ([a-z]+)", readme_of(bundle))))
    assert makefile.count(".PHONY: " + " ".join(targets)) == 1
    for script in re.findall(r"(?:tools|exercises)/[\w./]+|requirements\S*", makefile.replace("$(PS)", "ps1")):
        assert (bundle / script).is_file(), script


def test_its_makefile_does_what_the_readme_says_for_who_has_no_make(bundle: Path) -> None:
    makefile = (bundle / "Makefile").read_text(encoding="utf-8")
    typed = {line.removeprefix("python3 ").removeprefix(".venv/bin/") for line in blocks(readme_of(bundle), "sh")}
    recipes = re.findall(r"^\t@(.+)$", makefile, flags=re.MULTILINE)
    plain = [
        re.sub(r" --(?:quiet|disable-pip-version-check)\b", "", line)
        .replace("$(BIN)/", "")
        .replace("$(PYTHON) ", "")
        .replace("$(PS)", "ps1")
        for line in recipes
    ]
    assert [line for line in plain if line not in typed] == []


def test_the_readme_names_nothing_that_is_not_there(bundle: Path) -> None:
    readme = readme_of(bundle)
    assert re.findall(r"\]\((?!https?:)(.*?)\)", readme) == []
    assert not re.search(r"\{\w+\}", readme)
    assert blocks(readme, "sh")
    for line in blocks(readme, "sh"):
        for word in line.split():
            assert "/" not in word or word.startswith(".venv") or (bundle / word).exists(), line
            assert not word.startswith("requirements") or (bundle / word).is_file(), line


def test_on_windows_the_same_is_typed_in_the_words_of_powershell(bundle: Path) -> None:
    readme = readme_of(bundle)
    ours, theirs = blocks(readme, "sh"), blocks(readme, "powershell")
    translated = [
        line.replace("\\", "/").replace(".venv/Scripts", ".venv/bin").replace("py ", "python3 ") for line in theirs
    ]
    assert translated == ours
    word = r"(?:[\w.=-]+\\)*[\w.=-]+"  # nothing that PowerShell reads in a way of its own, and no path of Unix
    for line in theirs:
        assert re.fullmatch(rf"(?:py|\.venv\\Scripts\\\w[\w-]*)(?: {word})*", line), line
        for path in re.findall(r"\S*\\\S*", line):
            parts = path.split("\\")
            assert parts[:2] == [".venv", "Scripts"] or bundle.joinpath(*parts).is_file(), line
