"""Rungs of a ladder: ways to train a multilayer perceptron on Fashion-MNIST, each by the seconds that it takes to reach
a validation accuracy of 0.8833.

A rung is a model and how it is trained; the loop is `gradus.Trainer`'s. Seconds are those of its epochs, validation
included, up to the first one that ends at the accuracy; each seed is a run of its own, and the mean over them counts.
A run that does not get there within the rung's epochs has no seconds, and the rung says how many did.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from gradus import Classifier, EarlyStopping, FashionMNIST, History, Trainer, seed_everything

TARGET = 0.8833


class Perceptron(Classifier):
    """A multilayer perceptron of one hidden layer, trained by `optimizer`, a function of its parameters."""

    def __init__(self, num_hiddens: int, optimizer: Callable[[Any], torch.optim.Optimizer]):
        super().__init__()
        self.optimizer = optimizer
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, num_hiddens), nn.ReLU(), nn.Linear(num_hiddens, 10))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer(self.parameters())


@dataclass(frozen=True)
class Rung:
    """`epochs` is the most that a run may take."""

    name: str
    batch_size: int
    epochs: int
    optimizer: Callable[[Any], torch.optim.Optimizer]
    num_hiddens: int = 256


RUNGS = (
    Rung("SGD at 0.1, batches of 256, as the chapter", 256, 40, lambda own: torch.optim.SGD(own, lr=0.1)),
    Rung(
        "momentum 0.9 at 0.05, batches of 256", 256, 30,
        lambda own: torch.optim.SGD(own, lr=0.05, momentum=0.9, nesterov=True),
    ),
    Rung("Adam at 0.002, batches of 512", 512, 30, lambda own: torch.optim.Adam(own, lr=0.002)),
)  # fmt: skip


@dataclass(frozen=True)
class Reached(EarlyStopping):
    """Stops when the validation accuracy is there."""

    monitor: str = "acc"
    restore_best: bool = False
    target: float = field(default=TARGET, kw_only=True)

    def is_over(self, history: History) -> bool:
        return bool(history.val) and history.val["acc"][-1] >= self.target


def climb(device: torch.device, seeds: int, seconds: float, rungs: tuple[Rung, ...] = RUNGS) -> dict[str, Any]:
    """Each rung with as many of the `seeds` as `seconds` allow, in equal shares, one at least."""
    begun = time.perf_counter()
    results = {}
    for number, rung in enumerate(rungs):
        until = begun + seconds * (number + 1) / len(rungs)
        data = FashionMNIST(batch_size=rung.batch_size, device=device)
        data.train_dataloader(), data.val_dataloader()  # reading files is no part of a run
        histories: list[History] = []
        _run(rung, data, device, 0, epochs=1)  # the first run of all waits for the device's libraries
        while len(histories) < seeds and (not histories or time.perf_counter() < until):
            histories.append(_run(rung, data, device, len(histories), rung.epochs))
        results[rung.name] = _summary(histories)
        print(f"{device.type:5} ladder: {_line(rung, results[rung.name])}", flush=True)
    return {"target": TARGET, "rungs": results}


def _run(rung: Rung, data: FashionMNIST, device: torch.device, seed: int, epochs: int) -> History:
    seed_everything(seed)
    model = Perceptron(rung.num_hiddens, rung.optimizer)
    return Trainer(epochs, num_gpus=int(device.type != "cpu"), early_stopping=Reached()).fit(model, data)


def _summary(histories: list[History]) -> dict[str, Any]:
    there = [history for history in histories if history.val["acc"][-1] >= TARGET]
    seconds = [sum(history.seconds) for history in there]
    return {
        "seeds": len(histories),
        "reached": len(there),
        "seconds": round(statistics.mean(seconds), 4) if seconds else None,
        "epochs": round(statistics.mean(len(history.seconds) for history in there), 2) if there else None,
        "seconds of each": [round(value, 4) for value in seconds],
        "best accuracy": round(max(max(history.val["acc"]) for history in histories), 4),
    }


def _line(rung: Rung, result: dict[str, Any]) -> str:
    if not result["reached"]:
        return f"{rung.name}: not reached by {result['seeds']} of {result['seeds']} ({result['best accuracy']:.4f})"
    mean = f"{result['seconds']:.2f} s, {result['epochs']:.1f} epochs"
    return (
        f"{rung.name}: {mean} to {TARGET}, mean of the {result['reached']} of {result['seeds']} seeds that reached it"
    )
