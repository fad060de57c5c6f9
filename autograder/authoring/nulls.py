"""Submissions that compute nothing, as Python to execute before a hidden test where the solution has run.

They must earn nothing on any question, or the question's answers prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

STUB = "the released stub"

_RETURNED = {
    "a function that returns None": "None",
    "a function that returns True": "True",
    "a function that returns False": "False",
    "a function that returns 0.0": "0.0",
    "a function that returns 1.0": "1.0",
    "a function that returns 0": "0",
    "a function that returns 1": "1",
    "a function that returns its first argument": "(given or (None,))[0]",
    "a function that returns zeros like its first argument": "_null_like((given or (None,))[0], 0)",
    "a function that returns zeros like the right answer": "_null_like(_null_right(right, given, named), 0)",
    "a function that returns ones like the right answer": "_null_like(_null_right(right, given, named), 1)",
}

# A class keeps its constructor; its other methods, `forward` and `__call__` among them, compute nothing. What the right
# method would do to its object it does to a twin: a method that works by its effect, such as `step`, has none.
_REPLACE = """
def _null_like(value, fill):
    import numpy
    import torch

    if isinstance(value, torch.Tensor):
        return torch.full_like(value, fill)
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy.full_like(value, fill)[()]
    if isinstance(value, (list, tuple)):
        return type(value)([_null_like(entry, fill) for entry in value])
    if isinstance(value, dict):
        return {key: _null_like(entry, fill) for key, entry in value.items()}
    if isinstance(value, torch.nn.Module):  # what a function has built, it has built
        return None
    return type(value)(fill) if isinstance(value, (bool, int, float)) else value


def _null_right(right, given, named):
    import copy

    try:  # on copies: what the right function does to its arguments is no doing of the null
        given, named = copy.deepcopy((given, named))
        return right(*given, **named)
    except Exception:
        return None


def _null_function(right):
    return lambda *given, **named: RETURNED


_null_twins = {}  # by the id of an object, which is kept beside its twin, so that no other gets the id


def _null_twin(of):
    import copy

    if id(of) not in _null_twins:
        try:
            twin = copy.deepcopy(of)
        except Exception:  # a tensor of a graph, a lock: what the twin holds of these is the object's own
            twin = copy.copy(of)
        _null_twins[id(of)] = of, twin
    return _null_twins[id(of)][1]


def _null_method(right):
    def method(self, *given, **named):
        return _null_function(lambda *rest, **others: right(_null_twin(self), *rest, **others))(*given, **named)

    return method


def _null(right):
    if not isinstance(right, type):
        return _null_function(right)
    methods = {
        name: _null_method(found)
        for cls in reversed(right.__mro__[:-1])
        if cls.__module__ == right.__module__
        for name, found in vars(cls).items()
        if callable(found) and (name == "__call__" or not name.startswith("__")) and not isinstance(found, type)
    }
    return type(right.__name__, (right,), methods)


for _null_name in TESTED:
    if _null_name in globals():
        globals()[_null_name] = _null(globals()[_null_name])
"""


def null_preludes(tested: Sequence[str], stub: str) -> dict[str, str]:
    """Python sources by a label that says what each does.

    Args:
        tested: the names of the student that a question tests: functions and classes.
        stub: the released stubs that define them.
    """
    preludes = {STUB: stub} if stub.strip() else {}
    for label, returned in _RETURNED.items():
        preludes[label] = _REPLACE.replace("RETURNED", returned).replace("TESTED", repr(tuple(tested)))
    return preludes
