"""What the page needs to know so that a reader's progress can be kept in the browser: `_static/progress.js` keeps it.

Every page tells the script which page it is, and whether it is one to be read, run and answered (a notebook). The page
with `<div class="gradus-progress">` gets a list of all such pages with the number of their sections, quick questions
and exercises. The page with `<div class="gradus-review">` gets `_static/questions.js`, which holds the quick questions
of all pages: a script, since a page opened from a file may load nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PROGRESS, REVIEW = '<div class="gradus-progress"></div>', '<div class="gradus-review"></div>'
QUIZ = re.compile(r'<div class="quiz" id="[^"]*" data-key="(\w+)">(.*?</details>)</div>', re.DOTALL)
EXERCISE = re.compile(r'class="exercise admonition"')
SECTION = re.compile(r'<section id="[^"]+">\s*(?:<span id="[^"]*"></span>)*<h2>')
CHOICE = re.compile(
    r'<div class="quiz-choice"><input type="radio"[^>]* value="(\w)"[^>]*><label for="[^"]*">'
    r'<span class="quiz-letter">\w\. </span>(.*?)</label></div>',
    re.DOTALL,
)
# What Sphinx writes for scripts and styles that a question does not need.
SHORTER = (
    (re.compile(r'<span class="pre">([^<]*)</span>'), r"\1"),
    (re.compile(r' class="docutils literal notranslate"'), ""),
    (re.compile(r' notranslate nohighlight"'), '"'),
    (re.compile(r'<button type="button" class="quiz-check".*?</div>', re.DOTALL), ""),
)
LARGEST = 200_000  # bytes, of all questions


def questions_of(page: str, html: str) -> list[dict[str, str]]:
    """The quick questions of a page, without what `progress.js` adds again: the choices' letters, and all buttons."""
    found = []
    for key, quiz in QUIZ.findall(html):
        short = CHOICE.sub(r'<label data-letter="\1">\2</label>', quiz)
        for pattern, replacement in SHORTER:
            short = pattern.sub(replacement, short)
        found.append({"key": key, "page": page, "html": short})
    return found


def amounts(html: str) -> list[int]:
    """How many sections a page has that are there to be read, how many quick questions, how many exercises.

    A section that holds questions or exercises is not to be read but to be answered. A page without sections is one.
    """
    _, *sections = SECTION.split(html)
    to_read = [part for part in sections if 'class="quiz"' not in part and not EXERCISE.search(part)]
    return [len(to_read) if sections else 1, len(QUIZ.findall(html)), len(EXERCISE.findall(html))]


def is_kept(app: Sphinx, page: str) -> bool:
    return page in app.env.found_docs and app.env.doc2path(page).endswith(".ipynb")


def load_script(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    kept = {"data-kept": ""} if is_kept(app, pagename) else {}
    app.add_js_file("progress.js", loading_method="defer", **{"data-page": pagename}, **kept)
    if REVIEW in context.get("body", ""):
        app.add_css_file("quiz.css")
        app.add_js_file("quiz.js", loading_method="defer")
        app.add_js_file("questions.js", loading_method="defer")


def parts(app: Sphinx) -> Iterator[tuple[str, list[str]]]:
    """The parts of `_toc.yml` with those of their pages that are notebooks; parts without any are left out."""
    written = yaml.safe_load((Path(app.srcdir) / "_toc.yml").read_text(encoding="utf-8"))
    for part in written.get("parts", [written]):  # a book may have chapters alone, or a single page
        names = [page.get("file", "") for page in part.get("chapters", [])]
        pages = [name for name in names if is_kept(app, name)]
        if pages:
            yield part.get("caption", ""), pages


def write_contents(app: Sphinx, finished: dict[str, str]) -> None:
    """Put the list of pages and the questions where the two pages find them, once all pages are written."""
    contents: list[dict[str, object]] = []
    questions: list[dict[str, str]] = []
    for caption, pages in parts(app):
        part = []
        for page in pages:
            html = finished[f"{page}.html"]
            part.append({"page": page, "of": amounts(html)})
            questions += questions_of(page, html)
        contents.append({"caption": caption, "pages": part})
    script = f"window.gradusQuestions = {as_json(questions)};\n".encode()
    if len(script) > LARGEST:
        raise ExtensionError(f"questions.js has {len(script):,} bytes; more than {LARGEST:,} are too many in one file")
    (Path(app.outdir) / "_static" / "questions.js").write_bytes(script)
    version = hashlib.sha256(script).hexdigest()[:8]
    for page in app.env.found_docs:
        if not app.env.doc2path(page).endswith(".md"):
            continue
        before = finished[f"{page}.html"]
        data = f'<script type="application/json" id="course-contents">{as_json(contents)}</script>'
        after = before.replace(PROGRESS, f"{PROGRESS}\n{data}")
        if REVIEW in before:  # a browser may keep the questions, and not those of an older book
            after = re.sub(r'questions\.js(?:\?v=\w*)?"', f'questions.js?v={version}"', after)
        finished[f"{page}.html"] = after


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</script", r"<\/script")


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("html-page-context", load_script)
    app.setup_extension("finished_pages")
    app.connect("pages-finished", write_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
