"""What the first page is made of besides its text: the path through the course, and pictures out of its chapters.

`{course-path}` draws the parts of `_toc.yml` with their chapters and problem sets, from what each page says of itself
at its head: title, minutes, what it needs. `{chapter-picture} page#figure` shows a figure of a chapter as that chapter
has just drawn it. `{measured}` states what was measured of the grader last.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
NEEDS = re.compile(r"^(?:\| What do I need first\? \|(.*)\||\*\*You need\*\*(.*?)\n\n)", re.MULTILINE | re.DOTALL)
MINUTES = re.compile(r"\| How long is it to read\? \| About (\d+) minutes")
LINKED = re.compile(r"\]\(([^)\s]+)\.(?:ipynb|md)\)")
SIZE = re.compile(r' (?:style|width|height)="[^"]*"')
PICTURE = re.compile(r'<div class="chapter-picture" data-from="([^"#]+)#([^"]+)"></div>')


@dataclass(frozen=True)
class Stop:
    """A page on the path: its name in `_toc.yml`, its title, minutes to read, and the pages that it links as needed."""

    name: str
    title: str
    minutes: int
    needs: tuple[str, ...]


@dataclass
class Stretch:
    """A part of the course with its chapters, and the problem sets that follow it."""

    caption: str
    chapters: list[Stop]
    problem_sets: list[Stop] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        return sum(stop.minutes for stop in self.chapters)


def stop_of(root: Path, name: str) -> Stop:
    """What the first cell of a notebook says of it."""
    first = json.loads((root / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"]
    text = f"{first if isinstance(first, str) else ''.join(first)}\n\n"
    title, needed, minutes = TITLE.search(text), NEEDS.search(text), MINUTES.search(text)
    if title is None:
        raise ExtensionError(f"{name}.ipynb has no title in its first cell")
    linked = LINKED.findall((needed[1] or needed[2]) if needed else "")
    needs = tuple(posixpath.normpath(posixpath.join(posixpath.dirname(name), link)) for link in linked)
    return Stop(name, title[1], int(minutes[1]) if minutes else 0, needs)


def stretches(root: Path) -> list[Stretch]:
    """The numbered parts of `_toc.yml`; a problem set belongs to the last part that it needs a chapter of."""
    parts = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    found, sets = [], []
    for part in parts:
        stops = [stop_of(root, page["file"]) for page in part["chapters"] if (root / f"{page['file']}.ipynb").is_file()]
        if part.get("numbered"):
            found.append(Stretch(part["caption"], stops))
        else:
            sets += [stop for stop in stops if stop.name.startswith("exercises/")]
    for stop in sets:
        after = [each for each in found if {chapter.name for chapter in each.chapters} & set(stop.needs)]
        if after:
            after[-1].problem_sets.append(stop)
    return found


def hours(minutes: int) -> str:
    """Minutes in halves of an hour: `1 hour`, `2½ hours`."""
    halves = max(1, round(minutes / 30))
    whole, half = divmod(halves, 2)
    return f"{whole or ''}{'½' if half else ''} {'hour' if halves <= 2 else 'hours'}"


class CoursePath(SphinxDirective):
    """`{course-path}`"""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        found = stretches(root)
        self.env.note_dependency(str(root / "_toc.yml"))
        stops = [stop for each in found for stop in (*each.chapters, *each.problem_sets)]
        for stop in stops:
            self.env.note_dependency(str(root / f"{stop.name}.ipynb"))
        columns = [self._column(number, each) for number, each in enumerate(found, start=1)]
        known = {stop.name for stop in stops}
        needs = {_id(stop): [_id_of(name) for name in stop.needs if name in known] for stop in stops}
        data = f'<script type="application/json" id="course-path-needs">{json.dumps(needs)}</script>'
        return [nodes.container("", *columns, classes=["course-path"]), nodes.raw("", data, format="html")]

    def _column(self, number: int, stretch: Stretch) -> nodes.container:
        head = nodes.paragraph("", "", nodes.strong("", f"{number}. {stretch.caption}"), classes=["course-path-part"])
        head += nodes.inline("", hours(stretch.minutes), classes=["course-path-hours"])
        parts: list[nodes.Node] = [head, self._list(stretch.chapters, "chapters")]
        if stretch.problem_sets:
            parts.append(self._list(stretch.problem_sets, "problem-sets"))
        return nodes.container("", *parts, classes=["course-path-column"])

    def _list(self, stops: Iterable[Stop], kind: str) -> nodes.bullet_list:
        items = [nodes.list_item("", self._line(stop), ids=[_id(stop)]) for stop in stops]
        return nodes.bullet_list("", *items, classes=[f"course-path-{kind}"])

    def _line(self, stop: Stop) -> nodes.paragraph:
        words = nodes.inline("", stop.title)
        link = addnodes.pending_xref(
            "", words, refdomain="std", reftype="doc", reftarget=f"/{stop.name}", refexplicit=True, refwarn=True,
            refdoc=self.env.docname,
        )  # fmt: skip
        return nodes.paragraph("", "", link)


def _id(stop: Stop) -> str:
    return _id_of(stop.name)


def _id_of(name: str) -> str:
    return nodes.make_id("path-" + name.removeprefix("book/").removeprefix("exercises/"))


class ChapterPicture(SphinxDirective):
    """`{chapter-picture} book/…/page#figure`"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        page, _, figure = self.arguments[0].partition("#")
        self.env.note_dependency(str(Path(self.env.srcdir) / f"{page}.ipynb"))
        return [nodes.raw("", f'<div class="chapter-picture" data-from="{page}#{figure}"></div>', format="html")]


def put_pictures_in(app: Sphinx, pages: dict[str, str]) -> None:
    first = f"{app.config.root_doc}.html"
    if first in pages:
        pages[first] = PICTURE.sub(lambda place: _picture(pages, place), pages[first])


def _picture(pages: dict[str, str], place: re.Match[str]) -> str:
    page, figure = place[1], place[2]
    html = pages.get(f"{page}.html", "")
    shown = re.search(rf'<figure class="[^"]*" id="{re.escape(figure)}">.*?(<svg role="img".*?</svg>)', html, re.DOTALL)
    if shown is None:
        raise ExtensionError(f"the first page shows {page}#{figure}, and that page has no such figure")
    opening, end, drawing = shown[1].partition(">")
    return f'<div class="chapter-picture">{SIZE.sub("", opening)}{end}{drawing}</div>'


def measured(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: object = None, content: object = None
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """`{measured}`: a figure of `benchmarks/results/grading.json`, of two workers, rounded down."""
    env = inliner.document.settings.env
    path = Path(env.srcdir) / "benchmarks" / "results" / "grading.json"
    env.note_dependency(str(path))
    figures = json.loads(path.read_text(encoding="utf-8"))["gradus"]["2 workers"]
    if text not in figures:
        raise ExtensionError(f"{{measured}}: {path.name} has no {text!r}; it has {', '.join(figures)}")
    return [nodes.Text(str(int(figures[text])))], []


def setup(app: Sphinx) -> dict[str, object]:
    app.add_role("measured", measured)
    app.add_directive("course-path", CoursePath)
    app.add_directive("chapter-picture", ChapterPicture)
    app.setup_extension("finished_pages")
    app.connect("pages-finished", put_pictures_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
