"""`gradus preflight` says what and where when a notebook is not fit to hand in, and lets one that is pass."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import gradus
from gradus.errors import GradusError
from gradus.hand_in.preflight import PreflightReport, examine
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, read
from gradus.notebook.frame import frame_of, recorded_frame

ROOT = Path(__file__).resolve().parent.parent
RELEASED = ROOT / "exercises" / "ps4" / "ps4.ipynb"
UNTOUCHED = "it still says YOUR ANSWER HERE: as it is, it earns nothing."


def _index(notebook: Notebook, label: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if label_of(cell) == label)


def _checked(
    folder: Path, change: Callable[[Notebook], object], run: bool = False, name: str = "ps4.ipynb"
) -> PreflightReport:
    notebook = read(RELEASED)
    change(notebook)
    path = folder / name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return examine(path, run=run, seconds=120)


def _problems(report: PreflightReport) -> list[tuple[str, str]]:
    return [(finding.where, finding.what) for finding in report.findings if finding.kind == "problem"]


def test_every_released_notebook_carries_its_own_frame() -> None:
    for path in sorted((ROOT / "exercises").glob("*/*.ipynb")):
        notebook = read(path)
        assert recorded_frame(notebook) == frame_of(path.stem, notebook)
        assert len(frame_of(path.stem, notebook).cells) > 3


def test_what_was_handed_out_is_fit(tmp_path: Path) -> None:
    report = _checked(tmp_path, lambda notebook: None)
    assert (report.fit, report.problem_set) == (True, "ps4")
    assert [finding.what for finding in report.findings] == [UNTOUCHED]


def test_a_deleted_test_cell_is_named_with_its_place(tmp_path: Path) -> None:
    report = _checked(tmp_path, lambda nb: nb["cells"].pop(_index(nb, "test_softmax")))
    assert _problems(report) == [
        ("the notebook", "the test cell `test_softmax` is missing; it belongs below `softmax`.")
    ]
    assert "copy the test cell `test_softmax` of ps4" in report.findings[0].cure


def test_a_duplicated_test_cell_is_named_with_both_places(tmp_path: Path) -> None:
    def duplicate(nb: Notebook) -> None:
        index = _index(nb, "test_softmax")
        nb["cells"].insert(index + 2, copy.deepcopy(nb["cells"][index]))

    ((where, what),) = _problems(_checked(tmp_path, duplicate))
    assert where == "cell 17 (`test_softmax`) and cell 19 (`test_softmax`)"
    assert what == "the label `test_softmax` is there 2 times."


@pytest.mark.parametrize("by", ["id", "text"])
def test_a_renamed_test_cell_is_recognised(tmp_path: Path, by: str) -> None:
    def rename(nb: Notebook) -> None:
        cell = nb["cells"][_index(nb, "test_softmax")]
        cell["metadata"]["nbgrader"]["grade_id"] = "test_softmax_2"
        if by == "text":
            cell["id"] = "another"
        else:
            cell["source"] = "assert True"

    ((where, what),) = _problems(_checked(tmp_path, rename))
    assert where == "cell 17 (`test_softmax_2`)"
    assert what == "this test cell was handed out as `test_softmax` and is now called `test_softmax_2`."


def test_a_cell_that_lost_its_label_is_recognised(tmp_path: Path) -> None:
    def unlabel(nb: Notebook) -> None:
        nb["cells"][_index(nb, "softmax")]["metadata"].clear()

    def retype(nb: Notebook) -> None:
        nb["cells"][_index(nb, "test_softmax")].update(metadata={}, id="another")

    report = _checked(tmp_path, unlabel)
    assert report.fit  # the grader goes by the id, then
    assert "the grader still knows the cell by its id" in report.findings[0].what
    ((_, what),) = _problems(_checked(tmp_path, retype))
    assert what == "this test cell was handed out as `test_softmax` and is now without a label."


def test_a_cell_of_another_kind_is_named(tmp_path: Path) -> None:
    report = _checked(tmp_path, lambda nb: nb["cells"][_index(nb, "softmax")].update(cell_type="markdown"))
    assert _problems(report) == [("cell 16 (`softmax`)", "it has become a markdown cell.")]


def test_a_changed_test_and_a_label_of_ones_own_are_notes(tmp_path: Path) -> None:
    def change(nb: Notebook) -> None:
        nb["cells"][_index(nb, "test_softmax")]["source"] = "assert True"
        own = {"cell_type": "code", "id": "own", "source": "1", "outputs": [], "execution_count": None}
        nb["cells"].append(own | {"metadata": {"nbgrader": {"grade_id": "own"}}})

    report = _checked(tmp_path, change)
    assert report.fit
    assert [finding.kind for finding in report.findings] == ["note", "note", "note"]
    assert "the grader runs the one that was handed out" in report.findings[0].what
    assert "no `own` was handed out" in report.findings[2].what


def test_an_answer_may_be_written_and_cells_added(tmp_path: Path) -> None:
    def answer(nb: Notebook) -> None:
        nb["cells"][_index(nb, "softmax")]["source"] = "def softmax(Z):\n    return Z.softmax(1)"
        nb["cells"].insert(3, {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": ["my ", "thoughts"]})

    assert [finding.what for finding in _checked(tmp_path, answer).findings] == [UNTOUCHED]


def test_the_frame_is_in_the_file_itself_whatever_it_is_called(tmp_path: Path) -> None:
    report = _checked(tmp_path, lambda nb: nb["cells"].pop(_index(nb, "test_softmax")), name="ps4 (2) final.ipynb")
    assert [what for _, what in _problems(report)] == [
        "the test cell `test_softmax` is missing; it belongs below `softmax`."
    ]


def test_without_metadata_the_released_notebook_is_asked(tmp_path: Path) -> None:
    def strip(nb: Notebook) -> None:
        nb["metadata"].clear()
        nb["cells"].pop(_index(nb, "test_softmax"))

    assert len(_problems(_checked(tmp_path, strip))) == 1  # exercises/ beside the package knows ps4
    report = _checked(tmp_path, strip, name="other.ipynb")
    assert report.fit
    assert "does not say which cells were handed out" in report.findings[0].what


def test_another_notebook_is_not_fit(tmp_path: Path) -> None:
    shutil.copy(ROOT / "book" / "01-preliminaries" / "02-tensors.ipynb", tmp_path / "notes.ipynb")
    assert not examine(tmp_path / "notes.ipynb", run=False).fit


def _code(source: str) -> Notebook:
    return {"cell_type": "code", "id": "x", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def _own(folder: Path, *sources: str, seconds: float = 60) -> PreflightReport:
    """The report on a notebook of these cells, run."""
    path = folder / "own.ipynb"
    cells = [_code(source) for source in sources]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return examine(path, seconds=seconds)


@pytest.mark.slow("a kernel")
def test_a_notebook_that_does_not_run_from_the_top_says_which_cells_are_the_wrong_way_round(tmp_path: Path) -> None:
    report = _own(tmp_path, "# first\ny = x + 1", "import os\nx = 1", "print(y)", "1 / 0", "raise NotImplementedError")
    found = [finding for finding in report.findings if finding.where.startswith("cell")]
    assert [(finding.kind, finding.where.partition(" (")[0]) for finding in found] == [
        ("problem", "cell 1"), ("problem", "cell 4"), ("note", "cell 5"),
    ]  # fmt: skip
    assert found[0].what == "it does not run from the top: NameError: name 'x' is not defined; cell 3 fails with it."
    assert found[0].cure == "`x` is made only in cell 2 ('import os'): move that cell up, or this one down."
    assert found[1].what == "it fails in a fresh kernel: ZeroDivisionError: division by zero"


@pytest.mark.slow("a kernel")
def test_a_cell_that_does_not_end_and_one_that_kills_python_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    endless = _own(tmp_path, "a = 1", "while True: pass", seconds=6).findings[-1]
    assert capfd.readouterr().err == ""
    assert (endless.where, endless.what) == ("cell 2 ('while True: pass')", "the run was not over after 6 s.")
    killed = _own(tmp_path, "import os\nos._exit(3)", "1").findings[-1]
    assert (killed.where, "Python itself ended" in killed.what) == ("cell 1 ('import os')", True)


@pytest.mark.slow("a kernel")
def test_a_failing_check_and_a_question_to_nobody_are_named(tmp_path: Path) -> None:
    report = _own(tmp_path, "assert 1 == 2, 'one is not two'", "input('name')")
    whats = [finding.what for finding in report.findings]
    assert "a check fails: one is not two" in whats
    assert "it asks for input, and nobody is there to answer." in whats


def _preflight(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradus.cli", "preflight", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow("a Python, and a kernel")
def test_the_command_says_it_and_its_exit_code_means_it(tmp_path: Path) -> None:
    notebook = read(RELEASED)
    del notebook["cells"][_index(notebook, "test_softmax")]
    (tmp_path / "ps4.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    unfit = _preflight(str(tmp_path / "ps4.ipynb"), "--no-run")
    assert (unfit.returncode, unfit.stderr) == (1, "")
    assert "problem: the notebook: the test cell `test_softmax` is missing" in unfit.stdout
    assert unfit.stdout.endswith("Not fit yet: 1 to mend.\n")
    told = json.loads(_preflight(str(tmp_path / "ps4.ipynb"), "--no-run", "--json").stdout)
    assert (told["fit"], told["problem_set"], len(told["findings"])) == (False, "ps4", 2)
    missing = _preflight(str(tmp_path / "nothing.ipynb"))
    assert (missing.returncode, missing.stderr) == (2, f"gradus: {tmp_path / 'nothing.ipynb'}: no such notebook.\n")


@pytest.mark.slow("a Python, and a kernel")
def test_unanswered_questions_are_notes_and_the_file_stays_as_it_is(tmp_path: Path) -> None:
    shutil.copy(RELEASED, tmp_path / "ps4.ipynb")
    shown = _preflight(str(tmp_path / "ps4.ipynb"))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "note: cell 17 (`test_softmax`): it is not answered yet" in shown.stdout
    assert "Fit to hand in, with 8 not answered yet: every labelled cell of ps4 is there once" in shown.stdout
    assert (tmp_path / "ps4.ipynb").read_bytes() == RELEASED.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["ps4.ipynb"]


@pytest.mark.slow("a kernel")
def test_a_notebook_can_check_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.delenv("GRADUS_QUIET", raising=False)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "self.ipynb"))
    cells = [_code("import gradus\ngradus.preflight()"), _code("x")]
    (tmp_path / "self.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    gradus.preflight()  # the run inside it comes to the same line, and does not start another
    said = capsys.readouterr().out
    assert "cell 2 ('x'): it does not run from the top" in said
    os.utime(tmp_path / "self.ipynb", (0, 0))
    monkeypatch.setenv("GRADUS_QUIET", "1")
    gradus.preflight()
    assert capsys.readouterr().out == ""


@pytest.mark.slow("a Python")
def test_a_notebook_that_is_not_known_has_to_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRADUS_QUIET", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(GradusError, match="which notebook is this"):
        gradus.preflight()
    with pytest.raises(GradusError, match="no such notebook"):
        gradus.preflight(tmp_path / "nothing.ipynb")


@pytest.mark.parametrize("cell", [None, "text", {"cell_type": "code"}, {"source": "1"}])
def test_a_damaged_cell_is_named(tmp_path: Path, cell: object) -> None:
    (tmp_path / "odd.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": [_code("1"), cell]}))
    with pytest.raises(GradusError, match=r"odd\.ipynb: cell 2 is damaged"):
        examine(tmp_path / "odd.ipynb")


@pytest.mark.slow("a Python, and a kernel")
def test_the_students_commands_never_need_the_grader(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['autograder'] = None; sys.modules['nbgrader'] = None\n"
        "from pathlib import Path; import gradus.cli\n"
        "from gradus.hand_in.preflight import examine\n"
        "print(examine(Path(sys.argv[1])).fit)"
    )
    shutil.copy(RELEASED, tmp_path / "ps4.ipynb")
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ps4.ipynb")], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("True\n", "")
