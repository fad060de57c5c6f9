"""The student's commands on a notebook that attacks them: a verdict or a sentence, and nothing else anywhere."""

from __future__ import annotations

import ast
import copy
import json
import os
import tokenize
from pathlib import Path
from typing import Any

import pytest
from in_process import source_notebook
from typer.testing import CliRunner

from gradus.cli import app
from gradus.errors import GradusError
from gradus.hand_in.library_export import PACKAGE, export_library
from gradus.hand_in.preflight import examine
from gradus.notebook.cells import label_of
from gradus.notebook.frame import KEY

ESCAPES = "\x1b]52;c;cHduZWQ=\x07\x1b]0;TITLE\x07\x1b[2J\x1b[31m"
CODE = {
    "brackets": "class Linear:\n    x = " + "(" * 5_000 + ")" * 5_000,
    "signs": "class Linear:\n    x = " + "-" * 20_000 + "1",
    "sums": "class Linear:\n    x = " + "+".join(["1"] * 20_000),
    "attributes": "class Linear:\n    x = " + "a." * 30_000 + "b",
    "lambdas": "class Linear:\n    x = " + "lambda:" * 3_000 + "1",
    "half a character": "class Linear:\n    x = '\ud800'",
    "a null byte": "class Linear:\n    x = '\0'",
    "old ends of lines": "class Linear:\r    x = 1\rimport os\r",
    "escapes": f"class Linear:\n    x = 1\nprint('{ESCAPES}')",
    "digits": "class Linear:\n    x = " + "9" * 100_000,
}
FRAMES: dict[str, Any] = {
    "a number": 5, "a list": [], "a name that leads elsewhere": {"name": "../../../etc/passwd", "cells": []},
    "a name of escapes": {"name": ESCAPES, "cells": []}, "a long name": {"name": "x" * 5_000, "cells": []},
    "two points": {"name": "..", "cells": []}, "odd cells": {"name": "ps6", "cells": ["a b c d e", {}]},
}  # fmt: skip


def notebook_with(source: str | None = None, answer: bool = True, frame: Any = None) -> dict[str, Any]:
    """ps6 with this source in an answer cell, or in a cell of the student's own, and this frame."""
    notebook = copy.deepcopy(source_notebook("ps6"))
    if frame is not None:
        notebook["metadata"][KEY] = frame
    if source is not None and answer:
        next(cell for cell in notebook["cells"] if label_of(cell) == "Linear")["source"] = source
    elif source is not None:
        notebook["cells"].insert(2, {"cell_type": "code", "metadata": {}, "source": source})
    return notebook


def handed_in(folder: Path, notebook: dict[str, Any], name: str = "ps6.ipynb") -> Path:
    (folder / name).write_text(json.dumps(notebook))
    return folder / name


def said(*command: str) -> str:
    """What a command prints, or the sentence that it ends with."""
    result = CliRunner().invoke(app, command)
    assert result.exception is None or isinstance(result.exception, (SystemExit, GradusError)), result.exception
    text = result.output + (str(result.exception) if isinstance(result.exception, GradusError) else "")
    assert text
    return result.output


@pytest.mark.parametrize("answer", [True, False], ids=["an answer", "a cell of one's own"])
@pytest.mark.parametrize("source", CODE.values(), ids=CODE.keys())
def test_code_that_no_parser_likes_is_named(source: str, answer: bool, tmp_path: Path) -> None:
    path = handed_in(tmp_path, notebook_with(source, answer))
    for command in (["preflight", "--no-run", str(path)], ["export-library", str(path), "--to", str(tmp_path)]):
        assert not set("\x1b\x07\0") & set(said(*command))


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_a_frame_that_is_none_is_passed_over(frame: Any, tmp_path: Path) -> None:
    path = handed_in(tmp_path, notebook_with(frame=frame))
    assert not set("\x1b\x07\0") & set(said("preflight", "--no-run", str(path)))


@pytest.mark.parametrize("special", ["a pipe", "a device", "a link to a device"])
def test_a_special_file_is_not_waited_for(special: str, tmp_path: Path) -> None:
    path = tmp_path / "ps6.ipynb"
    if special == "a pipe":
        os.mkfifo(path)
    elif special == "a device":
        path = Path("/dev/zero")
    else:
        path.symlink_to("/dev/zero")
    for command in (examine, lambda path: export_library(path, tmp_path)):
        with pytest.raises(GradusError, match="not a plain file"):
            command(path)


@pytest.mark.parametrize("planted", [PACKAGE, f"{PACKAGE}/nn", f"{PACKAGE}/nn/linear.py", f"{PACKAGE}/__init__.py"])
@pytest.mark.parametrize("dangling", [True, False], ids=["dangling", "to something"])
def test_nothing_is_written_through_a_planted_link(planted: str, dangling: bool, tmp_path: Path) -> None:
    path, elsewhere = handed_in(tmp_path, notebook_with()), tmp_path / "elsewhere"
    export_library(path, tmp_path)
    place = tmp_path / planted
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    before = sorted(tmp_path.rglob("*"))
    if dangling:
        elsewhere.rename(tmp_path / "moved")
        before = sorted(tmp_path.rglob("*"))
    with pytest.raises(GradusError, match=r"link|no folder|not written by"):
        export_library(path, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pipe_in_the_place_of_a_module_is_not_waited_for(tmp_path: Path) -> None:
    path = handed_in(tmp_path, notebook_with())
    export_library(path, tmp_path)
    (tmp_path / PACKAGE / "__init__.py").unlink()
    os.mkfifo(tmp_path / PACKAGE / "__init__.py")
    with pytest.raises(GradusError, match="not written by"):
        export_library(path, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "ps6\nimport os\n#.ipynb", 'ps6""";import os#.ipynb', "ps6 coding=utf-7.ipynb", "ps6 coding: utf-7.ipynb",
        "ps6\x1b[31m.ipynb", os.fsdecode(b"ps6\xf6.ipynb"), "ps6\x0cimport os.ipynb", "ps6\rimport os.ipynb",
    ],
)  # fmt: skip
def test_no_code_is_made_of_a_files_name(name: str, tmp_path: Path) -> None:
    usual = export_library(handed_in(tmp_path, notebook_with()), tmp_path / "usual")
    odd = export_library(handed_in(tmp_path, notebook_with(), name), tmp_path / "odd")
    for one, other in zip(usual.files, odd.files, strict=True):
        assert ast.dump(ast.parse(one.read_bytes())) == ast.dump(ast.parse(other.read_bytes()))
        with other.open("rb") as file:
            assert tokenize.detect_encoding(file.readline)[0] == "utf-8"
