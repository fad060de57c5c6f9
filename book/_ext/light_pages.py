"""What a page loads, so that its text is there first: no script in its way, no index where nobody searches.

The theme and the extensions have a browser fetch and run some twelve scripts before it shows a word, the index of all
words among them. Here every script of a head waits until the page is there, in the order in which they stood; the
index stays with the page that searches; and the two typefaces that every page begins with are asked for at once. The
dozen style sheets become one, with the rules for classes that some page or script has.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from icon_faces import with_used_icons

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SEARCH_PAGE = "search.html"
FOR_SEARCH = re.compile(
    r'[ \t]*<script [^>]*src="[^"]*/?(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>\n?'
)
EARLY_SCRIPTS = re.compile(r'[ \t]*<!-- Pre-loaded scripts[^>]*-->\s*|<link rel="preload" as="script"[^>]*>\n?')
IN_THE_WAY = re.compile(r"<script (?![^>]*\b(?:defer|async|type=))(?=[^>]*\bsrc=)")
OPTIONS = re.compile(r'<script [^>]*src="([^"]*)documentation_options\.js[^"]*"></script>')

FACES = ("fonts/source-serif-latin.woff2", "fonts/source-sans-latin.woff2")
# Not for a page that is opened from a file: there a browser refuses to fetch a typeface before it is used.
ASK_EARLY = """\
<script>
    if (location.protocol !== "file:") {{
      for (const href of {faces}) {{
        const face = {{ rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href }};
        document.head.append(Object.assign(document.createElement("link"), face));
      }}
    }}
  </script>
  """
ALL_SHEETS = "pages.css"
OTHERS = "pyodide"  # a folder whose scripts give no class to an element
IMPORT = re.compile(r"""@import ["']([^"':]+)["'];""")
SHEET = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="([^"]*_static/)([^"?]+)[^"]*"[^>]*>\s*')
RELATIVE = re.compile(r"""url\((["']?)(?!data:|/|https?:|#)([^"')]+)""")
TEXT = r"""(?:[^{}"';]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
RULE = re.compile(rf"({TEXT}+)\{{((?:{TEXT}|;)*)\}}")
EMPTY = re.compile(r"@(?:media|supports)[^{}]*\{\s*\}")
WORD = re.compile(r"[A-Za-z_][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
IN_BRACKETS = re.compile(r"\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")


def lightened(page: str, options: str, *, searches: bool) -> str:
    """A page whose scripts wait; `options` is the text of the small script that the others read."""
    head, end, body = page.partition("</head>")
    if not searches:
        head = FOR_SEARCH.sub("", head)
    head = EARLY_SCRIPTS.sub("", head)
    head = OPTIONS.sub(lambda _: f"<script>{options.strip()}</script>", head)
    head = IN_THE_WAY.sub('<script defer="defer" ', head)
    return head + end + body


def used_rules(sheet: str, known: set[str]) -> str:
    """A style sheet without the selectors that ask for a class which is not `known`; what brackets hold is let pass."""

    def shortened(rule: re.Match[str]) -> str:
        before, _, selectors = rule[1].rpartition("*/")
        if selectors.lstrip().startswith("@"):
            return rule[0]
        kept = [each for each in _selectors(selectors) if set(CLASS.findall(IN_BRACKETS.sub("", each))) <= known]
        comment = f"{before}*/" if before else ""
        return f"{comment}{','.join(kept)}{{{rule[2]}}}" if kept else comment

    return EMPTY.sub("", RULE.sub(shortened, sheet))


def _selectors(text: str) -> Iterable[str]:
    """The selectors of a list, split at the commas that no bracket holds."""
    hidden = IN_BRACKETS.sub(lambda held: held[0].replace(",", "\0"), text)
    return (each.replace("\0", ",") for each in hidden.split(","))


def words_of(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Every class of a page, and every word of a script: it may give that class to an element."""
    known: set[str] = set()
    for page in pages:
        for classes in set(re.findall(r'\bclass="([^"]*)"', page)):
            known.update(classes.split())
        for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL):
            known.update(WORD.findall(script))
    for script in scripts:
        known.update(WORD.findall(script))
    return known


def in_static(static: Path, name: str) -> str:
    """The text of a sheet, what it imports included, with its addresses as `_static` itself sees them."""
    folder = posixpath.dirname(name)
    text = (static / name).read_text(encoding="utf-8")
    text = RELATIVE.sub(lambda url: f"url({url[1]}{posixpath.normpath(posixpath.join(folder, url[2]))}", text)
    return IMPORT.sub(lambda sheet: in_static(static, posixpath.normpath(posixpath.join(folder, sheet[1]))), text)


def with_one_sheet(page: str, version: str) -> str:
    """A page that asks for one sheet in the place of all; by a hash, since a browser may keep that of an older book."""
    head, end, body = page.partition("</head>")
    found = SHEET.search(head)
    if found is None:
        return page
    one = ASK_EARLY.format(faces=json.dumps([found[1] + face for face in FACES]))
    one += f'<link rel="stylesheet" href="{found[1]}{ALL_SHEETS}?v={version}" />'
    head = SHEET.sub("", head[: found.start()] + "\0" + head[found.start() :]).replace("\0", one)
    return head + end + body


def sheets_of(pages: Iterable[str]) -> list[str]:
    """Every sheet that some page asks for: those of the page with most of them first, in its order."""
    lists = sorted(([name for _, name in SHEET.findall(page)] for page in pages), key=len, reverse=True)
    return list(dict.fromkeys(name for names in lists for name in names))


def lighten(app: Sphinx, pages: dict[str, str]) -> None:
    static = Path(app.outdir) / "_static"
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    for name, page in pages.items():
        pages[name] = lightened(page, options, searches=name == SEARCH_PAGE)
    scripts = [path for path in static.rglob("*.js") if OTHERS not in path.relative_to(static).parts]
    known = words_of(pages.values(), (path.read_text(encoding="utf-8") for path in scripts))
    sheets = sheets_of(pages.values())
    text = "".join(used_rules(in_static(static, name), known) + "\n" for name in sheets)
    text = with_used_icons(text, static)
    (static / ALL_SHEETS).write_text(text, encoding="utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    for name, page in pages.items():
        pages[name] = with_one_sheet(page, version)
    for template in static.glob("*webpack-macros.html"):
        template.unlink()  # the theme's, and no page


def setup(app: Sphinx) -> dict[str, object]:
    app.setup_extension("finished_pages")
    app.connect("pages-finished", lighten, priority=950)  # the pages have all their classes by then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
