"""Code as formgrader shows it: in colours, as far as these take no time to speak of.

Formgrader draws a notebook while the whole server waits, and Pygments takes a second for fifty thousand characters that
somebody chose, or minutes where they stand in one line.
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from typing import Any

LONGEST = 20_000  # characters of a cell
LONGEST_LINE = 1_000
AT_ONCE, SHARE = 3.0, 0.3  # seconds that colours may take, and how much of each second that passes is added to these


class Colours:
    """Highlights code until it has taken its time; what comes then is plain, until some time has passed.

    Args:
        draw: highlights code.
        clock: for tests.
    """

    def __init__(self, draw: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._draw, self._clock = draw, clock
        self._left, self._at = AT_ONCE, clock()

    def __call__(self, source: str) -> str:
        now = self._clock()
        self._left, self._at = min(AT_ONCE, self._left + SHARE * (now - self._at)), now
        longest = max(map(len, source.splitlines()), default=0)
        if self._left <= 0 or len(source) > LONGEST or longest > LONGEST_LINE:
            return f'<div class="highlight"><pre>{html.escape(source)}</pre></div>'
        drawn = self._draw(source)
        now = self._clock()
        self._left, self._at = self._left - (now - self._at), now
        return drawn


_colours: Colours | None = None


def highlighted(source: str, language: str | None = None, metadata: Any = None) -> str:
    """The filter `highlight_code` of nbconvert, for formgrader."""
    global _colours
    if _colours is None:
        from nbconvert.filters import Highlight2HTML

        _colours = Colours(Highlight2HTML(pygments_lexer="ipython3"))
    return _colours(source)


def as_it_is(text: str) -> str:
    """In the place of nbconvert's `strip_files_prefix`, which looks from each bracket to the end of its line."""
    return text
