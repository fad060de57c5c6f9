"""One Markdown file for each question of a problem set: its right solutions, its wrong ones, and what to say of these.

    # softmax

    ## Right

    **through logarithms**
    - `return torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))`

    ## Wrong

    **over the examples**: Each row should sum to one. You normalised over the examples, not over the classes.
    ```diff
    -    return exponentials / exponentials.sum(dim=1, keepdim=True)
    +    return exponentials / exponentials.sum(dim=0)
    ```

    **without the shift**: This is right for ordinary scores, but exp(1000) is infinite.
    - `E = torch.exp(logits)`
    - `return E / E.sum(dim=1, keepdim=True)`

    **half of it**: Your probabilities sum to one half, because you divide by twice the sum.
    - `exponentials.sum(dim=1, keepdim=True)` → `(2 * exponentials.sum(dim=1, keepdim=True))`

    ## Wrong at an edge

    **an example at least**: No examples, no rows: `logits` may be empty, and the maximum of nothing is an error.
    - `logits.max(dim=1, keepdim=True).values` → `logits.max()`

Here such a file becomes plain values. What the code means, `programs.py` knows; what an edge is, `judging/ideas.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from gradus.errors import GradusError

RIGHT, WRONG, AT_AN_EDGE, EQUIVALENT = SECTIONS = ("Right", "Wrong", "Wrong at an edge", "Equivalent")
_NAMED = re.compile(r"\*\*(?P<name>[^*`\n]*[^*`\s])\*\*:?(?P<hint>(\s.*)?)", re.DOTALL)
_ARROWS = ("→", "->")
_READ_AS = {"heading": "a heading", "html_block": "HTML", "code_block": "an indented line", "hr": "a rule"}


@dataclass(frozen=True)
class Code:
    """Lines of code. `line` is the number of the first in its file, counted from 1."""

    text: str
    line: int

    @property
    def lines(self) -> list[tuple[str, int]]:
        return [(text, self.line + number) for number, text in enumerate(self.text.split("\n"))]


@dataclass(frozen=True)
class Change:
    """Another text in the place of one that stands exactly once in a right solution."""

    old: str
    new: str
    line: int


@dataclass(frozen=True)
class Difference:
    """Lines that begin with a minus, a plus or a space. `base` names the right solution; "" is the notebook's."""

    code: Code
    base: str


Solution = Code | Difference | tuple[Change, ...]


@dataclass
class Entry:
    """One solution as it stands in the file. `name` has underscores for spaces, and `hint` is "" for a right one.

    `section` is one of `SECTIONS`.
    """

    name: str
    line: int
    section: str
    hint: str
    solution: Solution | None = None

    @property
    def is_right(self) -> bool:
        return self.section == RIGHT


@dataclass
class Page:
    """One file. `shared` is the block before the first section: code that all of its solutions may use.

    `equivalent` has the entries of the last section, which `autograder.mutants.equivalents` reads.
    """

    path: Path
    shared: Code | None = None
    entries: list[Entry] = field(default_factory=list)
    equivalent: list[SyntaxTreeNode] = field(default_factory=list)

    @property
    def question(self) -> str:
        """The grade_id of the answer cell."""
        return self.path.stem

    def error(self, line: int, what: str) -> GradusError:
        return GradusError(f"{self.path}, line {line}: {what}")


def read_page(path: Path) -> Page:
    """What one file says.

    Raises:
        GradusError: it is not written as above; the message names the line and the cure.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GradusError(f"{path}: not UTF-8 ({error}); save it as that.") from None
    page, lines, section = Page(path), text.split("\n"), ""
    blocks = SyntaxTreeNode(MarkdownIt("commonmark").parse(text)).children
    if not blocks or blocks[0].tag != "h1" or _text(blocks[0]) != page.question:
        raise page.error(1, f"the file is named after its question, so write `# {page.question}` first.")
    for block in blocks[1:]:
        line = _line(block)
        if block.type == "heading":
            section = _text(block)
            if block.tag != "h2" or section not in SECTIONS:
                there = ", ".join(f"`## {name}`" for name in SECTIONS)
                raise page.error(line, f"the only headings here are {there}; make this one of them.")
        elif section == EQUIVALENT:
            if block.type == "bullet_list":
                page.equivalent += block.children
            elif block.type != "paragraph":
                raise page.error(line, "under `## Equivalent` is a list, of one mutant an entry; write it so.")
        elif block.type == "paragraph":
            if section:
                _read_paragraph(page, _text(block), line, section)
        elif block.type == "fence":
            code = _fenced(page, block, lines)
            if section:
                _give(page, line, code)
            elif page.shared is not None or not isinstance(code, Code):
                raise page.error(line, "before `## Right` there is one block of Python at most; join the two.")
            else:
                page.shared = code
        elif block.type == "bullet_list" and section:
            _give(page, line, _listed(page, block))
        else:
            kind = _READ_AS.get(block.type, "this")
            raise page.error(line, f"{kind} means nothing here; write a name in bold, a hint, and code in a fence.")
    for entry in page.entries:
        _require_whole(page, entry)
    return page


def _read_paragraph(page: Page, text: str, line: int, section: str) -> None:
    found = _NAMED.fullmatch(text)
    name = re.sub(r"\W+", "_", found["name"]).strip("_") if found else ""
    if not found or not name:
        last = page.entries[-1] if page.entries else None
        if last is None or last.hint or last.solution is not None or last.is_right:
            raise page.error(line, "this belongs to no solution; begin it with a name in bold, as in `**name**: hint`.")
        last.hint = _one_line(text)
        return
    if any(entry.name == name for entry in page.entries):
        raise page.error(line, f"{page.question} has a {found['name']!r} already; give each solution its own name.")
    page.entries.append(Entry(name, line, section, _one_line(found["hint"])))


def _give(page: Page, line: int, solution: Solution) -> None:
    if not page.entries:
        raise page.error(line, "this code has no name; write one in bold above it, as in `**name**: hint`.")
    entry = page.entries[-1]
    if entry.solution is not None:
        raise page.error(line, f"{entry.name} has code already; give this its own name, or join the two.")
    entry.solution = solution


def _require_whole(page: Page, entry: Entry) -> None:
    if entry.is_right and entry.hint:
        raise page.error(entry.line, "a right solution has no hint; take it out, or move this under `## Wrong`.")
    if not entry.is_right and not entry.hint:
        raise page.error(entry.line, f"write what to tell a student who gave it, as in `**{entry.name}**: hint`.")
    if entry.solution is None:
        raise page.error(entry.line, f"{entry.name} has no code; write some in a ```python or ```diff block below it.")


def _fenced(page: Page, block: SyntaxTreeNode, lines: list[str]) -> Code | Difference:
    first, end = block.map or (0, 0)
    if end - first < 2 or lines[end - 1].strip().strip(block.markup[0]) or len(lines[end - 1].strip()) < 3:
        raise page.error(first + 1, f"the block that begins here has no end; close it with {block.markup}.")
    kind, _, base = block.info.strip().partition(" ")
    code = Code("\n".join(lines[first + 1 : end - 1]), first + 2)
    if not code.text.strip():
        raise page.error(first + 1, "the block is empty; write the code into it.")
    if kind == "diff":
        return Difference(code, base.strip().replace(" ", "_"))
    if kind != "python" or base:
        raise page.error(first + 1, "open the block with ```python, or with ```diff and perhaps a right one's name.")
    return code


def _listed(page: Page, block: SyntaxTreeNode) -> Solution:
    """Lines of code, or changes."""
    code: list[tuple[str, int]] = []
    changes: list[Change] = []
    for item in block.children:
        line, parts = (
            _line(item),
            [part for child in item.children if child.type == "paragraph" for part in _inline(child)],
        )
        kinds = [part.type if part.type == "code_inline" else part.content.strip() for part in parts]
        spans = [part.content for part in parts if part.type == "code_inline"]
        if kinds == ["code_inline"]:
            code.append((spans[0], line))
        elif len(kinds) == 3 and kinds[::2] == ["code_inline"] * 2 and kinds[1] in _ARROWS:
            changes.append(Change(spans[0], spans[1], line))
        else:
            raise page.error(line, "write a line of code as - `code`, and a change as - `old` → `new`.")
    if code and changes:
        raise page.error(_line(block), "this list has lines of code and changes; write a list of one kind.")
    if changes:
        return tuple(changes)
    if [line for _, line in code] != list(range(code[0][1], code[0][1] + len(code))):
        raise page.error(code[0][1], "write each line of code in one line of the list, without empty lines between.")
    return Code("\n".join(text for text, _ in code), code[0][1])


def _text(block: SyntaxTreeNode) -> str:
    return block.children[0].content.strip() if block.children else ""


def _inline(paragraph: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return paragraph.children[0].children


def _line(block: SyntaxTreeNode) -> int:
    return block.map[0] + 1 if block.map else 1


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")).strip()
