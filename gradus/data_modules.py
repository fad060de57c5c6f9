"""The course's data sets as d2l `DataModule`s whose tensors live on the device that will use them.

Each has three different splits, "train", "val" and "test"; statistics come from the training split only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional as F

from gradus.datasets import small
from gradus.datasets.fashion_mnist import FASHION_MNIST_LABELS, Split, fashion_mnist_bytes
from gradus.device import pick_device
from gradus.loader import TensorLoader
from gradus.torch_d2l import d2l


class TensorData(d2l.DataModule):
    """A `DataModule` over tensors in memory; a subclass says in `load` where a split comes from.

    Args:
        batch_size: examples per batch.
        device: where the data live; by default where `Trainer` computes.
    """

    transform: Callable[[torch.Tensor], torch.Tensor] | None = None

    def __init__(self, batch_size: int = 64, device: torch.device | str | None = None):
        super().__init__()
        self.batch_size = batch_size
        self.device = pick_device() if device is None else torch.device(device)
        self._stored: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """A whole split as it is stored, inputs first; asked for once."""
        raise NotImplementedError(f"{type(self).__name__}.load(split) must return the tensors of a split")

    def tensors(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """The whole split "train", "val" or "test" on the device, as the model sees it: `X` (n, …) and `y` (n, …).

        Raises:
            ValueError: `split` is none of the three.
        """
        X, y = self._on_device(split)
        return (X if self.transform is None else self.transform(X)), y

    def train_dataloader(self) -> TensorLoader:
        """Batches of the training set, in a new order at each pass."""
        return self._loader("train")

    def val_dataloader(self) -> TensorLoader:
        """Batches of the validation set, which no training step sees."""
        return self._loader("val")

    def test_dataloader(self) -> TensorLoader:
        """Batches of the test set, to be used once, at the end."""
        return self._loader("test")

    def get_dataloader(self, train: bool) -> TensorLoader:
        """d2l's name for the first two."""
        return self.train_dataloader() if train else self.val_dataloader()

    def _on_device(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        if split not in ("train", "val", "test"):
            raise ValueError(f"split={split!r}: choose 'train', 'val' or 'test'")
        if split not in self._stored:
            X, y = self.load(split)
            self._stored[split] = X.to(self.device), y.to(self.device)
        return self._stored[split]

    def _loader(self, split: Split) -> TensorLoader:
        X, y = self._on_device(split)
        return TensorLoader(X, y, batch_size=self.batch_size, shuffle=split == "train", transform=self.transform)


class FashionMNIST(TensorData):
    """Fashion-MNIST: 70,000 grey images of 28 by 28 pixels, ten kinds of clothing (Xiao, Rasul and Vollgraf, 2017).

    d2l's class of the same name, with three differences: the images live on the device as bytes and become floats batch
    by batch, so an epoch costs milliseconds instead of seconds; train, validation and test are three different sets of
    55,000, 5,000 and 10,000 images; and the data come from the cache that `gradus data` fills. A batch is `X`
    (batch_size, 1, height, width) float32 in [0, 1] and `y` (batch_size,) int64.

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
        super().__init__(batch_size, device)
        self.resize = tuple(resize)

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (n, 1, 28, 28) uint8 and labels (n,) int64."""
        return fashion_mnist_bytes(split)

    def text_labels(self, indices: Sequence[int] | torch.Tensor) -> list[str]:
        """The names of the classes, for example `[0, 9]` gives `["t-shirt", "ankle boot"]`."""
        return [self.labels[int(i)] for i in indices]

    def transform(self, images: torch.Tensor) -> torch.Tensor:
        """Bytes (n, 1, 28, 28) to floats (n, 1, *resize) in [0, 1]."""
        X = images / 255  # one kernel: torch divides bytes into floats
        if self.resize == (28, 28):
            return X
        return F.interpolate(X, size=self.resize, mode="bilinear", antialias=True)


class Digits(TensorData):
    """Handwritten digits of 8 by 8 pixels (Alpaydin and Kaynak, 1998): 1078 to train, 359 to validate, 360 to test.

    A batch is `X` (batch_size, 1, 8, 8) float32 in [0, 1] and `y` (batch_size,) int64, 0 to 9. Small enough for an
    epoch in a few milliseconds.
    """

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """See `gradus.datasets.digits_tensors`."""
        return small.digits_tensors(split)


class Penguins(TensorData):
    """Three species of penguins by four measurements (Gorman, Williams and Fraser, 2014): 205 birds, 68 and 69.

    A batch is `X` (batch_size, 4) float32, standardised with the training set's statistics, and `y` (batch_size,)
    int64, an index into `labels`.
    """

    labels = small.PENGUIN_SPECIES
    features = small.PENGUIN_FEATURES

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """See `gradus.datasets.penguins_tensors`."""
        return small.penguins_tensors(split)


class Diabetes(TensorData):
    """The progress of diabetes in a year from ten measurements (Efron et al., 2004): 265 patients, 88 and 89.

    A batch is `X` (batch_size, 10) float32, standardised with the training set's statistics, and `y` (batch_size, 1)
    float32 in its own units, 25 to 346.
    """

    features = small.DIABETES_FEATURES

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """See `gradus.datasets.diabetes_tensors`."""
        return small.diabetes_tensors(split)


class SyntheticRegression(TensorData):
    """Points of a known line: `y = X w + b + noise`, with `X` drawn from the standard normal distribution.

    d2l's `SyntheticRegressionData`, with a test set: the same seed gives the same training and validation sets.

    Args:
        w: the true weights, (d,).
        b: the true bias.
        noise: standard deviation of the noise added to `y`.
        num_train, num_val: examples of these splits; the test set is as large as the validation set.
        batch_size: examples per batch: `X` (batch_size, d) and `y` (batch_size, 1), both of the dtype of `w`.
        device: where the data live; by default where `Trainer` computes.

    Attributes:
        X, y: training and validation set together, training first, as d2l has them.
    """

    def __init__(
        self,
        w: torch.Tensor,
        b: float | torch.Tensor,
        noise: float = 0.01,
        num_train: int = 1000,
        num_val: int = 1000,
        batch_size: int = 32,
        device: torch.device | str | None = None,
    ):
        super().__init__(batch_size, device)
        self.w, self.b, self.noise = w, b, noise
        self.num_train, self.num_val = num_train, num_val
        self.X, self.y = self._draw(num_train + num_val)
        self._test = self._draw(num_val)

    def load(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """`X` (n, d) and `y` (n, 1)."""
        if split == "test":
            return self._test
        rows = slice(self.num_train) if split == "train" else slice(self.num_train, None)
        return self.X[rows], self.y[rows]

    def _draw(self, num_rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        w = torch.as_tensor(self.w).cpu()  # drawn on the CPU, so that a seed gives the same data on every device
        X = torch.randn(num_rows, len(w), dtype=w.dtype)
        noise = torch.randn(num_rows, 1, dtype=w.dtype) * self.noise
        y = X @ w.reshape(-1, 1) + torch.as_tensor(self.b).cpu() + noise
        return X.to(self.device), y.to(self.device)
