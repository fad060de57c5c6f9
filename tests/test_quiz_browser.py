"""A self-check is answered with the keyboard alone, says right and wrong in words, and sends the choice nowhere."""

from __future__ import annotations

import re

import pytest
from contrast import contrast
from playwright.sync_api import Locator, expect
from reader import Reader

SOFTMAX = "book/03-linear-classification/04-softmax-regression-from-scratch.html"
# What the browser keeps for this site besides the page itself and the reader's progress.
STORED = "{...localStorage, 'gradus-progress': ''}"
KEPT = f"JSON.stringify([{STORED}, {{...sessionStorage}}, document.cookie, location.href])"


# Take every choice back, as the reader who changes one: the page listens to that.
UNTOUCHED = """() => {
  for (const quiz of document.querySelectorAll('.quiz')) {
    quiz.querySelectorAll('input:checked').forEach((radio) => { radio.checked = false; });
    quiz.querySelector('fieldset').dispatchEvent(new Event('change'));
  }
  document.activeElement?.blur();
}"""


def quizzes(reader: Reader) -> list[Locator]:
    """The questions of a chapter, as they are when it is opened: nothing chosen, nothing said."""
    reader.stay(SOFTMAX)
    reader.page.evaluate(UNTOUCHED)
    found = reader.page.locator(".quiz").all()
    assert len(found) >= 3
    expect(reader.page.locator(".quiz input:checked, .quiz .is-right, .quiz .is-wrong")).to_have_count(0)
    return found


def test_at_first_nothing_is_chosen_and_nothing_said(desk: Reader) -> None:
    desk.open(SOFTMAX)
    for quiz in desk.page.locator(".quiz").all():
        expect(quiz.locator("input:checked")).to_have_count(0)
        expect(quiz.get_by_role("status")).to_be_empty()
    assert desk.troubles == []


def right(quiz: Locator) -> str:
    return quiz.locator("fieldset").get_attribute("data-right") or ""


def answer(quiz: Locator, letter: str) -> Locator:
    """Choose with the mouse and check; the verdict."""
    quiz.locator(f"label[for$='-{letter}']").click()
    quiz.get_by_role("button", name="Check").click()
    return quiz.get_by_role("status")


def test_a_question_is_answered_with_the_keyboard_alone(desk: Reader) -> None:
    quiz = quizzes(desk)[0]
    keyboard, radios, verdict = desk.page.keyboard, quiz.get_by_role("radio"), quiz.get_by_role("status")
    radios.first.focus()
    keyboard.press("Space")
    expect(radios.nth(0)).to_be_checked()
    keyboard.press("ArrowDown")
    expect(radios.nth(1)).to_be_checked()
    expect(verdict).to_be_empty()  # walking over the choices gives nothing away
    keyboard.press("Tab")
    expect(quiz.get_by_role("button", name="Check")).to_be_focused()
    keyboard.press("Enter")
    expect(verdict).to_contain_text("✓ b is right.")
    expect(verdict).to_contain_text("softmax sees only their differences")
    keyboard.press("Shift+Tab")
    keyboard.press("ArrowUp")
    expect(verdict).to_be_empty()
    keyboard.press("Enter")
    expect(verdict).to_contain_text("✗ a is wrong.")
    expect(radios.nth(0)).to_be_focused()
    assert desk.troubles == []


def test_a_screen_reader_hears_question_choices_and_verdict(desk: Reader) -> None:
    for quiz in quizzes(desk):
        question = quiz.locator("legend").inner_text().splitlines()[0]
        assert len(question) > 20
        tree = quiz.aria_snapshot()
        assert re.match(r"- '?group \"[^\"]{20,}", tree), tree
        assert len(re.findall(r"radio \"[a-z]\. [^\"]+\"", tree)) == quiz.locator("label").count(), tree
        assert '- button "Check"' in tree
        verdict = quiz.get_by_role("status")
        expect(verdict).to_be_attached()  # there before it is filled, or it would not be heard
        expect(verdict).to_be_empty()


def test_each_choice_is_explained_in_words_and_with_its_formulas(desk: Reader) -> None:
    for quiz in quizzes(desk):
        for radio in quiz.get_by_role("radio").all():
            letter = radio.get_attribute("value") or ""
            verdict = answer(quiz, letter)
            outcome = "right" if letter == right(quiz) else "wrong"
            expect(verdict.locator("p").first).to_have_text(re.compile(rf"^. {letter} is {outcome}\.$"))
            explanation = quiz.locator(f"[data-letter={letter}] > div")
            assert len(verdict.inner_text()) > len(f"? {letter} is {outcome}.") + 20
            for part in ("math", "code", "em"):
                assert verdict.locator(part).count() == explanation.locator(part).count()
            expect(quiz.locator(".is-right, .is-wrong")).to_have_count(1)
    assert desk.troubles == []


def test_without_a_choice_it_asks_for_one(desk: Reader) -> None:
    quiz = quizzes(desk)[0]
    quiz.get_by_role("button", name="Check").click()
    expect(quiz.get_by_role("status")).to_have_text("Choose an answer first.")


def test_one_question_leaves_the_others_alone(desk: Reader) -> None:
    first, second, *_ = quizzes(desk)
    answer(first, "a")
    answer(second, "b")
    expect(first.get_by_role("radio").nth(0)).to_be_checked()
    expect(second.get_by_role("radio").nth(1)).to_be_checked()
    expect(first.get_by_role("status")).to_contain_text("a is")


def test_of_a_choice_nothing_is_sent_and_only_that_it_was_made_is_kept(desk: Reader) -> None:
    quiz = quizzes(desk)[0]
    desk.page.wait_for_load_state("networkidle")
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    before = desk.page.evaluate(KEPT)
    expect(answer(quiz, right(quiz))).not_to_be_empty()
    assert desk.page.evaluate(KEPT) == before
    assert asked == []
    desk.page.reload()
    expect(desk.page.locator(".quiz input:checked")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_stands_out_on_both_grounds(desk: Reader, night: Reader, scheme: str) -> None:
    reader = {"light": desk, "dark": night}[scheme]
    for quiz, letter in zip(quizzes(reader), "abc", strict=False):
        verdict = answer(quiz, letter)
        expect(verdict).not_to_be_empty()
        marked = quiz.locator(".is-right, .is-wrong")
        assert contrast(marked, "borderInlineStartColor") >= 3
        for element in (verdict.locator("p").first, verdict.locator("p").last, quiz.locator("legend")):
            assert contrast(element) >= 4.5
        for element in (quiz.locator("label").first, quiz.get_by_role("button")):
            assert contrast(element) >= 4.5
        for code in quiz.locator("code:visible").all():
            assert contrast(code) >= 4.5


def test_the_focus_is_seen(desk: Reader) -> None:
    quiz = quizzes(desk)[0]
    quiz.get_by_role("radio").first.focus()
    desk.page.keyboard.press("Tab")  # a focus ring is for those who use the keyboard
    desk.page.keyboard.press("Shift+Tab")
    for _ in range(2):
        focused = desk.page.locator(":focus")
        assert focused.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"
        assert contrast(focused, "outlineColor") >= 3
        desk.page.keyboard.press("Tab")


def test_on_a_phone_choices_are_large_enough_to_be_hit(phone: Reader) -> None:
    for quiz in quizzes(phone):
        for label in quiz.locator("label").all():
            box = label.bounding_box()
            assert box is not None
            assert box["height"] >= 30
            assert box["width"] >= 200


def test_without_scripts_the_answer_can_be_unfolded(scriptless: Reader) -> None:
    for quiz in quizzes(scriptless):
        expect(quiz.get_by_role("button", name="Check")).to_be_hidden()
        explanations = quiz.locator(".quiz-answer li")
        expect(explanations.first).to_be_hidden()
        quiz.locator("summary").click()
        for explanation in explanations.all():
            expect(explanation).to_be_visible()
        expect(quiz.get_by_text(f"The right answer is {right(quiz)}.")).to_be_visible()


def test_on_paper_question_choices_and_answer_are_there_and_nothing_to_press(desk: Reader) -> None:
    found = quizzes(desk)
    expect(found[0].locator(".quiz-answer")).to_be_hidden()
    desk.page.emulate_media(media="print")
    for quiz in found:
        for element in (quiz.locator("legend"), *quiz.locator("label").all(), *quiz.locator("li").all()):
            expect(element).to_be_visible()
        expect(quiz.get_by_role("button", name="Check")).to_be_hidden()
    desk.page.emulate_media(media="screen")
