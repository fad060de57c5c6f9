"""The data modules: three different splits on the device, statistics from the training split, files as published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

import gradus.datasets
from gradus import Diabetes, Digits, FashionMNIST, Penguins, SyntheticRegression, Trainer, d2l
from gradus.data_modules import TensorData
from gradus.datasets import (
    DIABETES_FEATURES,
    PENGUIN_FEATURES,
    answers_table,
    diabetes_tables,
    penguins_table,
    small,
)

FILES = Path(gradus.datasets.__file__).parent / "files"
CHECKSUMS = {
    "penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93",
    "diabetes.csv": "36e3fd6f8158bdc41f916d8989653227e5a5dd506c508de3f33febb48213e641",
    "digits.csv.gz": "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
    "answers.csv.gz": "04e50223210a3256df816ec2d1671c3b9731f910c01cf9c665d783239b4bb742",
    "course.txt.gz": "ea23e96509868361f4517108c4f57110e0c2914d10407a4c2d1a5174020c4aee",
}


def _line(num_val: int = 50) -> SyntheticRegression:
    return SyntheticRegression(w=torch.tensor([2.0, -3.4]), b=4.2, num_train=100, num_val=num_val)


MODULES = {"digits": Digits, "penguins": Penguins, "diabetes": Diabetes, "line": lambda **_: _line()}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_each_file_is_the_one_that_was_published(name: str) -> None:
    assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == CHECKSUMS[name]
    assert f"`{name}`" in (FILES / "SOURCES.md").read_text(encoding="utf-8")


def test_answers_are_from_one_to_six_and_each_column_has_its_sentence() -> None:
    sentences, table = answers_table()
    assert list(table) == list(sentences)
    assert table.shape == (2800, 25)
    assert set(np.unique(table.to_numpy()[table.notna()])) == {1, 2, 3, 4, 5, 6}
    assert table.isna().sum().sum() == 508


def test_what_is_under_another_licence_has_it_beside_it() -> None:
    licence = (FILES / "GPL-2.txt").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in licence
    assert "Version 2, June 1991" in licence


def test_the_penguins_come_with_their_missing_values() -> None:
    table = penguins_table()
    assert table.shape == (344, 8)
    assert table.isna().sum().to_dict() == {
        "species": 0, "island": 0, "bill_length_mm": 2, "bill_depth_mm": 2, "flipper_length_mm": 2, "body_mass_g": 2,
        "sex": 11, "year": 0,
    }  # fmt: skip
    assert table["species"].value_counts().to_dict() == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}


def test_the_patients_come_in_their_own_units() -> None:
    X, y = diabetes_tables()
    assert (X.shape, y.shape, tuple(X.columns)) == ((442, 10), (442,), DIABETES_FEATURES)
    assert (X["age"].min(), X["age"].max(), y.min(), y.max()) == (19, 79, 25, 346)
    assert not X.isna().any().any()


@pytest.mark.parametrize("name", MODULES)
def test_the_three_splits_are_different_and_together_the_whole(name: str) -> None:
    data = MODULES[name](batch_size=32, device="cpu")
    splits = [data.tensors(split) for split in ("train", "val", "test")]
    whole = torch.cat([X.flatten(1) for X, _ in splits])
    sizes = {"digits": [1078, 359, 360], "penguins": [205, 68, 69], "diabetes": [265, 88, 89], "line": [100, 50, 50]}
    assert [len(y) for _, y in splits] == sizes[name]
    assert len(whole.unique(dim=0)) >= len(whole) - 1  # two penguins were measured alike
    loaders = (data.train_dataloader(), data.val_dataloader(), data.test_dataloader())
    assert [sum(len(y) for _, y in loader) for loader in loaders] == sizes[name]


@pytest.mark.parametrize("name", ["penguins", "diabetes"])
def test_statistics_are_the_training_splits_alone(name: str) -> None:
    data = MODULES[name](device="cpu")
    X, _ = data.tensors("train")
    assert torch.allclose(X.mean(0), torch.zeros(X.shape[1]), atol=1e-5)
    assert torch.allclose(X.std(0, correction=0), torch.ones(X.shape[1]), atol=1e-5)
    for split in ("val", "test"):
        held_out = data.tensors(split)[0]
        assert held_out.mean(0).abs().max() > 0.02  # would be zero, had it been standardised by itself or with all
    assert X.dtype == torch.float32


def test_standardising_can_be_undone_to_the_measured_values() -> None:
    measured = penguins_table().dropna(subset=list(PENGUIN_FEATURES))[list(PENGUIN_FEATURES)].to_numpy()
    train = measured[small._rows(len(measured), "train")]
    test = measured[small._rows(len(measured), "test")]
    X, _ = Penguins(device="cpu").tensors("test")
    assert np.allclose(X.numpy() * train.std(0) + train.mean(0), test, atol=1e-2)


def test_shapes_and_dtypes_are_as_documented() -> None:
    shapes = {}
    for module in (Digits, Penguins, Diabetes):
        X, y = next(iter(module(batch_size=16, device="cpu").train_dataloader()))
        shapes[module.__name__] = (tuple(X.shape), X.dtype, tuple(y.shape), y.dtype)
    assert shapes == {
        "Digits": ((16, 1, 8, 8), torch.float32, (16,), torch.int64),
        "Penguins": ((16, 4), torch.float32, (16,), torch.int64),
        "Diabetes": ((16, 10), torch.float32, (16, 1), torch.float32),
    }
    digits = Digits(device="cpu").tensors("train")[0]
    assert (float(digits.min()), float(digits.max())) == (0.0, 1.0)


@pytest.mark.parametrize("name", MODULES)
def test_an_unknown_split_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="choose 'train', 'val' or 'test'"):
        MODULES[name](device="cpu").tensors("validation")


def test_every_species_is_in_every_split() -> None:
    for split in ("train", "val", "test"):
        assert Penguins(device="cpu").tensors(split)[1].unique().tolist() == [0, 1, 2]


def test_a_seed_gives_d2ls_own_synthetic_data() -> None:
    torch.manual_seed(7)
    theirs = d2l.SyntheticRegressionData(w=torch.tensor([2.0, -3.4]), b=4.2, num_train=100, num_val=50)
    torch.manual_seed(7)
    ours = _line()
    assert torch.equal(ours.X.cpu(), theirs.X)
    assert torch.equal(ours.y.cpu(), theirs.y)
    X, y = ours.tensors("test")
    assert not torch.isin(X, ours.X).any()
    assert torch.allclose(y.flatten(), X @ torch.tensor([2.0, -3.4], device=X.device) + 4.2, atol=0.1)


def test_d2ls_models_learn_from_them() -> None:
    torch.manual_seed(1)
    assert Trainer(2).fit(d2l.LinearRegression(lr=0.3), _line()).val["loss"][-1] < 0.5
    penguins, model = Penguins(batch_size=16), d2l.SoftmaxRegression(num_outputs=3, lr=0.1)
    trainer = Trainer(10)
    trainer.fit(model, penguins)
    assert trainer.test(model, penguins)["acc"] > 0.9


def test_a_split_is_held_once_and_on_the_device() -> None:
    data = FashionMNIST(batch_size=8, device="cpu")
    first, second = data.val_dataloader(), data.val_dataloader()
    assert first.tensors[0].data_ptr() == second.tensors[0].data_ptr()
    assert first.tensors[0].dtype == torch.uint8


def test_a_subclass_without_load_is_told_what_to_write() -> None:
    with pytest.raises(NotImplementedError, match=r"TensorData\.load"):
        TensorData(device="cpu").tensors("train")
