"""Who hands in what, and what a fair marker makes of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gradus.notebook.form import Notebook

GOOD_ESSAY = """\
1. Accuracy changes only when the highest score changes. For almost all weights a small step changes no prediction, so
   the gradient of accuracy is zero, and where a prediction flips it does not exist.
2. On a confidently wrong example, cross-entropy has a gradient of about -1 at the label (softmax minus one-hot): a
   strong push. Squared error multiplies by the derivative of softmax, which is nearly 0 there, so nothing is learnt.
3. Maximum likelihood, because the loss is minus the mean log-probability of the labels."""

VAGUE_ESSAY = "Cross-entropy is the standard loss for classification and works better than squared error in practice."


def as_jupyter_saves_it(notebook: Notebook) -> str:
    """The text of a notebook file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def without_cell(label: str) -> Callable[[Notebook], str]:
    """The notebook after its owner has deleted the cell with this grade_id."""

    def delete(notebook: Notebook) -> str:
        rest = copy.deepcopy(notebook)
        rest["cells"] = [c for c in rest["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") != label]
        return as_jupyter_saves_it(rest)

    return delete


def half_of_it(notebook: Notebook) -> str:
    """What is left of the file when the upload stops half-way: not JSON."""
    text = as_jupyter_saves_it(notebook)
    return text[: len(text) // 2]


@dataclass(frozen=True)
class Student:
    """One invented student.

    `style` is the module with this student's answers; None for one who answered nothing. `mistakes` replaces the
    answer to a question by a function of `mistaken`. `loses` has the share of the marks that is lost on each question
    that is wrong in the end; None means everything on all. Which of a question's answers a mistake gets wrong is
    reasoned beside it, and is the same with every seed. `problem` is a part of what the grader has to tell the student,
    None when there is nothing to tell.
    """

    name: str
    description: str
    style: str | None
    mistakes: Mapping[str, str] = field(default_factory=dict)
    loses: Mapping[str, Fraction] | None = field(default_factory=dict)
    problem: str | None = None
    essay: str | None = GOOD_ESSAY
    save: Callable[[Notebook], str] = as_jupyter_saves_it


ALL = Fraction(1)
# Of the ten answers, an edge counted as one, four are ordinary numbers. Too much for exp are 500, -500, the one with a
# level for each row, the one with a number far above the others, and two edges, which hold 900 and 1000.
OVERFLOWS = Fraction(6, 10)
# Of the eight answers, one has minibatches of a single example, whose sum is their mean.
SUM_IN_TRAINING = Fraction(7, 8)

ROSTER = (
    Student("amara", "all right, each answer built on the ones before", "plain"),
    Student("bojan", "all right, in one line where one is enough", "compact"),
    Student("chidi", "all right, with loops and einsum", "loops"),
    Student(
        "dalia",
        "softmax over the examples (dim 0)",
        "compact",
        {"softmax": "softmax_over_examples"},
        {"softmax": ALL},
        essay=VAGUE_ESSAY,
    ),
    Student(
        "emre",
        "the sum of the losses, not the mean",
        "loops",
        {"kl_divergence": "kl_divergence_summed"},
        {"kl_divergence": ALL},
    ),
    Student(
        "fatou",
        "exponentials that overflow",
        "compact",
        {"log_sum_exp": "log_sum_exp_that_overflows", "softmax": "softmax_that_overflows"},
        {"log_sum_exp": OVERFLOWS, "softmax": OVERFLOWS},
    ),
    Student(
        "goran",
        "argmax over the examples (dim 0)",
        "loops",
        {"accuracy_gap": "accuracy_gap_over_examples"},
        {"accuracy_gap": ALL},
        essay=VAGUE_ESSAY,
    ),
    Student(
        "hana",
        "1/n forgotten in the gradient of the training loop",
        "plain",
        {"fit_softmax": "fit_softmax_without_mean"},
        {"fit_softmax": SUM_IN_TRAINING},
    ),
    Student("ines", "the notebook as it was released", None, loses=None, essay=None),
    Student(
        "jonas",
        "all right, but a test cell was deleted: it is put back, and the answer counts",
        "plain",
        problem="`test_accuracy_gap` was missing",
        save=without_cell("test_accuracy_gap"),
    ),
    Student(
        "kavya",
        "half of a file, which is not JSON: there is nothing to mark",
        "compact",
        loses=None,
        problem="not valid JSON",
        save=half_of_it,
    ),
    Student(
        "luca",
        "an endless loop in one answer: the others are marked",
        "compact",
        {"recall_and_precision": "recall_and_precision_without_end"},
        {"recall_and_precision": ALL},
        problem="endless loop",
    ),
)
