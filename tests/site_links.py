"""The links of a built site, and those among them that lead to no page, no file or no place in a page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

TEMPLATES = "_static"
FROM_ANYWHERE = "404.html"  # its links begin with the site's folder on the server: test_site.py looks at them


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids, self.links = {"", "top"}, []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.ids.update(filter(None, (values.get("id"), values.get("name") if tag == "a" else None)))
        if tag == "a" and values.get("href") is not None:
            self.links.append(values["href"] or "")


def pages(site: Path) -> list[str]:
    """The site's pages by their paths, in a fixed order."""
    found = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(path.as_posix() for path in found if path.parts[0] != TEMPLATES)


def broken(site: Path) -> list[str]:
    """`page -> link` for each link of a page to something that is not there."""
    read = {(site / name).resolve(): _Page((site / name).read_text(encoding="utf-8")) for name in pages(site)}
    found = []
    for path, page in read.items():
        for link in set(page.links) if path.name != FROM_ANYWHERE else ():
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file() and target.is_relative_to(site.resolve())
            if not there or (target in read and unquote(parts.fragment) not in read[target].ids):
                found.append(f"{path.relative_to(site.resolve())} -> {link}")
    return sorted(found)
