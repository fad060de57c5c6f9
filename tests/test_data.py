"""The data chain: nearest source first, verified, whole or not at all, and one sentence when nothing has it."""

from __future__ import annotations

import gzip
import hashlib
import multiprocessing
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradus.datasets import fashion_mnist
from gradus.datasets import fetch as fetch_module
from gradus.datasets.catalog import FASHION_MNIST, DataFile, DataSet
from gradus.datasets.fetch import data_folder, fetch, missing_files
from gradus.errors import GradusError

CONTENT = {"images": b"pixels" * 1000, "labels": b"classes" * 10}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """A data set of two small files, offered by a 'system folder' only, with an empty cache."""
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(fetch_module, "_AT_FIRST", None)
    monkeypatch.setattr(fetch_module.shutil, "which", lambda name: None)  # no apt
    system = tmp_path / "system"
    system.mkdir()
    for name, content in CONTENT.items():
        (system / f"{name}.gz").write_bytes(gzip.compress(content))
    files = tuple(DataFile(name, len(c), hashlib.sha256(c).hexdigest()) for name, c in CONTENT.items())
    return DataSet("Small", "Small/raw", files, str(system), "dataset-small", (), "public domain")


def test_files_come_from_the_system_folder_unpacked(small: DataSet) -> None:
    folder = fetch(small)
    assert folder == data_folder(small)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


@pytest.mark.parametrize("elsewhere", ["nowhere", "a file", "empty", "gone"])
def test_a_notebook_that_names_another_folder_finds_what_was_there_at_first(
    small: DataSet, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_first = fetch(small)
    monkeypatch.setattr(fetch_module, "_AT_FIRST", str(tmp_path / "cache"))
    (tmp_path / "a file").write_text("")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / elsewhere))
    if elsewhere == "gone":
        monkeypatch.delenv("GRADUS_DATA")
        monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nobody"))
    assert missing_files(small) == []
    assert fetch(small) == data_folder(small) == at_first


def test_another_folder_that_has_the_data_is_used(
    small: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(small)
    monkeypatch.setattr(fetch_module, "_AT_FIRST", str(tmp_path / "nowhere"))
    assert fetch(small) == tmp_path / "cache" / small.folder


def test_an_archive_that_somebody_put_into_the_cache_is_used(small: DataSet) -> None:
    folder = data_folder(small)
    folder.mkdir(parents=True)
    for archive in Path(small.system_folder).glob("*.gz"):
        shutil.move(archive, folder / archive.name)
    fetch(small)
    assert missing_files(small, verify=True) == []


def test_a_damaged_file_is_found_and_replaced(small: DataSet) -> None:
    damaged = fetch(small) / "images"
    damaged.write_bytes(CONTENT["images"].replace(b"p", b"q"))  # the same size
    assert missing_files(small) == []
    assert [file.name for file in missing_files(small, verify=True)] == ["images"]
    fetch(small, verify=True)
    assert damaged.read_bytes() == CONTENT["images"]


DAMAGED = {"other": gzip.compress(b"something else"), "bytes": b"not gzip", "cut": gzip.compress(b"x" * 99)[:-9]}


@pytest.mark.parametrize("archive", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_is_refused_and_the_next_source_asked(small: DataSet, archive: bytes) -> None:
    folder = data_folder(small)
    folder.mkdir(parents=True)
    (folder / "images.gz").write_bytes(archive)
    fetch(small)
    assert missing_files(small, verify=True) == []


def test_when_nothing_has_it_the_error_names_files_folder_and_cure(small: DataSet) -> None:
    shutil.rmtree(small.system_folder)
    with pytest.raises(GradusError) as raised:
        fetch(small)
    message = str(raised.value)
    for needed in ("images.gz", "labels.gz", str(data_folder(small)), "GRADUS_DATA", "apt install dataset-small"):
        assert needed in message


def test_nothing_is_downloaded_where_that_is_not_wanted(small: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(fetch_module.shutil, "which", lambda name: name)
    shutil.rmtree(small.system_folder)
    with pytest.raises(GradusError, match="not found anywhere"):
        fetch(replace(small, mirrors=("http://127.0.0.1:9/",)), say=tried.append, download=False)
    assert [line.partition(": ")[2] for line in tried] == [f"archives in {data_folder(small)}", small.system_folder]


def test_a_mirror_out_of_reach_is_one_sentence(small: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(small.system_folder)
    with pytest.raises(GradusError, match="cannot be reached"):
        fetch(replace(small, mirrors=("http://127.0.0.1:9/",)))


def test_an_unwritable_cache_is_one_sentence(small: DataSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "file"))
    with pytest.raises(GradusError, match="cannot write to"):
        fetch(small)


def _fetch_fashion_mnist(_: int) -> bool:
    fetch(FASHION_MNIST)
    return not missing_files(FASHION_MNIST, verify=True)


@pytest.mark.slow("four Pythons at once")
def test_processes_at_once_all_end_with_whole_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = data_folder(FASHION_MNIST)
    fetch(FASHION_MNIST)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    folder = data_folder(FASHION_MNIST)
    folder.mkdir(parents=True)
    for file in FASHION_MNIST.files:
        (folder / f"{file.name}.gz").write_bytes(gzip.compress((real / file.name).read_bytes(), compresslevel=1))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_fetch_fashion_mnist, range(3)) == [True] * 3
    assert list(folder.glob(".part-*")) == []


def test_a_process_killed_half_way_leaves_nothing_that_counts(small: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fetch_module.os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(small)
    assert len(missing_files(small)) == 2
    fetch(small)
    assert missing_files(small, verify=True) == []


def test_leftovers_of_a_killed_process_are_removed(small: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = data_folder(small)
    folder.mkdir(parents=True)
    (folder / ".part-old").write_bytes(b"half")
    monkeypatch.setattr(fetch_module.time, "time", lambda: (folder / ".part-old").stat().st_mtime + 7200)
    fetch(small)
    assert not (folder / ".part-old").exists()


def test_torchvision_finds_the_same_files() -> None:
    import gradus.torch_d2l  # noqa: F401  (torchvision can be imported beside any build of torch then)

    torchvision = pytest.importorskip("torchvision")
    folder = fetch(FASHION_MNIST)
    theirs = torchvision.datasets.FashionMNIST(root=str(folder.parent.parent), train=False, download=False)
    images, labels = fashion_mnist.fashion_mnist_bytes("test")
    assert torch.equal(theirs.data, images[:, 0])
    assert torch.equal(theirs.targets, labels)


def test_the_three_splits_are_different_sets_of_the_stated_sizes() -> None:
    sizes = {split: fashion_mnist.fashion_mnist_tensors(split)[0].shape for split in ("train", "val", "test")}
    assert sizes == {"train": (55_000, 1, 28, 28), "val": (5_000, 1, 28, 28), "test": (10_000, 1, 28, 28)}
    X, y = fashion_mnist.fashion_mnist_tensors("val")
    assert (X.dtype, y.dtype) == (torch.float32, torch.int64)
    assert (float(X.min()), float(X.max())) == (0.0, 1.0)
    assert y.unique().tolist() == list(range(10))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_the_first_images_of_a_split_can_be_had_alone(split: fashion_mnist.Split) -> None:
    X, y = fashion_mnist.fashion_mnist_tensors(split)
    first, labels = fashion_mnist.fashion_mnist_tensors(split, count=70)
    assert torch.equal(first, X[:70])
    assert torch.equal(labels, y[:70])


@pytest.mark.parametrize("count", [0, -1, 5_001])
def test_more_images_than_there_are_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="'val' has 5,000 images"):
        fashion_mnist.fashion_mnist_tensors("val", count=count)


def test_a_split_can_be_read_where_the_files_of_another_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, there = tmp_path / FASHION_MNIST.folder, fetch(FASHION_MNIST)
    folder.mkdir(parents=True)
    for file in there.glob("train-*-ubyte"):
        (folder / file.name).symlink_to(file)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    assert len(fashion_mnist.fashion_mnist_tensors("train", count=3)[0]) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="choose 'train', 'val' or 'test'"):
        fashion_mnist.fashion_mnist_tensors("validation")  # type: ignore[arg-type]
