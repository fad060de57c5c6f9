"""Penalties for being late, by the plug-in that the instructor has configured for nbgrader."""

from __future__ import annotations

import logging
import math
from typing import Any

from nbgrader.api import SubmittedNotebook
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from gradus.errors import GradusError
from gradus.printable import some_of

_log = logging.getLogger("traitlets")  # nbgrader's own, which goes to the course's log file
_NAMED = 5  # students, in a sentence about all of them


class _Careful(BasePlugin):
    """The instructor's plug-in, whose failures cost nobody a mark and stop nobody's grading."""

    def __init__(self, plugin: BasePlugin, **options: Any) -> None:
        super().__init__(**options)
        kind = type(plugin)
        self.plugin, self.name = plugin, f"{kind.__module__}.{kind.__qualname__}"
        self.failures: dict[str, str] = {}

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """What the plug-in gives, as a finite number; None when it gives none, or fails."""
        try:
            given = self.plugin.late_submission_penalty(student_id, score, total_seconds_late)
            if given is None:
                return None
            penalty = given + 0.0
            if not math.isfinite(penalty):
                raise ValueError(f"it gave {penalty}")
            return float(penalty)
        except Exception as error:
            _log.exception("the late penalty of %s", student_id)
            self.failures[student_id] = _said(error)
            return None


class CarefulPenalties(AssignLatePenalties):
    """nbgrader's stage for late submissions, with a plug-in that may fail. Its options are `AssignLatePenalties`'."""

    def init_plugin(self) -> None:
        self.plugin_inst = _Careful(self.plugin_class(parent=self), parent=self)


class LatePenalties:
    """What that stage takes off, without its readings of the database.

    Raises:
        GradusError: the plug-in cannot be loaded.
    """

    def __init__(self, config: Config) -> None:
        try:
            self._stage = CarefulPenalties(config=config)
            self._stage.init_plugin()
        except Exception as error:  # the instructor's code is imported here
            raise GradusError(
                f"the plug-in for late penalties cannot be loaded ({_said(error)}); mend "
                "AssignLatePenalties.plugin_class in nbgrader_config.py."
            ) from None

    def of(self, student: str, notebook: SubmittedNotebook, seconds_late: float) -> float | None:
        """The penalty, from 0 to the score of the notebook; None for none."""
        penalty = self._stage.plugin_inst.late_submission_penalty(student, notebook.score, seconds_late)
        return None if penalty is None else float(self._stage._check_late_penalty(notebook, penalty))

    def notes(self) -> list[str]:
        """A sentence on the students who have no penalty because the plug-in failed; nothing when it did not."""
        plugin = self._stage.plugin_inst
        if not plugin.failures:
            return []
        students = sorted(plugin.failures)
        return [
            f"no penalty for being late was set for {some_of(students, _NAMED)}: the plug-in {plugin.name} failed "
            f"({plugin.failures[students[0]]}); their marks are recorded, so mend it and grade again."
        ]


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": ")
