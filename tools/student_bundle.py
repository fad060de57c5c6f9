"""Make the repository that students open, as a folder and as an archive: nothing of solutions, grader, hidden tests.

`_build/student` is the public repository, and `_build/gradus-student.zip` the same files in one, which
`tools/publish_student.py` pushes. It has a README and a Makefile of its own and installs like the project (torch,
`requirements.txt`, the package); its `requirements.txt` lists what a student needs and no more, and the command
`gradus` has the student's commands only. Its site builds from it alone: what is an instructor's is not on its pages,
and a table that is counted from the solutions stands there as numbers. The same input gives the same bytes.

Only what is named here or in `_toc.yml` goes in, so that no file that lies beside it does, such as a solved notebook.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from book_pages import BookError, pages

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import kill_rates  # noqa: E402

FOLDER = ROOT / "_build" / "student"
TARGET = ROOT / "_build" / "gradus-student.zip"
OWN = ROOT / "tools" / "student"  # its README, its Makefile, what its git ignores
LISTS = {"requirements-student.txt": "requirements.txt", "requirements-student-book.txt": "requirements-book.txt"}
# The chapter on speed prints what the ladder has measured, and says that anybody can run it.
LADDER = ("benchmarks/ladder.py", "benchmarks/history.py", "benchmarks/results/ladder.json")
OF_BOOK = ("_config.yml", "book/references.bib", "book/course-map.tsv")
OF_PACKAGE = ("pyproject.toml", "environment.yml", "postBuild", "LICENSE", "CITATION.cff", "tools/bootstrap.py")
FOLDERS = {
    "book/_ext": ("*.py", "*.js"), "book/_templates": ("*.html",), "book/_static": ("**/*.*",), "gradus": ("**/*.py",),
}  # fmt: skip
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
EXECUTABLE = {"postBuild"}
FRONT, GUIDE, COUNTED = "book/index.md", "book/appendix/instructors-guide.md", "book/appendix/kill-rates.md"
FOR_INSTRUCTORS = (" · [For instructors](#for-instructors)", "\n## For instructors\n")


class BundleError(Exception):
    """The repository is not as this program expects it, in one sentence."""


def bundled() -> Iterator[Path]:
    """The files of the project that go into the bundle as they are, as paths below the project, in a fixed order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    data = project["tool"]["setuptools"]["package-data"]["gradus"]
    found = {ROOT / name for name in (*OF_PACKAGE, *OF_BOOK, *LADDER)} | {
        page for page in pages(ROOT) if page.is_relative_to(ROOT)
    }
    for folder, patterns in FOLDERS.items():
        for pattern in (*patterns, *(data if folder == "gradus" else ())):
            found |= {path for path in (ROOT / folder).glob(pattern) if path.is_file()}
    for path in sorted(found):
        inside = path.relative_to(ROOT)
        if inside.as_posix() not in (FRONT, GUIDE, COUNTED) and not LEFT_OUT & set(inside.parts):
            yield inside


def written() -> dict[str, str]:
    """The files that the bundle has in the place of the project's own, or besides."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["gradus"]["pins"]
    readme = (OWN / "README.md").read_text(encoding="utf-8")
    texts = {
        "README.md": readme.format(**pins, site=config["html"]["baseurl"], tag=config["repository"]["branch"]),
        "Makefile": (OWN / "Makefile").read_text(encoding="utf-8"),
        ".gitignore": (OWN / "gitignore").read_text(encoding="utf-8"),
        "_toc.yml": without_guide((ROOT / "_toc.yml").read_text(encoding="utf-8")),
        FRONT: for_students((ROOT / FRONT).read_text(encoding="utf-8")),
        COUNTED: as_numbers((ROOT / COUNTED).read_text(encoding="utf-8")),
    }
    for theirs, ours in LISTS.items():
        text = (ROOT / theirs).read_text(encoding="utf-8")
        for before, after in LISTS.items():
            text = text.replace(before, after)
        texts[ours] = text
    return texts


def without_guide(contents: str) -> str:
    """`_toc.yml` without the instructor's guide: what it tells to do, a student's repository has nothing for."""
    return _replaced(contents, f"      - file: {GUIDE.removesuffix('.md')}\n", "", "_toc.yml")


def for_students(front: str) -> str:
    """The first page without its section for instructors, and without the link to it."""
    link, heading = FOR_INSTRUCTORS
    before, _, section = _replaced(front, link, "", FRONT).partition(heading)
    if not section:
        raise BundleError(f"{FRONT} has no section {heading.strip()!r}; name in tools/student_bundle.py what it has.")
    after = re.search(r"^## ", section, flags=re.MULTILINE)
    return before + (f"\n{section[after.start() :]}" if after else "")


def as_numbers(page: str) -> str:
    """The page on what hidden tests catch, up to its table, written out: counts, and nothing of what is counted."""
    rows = [kill_rates.HEADINGS, ["---"] * len(kill_rates.HEADINGS)]
    rows += [(of, f"`{question}`", *counts) for of, question, *counts in kill_rates.rows_of(ROOT)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    before, directive, _ = page.partition("```{kill-rates}\n```")
    if not directive:
        raise BundleError(f"{COUNTED} has no table `kill-rates`; name in tools/student_bundle.py what it has.")
    return f"{before}{table}\n"


def _replaced(text: str, old: str, new: str, name: str) -> str:
    if text.count(old) != 1:
        raise BundleError(f"{name} has {old.strip()!r} {text.count(old)} times, not once; mend it there.")
    return text.replace(old, new)


def files() -> dict[str, bytes]:
    """Every file of the bundle by its name, in the order of names."""
    found = {path.as_posix(): (ROOT / path).read_bytes() for path in bundled()}
    return dict(sorted({**found, **{name: text.encode() for name, text in written().items()}}.items()))


def write_folder(bundle: dict[str, bytes], folder: Path) -> None:
    """Put the files below a folder that holds nothing else then."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in bundle.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode_of(name))


def write_archive(bundle: dict[str, bytes], target: Path) -> None:
    """Put the files into a zip archive, below a folder `gradus`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in bundle.items():
            entry = zipfile.ZipInfo(f"gradus/{name}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3  # as on Unix, wherever it is made
            entry.external_attr = mode_of(name) << 16
            archive.writestr(entry, content)


def mode_of(name: str) -> int:
    return 0o755 if name in EXECUTABLE else 0o644


def main() -> int:
    try:
        bundle = files()
    except (BundleError, BookError, OSError) as error:
        print(f"The student's repository was not made: {error}", file=sys.stderr)
        return 1
    write_folder(bundle, FOLDER)
    write_archive(bundle, TARGET)
    print(f"{FOLDER.relative_to(ROOT)}: {len(bundle)} files")
    print(f"{TARGET.relative_to(ROOT)}: the same, {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
