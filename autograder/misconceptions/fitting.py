"""What of a hint fits an answer: a sentence on code that its author never wrote would send them looking for it."""

from __future__ import annotations

import re

_CODE, _WORD = re.compile(r"`([^`]+)`"), re.compile(r"[A-Za-z_]\w*")
_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z`*])")


def fitting(hint: str, *texts: str) -> str:
    """The sentences of a hint whose code, in backticks, is somewhere in `texts`: the answer, and what was handed out.

    Code with names in it is there when each of the names is.
    """
    words = {word for text in texts for word in _WORD.findall(text)}

    def is_there(code: str) -> bool:
        names = set(_WORD.findall(code))
        return names <= words if names else any(code in text for text in texts)

    return " ".join(sentence for sentence in _END.split(hint) if all(map(is_there, _CODE.findall(sentence))))
