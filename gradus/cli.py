"""The `gradus` command: the student's part, and whatever other packages add through the entry point group.

`autograder` adds the instructor's commands by an entry point in the group `gradus.commands`: a function that takes the
application and adds to it. So the student's part works without it.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from gradus.errors import GradusError
from gradus.hand_in.grader import RUN_SECONDS
from gradus.printable import print_in_any_encoding, printable
from gradus.progress_bar import progress_bar
from gradus.version import __version__

app = typer.Typer(
    name="gradus",
    help="Deep learning from the ground up: the course's command line.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"gradus {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what works on this machine, what does not, and how to mend it. Exit 1 when something needed is missing."""
    from rich.console import Console

    from gradus.doctor import examine, show

    findings = examine()
    if as_json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=1))
    else:
        show(findings, Console())
    raise typer.Exit(1 if any(finding.state == "broken" for finding in findings) else 0)


@app.command()
def data() -> None:
    """Fetch the data sets into your cache folder and verify them. GRADUS_DATA names another folder."""
    from gradus.datasets.catalog import DATA_SETS
    from gradus.datasets.fetch import fetch

    for data_set in DATA_SETS:
        folder = fetch(data_set, verify=True, say=lambda line: print(f"looking: {line}"))
        size = sum(file.size for file in data_set.files) / 1e6
        print(f"{data_set.name}: {len(data_set.files)} files, {size:.0f} MB, verified, in {folder}")
        print(f"  licence: {data_set.licence}")


@app.command()
def preflight(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The notebook that you want to hand in.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    run: Annotated[bool, typer.Option(help="Run a copy of it in a fresh kernel, too.")] = True,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that the whole run may take.")] = RUN_SECONDS,
) -> None:
    """Say whether a notebook is fit to hand in: every labelled cell there once, and a run as the grader runs it.

    That is: from top to bottom in an empty folder, without a GPU, with the packages and the time that the grader has.
    Exit 0 when it is fit, notes included (a question that is not answered yet); 1 when something has to be mended; 2
    when it cannot be checked. The JSON has notebook, problem_set, fit, ran, seconds, slowest: [{where, seconds}], and
    findings: [{kind ("problem" or "note"), where, what, cure}].
    """
    from rich.console import Console

    from gradus.hand_in.preflight import examine

    console = Console(stderr=True)
    with progress_bar(console, "cells") as move:
        report = examine(file, run, timeout, lambda done, total: move("cells", done, total))
    print(json.dumps(report.as_dict(), indent=1) if as_json else report.as_text())
    raise typer.Exit(0 if report.fit else 1)


@app.command("export-library")
def export_library(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="Your ps6.ipynb, or the solution's.")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder that gets `mytorch/`.")] = Path(),
    interface: Annotated[str, typer.Option(metavar="COURSE", help="Names for another course's tests: 11-785.")] = "",
) -> None:
    """Write the classes of problem set 6 as the package `mytorch`, to import and to test. Nothing is executed.

    `mytorch.nn` has the layers and losses, `mytorch.optim` has SGD, `mytorch.models` the models and what they are
    made of. Experiments in an answer cell are refused: they would run at every import. A folder `mytorch` that this
    command did not write is left alone, and the exit status is 2. With `--interface 11-785` the models have their
    outputs and gradients as `Z0`, `A1`, `dLdZ0`, `dLdA1` … too, as the tests of that course of Carnegie Mellon
    University ask for them.
    """
    from gradus.hand_in.library_export import export_library as write

    export = write(notebook, to, interface)
    for label in export.unanswered:
        print(f"not answered yet: {label}")
    written = f"{printable(str(export.folder))}: {len(export.files)} files written."
    print(f"{written} Beside it, `from mytorch.nn import Linear` works.")


def main() -> None:
    """Run the command line; a `GradusError` is one sentence on stderr and exit status 2."""
    print_in_any_encoding()
    for entry in entry_points(group="gradus.commands"):
        if find_spec(entry.module.partition(".")[0]) is not None:  # the student's bundle has no `autograder`
            entry.load()(app)
    try:
        app()
    except GradusError as error:
        print(f"gradus: {printable(str(error))}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
