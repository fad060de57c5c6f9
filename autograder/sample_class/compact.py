"""Right answers to ps4 in as few lines as they take, with all of PyTorch that each question allows."""

import torch
from torch.nn import functional as F


def recall_and_precision(y: torch.Tensor, predicted: torch.Tensor, num_classes: int) -> torch.Tensor:
    T, P = F.one_hot(y, num_classes), F.one_hot(predicted, num_classes)
    return (T * P).sum(0) / torch.stack([T.sum(0), P.sum(0)]).clamp(min=1)


def log_sum_exp(logits: torch.Tensor) -> torch.Tensor:
    m = logits.amax(1)
    return m + (logits - m[:, None]).exp().sum(1).log()


def softmax(logits: torch.Tensor) -> torch.Tensor:
    return (logits - logits.logsumexp(1, keepdim=True)).exp()


def kl_divergence(targets: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    excess = torch.xlogy(targets, targets) - targets * (logits - logits.logsumexp(1, keepdim=True))
    return excess.sum() / len(logits)


def accuracy_gap(logits: torch.Tensor, other: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    d = (logits.argmax(1) == y).double() - (other.argmax(1) == y).double()
    return d.mean().item(), (d.var(correction=0) / len(d)).sqrt().item()


def calibration_error(logits: torch.Tensor, y: torch.Tensor, num_bins: int) -> float:
    confidence, predicted = logits.double().softmax(1).max(1)
    off = (confidence - (predicted == y).double())[confidence.argsort()]
    return sum(part.sum().abs().item() for part in off.tensor_split(num_bins)) / len(off)


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
