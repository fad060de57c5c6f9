"""What each data set is made of, where it can come from, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataFile:
    """One file of a data set, as it lies unpacked in the cache."""

    name: str
    size: int  # bytes
    sha256: str  # of the unpacked bytes: archives of the same data differ in their headers


@dataclass(frozen=True)
class DataSet:
    """A data set and every place that it can be had from, nearest first."""

    name: str
    folder: str  # below the cache folder, as torchvision lays it out
    files: tuple[DataFile, ...]  # each is offered as `NAME.gz` by every source
    system_folder: str  # where a system package puts the archives
    system_package: str
    mirrors: tuple[str, ...]  # addresses that end in a slash
    licence: str


FASHION_MNIST = DataSet(
    name="Fashion-MNIST",
    folder="FashionMNIST/raw",
    files=(
        DataFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        DataFile("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        DataFile(
            "t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        DataFile("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ),
    system_folder="/usr/share/datasets/fashion-mnist",
    system_package="dataset-fashion-mnist",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    licence="MIT, Zalando SE (Xiao, Rasul and Vollgraf, 2017)",
)

DATA_SETS = (FASHION_MNIST,)
