"""Run hidden tests in this process: a solution's source, then the hidden source, as an engine would."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.answers.stream import run_test
from autograder.judging.judge import Verdict, judge

SEED = 7


def frames_of(student: str, test: str, seed: int = SEED, *, question: str = "q", ambient: int = 0) -> list[bytes]:
    """The frames that `test` sends after the cell `student` ran."""
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(student, "<cell>", "exec"), names)
    sent: list[bytes] = []
    run_test(test, names, seed, sent.append, question=question, ambient=ambient)
    return sent


def verdict_of(reference: str, student: str, test: str, points: float = 1.0, seed: int = SEED) -> Verdict:
    """How `student` is judged when `reference` is the solution."""
    return judge(frames_of(reference, test, seed), frames_of(student, test, seed), points)


class InProcess:
    """A `Run` for `autograder.authoring.reference`: each question is a solution and a hidden test."""

    def __init__(self, questions: Mapping[str, tuple[str, str]]) -> None:
        self.questions = questions

    def __call__(
        self, seed: int, *, ambient: int = 0, before: Mapping[str, str] | None = None
    ) -> dict[str, list[bytes]]:
        return {
            name: frames_of(f"{solution}\n{(before or {}).get(name, '')}", test, seed, question=name, ambient=ambient)
            for name, (solution, test) in self.questions.items()
        }
