"""Pack what a student needs into one zip: chapters, problem sets and the library; nothing of solutions or grader.

The bundle installs like the project (`pip install --no-deps .` after torch and `requirements.txt`); the command
`gradus` then has the student's commands only. The same input gives the same bytes.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "_build" / "gradus-student.zip"
FILES = ("pyproject.toml", "requirements.txt", "environment.yml", "postBuild", "README.md", "LICENSE", "CITATION.cff")
FOLDERS = {"book": "**/*.ipynb", "exercises": "**/*.ipynb", "gradus": "**/*"}
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def bundled() -> Iterator[Path]:
    """The files of the bundle, as paths below the project."""
    for name in FILES:
        yield Path(name)
    for folder, pattern in FOLDERS.items():
        for path in sorted((ROOT / folder).glob(pattern)):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                yield path.relative_to(ROOT)


def main() -> int:
    TARGET.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in bundled():
            entry = zipfile.ZipInfo(f"gradus/{path.as_posix()}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if path.name == "postBuild" else 0o644) << 16
            bundle.writestr(entry, (ROOT / path).read_bytes())
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
