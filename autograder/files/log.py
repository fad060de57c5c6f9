"""Where a grading run, and nbgrader below it, log to."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from gradus.errors import GradusError

# nbgrader logs to its framework's loggers and to tornado's, the database to its own, which below a warning has all SQL.
_LOGGERS = {
    "traitlets": logging.INFO,
    "py.warnings": logging.INFO,
    "tornado.application": logging.WARNING,
    "sqlalchemy": logging.WARNING,
}


class _Log(logging.FileHandler):
    """A log on a disk that may become full: what cannot be written is not, and the run says itself why it ends."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base class's name
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def log_to(file: Path) -> None:
    """Send what nbgrader, nbconvert and nbclient log, and every warning, to `file` and nowhere else.

    Raises:
        GradusError: it cannot be written.
    """
    try:
        handler = _Log(file, mode="w", encoding="utf-8")
    except OSError as error:
        raise GradusError(f"{file} could not be written ({error.strerror}); mend its permissions.") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    for name, least in _LOGGERS.items():
        logger = logging.getLogger(name)
        for old in logger.handlers:
            if isinstance(old, _Log):
                old.close()
        logger.handlers = [handler]
        logger.setLevel(least)
        logger.propagate = False
