"""Hold the Python in solutions/psN/variants/*.md to ruff's rules, and what they list as equivalent to the mutants that
there are; exit 1 when some is broken.

A program is checked as it is handed in, where the notebook's names are known; what ruff says of a line that stands in
the Markdown file is said of that line there. The form of whole blocks is `ruff format`'s own, which reads Markdown.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from autograder.assignment.names import bound_names
from autograder.course import REPOSITORY, Course
from autograder.misconceptions.pages import Page
from autograder.misconceptions.programs import Program
from autograder.misconceptions.variants import pages_of, written_programs
from autograder.mutants.examination import subjects
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, read, source_of

IGNORED = ("E741", "E501")  # `O` is the formulas' name, as in notebooks; how long lines are, `ruff format` decides


def main() -> int:
    try:
        folders = [REPOSITORY / "solutions" / name for name in Course(REPOSITORY).problem_sets()]
        found = findings(folders) + equivalent_findings(folders)
    except GradusError as error:
        found = [str(error)]
    for finding in found:
        print(finding)
    return int(bool(found))


def findings(folders: Iterable[Path]) -> list[str]:
    """What breaks a rule in the variants of the problem sets in `folders`, as `file:line: rule`.

    Raises:
        GradusError: a file cannot be read, or ruff does not run.
    """
    checked: dict[Path, tuple[Page, Program]] = {}
    with tempfile.TemporaryDirectory() as made:
        for folder in (folder for folder in folders if pages_of(folder)):
            scratch, notebook = Path(made).resolve() / folder.name, read(folder / f"{folder.name}.ipynb")
            scratch.mkdir()
            (scratch / "ruff.toml").write_text(_configuration(notebook), encoding="utf-8")
            for page, programs in written_programs(folder, notebook):
                for program in programs.values():
                    path = scratch / f"{len(checked)}.py"
                    path.write_text(program.source + "\n", encoding="utf-8")
                    checked[path] = page, program
        return _of_pages(checked, _said_by_ruff(made))


def equivalent_findings(folders: Iterable[Path]) -> list[str]:
    """What the files list as equivalent, and is no mutant any more.

    Raises:
        GradusError: an entry cannot be read.
    """
    return [
        finding for folder in folders if pages_of(folder) for subject in subjects(folder) for finding in subject.unknown
    ]


def _configuration(notebook: Notebook) -> str:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names = sorted({name for cell in cells for name in bound_names(source_of(cell))})
    return (
        f"extend = {json.dumps(str(REPOSITORY / 'pyproject.toml'))}\nbuiltins = {json.dumps(names)}\n"
        f"[lint]\nextend-ignore = {json.dumps(IGNORED)}\n"
    )


def _said_by_ruff(folder: str) -> list[tuple[Path, int, str]]:
    """File, line and rule of all that `ruff check` finds."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    if done.returncode > 1:
        raise GradusError(f"ruff could not check the variants: {done.stderr.strip()}")
    return [
        (Path(message["filename"]), message["location"]["row"], f"{message['code']} {message['message']}")
        for message in json.loads(done.stdout)
    ]


def _of_pages(checked: dict[Path, tuple[Page, Program]], said: list[tuple[Path, int, str]]) -> list[str]:
    """What is said of lines of Markdown files, once and in order.

    Of a block that all solutions share it counts when it is said with every one of them: an import that one of them
    uses is not unused.
    """
    programs = Counter(page.path for page, _ in checked.values())
    times: Counter[tuple[Path, int, bool, str]] = Counter()
    for path, row, rule in said:
        page, program = checked[path]
        origin = program.lines[min(row, len(program.lines)) - 1].origin
        if origin is not None:  # else it is the notebook's own line
            times[page.path, origin, row <= len(program.shared), rule] += 1
    return [
        f"{path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path}:{line}: {rule}"
        for (path, line, is_shared, rule), count in sorted(times.items())
        if not is_shared or count == programs[path]
    ]


if __name__ == "__main__":
    sys.exit(main())
