"""Markdown and formulas of a stranger's, in which nothing acts on a reader, in whatever program draws them."""

from __future__ import annotations

import html
import re
from collections.abc import Collection

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_PICTURE = re.compile(r"!\[(?![^\[\]]*\]\(attachment:[\w.%-]+\))")
_ATTACHED = re.compile(r"!\[(?=[^\[\]]*\]\(attachment:([\w.%-]+)\))")
_REFERENCE = re.compile(r"\](?=:\s*\S)")
_LINK = re.compile(r"\](?=\((?!\s*(?:https?:|mailto:|#|attachment:)))", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[xX][0-9a-fA-F]{1,8};?|#[0-9]{1,9};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_MOST_BRACKETS = 1 << 22  # brackets times characters of a line; in honest ones a thousandth of it
_SHORT = 1_000  # characters
# What MathJax and its extensions, loaded or asked for, understand beyond drawing a formula.
_ACTING = (
    # links, anchors, and what reacts to a reader's pointer
    "href", "url", "hyperref", "hypertarget", "hyperlink", "label", "ref", "eqref", "refeq", "cite", "toggle",
    "mathtip", "texttip", "tooltip", "action",
    # attributes, classes and styles of the page's elements
    "class", "cssId", "style", "data", "bbox", "mmlToken", "enclose", "img", "image", "includegraphics", "color@box",
    "fcolorbox",
    # characters of any font and kind, from which the others could be put together
    "unicode", "char", "csname", "U", "Uchar",
    # a language of its own, of which other commands are made
    "ce", "pu",
    # code that is loaded, and settings
    "require", "setOptions", "mathtoolsset", "sisetup", "usepackage", "input", "include",
    # definitions: they hold for all formulas of a page, those of the instructor too
    "def", "edef", "gdef", "xdef", "let", "global", "newcommand", "renewcommand", "providecommand", "newenvironment",
    "renewenvironment", "newcommandx", "DeclareMathOperator", "DeclareRobustCommand", "DeclareDocumentCommand",
    "NewDocumentCommand", "DeclarePairedDelimiter", "DeclarePairedDelimiters", "DeclarePairedDelimiterX",
    "DeclarePairedDelimitersX", "DeclarePairedDelimiterXPP", "DeclarePairedDelimitersXPP", "Newextarrow",
    "newextarrow", "newtagform", "renewtagform", "usetagform", "begingroup", "endgroup", "begingroupSandbox",
    "begingroupReset", "definecolor", "newcolumntype", "mathdef", "newmathdef",
)  # fmt: skip
# A name ends where its letters do: \href1 is \href, and \classes is none of these.
_COMMANDS = re.compile(rf"\\(?=(?:{'|'.join(_ACTING)})(?![A-Za-z]))")


def clean_text(markdown: str, attachments: Collection[str] = ()) -> str:
    """Markdown without HTML, pictures from elsewhere, links other than to the web, and commands that make links.

    Pictures stay that are among `attachments`: one that is not there would stop nbconvert.
    What is taken out is taken out by a space in its middle, wherever it stands: that depends on no opinion on what is
    code and what is not. Characters that are written as entities are looked at as what they stand for.
    """
    markdown = without_hidden_letters(markdown)
    markdown = _TAG.sub("< ", markdown)
    markdown = _PICTURE.sub("! [", markdown)
    markdown = _ATTACHED.sub(lambda found: "![" if found.group(1) in attachments else "! [", markdown)
    markdown = _REFERENCE.sub("] ", markdown)
    markdown = _LINK.sub("] ", markdown)
    return with_short_lines(without_commands(markdown))


def with_short_lines(text: str) -> str:
    """Text in which no line has so many brackets that a program takes the square of its length to look for links.

    nbconvert looks from each bracket to the end of its line, in formgrader too, after it has drawn the text.
    """
    if text.count("[") * len(text) <= _MOST_BRACKETS:
        return text
    return "".join(map(_broken, text.splitlines(keepends=True)))


def _broken(line: str) -> str:
    if line.count("[") * len(line) <= _MOST_BRACKETS:
        return line
    return "\n".join(line[start : start + _SHORT] for start in range(0, len(line), _SHORT))


def without_commands(text: str) -> str:
    """Text in which no formula makes a link, a style or a definition, or loads anything."""
    return _COMMANDS.sub(r"\\ ", text)


def without_hidden_letters(text: str) -> str:
    """Entities of ASCII characters as these characters; but those of HTML's own, which make no tag, stay entities."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    entity = found.group()
    decoded = html.unescape(entity if entity.endswith(";") else f"{entity};")
    if decoded in ("&", "<", ">"):
        return html.escape(decoded)
    plain = decoded.isascii() and (decoded.isprintable() or decoded.isspace())
    return decoded if plain else entity
