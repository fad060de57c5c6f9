"""The training loop: d2l's `Trainer`, on the device that there is, with a record of what happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from gradus.board import ProgressBoard
from gradus.checkpoints import parameters_of, read_checkpoint, set_parameters, write_checkpoint
from gradus.device import pick_device, wait_for
from gradus.errors import GradusError
from gradus.history import History, Means
from gradus.misuse import (
    check_checkpoint,
    check_given,
    check_loss,
    check_options,
    explain,
    optimizer_of,
    require,
    whole_number,
)
from gradus.modules import plain_parameters
from gradus.progress import EpochLine
from gradus.seeds import random_state, seed_everything, set_random_state
from gradus.stopping import EarlyStopping
from gradus.torch_d2l import d2l

Batch = Sequence[torch.Tensor]


class Trainer(d2l.Trainer):
    """d2l's `Trainer`: the same signature, the same hooks, and d2l's own models run on it unchanged.

    What differs: it computes on CUDA, MPS or the CPU without being asked; `fit` returns a `History`; figures are means
    over examples rather than over batches, and nothing is drawn while it trains, unless there is a `board`; `test` and
    `predict` use the model.

    Args:
        max_epochs: passes over the training set.
        num_gpus: `None` takes a GPU when there is one, `0` the CPU, `1` insists on a GPU.
        gradient_clip_val: the largest L2 norm of all gradients together; `0` does not clip.
        seed: handed to `seed_everything` when `fit` starts; `None` leaves the generators as they are. Parameters that
            are drawn when the model is made need `seed_everything` before that.
        early_stopping: an `EarlyStopping`, or its patience in epochs.
        checkpoint: a file that holds the whole run after every epoch; `fit(..., resume=True)` goes on from it.
        board: a `ProgressBoard` that shows the figures after every epoch.

    Raises:
        RuntimeError: a GPU is insisted on and there is none.
        ValueError, TypeError: an argument is not what is described here; the sentence names it.
    """

    def __init__(
        self,
        max_epochs: int,
        num_gpus: int | None = None,
        gradient_clip_val: float = 0,
        *,
        seed: int | None = None,
        early_stopping: EarlyStopping | int | None = None,
        checkpoint: str | Path | None = None,
        board: ProgressBoard | None = None,
    ):
        self.max_epochs = whole_number("max_epochs", max_epochs, least=1)
        self.num_gpus, self.gradient_clip_val, self.board, self.seed = num_gpus, gradient_clip_val, board, seed
        check_options(gradient_clip_val, board, checkpoint)
        self.early_stopping = (
            early_stopping if isinstance(early_stopping, EarlyStopping | None) else EarlyStopping(early_stopping)
        )
        self.checkpoint = None if checkpoint is None else Path(checkpoint).expanduser()
        self.device = pick_device(num_gpus)
        self.epoch = self.train_batch_idx = self.val_batch_idx = self._batch_examples = 0
        self.history = History()
        self._means = Means()
        self._best: dict[str, Any] | None = None

    def fit(self, model: d2l.Module, data: d2l.DataModule, resume: bool = False) -> History:
        """Train `model` on `data.train_dataloader()` and, after each epoch, validate on `data.val_dataloader()`.

        Args:
            model: any `d2l.Module`; it is moved to the trainer's device and stays there.
            data: any `d2l.DataModule`.
            resume: go on where the run in `checkpoint` stopped, to the numbers that it would have had without the
                break; where there is no such file yet, begin. Without it, a run begins and the file is overwritten.

        Returns:
            The figures that the model handed to `self.plot`, per epoch, and the time of each epoch.

        Raises:
            ValueError: the training loader has no batch; `resume` without a `checkpoint`; early stopping by a figure
                that validation does not record.
            ValueError, TypeError, AttributeError: the model, the data or the first batch is none that can be trained
                on; the sentence says why and what to do.
            GradusError: the checkpoint is damaged or of another model.
        """
        check_given(model, data, "training_step", "configure_optimizers")
        check_checkpoint(self.checkpoint)
        if resume and self.checkpoint is None:
            raise ValueError("resume=True needs a file to go on from: Trainer(..., checkpoint='run.pt')")
        if self.seed is not None:
            seed_everything(self.seed)
        try:
            self.prepare_data(data)
        except TypeError as error:
            require(
                "has no len" not in str(error),
                f"{type(data).__name__}.train_dataloader() must return a loader with a length: end it with `return`",
            )
            raise
        if self.num_train_batches == 0:
            raise ValueError(f"{type(data).__name__}.train_dataloader() has no batch: there is nothing to train on")
        self.prepare_model(model)
        self.epoch = self.train_batch_idx = self.val_batch_idx = 0
        self.history, self._best = History(), None
        line = EpochLine(self.max_epochs, sys.stdout)
        try:
            self.optim = optimizer_of(model)
            if resume:
                self._go_on_from_checkpoint()
            if self.board is not None:
                self.board.clear()
                self.board.xlabel, self.board.xlim = "epoch", [0, self.max_epochs]
            for self.epoch in range(len(self.history.seconds), self.max_epochs):  # noqa: B020  (models read it)
                if self.early_stopping is not None and self.early_stopping.is_over(self.history):
                    break
                started = time.perf_counter()
                try:
                    self.fit_epoch()
                    wait_for(self.device)  # once an epoch, so that its seconds are all that it took
                except Exception as error:
                    if not self.history.seconds:
                        explain(error, model, self.train_dataloader)
                    raise
                self.history.seconds.append(time.perf_counter() - started)
                self._end_epoch()
                line.show(self.history)
            if self._best is not None:
                set_parameters(model, self._best)
        finally:
            line.close()
            self._release_model()
        return self.history

    def fit_epoch(self) -> None:
        """One pass over the training set and one over the validation set."""
        self.model.train()
        self._means = Means()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self._counted(batch))
            if self.train_batch_idx == 0:
                check_loss(self.model, loss)
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
        check_given(model, data, "validation_step")
        if not hasattr(data, "test_dataloader"):
            raise AttributeError(f"{type(data).__name__} has no test_dataloader(), so there is no test set to judge by")
        self.prepare_model(model)
        try:
            return self._evaluate(data.test_dataloader())
        finally:
            self._release_model()

    def predict(self, model: torch.nn.Module, X: torch.Tensor, batch_size: int = 1024) -> torch.Tensor:
        """What `model` returns for `X` (n, …), in evaluation mode, without gradients, on the trainer's device."""
        require(
            isinstance(model, torch.nn.Module) and isinstance(X, torch.Tensor),
            "give a model and a tensor of inputs: predict(model, X)",
        )
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
        ahead = self.device.type == "cuda"  # the copy need not be over for Python to go on
        return [tensor.to(self.device, non_blocking=ahead) for tensor in batch]

    def clip_gradients(self, grad_clip_val: float, model: torch.nn.Module) -> None:
        """d2l's hook: scale all gradients down so that their joint L2 norm is at most `grad_clip_val`."""
        trained = [*model.parameters(), *(tensor for _, tensor in plain_parameters(model))]
        torch.nn.utils.clip_grad_norm_(trained, grad_clip_val)

    def _counted(self, batch: Batch) -> Batch:
        """The prepared batch; its size is the weight of what the model reports next."""
        batch = self.prepare_batch(batch)
        self._batch_examples = len(batch[-1])
        return batch

    def _evaluate(self, loader: Iterable[Batch]) -> dict[str, float]:
        self.model.eval()
        self._means = Means()
        with torch.no_grad():
            for batch in loader:
                self.model.validation_step(self._counted(batch))
                self.val_batch_idx += 1
        return self._means.result()

    def _end_epoch(self) -> None:
        """What follows an epoch: the picture, the best model so far, the checkpoint."""
        if self.board is not None:
            for label, value in self.history.last().items():
                self.board.add(len(self.history.seconds), value, label)
            self.board.show()
        stopping = self.early_stopping
        if stopping is not None and stopping.restore_best and stopping.best_epoch(self.history) == self.epoch:
            self._best = parameters_of(self.model)
        if self.checkpoint is not None:
            write_checkpoint(self.checkpoint, self._whole_run())

    def _whole_run(self) -> dict[str, Any]:
        return {
            "parameters": parameters_of(self.model),
            "best": self._best,
            # d2l's own SGD has no state_dict, and nothing to remember.
            "optim": self.optim.state_dict() if hasattr(self.optim, "state_dict") else None,
            "random": random_state(),
            "loaders": [generator.get_state() for generator in self._generators()],
            "history": asdict(self.history),
            "batches": [self.train_batch_idx, self.val_batch_idx],
        }

    def _go_on_from_checkpoint(self) -> None:
        run = read_checkpoint(self.checkpoint) if self.checkpoint is not None else None
        if run is None:
            return
        try:
            set_parameters(self.model, run["parameters"])
            self._move(self.model)  # lazy layers have become real ones
            if run["optim"] is not None:
                self.optim.load_state_dict(run["optim"])
        except (RuntimeError, ValueError) as error:
            raise GradusError(
                f"{self.checkpoint}: is a run of another model or optimiser than this {type(self.model).__name__}; "
                f"name another file, or fit without resume=True ({str(error).splitlines()[0]})"
            ) from error
        self._best = run["best"]
        self.history = History(**run["history"])
        self.train_batch_idx, self.val_batch_idx = run["batches"]
        for generator, state in zip(self._generators(), run["loaders"], strict=True):
            generator.set_state(state)
        set_random_state(run["random"])

    def _generators(self) -> list[torch.Generator]:
        """The loaders' own generators; most loaders draw from torch's global one and have none."""
        own = (getattr(loader, "generator", None) for loader in (self.train_dataloader, self.val_dataloader))
        return [generator for generator in own if generator is not None]

    def _record(self, key: str, value: torch.Tensor | float, train: bool) -> None:
        """Stands in for `Module.plot` during a run, so that models written for d2l report here."""
        self._means.add(key, value, self._batch_examples)

    def _release_model(self) -> None:
        """Give the model its own `plot` back; it knows of no trainer, as before the run."""
        for name in ("plot", "trainer"):
            self.model.__dict__.pop(name, None)

    def _move(self, model: torch.nn.Module) -> None:
        model.to(self.device)
        for _, tensor in plain_parameters(model):
            tensor.data = tensor.data.to(self.device)


def _append(figures: dict[str, list[float]], means: dict[str, float]) -> None:
    for name, value in means.items():
        figures.setdefault(name, []).append(value)
