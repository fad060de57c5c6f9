"""Of a notebook that was handed out before its problem set was mended, nobody is blamed for the difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import test_preflight
from test_preflight import RELEASED, _index

from gradus.hand_in.preflight import examine
from gradus.notebook.form import Notebook, read, source_of
from gradus.notebook.frame import KEY, frame_of
from gradus.printable import for_stdout


def handed_out(change: Callable[[Notebook], object]) -> Notebook:
    """The problem set as it was before: today's with a change, and a frame of its own."""
    notebook = read(RELEASED)
    change(notebook)
    notebook["metadata"][KEY] = frame_of("ps4", notebook).as_dict()
    return notebook


def said_of(notebook: Notebook, folder: Path) -> list[tuple[str, str, str]]:
    path = folder / "ps4.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    found = examine(path, run=False).findings
    return [(one.kind, one.where, one.what) for one in found if one.what != test_preflight.UNTOUCHED]


def reworded(*labels: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        for label in labels:
            cell = notebook["cells"][_index(notebook, label)]
            cell["source"] = f"# as it was\n{source_of(cell)}"

    return change


def test_what_was_mended_since_is_said_once_and_blames_nobody(tmp_path: Path) -> None:
    (only,) = said_of(handed_out(reworded("test_softmax", "test_fit_softmax", "watch")), tmp_path)
    assert only[0] == "note"
    assert only[1].endswith("(`watch`) and 2 more")
    assert "was mended after this notebook was handed out" in only[2]


def test_what_the_student_changed_beside_it_is_still_said(tmp_path: Path) -> None:
    notebook = handed_out(reworded("test_softmax"))
    reworded("test_fit_softmax", "test_softmax")(notebook)
    assert [what for _, _, what in said_of(notebook, tmp_path)] == [
        "its text was changed; the grader runs the one that was handed out."
    ] * 2


def test_a_question_that_was_added_since_is_missing_for_that_reason(tmp_path: Path) -> None:
    notebook = handed_out(lambda notebook: notebook["cells"].pop(_index(notebook, "test_softmax")))
    assert said_of(notebook, tmp_path) == [
        (
            "problem",
            "the notebook",
            "the test cell `test_softmax` was added after this notebook was handed out; it belongs below `softmax`.",
        )
    ]


def test_a_question_that_is_no_longer_asked_is_nobodys_fault(tmp_path: Path) -> None:
    def with_more(notebook: Notebook) -> None:
        asked = json.loads(json.dumps(notebook["cells"][_index(notebook, "softmax")]).replace("softmax", "one_hot"))
        notebook["cells"].append(asked)

    notebook = handed_out(with_more)
    assert said_of(notebook, tmp_path) == []
    notebook["metadata"][KEY] = frame_of("ps4", read(RELEASED)).as_dict()  # the label is the student's own
    assert len(said_of(notebook, tmp_path)) == 1


@pytest.mark.parametrize(
    ("encoding", "said"), [("cp1252", "-> <= é ?\n"), ("utf-8", "→ ≤ é 数\n"), ("ascii", "-> <= ? ?\n")]
)
def test_standard_output_of_any_code_page_takes_what_is_printed(
    encoding: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = BytesIO()
    monkeypatch.setattr("sys.stdout", TextIOWrapper(written, encoding=encoding, newline="\n"))
    print(for_stdout("→ ≤ é 数\n"), end="", flush=True)
    assert written.getvalue().decode(encoding) == said
