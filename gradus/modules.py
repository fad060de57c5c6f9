"""d2l's base classes for models, without what goes wrong in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from gradus.board import ProgressBoard
from gradus.torch_d2l import d2l


class Module(d2l.Module):
    """d2l's `Module`: the same methods to write, `forward`, `loss`, `configure_optimizers`, and nothing new to learn.

    What differs: `training_step` and `validation_step` work without a trainer and without a picture, and a tensor
    that requires a gradient becomes a parameter when it is assigned, so that `.to()`, `state_dict()` and
    `parameters()` know of it: `self.w = torch.zeros(2, 1, requires_grad=True)` is enough.
    """

    trainer: Any = None  # the `Trainer`, while it trains this model

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1):
        super().__init__(plot_train_per_epoch, plot_valid_per_epoch)
        self.board = ProgressBoard()

    def __setattr__(self, name: str, value: Any) -> None:
        if is_plain_parameter(value):
            value = nn.Parameter(value)
        super().__setattr__(name, value)

    def plot(self, key: str, value: torch.Tensor | float, train: bool) -> None:
        """Report the scalar `value`, a mean over the batch, under the name `key`; without a trainer, nothing happens.

        Gradus's `Trainer` records it in its `History`; under d2l's it goes to `self.board`.
        """
        if self.trainer is not None:
            super().plot(key, value, train)


class Classifier(Module, d2l.Classifier):
    """d2l's `Classifier` on our `Module`: cross-entropy of logits (n, k) and labels (n,); accuracy in validation."""


def is_plain_parameter(value: Any) -> bool:
    """Whether `value` is a tensor to be trained that is no `nn.Parameter`, as in d2l's models "from scratch"."""
    trained = isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf
    return trained and not isinstance(value, nn.Parameter)


def plain_parameters(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and tensor of every plain parameter, which `model.parameters()` and `model.to()` do not know about."""
    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if is_plain_parameter(value):
                yield f"{prefix}.{name}".lstrip("."), value
