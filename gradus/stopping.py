"""When to stop before the last epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradus.history import History


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation figure `monitor` has not improved for `patience` epochs; keep the best epoch's model.

    Attributes:
        patience: epochs without improvement that are still allowed.
        monitor: a name in `history.val`, for example "loss" or "acc".
        larger_is_better: for accuracies.
        min_delta: an improvement has to be larger than this.
        restore_best: give the model the parameters of its best epoch when training ends, for whichever reason.

    Raises:
        ValueError: `patience` is below one, or `min_delta` negative.
    """

    patience: int = 3
    monitor: str = "loss"
    larger_is_better: bool = False
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        if self.patience < 1 or self.min_delta < 0:
            raise ValueError(f"{self}: patience is at least one epoch, and min_delta is not negative")

    def best_epoch(self, history: History) -> int:
        """The epoch, counted from zero, whose figure nothing later has improved on; NaN improves on nothing.

        Raises:
            ValueError: no such figure was recorded.
        """
        if self.monitor not in history.val:
            there = ", ".join(history.val) or "none"
            raise ValueError(f"monitor={self.monitor!r}: validation recorded no such figure (there: {there})")
        best, best_epoch = math.inf, 0
        for epoch, value in enumerate(history.val[self.monitor]):
            cost = -value if self.larger_is_better else value
            if cost < best - self.min_delta:
                best, best_epoch = cost, epoch
        return best_epoch

    def is_over(self, history: History) -> bool:
        """Whether patience has run out."""
        epochs = len(history.seconds)
        return epochs > 0 and epochs - 1 - self.best_epoch(history) >= self.patience
