"""Our engine as a stage of nbgrader's `autograde`, for its command and for formgrader's button.

A result that is kept under the submission's content is taken as it is, so these give the marks of `gradus grade`.
Otherwise the submission is run here, in a sandbox that lives as long as this process.
"""

from __future__ import annotations

import atexit
import threading
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.engine.pool import Sandbox
from autograder.grading.session import Session
from autograder.nbgrader_bridge.exporters import course_of
from autograder.options import Options

_lock = threading.Lock()
_sandbox: tuple[Options, Sandbox] | None = None


class Grade(NbGraderPreprocessor):
    """Replaces nbgrader's `Execute`: outputs, verdicts and marks, sanitised."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        course = course_of(self.parent.parent.coursedir)  # the exporter's converter
        key = nb.metadata["gradus"]["fingerprint"]
        with Session.open(course, resources["nbgrader"]["assignment"]) as session:
            graded = session.find(key)
            if graded is None:
                with _lock:
                    graded = session.grade(nb, key, _lasting_sandbox(session.options).run)
        return from_dict(graded.notebook), resources


def _lasting_sandbox(options: Options) -> Sandbox:
    """The sandbox of this process, started again when the options have changed."""
    global _sandbox
    if _sandbox is None or _sandbox[0] != options:
        close()
        _sandbox = options, Sandbox(options.limits, options.sandbox)
    return _sandbox[1]


def close() -> None:
    """End the sandbox of this process."""
    global _sandbox
    if _sandbox is not None:
        _sandbox[1].close()
        _sandbox = None


atexit.register(close)
