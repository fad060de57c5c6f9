"""Which device to compute on."""

from __future__ import annotations

import torch


def pick_device(num_gpus: int | None = None) -> torch.device:
    """The device to compute on: CUDA, else Apple's MPS, else the CPU.

    Args:
        num_gpus: `None` takes what the machine has; `0` insists on the CPU; `1` insists on a GPU.

    Raises:
        RuntimeError: if a GPU is insisted on and there is none.
        ValueError: if more than one GPU is asked for; the course trains on one.
    """
    if num_gpus is not None and num_gpus not in (0, 1):
        raise ValueError(f"num_gpus={num_gpus}: the course trains on one device; pass 0, 1 or None")
    if num_gpus != 0:
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
    if num_gpus == 1:
        raise RuntimeError("num_gpus=1, but torch sees no GPU here; leave num_gpus out to train on the CPU")
    return torch.device("cpu")


def wait_for(device: torch.device) -> None:
    """Come back when `device` has done what it was given: a GPU works on while Python goes on, and a clock would not
    notice. On the CPU, nothing."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
