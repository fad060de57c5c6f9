"""What a reader has read, answered and solved is kept in the browser, and quick questions come back on later days."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contrast import contrast
from playwright.sync_api import Browser, Locator, expect
from reader import DESK, PHONE, Reader, reader_with

SOFTMAX = "book/03-linear-classification/04-softmax-regression-from-scratch"
SET = "exercises/ps5/ps5"
FRONT, PROGRESS, REVIEW = "book/index", "book/appendix/your-progress", "book/appendix/review"
TODAY = datetime.date(2031, 3, 3)
KEPT = "JSON.parse(localStorage.getItem('gradus-progress'))"
# The browser does as it should for the theme, and not for the progress.
BROKEN = """{{
  const before = Storage.prototype.{method};
  Storage.prototype.{method} = function (key, ...rest) {{
    if (key === "gradus-progress") throw new DOMException("no", "{error}");
    return before.call(this, key, ...rest);
  }};
}}"""


@pytest.fixture
def reader(browser: Browser, site_address: str) -> Iterator[Reader]:
    """Somebody who has never been here, on a certain day."""
    for someone in reader_with(browser, site_address, DESK, "light"):
        set_day(someone, 0)
        yield someone


def set_day(reader: Reader, days: int) -> None:
    """For pages opened from now on it is noon, so many days after the first."""
    day = TODAY + datetime.timedelta(days=days)
    reader.page.add_init_script(
        f"window.gradusNow = () => new Date({day.year}, {day.month - 1}, {day.day}, 12).getTime()"
    )


def open_page(reader: Reader, page: str) -> None:
    reader.open(f"{page}.html")


def kept(reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = reader.page.evaluate(KEPT)
    return found


def answer(quiz: Locator, *, right: bool = True) -> None:
    letter = str(quiz.locator("fieldset").get_attribute("data-right"))
    value = letter if right else ("a" if letter != "a" else "b")
    quiz.locator(f"input[value={value}]").check()
    quiz.get_by_role("button", name="Check").click()
    expect(quiz.get_by_role("status").first).not_to_be_empty()


def mark(reader: Reader, page: str) -> Locator:
    """The mark beside a page in the side bar."""
    found = reader.page.locator(".bd-sidenav a").filter(has_text=TITLES[page])
    return found.locator(".kept-mark")


TITLES = {SOFTMAX: "Softmax regression from scratch", SET: "Problem set 5"}


def button(reader: Reader, name: str) -> Locator:
    return reader.page.locator(".gradus-progress").get_by_role("button", name=name)


def row(reader: Reader, name: str) -> list[str]:
    return reader.page.locator(".kept-table tr").filter(has_text=name).locator("td").all_inner_texts()


def said(reader: Reader) -> Locator:
    return reader.page.locator(".gradus-progress .kept-said")


def give(reader: Reader, text: str, name: str = "mine.json") -> None:
    """Import a file that holds this text."""
    file = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    reader.page.locator(".gradus-progress input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def test_what_is_done_is_kept_marked_exported_erased_and_brought_back(reader: Reader, tmp_path: Path) -> None:
    open_page(reader, SOFTMAX)
    expect(mark(reader, SOFTMAX)).to_have_count(0)
    answer(reader.page.locator(".quiz").first, right=False)
    reader.page.get_by_label("Solved").first.check()
    expect(mark(reader, SOFTMAX)).to_have_class(re.compile("is-begun"))

    reader.page.reload()
    expect(reader.page.locator(".quiz").first).to_contain_text("Answered; it comes back tomorrow in Today’s review.")
    expect(reader.page.locator(".quiz .kept-note")).to_have_count(1)
    expect(reader.page.locator(".quiz input:checked")).to_have_count(0)
    expect(reader.page.get_by_label("Solved").first).to_be_checked()
    expect(mark(reader, SOFTMAX)).to_have_text("(begun)")
    before = kept(reader)

    open_page(reader, PROGRESS)
    assert [cell.split(" of ")[0] for cell in row(reader, "Linear classification")] == ["0", "1", "1"]
    with reader.page.expect_download() as download:
        button(reader, "Export").click()
    assert download.value.suggested_filename == "gradus-progress-2031-03-03.json"
    file = tmp_path / "exported.json"
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8")) == before

    button(reader, "Erase").click()
    button(reader, "Erase it").click()
    expect(said(reader)).to_have_text("Erased.")
    expect(reader.page.locator(".kept-mark")).to_have_count(0)
    assert row(reader, "All")[1].startswith("0 of")
    assert kept(reader) is None

    give(reader, file.read_text(encoding="utf-8"))
    expect(said(reader)).to_have_text("Imported from mine.json.")
    expect(mark(reader, SOFTMAX)).to_have_count(1)
    assert kept(reader) == before
    assert reader.troubles == []


def slow_clock(reader: Reader) -> None:
    """From now on, time on the next page passes only as the test lets it, beginning an hour later."""
    reader.page.add_init_script("delete window.gradusNow")
    reader.page.clock.install(time=datetime.datetime.combine(TODAY, datetime.time(12)))


def pause(reader: Reader) -> None:
    reader.page.clock.pause_at(datetime.datetime.combine(TODAY, datetime.time(13)))


def sections(reader: Reader) -> list[str]:
    found: list[str] = reader.page.eval_on_selector_all(
        ".bd-article section:has(> h2):not(:has(.quiz, .exercise.admonition))", "all => all.map((each) => each.id)"
    )
    return found


def go_to_the_end_of(reader: Reader, section: str) -> None:
    """Scroll there until it stays: a cell gets its height when it first comes into sight, and moves what follows."""
    place = reader.page.locator(f"#{section}")
    for _ in range(50):
        place.evaluate("(it) => it.scrollIntoView({ block: 'end', behavior: 'instant' })")
        reader.page.wait_for_timeout(50)
        if place.evaluate("(it) => it.getBoundingClientRect().bottom <= innerHeight + 2"):
            return
    raise AssertionError(f"the end of #{section} does not stay on the screen")


def test_a_section_is_read_when_its_end_was_seen_for_as_long_as_it_takes(reader: Reader) -> None:
    slow_clock(reader)
    open_page(reader, SOFTMAX)
    pause(reader)
    first = sections(reader)[0]
    go_to_the_end_of(reader, first)
    reader.page.clock.run_for(1_500)
    expect(mark(reader, SOFTMAX)).to_have_count(0)
    reader.page.clock.run_for(31_000)
    expect(mark(reader, SOFTMAX)).to_have_text("(begun)")
    assert first in kept(reader)["pages"][SOFTMAX]["read"]
    assert reader.troubles == []


def test_leafing_through_a_page_reads_nothing(reader: Reader) -> None:
    slow_clock(reader)
    open_page(reader, SET)
    pause(reader)
    height = reader.page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, DESK["height"]):
        reader.page.evaluate(f"scrollTo({{ top: {top}, behavior: 'instant' }})")
        reader.page.clock.run_for(500)
    assert kept(reader)["pages"][SET]["read"] == []
    assert kept(reader)["last"]["page"] == SET


def test_a_page_whose_sections_are_all_read_is_done_and_the_reader_goes_on_where_it_ended(reader: Reader) -> None:
    slow_clock(reader)
    open_page(reader, SET)
    pause(reader)
    for section in sections(reader):
        go_to_the_end_of(reader, section)
        reader.page.clock.run_for(31_000)
    expect(mark(reader, SET)).to_have_text("(done)")
    expect(mark(reader, SET)).to_have_class(re.compile("is-done"))
    last = kept(reader)["last"]

    open_page(reader, FRONT)
    line = reader.page.locator(".kept-continue")
    expect(line).to_contain_text(f"Continue where you were: Problem set 5: backpropagation: {last['heading']}.")
    line.get_by_role("link").first.click()
    reader.page.wait_for_url(f"**/{SET}.html#{last['section']}")
    assert reader.troubles == []


def test_a_page_with_questions_is_done_only_when_they_are_answered(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    read = sections(reader)
    reader.page.get_by_label("Solved").first.check()
    data = kept(reader)
    data["pages"][SOFTMAX]["read"] = read
    reader.page.evaluate("(data) => localStorage.setItem('gradus-progress', JSON.stringify(data))", data)
    reader.page.reload()
    for quiz in reader.page.locator(".quiz").all():
        expect(mark(reader, SOFTMAX)).to_have_text("(begun)")
        answer(quiz, right=False)
    expect(mark(reader, SOFTMAX)).to_have_text("(done)")


def test_what_is_no_longer_in_a_page_does_not_count(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    reader.page.get_by_label("Solved").first.check()
    data = kept(reader)
    data["pages"][SOFTMAX] |= {"read": ["once-here"], "solved": ["ex-once-here"]}
    reader.page.evaluate("(data) => localStorage.setItem('gradus-progress', JSON.stringify(data))", data)
    reader.page.reload()
    expect(mark(reader, SOFTMAX)).to_have_count(0)


@pytest.mark.parametrize("page", [SOFTMAX, SET])
def test_the_build_and_the_page_count_the_same(reader: Reader, page: str) -> None:
    open_page(reader, PROGRESS)
    contents = json.loads(str(reader.page.locator("#course-contents").text_content()))
    (of,) = [each["of"] for part in contents for each in part["pages"] if each["page"] == page]
    slow_clock(reader)
    open_page(reader, page)
    pause(reader)
    reader.page.clock.run_for(6_000)  # the place is written down
    assert kept(reader)["pages"][page]["of"] == of
    assert of[0] > 3


EMPTY = json.dumps({"read": [], "solved": [], "of": [0, 0, 0]})
OTHERS = {
    "no-json": "Not at all.",
    "another": json.dumps({"cells": [], "metadata": {}, "nbformat": 4}),
    "list": "[1, 2]",
    "nothing": "null",
    "later": json.dumps({"gradus": 2, "pages": {}, "questions": {}, "last": None}),
    "page": json.dumps({"gradus": 1, "pages": {"javascript:alert(1)": {}}, "questions": {}, "last": None}),
    "ids": json.dumps(
        {"gradus": 1, "pages": {SET: {"read": ["<b>"], "solved": [], "of": [1, 1, 1]}}, "questions": {}, "last": None}
    ),
    "prototype": f'{{"gradus": 1, "pages": {{"__proto__": {EMPTY}}}, "questions": {{}}, "last": null}}',
    "day": json.dumps(
        {
            "gradus": 1,
            "pages": {},
            "questions": {"0123456789": {"page": SET, "box": 0, "seen": "2031-02-30", "due": "2031-03-01"}},
            "last": None,
        }
    ),
    "box": json.dumps(
        {
            "gradus": 1,
            "pages": {},
            "questions": {"0123456789": {"page": SET, "box": 9, "seen": "2031-02-28", "due": "2031-03-01"}},
            "last": None,
        }
    ),
    "place": json.dumps({"gradus": 1, "pages": {}, "questions": {}, "last": {"page": "//example.org", "section": ""}}),
}


def test_a_file_of_something_else_is_refused_in_a_sentence(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first)
    before = kept(reader)
    open_page(reader, PROGRESS)
    for name, text in OTHERS.items():
        give(reader, text, f"{name}.json")
        expect(said(reader)).to_contain_text(f"Nothing was imported from {name}.json: it ")
        expect(said(reader)).to_have_text(re.compile(r"[^.]\.$"))
        assert kept(reader) == before, name
    assert reader.troubles == []


def test_a_file_is_added_or_takes_the_place_of_what_is_kept(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first)
    before = kept(reader)
    (key,) = before["questions"]
    theirs = {
        "gradus": 1,
        "pages": {SOFTMAX: {"read": ["the-pictures"], "solved": ["ex-softmax-zeros"], "of": [14, 5, 4]}},
        "questions": {
            key: {"page": SOFTMAX, "box": 3, "seen": "2031-02-01", "due": "2031-02-22"},
            "0123456789": {"page": SOFTMAX, "box": 1, "seen": "2031-03-01", "due": "2031-03-04"},
        },
        "last": {"page": SOFTMAX, "section": "training", "heading": "Training"},
    }
    open_page(reader, PROGRESS)
    give(reader, json.dumps(theirs))
    expect(button(reader, "Import nothing")).to_be_focused()
    reader.page.keyboard.press("Enter")
    expect(said(reader)).to_have_text("Nothing was changed.")
    assert kept(reader) == before

    give(reader, json.dumps(theirs))
    button(reader, "Add the file to it").click()
    expect(said(reader)).to_have_text("Added what mine.json holds.")
    both = kept(reader)
    assert both["pages"][SOFTMAX]["read"] == ["the-pictures"]
    assert both["questions"] == {key: before["questions"][key], "0123456789": theirs["questions"]["0123456789"]}  # type: ignore[index]

    give(reader, json.dumps(theirs))
    button(reader, "Replace it by the file").click()
    expect(said(reader)).to_have_text("Replaced by what mine.json holds.")
    assert kept(reader) == theirs
    assert reader.troubles == []


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (BROKEN.format(method="getItem", error="SecurityError"), "keeps nothing"),
        (BROKEN.format(method="setItem", error="QuotaExceededError"), "no room left"),
    ],
    ids=["private", "full"],
)
def test_where_the_browser_keeps_nothing_a_sentence_says_so_and_all_else_works(
    reader: Reader, broken: str, sentence: str
) -> None:
    reader.page.add_init_script(broken)
    open_page(reader, SOFTMAX)
    for quiz in reader.page.locator(".quiz").all()[:2]:
        answer(quiz)
    reader.page.get_by_label("Solved").first.check()
    expect(reader.page.locator(".kept-refusal")).to_have_count(1)
    expect(reader.page.locator(".kept-refusal")).to_contain_text(sentence)
    expect(reader.page.get_by_label("Solved").first).to_be_checked()
    expect(mark(reader, SOFTMAX)).to_have_text("(begun)")
    open_page(reader, REVIEW)
    expect(reader.page.locator(".gradus-review")).to_contain_text("not answered a quick question yet")
    open_page(reader, PROGRESS)
    assert row(reader, "All")[1].startswith("0 of")
    give(reader, json.dumps({"gradus": 1, "pages": {}, "questions": {}, "last": None}))
    expect(said(reader)).not_to_be_empty()
    assert reader.troubles == []


def test_what_cannot_be_read_is_left_alone_until_it_is_erased(reader: Reader) -> None:
    open_page(reader, PROGRESS)
    reader.page.evaluate("localStorage.setItem('gradus-progress', '{\"gradus\": 7')")
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first)
    expect(reader.page.locator(".kept-refusal")).to_contain_text("cannot be read")
    assert reader.page.evaluate("localStorage.getItem('gradus-progress')") == '{"gradus": 7'
    open_page(reader, PROGRESS)
    expect(said(reader)).to_contain_text("you can erase it")
    button(reader, "Erase").click()
    button(reader, "Erase it").click()
    expect(said(reader)).to_have_text("Erased.")
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first)
    assert len(kept(reader)["questions"]) == 1


def review(reader: Reader, day: int) -> Locator:
    set_day(reader, day)
    open_page(reader, REVIEW)
    return reader.page.locator(".gradus-review")


def test_a_question_comes_back_ever_later_and_after_a_mistake_at_once(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").nth(1))
    day = 0
    for days in (1, 3, 7, 21, 60, 60):
        box = review(reader, day + days - 1)
        expect(box).to_contain_text("Nothing is due today. The next 1 question comes back tomorrow.")
        day += days
        box = review(reader, day)
        expect(box).to_contain_text("Question 1 of 1, from Softmax regression from scratch")
        answer(box.locator(".quiz"))
    answer(review(reader, day + 60).locator(".quiz"), right=False)
    (question,) = kept(reader)["questions"].values()
    assert question["box"] == 0
    expect(review(reader, day + 61)).to_contain_text("Question 1 of 1")
    assert reader.troubles == []


def test_the_first_answer_of_a_day_counts_and_one_before_its_time_does_not(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    quiz = reader.page.locator(".quiz").first
    answer(quiz)
    first = kept(reader)["questions"]
    answer(quiz, right=False)
    assert kept(reader)["questions"] == first
    again = review(reader, 1).locator(".quiz")
    answer(again)
    second = kept(reader)["questions"]
    answer(again, right=False)
    assert kept(reader)["questions"] == second
    assert next(iter(second.values()))["box"] == 1
    set_day(reader, 2)
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first)
    assert kept(reader)["questions"] == second
    set_day(reader, 3)
    open_page(reader, SOFTMAX)
    answer(reader.page.locator(".quiz").first, right=False)
    assert next(iter(kept(reader)["questions"].values()))["box"] == 0


def test_a_review_is_done_with_the_keyboard_alone(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    for quiz in reader.page.locator(".quiz").all()[:2]:
        answer(quiz)
    set_day(reader, 2)
    open_page(reader, FRONT)
    reader.page.locator(".kept-continue").get_by_role("link", name="Today’s review").press("Enter")
    reader.page.wait_for_url(f"**/{REVIEW}.html")
    place, keyboard = reader.page.locator(".gradus-review"), reader.page.keyboard
    for number, onward in ((1, "Next question"), (2, "Finish")):
        expect(place).to_contain_text(f"Question {number} of 2")
        tree = place.locator(".quiz").aria_snapshot()
        assert len(re.findall(r"radio \"[a-z]\. [^\"]+\"", tree)) == place.locator("label").count()
        place.get_by_role("radio").first.focus()
        keyboard.press("Space")
        keyboard.press("Enter")
        expect(place.locator(".quiz-verdict")).not_to_be_empty()
        keyboard.press("Tab")
        expect(place.get_by_role("button", name="Check")).to_be_focused()
        keyboard.press("Tab")
        expect(place.get_by_role("button", name=onward)).to_be_focused()
        keyboard.press("Enter")
        expect(place.locator(".review-count")).to_be_focused()
    expect(place).to_contain_text("That was 2 questions, and all for today.")
    assert reader.troubles == []


def test_a_review_shows_formulas_as_the_chapter_does(browser: Browser, site_address: str) -> None:
    for someone in reader_with(browser, site_address, PHONE, "dark"):
        set_day(someone, 0)
        open_page(someone, SOFTMAX)
        answer(someone.page.locator(".quiz").first)
        box = review(someone, 1)
        expect(box.locator(".quiz .math > math").first).to_be_visible()
        assert box.locator(".quiz .math > math").count() == box.locator(".quiz .math").count()
        answer(box.locator(".quiz"))
        for element in (box.locator(".kept-note"), box.locator(".review-count"), box.get_by_role("button").last):
            assert contrast(element) >= 4.5
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        open_page(someone, PROGRESS)
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert contrast(mark(someone, SOFTMAX)) >= 3
        assert someone.troubles == []


def test_an_exercise_is_solved_and_the_progress_erased_with_the_keyboard(reader: Reader) -> None:
    open_page(reader, SOFTMAX)
    box = reader.page.get_by_role("checkbox", name=re.compile(r"^Solved \(Exercise \S+\)$")).first
    box.focus()
    reader.page.keyboard.press("Space")
    expect(box).to_be_checked()
    assert len(kept(reader)["pages"][SOFTMAX]["solved"]) == 1
    reader.page.keyboard.press("Space")
    assert kept(reader)["pages"][SOFTMAX]["solved"] == []
    open_page(reader, PROGRESS)
    button(reader, "Erase").press("Enter")
    expect(reader.page.get_by_role("group", name=re.compile("^Erase everything"))).to_be_visible()
    expect(button(reader, "Keep it")).to_be_focused()
    reader.page.keyboard.press("Enter")
    expect(button(reader, "Erase")).to_be_focused()
    expect(said(reader)).to_have_text("Nothing was changed.")
    assert kept(reader) is not None


def test_two_pages_that_are_open_at_once_know_of_each_other(reader: Reader) -> None:
    open_page(reader, PROGRESS)
    other = reader.page.context.new_page()
    other.goto(f"{reader.address}{SOFTMAX}.html")
    answer(other.locator(".quiz").first)
    expect(reader.page.locator(".kept-table tfoot td").nth(1)).to_have_text(re.compile(r"^1 of \d+$"))
    expect(mark(reader, SOFTMAX)).to_have_count(1)


def test_without_scripts_nothing_of_it_shows(scriptless: Reader) -> None:
    for page in (SOFTMAX, FRONT, PROGRESS, REVIEW):
        open_page(scriptless, page)
        assert scriptless.page.locator("[class*=kept-]").count() == 0
        expect(scriptless.page.locator("#course-contents").or_(scriptless.page.locator(".kept-table"))).to_be_hidden()
    # The browser of the tests runs no scripts and believes that it does: it shows no <noscript>.
    assert "without them no question comes back" in scriptless.page.content()
    open_page(scriptless, PROGRESS)
    assert "so nothing is kept" in scriptless.page.content()


def test_opened_from_files_all_is_the_same(browser: Browser, site: Path) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto((site / f"{SOFTMAX}.html").as_uri())
    answer(page.locator(".quiz").first)
    expect(page.locator(".bd-sidenav a.current .kept-mark")).to_have_count(1)
    page.add_init_script("window.gradusNow = () => Date.now() + 2 * 864e5")
    page.goto((site / f"{REVIEW}.html").as_uri())
    expect(page.locator(".gradus-review")).to_contain_text("Question 1 of 1, from Softmax regression from scratch")
    expect(page.locator(".bd-sidenav .kept-mark")).to_have_count(1)
    page.locator(".review-count a").click()
    page.wait_for_url(f"file://**/{SOFTMAX}.html")
    assert troubles == []
    context.close()
