"""When to stop before the last epoch."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gradus.history import History
from gradus.misuse import require, whole_number

_LARGER = re.compile(
    r"(acc|accuracy|ap|auc|auprc|auroc|bleu\d?|correct|dice|f\d|jaccard|kappa|likelihood|map|mcc|m?iou|precision|psnr|r2"
    r"|recall|reward|roc|rouge|score|sensitivity|similarity|specificity|ssim|top\d+)s?$"
)
_SMALLER = re.compile(r"b?ce$|cost|devia|dist|entropy|err|loss|negative|nll|perplexity|ppl")


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation figure `monitor` has not improved for `patience` epochs; keep the best epoch's model.

    Attributes:
        patience: epochs without improvement that are still allowed.
        monitor: a name in `history.val`, for example "loss" or "acc".
        larger_is_better: `None` goes by the name: "acc", "val_accuracy", "f1" and the like are to grow; a loss, an
            error and any other name are to fall.
        min_delta: an improvement has to be larger than this.
        restore_best: give the model the parameters of its best epoch when training ends, for whichever reason.

    Raises:
        ValueError: `patience` is no whole number of at least one, or `min_delta` negative.
        TypeError: `monitor` is no name.
    """

    patience: int = 3
    monitor: str = "loss"
    larger_is_better: bool | None = None
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        require(
            not isinstance(self.patience, type), "early_stopping is a class: make one of it, EarlyStopping(patience=3)"
        )
        whole_number("patience", self.patience, least=1)
        require(isinstance(self.monitor, str), f"monitor={self.monitor!r}: give a name in history.val, 'loss' or 'acc'")
        require(
            isinstance(self.min_delta, (int, float)) and self.min_delta >= 0,
            f"min_delta={self.min_delta!r}: give a number that is not negative",
            ValueError,
        )

    @property
    def seeks_larger(self) -> bool:
        """Whether an improvement is a larger figure."""
        # "val_acc" and "valAcc" are two words each, and "mAP" is one.
        words = re.findall(r"[a-z]+\d*", (self.monitor + re.sub("([A-Z])", r" \1", f" {self.monitor}")).lower())
        return (
            any(map(_LARGER.match, words)) and not any(map(_SMALLER.match, words))
            if self.larger_is_better is None
            else self.larger_is_better
        )

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
            cost = -value if self.seeks_larger else value
            if cost < best - self.min_delta:
                best, best_epoch = cost, epoch
        return best_epoch

    def is_over(self, history: History) -> bool:
        """Whether patience has run out."""
        epochs = len(history.seconds)
        return epochs > 0 and epochs - 1 - self.best_epoch(history) >= self.patience
