"""A self-check question becomes radio buttons with an explanation for each choice, or the build says what it lacks."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from book_pages import executed_pages
from sphinx.application import Sphinx

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
SOUND = """\
Here is a matrix, `X`, of shape `(4, 3)`:

$$
X = 1
$$

What shape has `X @ w`, when *w* is `(3,)` and $x < 2$?

- a. `(4, 1)`
- b. `(4,)`
- c. `X.shape[1:]` & nothing else

<details><summary>Answer</summary>

- a. No: a product with a vector keeps no axis of *length one*.
- **b.** Yes: each row of `X` meets `w` once.

  ```python
  X @ w
  ```
- c. No: that is the axis that is **summed** away.

</details>
"""
CONFIGURATION = """\
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "quiz"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_static_path = [{static!r}]
"""


class Built:
    """A little site of pages with one question each, and the warnings of its build by page."""

    def __init__(self, folder: Path, questions: dict[str, str]) -> None:
        extensions, static = str(ROOT / "book" / "_ext"), str(ROOT / "book" / "_static")
        (folder / "conf.py").write_text(CONFIGURATION.format(extensions=extensions, static=static), encoding="utf-8")
        (folder / "index.md").write_text("# Pages\n\n```{toctree}\n:glob:\n*\n```\n\nNo question.\n", encoding="utf-8")
        for name, question in questions.items():
            page = f"# A page\n\nText.\n\n:::{{quiz}}\n{question}:::\n"
            (folder / f"{name}.md").write_text(page, encoding="utf-8")
        warnings = io.StringIO()
        app = Sphinx(folder, folder, folder / "out", folder / "trees", "html", status=None, warning=warnings)
        app.build()
        self.folder = folder / "out"
        self.warnings = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).splitlines()

    def html(self, name: str) -> str:
        return (self.folder / f"{name}.html").read_text(encoding="utf-8")


OPTIONS = "- a. One\n- b. Two\n\n"
OPEN, CLOSE = "<details><summary>Answer</summary>\n\n", "\n</details>\n"
ANSWERS = "- a. No.\n- **b.** Yes.\n"

# A question that cannot be answered, and what its author must be told.
FAULTS = {
    "empty": ("", "there is no answer"),
    "no-answer": (f"Which?\n\n{OPTIONS}", "there is no answer"),
    "no-question": (f"{OPTIONS}{OPEN}{ANSWERS}{CLOSE}", "there is no question before the choices"),
    "no-choices": (f"Which?\n\n{OPEN}{ANSWERS}{CLOSE}", "there is no list of choices"),
    "one-choice": (f"Which?\n\n- a. One\n\n{OPEN}- **a.** Yes.\n{CLOSE}", "there is only one choice"),
    "nothing-right": (f"Which?\n\n{OPTIONS}{OPEN}- a. No.\n- b. Yes.\n{CLOSE}", "no choice is marked as right"),
    "two-right": (f"Which?\n\n{OPTIONS}{OPEN}- **a.** Yes.\n- **b.** Yes.\n{CLOSE}", "a and b are all marked as right"),
    "unexplained": (f"Which?\n\n{OPTIONS}{OPEN}- **a.** Yes.\n{CLOSE}", "b without an explanation"),
    "empty-explanation": (f"Which?\n\n{OPTIONS}{OPEN}- a.\n- **b.** Yes.\n{CLOSE}", "a has no explanation"),
    "empty-right-explanation": (f"Which?\n\n{OPTIONS}{OPEN}- a. No.\n- **b.**\n{CLOSE}", "b has no explanation"),
    "explained-too-often": (f"Which?\n\n{OPTIONS}{OPEN}{ANSWERS}- c. No.\n{CLOSE}", "have the letters a, b, c, the"),
    "explained-twice": (f"Which?\n\n{OPTIONS}{OPEN}- a. No.\n{ANSWERS}{CLOSE}", "have the letters a, a, b, the"),
    "letters-repeat": (f"Which?\n\n- a. One\n- a. Two\n\n{OPEN}{ANSWERS}{CLOSE}", "letters a, a and not a, b"),
    "letters-leap": (f"Which?\n\n- a. One\n- c. Two\n\n{OPEN}{ANSWERS}{CLOSE}", "letters a, c and not a, b"),
    "letterless-choice": (f"Which?\n\n- a. One\n- Two\n\n{OPEN}{ANSWERS}{CLOSE}", "which this does not: “Two”"),
    "letterless-answer": (f"Which?\n\n{OPTIONS}{OPEN}- a. No.\n- Yes.\n{CLOSE}", "which this does not: “Yes.”"),
    "bold-sentence": (f"Which?\n\n{OPTIONS}{OPEN}- a. No.\n- **b. Yes.**\n{CLOSE}", "only the letter of the right"),
    "empty-choice": (f"Which?\n\n- a.\n- b. Two\n\n{OPEN}{ANSWERS}{CLOSE}", "the choice a says nothing"),
    "long-choice": (f"Which?\n\n- a. One\n\n  More\n- b. Two\n\n{OPEN}{ANSWERS}{CLOSE}", "a choice is one paragraph"),
    "text-between": (f"Which?\n\n{OPTIONS}So:\n\n{OPEN}{ANSWERS}{CLOSE}", "there is no list of choices"),
    "text-after": (f"Which?\n\n{OPTIONS}{OPEN}{ANSWERS}{CLOSE}\nMore.\n", "nothing may follow it"),
    "text-in-answer": (f"Which?\n\n{OPTIONS}{OPEN}Well.\n\n{ANSWERS}{CLOSE}", "must be one list"),
    "no-empty-line": (f"Which?\n\n{OPTIONS}{OPEN.strip()}\n{ANSWERS}{CLOSE}", "an empty line after it"),
    "not-closed": (f"Which?\n\n{OPTIONS}{OPEN}{ANSWERS}", "must end with an empty line and the line `</details>`"),
    "other-summary": (
        f"Which?\n\n{OPTIONS}{OPEN.replace('Ans', 'The ans')}{ANSWERS}{CLOSE}",
        "must begin with the line",
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    questions = {"sound": SOUND, "second": SOUND + ":::\n\n:::{quiz}\n" + SOUND}
    return Built(tmp_path_factory.mktemp("quiz"), questions | {name: text for name, (text, _) in FAULTS.items()})


@pytest.mark.parametrize("name", FAULTS)
def test_a_question_that_cannot_be_answered_is_a_warning_with_its_page_line_and_lack(built: Built, name: str) -> None:
    said = [line for line in built.warnings if f"{name}.md" in line]
    assert len(said) == 1, said
    assert re.search(rf"/{name}\.md:5: WARNING: quiz \(", said[0])
    assert FAULTS[name][1] in said[0]
    assert "<fieldset" not in built.html(name)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = f"Which?\n\n- a. One\n- c. Two\n\n{OPEN}- a. No.\n{CLOSE}"
    (said,) = [line for line in Built(tmp_path, {"page": text}).warnings if "page.md" in line]
    assert "quiz (Which?)" in said
    for words in ("letters a, c and not a, b", "c without an explanation", "no choice is marked as right"):
        assert words in said


def test_sound_questions_are_built_without_a_warning(built: Built) -> None:
    assert [line for line in built.warnings if "/sound.md" in line or "/second.md" in line] == []


class _Outline(HTMLParser):
    """Elements of a page with their attributes and the text in them."""

    VOID = frozenset({"input", "link", "meta", "img", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attributes}, []))
        if tag not in self.VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        opened = self.elements[self.open.pop()][0]
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for i in self.open:
            self.elements[i][2].append(data)

    def every(self, tag: str, of_class: str = "") -> list[tuple[dict[str, str], str]]:
        return [
            (attributes, "".join(text))
            for name, attributes, text in self.elements
            if name == tag and (not of_class or of_class in attributes.get("class", "").split())
        ]


def body(html: str) -> str:
    start = html.index('<div class="quiz"')
    return html[start : html.index("</details></div>", start) + len("</details></div>")]


def test_a_question_is_a_group_of_labelled_radio_buttons(built: Built) -> None:
    quiz = _Outline(body(built.html("sound")))
    ((fieldset, _),) = quiz.every("fieldset")
    ((_, legend),) = quiz.every("legend")
    assert fieldset == {"data-right": "b"}
    assert legend.startswith("What shape has X @ w, when w is (3,) and ")
    radios = [attributes for attributes, _ in quiz.every("input")]
    assert [radio["value"] for radio in radios] == ["a", "b", "c"]
    assert {radio["type"] for radio in radios} == {"radio"}
    assert {radio["autocomplete"] for radio in radios} == {"off"}
    assert len({radio["name"] for radio in radios}) == 1
    labels = {attributes["for"]: text for attributes, text in quiz.every("label")}
    assert [labels[radio["id"]] for radio in radios] == ["a. (4, 1)", "b. (4,)", "c. X.shape[1:] & nothing else"]
    ((button, said),) = quiz.every("button")
    assert said == "Check"
    assert button["type"] == "button", "it must not send anything"
    assert "hidden" in button, "without scripts there is nothing to press"
    ((verdict, nothing),) = quiz.every("div", "quiz-verdict")
    assert verdict["role"] == "status"
    assert nothing == ""


def test_what_comes_before_the_question_stands_before_its_group(built: Built) -> None:
    html = body(built.html("sound"))
    assert html.index("Here is a matrix") < html.index("X = 1") < html.index("<fieldset") < html.index("What shape")


def test_without_scripts_the_answer_is_readable(built: Built) -> None:
    quiz = _Outline(body(built.html("sound")))
    ((answer, text),) = quiz.every("details")
    assert "open" not in answer
    assert text.split("\n")[0].startswith("AnswerThe right answer is b.")
    explanations = {attributes["data-letter"]: said for attributes, said in quiz.every("li")}
    assert explanations["a"].startswith("a. No: a product with a vector keeps no axis of length one.")
    assert explanations["b"].startswith("b. Yes: each row of X meets w once.")
    assert "X @ w" in explanations["b"].split("once.")[1]
    assert list(explanations) == ["a", "b", "c"]


def test_code_emphasis_and_formulas_are_kept(built: Built) -> None:
    html = body(built.html("sound"))
    legend, (first, *_) = re.search(r"<legend.*?</legend>", html)[0], re.findall(r"<label.*?</label>", html)  # type: ignore[index]
    assert '<code class="docutils literal notranslate">' in legend
    assert "<em>w</em>" in legend
    assert re.search(r'<span class="math[^"]*">\\\(x &lt; 2\\\)</span>', legend)
    assert "<code" in first
    assert "<strong>summed</strong>" in html
    assert '<div class="highlight' in html


def test_two_questions_on_a_page_do_not_share_names_or_ids(built: Built) -> None:
    html = built.html("second")
    assert html.count("<fieldset") == 2
    ids = re.findall(r' id="(quiz-[^"]+)"', html)
    assert len(ids) == len(set(ids)) == 8
    assert len(set(re.findall(r' name="(quiz-[^"]+)"', html))) == 2


def test_script_and_style_are_loaded_only_where_there_is_a_question(built: Built) -> None:
    assert "quiz.js" in built.html("sound")
    assert "quiz.css" in built.html("sound")
    assert "quiz.js" not in built.html("index")
    assert "quiz.css" not in built.html("index")


def test_the_widget_is_a_few_kilobytes_and_stores_and_sends_nothing() -> None:
    files = [ROOT / "book" / "_static" / name for name in ("quiz.js", "quiz.css")]
    assert sum(path.stat().st_size for path in files) < 6_000
    script = files[0].read_text(encoding="utf-8")
    for way_out in ("fetch", "XMLHttp", "Beacon", "Storage", "cookie", "indexedDB", "WebSocket", "import", "http"):
        assert way_out not in script


CHAPTERS = [
    page for page in executed_pages(ROOT) if any(":::{quiz}" in source_of(cell) for cell in read(page)["cells"])
]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_that_asks_asks_three_to_five_questions_under_one_heading(page: Path) -> None:
    asking = [source_of(cell) for cell in read(page)["cells"] if ":::{quiz}" in source_of(cell)]
    assert 3 <= "".join(asking).count(":::{quiz}") <= 5
    before, heading, _ = asking[0].partition("## Check yourself\n")
    assert heading
    assert ":::{quiz}" not in before
    right = re.findall(r"^- \*\*([a-z])\.\*\*", "".join(asking), flags=re.MULTILINE)
    assert len(set(right)) > 1, "the right answer is always the same letter"
