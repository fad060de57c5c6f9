"""What a run logs goes to its file; that nothing fits on the disk any more is said once, by the run itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.files import log
from gradus.errors import GradusError


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Give the loggers of nbgrader and the others back what they had."""
    loggers = [logging.getLogger(name) for name in log._LOGGERS]
    before = [(one, one.handlers, one.level, one.propagate) for one in loggers]
    yield
    logging.captureWarnings(False)
    for one, handlers, level, propagate in before:
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def test_what_is_logged_is_in_the_file(tmp_path: Path) -> None:
    log.log_to(tmp_path / "gradus.log")
    logging.getLogger("traitlets").warning("student-1: %s", "slow")
    assert (tmp_path / "gradus.log").read_text(encoding="utf-8").endswith("WARNING student-1: slow\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_log_that_cannot_grow_shows_nobody_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    log.log_to(Path("/dev/full"))
    logging.getLogger("traitlets").warning("no space for this")
    assert capsys.readouterr().err == ""
    logging.getLogger("traitlets").warning("%d", "a mistake of ours")
    assert "Traceback" in capsys.readouterr().err


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match="nowhere"):
        log.log_to(tmp_path / "nowhere" / "gradus.log")
