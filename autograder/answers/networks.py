"""What can be told of a network in plain values: its layers, what they multiply, what it predicts.

In a submission's process, of a network that is the student's; what follows from it is found out elsewhere.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

MULTIPLYING = (nn.Linear, nn.Conv2d)


def layers(network: nn.Module) -> list[list[list[int]]]:
    """The shapes of the parameters that each layer holds itself, in the order of `modules()`.

    Layers without are left out. A parameter that several layers hold is the first one's.
    """
    seen: set[int] = set()
    found = []
    for layer in network.modules():
        own = [each for each in layer.parameters(recurse=False) if id(each) not in seen]
        seen.update(id(each) for each in own)
        if own:
            found.append([list(each.shape) for each in own])
    return found


def calls(network: nn.Module, batch: torch.Tensor) -> list[list[list[int]]]:
    """The shapes of weight and result, for each call of a linear or convolutional layer in one pass forward."""
    found: list[list[list[int]]] = []

    def note(layer: nn.Module, given: Any, result: torch.Tensor) -> None:
        found.append([list(layer.weight.shape), list(result.shape)])  # type: ignore[arg-type]

    hooks = [each.register_forward_hook(note) for each in network.modules() if isinstance(each, MULTIPLYING)]
    try:
        with torch.no_grad():
            network.eval()(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def predictions(predict: Callable[[torch.Tensor], Any], images: torch.Tensor, labels: torch.Tensor) -> list[list[int]]:
    """The labels, and the classes that `predict` gives the images."""
    return [labels.tolist(), [int(each) for each in predict(images)]]


def with_weights(network: nn.Module, weights: str) -> nn.Module:
    """A network with the weights that `weights_of` made text of.

    Raises:
        ValueError: they are another network's.
    """
    stored = np.frombuffer(zlib.decompress(base64.b85decode(weights)), dtype=np.float16)
    places = [each for each in network.state_dict().values() if each.is_floating_point()]
    if sum(each.numel() for each in places) != len(stored):
        raise ValueError("these are the weights of another network")
    for place in places:
        part, stored = stored[: place.numel()], stored[place.numel() :]
        place.copy_(torch.from_numpy(part.astype(np.float32)).reshape(place.shape))
    return network


def weights_of(network: nn.Module) -> str:
    """The numbers in a network's state, in half precision, as text."""
    stored = [
        each.numpy().astype(np.float16).ravel() for each in network.state_dict().values() if each.is_floating_point()
    ]
    return base64.b85encode(zlib.compress(np.concatenate(stored).tobytes(), 9)).decode("ascii")
