"""`gradus train`: run the cells of a solution that have a budget of their own, and keep what they leave.

They are run as a submission's are, in the sandbox and within their budget. Every other run of the solution then takes
the weights that are kept, as long as the cells up to there are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.answers.frames import VALUE, read_frame, read_settings
from autograder.assignment.jobs import source_job
from autograder.assignment.source import FILE, Trained, budgeted, fingerprint, read_trained, write_trained
from autograder.course import Course
from autograder.engine.pool import Sandbox
from autograder.judging.held_out import accuracy
from autograder.records.execution import CodeCell, Execution, Job, Limits, Question
from gradus.errors import GradusError
from gradus.notebook.cells import label_of
from gradus.notebook.form import Notebook, read

TEST_IMAGES = 10_000
_ASKS = f"""
import torch
from autograder.answers import answer, answer_accuracy, cases, networks

def classes(images):
    with torch.no_grad():
        return torch.cat([network(some).argmax(dim=1) for some in images.split(1000)])

answer(networks.weights_of, network.eval())
answer_accuracy(classes, cases.held_out_images({TEST_IMAGES}), at_least=0.5)
"""


def trained_anew(course: Course, problem_sets: list[str], sandbox: bool = True) -> Iterator[tuple[str, str, Trained]]:
    """Problem set, label and outcome of each cell with a budget; kept beside the notebook as it comes.

    Raises:
        GradusError: there is no such problem set, none of its cells has a budget, or one does not run.
    """
    for name in problem_sets:
        course.require(name)
    names = [name for name in problem_sets or course.problem_sets() if budgeted(read(course.source_notebook(name)))]
    if not names:
        raise GradusError(
            'no cell of a solution has a budget of its own; "gradus_budget" in its metadata gives it one.'
        )
    engine = Sandbox(Limits(), sandbox)
    try:
        for name in names:
            path = course.source_notebook(name)
            notebook, kept = read(path), {}
            for label in budgeted(notebook):
                kept[label] = _outcome(f"{path}, {label}", notebook, label, engine)
                write_trained(path.parent, {**read_trained(path.parent), **kept})
                yield name, label, kept[label]
    finally:
        engine.close()


def stale(course: Course, name: str) -> Iterator[str]:
    """A sentence for each cell with a budget of which nothing is kept, or what other cells left."""
    path = course.source_notebook(name)
    notebook, kept = read(path), read_trained(path.parent)
    for label in budgeted(notebook):
        if label not in kept or kept[label].fingerprint != fingerprint(notebook, label):
            yield (
                f"{path.name}, {label}: {FILE} does not hold what this cell leaves now, so that it takes minutes in "
                f"each run of the solution; run `gradus train {name}`."
            )


def _outcome(where: str, notebook: Notebook, label: str, engine: Sandbox) -> Trained:
    labels = [label_of(cell) for cell in notebook["cells"]]
    job = source_job(notebook, seed=0)
    end = labels.index(label)
    cells = [CodeCell(cell.index, cell.source, budget=cell.budget) for cell in job.cells if cell.index < end]
    last = next(cell for cell in job.cells if cell.index == end)
    cells.append(CodeCell(end, last.source, label, budget=last.budget))
    execution = engine.run(Job(tuple(cells), (Question(label, _ASKS),), seed=0))
    return _read(where, fingerprint(notebook, label), execution)


def _read(where: str, its_fingerprint: str, execution: Execution) -> Trained:
    last, frames = execution.cells[-1], execution.questions[0].frames
    if last.state != "ok" or len(frames) != 2 or any(read_frame(frame).kind != VALUE for frame in frames):
        raise GradusError(f"{where}: the solution does not run to the end of this cell ({last.state}); mend it.")
    asked = read_settings(frames[1]).held_out
    assert asked is not None
    share = accuracy(read_frame(frames[1]).content, asked) or 0.0
    return Trained(its_fingerprint, round(share, 4), round(last.ran or 0.0, 1), read_frame(frames[0]).content)
