"""Pack what a student needs into one zip: chapters, problem sets and the library; nothing of solutions or grader.

The bundle has a README of its own, installs like the project (torch, `requirements.txt`, the package) without `make`,
and its `requirements.txt` lists what a student needs and no more; the command `gradus` then has the student's commands
only. The same input gives the same bytes.
"""

from __future__ import annotations

import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "_build" / "gradus-student.zip"
README = ROOT / "tools" / "student_readme.md"
REQUIREMENTS = ROOT / "requirements-student.txt"
FILES = ("pyproject.toml", "environment.yml", "postBuild", "LICENSE", "CITATION.cff", "tools/bootstrap.py")
FOLDERS = {"book": "**/*.ipynb", "exercises": "**/*.ipynb", "gradus": "**/*"}
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def bundled() -> Iterator[Path]:
    """The files of the project that go into the bundle as they are, as paths below the project."""
    for name in FILES:
        yield Path(name)
    for folder, pattern in FOLDERS.items():
        for path in sorted((ROOT / folder).glob(pattern)):
            if path.is_file() and not LEFT_OUT & set(path.parts):
                yield path.relative_to(ROOT)


def written() -> dict[str, bytes]:
    """The files that the bundle has in the place of the project's own."""
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["gradus"]["pins"]
    requirements = REQUIREMENTS.read_text(encoding="utf-8").replace(REQUIREMENTS.name, "requirements.txt")
    readme = README.read_text(encoding="utf-8").format(**pins)
    return {"README.md": readme.encode(), "requirements.txt": requirements.encode()}


def main() -> int:
    TARGET.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in [
            *written().items(),
            *((path.as_posix(), (ROOT / path).read_bytes()) for path in bundled()),
        ]:
            entry = zipfile.ZipInfo(f"gradus/{name}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name == "postBuild" else 0o644) << 16
            bundle.writestr(entry, content)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
