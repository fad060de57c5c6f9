"""A file that is called as the problem set and is no notebook is named, where nothing else was handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.submissions.folders import why_skipped

SAID = {
    "jane/ps1.zip": "ps1.zip is an archive, which is not opened; put the notebook itself at submitted/",
    "jane/my PS1.tar.gz": "my PS1.tar.gz is an archive, which is not opened",
    "jane/ps1.py": "ps1.py is no notebook",
    "jane/ps1_final.html": "ps1_final.html is no notebook",
    "jane/.ps1/ps1.ipynb": "its folder '.ps1' begins with a dot",
}
NOT_SAID = [
    "jane/homework.pdf",
    "jane/ps10.zip",
    "jane/ps2/ps2.ipynb",
    "jane/.git/ps1",
    "jane/ps1/ps1.zip",
    "notes/ps2.py",
]


def reasons(folder: Path, name: str) -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_text("x")
    return [why for _, why in why_skipped(folder / name.partition("/")[0], "ps1")]


@pytest.mark.parametrize("name", SAID)
def test_what_is_called_as_the_problem_set_is_named(name: str, tmp_path: Path) -> None:
    (why,) = reasons(tmp_path, name)
    assert why.startswith(SAID[name])


@pytest.mark.parametrize("name", NOT_SAID)
def test_what_is_for_something_else_is_passed_over(name: str, tmp_path: Path) -> None:
    assert reasons(tmp_path, name) == []
