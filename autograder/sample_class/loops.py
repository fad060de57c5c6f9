"""Right answers to ps4 with a loop wherever one fits, and einsum where none does."""

import torch


def recall_and_precision(y: torch.Tensor, predicted: torch.Tensor, num_classes: int) -> torch.Tensor:
    shares = torch.zeros(2, num_classes)
    pairs = list(zip(y.tolist(), predicted.tolist(), strict=True))
    for j in range(num_classes):
        found = [answer == j for label, answer in pairs if label == j]
        right = [label == j for label, answer in pairs if answer == j]
        shares[0, j] = sum(found) / max(len(found), 1)
        shares[1, j] = sum(right) / max(len(right), 1)
    return shares


def log_sum_exp(logits: torch.Tensor) -> torch.Tensor:
    result = torch.empty(len(logits), dtype=logits.dtype)
    for i, z in enumerate(logits):
        top = max(z.tolist())
        result[i] = top + (z - top).exp().sum().log()
    return result


def softmax(logits: torch.Tensor) -> torch.Tensor:
    P = torch.empty(logits.shape, dtype=logits.dtype)
    for i, z in enumerate(logits):
        weights = (z - z.max()).exp()
        P[i] = weights / weights.sum()
    return P


def kl_divergence(targets: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    total = torch.zeros((), dtype=logits.dtype)
    for t, z in zip(targets, logits, strict=True):
        shifted = z - z.max()
        log_p = shifted - shifted.exp().sum().log()
        some = t > 0
        total = total + torch.einsum("q,q->", t[some], t[some].log() - log_p[some])
    return total / len(logits)


def accuracy_gap(logits: torch.Tensor, other: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    d = []
    for first, second, label in zip(logits.tolist(), other.tolist(), y.tolist(), strict=True):
        d.append((first.index(max(first)) == label) - (second.index(max(second)) == label))
    mean = sum(d) / len(d)
    return mean, (sum((each - mean) ** 2 for each in d) / len(d)) ** 0.5 / len(d) ** 0.5


def calibration_error(logits: torch.Tensor, y: torch.Tensor, num_bins: int) -> float:
    found = []
    for z, label in zip(logits, y.tolist(), strict=True):
        p = torch.softmax(z, dim=0).tolist()
        found.append((max(p), p.index(max(p)) == label))
    found.sort()
    size, longer = divmod(len(found), num_bins)
    total, start = 0.0, 0
    for b in range(num_bins):
        end = start + size + (1 if b < longer else 0)
        total += abs(sum(confidence - right for confidence, right in found[start:end]))
        start = end
    return total / len(found)


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
