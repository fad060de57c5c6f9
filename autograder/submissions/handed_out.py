"""What one student was given, which need not be what is released today: a slip in a visible test may be mended since.

A release carries its frame in its metadata, and so does every notebook that is made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gradus.notebook.frame import KEY, digest_of, recorded_frame

_FRAME = re.compile(rf'"{KEY}"\s*:\s*')


@dataclass(frozen=True)
class HandedOut:
    """The cells of a notebook as it was handed out; none where that is not known.

    A student can write a frame of their own, and gains a kinder sentence by it: what is run is today's release.
    """

    digests: Mapping[str, str] = field(default_factory=dict)  # by label, in order; of the sources of locked cells
    texts: frozenset[str] = frozenset()  # digests of the texts, which have no label

    def has_text(self, source: str) -> bool:
        """Whether a text cell with this source was among them."""
        return bool(self.texts) and digest_of({"source": source}) in self.texts

    def has(self, label: str, source: str) -> bool:
        """Whether a locked cell was given with this source."""
        return self.digests.get(label) == digest_of({"source": source})

    def on_missing(self, label: str, sort: str, otherwise: str) -> list[str]:
        """What to say of a cell that a submission does not have: `otherwise`, unless it was added since.

        Args:
            sort: "answer cell", "test cell", or "cell" for what tests need, of which nothing is said then.
        """
        if not self.digests or label in self.digests:
            return [otherwise]
        return [] if sort == "cell" else [f"{sort} `{label}` was added after this notebook was handed out"]

    def on_misplaced(self, released: list[str], otherwise: str) -> list[str]:
        """What to say of a cell in another place: `otherwise`, unless the release had another order then."""
        before = [label for label in self.digests if label in released]
        return [otherwise] if before == [label for label in released if label in self.digests] else []


NOT_KNOWN = HandedOut()


def frame_in(notebook: bytes) -> HandedOut:
    """What the notebook in a file says that it was handed out as. The file may hold anything."""
    text = notebook.decode("utf-8", "replace")
    starts = [found.end() for found in _FRAME.finditer(text)]
    if not starts:
        return NOT_KNOWN
    try:
        recorded, _ = json.JSONDecoder().raw_decode(text, starts[-1])  # the notebook's metadata stand behind its cells
        frame = recorded_frame({"metadata": {KEY: recorded}})
    except (ValueError, RecursionError):
        return NOT_KNOWN
    if frame is None:
        return NOT_KNOWN
    return HandedOut({cell.label: cell.digest for cell in frame.cells}, frame.texts)
