"""Which written answers are the same, and which nearly: so that who marks reads them one after another."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Mapping
from typing import TypeVar

NEAR = 0.6  # of the pieces of two answers that both have: their Jaccard similarity
_PIECE = 5  # characters
_MOST = 20_000  # characters of an answer that are compared; two that are longer are equal only when all of it is

Key = TypeVar("Key", bound=Hashable)


def normalised(text: str) -> str:
    """The text without what does not change what it says: case, white space, and forms of the same character."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def families(texts: Mapping[Key, str]) -> list[list[list[Key]]]:
    """Equal answers as groups, and groups that are nearly equal as families.

    A family is what is near to the group that it began with: the largest that was left. So two of a family are not far
    apart, and no chain of small differences joins what has nothing in common. Larger families come first; in a
    family, larger groups; the keys of a group are as they come.
    """
    groups: dict[str, list[Key]] = {}
    for key, text in texts.items():
        groups.setdefault(normalised(text), []).append(key)
    begun: list[tuple[frozenset[str], list[list[Key]]]] = []
    for text, keys in sorted(groups.items(), key=lambda item: -len(item[1])):
        pieces = _pieces(text)
        family = next((groups for first, groups in begun if _similarity(first, pieces) >= NEAR), None)
        if family is None:
            begun.append((pieces, [keys]))
        else:
            family.append(keys)
    return sorted((family for _, family in begun), key=lambda family: -sum(map(len, family)))


def _pieces(text: str) -> frozenset[str]:
    text = text[:_MOST]
    return frozenset(text[start : start + _PIECE] for start in range(max(1, len(text) - _PIECE + 1)))


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    if min(len(one), len(other)) < NEAR * max(len(one), len(other)):
        return 0.0  # they cannot be near
    both = len(one & other)
    return both / (len(one) + len(other) - both)
