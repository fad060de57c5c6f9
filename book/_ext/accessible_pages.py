"""Mend what the theme and pandas leave in a page that a screen reader stumbles over.

The templates belong to the theme, so the finished pages are mended. Each rule must find something on some page: when
the theme changes and a rule has nothing left to do, the build says so, and the rule goes or is rewritten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rule:
    """Replace every match of `pattern` by `replacement`, because of `reason`."""

    reason: str
    pattern: re.Pattern[str]
    replacement: str
    everywhere: bool = True  # else a book may have nothing of the kind, and a rule that finds nothing is no news


# The corner of a DataFrame is a heading of nothing: an ordinary, empty cell says what it is.
EMPTY_HEADING = re.compile(r"<th((?:\s[^>]*)?)>\s*(?:<p>\s*</p>)?\s*</th>")

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1'
VIEWPORT_BEFORE_ANOTHER = re.compile(rf'{VIEWPORT}(?:\.0)?"\s*/?>(?=.*{VIEWPORT})', re.DOTALL)

RULES = (
    Rule(
        "the logo and the search field lie outside every landmark",
        re.compile(r'<div id="pst-primary-sidebar" '),
        '<div id="pst-primary-sidebar" role="navigation" aria-label="Book" ',
    ),
    Rule(
        "the search field shows more text than its label says",
        re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"'),
        r"\1",
    ),
    Rule(
        "the width of the screen is stated three times",
        VIEWPORT_BEFORE_ANOTHER,
        "",
    ),
    Rule(
        "the page for an address that does not exist has an empty heading for the printer",
        re.compile(r"<h1>\s*</h1>"),
        "",
    ),
    Rule(
        "each exercise of a page has the same id",
        re.compile(r'(<section) id="exercise-content"'),
        r"\1",
        everywhere=False,
    ),
    Rule(
        "entries of the list of works have roles that are no longer in use",
        re.compile(r'(<div class="citation" id="[^"]*") role="doc-biblioentry"'),
        r"\1",
        everywhere=False,
    ),
    Rule(
        "the list of works says that it is a list, which its entries do not",
        re.compile(r'<div role="list" class="citation-list"'),
        '<div class="citation-list"',
        everywhere=False,
    ),
    Rule(
        "the parameters of a long signature are a list of definitions that defines nothing: its lines",
        re.compile(r'<dd>(<em class="sig-param">.*</em>,?)</dd>'),
        r'<span class="sig-line">\1</span>',
        everywhere=False,
    ),
    Rule(
        "the parameters of a long signature are a list of definitions that defines nothing: its beginning",
        re.compile(r'<dl>\n(?=<span class="sig-line">)'),
        '<span class="sig-lines">\n',
        everywhere=False,
    ),
    Rule(
        "the parameters of a long signature are a list of definitions that defines nothing: its end",
        re.compile(r'(<span class="sig-line">.*</span>\n)</dl>'),
        r"\1</span>",
        everywhere=False,
    ),
    Rule(
        "the icons of the colour switch have titles that contradict the label of their button",
        re.compile(r'(<i class="theme-switch [^>]*?) title="[^"]*"'),
        r"\1",
    ),
)


def without_empty_headings(body: str) -> str:
    return EMPTY_HEADING.sub(r"<td\1></td>", body)


def mend_body(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    if "body" in context:
        context["body"] = without_empty_headings(context["body"])


def mended(page: str) -> tuple[str, set[Rule]]:
    """A page with every rule applied, and the rules that found something in it."""
    used = set()
    for rule in RULES:
        page, count = rule.pattern.subn(rule.replacement, page)
        if count:
            used.add(rule)
    return page, used


def mend_templates(app: Sphinx, pages: dict[str, str]) -> None:
    idle = set(RULES)
    for name, page in pages.items():
        pages[name], used = mended(page)
        idle -= used
    for rule in (rule for rule in idle if rule.everywhere):
        LOGGER.warning("accessible_pages.py has a rule that matches nothing any more (%s)", rule.reason)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("html-page-context", mend_body)
    app.setup_extension("finished_pages")
    app.connect("pages-finished", mend_templates)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
