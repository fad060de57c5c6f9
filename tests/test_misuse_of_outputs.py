"""More that is handed to a trainer by mistake: each is one sentence with the cure."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from gradus import Classifier, Digits, Trainer


class Linear(Classifier):
    def __init__(self, lr: Any = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.network(X)


class NoForward(Linear):
    forward = Classifier.forward


class Classes(Linear):
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.network(X).argmax(dim=1)


class AssertsOnItsOwn(Linear):
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        assert X.shape == (), "a scalar is needed"
        return X


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (NoForward, "neither `forward` nor self.net: write forward"),
        (Classes, "takes what the network gives, not the classes"),
        (lambda: Linear([0.1, 0.01]), "one number for a learning rate"),
        (lambda: Linear((0.1,)), "one number for a learning rate"),
        (lambda: Linear({"W": 0.1}), "one number for a learning rate"),
        (lambda: Linear(None), "one number for a learning rate"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_cure(model: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        Trainer(1).fit(model(), Digits())
    assert "\n" not in str(refused.value)


def test_an_assertion_of_the_students_own_keeps_its_words() -> None:
    with pytest.raises(AssertionError, match="a scalar is needed"):
        Trainer(1).fit(AssertsOnItsOwn(), Digits())
