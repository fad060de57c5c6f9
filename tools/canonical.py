"""Put notebooks into the committed form, or say which are not in it.

python tools/canonical.py            # every notebook of the project
python tools/canonical.py --check    # writes nothing; exit 1 when one differs
python tools/canonical.py book/01-preliminaries/02-tensors.ipynb
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gradus.errors import GradusError
from gradus.notebook.form import canonical_text, read

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("book", "exercises", "solutions")


def committed_notebooks() -> list[Path]:
    """Every notebook that the project keeps, sorted."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.ipynb"))
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Put notebooks into the committed form.")
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks; all of the project when none is named")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a notebook is in another form")
    options = parser.parse_args()
    status = 0
    for path in options.paths or committed_notebooks():
        try:
            text = canonical_text(read(path))
        except GradusError as error:
            print(f"{path}: {error}" if str(path) not in str(error) else error)
            status = 1
            continue
        if path.read_text(encoding="utf-8") == text:
            continue
        print(f"{path}: {'not in the committed form; run `make format`' if options.check else 'rewritten'}")
        if options.check:
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
