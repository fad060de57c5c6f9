"""What the library computes, it computes where it was asked to, with the CPU's numbers, and without waiting for it.

On a machine with a GPU the first half is about that GPU; `make gpu` runs it there. The second half borrows a device
that only says that it is none of the CPU's: see `second_device.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from second_device import DEVICE, second_device
from torch import nn
from torch.nn import functional as F

import gradus.data_modules
import gradus.trainer
from gradus import (
    Classifier,
    Digits,
    EarlyStopping,
    FashionMNIST,
    SyntheticRegression,
    Trainer,
    check,
    d2l,
    pick_device,
)
from gradus.device import wait_for
from gradus.loader import TensorLoader

HERE = pick_device()


class MLP(Classifier):
    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))


class Lazy(MLP):
    """Its shapes come from its first batch; a GPU then draws other parameters than the CPU."""

    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(32), nn.ReLU(), nn.LazyLinear(10))


class Adam(MLP):
    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


def made(kind: type = MLP) -> Classifier:
    torch.manual_seed(0)
    return kind()


def on_cpu(kind: type, epochs: int = 2) -> Any:
    return Trainer(epochs, num_gpus=0, seed=1).fit(made(kind), Digits(batch_size=64, device="cpu"))


def same(first: Any, second: Any, rel: float = 1e-3) -> None:
    for name in ("train", "val"):
        for figure, values in getattr(first, name).items():
            assert getattr(second, name)[figure] == pytest.approx(values, rel=rel, abs=1e-2), (name, figure)


# On the device of this machine


@pytest.mark.parametrize("kind", [MLP, Adam])
def test_a_run_on_this_machines_device_gives_the_cpus_numbers(kind: type) -> None:
    model = made(kind)
    same(on_cpu(kind), Trainer(2, seed=1).fit(model, Digits(batch_size=64)))
    assert {parameter.device.type for parameter in model.parameters()} == {HERE.type}


def test_a_model_whose_shapes_come_from_its_first_batch_is_made_on_this_machines_device() -> None:
    model = made(Lazy)
    assert Trainer(3, seed=1).fit(model, Digits(batch_size=32)).val["acc"][-1] > 0.5
    assert {parameter.device.type for parameter in model.parameters()} == {HERE.type}


def test_a_run_goes_on_to_the_same_numbers_on_this_machines_device(tmp_path: Path) -> None:
    data, file = Digits(batch_size=64), tmp_path / "run.pt"
    whole = Trainer(4, seed=1).fit(made(Adam), data)
    Trainer(2, seed=1, checkpoint=file).fit(made(Adam), data)
    same(whole, Trainer(4, seed=1, checkpoint=file).fit(made(Adam), data, resume=True), rel=1e-4)


def test_the_best_epoch_is_given_back_on_this_machines_device() -> None:
    model, trainer = made(), Trainer(3, seed=1, early_stopping=EarlyStopping(patience=3))
    history = trainer.fit(model, Digits(batch_size=64))
    best = min(history.val["loss"])
    trainer.prepare_model(model)
    assert trainer._evaluate(Digits(batch_size=64).val_dataloader())["loss"] == pytest.approx(best, rel=1e-3)


def test_what_is_predicted_and_held_lies_on_this_machines_device() -> None:
    data, trainer = Digits(batch_size=64), Trainer(1)
    X, y = data.tensors("test")
    assert (X.device.type, y.device.type) == (HERE.type, HERE.type)
    assert trainer.predict(made(), X.cpu()).device.type == HERE.type
    w = torch.tensor([2.0, -3.4], device=HERE)
    assert SyntheticRegression(w, torch.tensor(4.2, device=HERE)).tensors("val")[1].device.type == HERE.type


def test_batches_come_in_one_order_on_every_device() -> None:
    orders = []
    for device in ("cpu", HERE):
        torch.manual_seed(3)
        loader = TensorLoader(torch.arange(50, device=device), batch_size=8, shuffle=True)
        orders.append(torch.cat([rows.cpu() for (rows,) in loader]).tolist())
    assert orders[0] == orders[1]


def test_data_of_the_cpu_trains_a_model_on_this_machines_device() -> None:
    """d2l's own data modules give batches of the CPU; its models from scratch keep tensors that torch does not know."""
    data = d2l.SyntheticRegressionData(w=torch.tensor([2.0, -3.4]), b=4.2)
    model = d2l.LinearRegressionScratch(2, lr=0.03)
    history = Trainer(3, gradient_clip_val=1.0).fit(model, data)
    assert history.val["loss"][-1] < history.val["loss"][0]
    assert {model.w.device.type, model.b.device.type} == {HERE.type}


def test_visible_checks_compare_across_devices() -> None:
    X = torch.arange(6.0, device=HERE).reshape(2, 3) + 1
    check.close(X, X.cpu())
    check.close(X.cpu(), X)
    check.equal(X.long(), X.long().cpu())
    check.device(X, HERE)
    check.gradient(lambda x: (x**3).sum(), X, grad=3 * X**2)
    check.keeps_dtype(lambda a, n: a * n, X, 2)
    check.unchanged(lambda a: a + 1, X)
    assert check.inputs(2, like=X).device.type == HERE.type


@pytest.mark.gpu
@pytest.mark.slow("a Python, whose GPU cannot be used after it")
@pytest.mark.skipif(HERE.type != "cuda", reason="needs a GPU of CUDA's")
def test_a_label_too_large_for_a_gpu_is_told_in_a_sentence() -> None:
    code = (
        "import torch; from gradus import *\n"
        "class Data(Digits):\n    def load(self, split): X, y = super().load(split); return X, y + 1\n"
        "Trainer(1).fit(d2l.SoftmaxRegression(10, lr=0.1), Data())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ValueError: SoftmaxRegression: a label or an index is too large for the model" in run.stderr


def test_an_error_that_a_gpu_does_not_explain_is_told_in_a_sentence() -> None:
    class Stops(MLP):
        def training_step(self, batch: Any) -> torch.Tensor:
            raise RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be …")

    with pytest.raises(ValueError, match="labels of k classes go from 0 to k - 1; restart Python"):
        Trainer(1, num_gpus=0).fit(Stops(), Digits(device="cpu"))


def test_a_device_is_waited_for_once_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(gradus.trainer, "wait_for", waited.append)
    Trainer(3, num_gpus=0).fit(made(), Digits(device="cpu"))
    assert waited == [torch.device("cpu")] * 3
    wait_for(HERE)


# On a device that is none


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library takes the second device for the one that this machine has."""
    for module in (gradus.trainer, gradus.data_modules):
        monkeypatch.setattr(module, "pick_device", lambda num_gpus=None: pick_device(0) if num_gpus == 0 else DEVICE)


@pytest.mark.parametrize("kind", [MLP, Adam, Lazy])
def test_a_run_meets_nothing_of_the_cpus(elsewhere: None, kind: type) -> None:
    expected = on_cpu(kind)
    with second_device():
        model, trainer = made(kind), Trainer(2, seed=1)
        data = Digits(batch_size=64)
        same(expected, trainer.fit(model, data), rel=1e-5)
        assert {parameter.device for parameter in model.parameters()} == {DEVICE}
        assert trainer.test(model, data)["acc"] > 0.2  # chance is 0.1
        assert trainer.predict(model, data.tensors("test")[0]).device == DEVICE


def test_a_model_with_tensors_for_parameters_meets_nothing_of_the_cpus(elsewhere: None) -> None:
    class Scratch(gradus.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.zeros(2, 1, requires_grad=True)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return X @ self.w

        def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return ((y_hat - y) ** 2).mean()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.05)

    with second_device():
        data = SyntheticRegression(torch.tensor([2.0, -3.4]), 0.0)
        assert Trainer(2, gradient_clip_val=5.0).fit(Scratch(), data).val["loss"][-1] < 1


def test_an_epoch_reads_the_device_once_for_each_figure_however_many_batches(elsewhere: None) -> None:
    reads = []
    for batch_size in (32, 512):
        with second_device() as counts:
            model, data = made(), Digits(batch_size=batch_size)
            trainer = Trainer(1)
            trainer.fit(model, data)  # the first step of all is looked at more closely
            counts.clear()
            trainer.fit(model, data)
            reads.append(counts["reads"])
    assert reads == [3, 3]  # the training loss; loss and accuracy of the validation


def test_a_pass_over_data_on_a_device_gives_each_example_once(elsewhere: None) -> None:
    X, y = torch.arange(50), torch.arange(50) * 2
    passes = []
    for device in (torch.device("cpu"), DEVICE):
        with second_device():
            loader = TensorLoader(X.to(device), y.to(device), batch_size=8, shuffle=True)
            torch.manual_seed(3)
            passes.append([(rows.cpu().tolist(), labels.cpu().tolist()) for rows, labels in loader])
    assert passes[0] == passes[1]
    assert sorted(row for rows, _ in passes[0] for row in rows) == list(range(50))
    assert all(labels == [2 * row for row in rows] for rows, labels in passes[0])
    assert list(TensorLoader(torch.zeros(0, 1), batch_size=3, shuffle=True)) == []


def test_pictures_become_floats_where_they_are(elsewhere: None) -> None:
    with second_device() as counts:
        data = FashionMNIST(batch_size=100)
        X, y = next(iter(data.val_dataloader()))
        assert (X.device, y.device, X.dtype) == (DEVICE, DEVICE, torch.float32)
        assert counts["reads"] == 0


@pytest.mark.parametrize(
    "meets",
    [lambda X: X + torch.ones(3), lambda X: torch.ones(2, 3) @ X, lambda X: F.cross_entropy(X, torch.zeros(3).long())],
)
def test_the_second_device_would_notice(meets: Callable[[torch.Tensor], Any]) -> None:
    with second_device(), pytest.raises(RuntimeError, match="same device"):
        meets(torch.ones(3, 2, device=DEVICE))
