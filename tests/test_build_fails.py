"""The build lets nothing broken through: not once, not the second time, and it says what and where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import execute_chapters
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradus.hand_in.fresh_run import run_from_top
from gradus.notebook.form import read

pytestmark = pytest.mark.slow("a little book, built for each test")

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "book/chapter.ipynb"
TOC = "format: jb-book\nroot: book/index\nchapters:\n  - file: book/chapter\n  - file: book/second\n"
FIGURE = {"mystnb": {"figure": {"name": "fig-drawn", "caption": "Drawn, with $x^2$."}}}
DRAWING = 'from IPython.display import HTML\nHTML(\'<svg role="img" aria-label="a circle"><circle r="9"/></svg>\')'
ENVIRONMENT = "import os\nassert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE' and int(os.environ['OMP_NUM_THREADS']) >= 1"


class Book:
    """A tiny book with the real configuration, extensions and tools."""

    def __init__(self, root: Path, like: Book | None = None) -> None:
        self.root = root
        if like is not None:
            shutil.copytree(like.root, root, dirs_exist_ok=True)
            return
        for name in ("_config.yml", "pyproject.toml", "requirements.txt"):
            shutil.copy(ROOT / name, root / name)
        for name in ("book/_ext", "book/_static", "book/_templates"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.write("gradus/version.py", "")
        self.write("_toc.yml", TOC)
        self.write(
            "book/references.bib", "@book{one2020, author={One, A.}, title={A book}, year={2020}, publisher={P}}\n"
        )
        self.write(
            "book/index.md", "# A book\n\n[Chapter](chapter.ipynb) {cite:p}`one2020`\n\n```{bibliography}\n```\n"
        )
        self.chapter("Look at {numref}`fig-drawn`.", ENVIRONMENT, figure=DRAWING)
        self.chapter("More.", "second = 2\nsecond", name="second")

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def chapter(self, text: str, *codes: str, name: str = "chapter", figure: str = "") -> None:
        cells = [new_markdown_cell(f"# The {name}\n\n{text}", id="title")]
        cells += [new_code_cell(code, id=f"code-{i}") for i, code in enumerate(codes)]
        if figure:
            cells.append(new_code_cell(figure, id="figure", metadata=FIGURE))
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
        nbformat.write(notebook, self.root / "book" / f"{name}.ipynb")

    def build(self) -> subprocess.CompletedProcess[str]:
        return self.run(str(ROOT / "tools" / "build_book.py"), "--root", str(self.root))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=self.root)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, subprocess.CompletedProcess[str]]:
    """A sound book and what its first build said."""
    sound = Book(tmp_path_factory.mktemp("sound"))
    return sound, sound.build()


@pytest.fixture
def book(built: tuple[Book, subprocess.CompletedProcess[str]], tmp_path: Path) -> Book:
    """A copy of it, with its site and its executed chapters, to be broken."""
    return Book(tmp_path, like=built[0])


def assert_refused(run: subprocess.CompletedProcess[str], *said: str) -> None:
    assert run.returncode == 1, run.stdout + run.stderr
    assert "was built" not in run.stdout
    assert "up to date" not in run.stdout
    for words in said:
        assert words in run.stderr


def test_a_sound_book_is_built_and_then_left_alone_until_it_changes(
    built: tuple[Book, subprocess.CompletedProcess[str]], book: Book
) -> None:
    sound, run = built
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1].endswith("_build/html/index.html")
    page = (sound.root / "_build" / "html" / "book" / "chapter.html").read_text(encoding="utf-8")
    assert 'href="#fig-drawn"><span class="std std-numref">Fig. 1</span>' in page
    assert '<span class="caption-number">Fig. 1 </span><span class="caption-text">Drawn, with ' in page
    assert "up to date" in sound.build().stdout

    book.write("book/index.md", (book.root / "book" / "index.md").read_text() + "\nOne more sentence.\n")
    again = book.build()
    assert again.returncode == 0
    assert again.stdout.count("cached") == 2
    assert "Executing" not in again.stdout
    assert "One more sentence." in (book.root / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")


BROKEN = "# A book\n\n[page](nowhere.md) {numref}`fig-nowhere` {cite:p}`nobody1900`\n\n```{bibliography}\n```\n"
NO_ANSWER = """:::{quiz}
Which one?

- a. One
- b. Two

<details><summary>Answer</summary>

- a. No.
- b. No.

</details>
:::
"""


def test_what_is_broken_on_a_page_fails_the_build_twice_in_a_row_and_the_site_of_before_is_gone(book: Book) -> None:
    """Links, references, citations, and a self-check without a right answer, which says where it stands."""
    html = book.root / "_build" / "html"
    assert html.is_dir()
    book.write("book/index.md", BROKEN)
    book.chapter(f"Ask.\n\n{NO_ANSWER}", ENVIRONMENT, figure=DRAWING)
    for run in (book.build(), book.build()):
        assert_refused(run, "nowhere.md", "fig-nowhere", "nobody1900", "not fit to publish")
        assert_refused(run, "chapter.ipynb:1000", "quiz (Which one?): no choice is marked as right")
        assert not html.exists()


def test_one_page_is_shown_without_the_others_and_the_book_stays_as_it_is(book: Book) -> None:
    files = ("_config.yml", "_toc.yml", "book/index.md")
    before = {name: (book.root / name).read_bytes() for name in files}
    book.chapter("Look at {numref}`fig-drawn`, and [back](index.md), {cite:p}`one2020`.", "one = 1", figure=DRAWING)
    for said in ("Executing 1 of 1 chapters", "cached  book/chapter.ipynb"):
        run = book.run(str(ROOT / "tools" / "preview.py"), CHAPTER, "--root", str(book.root))
        assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
        assert said in run.stdout
    page = book.root / "_build" / "page" / "_build" / "html" / "book" / "chapter.html"
    assert run.stdout.splitlines()[-1] == f"The page: {page}"
    assert "Look at" in page.read_text(encoding="utf-8")
    assert {name: (book.root / name).read_bytes() for name in files} == before
    missing = book.run(str(ROOT / "tools" / "preview.py"), "book/third.ipynb", "--root", str(book.root))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "book/third.ipynb is no page of the book" in missing.stderr


FAULTY = {  # what the cells of a chapter are, and what is said of it
    "raises": (("one = 1", "one / 0"), ("raises.ipynb: cell 'code-1' (3 of 3): ZeroDivisionError: division by zero",)),
    "unknown": (("undefined_name",), ("unknown.ipynb: cell 'code-0' (2 of 2): NameError",)),
    "warns": (
        ("import warnings\nwarnings.warn('careful')",),
        ("warns.ipynb: cell 'code-0' (2 of 2) wrote to stderr", "careful"),
    ),
    "ends": (("1 + 1", "import os\nos._exit(3)"), ("ends.ipynb: cell 'code-1' (3 of 3) killed its kernel",)),
    "loops": (("while True:\n    pass",), ("loops.ipynb: cell 'code-0' (2 of 2) ran for more than 2 s",)),
}


def test_every_chapter_that_fails_is_named_with_its_cell_and_what_it_did(book: Book) -> None:
    """It raises, writes to stderr, kills its kernel, or never ends; the site of before is gone."""
    for name, (codes, _) in FAULTY.items():
        book.chapter("It fails.", *codes, name=name)
    book.write("_toc.yml", TOC + "".join(f"  - file: book/{name}\n" for name in FAULTY))
    run = book.run(str(ROOT / "tools" / "build_book.py"), "--root", str(book.root), "--cell-seconds", "2")
    for _, said in FAULTY.values():
        assert_refused(run, *said)
    assert_refused(run, "5 chapter(s) failed")
    assert run.stdout.count("cached") == 2  # a sound chapter is not run again
    assert not (book.root / "_build" / "html").exists()


def test_a_kernel_that_ends_before_it_can_be_asked_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[int] = []
    start, start_and_wait = NotebookClient.async_start_new_kernel, NotebookClient.start_new_kernel

    def fails(often: int) -> None:
        starts.append(1)
        if len(starts) <= often:
            raise RuntimeError("Kernel died before replying to kernel_info")

    def unlucky(often: int) -> None:
        starts.clear()

        async def async_start(self: NotebookClient, **options: Any) -> None:
            fails(often)
            await start(self, **options)

        def sync_start(self: NotebookClient, **options: Any) -> None:
            fails(often)
            start_and_wait(self, **options)

        monkeypatch.setattr(NotebookClient, "async_start_new_kernel", async_start)
        monkeypatch.setattr(NotebookClient, "start_new_kernel", sync_start)

    Book(tmp_path).chapter("Plain.", "1 + 1")
    chapter = tmp_path / CHAPTER
    unlucky(2)
    assert execute_chapters.execute(chapter, 1, 60).problem == ""
    unlucky(2)
    run = run_from_top(read(chapter), 60)
    assert (run.errors, run.ended) == ((), None)
    unlucky(3)
    with pytest.raises(RuntimeError, match="Kernel died"):
        execute_chapters.execute(chapter, 1, 60)


def test_a_page_of_the_contents_that_is_missing_fails_the_build(book: Book) -> None:
    (book.root / "book" / "second.ipynb").unlink()
    assert_refused(book.build(), "_toc.yml names pages that do not exist: book/second")


@pytest.mark.parametrize("trouble", ["raises", "missing"])
def test_jupyter_book_on_its_own_fails_as_well(book: Book, trouble: str) -> None:
    if trouble == "raises":
        book.chapter("It fails.", "1 / 0")
    else:
        (book.root / "book" / "second.ipynb").unlink()
    command = "from jupyter_book.cli.main import main; main()"
    run = book.run("-c", command, "build", ".", "--all", "-n", "-W", "--keep-going")
    assert run.returncode != 0
