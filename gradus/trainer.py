"""The training loop: d2l's `Trainer`, on the device that there is, with a record of what happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence

import torch

from gradus.device import pick_device
from gradus.history import History, Means
from gradus.progress import EpochLine
from gradus.torch_d2l import d2l

Batch = Sequence[torch.Tensor]


class Trainer(d2l.Trainer):
    """d2l's `Trainer`: the same signature, the same hooks, and d2l's own models run on it unchanged.

    What differs: it computes on CUDA, MPS or the CPU without being asked; `fit` returns a `History`; figures are means
    over examples rather than over batches, and nothing is drawn while it trains; `test` and `predict` use the model.

    Args:
        max_epochs: passes over the training set.
        num_gpus: `None` takes a GPU when there is one, `0` the CPU, `1` insists on a GPU.
        gradient_clip_val: the largest L2 norm of all gradients together; `0` does not clip.

    Raises:
        RuntimeError: a GPU is insisted on and there is none.
        ValueError: `num_gpus` is neither `None`, 0 nor 1.
    """

    def __init__(self, max_epochs: int, num_gpus: int | None = None, gradient_clip_val: float = 0):
        self.max_epochs = max_epochs
        self.num_gpus = num_gpus
        self.gradient_clip_val = gradient_clip_val
        self.device = pick_device(num_gpus)
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self._means = Means()
        self._batch_examples = 0

    def fit(self, model: d2l.Module, data: d2l.DataModule) -> History:
        """Train `model` on `data.train_dataloader()` and, after each epoch, validate on `data.val_dataloader()`.

        Returns:
            The figures that the model handed to `self.plot`, per epoch, and the time of each epoch.

        Raises:
            ValueError: the training loader has no batch.
        """
        self.prepare_data(data)
        if self.num_train_batches == 0:
            raise ValueError(f"{type(data).__name__}.train_dataloader() has no batch: there is nothing to train on")
        self.prepare_model(model)
        self.optim = model.configure_optimizers()
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self.history = History()
        line = EpochLine(self.max_epochs, sys.stdout)
        try:
            for self.epoch in range(self.max_epochs):  # noqa: B020  (d2l's models read `trainer.epoch`)
                started = time.perf_counter()
                self.fit_epoch()
                self.history.seconds.append(time.perf_counter() - started)
                line.show(self.history)
        finally:
            line.close()
            self._release_model()
        return self.history

    def fit_epoch(self) -> None:
        """One pass over the training set and one over the validation set."""
        self.model.train()
        self._means = Means()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            loss.backward()
            with torch.no_grad():
                if self.gradient_clip_val > 0:
                    self.clip_gradients(self.gradient_clip_val, self.model)
                self.optim.step()
            self.train_batch_idx += 1
        _append(self.history.train, self._means.result())
        if self.val_dataloader is not None:
            _append(self.history.val, self._evaluate(self.val_dataloader))

    def test(self, model: d2l.Module, data: d2l.DataModule) -> dict[str, float]:
        """The figures of `model.validation_step` over `data.test_dataloader()`, for example `{"loss": …, "acc": …}`.

        Raises:
            AttributeError: `data` has no test set (d2l's own data modules have none).
        """
        if not hasattr(data, "test_dataloader"):
            raise AttributeError(f"{type(data).__name__} has no test_dataloader(), so there is no test set to judge by")
        self.prepare_model(model)
        try:
            return self._evaluate(data.test_dataloader())
        finally:
            self._release_model()

    def predict(self, model: torch.nn.Module, X: torch.Tensor, batch_size: int = 1024) -> torch.Tensor:
        """What `model` returns for `X` (n, …), in evaluation mode, without gradients, on the trainer's device."""
        self._move(model)
        model.eval()
        with torch.no_grad():
            return torch.cat([model(rows.to(self.device)) for rows in X.split(batch_size)])

    def prepare_model(self, model: d2l.Module) -> None:
        """d2l's hook: put the model on the device, and let its `plot` record instead of drawing."""
        model.trainer = self
        self._move(model)
        model.plot = self._record
        self.model = model

    def prepare_batch(self, batch: Batch) -> Batch:
        """d2l's hook: the batch on the device; costs nothing when it is there already."""
        batch = [tensor.to(self.device) for tensor in batch]
        self._batch_examples = len(batch[-1])
        return batch

    def clip_gradients(self, grad_clip_val: float, model: torch.nn.Module) -> None:
        """d2l's hook: scale all gradients down so that their joint L2 norm is at most `grad_clip_val`."""
        torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip_val)

    def _evaluate(self, loader: Iterable[Batch]) -> dict[str, float]:
        self.model.eval()
        self._means = Means()
        with torch.no_grad():
            for batch in loader:
                self.model.validation_step(self.prepare_batch(batch))
                self.val_batch_idx += 1
        return self._means.result()

    def _record(self, key: str, value: torch.Tensor | float, train: bool) -> None:
        """Stands in for `Module.plot` during a run, so that models written for d2l report here."""
        self._means.add(key, value, self._batch_examples)

    def _release_model(self) -> None:
        """Give the model its own `plot` back."""
        self.model.__dict__.pop("plot", None)

    def _move(self, model: torch.nn.Module) -> None:
        model.to(self.device)
        # d2l's models "from scratch" keep their parameters in plain tensors, which `Module.to` does not know about.
        for tensor in vars(model).values():
            if isinstance(tensor, torch.Tensor) and tensor.requires_grad and tensor.is_leaf:
                tensor.data = tensor.data.to(self.device)


def _append(figures: dict[str, list[float]], means: dict[str, float]) -> None:
    for name, value in means.items():
        figures.setdefault(name, []).append(value)
