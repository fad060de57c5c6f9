"""Data sets as files and tensors. The `DataModule`s on top of them are in `gradus.data_modules`."""

from gradus.datasets.fashion_mnist import FASHION_MNIST_LABELS, fashion_mnist_tensors
from gradus.datasets.fetch import cache_folder

__all__ = ["FASHION_MNIST_LABELS", "cache_folder", "fashion_mnist_tensors"]
