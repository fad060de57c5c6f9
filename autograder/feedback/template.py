"""Where the template of feedback pages lies, for nbgrader too."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent / "templates"
TEMPLATE = "gradus-feedback"
