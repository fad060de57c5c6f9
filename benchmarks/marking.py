"""Marking 200 written answers in the page of `gradus mark`, by a script that presses keys: what the page itself takes.

    python benchmarks/marking.py                 # takes Chromium (Debian: chromium)
    python benchmarks/marking.py --answers 1000

A third of the answers are one of five texts, a third are one of five others with a word of their own, a third are like
no other. They are marked twice: one by one, a digit and Enter for each; and with what is alike marked at once. An
answer counts as marked when the next one is on the screen; the clock stops when all marks are in the gradebook. Nobody
reads here: a person's reading time comes on top of it. Results go to `benchmarks/results/marking.json`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks"), str(ROOT)]

from history import keep  # noqa: E402
from nbgrader.api import Grade, Gradebook  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from written_class import served, written_class  # noqa: E402

from autograder.course import Course  # noqa: E402
from autograder.marking_page.drawing import Drawing  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
WORDS = """loss gradient weight mean target shape axis batch step rate epoch layer unit sum norm noise split model error
bias square slope descent minimum stretch broadcast compare predict constant reason follow because every never each"""
NEXT = """before => {
  const place = document.getElementById("answer");
  return place.dataset.key !== before && place.textContent !== "…";
}"""
LOADED = "() => document.getElementById('place').textContent.endsWith('done')"
SAVED = "() => document.getElementById('unsaved').hidden"
ALIKE = "() => !document.getElementById('group').disabled"


def texts(count: int) -> dict[str, str]:
    """Answers by student."""
    draw = random.Random(1)

    def text() -> str:
        return " ".join(draw.choices(WORDS.split(), k=80)) + "."

    usual, others = [text() for _ in range(5)], [text() for _ in range(5)]
    kinds = [lambda n: usual[n % 5], lambda n: f"{others[n % 5]} {draw.choice(WORDS.split())} {n}.", lambda n: text()]
    return {f"student{number:04d}": kinds[number % 3](number // 3) for number in range(count)}


def marked(page: Page, at_once: bool) -> dict[str, float]:
    """Mark until nothing waits; seconds, keys, and how often a mark was given."""
    keys = given = 0
    began = time.perf_counter()
    while _waits(page):
        before = page.locator("#answer").get_attribute("data-key")
        pressed = ["2", "Enter"]
        if at_once and page.evaluate(ALIKE):
            said = page.locator("#alike").inner_text()
            shown = 2 if "equal but" in said and "nearly" in said else 1  # all of the family
            pressed = [*["g"] * shown, "2", "Shift+Enter"]
        for key in pressed:
            page.keyboard.press(key)
        keys, given = keys + len(pressed), given + 1
        if _waits(page):
            page.wait_for_function(NEXT, arg=before)
    page.wait_for_function(SAVED)
    return {"seconds": round(time.perf_counter() - began, 2), "keys": keys, "given": given}


def _waits(page: Page) -> bool:
    done, _, count, *_ = page.locator("#place").inner_text().split()
    return done != count


def run(page: Page, course: Course, count: int, at_once: bool) -> dict[str, Any]:
    drawing = Drawing()
    with served(course, drawing) as server:
        page.goto(server.address)
        page.wait_for_function(LOADED)
        found = marked(page, at_once)
    drawing.close()
    with Gradebook(course.gradebook_url) as gradebook:
        rows = [grade for grade in gradebook.db.query(Grade) if grade.manual_score is not None]
    assert len(rows) == count, f"{len(rows)} of {count} are in the gradebook"
    return {**found, "seconds_an_answer": round(found["seconds"] / count, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=200)
    count = parser.parse_args().answers
    figures: dict[str, Any] = {"answers": count}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, at_once in (("one by one", False), ("alike at once", True)):
            with tempfile.TemporaryDirectory() as folder:
                course = written_class(Path(folder), texts(count))
                figures[name] = run(browser.new_page(), course, count, at_once)
            print(f"{name}: {figures[name]}", flush=True)
    keep("marking", figures)


if __name__ == "__main__":
    main()
