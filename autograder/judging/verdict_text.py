"""A verdict in the student's words: how much was right, and what was wrong with the rest."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.judging.judge import SAID, AnswerVerdict, Verdict, said_of
from autograder.records.execution import Limits, QuestionResult

_MOST_KINDS = 6  # sentences on wrong answers; more would not be read
ACCURACY = "accuracy"  # the aspect of an answer that too few images are right: a step of a ladder, no idea


def verdict_text(
    verdict: Verdict, asked: QuestionResult, limits: Limits, hint: str | None = None, causes: Sequence[str] = ()
) -> str:
    """Several lines of plain text. They name no input and no value.

    Args:
        asked: how the run of the hidden test ended.
        hint: for the misconception that the answers show.
        causes: sentences on what in the notebook led to this.
    """
    if verdict.matched == verdict.asked and verdict.score == verdict.points:
        share = f"all {verdict.asked} answers right" if verdict.asked > 1 else "the answer is right"
    elif all(answer.outcome in ("match", "changed") for answer in verdict.answers):
        share = "right results, but changed arguments"
    else:
        share = f"{verdict.matched} of {verdict.asked} answers right"
    lines = [f"Hidden tests: {share}, {verdict.score:.3g} of {verdict.points:g} points."]
    wrong = said_of_wrong(verdict.answers)
    lines += [f"- {says}" for says in wrong[:_MOST_KINDS]]
    if len(wrong) > _MOST_KINDS:
        lines.append("- and more of other kinds")
    lines += [f"- {says}" for says in _ideas(verdict)]
    if any(answer.outcome == "match" for answer in verdict.answers) and verdict.matched < verdict.asked and not wrong:
        lines.append("- Some answers count only together with others that are missing.")
    if verdict.answers and verdict.answers[-1].outcome == "extra":
        lines.append("- There were more answers than questions.")
    if (ending := end_of_test(verdict, asked, limits)) is not None:
        is_said = causes and verdict.stopped == "NameError" and asked.state == "done"
        lines.append("- The hidden tests could not go on:" if is_said else f"- {ending}")
    lines += [f"- {cause}" for cause in causes]
    if hint:
        lines += ["", f"Hint: {hint}"]
    return "\n".join(lines)


def said_of_wrong(answers: Sequence[AnswerVerdict]) -> list[str]:
    """What is said of wrong answers, each sentence once and in an order of its own: which came first, and how often, is
    for the submission to choose, and it has seen the questions. Of several exceptions one is named, for that reason;
    of several accuracies that are not reached, the next one.
    """
    exceptions = {answer.says for answer in answers if answer.outcome == "exception"}
    missed = sorted({answer.says for answer in answers if answer.aspect == ACCURACY})
    others = {answer.says for answer in answers if answer.outcome in ("differs", "changed", "refused")} - {*missed[1:]}
    ranked = sorted(
        exceptions, key=lambda says: next((n for n, name in enumerate(SAID) if f" {name}." in says), len(SAID))
    )
    more = ["Others ended with other exceptions."] if len(exceptions) > 1 else []
    return ranked[:1] + more + sorted(others)


def _ideas(verdict: Verdict) -> list[str]:
    """Which ideas are missing, the rule or an edge of it, where something is right."""
    if verdict.matched == verdict.asked or not verdict.score:
        return []
    if all(answer.outcome == "match" or answer.aspect == ACCURACY for answer in verdict.answers):
        return []
    if verdict.has_rule and verdict.edges:
        return [f"Right but for what lies at the edge: {'; '.join(verdict.edges)}."]
    wrong = ("differs", "changed", "exception", "refused")
    if any(answer.outcome in wrong and answer.group not in verdict.edges for answer in verdict.answers):
        said = ["What is wrong is the rule itself, not only an edge of it, so that at most half of the points count."]
    else:
        said = ["Not all was answered, so that at most half of the points count."]
    if missing := "; ".join((*verdict.parts, *verdict.edges)):
        said.append(f"Not yet right in these cases: {missing}.")
    return said


def end_of_test(verdict: Verdict, asked: QuestionResult, limits: Limits) -> str | None:
    """Why the hidden test ended early; None when it did not."""
    match asked.state:
        case "timeout":
            return f"The hidden tests were stopped after {limits.question_seconds:g} seconds: is there an endless loop?"
        case "killed":
            return "Python ended while the hidden tests ran: a crash, an exit, or too much memory."
        case "too much":
            return "The hidden tests were stopped: your functions returned too much data."
        case "not judged":
            return "What your functions returned took too long to be compared: it is no plain answer to the question."
        case "not reached":
            return "The hidden tests could not be asked: the notebook did not get as far as this cell."
    if verdict.stopped == "NameError":
        return "The hidden tests ended with a NameError: is everything defined under the name that is asked for?"
    if verdict.stopped is not None:
        return f"The hidden tests ended early, with {said_of(verdict.stopped)}."
    return None
