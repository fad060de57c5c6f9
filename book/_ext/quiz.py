"""The directive `quiz`: one question of a self-check, its choices, and an explanation for each choice.

    :::{quiz}
    What shape has `X.sum(dim=0)`, when `X` is `(4, 3)`?

    - a. `(4,)`
    - b. `(3,)`

    <details><summary>Answer</summary>

    - a. No: the axis named by `dim` is the one that goes.
    - **b.** Yes: the rows are added up.

    </details>
    :::

Where nobody knows the directive (Colab, JupyterLab) this is a list and a folded answer. Here it becomes radio buttons;
`quiz.js` compares the reader's choice and shows its explanation. The answer stays in the page for print and for readers
without scripts. A question that cannot be answered (no right choice, an explanation that is missing, …) is a warning,
and a warning fails the build.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOGGER = logging.getLogger(__name__)
OPENING = "<details><summary>Answer</summary>"
CLOSING = "</details>"
LETTER = re.compile(r"([a-z])\.\s*")


class QuizError(Exception):
    """What is wrong with a question, for its author."""


class QuizTag(nodes.General, nodes.Element):
    """An HTML element with the attributes `tag` and `html`; writers of other formats see only what is in it."""


def tag(name: str, /, *children: nodes.Node, **html: str) -> QuizTag:
    """An element `name` with the attributes `html`: `class_` becomes `class`, `data_right` becomes `data-right`."""
    attributes = {key.rstrip("_").replace("_", "-"): value for key, value in html.items()}
    return QuizTag("", *children, tag=name, html=attributes)


def open_tag(writer: Any, node: QuizTag) -> None:
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in node["html"].items())
    writer.body.append(f"<{node['tag']}{attributes}>")


def close_tag(writer: Any, node: QuizTag) -> None:
    if node["tag"] != "input":
        writer.body.append(f"</{node['tag']}>")


def nothing(writer: Any, node: QuizTag) -> None:
    pass


class Quiz(SphinxDirective):
    """A question with choices; see the module's own text for its form."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        body = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, body)
        name = f"quiz-{self.env.new_serialno('quiz') + 1}"
        try:
            return [draw(name, body.children)]
        except QuizError as error:
            opening = " ".join(next(iter(self.content), "").split())[:60]
            LOGGER.warning("quiz (%s): %s", opening or "empty", error, location=self.get_location(), type="quiz")
            return body.children


def draw(name: str, parts: list[nodes.Node]) -> QuizTag:
    """The widget for the parsed `parts` of one question; raises QuizError with all that is wrong with it."""
    question, listed, explained = split(parts)
    choices = [choice(item) for item in listed]
    explanations = [explanation(item) for item in explained]
    check_letters([letter for letter, _ in choices], explanations)
    right = next(letter for letter, is_right, _ in explanations if is_right)

    last = max(i for i, block in enumerate(question) if isinstance(block, nodes.paragraph))
    legend = tag("legend", *question[last].children, class_="quiz-question")
    options = [draw_choice(name, letter, content) for letter, content in choices]
    check = tag("button", nodes.Text("Check"), type="button", class_="quiz-check", hidden="")
    verdict = tag("div", class_="quiz-verdict", role="status")
    fieldset = tag("fieldset", legend, *question[last + 1 :], *options, check, verdict, data_right=right)

    items = [draw_explanation(letter, content) for letter, _, content in explanations]
    said = nodes.paragraph("", "", nodes.Text("The right answer is "), nodes.strong("", right), nodes.Text("."))
    summary = tag("summary", nodes.Text("Answer"))
    answer = tag("details", summary, said, tag("ul", *items), class_="quiz-answer")
    return tag("div", *question[:last], fieldset, answer, class_="quiz", id=name, data_key=key_of(parts))


def key_of(parts: list[nodes.Node]) -> str:
    """What names a question wherever it stands on a page: a hash of its text, cut to ten digits."""
    text = " ".join("\n".join(part.astext() for part in parts).split())
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def split(parts: list[nodes.Node]) -> tuple[list[nodes.Node], list[nodes.Node], list[nodes.Node]]:
    """The blocks of the question, the items of its choices and the items of its explanations."""
    folds = [i for i, part in enumerate(parts) if isinstance(part, nodes.raw) and "<details" in part.astext()]
    if not folds:
        raise QuizError(f"there is no answer: `{OPENING}`, an empty line, one explanation for each choice, `{CLOSING}`")
    (fold, *_) = folds
    if parts[fold].astext().strip() != OPENING:
        raise QuizError(f"the answer must begin with the line `{OPENING}` and an empty line after it")
    if fold == 0 or not isinstance(parts[fold - 1], nodes.bullet_list):
        raise QuizError("there is no list of choices, `- a. …`, before the answer")
    question, answer = parts[: fold - 1], parts[fold + 1 :]
    if not any(isinstance(block, nodes.paragraph) for block in question):
        raise QuizError("there is no question before the choices")
    closed = bool(answer) and isinstance(answer[-1], nodes.raw) and answer[-1].astext().strip() == CLOSING
    if not closed:
        raise QuizError(f"the answer must end with an empty line and the line `{CLOSING}`, and nothing may follow it")
    if len(answer) != 2 or not isinstance(answer[0], nodes.bullet_list):
        raise QuizError("the answer must be one list, `- a. …`, with an explanation for each choice")
    return question, parts[fold - 1].children, answer[0].children


def choice(item: nodes.Node) -> tuple[str, list[nodes.Node]]:
    """Letter and content of an item of the choices."""
    if len(item.children) != 1 or not isinstance(item[0], nodes.paragraph):
        raise QuizError(f"a choice is one paragraph, which this is not: {shortened(item)}")
    letter, content = without_letter(item[0])
    if not "".join(node.astext() for node in content).strip():
        raise QuizError(f"the choice {letter} says nothing")
    return letter, content


def explanation(item: nodes.Node) -> tuple[str, bool, list[nodes.Node]]:
    """Letter of an explanation, whether it is bold (the right one), and its blocks."""
    if not item.children or not isinstance(item[0], nodes.paragraph):
        raise QuizError(
            f"an explanation begins with its letter, `a.` or `**a.**`, which this does not: {shortened(item)}"
        )
    first, *more = item.children
    begin, *rest = inline(first)
    is_right = isinstance(begin, nodes.strong)
    if is_right:
        marked = re.fullmatch(r"([a-z])\.", begin.astext())
        if marked is None:
            raise QuizError(f"only the letter of the right choice is bold at the start, `**a.**`: {shortened(item)}")
        letter, content = marked[1], rest
        if rest and isinstance(rest[0], nodes.Text):
            content = [nodes.Text(rest[0].lstrip()), *rest[1:]]
    else:
        letter, content = without_letter(first)
    if not "".join(node.astext() for node in [*content, *more]).strip():
        raise QuizError(f"{letter} has no explanation")
    return letter, is_right, [nodes.paragraph("", "", *content), *more]


def inline(paragraph: nodes.Node) -> list[nodes.Node]:
    """What is in a paragraph; the parser leaves an empty text where bold or code comes first."""
    return [node for node in paragraph.children if node.astext() or not isinstance(node, nodes.Text)]


def without_letter(paragraph: nodes.Node) -> tuple[str, list[nodes.Node]]:
    """The letter `a.` with which a paragraph must begin, and the rest of it."""
    first, *rest = inline(paragraph)
    match = LETTER.match(first) if isinstance(first, nodes.Text) else None
    if match is None:
        raise QuizError(f"each line begins with its letter, `- a. …`, which this does not: {shortened(paragraph)}")
    return match[1], [nodes.Text(first[match.end() :]), *rest]


def check_letters(choices: list[str], explanations: list[tuple[str, bool, list[nodes.Node]]]) -> None:
    """Raise QuizError unless the letters are a, b, c, … in both lists and exactly one is right."""
    expected, explained = list(ascii_lowercase[: len(choices)]), [letter for letter, _, _ in explanations]
    right = [letter for letter, is_right, _ in explanations if is_right]
    troubles = []
    if len(choices) < 2:
        troubles.append("there is only one choice")
    if choices != expected:
        troubles.append(f"the choices have the letters {', '.join(choices)} and not {', '.join(expected)}")
    missing = [letter for letter in choices if letter not in explained]
    if missing:
        troubles.append(f"{' and '.join(missing)} without an explanation")
    elif explained != choices:
        troubles.append(f"the explanations have the letters {', '.join(explained)}, the choices {', '.join(choices)}")
    if not right:
        troubles.append("no choice is marked as right: make its letter bold in the answer, `- **a.** …`")
    if len(right) > 1:
        troubles.append(f"{' and '.join(right)} are all marked as right; make only one letter bold")
    if troubles:
        raise QuizError("; ".join(troubles))


def draw_choice(name: str, letter: str, content: list[nodes.Node]) -> QuizTag:
    ident = f"{name}-{letter}"
    # autocomplete: a browser does not bring an old choice back.
    button = tag("input", type="radio", name=name, id=ident, value=letter, autocomplete="off")
    label = tag("label", tag("span", nodes.Text(f"{letter}. "), class_="quiz-letter"), *content, for_=ident)
    return tag("div", button, label, class_="quiz-choice")


def draw_explanation(letter: str, content: list[nodes.Node]) -> QuizTag:
    marker = tag("span", nodes.Text(f"{letter}. "), class_="quiz-letter")
    return tag("li", marker, tag("div", *content), data_letter=letter)


def shortened(node: nodes.Node) -> str:
    text = " ".join(node.astext().split())
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"


def load_where_needed(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if doctree is not None and next(doctree.findall(QuizTag), None) is not None:
        app.add_css_file("quiz.css")
        app.add_js_file("quiz.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, object]:
    transparent = (nothing, nothing)
    others = dict.fromkeys(("latex", "text", "man", "texinfo"), transparent)
    app.add_node(QuizTag, html=(open_tag, close_tag), **others)
    app.add_directive("quiz", Quiz)
    app.connect("html-page-context", load_where_needed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
