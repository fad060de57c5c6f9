"""What in an HTML page could act on its reader: a list that is empty for a harmless one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "applet",
    "form",
    "base",
    "frame",
    "frameset",
    "portal",
    "animate",
    "set",
}
LOADS = {
    "src",
    "srcset",
    "poster",
    "data",
    "background",
    "action",
    "formaction",
    "manifest",
    "ping",
    "longdesc",
    "cite",
}
ELSEWHERE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
RUNS = re.compile(
    r"^[\s\x00-\x20]*(?:j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|vbscript|data\s*:\s*text)\s*", re.IGNORECASE
)
STYLE_LOADS = re.compile(r"@import|url\(\s*['\"]?\s*(?!data:|#)|expression\(|-moz-binding|behavior:", re.IGNORECASE)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag in ACTIVE:
            self.found.append(f"<{tag}> {sorted(values.items())}")
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.found.append("<meta refresh>")
        if tag == "link" and ELSEWHERE.match(values.get("href", "")):
            self.found.append(f"<link {values['href']}>")
        for name, value in values.items():
            if name.startswith("on") or name == "srcdoc":
                self.found.append(f"<{tag} {name}={value!r}>")
            if RUNS.match(value) and name not in ("alt", "title", "content", "aria-label"):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in LOADS and ELSEWHERE.match(value.replace(",", " ").strip()):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name == "style" and STYLE_LOADS.search(value):
                self.found.append(f"<{tag} style={value!r}>")
            if tag != "a" and name.endswith("href") and ELSEWHERE.match(value):
                self.found.append(f"<{tag} {name}={value!r}>")
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and STYLE_LOADS.search(data):
            self.found.append(f"<style> {STYLE_LOADS.search(data)}")


def dangers(html: str) -> list[str]:
    """Scripts, handlers, frames, forms, and everything that would be loaded from elsewhere. Links may lead anywhere."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found
