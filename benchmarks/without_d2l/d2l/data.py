"""How d2l loads: one example after the other, in worker processes."""

from __future__ import annotations

from typing import Any

import torch

from d2l.base import DataModule

Tensor = torch.Tensor


class FashionMNIST(DataModule):
    """The images in d2l's loaders; who makes it gives it the two data sets, `train` and `val`."""

    def __init__(self, batch_size: int = 64, resize: tuple[int, int] = (28, 28)) -> None:
        super().__init__()
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> Any:
        data = self.train if train else self.val
        return torch.utils.data.DataLoader(data, self.batch_size, shuffle=train, num_workers=self.num_workers)


class SyntheticRegressionData(DataModule):
    """Points of a known line."""

    def __init__(
        self, w: Tensor, b: Any, noise: float = 0.01, num_train: int = 1000, num_val: int = 1000, batch_size: int = 32
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.X = torch.randn(num_train + num_val, len(w))
        self.y = self.X @ w.reshape((-1, 1)) + b + torch.randn(num_train + num_val, 1) * noise

    def get_dataloader(self, train: bool) -> Any:
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)
