"""Text that came from a stranger, or goes to a stream of any encoding, made fit to be printed."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # of letters, in Persian and Hindi: a name needs them
_PLAINER = {"→": "->", "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "≤": "<=", "≥": ">="}
_HANDLER = "gradus-plainer"


def printable(text: str) -> str:
    """`text` with every character that could steer a terminal, or that is not one, made visible; newlines stay.

    Escapes, half characters and marks that turn the direction of writing become what Python would write for them, and
    so does a byte of a file's name that is no text.
    """
    return "".join(char if char == "\n" else _visible(char) for char in text)


def on_one_line(text: str) -> str:
    """As `printable`, newlines too: a file's name, or what stands in a table or a list."""
    return "".join(map(_visible, text))


def some_of(names: Sequence[str], most: int = 12) -> str:
    """Names for a sentence: the first of many, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _visible(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    byte = ord(char) - 0xDC00  # so `os.fsdecode` writes a byte that is no text
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else ascii(char)[1:-1]


def for_stdout(text: str) -> str:
    """`text` in characters that standard output has, the others as `print_in_any_encoding` writes them."""
    codecs.register_error(_HANDLER, _plainer)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a notebook's stream has none, and takes all
    return text.encode(encoding, _HANDLER).decode(encoding)


def print_in_any_encoding() -> None:
    """Let nothing that is printed end in an error: a Windows code page, for example, has no arrow, so it gets `->`."""
    codecs.register_error(_HANDLER, _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not what a test or a notebook puts in its place
            stream.reconfigure(errors=_HANDLER)


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAINER.get(char, "?") for char in error.object[error.start : error.end]), error.end
