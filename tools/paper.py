"""The site as one document, in a browser: what `make pdf` prints and `make epub` packs.

A browser knows best what a page of HTML means, draws the formulas and the figures that are moved by hand. So the
pages of `_build/html` are put together in one, by `paper.js`, with the style of `paper.css`. Nothing is fetched from
outside: the browser sees a server of this process, and that serves the site only.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page, Route, sync_playwright

from gradus.version import __version__

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 600  # for a step of the browser; the whole course takes one
SKELETON = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{title}</title>{styles}</head>
<body>
<header><p class="kind">A course that runs</p><p class="name">{title}</p><p class="promise">{promise}</p>
<p class="edition">{edition}</p></header>
<nav aria-label="Contents"><h1>Contents</h1></nav>
<main></main>
</body></html>
"""


class PaperError(Exception):
    """Why the document cannot be made, in one sentence with the cure."""


@dataclass(frozen=True)
class Part:
    """A part of the course: its title, empty for what stands before the first part, and the names of its pages."""

    title: str
    pages: list[str]


def parts_of(root: Path) -> list[Part]:
    """The reading order of `_toc.yml`."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    rest = [Part(part["caption"], [name(chapter["file"]) for chapter in part["chapters"]]) for part in toc["parts"]]
    return [Part("", [name(toc["root"])]), *rest]


def name(file: str) -> str:
    """The name of the page of a source file: without what says the kind of file."""
    return file.removesuffix(".ipynb").removesuffix(".md")


@contextmanager
def headless() -> Iterator[Browser]:
    """The system's browser, without a window; raises PaperError with the cure where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise PaperError("A browser is missing: install the package `chromium`, then run this again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])  # it sees our pages only
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which this process serves `folder`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def document(browser: Browser, site: Path, parts: list[Part], *, title: str, promise: str) -> Iterator[Page]:
    """The pages of `parts`, taken from the site in `site`, as one page of `browser`, with nothing set or drawn yet.

    Raises PaperError when there is no site, a page is missing or a link of the document leads nowhere.
    """
    if not (site / "index.html").is_file():
        raise PaperError(f"{site} holds no site: run `make book` first.")
    missing = [name for part in parts for name in part.pages if not (site / f"{name}.html").is_file()]
    if missing:
        raise PaperError(f"{site} lacks {missing[0]}.html: run `make book` first.")
    styles = "".join(f'<link rel="stylesheet" href="/_static/{file}">' for file in ("pygments.css", "house.css"))
    styles += f"<style>{(HERE / 'paper.css').read_text(encoding='utf-8')}</style>"
    skeleton = SKELETON.format(title=title, promise=promise, edition=edition(), styles=styles)
    with served(site) as address:
        page = browser.new_page(viewport={"width": 794, "height": 1123})
        page.set_default_timeout(SECONDS * 1000)

        def answer(route: Route) -> None:
            if route.request.url == f"{address}/paper.html":
                route.fulfill(content_type="text/html; charset=utf-8", body=skeleton)
            elif route.request.url.startswith(address):
                route.continue_()
            else:
                route.abort()

        page.route("**/*", answer)
        page.goto(f"{address}/paper.html")
        page.add_script_tag(content=(HERE / "paper.js").read_text(encoding="utf-8") + "\nwindow.Paper = Paper;")
        page.evaluate("parts => Paper.assemble(parts)", [vars(part) for part in parts])
        broken = page.evaluate("Paper.broken()")
        if broken:
            raise PaperError(f"Links of the document lead nowhere: {', '.join(sorted(set(broken))[:5])}.")
        yield page
        page.close()


def draw(page: Page) -> None:
    """Draw what is moved by hand, in its first position."""
    moves = page.evaluate("[...new Set([...document.querySelectorAll('[data-move]')].map(e => e.dataset.move))]")
    if moves:
        for script in ("kernel", *moves):
            page.add_script_tag(url=f"/_static/move/{script}.js")


def run(make: Callable[[Browser, Path, list[Part], Path], tuple[int, int]], target: Path, unit: str) -> int:
    """What a program for the whole course does with `make`, which returns how many of `unit`, and bytes, it wrote."""
    try:
        with headless() as browser:
            count, size = make(browser, ROOT / "_build" / "html", parts_of(ROOT), target)
    except PaperError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{target.relative_to(ROOT)}: {count} {unit}, {size / 1e6:.1f} MB")
    return 0


def edition() -> str:
    """What tells one edition of the document from another."""
    return f"Version {__version__}"
