"""Minibatches of tensors that already live where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from gradus.misuse import whole_number

_AT_ONCE = 1 << 30  # bytes that a pass over data on a GPU may take beside them


class TensorLoader:
    """What `torch.utils.data.DataLoader` does for a data set that fits in memory, without its cost per example.

    A `DataLoader` collects a batch example by example in Python; this picks all rows of a batch with one operation,
    on the device. Iterating gives tuples of tensors, one row per example; the last batch may be smaller.

    Args:
        tensors: of equal length along the first axis, all on one device.
        batch_size: examples per batch.
        shuffle: draw a new order at each pass, from torch's global generator.
        transform: applied to the first tensor of every batch, for example to turn bytes into floats.

    Raises:
        ValueError: the lengths differ, there is no tensor, or `batch_size` is below one.
    """

    def __init__(
        self,
        *tensors: torch.Tensor,
        batch_size: int,
        shuffle: bool = False,
        transform: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ):
        if not tensors or len({len(tensor) for tensor in tensors}) != 1:
            raise ValueError(f"tensors must have one length, not {[len(tensor) for tensor in tensors]}")
        self.tensors = tensors
        self.batch_size = whole_number("batch_size", batch_size, least=1)
        self.shuffle = shuffle
        self.transform = transform

    def __len__(self) -> int:
        """Batches per pass."""
        return -(-len(self.tensors[0]) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        num_examples, device = len(self.tensors[0]), self.tensors[0].device
        tensors: Sequence[torch.Tensor] = self.tensors if num_examples else ()
        # The order is drawn on the CPU, so that a seed gives the same batches on every device.
        order = torch.randperm(num_examples).to(device) if self.shuffle and num_examples else None
        if order is not None and device.type != "cpu" and sum(t.nbytes for t in tensors) <= _AT_ONCE:
            # To a GPU a batch is little work, and asking for it takes longer: so it is asked once for the whole pass.
            tensors, order = [t.index_select(0, order) for t in tensors], None
        if order is None:
            batches = zip(*(t.split(self.batch_size) for t in tensors), strict=True)
        else:  # index_select copies whole rows, and takes a tenth of the time of tensor[rows]
            drawn = order.split(self.batch_size)
            batches = (tuple(t.index_select(0, rows) for t in tensors) for rows in drawn)  # type: ignore[assignment]
        for batch in batches:
            yield batch if self.transform is None else (self.transform(batch[0]), *batch[1:])
