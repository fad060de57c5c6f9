"""Wrong answers to ps4, each a mistake that classes make. A function's docstring says what its author believes."""

import torch
from torch.nn import functional as F


def recall_and_precision_without_end(y: torch.Tensor, predicted: torch.Tensor, num_classes: int) -> torch.Tensor:
    """The counter moves on by itself, as it does in a `for` loop."""
    counts = torch.zeros(3, num_classes)
    i = 0
    while i < len(y):
        counts[0, y[i]] += 1
        counts[1, predicted[i]] += 1
        counts[2, y[i]] += y[i] == predicted[i]
    return counts[2] / counts[:2].clamp(min=1)


def log_sum_exp_that_overflows(logits: torch.Tensor) -> torch.Tensor:
    """A formula that is right on paper is right in floating point."""
    return torch.log(torch.exp(logits).sum(dim=1))


def softmax_that_overflows(logits: torch.Tensor) -> torch.Tensor:
    """A formula that is right on paper is right in floating point."""
    return torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)


def softmax_over_examples(logits: torch.Tensor) -> torch.Tensor:
    """`dim=0` sums along each row."""
    exponentials = torch.exp(logits - logits.max(dim=0, keepdim=True).values)
    return exponentials / exponentials.sum(dim=0, keepdim=True)


def kl_divergence_summed(targets: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The loss of a batch is the sum of the losses in it."""
    log_p = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    return (torch.xlogy(targets, targets) - targets * log_p).sum()


def fit_softmax_without_mean(
    X: torch.Tensor, y: torch.Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean in the loss does not concern the gradient."""
    W, b = X.new_zeros(X.shape[1], num_classes), X.new_zeros(num_classes)
    for _ in range(num_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            G = torch.softmax(X[rows] @ W + b, dim=1) - F.one_hot(y[rows], num_classes)
            W, b = W - lr * X[rows].T @ G, b - lr * G.sum(dim=0)
    return W, b


def accuracy_gap_over_examples(logits: torch.Tensor, other: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """`argmax(dim=0)` gives one answer for each row."""
    d = (logits.argmax(dim=0) == y).double() - (other.argmax(dim=0) == y).double()
    return d.mean().item(), (d.std(correction=0) / len(y) ** 0.5).item()
