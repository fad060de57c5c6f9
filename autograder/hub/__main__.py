"""`python -m autograder.hub FOLDER`: start a hub for trying; Ctrl-C ends it. `--port` is where, 8000 else."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from autograder.course import Course
from autograder.hub.trial import Ports, Trial, stop
from gradus.errors import GradusError


def main() -> int:
    parser = argparse.ArgumentParser(description="Start a JupyterHub for one course, to try it on this machine.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where its course, exchange and users' files lie")
    parser.add_argument("--port", type=int, default=8000, help="8000 unless another is named; 0: a free one")
    options = parser.parse_args()
    folder = options.folder.resolve()
    trial = Trial(folder, Course(folder / "course"), Ports.free(options.port))
    try:
        names = trial.prepare()
    except GradusError as error:
        print(f"gradus: {error}", file=sys.stderr)
        return 2
    for ended_by in (signal.SIGINT, signal.SIGTERM):  # a shell has its background jobs ignore the first
        signal.signal(ended_by, signal.default_int_handler)
    hub = trial.start()
    try:
        trial.wait_until_open(hub)
        print(_welcome(trial, names), flush=True)
        return hub.wait()
    except GradusError as error:
        print(f"gradus: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        stop(hub)


def _welcome(trial: Trial, names: list[str]) -> str:
    course = f"{trial.address}/services/{trial.course_hub.course_id}/formgrader"
    return "\n".join(
        [
            f"The hub: {trial.address} (Ctrl-C ends it)",
            f"Released: {', '.join(names)}",
            f"Students: {', '.join(trial.students)}; password {trial.passwords.students}",
            f"Instructor: {', '.join(trial.instructors)}; password {trial.passwords.instructors}",
            f"Formgrader, for the instructor: {course}",
            "One account runs every server: for trying, not for a class.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
