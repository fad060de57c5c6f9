"""Where a grading run, and nbgrader below it, log to."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to(file: Path) -> None:
    """Send what nbgrader, nbconvert and nbclient log, and every warning, to `file` and nowhere else."""
    handler = logging.FileHandler(file, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    for name in ("traitlets", "py.warnings"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
