"""Everybody reaches every page: no barrier that axe knows, a line around what the keyboard is on, no dead link.

`make test` looks at a sample; `make reach` (`GRADUS_REACH=1`) at every page, light, dark and on a phone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import site_links
from page_weights import LARGEST_DRAWING, largest_drawing, weights
from playwright.sync_api import Browser, Page
from reader import DESK, PHONE, Reader, reader_with

ALL = bool(os.environ.get("GRADUS_REACH"))
# One of each kind, and what has broken before.
SAMPLE = ["book/index.html", "book/01-preliminaries/06-chance.html", "exercises/ps4/ps4.html", "book/appendix/api.html"]
SEARCH = "search.html?q=softmax"
MODES = {"light": (DESK, "light"), "dark": (DESK, "dark"), "phone": (PHONE, "light"), "dark phone": (PHONE, "dark")}
SAMPLED = {"light": SAMPLE, "dark": SAMPLE[1:3], "phone": SAMPLE[1:3], "dark phone": SAMPLE[:1]}

VIOLATIONS = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.length} times, as ${nodes[0].html.slice(0, 200)}`);
}"""

# Elements that the tab key reaches and that show nothing when it does.
UNMARKED = """() => {
  const wanted = 'a[href], button, summary, input, select, textarea, [tabindex]';
  const reached = [...document.querySelectorAll(wanted)].filter((each) =>
    each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }));
  const unmarked = [];
  for (const element of reached) {
    element.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (document.activeElement === element && (outlineStyle === 'none' || parseFloat(outlineWidth) < 2)) {
      unmarked.push(element.outerHTML.slice(0, 150));
    }
  }
  return [reached.length, unmarked];
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def pages_of(site: Path) -> list[str]:
    return [*site_links.pages(site), SEARCH]


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest, browser: Browser, site_address: str) -> Iterator[tuple[str, Reader]]:
    size, scheme = MODES[request.param]
    for reader in reader_with(browser, site_address, size, scheme):
        yield request.param, reader


def test_axe_finds_no_barrier_and_the_page_no_fault(mode: tuple[str, Reader], site: Path, axe: str) -> None:
    name, reader = mode
    found = {}
    everywhere = [page for page in pages_of(site) if page != site_links.FROM_ANYWHERE]
    for page in everywhere if ALL else SAMPLED[name]:
        reader.open(page)
        reader.page.wait_for_load_state("networkidle")
        reader.page.evaluate(axe)
        violations = [*reader.page.evaluate(VIOLATIONS), *reader.troubles]
        if violations:
            found[page] = violations
        reader.troubles.clear()
    assert found == {}


@pytest.mark.parametrize("planted", ["<p style='color:#bbb;background:#ccc'>pale</p>", "<img src='data:,'>"])
def test_axe_finds_what_is_planted(desk: Reader, axe: str, planted: str) -> None:
    desk.page.set_content(f"<html lang='en'><title>t</title><main><h1>h</h1>{planted}</main></html>")
    desk.page.evaluate(axe)
    assert len(desk.page.evaluate(VIOLATIONS)) == 1


@pytest.mark.parametrize("path", [SAMPLE[0], "book/01-preliminaries/01-how-to-use-this-course.html", SEARCH])
def test_wherever_the_keyboard_is_a_line_is_around_it(desk: Reader, path: str) -> None:
    desk.open(path)
    desk.page.wait_for_load_state("networkidle")
    desk.page.keyboard.press("Tab")
    reached, unmarked = desk.page.evaluate(UNMARKED)
    assert reached > 30
    assert unmarked == []


def test_a_button_without_a_line_is_found(desk: Reader) -> None:
    desk.page.set_content("<button style='outline: none'>a</button><button>b</button>")
    desk.page.keyboard.press("Tab")
    assert len(desk.page.evaluate(UNMARKED)[1]) >= 1


@pytest.fixture
def from_file(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(offline=True)
    page, troubles = context.new_page(), []
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else troubles.append(request.url),
    )
    page.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page, troubles
    context.close()


def test_a_page_opened_from_a_file_has_no_fault(site: Path, from_file: tuple[Page, list[str]]) -> None:
    page, troubles = from_file
    found = {}
    # The page for addresses that do not exist knows the site's folder on the server, which a file does not have.
    for path in [each for each in site_links.pages(site) if each != "404.html"] if ALL else SAMPLE:
        page.goto((site / path).as_uri(), wait_until="load")
        if troubles:
            found[path] = list(troubles)
        troubles.clear()
    assert found == {}


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    assert site_links.broken(site) == []


@pytest.mark.parametrize(
    ("link", "leads"),
    [("b.html", True), ("b.html#there", True), ("#here", True), ("b.html?q=1#there", True), ("https://a.example", True),
     ("c.html", False), ("b.html#nowhere", False), ("#there", False), ("../a.html", False)],
)  # fmt: skip
def test_a_link_into_nothing_is_found(tmp_path: Path, link: str, leads: bool) -> None:
    (tmp_path / "a.html").write_text(f'<p id="here"><a href="{link}">x</a></p>', encoding="utf-8")
    (tmp_path / "b.html").write_text('<p id="there">y</p>', encoding="utf-8")
    assert (site_links.broken(tmp_path) == []) == leads


def test_no_drawing_is_large_and_no_page_heavy(site: Path) -> None:
    rows = weights(site)
    assert [page.as_posix() for _, page, _ in rows if largest_drawing(site / page) > LARGEST_DRAWING] == []
    assert [path.name for path in site.rglob("*.svg") if path.stat().st_size > LARGEST_DRAWING] == []
    assert rows[0][0] < 600_000, rows[0]
