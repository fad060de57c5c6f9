"""Three of d2l's models, and its optimiser."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from d2l.base import Classifier, HyperParameters, Module

Tensor = torch.Tensor


class SGD(HyperParameters):
    """Minibatch stochastic gradient descent."""

    def __init__(self, params: Sequence[Tensor], lr: float) -> None:
        self.save_hyperparameters()

    def step(self) -> None:
        for parameter in self.params:
            parameter -= self.lr * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.params:
            if parameter.grad is not None:
                parameter.grad.zero_()


class LinearRegressionScratch(Module):
    """Linear regression with tensors for parameters."""

    def __init__(self, num_inputs: int, lr: float, sigma: float = 0.01) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.w = torch.normal(0, sigma, (num_inputs, 1), requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def forward(self, X: Tensor) -> Tensor:
        return X @ self.w + self.b

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        return ((y_hat - y) ** 2 / 2).mean()

    def configure_optimizers(self) -> SGD:
        return SGD([self.w, self.b], self.lr)


class LinearRegression(Module):
    """Linear regression with a layer."""

    def __init__(self, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)
        self.net.weight.data.normal_(0, 0.01)
        self.net.bias.data.fill_(0)

    def loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        return nn.MSELoss()(y_hat, y)


class SoftmaxRegression(Classifier):
    """Softmax regression."""

    def __init__(self, num_outputs: int, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_outputs))
