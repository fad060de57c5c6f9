"""One seed for everything that draws, and the state of all of it as plain values."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from gradus.misuse import whole_number


def seed_everything(seed: int) -> None:
    """Seed Python's `random`, NumPy and torch (CPU and GPU), and let cuDNN choose only algorithms that repeat.

    The same seed then gives the same numbers on the same machine with the same versions. Another device or another
    number of threads adds in another order, so the last digits may differ there.

    Raises:
        ValueError: `seed` is not from 0 to 2**32 - 1, which is what NumPy takes.
    """
    seed = whole_number("seed", seed, 0, 2**32 - 1)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # every device
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def random_state() -> dict[str, Any]:
    """Where every generator stands, in tensors, numbers and text alone; `set_random_state` puts them back."""
    name, keys, *rest = np.random.get_state()
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": (str(name), np.asarray(keys).tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Put every generator where `random_state` found it; a device that is not here is left out."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
