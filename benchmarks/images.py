"""Where the images of a benchmark come from on a machine without a network, and how d2l comes by an example.

Fashion-MNIST is taken from the cache, from the system package's folder, or from `_build/gpu-kit`, which
`python benchmarks/gpu.py --pack` makes to be carried along. Where none has it, images of the same shape are made up:
ten patterns, moved and noisy, in files that are read as Fashion-MNIST's are. They say how fast a machine is, and
nothing about Fashion-MNIST.
"""

from __future__ import annotations

import gzip
import os
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gradus.datasets.catalog import FASHION_MNIST
from gradus.datasets.fetch import data_folder, fetch, missing_files
from gradus.errors import GradusError

KIT = Path(__file__).resolve().parent.parent / "_build" / "gpu-kit"
REAL, MADE_UP = "Fashion-MNIST", "made-up images of the same shape"
_SIZES = {"train": 60_000, "t10k": 10_000}


def find_images(scratch: Path) -> str:
    """Make sure that the course's readers find images, without a download; gives `REAL` or `MADE_UP`.

    Args:
        scratch: a folder for what is unpacked or made up; `GRADUS_DATA` is set to it then.
    """
    if not missing_files(FASHION_MNIST):
        return REAL
    os.environ["GRADUS_DATA"] = str(scratch)
    for place in (Path(FASHION_MNIST.system_folder), KIT / FASHION_MNIST.folder):
        if all((place / f"{file.name}.gz").is_file() for file in FASHION_MNIST.files):
            try:
                fetch(replace(FASHION_MNIST, system_folder=str(place)), download=False)
                return REAL
            except GradusError:  # damaged: as if it were not there
                continue
    make_up(data_folder(FASHION_MNIST))
    return MADE_UP


def make_up(folder: Path) -> None:
    """Write files of the names, sizes and layout of Fashion-MNIST's: the same ones each time."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    patterns = draw.random((10, 7, 7)).repeat(4, axis=1).repeat(4, axis=2).astype(np.float32)
    for stem, count in _SIZES.items():
        labels = draw.integers(0, 10, count, dtype=np.uint8)
        moved = np.stack([np.roll(patterns, tuple(step), axis=(1, 2)) for step in draw.integers(-3, 4, (16, 2))])
        images = 150 * moved[draw.integers(0, 16, count), labels]
        images += draw.normal(50, 40, (count, 28, 28)).astype(np.float32)
        heads = {"images": struct.pack(">4i", 2051, count, 28, 28), "labels": struct.pack(">2i", 2049, count)}
        contents = {"images": images.clip(0, 255).astype(np.uint8), "labels": labels}
        for part, head in heads.items():
            path = folder / f"{stem}-{part}-idx{3 if part == 'images' else 1}-ubyte"
            path.write_bytes(head + contents[part].tobytes())


def pack_kit() -> Path:
    """Put Fashion-MNIST and d2l into `KIT`, for a machine that has neither and reaches nothing."""
    import d2l

    raw = KIT / FASHION_MNIST.folder
    raw.mkdir(parents=True, exist_ok=True)
    for file in FASHION_MNIST.files:
        content = (fetch(FASHION_MNIST) / file.name).read_bytes()
        (raw / f"{file.name}.gz").write_bytes(gzip.compress(content, compresslevel=6, mtime=0))
    shutil.copytree(Path(d2l.__file__).parent, KIT / "d2l", ignore=shutil.ignore_patterns("__*__"), dirs_exist_ok=True)
    shutil.copy(d2l.__file__, KIT / "d2l")
    return KIT


def published(train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The 60,000 or the 10,000 images as they are published: (n, 1, 28, 28) uint8, and their labels (n,) int64."""
    from gradus.datasets.fashion_mnist import fashion_mnist_bytes

    splits = [fashion_mnist_bytes(split) for split in (("train", "val") if train else ("test",))]
    images, labels = (torch.cat(parts) for parts in zip(*splits, strict=True))
    return images, labels


class Images(torch.utils.data.Dataset):
    """Images of bytes (n, 1, height, width) and their labels, each made a PIL image and a tensor when it is asked for,
    as torchvision's data sets do it."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.data, self.targets = images[:, 0], labels

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.data[place].numpy())
        pixels = torch.from_numpy(np.array(image, copy=True)).view(image.size[1], image.size[0], 1)
        return pixels.permute((2, 0, 1)).contiguous().to(torch.float32).div(255), int(self.targets[place])
