"""The JSON in a file that should be a notebook, as editors, servers and full disks leave it; or what it is instead."""

from __future__ import annotations

import json
from typing import Any

NOTHING = b"\0 \t\r\n"  # bytes that say nothing; zeros are what a disk that ran full leaves
_OTHERS = {
    b"pk\x03\x04": "a zip archive or an office document", b"\x1f\x8b": "a gzip archive", b"rar!": "an archive",
    b"7z\xbc\xaf": "an archive", b"%pdf": "a PDF", b"{\\rtf": "a text document", b"<": "a web page",
    b"# in[": "a Python script", b"# %%": "a Python script", b"#!": "a script", b"import ": "a Python script",
    b"from ": "a Python script", b"version https://git-lfs": "a pointer of Git LFS", b"\x89png": "a picture",
    b"\xff\xd8\xff": "a picture",
}  # fmt: skip


def loaded(data: bytes) -> Any:
    """The JSON in `data`: in an encoding of Windows too, with zeros or the end of an older, longer file behind it, with
    tabs in its texts, or inside what a server wraps it in.

    Raises:
        ValueError, RecursionError: there is none.
    """
    try:
        raw = json.loads(data)
    except UnicodeDecodeError:
        raw = json.loads(_decoded(data))
    except json.JSONDecodeError as error:
        raw = _first_in(data, error)
    if isinstance(raw, str):  # written as JSON twice
        raw = json.loads(raw)
    if isinstance(raw, dict) and raw.get("type") == "notebook" and isinstance(raw.get("content"), dict):
        return raw["content"]  # as Jupyter's server sends it to a browser
    return raw


def _first_in(data: bytes, error: json.JSONDecodeError) -> Any:
    """The notebook with which a file begins: what is behind it was not taken away when it was saved over a longer one.

    Raises:
        JSONDecodeError: `error`; the file begins with no notebook.
    """
    text = data.decode(json.detect_encoding(data), "surrogatepass")
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    try:
        raw, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except ValueError:
        raise error from None
    if isinstance(raw, dict) and isinstance(raw.get("cells"), list):
        return raw
    raise error


def _decoded(data: bytes) -> str:
    """Text that is no UTF-8: damaged, where other characters are; else in the encoding of Windows in the West."""
    text = data.decode("utf-8", "replace")
    damaged = any(not char.isascii() and char != "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if damaged else data.decode("cp1252", "replace")


def instead(data: bytes, error: Exception) -> str:
    """What a file is in which there is no JSON, and the cure; the words follow "is".

    Args:
        error: what `loaded` raised.
    """
    if data.lstrip().startswith(b"<<<<<<<") or b"\n<<<<<<< " in data:
        return "not a notebook: it holds a merge conflict of git. Resolve it and hand in again."
    start = data[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    other = next((what for begins, what in _OTHERS.items() if start.startswith(begins)), None)
    if other is not None:
        return f"not a notebook: it is {other}. Hand in the .ipynb file that Jupyter saved."
    where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return f"not a notebook: it is not valid JSON{where}. Open yours in Jupyter, save it, and hand that in."
