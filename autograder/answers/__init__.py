"""What hidden tests say: `from autograder.answers import answer, cases`.

The only part of `autograder` that a submission's process can see; it holds no key and imports nothing else of it.

- `answer(fn, *args)` calls the student's function on copies of its arguments and sends what it returned.
- `answer_accuracy(fn, held_out, at_least=...)` sends predictions for images whose labels are elsewhere.
- `answer_own(fn, network, own=..., told=...)` asks of a network that only the student has; `networks` tells of it.
- `cases` draws the inputs, a function of the grading seed.

In JupyterLab the same lines run as they are: nothing is sent, and errors are raised where they happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.answers.asking import answer, answer_accuracy, answer_own

__all__ = ["answer", "answer_accuracy", "answer_own", "cases", "networks"]


def __getattr__(name: str) -> Any:  # the trusted process reads `values` and `frames` without importing torch
    if name in ("answer", "answer_accuracy", "answer_own"):
        from autograder.answers import asking

        return getattr(asking, name)
    if name in ("cases", "networks"):
        import importlib

        return importlib.import_module(f"autograder.answers.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
