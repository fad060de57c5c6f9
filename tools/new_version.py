"""Give the course a new version, in every file that names it. CONTRIBUTING.md says what else makes a release.

python tools/new_version.py 0.2.0

`gradus/version.py` is where the version stands. Written after it: the tag that Colab and Binder open, and that the
set-up cell of every notebook installs; the citation; the heading in the list of changes.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from gradus.errors import GradusError

ROOT = Path(__file__).resolve().parent.parent
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NOT_YET = "## Not yet released\n"
_FOLDERS = ("book", "solutions", "exercises", "benchmarks")


def write_version(root: Path, version: str, date: str) -> list[Path]:
    """Write `version` into every file below `root` that names the one before.

    Returns:
        The files that were changed.

    Raises:
        GradusError: this is no version, or a file does not name the one before where it should.
    """
    if not _VERSION.fullmatch(version):
        raise GradusError(f"{version!r} is no version; give three numbers, such as 0.2.0.")
    before = re.search(r'__version__ = "(.*)"', (root / "gradus" / "version.py").read_text())
    if before is None:
        raise GradusError("gradus/version.py states no version.")
    old = before[1]
    changes = {
        root / "gradus" / "version.py": [(f'"{old}"', f'"{version}"')],
        root / "_config.yml": [(f"  branch: v{old} ", f"  branch: v{version} ")],
        root / "CITATION.cff": [
            (f"version: {old}\n", f"version: {version}\n"),
            (r"date-released: .*\n", f'date-released: "{date}"\n'),
        ],
        root / "CHANGELOG.md": [(_NOT_YET, f"{_NOT_YET}\n## {version}\n")],
    }
    for path in sorted(path for folder in _FOLDERS for path in (root / folder).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts and f"@v{old}\\n" in path.read_text(encoding="utf-8"):
            changes[path] = [(f"@v{old}\\n", f"@v{version}\\n")]
    written = {path: _replaced(path, pairs) for path, pairs in changes.items()}  # all of them, before any is written
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return list(written)


def _replaced(path: Path, pairs: list[tuple[str, str]]) -> str:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        pattern = old if ".*" in old else re.escape(old)
        text, count = re.subn(pattern, lambda _, new=new: new, text)  # type: ignore[misc]
        if count != 1:
            raise GradusError(f"{path.name}: {old.strip()!r} stands there {count} times, not once; mend it first.")
    return text


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        written = write_version(ROOT, sys.argv[1], datetime.now(UTC).date().isoformat())
    except GradusError as error:
        print(f"gradus: {error}", file=sys.stderr)
        return 2
    print(f"{len(written)} files name {sys.argv[1]} now; CONTRIBUTING.md, A release, says what comes next.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
