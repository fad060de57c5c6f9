"""What a course's tests ask of such a library: `mytorch` against PyTorch, in float64.

Not collected by itself: `test_export_library.py` runs it where the exported package can be imported.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from mytorch import models, nn, optim
from torch.nn import functional as F

RNG = np.random.default_rng(11785)
ACTIVATIONS = {
    "Identity": lambda Z: Z * 1,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "ReLU": torch.relu,
    "GELU": F.gelu,
    "Softmax": lambda Z: torch.softmax(Z, dim=1),
}
LOSSES = {"MSELoss": F.mse_loss, "CrossEntropyLoss": F.cross_entropy}
WIDTHS = {"MLP0": (2, 3), "MLP1": (2, 3, 2), "MLP4": (2, 4, 8, 8, 4, 2)}


def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return scale * RNG.standard_normal(shape)


def leaf(values: np.ndarray) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def close(mine: np.ndarray, theirs: torch.Tensor) -> None:
    assert isinstance(mine, np.ndarray)
    assert mine.shape == tuple(theirs.shape)
    assert np.abs(mine - theirs.detach().numpy()).max() < 1e-6


@pytest.mark.parametrize("N", [1, 4, 9])
def test_linear(N: int) -> None:
    layer = nn.Linear(5, 3, debug=True)
    assert layer.W.shape == (3, 5)
    assert layer.b.shape == (3, 1)
    assert not layer.W.any()
    assert not layer.b.any()
    layer.W, layer.b = normal(3, 5), normal(3, 1)
    A, W, b, dLdZ = leaf(normal(N, 5)), leaf(layer.W), leaf(layer.b), normal(N, 3)
    Z = A @ W.T + b.T
    Z.backward(torch.tensor(dLdZ))
    close(layer.forward(A.detach().numpy()), Z)
    close(layer.backward(dLdZ), A.grad)
    close(layer.dLdW, W.grad)
    close(layer.dLdb, b.grad)
    close(layer.dLdA, A.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_gradient(name: str) -> None:
    layer = getattr(nn, name)()
    for N, C in [(6, 4), (1, 3), (3, 1)]:  # one object, batch after batch
        Z, dLdA = leaf(normal(N, C, scale=3.0)), normal(N, C)
        A = ACTIVATIONS[name](Z)
        A.backward(torch.tensor(dLdA))
        close(layer.forward(Z.detach().numpy()), A)
        close(layer.backward(dLdA), Z.grad)


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "Softmax"])
def test_huge_inputs(name: str) -> None:
    Z, dLdA = leaf(np.array([[-12_345.0, -1.0, 0.0, 12_345.0]])), normal(1, 4)
    A = ACTIVATIONS[name](Z)
    A.backward(torch.tensor(dLdA))
    layer = getattr(nn, name)()
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        close(layer.forward(Z.detach().numpy()), A)
        close(layer.backward(dLdA), Z.grad)


def test_tanh_is_written_without_the_library_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "tanh", None)
    assert "np.tanh" not in inspect.getsource(nn.Tanh)
    close(nn.Tanh().forward(np.array([[0.5, -40.0]])), torch.tanh(torch.tensor([[0.5, -40.0]], dtype=torch.float64)))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("scale", [1.0, 12_345.0])
def test_a_loss_is_a_numpy_scalar_and_its_gradient_is_right(name: str, scale: float) -> None:
    loss = getattr(nn, name)()
    for N, C in [(6, 4), (1, 3), (3, 1)]:
        A, Y = leaf(scale * np.sign(normal(N, C))), np.eye(C)[RNG.integers(C, size=N)]
        expected = LOSSES[name](A, torch.tensor(Y))
        expected.backward()
        value = loss.forward(A.detach().numpy(), Y)
        assert type(value) is np.float64
        assert value == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
        close(loss.backward(), A.grad)


def batch_norm(Z: torch.Tensor, BW: torch.Tensor, Bb: torch.Tensor) -> torch.Tensor:
    return BW * (Z - Z.mean(0)) / torch.sqrt(Z.var(0, correction=0) + 1e-8) + Bb


def test_batch_norm_in_training() -> None:
    layer = nn.BatchNorm1d(4)
    layer.BW, layer.Bb = normal(1, 4), normal(1, 4)
    for N in (6, 2, 30):
        Z, BW, Bb, dLdBZ = leaf(normal(N, 4, scale=3.0) + 2), leaf(layer.BW), leaf(layer.Bb), normal(N, 4)
        BZ = batch_norm(Z, BW, Bb)
        BZ.backward(torch.tensor(dLdBZ))
        close(layer.forward(Z.detach().numpy()), BZ)
        close(layer.backward(dLdBZ), Z.grad)
        close(layer.dLdBW, BW.grad)
        close(layer.dLdBb, Bb.grad)


@pytest.mark.parametrize("alpha", [0.9, 0.5])
def test_batch_norm_running_statistics_after_training_steps_and_in_use(alpha: float) -> None:
    layer = nn.BatchNorm1d(3, alpha=alpha)
    layer.BW, layer.Bb = normal(1, 3), normal(1, 3)
    M, V = torch.zeros(1, 3, dtype=torch.float64), torch.ones(1, 3, dtype=torch.float64)
    assert layer.running_M.shape == layer.running_V.shape == (1, 3)
    for _ in range(12):
        Z = normal(8, 3, scale=2.0) + 1
        layer.forward(Z)
        layer.backward(normal(8, 3))
        M = alpha * M + (1 - alpha) * torch.tensor(Z).mean(0)
        V = alpha * V + (1 - alpha) * torch.tensor(Z).var(0, correction=0)
    for Z in (normal(5, 3), normal(1, 3)):
        theirs = F.batch_norm(
            torch.tensor(Z), M[0], V[0], torch.tensor(layer.BW[0]), torch.tensor(layer.Bb[0]), eps=1e-8
        )
        close(layer.forward(Z, eval=True), theirs)
    close(layer.running_M, M)
    close(layer.running_V, V)


def twin(model: object, widths: tuple[int, ...]) -> torch.nn.Sequential:
    """The same model in PyTorch, from weights that are drawn here."""
    layers: list[torch.nn.Module] = []
    for mine, width_in, width_out in zip(model.layers[::2], widths, widths[1:], strict=False):  # type: ignore[attr-defined]
        assert mine.W.shape == (width_out, width_in)
        mine.W, mine.b = normal(width_out, width_in), 0.5 * np.ones((width_out, 1))
        theirs = torch.nn.Linear(width_in, width_out, dtype=torch.float64)
        theirs.load_state_dict({"weight": torch.tensor(mine.W), "bias": torch.tensor(mine.b[:, 0])})
        layers += [theirs, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers)


@pytest.mark.parametrize("name", WIDTHS)
def test_a_model_forwards_backwards_and_shows_what_is_inside(name: str) -> None:
    model = getattr(models, name)(debug=True)
    assert len(model.layers) == 2 * (len(WIDTHS[name]) - 1)
    theirs = twin(model, WIDTHS[name])
    A = [leaf(normal(10, 2))]
    for layer in theirs:
        A.append(layer(A[-1]))
        A[-1].retain_grad()
    dLdA = normal(10, WIDTHS[name][-1])
    A[-1].backward(torch.tensor(dLdA))
    close(model.forward(A[0].detach().numpy()), A[-1])
    close(model.backward(dLdA), A[0].grad)
    assert len(model.A) == len(model.dLdA) == len(A)
    for mine, gradient, kept in zip(model.A, model.dLdA, A, strict=True):
        close(mine, kept)
        close(gradient, kept.grad)
    for mine, layer in zip(model.layers[::2], theirs[::2], strict=True):
        close(mine.dLdW, layer.weight.grad)
        close(mine.dLdb, layer.bias.grad[:, None])


@pytest.mark.parametrize(("lr", "momentum"), [(0.01, 0.9), (0.05, 0.0), (0.001, 0.99)])
@pytest.mark.parametrize("name", WIDTHS)
def test_ten_steps_with_momentum(name: str, lr: float, momentum: float) -> None:
    model = getattr(models, name)()
    theirs = twin(model, WIDTHS[name])
    loss, mine = nn.MSELoss(), optim.SGD(model, lr=lr, momentum=momentum)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=lr, momentum=momentum)
    A, Y = normal(16, 2), RNG.random((16, WIDTHS[name][-1]))
    start = model.layers[0].W.copy()
    for _ in range(10):
        value = loss.forward(model.forward(A), Y)
        model.backward(loss.backward())
        mine.step()
        expected = F.mse_loss(theirs(torch.tensor(A)), torch.tensor(Y))
        optimizer.zero_grad()
        expected.backward()
        optimizer.step()
        assert value == pytest.approx(expected.item(), abs=1e-6)
        for layer, their_layer in zip(model.layers[::2], theirs[::2], strict=True):
            close(layer.W, their_layer.weight)
            close(layer.b, their_layer.bias[:, None])
    assert np.abs(model.layers[0].W - start).max() > 1e-4  # it moved
