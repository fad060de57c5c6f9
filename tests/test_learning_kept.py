"""What the build tells the pages, so that progress can be kept: how much each has, and all quick questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import finished_pages  # noqa: E402
import learning_kept  # noqa: E402
import quiz  # noqa: E402


def drawn(key: str, words: str = "Which?") -> str:
    """A question as `quiz.py` writes it."""
    choices = "".join(
        f'<div class="quiz-choice"><input type="radio" name="quiz-1" id="quiz-1-{letter}" value="{letter}" '
        f'autocomplete="off"><label for="quiz-1-{letter}"><span class="quiz-letter">{letter}. </span>'
        f'<code class="docutils literal notranslate"><span class="pre">X</span> <span class="pre">@</span></code> '
        f'<span class="math notranslate nohighlight"><math><mi>x</mi></math></span></label></div>'
        for letter in "ab"
    )
    return (
        f'<div class="quiz" id="quiz-1" data-key="{key}"><fieldset data-right="b"><legend>{words}</legend>{choices}'
        '<button type="button" class="quiz-check" hidden="">Check</button>'
        '<div class="quiz-verdict" role="status"></div>'
        '</fieldset><details class="quiz-answer"><ul><li data-letter="a"><div>No.</div></li></ul></details></div>'
    )


EXERCISE = '<div class="exercise admonition" id="ex-one"></div>'


def page(*sections: str) -> str:
    """A page with these texts as sections, each with a smaller one in it."""
    smaller = "<section>\n<h3>B</h3></section>"
    parts = [f'<section id="s{i}">\n<h2>A</h2>\n{text}{smaller}</section>' for i, text in enumerate(sections)]
    return f'<section class="tex2jax_ignore" id="top">\n<h1>Title</h1>{"".join(parts)}</section>'


def test_sections_to_read_are_those_without_questions_and_exercises() -> None:
    html = page(
        "Text.", "More.", drawn("aaaaaaaaaa") + drawn("bbbbbbbbbb"), EXERCISE + "<p>Why?</p>" + EXERCISE, "End."
    )
    assert learning_kept.amounts(html) == [3, 2, 2]


def test_a_section_that_can_be_linked_by_another_name_is_one() -> None:
    assert learning_kept.amounts(page("A").replace("\n<h2>", '\n<span id="other"></span><h2>')) == [1, 0, 0]


def test_a_page_without_sections_is_one() -> None:
    assert learning_kept.amounts(page()) == [1, 0, 0]


def test_a_question_loses_what_the_script_adds_again_and_keeps_the_rest() -> None:
    (found,) = learning_kept.questions_of("book/x", page(drawn("0123456789", "<em>Which</em>?")))
    assert (found["key"], found["page"]) == ("0123456789", "book/x")
    assert found["html"] == (
        '<fieldset data-right="b"><legend><em>Which</em>?</legend>'
        '<label data-letter="a"><code>X @</code> <span class="math"><math><mi>x</mi></math></span></label>'
        '<label data-letter="b"><code>X @</code> <span class="math"><math><mi>x</mi></math></span></label>'
        '</fieldset><details class="quiz-answer"><ul><li data-letter="a"><div>No.</div></li></ul></details>'
    )


def parts(text: str) -> list[nodes.Node]:
    return [nodes.paragraph("", text)]


def test_a_question_is_known_by_its_text_and_not_by_its_place_or_its_line_breaks() -> None:
    assert quiz.key_of(parts("Which one?")) == quiz.key_of(parts("Which\none?"))
    assert quiz.key_of(parts("Which one?")) != quiz.key_of(parts("Which two?"))
    assert len(quiz.key_of(parts("Which one?"))) == 10


@pytest.fixture
def book(tmp_path: Path) -> SimpleNamespace:
    """A site of two notebooks and the two pages that show what is kept, as Sphinx leaves it."""
    toc = "root: index\nparts:\n- {caption: One, chapters: [{file: a/one}, {file: a/two}]}\n"
    toc += "- {caption: Appendix, chapters: [{file: progress}, {file: review}]}\n"
    (tmp_path / "_toc.yml").write_text(toc, encoding="utf-8")
    for name, html in {
        "a/one": page("Text.", drawn("aaaaaaaaaa", "</script> & “ü”")),
        "a/two": page("Text.", EXERCISE, drawn("bbbbbbbbbb")),
        "progress": learning_kept.PROGRESS,
        "review": f'{learning_kept.REVIEW}<script src="_static/questions.js?v=00"></script>',
    }.items():
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(html, encoding="utf-8")
    (tmp_path / "_static").mkdir()
    env = SimpleNamespace(
        found_docs={"a/one", "a/two", "progress", "review"},
        doc2path=lambda name: f"{name}.{'ipynb' if name.startswith('a/') else 'md'}",
    )
    builder = SimpleNamespace(name="html")
    return SimpleNamespace(builder=builder, env=env, srcdir=str(tmp_path), outdir=str(tmp_path))


def finish(book: SimpleNamespace) -> None:
    """What happens at the end of a build, of which the contents and questions are a part."""
    book.emit = lambda event, pages: learning_kept.write_contents(book, pages)
    finished_pages.finish(book, None)


def read(book: SimpleNamespace, name: str) -> str:
    return (Path(book.outdir) / name).read_text(encoding="utf-8")


def test_the_page_of_the_progress_knows_how_much_each_part_has(book: SimpleNamespace) -> None:
    finish(book)
    _, _, data = read(book, "progress.html").partition('id="course-contents">')
    assert json.loads(data.removesuffix("</script>")) == [
        {"caption": "One", "pages": [{"page": "a/one", "of": [1, 1, 0]}, {"page": "a/two", "of": [1, 1, 1]}]}
    ]


def test_the_questions_of_all_pages_are_one_script_and_a_new_one_has_a_new_address(book: SimpleNamespace) -> None:
    finish(book)
    script, first = read(book, "_static/questions.js"), read(book, "review.html")
    assert "</script" not in script
    questions = json.loads(script.removeprefix("window.gradusQuestions = ").rstrip(";\n"))
    assert [(question["key"], question["page"]) for question in questions] == [
        ("aaaaaaaaaa", "a/one"),
        ("bbbbbbbbbb", "a/two"),
    ]
    assert "</script> & “ü”" in questions[0]["html"]
    assert "?v=00" not in first
    other = Path(book.outdir) / "a" / "two.html"
    other.write_text(page(drawn("cccccccccc")), encoding="utf-8")
    finish(book)
    assert read(book, "review.html") != first


@pytest.mark.parametrize(
    ("toc", "pages"),
    [("root: index\nchapters: [{file: a/one}, {url: x}]\n", ["a/one"]), ("root: a/one\n", [])],
    ids=["chapters alone", "a single page"],
)
def test_a_book_without_parts_is_a_book(book: SimpleNamespace, toc: str, pages: list[str]) -> None:
    (Path(book.srcdir) / "_toc.yml").write_text(toc, encoding="utf-8")
    assert [page for _, part in learning_kept.parts(book) for page in part] == pages
    finish(book)


def test_too_many_questions_for_one_file_fail_the_build(book: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_kept, "LARGEST", 500)
    with pytest.raises(ExtensionError, match=r"questions\.js has .* bytes"):
        finish(book)


def test_of_a_build_that_failed_nothing_is_written(book: SimpleNamespace) -> None:
    finished_pages.finish(book, ValueError())
    assert not (Path(book.outdir) / "_static" / "questions.js").exists()


@pytest.mark.parametrize(("name", "kept"), [("a/one", True), ("review", False), ("search", False)])
def test_a_page_says_which_it_is_and_only_a_notebook_is_kept(book: SimpleNamespace, name: str, kept: bool) -> None:
    loaded = {}
    book.add_js_file = lambda file, **attributes: loaded.update({file: attributes})
    learning_kept.load_script(book, name, "", {"body": ""}, None)
    assert loaded["progress.js"]["data-page"] == name
    assert ("data-kept" in loaded["progress.js"]) == kept
    assert set(loaded) == {"progress.js"}


def test_the_script_is_small_and_sends_nothing() -> None:
    path = ROOT / "book" / "_static" / "progress.js"
    assert path.stat().st_size < 32_000
    script = path.read_text(encoding="utf-8")
    for way_out in ("fetch", "XMLHttp", "Beacon", "cookie", "indexedDB", "WebSocket", "import(", "http"):
        assert way_out not in script
