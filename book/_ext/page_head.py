"""What the head of a page tells search engines and those who are sent its address.

`sphinxext-opengraph` writes the description and the card of each page, `sphinx-sitemap` the list of pages,
`sphinx-notfound-page` the page for an address that does not exist; all three are told where the site is by
`html_baseurl`, which `_config.yml` states. Here are what they need besides, `robots.txt`, and a title for the first
page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

# A formula, and what may not begin a line behind it.
CLOSED = re.compile(
    r'(<span class="math[^"]*"[^>]*>(?:(?!</span>).)*</span>)((?:[.,;:!?)’”]|&#8217;|&#8221;)+)', re.DOTALL
)
ROBOTS = "User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n"


def say_where_the_site_is(app: Sphinx, config: Config) -> None:
    address = config.html_baseurl
    if not address.endswith("/"):
        address = config.html_baseurl = f"{address}/"
    config.ogp_site_url = address
    folder = config.notfound_urls_prefix = urlparse(address).path
    config.notfound_context = {name: text.replace("{site}", folder) for name, text in config.notfound_context.items()}


def complete(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Title of the first page, and no punctuation alone on a line."""
    if pagename == app.config.root_doc:
        context["docstitle"] = f"{app.config.html_title}: {app.config.gradus_promise}"
        context["title"] = context["docstitle"]
    if "body" in context:
        context["body"] = CLOSED.sub(r'<span class="nobreak">\1\2</span>', context["body"])


def with_contents(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """The page for addresses that do not exist says that a book of one page has no contents; the theme wants text."""
    if pagename == app.config.notfound_pagename:
        contents = context["toctree"]
        context["toctree"] = lambda *arguments, **options: contents(*arguments, **options) or ""


def write_robots(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        text = ROBOTS.format(address=app.config.html_baseurl)
        (Path(app.outdir) / "robots.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    app.add_config_value("gradus_promise", "", "html")
    app.connect("config-inited", say_where_the_site_is)
    app.connect("html-page-context", complete)
    app.connect("html-page-context", with_contents, priority=450)  # between `notfound` and the theme
    app.connect("build-finished", write_robots)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
