"""Show one chapter as the site will, seconds after a line of it was changed.

`make page PAGE=book/02-linear-regression/04-concisely.ipynb` executes the chapter if its code has changed, into the
cache that the whole build reads too, and renders this page alone, below `_build/page`. Links to other pages lead
nowhere in it, so that they are not checked: `make book` does that.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import sys
from pathlib import Path

import yaml
from book_pages import BookError, pages
from build_book import ROOT
from execute_chapters import execute_chapters, report
from execution_cache import cache_folder
from jupyter_book.cli.main import main as jupyter_book
from one_at_a_time import one_at_a_time

OWN = ("_toc.yml", "_config.yml", "_build")
ABSENT = ["myst.xref_missing", "ref", "bibtex.key_not_found"]  # warnings that the lack of the other pages brings


def root_of_one_page(root: Path, page: Path) -> Path:
    """A folder that looks like the book's, and whose table of contents has this page only.

    Everything else in it is a link to what it is in `root`, the cache of executed chapters too.
    """
    alone = root / "_build" / "page"
    shutil.rmtree(alone, ignore_errors=True)  # of links it takes the links
    (alone / "_build").mkdir(parents=True)
    for path in root.iterdir():
        if path.name not in OWN and not path.name.startswith("."):
            (alone / path.name).symlink_to(path)
    cache = cache_folder(root)
    cache.mkdir(exist_ok=True)
    (alone / "_build" / cache.name).symlink_to(cache)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["suppress_warnings"] += ABSENT
    (alone / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    name = page.relative_to(root).with_suffix("").as_posix()
    (alone / "_toc.yml").write_text(f"format: jb-book\nroot: {name}\n", encoding="utf-8")
    return alone


def preview(root: Path, page: Path, cell_seconds: int) -> Path | None:
    """Execute and render the page; its HTML, or None after saying what is wrong.

    Raises BookError when the page is none of the book's.
    """
    if page not in pages(root):
        raise BookError(f"{page} is no page of the book; name one that _toc.yml lists, as it lies in book/.")
    alone = root_of_one_page(root, page)
    failed = execute_chapters(alone, 1, cell_seconds)
    if failed:
        report(failed, alone)
        return None
    html = alone / "_build" / "html"
    sys.stdout.flush()  # an extension forks, and what waits to be printed would be printed twice
    with contextlib.redirect_stdout(io.StringIO()):
        jupyter_book(["build", str(alone), "--all", "-q"], standalone_mode=False)
    return (html / page.relative_to(root)).with_suffix(".html")


def main() -> int:
    parser = argparse.ArgumentParser(description="Execute and render one page of the book.")
    parser.add_argument("page", type=Path, help="a chapter, for example book/02-linear-regression/04-concisely.ipynb")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with _config.yml and _toc.yml")
    parser.add_argument("--cell-seconds", type=int, default=600, help="time limit of one cell")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    with one_at_a_time(root / "_build" / ".lock"):
        try:
            html = preview(root, (root / arguments.page).resolve(), arguments.cell_seconds)
        except BookError as error:
            print(error, file=sys.stderr)
            return 1
    if html is None:
        return 1
    print(f"The page: {html}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
