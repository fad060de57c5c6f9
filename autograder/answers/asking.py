"""`answer`: call the student's function on copies, and send what it returned out of this process."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch

from autograder.answers import frames, usual
from autograder.answers.cases import HeldOutImages
from autograder.answers.encoding import encode
from autograder.answers.hidden_run import HiddenRun, current
from autograder.answers.settings import HeldOut, Settings
from autograder.answers.values import ValueRefused

_deepcopy, _no_hooks = copy.deepcopy, torch._C.DisableTorchFunction
_NUMBERS = (int, float, bool, str, type(None))


def answer(
    fn: Callable[..., Any],
    *args: Any,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    kind: str = "exact",
    group: str | None = None,
    edge: str | None = None,
    raises: type[BaseException] | None = None,
    returns: str = "result",
    parts: tuple[str, ...] = (),
    **kwargs: Any,
) -> None:
    """Send what `fn(*args, **kwargs)` returns, or that it raised.

    The arguments are copied first, together, so that what they share they share in the copy; torch, NumPy and `random`
    are seeded from the case seed. Outside the grader nothing is sent, and what goes wrong is raised here.

    Args:
        fn: the student's function, or one of the test's own that calls it.
        rtol, atol: floats may differ by atol + rtol · |expected|; the rest is compared exactly.
        kind: "exact" compares type, dtype and shape too; "number" takes an int, float, NumPy number or tensor without
            dimensions for any of these; "array" takes a tensor for an array, and one float dtype for another.
        group: answers with the same name earn together or not at all.
        edge: as `group`, for an edge of what may be given, in words of the prompt: "no rows", "ties". Answers without
            it ask for the rule; who has that wrong keeps half of the points at most.
        raises: the exception that `fn` is asked to raise, one of Python's own.
        returns: send the "result"; the "arguments" as they are after the call, for a function that works in place; or
            "both", for one that must leave its arguments alone: then these are compared exactly.
        parts: what a student calls the entries of the tuple that `fn` returns, in order: words for feedback.

    Raises:
        ValueError: a setting that does not exist.
        ValueRefused: outside the grader, a result that cannot be an answer.
    """
    name = None if raises is None else getattr(raises, "__name__", repr(raises))
    settings = Settings(
        rtol=rtol, atol=atol, kind=kind, group=group, edge=edge, raises=name, returns=returns, parts=tuple(parts)
    )
    _ask(current(), fn, args, kwargs, settings)


def answer_accuracy(
    fn: Callable[[torch.Tensor], Any],
    held_out: HeldOutImages,
    at_least: float,
    group: str | None = None,
    edge: str | None = None,
) -> None:
    """Send the classes that `fn` predicts for `held_out.images`, to be counted where the labels are.

    Args:
        fn: takes images (n, 1, 28, 28), float32 in [0, 1]; returns n whole numbers, as tensor, array, list or tuple.
        held_out: from `cases.held_out_images`.
        at_least: the share of right predictions that earns the mark, in [0, 1].
        group, edge: as in `answer`.
    """
    asked = HeldOut(held_out.data_set, held_out.indices, at_least)
    _ask(current(), fn, (held_out.images,), {}, Settings(held_out=asked, group=group, edge=edge))


def answer_own(fn: Callable[..., Any], *args: Any, own: str, told: Callable[..., Any], edge: str | None = None) -> None:
    """Send what `fn(*args)` says of the student's own network, and beside it what `told(*args)` finds there.

    Nobody but the student has that network, so that no solution has the key: it is computed outside, from what `told`
    says, which is one of the functions of `autograder.answers.networks`.

    Args:
        fn: the student's function.
        args: the network, and what it is to be looked at with; each of the two functions gets copies of its own.
        own: what is asked, one of `settings.OWN`.
        edge: as in `answer`.
    """

    def both(*given: Any) -> tuple[Any, Any]:
        return told(*_deepcopy(given)), fn(*given)

    _ask(current(), both, args, {}, Settings(own=own, edge=edge))


def _ask(
    session: HiddenRun, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], settings: Settings
) -> None:
    with _no_hooks():  # a test's `with Watch(...)` around this call counts the student's operations, not ours
        given, named = _copied(args, kwargs)
    session.seed_the_answer()
    session.steps = 0
    try:
        result = _called(session, fn, given, named)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: they cost this answer and nothing else
        if session.send is None:
            if settings.raises and frames.exception_matches(frames.exception_name(error), settings.raises):
                return
            raise
        kind, body = frames.EXCEPTION, encode(frames.exception_name(error))
    else:
        if session.send is None and settings.raises:
            raise AssertionError(f"{settings.raises} should be raised here.")
        parts = {"result": result, "arguments": (*given, named), "both": (result, (*given, named))}
        kind, body = _encoded(parts[settings.returns], raising=session.send is None)
    session.seed_the_test()
    if session.send is not None:
        session.send(frames.packed(kind, body, settings.after(session.steps)))


def _called(session: HiddenRun, fn: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What `fn` returns. In the grader no setting that it makes is left for what comes after."""
    if session.send is None:
        return fn(*given, **named)
    try:
        if session.own is not None:
            usual.use(session.own)
        return fn(*given, **named)
    finally:
        usual.restore()


def _copied(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`copy.deepcopy` of both; for plain tensors and numbers, which most arguments are, without its detours."""
    if kwargs or not all(type(value) in _NUMBERS or _is_dense(value) for value in args):
        return _deepcopy((args, kwargs))
    tensors = [value for value in args if type(value) is torch.Tensor]
    if len({tensor.untyped_storage().data_ptr() for tensor in tensors}) < len(tensors):  # what they share, they share
        return _deepcopy((args, kwargs))
    return tuple(value.clone() if type(value) is torch.Tensor else value for value in args), {}


def _is_dense(value: Any) -> bool:
    """Whether `clone` gives the same tensor as `deepcopy`, but for unused room in its storage."""
    return (
        type(value) is torch.Tensor
        and value.layout is torch.strided
        and not value.requires_grad
        and value.is_contiguous()
        and not value.is_quantized
        and not value.__dict__
    )


def _encoded(value: Any, raising: bool) -> tuple[str, bytes]:
    try:
        return frames.VALUE, encode(value)
    except ValueRefused as refusal:
        if raising:
            raise
        return frames.REFUSED, encode(refusal.code)
