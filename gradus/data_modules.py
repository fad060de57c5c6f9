"""The course's data sets as d2l `DataModule`s whose tensors live on the device that will use them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from gradus.datasets.fashion_mnist import FASHION_MNIST_LABELS, Split, fashion_mnist_bytes
from gradus.device import pick_device
from gradus.loader import TensorLoader
from gradus.torch_d2l import d2l


class FashionMNIST(d2l.DataModule):
    """Fashion-MNIST: 70,000 grey images of 28 by 28 pixels, ten kinds of clothing (Xiao, Rasul and Vollgraf, 2017).

    d2l's class of the same name, with three differences: the images live on the device as bytes and become floats batch
    by batch, so an epoch costs milliseconds instead of seconds; train, validation and test are three different sets of
    55,000, 5,000 and 10,000 images; and the data come from the cache that `gradus data` fills.

    Args:
        batch_size: images per batch.
        resize: height and width of the images, in pixels; other than (28, 28) is bilinear interpolation.
        device: where the data live; by default where `Trainer` computes.

    Raises:
        GradusError: the data is not on this machine and cannot be fetched.
    """

    labels = FASHION_MNIST_LABELS

    def __init__(
        self, batch_size: int = 64, resize: tuple[int, int] = (28, 28), device: torch.device | str | None = None
    ):
        super().__init__()
        self.batch_size = batch_size
        self.resize = tuple(resize)
        self.device = pick_device() if device is None else torch.device(device)
        self._stored: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def tensors(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """A whole split, "train", "val" or "test": `X` (n, 1, *resize) float32 in [0, 1] and `y` (n,) int64."""
        images, labels = self._load(split)
        return self._to_floats(images), labels

    def train_dataloader(self) -> TensorLoader:
        """Batches of the 55,000 training images, in a new order at each pass."""
        return self._loader("train")

    def val_dataloader(self) -> TensorLoader:
        """Batches of the 5,000 validation images, which no training step sees."""
        return self._loader("val")

    def test_dataloader(self) -> TensorLoader:
        """Batches of the 10,000 test images, to be used once, at the end."""
        return self._loader("test")

    def get_dataloader(self, train: bool) -> TensorLoader:
        """d2l's name for the first two."""
        return self.train_dataloader() if train else self.val_dataloader()

    def text_labels(self, indices: Sequence[int] | torch.Tensor) -> list[str]:
        """The names of the classes, for example `[0, 9]` gives `["t-shirt", "ankle boot"]`."""
        return [self.labels[int(i)] for i in indices]

    def _load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        if split not in self._stored:
            images, labels = fashion_mnist_bytes(split)
            self._stored[split] = images.to(self.device), labels.to(self.device)
        return self._stored[split]

    def _loader(self, split: Split) -> TensorLoader:
        images, labels = self._load(split)
        return TensorLoader(
            images, labels, batch_size=self.batch_size, shuffle=split == "train", transform=self._to_floats
        )

    def _to_floats(self, images: torch.Tensor) -> torch.Tensor:
        """Bytes (n, 1, 28, 28) to floats (n, 1, *resize) in [0, 1]."""
        X = images.float().div_(255)
        if self.resize == (28, 28):
            return X
        return F.interpolate(X, size=self.resize, mode="bilinear", antialias=True)
