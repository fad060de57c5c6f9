"""Wrong answers to ps4, each a mistake that classes make. A function's docstring says what its author believes."""

import torch
from torch.nn import functional as F


def one_hot_without_end(y: torch.Tensor, num_classes: int) -> torch.Tensor:
    """The counter moves on by itself, as it does in a `for` loop."""
    Y = torch.zeros(len(y), num_classes)
    i = 0
    while i < len(y):
        Y[i, y[i]] = 1
    return Y


def log_sum_exp_that_overflows(Z: torch.Tensor) -> torch.Tensor:
    """A formula that is right on paper is right in floating point."""
    return torch.log(torch.exp(Z).sum(dim=1))


def softmax_that_overflows(Z: torch.Tensor) -> torch.Tensor:
    """A formula that is right on paper is right in floating point."""
    return torch.exp(Z) / torch.exp(Z).sum(dim=1, keepdim=True)


def softmax_over_examples(Z: torch.Tensor) -> torch.Tensor:
    """`dim=0` sums along each row."""
    exponentials = torch.exp(Z - Z.max(dim=0, keepdim=True).values)
    return exponentials / exponentials.sum(dim=0, keepdim=True)


def cross_entropy_summed(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of a batch is the sum of the losses in it."""
    return (torch.logsumexp(logits, dim=1) - logits[torch.arange(len(y)), y]).sum()


def cross_entropy_grad_without_mean(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mean in the loss does not concern the gradient of one example."""
    return torch.softmax(logits, dim=1) - F.one_hot(y, logits.shape[1])


def accuracy_over_examples(logits: torch.Tensor, y: torch.Tensor) -> float:
    """`argmax(dim=0)` gives one answer for each row."""
    return (logits.argmax(dim=0) == y).float().mean().item()
