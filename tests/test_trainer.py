"""The trainer keeps d2l's contract, records what happened, and mends what d2l leaves undone."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn

from gradus import FashionMNIST, History, Trainer, d2l, pick_device
from gradus.loader import TensorLoader
from gradus.progress import EpochLine


@pytest.fixture
def line_data() -> d2l.DataModule:
    torch.manual_seed(1)
    return d2l.SyntheticRegressionData(w=torch.tensor([2.0, -3.4]), b=4.2)


class TwoSizes(d2l.DataModule):
    """Batches of 3 and 1 examples, so that a mean over batches differs from a mean over examples."""

    def train_dataloader(self) -> TensorLoader:
        return TensorLoader(torch.tensor([[0.0], [0.0], [0.0], [8.0]]), torch.zeros(4, 1), batch_size=3)

    val_dataloader = test_dataloader = train_dataloader


class Still(d2l.Module):
    """A model whose parameters do not move; its loss is the mean of its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def loss(self, y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (self.scale * y_hat - y).mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


def test_d2ls_own_scratch_model_trains_unchanged(line_data: d2l.DataModule) -> None:
    model = d2l.LinearRegressionScratch(2, lr=0.03)
    history = Trainer(max_epochs=3).fit(model, line_data)
    assert torch.allclose(model.w.cpu().flatten(), torch.tensor([2.0, -3.4]), atol=0.5)
    assert history.val["loss"][0] > history.val["loss"][-1]


def test_d2ls_own_concise_models_train_unchanged(line_data: d2l.DataModule) -> None:
    Trainer(max_epochs=1).fit(d2l.LinearRegression(lr=0.03), line_data)
    model = d2l.SoftmaxRegression(num_outputs=10, lr=0.1)
    history = Trainer(max_epochs=1).fit(model, FashionMNIST(batch_size=256))
    assert history.val["acc"][-1] > 0.6  # one epoch; chance is 0.1
    assert set(history.train) == {"loss"}
    assert len(history.seconds) == 1


def test_a_model_runs_on_d2ls_trainer_as_well(line_data: d2l.DataModule) -> None:
    assert isinstance(Trainer(max_epochs=1), d2l.Trainer)
    model = d2l.LinearRegressionScratch(2, lr=0.03)
    Trainer(max_epochs=1, num_gpus=0).fit(model, line_data)  # d2l's takes the CPU unless it is told otherwise
    assert "plot" not in vars(model)  # its own `plot` is back
    model.board.display = False
    d2l.Trainer(max_epochs=1).fit(model, line_data)


def test_means_are_over_examples_not_over_batches() -> None:
    history = Trainer(max_epochs=2, num_gpus=0).fit(Still(), TwoSizes())
    assert history.train["loss"] == [2.0, 2.0]  # (0+0+0+8)/4; the mean of the two batches would be 4
    assert history.val["loss"] == [2.0, 2.0]
    assert Trainer(max_epochs=1, num_gpus=0).test(Still(), TwoSizes()) == {"loss": 2.0}


def test_the_same_seed_gives_the_same_numbers(line_data: d2l.DataModule) -> None:
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(Trainer(max_epochs=2).fit(d2l.LinearRegressionScratch(2, lr=0.03), line_data).val)
    assert runs[0] == runs[1]


def test_gradients_are_clipped_to_the_stated_norm() -> None:
    model = nn.Linear(2, 1)
    (100 * model(torch.ones(1, 2))).sum().backward()
    Trainer(max_epochs=1, gradient_clip_val=1.0).clip_gradients(1.0, model)
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    assert float(norm) == pytest.approx(1.0, rel=1e-4)


def test_predict_is_in_evaluation_mode_without_gradients_and_in_order() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
    X = torch.randn(10, 3)
    predicted = Trainer(max_epochs=1, num_gpus=0).predict(model, X, batch_size=4)
    assert torch.equal(predicted, model.eval()(X).detach())
    assert not predicted.requires_grad


def test_a_data_module_without_a_test_set_is_named() -> None:
    with pytest.raises(AttributeError, match="SyntheticRegressionData has no test_dataloader"):
        Trainer(1).test(Still(), d2l.SyntheticRegressionData(w=torch.ones(1), b=0.0))


def test_an_empty_training_set_is_named() -> None:
    class Empty(TwoSizes):
        def train_dataloader(self) -> TensorLoader:
            return TensorLoader(torch.zeros(0, 1), torch.zeros(0, 1), batch_size=3)

    with pytest.raises(ValueError, match="nothing to train on"):
        Trainer(1).fit(Still(), Empty())


@pytest.mark.skipif(pick_device().type != "cpu", reason="this machine has a GPU")
def test_insisting_on_a_gpu_without_one_says_so() -> None:
    with pytest.raises(RuntimeError, match="torch sees no GPU"):
        Trainer(max_epochs=1, num_gpus=1)


def test_more_than_one_device_is_refused() -> None:
    with pytest.raises(ValueError, match="one device"):
        pick_device(2)


def test_a_loader_gives_every_example_once_in_a_new_order() -> None:
    loader = TensorLoader(torch.arange(10), batch_size=4, shuffle=True)
    torch.manual_seed(0)
    passes = [torch.cat([rows for (rows,) in loader]).tolist() for _ in range(2)]
    assert len(loader) == 3
    assert [sorted(order) for order in passes] == [list(range(10))] * 2
    assert passes[0] != passes[1]


def test_a_loader_refuses_tensors_of_different_length() -> None:
    with pytest.raises(ValueError, match=r"one length, not \[3, 2\]"):
        TensorLoader(torch.zeros(3), torch.zeros(2), batch_size=1)


def test_images_are_resized_when_asked() -> None:
    X, y = next(iter(FashionMNIST(batch_size=8, resize=(32, 16)).val_dataloader()))
    assert X.shape == (8, 1, 32, 16)
    assert y.shape == (8,)
    assert 0 <= float(X.min()) <= float(X.max()) <= 1


def test_progress_is_silent_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    history = History(train={"loss": [1.5]}, seconds=[2.0])
    monkeypatch.delenv("GRADUS_QUIET", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "ipykernel", raising=False)
    shown = {}
    for name, stream in (("file", io.StringIO()), ("terminal", Terminal())):
        line = EpochLine(3, stream)
        line.show(history)
        line.close()
        shown[name] = stream.getvalue()
    monkeypatch.setenv("GRADUS_QUIET", "1")
    quiet = Terminal()
    EpochLine(3, quiet).show(history)
    assert shown["file"] == quiet.getvalue() == ""
    assert "epoch 1/3  train_loss 1.500  4 s left" in shown["terminal"]


def test_a_history_is_drawn_with_a_curve_per_name() -> None:
    fig = History(train={"loss": [2.0, 1.0]}, val={"loss": [2.0, 1.5], "acc": [0.1, 0.2]}, seconds=[1, 1]).plot()
    labels = [text.get_text() for text in fig.axes[0].get_legend().get_texts()]
    assert labels == ["train loss", "validation loss", "validation accuracy"]
