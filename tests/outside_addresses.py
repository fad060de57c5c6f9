"""Find what a page would fetch from another server: scripts, styles, fonts, pictures, frames.

Links that a reader may follow are not fetched and are left alone.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

# (tag, attribute) pairs that make a browser fetch something on its own.
FETCHED = {
    ("script", "src"), ("img", "src"), ("img", "srcset"), ("source", "src"), ("source", "srcset"), ("iframe", "src"),
    ("embed", "src"), ("object", "data"), ("video", "src"), ("video", "poster"), ("audio", "src"), ("track", "src"),
    ("input", "src"), ("image", "href"), ("image", "xlink:href"), ("use", "href"), ("use", "xlink:href"),
}  # fmt: skip
# A <link> of these kinds says something about the page; every other kind is fetched.
SAID = {"canonical", "alternate", "author", "license", "next", "prev", "search", "index"}
ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s;]+)""", re.IGNORECASE)
# A script may put together what it fetches; an address of a file in its text is the sign of it.
IN_SCRIPT = re.compile(r"""["'](?:https?:)?//[^"']+\.(?:m?js|css|woff2?|ttf|wasm)(?:[?#][^"']*)?["']""", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        values = {name: value or "" for name, value in attributes}
        for name, value in values.items():
            fetched = (tag, name) in FETCHED or (tag == "link" and name == "href" and not self.is_said(values))
            if fetched and ELSEWHERE.match(value):
                self.found.append(f"<{tag} {name}={value}>")
        self.found += IN_STYLE.findall(values.get("style", ""))

    def is_said(self, values: dict[str, str]) -> bool:
        return set(values.get("rel", "").lower().split()) <= SAID

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "style":
            self.found += IN_STYLE.findall(data)
        elif self.inside == "script":
            self.found += IN_SCRIPT.findall(data)


def in_page(html: str) -> list[str]:
    """What the page would fetch from elsewhere, one entry for each place."""
    page = _Page()
    page.feed(html)
    page.close()
    return page.found


def in_style(css: str) -> list[str]:
    """The addresses elsewhere that a style sheet imports or draws with."""
    return IN_STYLE.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
