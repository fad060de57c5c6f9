"""The base classes of models, data and training, and the loop."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

Tensor = torch.Tensor


def add_to_class(kind: type) -> Callable[[Any], None]:
    """Make a function a method of a class that is there already."""
    return lambda function: setattr(kind, function.__name__, function)


class HyperParameters:
    """What keeps the arguments of its `__init__`."""

    def save_hyperparameters(self, ignore: Sequence[str] = ()) -> None:
        """Each argument of the method that calls this becomes an attribute, and an entry of `hparams`."""
        given = inspect.currentframe().f_back.f_locals
        kept = {name: value for name, value in given.items() if not name.startswith("_")}
        self.hparams = {name: value for name, value in kept.items() if name not in {"self", *ignore}}
        for name, value in self.hparams.items():
            setattr(self, name, value)


class ProgressBoard(HyperParameters):
    """Collects the points of each line; a mean of `every_n` is one."""

    xlabel: str | None = None
    xlim: Any = None

    def __init__(self, xlabel: str | None = None, display: bool = True, **_: Any) -> None:
        self.xlabel, self.display = xlabel, display
        self.data: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._waiting: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def draw(self, x: float, y: Any, label: str, every_n: int = 1) -> None:
        waiting = self._waiting[label]
        waiting.append((x, y))
        if len(waiting) == every_n:
            self.data[label].append(tuple(sum(column) / every_n for column in zip(*waiting, strict=True)))
            waiting.clear()


class Module(nn.Module, HyperParameters):
    """The base class of models."""

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard()

    def forward(self, X: Tensor) -> Tensor:
        assert hasattr(self, "net"), "Neural network is defined"
        return self.net(X)

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        raise NotImplementedError

    def plot(self, key: str, value: Tensor, train: bool) -> None:
        """Hand a figure to the board: it is read from the device here, batch by batch."""
        assert hasattr(self, "trainer"), "Trainer is not inited"
        trainer = self.trainer
        batches = trainer.num_train_batches if train else trainer.num_val_batches
        x = trainer.train_batch_idx / batches if train else trainer.epoch + 1
        every_n = batches / (self.plot_train_per_epoch if train else self.plot_valid_per_epoch)
        name = ("train_" if train else "val_") + key
        self.board.draw(x, value.to(torch.device("cpu")).detach().numpy(), name, every_n=int(every_n))

    def training_step(self, batch: Sequence[Tensor]) -> Tensor:
        value = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", value, train=True)
        return value

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        self.plot("loss", self.loss(self(*batch[:-1]), batch[-1]), train=False)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Classifier(Module):
    """Cross-entropy of logits, and accuracy in validation."""

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        logits = self(*batch[:-1])
        self.plot("loss", self.loss(logits, batch[-1]), train=False)
        self.plot("acc", self.accuracy(logits, batch[-1]), train=False)

    def accuracy(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        Y_hat = Y_hat.reshape((-1, Y_hat.shape[-1]))
        right = (Y_hat.argmax(axis=1).type(Y.dtype) == Y.reshape(-1)).type(torch.float32)
        return right.mean() if averaged else right

    def loss(self, Y_hat: Tensor, Y: Tensor, averaged: bool = True) -> Tensor:
        Y_hat, Y = Y_hat.reshape((-1, Y_hat.shape[-1])), Y.reshape((-1,))
        return F.cross_entropy(Y_hat, Y, reduction="mean" if averaged else "none")


class DataModule(HyperParameters):
    """The base class of data."""

    def __init__(self, root: str = "../data", num_workers: int = 4) -> None:
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> Any:
        raise NotImplementedError

    def train_dataloader(self) -> Any:
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        return self.get_dataloader(train=False)

    def get_tensorloader(self, tensors: Sequence[Tensor], train: bool, indices: slice = slice(0, None)) -> Any:
        dataset = torch.utils.data.TensorDataset(*(tensor[indices] for tensor in tensors))
        return torch.utils.data.DataLoader(dataset, self.batch_size, shuffle=train)


class Trainer(HyperParameters):
    """The loop, with its hooks."""

    def __init__(self, max_epochs: int, num_gpus: int = 0, gradient_clip_val: float = 0) -> None:
        self.save_hyperparameters()
        self.gpus = [torch.device(f"cuda:{i}") for i in range(min(num_gpus, torch.cuda.device_count()))]

    def prepare_data(self, data: DataModule) -> None:
        self.train_dataloader, self.val_dataloader = data.train_dataloader(), data.val_dataloader()
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = 0 if self.val_dataloader is None else len(self.val_dataloader)

    def prepare_model(self, model: Module) -> None:
        model.trainer = self
        model.board.xlim = [0, self.max_epochs]
        if self.gpus:
            model.to(self.gpus[0])
        self.model = model

    def prepare_batch(self, batch: Iterable[Tensor]) -> Any:
        return [tensor.to(self.gpus[0]) for tensor in batch] if self.gpus else batch

    def fit(self, model: Module, data: DataModule) -> None:
        self.prepare_data(data)
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        for self.epoch in range(self.max_epochs):  # noqa: B020  (models read it)
            self.fit_epoch()

    def fit_epoch(self) -> None:
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            with torch.no_grad():
                loss.backward()
                self.optim.step()
            self.train_batch_idx += 1
        if self.val_dataloader is None:
            return
        self.model.eval()
        for batch in self.val_dataloader:
            with torch.no_grad():
                self.model.validation_step(self.prepare_batch(batch))
            self.val_batch_idx += 1
