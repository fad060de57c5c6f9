"""A written answer that nobody has read is never 0: wherever it was written, it waits for a person, who sees it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import nbformat
import pytest
import tiny_problem_set as tiny
from editors import code, lose_ids, lose_labels, text
from nbgrader.utils import compute_checksum, determine_grade

from autograder.gradebook.generate import generate
from autograder.submissions.intake import framed
from gradus.notebook.form import Notebook, source_of
from gradus.notebook.frame import KEY, frame_of

ANSWER = "The loss says how wrong an answer is."
PICTURE = {"attachments": {"image.png": {"image/png": "iVBORw0KGgo="}}}
Write = Callable[[Notebook], None]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """The student notebook, with a prompt above its written question and a text cell at its end."""
    source = tiny.source_notebook()
    source["cells"].insert(
        -1, tiny.cell("markdown", "why-prompt", "## Why?\n\n**3 points**\n\nWhy do two halves make a whole?")
    )
    source["cells"].append(
        tiny.cell("markdown", "hand-in", "## Before you hand in\n\nRun all cells from top to bottom.")
    )
    return json.loads(generate(tiny.course(tmp_path_factory.mktemp("released"), source), tiny.NAME))


def at(notebook: Notebook, name: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if name in (tiny.label(cell), cell.get("id")))


def seen(released: Notebook, write: Write) -> tuple[str, float | None, list[str]]:
    """The answer cell as it is shown to whoever marks, nbgrader's mark of it, and what is said."""
    notebook = copy.deepcopy(released)
    write(notebook)
    rebuilt = framed(json.dumps(notebook).encode(), "tiny.ipynb", nbformat.reads(json.dumps(released), as_version=4))
    nbformat.validate(rebuilt)
    (why,) = [cell for cell in rebuilt.cells if tiny.label(cell) == "why"]
    return why.source, determine_grade(why)[0], rebuilt.metadata["gradus"]["problems"]


def insert(what: Callable[[str], Notebook], before: str = "", after: str = "") -> Callable[[str], Write]:
    def written(answer: str) -> Write:
        def write(notebook: Notebook) -> None:
            notebook["cells"].insert(at(notebook, before) if before else at(notebook, after) + 1, what(answer))

        return write

    return written


def into(name: str, change: Callable[[str, str], str]) -> Callable[[str], Write]:
    def written(answer: str) -> Write:
        def write(notebook: Notebook) -> None:
            cell = notebook["cells"][at(notebook, name)]
            cell["source"] = change("".join(cell["source"]), answer)

        return write

    return written


def typed_anew(what: Callable[[str], Notebook], *also: Callable[[Notebook], None]) -> Callable[[str], Write]:
    def written(answer: str) -> Write:
        def write(notebook: Notebook) -> None:
            notebook["cells"][at(notebook, "why")] = what(answer)
            for change in also:
                change(notebook)

        return write

    return written


def with_copy_last(answer: str) -> Write:
    def write(notebook: Notebook) -> None:
        cell = notebook["cells"][at(notebook, "why")]
        notebook["cells"].append(copy.deepcopy(cell) | {"id": "twin"})
        cell["source"] = answer

    return write


def in_the_copy(answer: str) -> Write:
    def write(notebook: Notebook) -> None:
        notebook["cells"].append(copy.deepcopy(notebook["cells"][at(notebook, "why")]) | {"id": "x", "source": answer})

    return write


def raw(source: str) -> Notebook:
    return {"cell_type": "raw", "metadata": {}, "source": source}


def emptied(answer: str) -> Write:
    def write(notebook: Notebook) -> None:
        notebook["cells"][at(notebook, "why")]["source"] = ""
        notebook["cells"].insert(at(notebook, "why") + 1, text(answer))

    return write


PLACES = {
    "in its cell": into("why", lambda _, answer: answer),
    "in its cell, below the words that stand there": into("why", lambda old, answer: f"{old}\n\n{answer}"),
    "below its cell": insert(text, after="why"),
    "above its cell": insert(text, before="why"),
    "above the question": insert(text, before="why-prompt"),
    "at the end": insert(text, after="hand-in"),
    "far above": insert(text, before="double-prompt"),
    "at the top": insert(text, before="title"),
    "at the end of the question": into("why-prompt", lambda old, answer: f"{old}\n\n{answer}"),
    "in the middle of the question": into("why-prompt", lambda old, answer: old.replace("**3", f"{answer}\n\n**3")),
    "behind the question's last words": into("why-prompt", lambda old, answer: f"{old} {answer}"),
    "in another question": into("halve-prompt", lambda old, answer: f"{old}\n{answer}"),
    "in the last text of the notebook": into("hand-in", lambda old, answer: f"{answer}\n\n{old}"),
    "in the place of the question": into("why-prompt", lambda _, answer: answer),
    "in a cell typed anew": typed_anew(text),
    "in a cell typed anew, all labels gone": typed_anew(text, lose_labels),
    "in a cell typed anew, labels and ids gone": typed_anew(text, lose_labels, lose_ids),
    "in a raw cell": insert(raw, after="why"),
    "in a raw cell typed anew": typed_anew(raw),
    "in a code cell": insert(code, after="why"),
    "in a code cell typed anew": typed_anew(code),
    "in a comment": insert(lambda answer: code(f"# {answer}"), after="why"),
    "in a string": insert(lambda answer: code(f'"""\n{answer}\n"""'), after="why"),
    "in a printed string": insert(lambda answer: code(f"print('{answer}')"), before="why"),
    "in its cell, with an empty copy at the end": with_copy_last,
    "in a copy of its cell": in_the_copy,
    "below its emptied cell": emptied,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_an_answer_is_shown_and_waits_wherever_it_was_written(released: Notebook, place: str) -> None:
    shown, mark, said = seen(released, PLACES[place](ANSWER))
    assert ANSWER in shown
    assert mark is None
    assert ("waits to be read" in " ".join(said)) == (not place.startswith("in its cell") and "copy" not in place)


WORDS = [
    "Yes",
    "softmax",
    "42",
    "Weil zwei Hälften ein Ganzes sind.",
    "क्योंकि दो आधे एक पूरा बनाते हैं",
    "因为两半合成一个整体",
    "لأن نصفين يساويان واحدًا",
    "$\\frac12 + \\frac12 = 1$",
    "- because\n- of\n- that",
    "![](attachment:image.png)",
]


@pytest.mark.parametrize("answer", WORDS)
def test_an_answer_may_be_short_and_in_any_script(released: Notebook, answer: str) -> None:
    for place in (
        "below its cell",
        "in a cell typed anew",
        "at the end",
        "at the end of the question",
        "in a raw cell",
    ):
        shown, mark, _ = seen(released, PLACES[place](answer))
        assert answer in shown, place
        assert mark is None, place


@pytest.mark.parametrize("answer", WORDS[3:7])
def test_an_answer_in_a_code_cell_may_be_in_any_script(released: Notebook, answer: str) -> None:
    shown, mark, _ = seen(released, PLACES["in a comment"](answer))
    assert answer in shown
    assert mark is None


def test_a_picture_is_an_answer(released: Notebook) -> None:
    notebook = copy.deepcopy(released)
    notebook["cells"].insert(at(notebook, "why") + 1, text("") | PICTURE)
    rebuilt = framed(json.dumps(notebook).encode(), "tiny.ipynb", nbformat.reads(json.dumps(released), as_version=4))
    (why,) = [cell for cell in rebuilt.cells if tiny.label(cell) == "why"]
    assert why.attachments == PICTURE["attachments"]
    assert determine_grade(why)[0] is None


@pytest.mark.parametrize(
    "shows",
    [
        "from IPython.display import Image\nImage('mine.png')",
        'plt.imshow(plt.imread("drive/scan 2.JPEG"))',
        "!cat answer.pdf",
        '%%html\n<img src="answer.svg">',
    ],
)
def test_a_cell_that_shows_a_picture_may_be_an_answer(released: Notebook, shows: str) -> None:
    shown, mark, _ = seen(released, insert(code, after="why")(shows))
    assert shows in shown
    assert mark is None


def test_two_pictures_of_one_name_are_both_kept(released: Notebook) -> None:
    notebook = copy.deepcopy(released)
    for data in ("iVBORw0KGgo=", "iVBORw0KGgoA"):
        picture = {"attachments": {"image.png": {"image/png": data}}}
        notebook["cells"].insert(at(notebook, "why") + 1, text("![](attachment:image.png)") | picture)
    rebuilt = framed(json.dumps(notebook).encode(), "tiny.ipynb", nbformat.reads(json.dumps(released), as_version=4))
    (why,) = [cell for cell in rebuilt.cells if tiny.label(cell) == "why"]
    assert len(why.attachments) == 2
    assert all(f"attachment:{name}" in why.source for name in why.attachments)


NOTHING: dict[str, Write] = {
    "as it was handed out": lambda notebook: None,
    "with white space": into("why", lambda old, _: f"{old}  \n\n")(""),
    "with Windows' line ends": into("why-prompt", lambda old, _: old.replace("\n", "\r\n"))(""),
    "without labels": lose_labels,
    "with an experiment of the student's": insert(code, after="why")("x = [i for i in range(3)]\nprint(sum(x))"),
    "with the check before handing in": insert(code, after="hand-in")("gradus.preflight()"),
    "with an empty cell below": insert(text, after="why")(""),
    "with a rule below": insert(text, after="why")("---"),
    "with a copy of the question": insert(text, after="why")("Why do two halves make a whole?"),
    "with the question broken in two": into("why-prompt", lambda old, _: old.replace("two halves", "two\nhalves"))(""),
}


@pytest.mark.parametrize("how", NOTHING)
def test_where_the_student_wrote_nothing_there_is_nothing_to_read(released: Notebook, how: str) -> None:
    shown, mark, said = seen(released, NOTHING[how])
    assert shown == "YOUR ANSWER HERE"
    assert mark == 0
    assert not any("waits to be read" in sentence for sentence in said)


REWORDED = {
    "the question": (
        "why-prompt",
        "## Why?\n\n**3 points**\n\nIn two sentences: why is it the loss that we make small?",
    ),
    "another question": ("halve-prompt", "Write `halve(x)`, which is given a number and returns a half of it."),
    "the words in its cell": ("why", "WRITE YOUR ANSWER HERE, IN TWO SENTENCES"),
}


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "empty"])
@pytest.mark.parametrize("what", REWORDED)
def test_a_text_that_was_worded_anew_since_is_not_the_students(released: Notebook, what: str, answered: bool) -> None:
    handed_in, today = copy.deepcopy(released), copy.deepcopy(released)
    name, text_of_today = REWORDED[what]
    cell = today["cells"][at(today, name)]
    cell["source"] = text_of_today
    if name == "why":
        cell["metadata"]["nbgrader"]["checksum"] = compute_checksum(nbformat.from_dict(cell))
    today["metadata"][KEY] = frame_of("tiny", today).as_dict()
    if answered:
        place = "at the end of the question" if name != "why" else "below its cell"
        PLACES[place](ANSWER)(handed_in)
    rebuilt = framed(json.dumps(handed_in).encode(), "tiny.ipynb", nbformat.reads(json.dumps(today), as_version=4))
    (why,) = [cell for cell in rebuilt.cells if tiny.label(cell) == "why"]
    assert determine_grade(why)[0] == (None if answered else 0)
    assert (ANSWER in why.source) == answered
    if not answered:
        assert why.source == source_of(today["cells"][at(today, "why")])


def test_a_picture_of_the_question_is_not_an_answer(released: Notebook) -> None:
    with_picture = copy.deepcopy(released)
    prompt = with_picture["cells"][at(with_picture, "why-prompt")]
    prompt |= {"source": source_of(prompt) + "\n\n![](attachment:image.png)"} | copy.deepcopy(PICTURE)
    for others in (lambda notebook: None, lose_labels):
        assert seen(with_picture, others)[:2] == ("YOUR ANSWER HERE", 0)

    def drawn(notebook: Notebook) -> None:
        notebook["cells"][at(notebook, "why-prompt")]["attachments"]["mine.png"] = {"image/png": "iVBORw0KGgoB"}

    assert seen(with_picture, drawn)[1] is None


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """A student notebook with two written questions behind each other."""
    source = tiny.source_notebook()
    source["cells"].insert(-1, tiny.cell("markdown", "why-prompt", "## Why do they?"))
    second = tiny.cell("markdown", "how", "By adding.", grade=True, solution=True, points=1)
    source["cells"] += [tiny.cell("markdown", "how-prompt", "## And how do they?"), second]
    return json.loads(generate(tiny.course(tmp_path_factory.mktemp("two"), source), tiny.NAME))


def both(two: Notebook, notebook: Notebook) -> dict[str, tuple[str, float | None]]:
    """Each written answer as it is shown, and nbgrader's mark of it."""
    rebuilt = framed(json.dumps(notebook).encode(), "tiny.ipynb", nbformat.reads(json.dumps(two), as_version=4))
    known = {tiny.label(cell): cell for cell in rebuilt.cells}
    return {name: (known[name].source, determine_grade(known[name])[0]) for name in ("why", "how")}


@pytest.mark.parametrize("how", ["below their cells", "typed anew", "typed anew, labels and ids gone"])
def test_two_questions_take_each_the_text_below_it(two: Notebook, how: str) -> None:
    notebook = copy.deepcopy(two)
    for name, answer in (("why", "Because."), ("how", "Carefully.")):
        place = at(notebook, name)
        notebook["cells"][place : place + 1] = [*([notebook["cells"][place]] if "below" in how else []), text(answer)]
    if "gone" in how:
        lose_labels(notebook)
        lose_ids(notebook)
    found = both(two, notebook)
    assert "Because." in found["why"][0]
    assert "Carefully." not in found["why"][0]
    assert "Carefully." in found["how"][0]
    assert found["why"][1] is found["how"][1] is None


@pytest.mark.parametrize("kept", [True, False], ids=["cells kept", "cells deleted"])
@pytest.mark.parametrize("name", ["why", "how"])
def test_one_text_may_answer_both_of_two_questions(two: Notebook, name: str, kept: bool) -> None:
    notebook = copy.deepcopy(two)
    notebook["cells"].insert(at(notebook, name) + 1, text("1. Because. 2. Carefully."))
    if not kept:
        notebook["cells"] = [cell for cell in notebook["cells"] if tiny.label(cell) not in ("why", "how")]
    assert all("Because. 2. Carefully." in shown and mark is None for shown, mark in both(two, notebook).values())


def test_of_two_questions_one_may_be_left_empty(two: Notebook) -> None:
    notebook = copy.deepcopy(two)
    notebook["cells"][at(notebook, "how")]["source"] = "Carefully."
    assert both(two, notebook) == {"why": ("YOUR ANSWER HERE", 0), "how": ("Carefully.", None)}
