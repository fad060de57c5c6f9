"""Takes out of a graded notebook whatever could act on the person who looks at it, in formgrader or as feedback.

Outputs pass a list of what may stay: text, raster pictures, HTML through nh3. SVG becomes an image, which can neither
run scripts nor load anything. In the student's own text, HTML tags are made ordinary text, pictures come from
attachments only, and formulas cannot hold links. Text that is the release's own stays as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from typing import Any

from autograder.sanitise.markup import as_image, clean_html
from autograder.sanitise.texts import clean_text, with_short_lines, without_commands

MAX_LINES = 1000  # of a stream that are kept
_MOST_COLOURING = 1 << 28  # escapes times characters of a text: nbconvert copies the rest of it at each escape
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b")
_LONG_ESCAPE = re.compile(
    r"\x1b\[[^@-~\n]{60,}[@-~]?"
)  # no colour takes as much, and nbconvert the square of its length
_LONG = 4000  # characters of Markdown, of which some take the renderer minutes
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SIZES = ("width", "height")
_MOST_ALT = 300  # characters


def sanitise(cells: list[Any], trusted: Collection[str] = ()) -> None:
    """Clean the cells in place.

    Args:
        trusted: sources of text cells that the instructor wrote.
    """
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = clean_outputs(cell["outputs"])
            continue
        if "attachments" in cell:
            cell["attachments"] = _clean_attachments(cell["attachments"])
        if cell["source"] not in trusted:
            cell["source"] = clean_text(cell["source"], cell.get("attachments", ()))
            _try_to_render(cell["source"])


def as_code(text: str) -> str:
    """Text as Markdown that shows it as it was written, and takes no time to render."""
    lines = with_short_lines(text.replace("<", "< ")).splitlines()
    return "\n".join(f"    {line}" for line in lines) or "    "


def _try_to_render(markdown: str) -> None:
    """Take the time that every reader's program would take for a long text: who bounds this, bounds theirs."""
    if len(markdown) > _LONG:
        from nbconvert.filters.markdown_mistune import markdown2html_mistune

        markdown2html_mistune(markdown)


def clean_outputs(outputs: list[Any]) -> list[Any]:
    """Outputs of nbformat 4 with nothing in them that acts."""
    kept, lines = [], 0
    for output in outputs:
        if output["output_type"] == "stream":
            if lines > MAX_LINES:
                continue
            text = _coloured(output["text"]).split("\n", MAX_LINES - lines + 1)
            lines += len(text)
            if lines > MAX_LINES:
                text = [*text[: MAX_LINES - lines - 1], "... the rest is left out: too many lines ...", ""]
            kept.append({**output, "text": "\n".join(text)})
        elif output["output_type"] in ("display_data", "execute_result"):
            data, metadata = clean_bundle(output["data"]), _of_pictures(output["metadata"])
            metadata = {kind: own for kind, own in metadata.items() if kind in data}
            kept.append({**output, "data": data, "metadata": metadata})
        elif output["output_type"] == "error":
            kept.append({**output, "traceback": [_coloured("\n".join(output["traceback"]))]})
        else:
            kept.append(output)
    return kept


def _coloured(text: str) -> str:
    """A text with its escapes, or without them when they are too many for the programs that will show it."""
    return _LONG_ESCAPE.sub("", text) if text.count("\x1b") * len(text) <= _MOST_COLOURING else _ESCAPE.sub("", text)


def clean_bundle(data: dict[str, Any]) -> dict[str, str]:
    """One output in its several types: those that may stay, made harmless."""
    clean: dict[str, str] = {}
    for kind, content in data.items():
        if not isinstance(content, str):
            continue
        if kind == "text/plain":
            clean[kind] = _coloured(without_commands(content))
        elif kind == "text/html":
            clean[kind] = clean_html(content)
        elif kind in ("text/markdown", "text/latex"):
            clean[kind] = clean_text(content)
            _try_to_render(clean[kind])
        elif kind == "image/svg+xml":
            clean.setdefault("text/html", as_image(content))
        elif kind in _PICTURES and _is_base64(content):
            clean[kind] = content
    return clean or {"text/plain": "[an output of a kind that is not shown here]"}


def _clean_attachments(attachments: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    clean = {
        name: {kind: data for kind, data in by_kind.items() if kind in _PICTURES and _is_base64(data)}
        for name, by_kind in attachments.items()
    }
    return {name: by_kind for name, by_kind in clean.items() if by_kind and re.fullmatch(r"[\w. -]+", name)}


def _is_base64(content: str) -> bool:
    try:
        base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _of_pictures(metadata: Any) -> dict[str, Any]:
    """Width, height and alternative text of pictures; whatever else metadata says stays out."""
    clean = {}
    for kind in _PICTURES:
        own = metadata.get(kind) if isinstance(metadata, dict) else None
        own = own if isinstance(own, dict) else {}
        sizes = {name: own[name] for name in _SIZES if type(own.get(name)) is int and 0 < own[name] < 10_000}
        alt = own["alt"][:_MOST_ALT] if isinstance(own.get("alt"), str) else "a picture that this cell shows"
        clean[kind] = {**sizes, "alt": alt}
    return clean
