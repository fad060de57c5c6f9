"""Say where everything is that `make` has made; the last line is the verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    course = Path(sys.argv[1])
    site = ROOT / "_build" / "html" / "index.html"
    marks = json.loads((ROOT / course / "marks.json").read_text(encoding="utf-8"))
    if not site.exists():
        print("Gradus: not ready, the site is missing; run `make book`.")
        return 1
    graded = marks["submissions"]
    with_problem = sum(bool(submission["problems"]) for submission in graded)
    print(f"\nsite      {site.relative_to(ROOT)}   (make serve shows it)")
    print(f"marks     {course / 'marks.json'}   (and {course / 'gradebook.db'} for nbgrader)")
    print(f"feedback  {course / 'feedback'}")
    print(
        f"Gradus is ready: the book is built, and all {len(graded)} sample submissions are graded, "
        f"{with_problem} with a stated problem."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
