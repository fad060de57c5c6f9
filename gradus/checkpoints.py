"""A run on disk: written whole or not at all, and read without running any code that it may hold."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradus.errors import GradusError
from gradus.modules import plain_parameters

_FORMAT = 1


def parameters_of(model: nn.Module) -> dict[str, Any]:
    """A copy of everything that `model` has learned: its `state_dict`, and the tensors that this does not know of."""
    plain = {name: tensor.detach() for name, tensor in plain_parameters(model)}
    return copy.deepcopy({"state": model.state_dict(), "plain": plain})


def set_parameters(model: nn.Module, parameters: dict[str, Any]) -> None:
    """Put back what `parameters_of` copied; a lazy layer that has seen no data yet takes its shape from it.

    Raises:
        RuntimeError: names or shapes are those of another model.
    """
    model.load_state_dict(parameters["state"])
    here = dict(plain_parameters(model))
    if here.keys() != parameters["plain"].keys():
        raise RuntimeError(f"parameters {sorted(parameters['plain'])}, and the model has {sorted(here)}")
    with torch.no_grad():
        for name, tensor in here.items():
            tensor.copy_(parameters["plain"][name])


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write `content` (tensors, numbers, text, and lists and dictionaries of these) in one step.

    Raises:
        GradusError: it cannot be written there.
    """
    part = path.with_name(f".{path.name}.part")  # of a run that was killed, it is overwritten by the next
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"format": _FORMAT, **content}, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError when the disk is full
        raise GradusError(f"{path}: the checkpoint cannot be written ({str(error).splitlines()[0]}).") from error


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """What `write_checkpoint` wrote, on the CPU; `None` when there is no such file.

    Raises:
        GradusError: the file is damaged, or is not a checkpoint of this version.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise GradusError(f"{path}: cannot be read as a checkpoint ({reason}); delete it to start again.") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise GradusError(f"{path}: is not a checkpoint of this version of Gradus; delete it to start again.")
    return content
