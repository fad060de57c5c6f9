"""`gradus mark`, on a terminal: opens the page, serves it until Ctrl-C, and says how far the marking is."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence

from autograder.course import Course
from autograder.marking_page.answers import Answers, asked_by_hand
from autograder.marking_page.drawing import Drawing
from autograder.marking_page.server import MarkingServer
from gradus.errors import GradusError


def mark(
    course: Course, problem_set: str, questions: Sequence[str], *, again: bool, port: int, open_page: bool
) -> None:
    """Serve the page until somebody presses Ctrl-C.

    Raises:
        GradusError: there is nothing to mark, or the port is taken.
    """
    answers = Answers(course, problem_set, asked_by_hand(course, problem_set, questions), again)
    if not answers.by_key:
        print("\n".join(["There is nothing to mark.", *answers.summary()[:-1]]))
        return
    drawing = Drawing()
    try:
        with _served(answers, drawing, port) as server:
            print(f"{len(answers.by_key)} answers, for you alone: {server.address}\nCtrl-C ends it.", flush=True)
            if open_page:
                webbrowser.open(server.address)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print()
    finally:
        drawing.close()
    print("\n".join(answers.summary()))


def _served(answers: Answers, drawing: Drawing, port: int) -> MarkingServer:
    try:
        return MarkingServer(answers, drawing, port)
    except OSError as error:
        raise GradusError(f"Port {port} cannot be used ({error.strerror}); leave --port out for a free one.") from None
