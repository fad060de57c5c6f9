"""A run can stop early, and one that was broken off goes on to the same numbers."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import gradus
from gradus import Digits, EarlyStopping, History, Penguins, Trainer, d2l, seed_everything
from gradus.errors import GradusError
from gradus.seeds import random_state, set_random_state


class NoisyMLP(gradus.Classifier):
    """Everything that a resumed run has to bring back: lazy layers, momentum, dropout, batch norm's running means."""

    def __init__(self, lr: float = 0.1, num_hiddens: int = 16) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Flatten(), nn.LazyLinear(num_hiddens), nn.BatchNorm1d(num_hiddens), nn.ReLU(), nn.Dropout(0.3),
            nn.LazyLinear(10),
        )  # fmt: skip

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


class SwitchedOffError(Exception):
    """Stands for a machine that was switched off."""


class Dies(NoisyMLP):
    """Breaks off in the middle of the third epoch."""

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        if self.trainer.epoch == 2 and self.trainer.train_batch_idx % 5 == 3:
            raise SwitchedOffError
        return super().training_step(batch)


def _same(first: History, second: History) -> bool:
    return (first.train, first.val) == (second.train, second.val)


@pytest.mark.parametrize("make", [NoisyMLP, lambda: d2l.SoftmaxRegression(10, lr=0.1)], ids=["adam", "d2l"])
def test_a_run_that_was_broken_off_ends_with_the_same_numbers(tmp_path: Path, make) -> None:
    data, file = Digits(batch_size=64, device="cpu"), tmp_path / "runs" / "run.pt"
    seed_everything(5)
    whole = Trainer(5, num_gpus=0)
    model = make()
    unbroken = whole.fit(model, data)

    seed_everything(5)
    Trainer(2, num_gpus=0, checkpoint=file).fit(make(), data)
    seed_everything(99)  # another process, other numbers
    resumed_model = make()
    resumed = Trainer(5, num_gpus=0, checkpoint=file).fit(resumed_model, data, resume=True)
    assert _same(unbroken, resumed)
    X, _ = data.tensors("test")
    assert torch.equal(whole.predict(model, X), whole.predict(resumed_model, X))


def test_a_run_killed_in_an_epoch_goes_on_from_the_end_of_the_one_before(tmp_path: Path) -> None:
    data, file = Digits(batch_size=64, device="cpu"), tmp_path / "run.pt"
    unbroken = Trainer(4, num_gpus=0, seed=5).fit(_made_with(7), data)
    with pytest.raises(SwitchedOffError):
        Trainer(4, num_gpus=0, seed=5, checkpoint=file).fit(_made_with(7, Dies), data, resume=True)
    resumed = Trainer(4, num_gpus=0, seed=5, checkpoint=file).fit(_made_with(8), data, resume=True)
    assert _same(unbroken, resumed)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def _made_with(seed: int, kind: type = NoisyMLP) -> gradus.Module:
    seed_everything(seed)
    return kind()


def test_a_loader_with_its_own_generator_goes_on_in_its_order(tmp_path: Path) -> None:
    class Own(Penguins):
        def train_dataloader(self):
            X, y = self.tensors("train")
            dataset, generator = torch.utils.data.TensorDataset(X, y), torch.Generator().manual_seed(1)
            return torch.utils.data.DataLoader(dataset, 64, shuffle=True, generator=generator)

    file = tmp_path / "run.pt"
    torch.manual_seed(1)
    unbroken = Trainer(4, num_gpus=0).fit(d2l.SoftmaxRegression(3, lr=0.1), Own(device="cpu"))
    torch.manual_seed(1)
    Trainer(2, num_gpus=0, checkpoint=file).fit(d2l.SoftmaxRegression(3, lr=0.1), Own(device="cpu"))
    resumed = Trainer(4, num_gpus=0, checkpoint=file).fit(
        d2l.SoftmaxRegression(3, lr=0.1), Own(device="cpu"), resume=True
    )
    assert _same(unbroken, resumed)


def test_plain_tensors_of_d2ls_models_are_in_the_checkpoint(tmp_path: Path) -> None:
    data = d2l.SyntheticRegressionData(w=torch.tensor([2.0, -3.4]), b=4.2)
    file = tmp_path / "run.pt"
    model, again = d2l.LinearRegressionScratch(2, lr=0.03), d2l.LinearRegressionScratch(2, lr=0.03)
    Trainer(1, num_gpus=0, checkpoint=file).fit(model, data)
    Trainer(1, num_gpus=0, checkpoint=file).fit(again, data, resume=True)
    assert torch.equal(model.w, again.w)
    assert torch.equal(model.b, again.b)


def test_without_resume_a_run_begins_and_replaces_the_file(tmp_path: Path) -> None:
    trainer = Trainer(1, num_gpus=0, checkpoint=tmp_path / "run.pt")
    for _ in range(2):
        assert len(trainer.fit(NoisyMLP(), Digits(device="cpu")).seconds) == 1


def test_a_checkpoint_that_does_not_fit_is_named(tmp_path: Path) -> None:
    file, data = tmp_path / "run.pt", Digits(batch_size=256, device="cpu")
    Trainer(1, num_gpus=0, checkpoint=file).fit(NoisyMLP(), data)
    trainer = Trainer(2, num_gpus=0, checkpoint=file)
    with pytest.raises(GradusError, match=r"run\.pt: is a run of another model or optimiser than this NoisyMLP"):
        trainer.fit(NoisyMLP(num_hiddens=8), data, resume=True)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(GradusError, match="cannot be read as a checkpoint"):
        trainer.fit(NoisyMLP(), data, resume=True)
    torch.save({"something": "else"}, file)
    with pytest.raises(GradusError, match="is not a checkpoint"):
        trainer.fit(NoisyMLP(), data, resume=True)
    with pytest.raises(ValueError, match="needs a file"):
        Trainer(1, num_gpus=0).fit(NoisyMLP(), data, resume=True)


class Scripted(gradus.Module):
    """Validation losses as scripted; its one parameter counts the epochs."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.losses = losses
        self.epochs = torch.zeros(1, requires_grad=True)

    def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
        return -self.epochs.sum()  # its gradient is -1: a step of 1 counts one

    def validation_step(self, batch: list[torch.Tensor]) -> None:
        self.plot("loss", self.losses[self.trainer.epoch], train=False)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


def _one_batch() -> Penguins:
    return Penguins(batch_size=1000, device="cpu")


def test_training_stops_when_patience_runs_out_and_keeps_the_best_epoch() -> None:
    model = Scripted([5, 3, 4, 3, float("nan"), 1, 1])
    history = Trainer(7, num_gpus=0, early_stopping=3).fit(model, _one_batch())
    assert len(history.seconds) == 5
    assert model.epochs.item() == 2.0  # after the second epoch the loss was 3, and nothing improved on it


def test_the_best_epoch_counts_even_when_all_epochs_run() -> None:
    model = Scripted([5, 2, 4])
    assert len(Trainer(3, num_gpus=0, early_stopping=EarlyStopping(patience=9)).fit(model, _one_batch()).seconds) == 3
    assert model.epochs.item() == 2.0
    model = Scripted([5, 2, 4])
    Trainer(3, num_gpus=0, early_stopping=EarlyStopping(patience=9, restore_best=False)).fit(model, _one_batch())
    assert model.epochs.item() == 3.0


def test_early_stopping_survives_a_break(tmp_path: Path) -> None:
    losses, file = [5, 2, 4, 4, 4, 4], tmp_path / "run.pt"
    Trainer(3, num_gpus=0, early_stopping=3, checkpoint=file).fit(Scripted(losses), _one_batch())
    model = Scripted(losses)
    history = Trainer(6, num_gpus=0, early_stopping=3, checkpoint=file).fit(model, _one_batch(), resume=True)
    assert (history.val["loss"], model.epochs.item()) == ([5, 2, 4, 4, 4], 2.0)


def test_an_improvement_may_have_to_be_large_and_accuracies_grow() -> None:
    history = History(val={"loss": [1.0, 0.95, 0.8], "acc": [0.5, 0.9, 0.7]}, seconds=[1.0] * 3)
    assert EarlyStopping().best_epoch(history) == 2
    assert EarlyStopping(min_delta=0.1).best_epoch(history) == 2
    assert EarlyStopping(min_delta=0.3).best_epoch(history) == 0
    assert EarlyStopping(monitor="acc", larger_is_better=True).best_epoch(history) == 1


def test_a_figure_that_is_not_recorded_is_named() -> None:
    with pytest.raises(ValueError, match=r"monitor='acc': .*there: loss"):
        Trainer(2, num_gpus=0, early_stopping=EarlyStopping(monitor="acc")).fit(Scripted([1, 1]), _one_batch())
    with pytest.raises(ValueError, match="patience=0: give a whole number of at least 1"):
        Trainer(1, num_gpus=0, early_stopping=0)


def test_one_seed_is_for_everything_that_draws() -> None:
    def draw() -> tuple:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    seed_everything(3)
    first, state = draw(), random_state()
    second = draw()
    seed_everything(3)
    assert draw() == first
    set_random_state(state)
    assert draw() == second
    with pytest.raises(ValueError, match="whole number from 0"):
        seed_everything(-1)


def test_the_trainers_seed_gives_the_same_order_of_batches() -> None:
    runs = [Trainer(2, num_gpus=0, seed=4).fit(_made_with(1), Digits(device="cpu")) for _ in range(2)]
    assert _same(*runs)


def test_d2ls_own_mlp_trains_unchanged() -> None:
    class MLP(d2l.Classifier):  # as the book has it
        def __init__(self, num_outputs, num_hiddens, lr):
            super().__init__()
            self.save_hyperparameters()
            self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_hiddens), nn.ReLU(), nn.LazyLinear(num_outputs))

    seed_everything(1)
    data, model, trainer = Digits(batch_size=32), MLP(10, 64, lr=0.1), Trainer(max_epochs=30)
    history = trainer.fit(model, data)
    assert history.val["acc"][-1] > 0.9
    assert trainer.test(model, data)["acc"] > 0.9
    assert trainer.predict(model, data.tensors("test")[0]).argmax(1).shape == (360,)
