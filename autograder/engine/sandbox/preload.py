"""What a warm process should import before it forks: whatever the notebooks to come would import, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

PRELOAD = ("numpy", "torch", "torch.nn.functional", "gradus.check", "gradus.datasets.fashion_mnist")
# Words of a notebook, what it says with one of them, and what is then worth importing once for all. The patterns meet
# hostile text, outside of any sandbox: each must end in linear time.
_PRELOAD_FOR = (
    (
        ("matplotlib",),
        re.compile(r"%matplotlib|\b(?:import|from) +matplotlib\b"),
        ("matplotlib.pyplot", "matplotlib_inline.backend_inline"),
    ),
    (("pandas",), re.compile(r"\b(?:import|from) +pandas\b|, *pandas +as\b"), ("pandas",)),
    (  # The first default device or deterministic flag imports it, which takes seconds.
        ("_dynamo", "set_default_device", "deterministic_algo"),
        re.compile(r"_dynamo|set_default_device|deterministic_algo"),
        ("torch._dynamo",),
    ),
    (
        ("d2l", "from gradus import"),
        re.compile(r"\bd2l\b(?!==)|from gradus import"),
        ("gradus.torch_d2l", "gradus.trainer", "gradus.data_modules"),
    ),
)
_AROUND = 40  # characters on either side of a word that its pattern may need
_MOST = 1_000  # places of a word; a text with more of them is made of it


def preload_for(sources: Iterable[str]) -> tuple[str, ...]:
    """What a warm process should import for notebooks with these cells (those of the solution will do).

    Importing more is not wrong, but each page in memory makes each fork slower; importing less costs every submission.
    """
    text = "\n".join(sources)
    wanted = list(PRELOAD)
    for words, pattern, modules in _PRELOAD_FOR:
        if any(pattern.search(around) for word in words for around in _surroundings(word, text)):
            wanted += modules
    return tuple(dict.fromkeys(wanted))


def _surroundings(word: str, text: str) -> Iterator[str]:
    """The pieces of `text` in which `word` stands: a pattern is slow on the whole of a notebook."""
    at = text.find(word)
    for _ in range(_MOST):
        if at < 0:
            return
        yield text[max(0, at - _AROUND) : at + len(word) + _AROUND]
        at = text.find(word, at + len(word))
