"""Right answers to ps4 with a loop wherever one fits, and einsum where none does."""

import torch


def one_hot(y: torch.Tensor, num_classes: int) -> torch.Tensor:
    rows = torch.zeros((len(y), num_classes))
    for i, label in enumerate(y.tolist()):
        rows[i, label] = 1
    return rows


def log_sum_exp(Z: torch.Tensor) -> torch.Tensor:
    result = torch.empty(len(Z), dtype=Z.dtype)
    for i, z in enumerate(Z):
        top = max(z.tolist())
        result[i] = top + (z - top).exp().sum().log()
    return result


def softmax(Z: torch.Tensor) -> torch.Tensor:
    P = torch.empty(Z.shape, dtype=Z.dtype)
    for i, z in enumerate(Z):
        weights = (z - z.max()).exp()
        P[i] = weights / weights.sum()
    return P


def cross_entropy(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    total = torch.zeros((), dtype=logits.dtype)
    for z, label in zip(logits, y, strict=True):
        shifted = z - z.max()
        total = total + shifted.exp().sum().log() - shifted[label]
    return total / len(y)


def cross_entropy_grad(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    G = (logits - logits.amax(dim=1, keepdim=True)).exp()
    G = G / torch.einsum("nk->n", G)[:, None]
    for i, label in enumerate(y):
        G[i, label] -= 1
    return G / len(y)


def accuracy(logits: torch.Tensor, y: torch.Tensor) -> float:
    correct = 0
    for scores, label in zip(logits.tolist(), y.tolist(), strict=True):
        if scores.index(max(scores)) == label:
            correct += 1
    return correct / len(y)


def fit_softmax(
    X: torch.Tensor, y: torch.Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype)
    b = torch.zeros(num_classes, dtype=X.dtype)
    targets = torch.eye(num_classes, dtype=X.dtype)[y]
    for _ in range(num_epochs):
        waiting = torch.randperm(len(X))
        while len(waiting) > 0:
            batch, waiting = waiting[:batch_size], waiting[batch_size:]
            Z = torch.einsum("nd,dk->nk", X[batch], W) + b
            G = (torch.softmax(Z, dim=1) - targets[batch]) / len(batch)
            W -= lr * torch.einsum("nd,nk->dk", X[batch], G)
            b -= lr * torch.einsum("nk->k", G)
    return W, b
