"""What goes wrong in d2l 1.0.3 and must not go wrong here. Each test shows d2l's fault first, then ours without it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

import gradus
from gradus import FashionMNIST, ProgressBoard, Trainer, d2l, pick_device
from gradus.loader import TensorLoader


class Pairs(d2l.DataModule):
    """Four pairs in batches of `batch_size`; the last batch may be smaller."""

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size

    def get_dataloader(self, train: bool) -> TensorLoader:
        X = torch.tensor([[0.0], [0.0], [0.0], [8.0]])
        return TensorLoader(X, torch.zeros(4, 1), batch_size=self.batch_size)


def _mean_of_inputs(base: type) -> d2l.Module:
    """A model made from either `Module`, whose loss is the mean of its inputs and whose parameter does not move."""

    class MeanOfInputs(base):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return self.scale * X

        def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return (y_hat - y).mean()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.0)

    return MeanOfInputs()


@pytest.fixture(autouse=True)
def _no_window() -> None:
    plt.switch_backend("agg")
    plt.close("all")


@pytest.mark.filterwarnings("ignore")
def test_lines_are_not_drawn_on_top_of_each_other() -> None:
    boards = {"d2l": d2l.ProgressBoard(xlabel="x"), "ours": ProgressBoard(xlabel="x")}
    for board in boards.values():
        for x in range(1, 6):
            board.draw(x, x**2, "loss")
            board.draw(x, x, "acc")
    assert len(boards["d2l"].fig.axes[0].lines) == 19  # two more at every point but the first
    assert len(boards["ours"].figure().axes[0].lines) == 2


@pytest.mark.filterwarnings("ignore")
def test_one_batch_per_epoch_is_drawn() -> None:
    theirs = _mean_of_inputs(d2l.Module)
    d2l.Trainer(max_epochs=3).fit(theirs, Pairs(batch_size=4))
    assert theirs.board.data["train_loss"] == []
    board = ProgressBoard()
    Trainer(max_epochs=3, num_gpus=0, board=board).fit(_mean_of_inputs(gradus.Module), Pairs(batch_size=4))
    assert board.data["train_loss"] == [(1, 2.0), (2, 2.0), (3, 2.0)]


def test_our_module_draws_one_batch_per_epoch_on_d2ls_trainer_too() -> None:
    model = _mean_of_inputs(gradus.Module)
    d2l.Trainer(max_epochs=3).fit(model, Pairs(batch_size=4))
    assert [y for _, y in model.board.data["train_loss"]] == [2.0, 2.0, 2.0]


def test_fit_returns_what_happened() -> None:
    silent = _mean_of_inputs(d2l.Module)
    silent.board.display = False
    assert d2l.Trainer(max_epochs=1).fit(silent, Pairs(4)) is None
    history = Trainer(max_epochs=2, num_gpus=0).fit(_mean_of_inputs(d2l.Module), Pairs(4))
    assert (history.train, len(history.seconds)) == ({"loss": [2.0, 2.0]}, 2)


def test_validation_is_not_on_the_test_set() -> None:
    ours = FashionMNIST(batch_size=256, device="cpu")
    theirs = d2l.torchvision.datasets.FashionMNIST(  # d2l validates on these, `train=False`
        root=str(gradus.datasets.cache_folder()), train=False, download=False
    )
    validation, test = ours.val_dataloader().tensors[0], ours.test_dataloader().tensors[0]
    assert torch.equal(test[:, 0], theirs.data)
    images = {image.numpy().tobytes() for image in theirs.data}
    shared = sum(image.numpy().tobytes() in images for image in validation)
    assert shared <= 5  # the published sets have a few identical pictures


def test_training_step_needs_no_trainer_and_no_picture() -> None:
    batch = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
    with pytest.raises(AssertionError, match="Trainer is not inited"):
        _mean_of_inputs(d2l.Module).training_step(batch)
    model = _mean_of_inputs(gradus.Module)
    assert model.training_step(batch).item() == 2.0
    model.validation_step(batch)
    Trainer(max_epochs=1, num_gpus=0).fit(model, Pairs(4))
    assert model.training_step(batch).item() == 2.0
    assert plt.get_fignums() == []


@pytest.mark.filterwarnings("ignore")
def test_means_weigh_a_small_last_batch_as_what_it_is() -> None:
    theirs = _mean_of_inputs(d2l.Module)
    d2l.Trainer(max_epochs=1).fit(theirs, Pairs(batch_size=3))
    assert theirs.board.data["val_loss"][0].y == 4.0  # the mean of 0 (three examples) and 8 (one)
    history = Trainer(max_epochs=1, num_gpus=0).fit(_mean_of_inputs(d2l.Module), Pairs(batch_size=3))
    assert history.val["loss"] == [2.0]


def test_plain_tensors_are_parameters() -> None:
    class Scratch(gradus.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.zeros(2, 1, requires_grad=True)
            self.mask = torch.ones(2, 1)

    theirs, ours = d2l.LinearRegressionScratch(2, lr=0.1), Scratch()
    assert (dict(theirs.named_parameters()), theirs.state_dict()) == ({}, {})
    assert theirs.to(torch.float64).w.dtype == torch.float32
    assert [name for name, _ in ours.named_parameters()] == ["w"]
    assert list(ours.state_dict()) == ["w"]
    assert ours.to(torch.float64).w.dtype == torch.float64


@pytest.mark.skipif(pick_device().type == "cpu", reason="this machine has no GPU")
def test_the_trainer_moves_the_plain_tensors_of_d2ls_models() -> None:
    model = d2l.LinearRegressionScratch(2, lr=0.1)
    Trainer(max_epochs=1).prepare_model(model)
    assert {model.w.device.type, model.b.device.type} == {pick_device().type}


def test_the_trainer_clips_the_plain_tensors_of_d2ls_models() -> None:
    model = d2l.LinearRegressionScratch(2, lr=0.1)
    model.loss(model(torch.ones(4, 2) * 100), torch.zeros(4, 1) + 1).backward()
    Trainer(max_epochs=1, num_gpus=0).clip_gradients(1.0, model)
    assert float(torch.cat([model.w.grad.flatten(), model.b.grad]).norm()) == pytest.approx(1.0, rel=1e-4)
