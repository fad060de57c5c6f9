"""The chapter on backpropagation with scalars runs in the page as it ran for the book, without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from reader import DESK, PHONE, Reader, reader_with

CHAPTER = "book/04-multilayer-perceptrons/04-backpropagation-on-scalars"
PROGRESS = "book/appendix/your-progress.html"
LONG = 60_000  # milliseconds: Python comes, or all cells run
VIOLATIONS = """async () => (await axe.run('.bd-article', { resultTypes: ['violations'] })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.length} times, as ${nodes[0].html.slice(0, 200)}`)"""
# axe looks at one section with cells and at the exercises: at all of the page it looks a quarter of a minute.
SHORTER = """() => document.querySelectorAll('.bd-article section section').forEach((each) =>
  each.closest('#one-small-loss-by-hand, #exercises') || each.remove())"""


@pytest.fixture(scope="module")
def there(site: Path) -> Path:
    if not (site / "_static" / "pyodide").is_dir():
        pytest.skip("the site was built without Python for the browser: npm could not fetch it")
    return site


@pytest.fixture(scope="module")
def reader(browser: Browser, site_address: str, there: Path) -> Iterator[Reader]:
    """The chapter, with its Python loaded; a test that needs certain names runs the cells that define them."""
    for someone in reader_with(browser, site_address, DESK, "light"):
        opened(someone)
        yield someone


def opened(reader: Reader) -> None:
    reader.open(f"{CHAPTER}.html")
    press(reader.page, "Run in this page")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def cell(page: Page, words: str) -> str:
    """The name of the cell of the chapter whose code, as it was published, has these words: `cell 4`."""
    number = page.evaluate(
        "words => [...document.querySelectorAll('.bd-article .cell')].findIndex("
        "(each) => each.querySelector('.cell_input').textContent.includes(words)) + 1",
        words,
    )
    assert number
    return f"cell {number}"


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=f"Code of {name}", exact=True)


def said(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True).get_by_role("status")


def output(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"Output of {name}", exact=True)


def run(page: Page, name: str, code: str | None = None) -> None:
    """Run a cell, with other code if some is given, and wait for its end."""
    if code is not None:
        field(page, name).fill(code)
    press(page, f"Run {name}")
    expect(said(page, name)).to_have_text(re.compile("^Ran|in line"), timeout=LONG)


def test_every_cell_in_its_order_prints_what_the_book_prints(reader: Reader) -> None:
    page = reader.page
    before = page.locator(".bd-article .cell").evaluate_all(
        "(cells) => cells.map((cell) => cell.querySelector('.run-bar') && "
        "(cell.querySelector('.cell_output pre')?.textContent ?? '').trim())"
    )
    press(page, "Run all cells")
    last = max(i for i, printed in enumerate(before) if printed is not None)
    expect(said(page, f"cell {last + 1}")).to_have_text(re.compile("^Ran"), timeout=LONG)
    after = page.locator(".bd-article .cell").evaluate_all(
        "(cells) => cells.map((cell) => cell.querySelector('.run-output')?.textContent.trim() ?? null)"
    )
    assert [without_times(text) for text in after] == [without_times(text) for text in before]
    assert sum(bool(text) for text in after) > 15
    assert reader.troubles == []


def without_times(text: str | None) -> str | None:
    """What a cell prints, without milliseconds and what follows from them."""
    return re.sub(r"[\d.]+ ms|ratio [\d.]+", "…", text) if text else text


def test_cells_that_need_more_than_python_have_no_button_and_say_why(reader: Reader) -> None:
    against = cell(reader.page, "torch.autograd.grad(expected")
    expect(
        reader.page.get_by_text(f"C{against[1:]} runs in Colab and JupyterLab, not in this page: it needs PyTorch.")
    ).to_be_visible()
    expect(reader.page.get_by_role("button", name=f"Run {against}", exact=True)).to_have_count(0)


def test_an_exercise_is_solved_in_the_page(reader: Reader) -> None:
    page = reader.page
    solution = page.locator("#ex-scalar-new-functions ~ details .highlight pre").first.text_content()
    run(page, "exercise 2", solution)
    expect(output(page, "exercise 2")).to_contain_text(re.compile(r"^0\.65\d+ 0\.44\d+\s*$"))


def test_an_error_names_the_line_of_the_cell_and_what_waits_is_not_run(reader: Reader) -> None:
    page, neuron = reader.page, cell(reader.page, "Squared error of one neuron")
    run(page, "exercise 1", "def f(x):\n    return 1 / x\n\n\nf(0)")
    expect(said(page, "exercise 1")).to_have_text("ZeroDivisionError in line 2")
    trace = output(page, "exercise 1").inner_text()
    assert re.search(r'File "exercise 1", line 5, in <module>\s+f\(0\)', trace)
    assert "cell_runner" not in trace
    field(page, neuron).fill("x = = 1")
    press(page, "Run all above exercise 1")
    expect(said(page, neuron)).to_have_text("SyntaxError in line 1", timeout=LONG)
    expect(page.get_by_text("Not run: a cell before it failed.").first).to_be_visible()
    press(page, f"Reset {neuron}")


def test_what_a_value_draws_is_shown_without_scripts(reader: Reader) -> None:
    code = "class Page:\n    def _repr_html_(self):\n        return '<b>bold</b><script>parent.broken = 1</script>'"
    code += "\n\n\nPage()"
    run(reader.page, "exercise 1", code)
    frame = output(reader.page, "exercise 1").locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(frame.content_frame.locator("b")).to_have_text("bold")
    assert reader.page.evaluate("window.broken") is None
    run(reader.page, "exercise 1", "'<img src=x onerror=\"broken = 1\">'")
    expect(output(reader.page, "exercise 1")).to_have_text("'<img src=x onerror=\"broken = 1\">'")
    assert output(reader.page, "exercise 1").locator("img").count() == 0
    reader.troubles.clear()  # the browser says that it has run no script there


def test_an_endless_loop_is_stopped_and_the_state_is_gone(reader: Reader) -> None:
    page = reader.page
    run(page, "exercise 1", "kept = 1")
    field(page, "exercise 1").fill("while True:\n    print('more')")
    press(page, "Run exercise 1")
    expect(output(page, "exercise 1")).to_contain_text("more")
    press(page, "Stop exercise 1")
    expect(said(page, "exercise 1")).to_contain_text("what the cells had computed is gone")
    expect(page.get_by_role("button", name="Run exercise 1", exact=True)).to_be_focused()
    run(page, "exercise 1", "kept")
    expect(said(page, "exercise 1")).to_have_text("NameError in line 1")
    run(page, "exercise 1", "import sys\nfor _ in range(100_000):\n    print('many')")
    expect(output(page, "exercise 1")).to_contain_text("… and more, which is not shown.")
    assert reader.troubles == []


def test_a_change_is_kept_reset_and_erased(reader: Reader) -> None:
    page, neuron = reader.page, cell(reader.page, "Squared error of one neuron")
    original = field(page, neuron).input_value()
    field(page, neuron).fill("changed = 1")
    field(page, "exercise 3").fill("solved = 2")
    opened(reader)
    expect(field(page, neuron)).to_have_value("changed = 1")
    expect(field(page, "exercise 3")).to_have_value("solved = 2")
    press(page, f"Reset {neuron}")
    expect(field(page, neuron)).to_have_value(original)
    kept = json.loads(page.evaluate("localStorage.getItem('gradus-code')"))
    assert list(kept["pages"][CHAPTER]) == [key for key in kept["pages"][CHAPTER] if key.startswith("ex-")]
    assert "solved = 2" in kept["pages"][CHAPTER].values()
    reader.open(PROGRESS)
    press(page, "Erase…")
    press(page, "Erase it")
    assert page.evaluate("localStorage.getItem('gradus-code')") is None
    opened(reader)


@pytest.mark.parametrize(
    "text", ["[", "7", '{"gradus": 2}', json.dumps({"gradus": 1, "pages": {CHAPTER: {"loss-by-hand": 5}}})]
)
def test_something_else_under_the_key_changes_no_cell(reader: Reader, text: str) -> None:
    page = reader.page
    page.evaluate("text => localStorage.setItem('gradus-code', text)", text)
    opened(reader)
    assert "Squared error" in field(page, cell(page, "Squared error of one neuron")).input_value()
    assert page.evaluate("localStorage.getItem('gradus-code')") == text
    page.evaluate("localStorage.clear()")
    assert reader.troubles == []


def test_with_the_keyboard_alone(reader: Reader) -> None:
    page, keyboard = reader.page, reader.page.keyboard
    place = field(page, "exercise 4")
    place.fill("")
    place.focus()
    keyboard.type("for i in range(2):")
    keyboard.press("Enter")
    keyboard.type("print(i)")
    expect(place).to_have_value("for i in range(2):\n    print(i)")
    keyboard.press("Shift+Enter")
    expect(output(page, "exercise 4")).to_have_text("0\n1\n", timeout=LONG)
    expect(place).to_be_focused()
    keyboard.press("Tab")
    expect(place).to_have_value("for i in range(2):\n    print(i)    ")
    keyboard.press("Escape")
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run exercise 4", exact=True)).to_be_focused()
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    press(page, "Reset exercise 4")


def test_axe_finds_no_barrier_in_any_light(reader: Reader) -> None:
    page = reader.page
    run(page, "exercise 1", "# a comment\nprint('x' * 500)\nf = lambda x: 1 / x\nf(0)")
    page.evaluate(SHORTER)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = {}
    for size, scheme in ((DESK, "light"), (DESK, "dark"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        page.wait_for_timeout(600)  # the theme looks again which boxes scroll
        found[scheme, size["width"]] = page.evaluate(VIOLATIONS)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert not any(found.values()), found
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.evaluate("localStorage.clear()")
    assert reader.troubles == []


def test_nothing_is_loaded_before_the_button_and_nothing_shows_without_scripts(
    browser: Browser, site_address: str, there: Path
) -> None:
    asked: list[str] = []
    for someone in reader_with(browser, site_address, DESK, "light"):
        someone.page.on("request", lambda request: asked.append(request.url))
        someone.open(f"{CHAPTER}.html")
        someone.page.wait_for_load_state("networkidle")
        assert [url for url in asked if "pyodide" in url or "worker" in url or "cell_runner" in url] == []
        expect(someone.page.locator(".run-offer")).to_contain_text(
            re.compile(r"\d+ MB \(\d+ MB where the server packs it\)")
        )
    for scriptless in reader_with(browser, site_address, DESK, "light", java_script_enabled=False):
        scriptless.page.goto(f"{site_address}{CHAPTER}.html")
        assert scriptless.page.locator("[class*=run-]:not(.run-links)").count() == 0
        expect(scriptless.page.locator("#run-in-page")).to_be_hidden()


def test_opened_from_a_file_the_page_says_why_not_and_where(browser: Browser, there: Path) -> None:
    for someone in reader_with(browser, there.as_uri() + "/", DESK, "light"):
        someone.open(f"{CHAPTER}.html")
        offer = someone.page.locator(".run-offer")
        expect(offer).to_contain_text("opened from a file, browsers do not let it. Run them elsewhere: Colab")
        assert offer.get_by_role("button").count() == 0
        assert offer.get_by_role("link").count() == 3
