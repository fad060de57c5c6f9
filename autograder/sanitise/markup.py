"""HTML and SVG of a stranger's, of which what only shows something stays, in time that grows with its length."""

from __future__ import annotations

import base64
import html
import re

import nh3

from autograder.sanitise.texts import without_commands

MOST_WORK = 1_000_000  # tags times the elements around them; a table of a thousand rows and forty columns has half
MOST_DEPTH = 200  # elements within elements
MOST_ATTRIBUTES = 50  # of one tag
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol",
    "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"title"}, "a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"},
    "td": {"colspan", "rowspan", "align"}, "th": {"colspan", "rowspan", "align", "scope"}, "col": {"span"},
}  # fmt: skip
# Elements that have no end, or whose end goes without saying where the next one of their kind begins.
_ENDLESS = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "li", "p", "dd", "dt", "td", "th", "tr", "option",
}  # fmt: skip
_DATA_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_SVG_EDGE = re.compile(r"<(/)?svg\b(?(1)\s*>)", re.IGNORECASE)
_SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
_NAME = re.compile(r"(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?:(?P<end>>)|=?[^\s/>=]*(?:\s*=\s*(?:(?P<quote>["'])|(?:[^\s>"'][^\s>]*)?))?)"""
)  # from where the last one ended to where it does, or where its value begins in quotes
# Entities take the parser a time that grows with their square, so it meets none: these stand for HTML's own characters.
_ENTITY = re.compile(r"&(?:#[0-9]{1,8};?|#[xX][0-9a-fA-F]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};)?")
_OWN = "&<>\"'"
_STAND_INS = {ord(own): chr(0xF8D0 + number) for number, own in enumerate(_OWN)}  # characters that have no meaning
_NO_STAND_INS = {ord(one): "\N{REPLACEMENT CHARACTER}" for one in _STAND_INS.values()}
_MEANT = {ord(_STAND_INS[ord(own)]): html.escape(own) for own in _OWN}
_END_OF_COMMENT = re.compile(r"--!?>")
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}  # elements in which there are no tags
_TOO_MUCH = "[HTML with more tags, or more deeply nested ones, than a page can show]"


def clean_html(source: str) -> str:
    """HTML with a fixed set of tags, no styles, no scripts, and pictures that it holds itself."""
    source = source.encode("utf-8", "replace").decode("utf-8")  # half a character is none
    source = _ENTITY.sub(_as_character, _with_drawings_as_images(source).translate(_NO_STAND_INS))
    if is_too_much(source):
        return html.escape(_TOO_MUCH)
    clean = nh3.clean(
        source,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_own_pictures,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return without_commands(clean.translate(_MEANT))


def _as_character(found: re.Match[str]) -> str:
    """The character that an entity stands for; one of those that HTML is made of by its stand-in."""
    decoded = html.unescape(found.group()) if found.group() != "&" else "&"
    return decoded.translate(_STAND_INS)


def is_too_much(source: str) -> bool:
    """Whether cleaning this would take longer than its length explains: many tags, many within each other, or one with
    many attributes.

    Tags are found as browsers find them. An end counts only where it ends the element that was begun last; for HTML in
    good order that is the depth, and for other HTML it is rarely less.
    """
    open_elements: list[str] = []
    at = work = 0
    while (at := source.find("<", at)) >= 0:
        at += 1
        name = _NAME.match(source, at)
        if name is None:
            at = _behind_comment(source, at)
            continue
        at, attributes = _behind_tag(source, name.end())
        element = name[2].lower()
        if not name[1] and element in _RAW:
            end = _RAW[element].search(source, at)
            at = end.start() if end else len(source)
        if element not in _ENDLESS:
            if not name[1]:
                open_elements.append(element)
            elif open_elements and open_elements[-1] == element:
                open_elements.pop()
        work += 1 + len(open_elements)
        if work > MOST_WORK or len(open_elements) > MOST_DEPTH or attributes > MOST_ATTRIBUTES:
            return True
    return False


def _behind_comment(source: str, at: int) -> int:
    """Where that ends which begins with a `<` before `at` and is no tag; a comment, for example."""
    if not source.startswith(("!", "?", "/"), at):
        return at  # just text
    if not source.startswith("!--", at):
        end = source.find(">", at)
        return len(source) if end < 0 else end + 1
    if source.startswith((">", "->"), at + 3):
        return source.find(">", at) + 1
    found = _END_OF_COMMENT.search(source, at + 3)
    return found.end() if found else len(source)


def _behind_tag(source: str, at: int) -> tuple[int, int]:
    """Where a tag ends whose name ends at `at`, and the number of its attributes, as far as these matter."""
    for attributes in range(MOST_ATTRIBUTES + 1):
        found = _ATTRIBUTE.match(source, at)
        if found is None or found.end() == len(source):
            return len(source), attributes
        at = found.end()
        if found["end"]:
            return at, attributes
        if found["quote"]:
            end = source.find(found["quote"], at)
            if end < 0:
                return len(source), attributes
            at = end + 1
    return at, MOST_ATTRIBUTES + 1


def _with_drawings_as_images(source: str) -> str:
    """Each drawing, from its beginning to the next end of one, as an image."""
    parts, at, begun = [], 0, -1
    for edge in _SVG_EDGE.finditer(source):
        if not edge[1]:
            begun = edge.start() if begun < 0 else begun
        elif begun >= 0:
            parts += [source[at:begun], as_image(source[begun : edge.end()])]
            at, begun = edge.end(), -1
    return "".join([*parts, source[at:]])


def as_image(svg: str) -> str:
    """An SVG drawing as an image: there it is only looked at."""
    start = svg.find("<svg")
    if start >= 0 and "xmlns=" not in svg[: svg.find(">", start)]:
        svg = svg.replace("<svg", f"<svg {_SVG_NAMESPACE}", 1)
    encoded = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    return f'<img alt="a drawing" src="data:image/svg+xml;base64,{encoded}">'


def _only_own_pictures(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if _DATA_IMAGE.fullmatch(value) else None
    if attribute == "href":
        return value if value.lower().startswith(("http:", "https:", "mailto:", "#")) else None
    return value
