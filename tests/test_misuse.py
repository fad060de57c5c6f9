"""Each mistake with the trainer is told in one sentence, with its cure, and what is right is never refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import gradus
from gradus import Classifier, Digits, EarlyStopping, Module, ProgressBoard, SyntheticRegression, Trainer, d2l
from gradus import seed_everything as seed
from gradus.datasets import fashion_mnist_tensors
from gradus.errors import GradusError
from gradus.loader import TensorLoader


class Net(Classifier):
    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))


class Line(Module):
    def __init__(self, lr: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)

    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(y_hat, y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), self.lr)


class LossForEachExample(Line):
    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (y_hat - y) ** 2


class UnplottedLossForEachExample(LossForEachExample):
    def training_step(self, batch: Any) -> torch.Tensor:
        return self.loss(self(batch[0]), batch[1])


class LossWithoutReturn(Line):
    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> None:  # type: ignore[override]
        F.mse_loss(y_hat, y)


class ForwardWithoutReturn(Line):
    def forward(self, X: torch.Tensor) -> None:
        self.net(X)


class StepWithoutReturn(Line):
    def training_step(self, batch: Any) -> None:
        self.loss(self(batch[0]), batch[1])


class StepReturnsNumber(Line):
    def training_step(self, batch: Any) -> float:
        return self.loss(self(batch[0]), batch[1]).item()


class StepReturnsDictionary(Line):
    def training_step(self, batch: Any) -> dict:
        return {"loss": self.loss(self(batch[0]), batch[1])}


class StepIsALoop(Line):
    def training_step(self, batch: Any) -> torch.Tensor:
        loss = self.loss(self(batch[0]), batch[1])
        loss.backward()
        return loss


class CutOff(Line):
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.net(X).detach()


class OptimizerWithoutReturn(Line):
    def configure_optimizers(self) -> None:  # type: ignore[override]
        torch.optim.SGD(self.parameters(), 0.1)


class TwoOptimizers(Line):
    def configure_optimizers(self) -> list:  # type: ignore[override]
        return [torch.optim.SGD(self.parameters(), 0.1)]


class OptimizersClass(Line):
    def configure_optimizers(self) -> type:  # type: ignore[override]
        return torch.optim.SGD


class ParametersUncalled(Line):
    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters, self.lr)  # type: ignore[arg-type]


class BatchByName(Line):
    def training_step(self, batch: Any) -> torch.Tensor:
        return self.loss(self(batch["X"]), batch["y"])


class MoreThanTheOutput(Line):
    def __init__(self, more: Callable = lambda *all: all) -> None:
        super().__init__()
        self.more = more

    def forward(self, X: torch.Tensor) -> Any:
        return self.more(self.net(X), X)


class NoOptimizer(Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.LazyLinear(1)

    def configure_optimizers(self) -> Any:
        raise NotImplementedError  # what d2l's earlier base class does


class NoLr(Classifier):
    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))


class NoSuper(Line):
    def __init__(self) -> None:
        self.lr = 0.1


class NothingToTrain(Line):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Identity()
        self.w = torch.zeros(2, 1)


class NotALeaf(Line):
    def __init__(self) -> None:
        super().__init__()
        self.net = None
        self.w = 0.01 * torch.randn(2, 1, requires_grad=True)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X @ self.w


class NotALeafBesideOne(NotALeaf):
    def __init__(self) -> None:
        super().__init__()
        self.b = torch.zeros(1, requires_grad=True)


class Layers(Line):
    """Layers in a collection, beside one that torch knows."""

    def __init__(self, collect: Callable = list) -> None:
        super().__init__()
        self.net = nn.Linear(3, 1)
        self.layers = collect([nn.Linear(2, 3), nn.ReLU()])

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        for layer in self.layers.values() if isinstance(self.layers, dict) else self.layers:
            X = layer(X)
        return self.net(X)


class TensorsInAList(Line):
    def __init__(self) -> None:
        super().__init__()
        self.weights = [torch.zeros(2, 1, requires_grad=True)]


def line(**options: Any) -> SyntheticRegression:
    return SyntheticRegression(torch.tensor([2.0, -3.4]), 4.2, num_train=64, num_val=32, **options)


class Batches(d2l.DataModule):
    """Whatever a loader may give."""

    def __init__(self, *batches: Any) -> None:
        super().__init__()
        self.batches = batches

    def get_dataloader(self, train: bool) -> Any:
        return list(self.batches)


class NoLoader(Batches):
    def train_dataloader(self) -> None:
        return None


X, Y = torch.zeros(4, 64), torch.zeros(4, dtype=torch.int64)
fit = lambda model, data, **options: Trainer(1, num_gpus=0, **options).fit(model, data)  # noqa: E731
MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "a class for a model": (lambda: fit(Net, Digits()), r"model is a class: make one of it first, Net\(…\)"),
    "a class for data": (lambda: fit(Net(), Digits), r"data is a class: make one of it first, Digits\(…\)"),
    "a class to test": (lambda: Trainer(1).test(Net, Digits()), "model is a class"),
    "a class to predict": (lambda: Trainer(1).predict(Net, X), "give a model and a tensor"),
    "an array to predict": (lambda: Trainer(1).predict(Net(), X.numpy()), "give a model and a tensor"),
    "swapped": (lambda: fit(Digits(), Net()), "the wrong way round: the model comes first"),
    "a layer for a model": (lambda: fit(nn.Linear(2, 1), line()), "model is a Linear: give a gradus.Module"),
    "a loader for data": (lambda: fit(Line(), [(X, Y)]), "data is a list: give a data module"),
    "no loader": (lambda: fit(Line(), NoLoader()), r"NoLoader.train_dataloader\(\) must return a loader with"),
    "no super": (lambda: fit(NoSuper(), line()), r"NoSuper.__init__ must call super\(\).__init__\(\)"),
    "no lr": (lambda: fit(NoLr(), Digits()), "NoLr has no `lr`: set self.lr"),
    "a loss for each example": (lambda: fit(LossForEachExample(), line()), "must return their mean, `.mean\\(\\)`"),
    "the same, unplotted": (lambda: fit(UnplottedLossForEachExample(), line()), "returned 32 losses: return their"),
    "loss without return": (lambda: fit(LossWithoutReturn(), line()), "`loss` returned None: end it with `return`"),
    "forward without return": (lambda: fit(ForwardWithoutReturn(), line()), r"forward\(\) returned None: end it"),
    "step without return": (lambda: fit(StepWithoutReturn(), line()), r"training_step\(\) returned NoneType: end it"),
    "step returns a number": (lambda: fit(StepReturnsNumber(), line()), r"training_step\(\) returned float: end it"),
    "step returns more": (lambda: fit(StepReturnsDictionary(), line()), r"training_step\(\) returned dict: end it"),
    "step is a loop": (lambda: fit(StepIsALoop(), line()), r"leave backward\(\) and step\(\) to the Trainer"),
    "cut off": (lambda: fit(CutOff(), line()), "a loss that depends on no parameter: compute it from"),
    "optimiser without return": (lambda: fit(OptimizerWithoutReturn(), line()), "returned NoneType: end it with"),
    "optimisers": (lambda: fit(TwoOptimizers(), line()), "returned list: end it with `return` and one optimiser"),
    "an optimiser's class": (lambda: fit(OptimizersClass(), line()), r"returned a class: .* first, SGD\(self.param"),
    "parameters uncalled": (lambda: fit(ParametersUncalled(), line()), r"write self.parameters\(\)"),
    "a learning rate as text": (lambda: fit(Line(lr="0.1"), line()), "`lr=0.1`, without quotes"),  # type: ignore
    "a learning rate below zero": (lambda: fit(Line(lr=-0.1), line()), "give a small number above 0"),
    "a batch by name": (lambda: fit(BatchByName(), line()), "write `X, y = batch`"),
    "more than the output": (lambda: fit(MoreThanTheOutput(), line()), r"forward\(\) returned tuple: end it"),
    "outputs by name": (
        lambda: fit(MoreThanTheOutput(lambda y, X: {"y": y}), line()), r"forward\(\) returned dict: end it",
    ),
    "least improvement as text": (lambda: EarlyStopping(min_delta="1%"), "min_delta='1%': give a number"),  # type: ignore
    "no least improvement": (lambda: EarlyStopping(min_delta=None), "min_delta=None: give a number"),  # type: ignore
    "a count as text": (lambda: fashion_mnist_tensors("val", count="3"), "count='3': give a whole number"),  # type: ignore
    "no optimiser": (lambda: fit(NoOptimizer(), line()), r"has no configure_optimizers\(\): write it"),
    "nothing to train": (lambda: fit(NothingToTrain(), line()), "has nothing to train: assign layers"),
    "not a leaf": (lambda: fit(NotALeaf(), line()), "self.w of NotALeaf is computed from a tensor"),
    "not a leaf beside one": (lambda: fit(NotALeafBesideOne(), line()), "compute it first, then call .requires_grad_"),
    "layers in a list": (lambda: fit(Layers(), line()), "self.layers of Layers keeps parameters where torch cannot"),
    "layers in a tuple": (lambda: fit(Layers(tuple), line()), "make it an nn.ModuleList or nn.Sequential"),
    "layers in a dictionary": (lambda: fit(Layers(lambda m: dict(enumerate(m))), line()), "nn.ModuleList"),
    "tensors in a list": (lambda: fit(TensorsInAList(), line()), "self.weights of TensorsInAList keeps parameters"),
    "labels as floats": (lambda: fit(Net(), Batches((X, Y.float()))), "labels of classes whole numbers"),
    "labels in columns": (lambda: fit(Net(), Batches((X, torch.zeros(4, 3).long()))), "outputs and labels do not fit"),
    "labels of a class too many": (lambda: fit(Net(), Batches((X, Y + 10))), "from 0 to k - 1"),
    "labels too few": (lambda: fit(Net(), Batches((X, Y[:3]))), "outputs and labels do not fit"),
    "inputs of another kind": (lambda: fit(Net(), Batches((X.double(), Y))), r"inputs are floats like the parameters"),
    "inputs as bytes": (lambda: fit(Net(), Batches((X.byte(), Y))), "inputs are floats like the parameters"),
    "inputs of another shape": (
        lambda: fit(Layers(nn.ModuleList), Batches((X, Y.float()))), "do not have the shape that the model expects",
    ),
    "inputs alone": (lambda: fit(Net(), Batches(X)), "a batch is a Tensor: a data loader gives tuples"),
    "a dictionary of inputs": (lambda: fit(Net(), Batches({"X": X})), "a batch is a dict"),
    "no epoch": (lambda: Trainer(0), "max_epochs=0: give a whole number of at least 1"),
    "fewer": (lambda: Trainer(-1), "max_epochs=-1"),
    "half an epoch": (lambda: Trainer(2.0), "max_epochs=2.0"),  # type: ignore[arg-type]
    "epochs as text": (lambda: Trainer("3"), "max_epochs='3'"),  # type: ignore[arg-type]
    "true epochs": (lambda: Trainer(True), "max_epochs=True"),
    "no epochs": (lambda: Trainer(None), "max_epochs=None"),  # type: ignore[arg-type]
    "two GPUs": (lambda: Trainer(1, num_gpus=2), "pass 0, 1 or None"),
    "a GPU as text": (lambda: Trainer(1, num_gpus="cuda"), "pass 0, 1 or None"),  # type: ignore[arg-type]
    "a list of GPUs": (lambda: Trainer(1, num_gpus=[0]), "pass 0, 1 or None"),  # type: ignore[arg-type]
    "clipping by nothing": (lambda: Trainer(1, gradient_clip_val=None), "gradient_clip_val=None: give"),  # type: ignore
    "clipping by less": (lambda: Trainer(1, gradient_clip_val=-1), "gradient_clip_val=-1: give"),
    "a board's class": (lambda: Trainer(1, board=ProgressBoard), r"give a gradus.ProgressBoard\(\)"),  # type: ignore
    "stopping's class": (lambda: Trainer(1, early_stopping=EarlyStopping), "early_stopping is a class"),  # type: ignore
    "stopping, yes": (lambda: Trainer(1, early_stopping=True), "patience=True"),
    "stopping by name": (lambda: Trainer(1, early_stopping="acc"), "patience='acc'"),  # type: ignore[arg-type]
    "no patience": (lambda: EarlyStopping(0), "patience=0: give a whole number of at least 1"),
    "half patience": (lambda: EarlyStopping(2.5), "patience=2.5"),  # type: ignore[arg-type]
    "a monitor that is no name": (lambda: EarlyStopping(monitor=F.mse_loss), "give a name in history.val"),  # type: ignore
    "a monitor misspelt": (
        lambda: Trainer(2, num_gpus=0, early_stopping=EarlyStopping(monitor="acuracy")).fit(Net(), Digits()),
        r"monitor='acuracy': validation recorded no such figure \(there: loss, acc\)",
    ),
    "a seed as text": (lambda: seed("a"), r"seed='a': give a whole number from 0 to 4294967295"),  # type: ignore[arg-type]
    "a seed as a float": (lambda: seed(3.0), "seed=3.0"),  # type: ignore[arg-type]
    "no seed": (lambda: seed(None), "seed=None"),  # type: ignore[arg-type]
    "a seed below zero": (lambda: seed(-1), "seed=-1"),
    "the trainer's seed": (lambda: fit(Line(), line(), seed="a"), "seed='a'"),
    "a batch of none": (lambda: fit(Line(), line(batch_size=0)), "batch_size=0: give a whole number"),
    "a batch of half": (lambda: fit(Line(), line(batch_size=32.0)), "batch_size=32.0: give a whole number"),
    "a checkpoint, yes": (lambda: Trainer(1, checkpoint=True), "checkpoint=True: give the name of a file"),  # type: ignore
    "a folder for a checkpoint": (lambda: fit(Line(), line(), checkpoint="/"), "checkpoint='/' is a folder: name"),
    "a file for a folder": (
        lambda: fit(Line(), line(), checkpoint=Path(__file__, "run.pt")), "cannot be written: choose a folder of yours",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_with_the_cure(name: str) -> None:
    mistake, says = MISTAKES[name]
    with pytest.raises((ValueError, TypeError, GradusError), match=says) as caught:
        mistake()
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="cannot be written"):
        fit(Line(), line(), checkpoint=tmp_path / "run.pt")


class Switched(Layers):
    """A teacher that is kept out of sight on purpose, and is not trained."""

    def __init__(self) -> None:
        super().__init__(nn.ModuleList)
        self.teacher = [nn.Linear(2, 1).requires_grad_(False)]
        self.both = [self.net, *self.layers]  # a second way to what torch knows


class GivenToTheOptimizer(Layers):
    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD([*self.parameters(), *(p for layer in self.layers for p in layer.parameters())], 0.01)


class Remembers(Line):
    """Keeps what it computed, as attention layers do for pictures."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        self.seen = self.net(X)
        self.all_seen = [self.seen]
        return self.seen


class OneElement(Line):
    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(y_hat, y).reshape(1)


@pytest.mark.parametrize(
    "make",
    [
        Line, Switched, GivenToTheOptimizer, Remembers, OneElement, lambda: Layers(lambda m: nn.Sequential(*m)),
        lambda: d2l.LinearRegressionScratch(2, lr=0.03), lambda: d2l.LinearRegression(lr=0.03),
    ],
)  # fmt: skip
def test_what_is_right_trains_twice(make: Callable[[], Any]) -> None:
    model = make()
    for _ in range(2):
        assert len(fit(model, line()).seconds) == 1


def test_whole_numbers_of_other_libraries_are_whole_numbers() -> None:
    seed(np.int64(3))
    drawn = torch.rand(1)
    seed(torch.tensor(3))  # type: ignore[arg-type]
    assert torch.equal(drawn, torch.rand(1))
    assert len(Trainer(np.int64(2), num_gpus=0, seed=np.int64(1)).fit(Line(), line()).seconds) == 2
    assert Trainer(1, early_stopping=np.int64(2)).early_stopping == EarlyStopping(2)


LARGER = (
    "acc accuracy val_acc valAcc top5_accuracy F1 f1_score roc_auc AUROC R2 recall precision mIoU mAP bleu score "
    "log_likelihood validation-accuracy"
)
SMALLER = (
    "loss val_loss error error_rate mse mape BCE perplexity accuracy_loss nll negative_log_likelihood cross_entropy "
    "distance of_my_own apples"
)


@pytest.mark.parametrize(
    ("name", "larger"),
    [(name, True) for name in LARGER.split()] + [(name, False) for name in SMALLER.split()],
)
def test_early_stopping_goes_the_way_that_the_name_says(name: str, larger: bool) -> None:
    history = gradus.History(val={name: [0.5, 0.8, 0.7]}, seconds=[1.0] * 3)
    assert EarlyStopping(monitor=name).best_epoch(history) == (1 if larger else 0)
    assert EarlyStopping(monitor=name, larger_is_better=not larger).best_epoch(history) == (0 if larger else 1)


def test_stopping_by_accuracy_keeps_the_most_accurate_model() -> None:
    trainer, model, data = (
        Trainer(8, num_gpus=0, seed=0, early_stopping=EarlyStopping(2, "acc")),
        Net(),
        Digits(device="cpu"),
    )
    history = trainer.fit(model, data)
    assert len(history.seconds) > 3  # the accuracy still grows then
    assert trainer.test(model, data)["acc"] > 0.85


def test_a_checkpoint_may_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    fit(Line(), line(), checkpoint="~/runs/run.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_mistake_of_the_student_keeps_its_own_words() -> None:
    class Divides(Line):
        def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return y_hat.mean() * (1 / 0)

    with pytest.raises(ZeroDivisionError, match="division by zero"):
        fit(Divides(), line())


def test_an_empty_loader_is_named() -> None:
    empty = Batches()
    empty.batches = ()
    with pytest.raises(ValueError, match="nothing to train on"):
        fit(Line(), empty)
    with pytest.raises(ValueError, match="one length"):
        TensorLoader(X, Y[:2], batch_size=2)
