"""A ladder: ways to train on Fashion-MNIST, each by the seconds that it takes to reach a validation accuracy.

    python benchmarks/ladder.py                  # within six minutes; on a GPU every rung, on a CPU what can be climbed
    python benchmarks/ladder.py --seconds 3600   # more time, in equal shares for the rungs

The lower rungs lead to 0.8833, which is published for a multilayer perceptron, the highest to 0.94, for which a
convolutional network is needed. A rung is a model and how it is trained; the loop is `gradus.Trainer`'s. Seconds are
those of its epochs, validation included, up to the first one that ends at the accuracy; each seed is a run of its own,
and the mean over them counts. A run that does not get there within the rung's epochs has no seconds, and the rung says
how many did. Of a rung whose one run would take longer than its share of the time, only the length of an epoch is
measured, on some batches, and it is said that it was not climbed.

Results go to `benchmarks/results/ladder.json`; those of a GPU are never replaced by those of a CPU.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is imported

import torch
from history import FOLDER, keep_best_device, stamp
from torch import nn
from torch.nn import functional as F

from gradus import Classifier, EarlyStopping, FashionMNIST, History, Trainer, pick_device, seed_everything
from gradus.cores import available_cores
from gradus.device import wait_for

TARGET, HIGH_TARGET = 0.8833, 0.94
WARM_UP, BATCHES = 1, 3  # from which the length of an epoch is told


class Perceptron(Classifier):
    """A multilayer perceptron of one hidden layer, trained by `optimizer`, a function of its parameters."""

    def __init__(self, num_hiddens: int, optimizer: Callable[[Any], torch.optim.Optimizer]):
        super().__init__()
        self.optimizer = optimizer
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, num_hiddens), nn.ReLU(), nn.Linear(num_hiddens, 10))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer(self.parameters())


class ConvNet(Classifier):
    """Two or three blocks of convolutions, trained by Adam at one cycle: up to `lr` in a quarter, and down to nothing.

    Args:
        widths: channels of each block; a block halves the picture.
        deep: two convolutions with batch normalisation in each block, and pictures flipped and moved in training.
        epochs: how long the cycle is.
    """

    def __init__(self, widths: tuple[int, ...], deep: bool, lr: float, epochs: int):
        super().__init__()
        self.lr, self.epochs, self.deep = lr, epochs, deep
        layers: list[nn.Module] = []
        for before, width in zip((1, *widths), widths, strict=False):
            layers += _convolution(before, width, deep)
            layers += _convolution(width, width, deep) if deep else []
            layers += [nn.MaxPool2d(2)]
        side = 28 // 2 ** len(widths)
        layers += [nn.Flatten(), nn.Dropout(0.3 if deep else 0.0), nn.Linear(widths[-1] * side**2, 10)]
        self.net = nn.Sequential(*layers)

    def training_step(self, batch: Any) -> torch.Tensor:
        share = self.trainer.train_batch_idx / (self.epochs * self.trainer.num_train_batches)
        height = share / 0.25 if share < 0.25 else (1 + math.cos(math.pi * (share - 0.25) / 0.75)) / 2
        for group in self.trainer.optim.param_groups:
            group["lr"] = self.lr * max(height, 1e-3)
        *inputs, labels = batch
        return super().training_step([*map(augmented, inputs), labels] if self.deep else batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=0.01)


def _convolution(before: int, width: int, deep: bool) -> list[nn.Module]:
    normalised: list[nn.Module] = [nn.BatchNorm2d(width)] if deep else []
    return [nn.Conv2d(before, width, 3, padding=1, bias=not deep), *normalised, nn.ReLU()]


def augmented(pictures: torch.Tensor) -> torch.Tensor:
    """Half of the pictures (n, 1, 28, 28) in a mirror, and the whole batch moved by up to two pixels."""
    turn = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < 0.5
    down, right = torch.randint(0, 5, (2,)).tolist()  # drawn on the CPU, which nobody has to wait for
    padded = F.pad(torch.where(turn, pictures.flip(3), pictures), (2, 2, 2, 2))
    return padded[:, :, down : down + 28, right : right + 28]


@dataclass(frozen=True)
class Rung:
    """`epochs` is the most that a run may take; `model` makes one for so many."""

    name: str
    batch_size: int
    epochs: int
    model: Callable[[int], Classifier]
    target: float = TARGET


RUNGS = (
    Rung(
        "MLP, SGD at 0.1, batches of 256, as the chapter", 256, 40,
        lambda _: Perceptron(256, lambda own: torch.optim.SGD(own, lr=0.1)),
    ),
    Rung(
        "MLP, momentum 0.9 at 0.05, batches of 256", 256, 30,
        lambda _: Perceptron(256, lambda own: torch.optim.SGD(own, lr=0.05, momentum=0.9, nesterov=True)),
    ),
    Rung(
        "MLP, Adam at 0.002, batches of 512", 512, 30,
        lambda _: Perceptron(256, lambda own: torch.optim.Adam(own, lr=0.002)),
    ),
    Rung(
        "CNN of 16 and 32 channels, one cycle", 256, 4,
        lambda epochs: ConvNet((16, 32), deep=False, lr=0.005, epochs=epochs),
    ),
    Rung(
        "CNN of 64, 128 and 256 channels with batch normalisation, one cycle", 256, 20,
        lambda epochs: ConvNet((64, 128, 256), deep=True, lr=0.004, epochs=epochs), HIGH_TARGET,
    ),
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
    """Each rung with as many of the `seeds` as `seconds` allow, in equal shares, one at least where one fits."""
    begun = time.perf_counter()
    results: dict[str, dict[str, Any]] = {}
    for number, rung in enumerate(rungs):
        until = begun + seconds * (number + 1) / len(rungs)
        data = FashionMNIST(batch_size=rung.batch_size, device=device)
        data.train_dataloader(), data.val_dataloader()  # reading files is no part of a run
        epoch = _seconds_of_an_epoch(rung, data, device)
        left = until - time.perf_counter()
        if epoch * rung.epochs > 2 * left:
            results[rung.name] = {
                "target": rung.target,
                "seeds": 0,
                "reached": 0,
                "epoch": round(epoch, 2),
            }
        else:
            results[rung.name] = _climbed(rung, data, device, seeds, until)
        print(f"{device.type:5} ladder: {_line(rung, results[rung.name])}", flush=True)
    return {"target": TARGET, "rungs": results}


def _climbed(rung: Rung, data: FashionMNIST, device: torch.device, seeds: int, until: float) -> dict[str, Any]:
    histories: list[History] = []
    on_test: list[float] = []
    while len(histories) < seeds and (not histories or time.perf_counter() < until):
        seed_everything(len(histories))
        model = rung.model(rung.epochs)
        trainer = Trainer(rung.epochs, num_gpus=_gpus(device), early_stopping=Reached(target=rung.target))
        histories.append(trainer.fit(model, data))
        on_test.append(trainer.test(model, data)["acc"])
    return _summary(rung, histories, on_test)


def _seconds_of_an_epoch(rung: Rung, data: FashionMNIST, device: torch.device) -> float:
    """From some batches, after others that wait for the device's libraries."""
    trainer = Trainer(1, num_gpus=_gpus(device))
    trainer.prepare_data(data)
    trainer.prepare_model(model := rung.model(rung.epochs))
    trainer.optim = model.configure_optimizers()
    model.train()
    batches = list(zip(range(WARM_UP + BATCHES), data.train_dataloader(), strict=False))
    begun = 0.0
    for number, batch in batches:
        if number == WARM_UP:
            wait_for(device)
            begun = time.perf_counter()
        trainer.optim.zero_grad()
        model.training_step(trainer._counted(batch)).backward()
        trainer.optim.step()
    wait_for(device)
    return (time.perf_counter() - begun) / BATCHES * trainer.num_train_batches


def _gpus(device: torch.device) -> int:
    return int(device.type != "cpu")


def _summary(rung: Rung, histories: list[History], on_test: list[float]) -> dict[str, Any]:
    there = [history for history in histories if history.val["acc"][-1] >= rung.target]
    seconds = [sum(history.seconds) for history in there]
    return {
        "target": rung.target,
        "seeds": len(histories),
        "reached": len(there),
        "seconds": round(statistics.mean(seconds), 4) if seconds else None,
        "epochs": round(statistics.mean(len(history.seconds) for history in there), 2) if there else None,
        "seconds of each": [round(value, 4) for value in seconds],
        "best accuracy": round(max(max(history.val["acc"]) for history in histories), 4),
        "test accuracy, mean": round(statistics.mean(on_test), 4),
    }


def _line(rung: Rung, result: dict[str, Any]) -> str:
    if not result["seeds"]:
        return f"{rung.name}: not climbed; {rung.epochs} epochs of {result['epoch']:.0f} s may be needed"
    if not result["reached"]:
        return f"{rung.name}: not reached by {result['seeds']} of {result['seeds']} ({result['best accuracy']:.4f})"
    seeds = f"mean of the {result['reached']} of {result['seeds']} seeds that reached it"
    return f"{rung.name}: {result['seconds']:.2f} s, {result['epochs']:.1f} epochs to {rung.target}, {seeds}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Climb the ladder on the GPU that is there, else on the CPU.")
    parser.add_argument("--seconds", type=float, default=330, help="for all rungs together")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each rung, at most")
    parser.add_argument("--results", type=Path, default=FOLDER, help="where the results go")
    options = parser.parse_args()
    device = pick_device()
    cpu = f"cpu, {available_cores()} cores"
    name = torch.cuda.get_device_name() if device.type == "cuda" else cpu
    print(f"device: {name}")
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None  # of others, before ours
    ladder = climb(device, options.seeds, options.seconds)
    machine = {
        "python": platform.python_version(), "torch": torch.__version__, "processor": _processor(), "load": load
    }  # fmt: skip
    if not keep_best_device("ladder", {"device": name, "machine": machine, **stamp(), **ladder}, cpu, options.results):
        print(f"{options.results / 'ladder.json'} holds the figures of a GPU, and keeps them")
    return 0


def _processor() -> str:
    """What the processor calls itself, where that can be read."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
