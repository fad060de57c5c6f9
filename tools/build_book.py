"""Build the site: execute what changed, then render every page, and let nothing broken through.

`python tools/build_book.py` exits 1 when a chapter raises, when a link or a reference is broken (also the second time,
although nothing changed) or when a page of `_toc.yml` is missing. The site is at `_build/html/index.html`. When nothing
changed since the last good build it says so and stops.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from book_pages import BookError, pages
from one_at_a_time import one_at_a_time

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import browser_python  # noqa: E402
from execution_cache import fingerprint, hash_files, installed  # noqa: E402

RENDERERS = (
    "jupyter-book", "sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "myst-nb", "sphinx-mathjax-offline",
    "mini-racer",
)  # fmt: skip
JUPYTER_BOOK = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
# --all: a second build of unchanged pages would not see their broken references again.
STRICT = ["--all", "-n", "-W", "--keep-going", "-q"]


def site_inputs(root: Path) -> list[Path]:
    """Every file that a page of the site is made from, in a fixed order."""
    book = [path for path in (root / "book").rglob("*") if path.is_file() and not is_scratch(path.relative_to(root))]
    counted = [*root.glob("solutions/*/mutants.json"), *root.glob("benchmarks/results/grading.json")]
    return sorted({root / "_config.yml", root / "_toc.yml", *pages(root), *book, *counted})


def is_scratch(path: Path) -> bool:
    return path.suffix == ".pyc" or any(part.startswith(".") for part in path.parts)


def site_fingerprint(root: Path) -> str:
    """A hash that changes when a page could come out differently."""
    facts = [fingerprint(root), *map(installed, RENDERERS), f"cells run in the page: {browser_python.is_there()}"]
    return hash_files(root, site_inputs(root), [*facts, Path(__file__).read_text(encoding="utf-8")])


def render(root: Path) -> bool:
    """Run Jupyter Book over all pages, every warning an error; True if there was none."""
    print("Rendering the pages.", flush=True)
    run = subprocess.run([*JUPYTER_BOOK, "build", str(root), *STRICT], stdout=subprocess.DEVNULL, check=False)
    return run.returncode == 0


def build(root: Path, workers: int | None, cell_seconds: int) -> bool:
    """Bring the site up to date; True if it is. What went wrong is printed."""
    start = time.perf_counter()
    html, unfit, stamp = (root / "_build" / name for name in ("html", "html-unfit", ".site-fingerprint"))
    index = html / "index.html"
    try:
        had_python, wanted = browser_python.is_there(), site_fingerprint(root)
        if index.is_file() and stamp.is_file() and stamp.read_text() == wanted:
            print(f"The site is up to date: {index}")
            return True
        from execute_chapters import execute_chapters, report  # two seconds, which an up-to-date site need not wait

        stamp.unlink(missing_ok=True)
        for outdated in (html, unfit):  # a site that lies there is either up to date or not there
            shutil.rmtree(outdated, ignore_errors=True)
        failed = execute_chapters(root, workers, cell_seconds)
    except BookError as error:
        print(f"The site was not built: {error}", file=sys.stderr)
        return False
    if failed:
        report(failed, root)
        print("The site was not built.", file=sys.stderr)
        return False
    if not render(root):
        if html.is_dir():
            html.rename(unfit)
        print(
            f"The site is not fit to publish: mend the warnings above. To look at its pages: {unfit}", file=sys.stderr
        )
        return False
    if had_python != browser_python.is_there():  # it was fetched for this site
        wanted = site_fingerprint(root)
    stamp.write_text(wanted)
    print(f"The site was built in {time.perf_counter() - start:.0f} s: {index}")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Execute the chapters and build the site, strictly.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with _config.yml and _toc.yml")
    parser.add_argument("--workers", type=int, help="chapters at a time (default: one for each core)")
    parser.add_argument("--cell-seconds", type=int, default=600, help="time limit of one cell")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    with one_at_a_time(root / "_build" / ".lock"):
        return 0 if build(root, arguments.workers, arguments.cell_seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
