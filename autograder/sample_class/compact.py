"""Right answers to ps4 in as few lines as they take, with all of PyTorch that each question allows."""

import torch
from torch.nn import functional as F


def one_hot(y: torch.Tensor, num_classes: int) -> torch.Tensor:
    return torch.eye(num_classes)[y]


def log_sum_exp(Z: torch.Tensor) -> torch.Tensor:
    m = Z.amax(1)
    return m + (Z - m[:, None]).exp().sum(1).log()


def softmax(Z: torch.Tensor) -> torch.Tensor:
    return (Z - Z.logsumexp(1, keepdim=True)).exp()


def cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (logits.logsumexp(1) - logits.gather(1, y[:, None])[:, 0]).mean()


def cross_entropy_grad(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (torch.softmax(logits, 1) - F.one_hot(y, logits.shape[1])) / len(y)


def accuracy(logits: torch.Tensor, y: torch.Tensor) -> float:
    return (logits.argmax(1) == y).double().mean().item()


def fit_softmax(
    X: torch.Tensor, y: torch.Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, requires_grad=True)
    b = torch.zeros(num_classes, dtype=X.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(num_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(X[rows] @ W + b, y[rows]).backward()
            optimizer.step()
    return W.detach(), b.detach()
