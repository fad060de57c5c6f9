"""What is handed to a trainer by mistake, said in one sentence with its cure, before the first batch where it shows."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradus.modules import plain_parameters
from gradus.torch_d2l import d2l

_NO_OPTIMIZER = (  # what `configure_optimizers` ends with, and what is behind it
    ("NotImplementedError", "has no configure_optimizers(): write it, and return an optimiser"),
    ("attribute 'lr'", "has no `lr`: set self.lr in __init__, or call self.save_hyperparameters() there"),
    (
        "empty parameter list",
        "has nothing to train: assign layers, or tensors made with requires_grad=True, to self in __init__",
    ),
    ("'method' object is not iterable", "names self.parameters without calling it: write self.parameters()"),
    *(
        (f"between instances of '{kind}'", "needs one number for a learning rate, 0.1 for example")
        for kind in ("list", "tuple", "dict", "NoneType")
    ),
    ("between instances of 'str'", "has text for a number of its optimiser: write `lr=0.1`, without quotes"),
    ("Invalid learning rate", "has a learning rate that makes the loss grow: give a small number above 0"),
)
_BEHIND = (  # what torch says when the first epoch fails, and what is behind it
    (r"shape '\[\]' is invalid", "there is a loss for each example: `loss` must return their mean, `.mean()`"),
    (r"infer dtype of NoneType", "`loss` returned None: end it with `return`, and the mean over the batch"),
    (
        r"second time",
        "a graph is gone through twice: leave backward() and step() to the Trainer, and `.detach()` what is kept from "
        "an earlier batch",
    ),
    (
        r"[Ss]ame device|on device",
        "not everything is on one device: make constants with `self.register_buffer`, and let the Trainer move them",
    ),
    (
        r"Neural network is defined",
        "there is neither `forward` nor self.net: write forward, or assign the network to self.net in __init__",
    ),
    (
        r"log_softmax\w*\" not implemented for '(?:Long|Int|Bool)",
        "`loss` takes what the network gives, not the classes that argmax makes of it",
    ),
    (
        r"dtype|scalar type|'Float'|'Int'|Byte|_forward.* not implemented",
        "the dtypes do not fit: inputs are floats like the parameters (`X.float()`), labels of classes whole numbers "
        "(`y.long()`)",
    ),
    (
        r"[Tt]arget|batch_size",
        "outputs and labels do not fit: for classes, outputs are (n, k) and labels (n,), from 0 to k - 1; for numbers, "
        "both have one shape",
    ),
    (
        r"mat1 and mat2|size mismatch|must match the size|expected input",
        "the inputs do not have the shape that the model expects",
    ),
)


def require(holds: object, sentence: str, kind: type[Exception] = TypeError) -> None:
    """Raise `kind` with `sentence` unless `holds`."""
    if not holds:
        raise kind(sentence)


def whole_number(name: str, value: Any, least: int, most: float = float("inf")) -> int:
    """`value` as an `int`, NumPy's and torch's whole numbers too.

    Raises:
        ValueError: it is not a whole number from `least` to `most`.
        TypeError: it is a tensor of another kind of number.
    """
    number = operator.index(value) if hasattr(value, "__index__") and not isinstance(value, bool) else least - 1
    require(
        least <= number <= most,
        f"{name}={value!r}: give a whole number "
        + (f"of at least {least}" if most == float("inf") else f"from {least} to {most}"),
        ValueError,
    )
    return number


def check_given(model: Any, data: Any, *methods: str) -> None:
    """Refuse what is no model with these `methods`, or no data module.

    Raises:
        TypeError: the sentence says which, and what to give.
    """
    for name, thing in (("model", model), ("data", data)):
        require(
            not isinstance(thing, type),
            f"{name} is a class: make one of it first, {getattr(thing, '__name__', '')}(…), and give that",
        )
    require(
        not (hasattr(model, "train_dataloader") and isinstance(data, nn.Module)),
        "model and data are the wrong way round: the model comes first, fit(model, data)",
    )
    require(
        isinstance(model, nn.Module) and all(hasattr(model, method) for method in methods),
        f"model is a {type(model).__name__}: give a gradus.Module or d2l.Module, which has {' and '.join(methods)}",
    )
    require(
        "_parameters" in vars(model),
        f"{type(model).__name__}.__init__ must call super().__init__() before anything else",
    )
    require(
        hasattr(data, "train_dataloader") or hasattr(data, "test_dataloader"),
        f"data is a {type(data).__name__}: give a data module, with train_dataloader()",
    )


def check_options(gradient_clip_val: Any, board: Any, checkpoint: Any) -> None:
    """Refuse options of a trainer that are of another kind than it takes.

    Raises:
        ValueError, TypeError: the sentence names the option.
    """
    require(
        isinstance(gradient_clip_val, (int, float)) and gradient_clip_val >= 0,
        f"gradient_clip_val={gradient_clip_val!r}: give the largest norm, or 0 not to clip",
        ValueError,
    )
    require(board is None or isinstance(board, d2l.ProgressBoard), f"board={board!r}: give a gradus.ProgressBoard()")
    require(
        checkpoint is None or isinstance(checkpoint, (str, os.PathLike)),
        f"checkpoint={checkpoint!r}: give the name of a file, 'run.pt' for example",
    )


def check_checkpoint(path: Path | None) -> None:
    """Refuse a place that cannot hold a checkpoint.

    Raises:
        ValueError: it is a folder, or lies in one that cannot be written to.
    """
    require(
        path is None or not path.is_dir(),
        f"checkpoint={str(path)!r} is a folder: name a file in it, run.pt for example",
        ValueError,
    )
    require(
        path is None
        or next(above.is_dir() and os.access(above, os.W_OK) for above in path.absolute().parents if above.exists()),
        f"checkpoint={str(path)!r} cannot be written: choose a folder of yours for it",
        ValueError,
    )


def optimizer_of(model: Any) -> Any:
    """What `model.configure_optimizers()` returns, when it can train everything that the model has.

    Raises:
        ValueError, TypeError: what the model lacks, in a sentence.
    """
    try:
        optimizer = model.configure_optimizers()
    except (AttributeError, NotImplementedError, ValueError, TypeError) as error:
        require_seen(model, set())
        lacks = next((says for sign, says in _NO_OPTIMIZER if sign in repr(error)), "")
        require(not lacks, f"{type(model).__name__} {lacks}", ValueError)
        raise
    require(
        not isinstance(optimizer, type),
        f"{type(model).__name__}.configure_optimizers() returned a class: make one of it first, "
        f"{getattr(optimizer, '__name__', '')}(self.parameters(), lr=self.lr)",
    )
    require(
        hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad"),
        f"{type(model).__name__}.configure_optimizers() returned {type(optimizer).__name__}: end it with `return` and "
        "one optimiser",
    )
    groups = [*(group["params"] for group in getattr(optimizer, "param_groups", ())), getattr(optimizer, "params", ())]
    require_seen(model, {id(one) for group in groups if isinstance(group, (list, tuple)) for one in group})
    return optimizer


def check_loss(model: Any, loss: Any) -> None:
    """Refuse what the first `training_step` returned unless it is one number that depends on what is trained.

    Raises:
        TypeError, ValueError: what it is instead, in a sentence.
    """
    require(
        isinstance(loss, torch.Tensor),
        f"{type(model).__name__}.training_step() returned {type(loss).__name__}: end it with `return` and the loss, a "
        "tensor",
    )
    require(
        loss.numel() == 1,
        f"{type(model).__name__}.training_step() returned {loss.numel()} losses: return their mean, `.mean()`",
        ValueError,
    )
    require(
        loss.requires_grad,
        f"{type(model).__name__}.training_step() returned a loss that depends on no parameter: compute it from the "
        "model's output, without .item(), .detach() and torch.no_grad()",
        ValueError,
    )


def explain(error: Exception, model: Any, loader: Iterable[Any]) -> None:
    """Raise a sentence in the place of `error`, which the first epoch ended with, if its cause is a known one.

    Raises:
        TypeError, ValueError: what is wrong with the batch or the model.
    """
    if "device-side assert" in str(
        error
    ):  # a GPU says no more than this, and can do nothing after it: not even a batch
        raise ValueError(
            f"{type(model).__name__}: a label or an index is too large for the model, and the GPU has stopped: labels "
            "of k classes go from 0 to k - 1; restart Python, and train with num_gpus=0 to see where it is"
        ) from error
    batch = next(iter(loader), None)
    parts = batch if isinstance(batch, (tuple, list)) else ()
    if len(parts) < 2 or not all(isinstance(part, torch.Tensor) for part in parts):
        raise TypeError(
            f"a batch is a {type(batch).__name__}: a data loader gives tuples of tensors, inputs first, labels last"
        ) from error
    if "indices must be integers" in str(error):
        raise TypeError(
            f"{type(model).__name__} looks into a batch by name, and a batch is a {type(batch).__name__} of tensors: "
            "write `X, y = batch`, or batch[0]"
        ) from error
    if re.search("NoneType|tuple|list|dict", str(error)):
        there = next((parameter.device for parameter in model.parameters()), parts[0].device)
        output = torch.no_grad()(model)(*(part.to(there) for part in parts[:-1]))
        if output is None or isinstance(output, (tuple, list, dict)):
            raise TypeError(
                f"{type(model).__name__}.forward() returned {'None' if output is None else type(output).__name__}: end "
                "it with `return` and the output, a tensor"
            ) from error
    behind = next((says for sign, says in _BEHIND if re.search(sign, str(error))), "")
    if behind and isinstance(error, (RuntimeError, ValueError, IndexError, AssertionError)):
        raise ValueError(
            f"{type(model).__name__}: {behind}; a batch has "
            + ", ".join(f"{str(part.dtype).removeprefix('torch.')} {tuple(part.shape)}" for part in parts)
            + f" ({str(error).splitlines()[0]})"
        ) from error


def require_seen(model: nn.Module, trained: set[int]) -> None:
    """Refuse what looks like a parameter of `model`, and can neither be found nor is among the ids of `trained`.

    Raises:
        ValueError: the sentence names the attribute.
    """
    known = trained | {id(tensor) for tensor in (*model.parameters(), *dict(plain_parameters(model)).values())}
    for module, name, value in [(part, *item) for part in model.modules() for item in vars(part).items()]:
        require(
            all(id(tensor) in known or not tensor.requires_grad for tensor in _in_a_collection(name, value)),
            f"self.{name} of {type(module).__name__} keeps parameters where torch cannot see them: make it an "
            "nn.ModuleList or nn.Sequential, or switch off what is not to be trained (requires_grad_(False))",
            ValueError,
        )
        require(
            not isinstance(value, torch.Tensor) or value.is_leaf or _leaves(value) <= known,
            f"self.{name} of {type(module).__name__} is computed from a tensor that is to be trained, and is not "
            "trained itself: compute it first, then call .requires_grad_()",
            ValueError,
        )


def _in_a_collection(name: str, value: Any) -> Iterator[torch.Tensor]:
    """The tensors in a plain list, tuple or dictionary of a model's own, and those of the modules in it."""
    if isinstance(value, (list, tuple, dict)) and not name.startswith("_") and name != "hparams":
        for item in value.values() if isinstance(value, dict) else value:
            yield from item.parameters() if isinstance(item, nn.Module) else [item][: getattr(item, "is_leaf", False)]


def _leaves(tensor: torch.Tensor) -> set[int]:
    """The ids of the tensors that `tensor` was computed from and that are to be trained."""
    nodes: list[Any] = [tensor.grad_fn]
    for node in nodes:  # which grows on the way
        nodes += [before for before, _ in getattr(node, "next_functions", ()) if before not in nodes]
    return {id(node.variable) for node in nodes if hasattr(node, "variable")}
