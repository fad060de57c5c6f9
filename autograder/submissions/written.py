"""Written answers that do not stand in their cells: found, put where whoever marks will see them, and said.

nbgrader gives 0 to a written answer whose cell is as it was handed out. Students write below that cell, into the
question, into a code cell, or type the cell anew. So whatever text of theirs may be the answer is put into the answer
cell, which then waits for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from autograder.submissions.handed_out import NOT_KNOWN, HandedOut
from autograder.submissions.recognise import Recognised
from autograder.submissions.release_index import ReleaseIndex, SubmittedCell, first_line
from autograder.submissions.sources import has_words, is_prose, lines_of, names_one_of, number_in, same_text
from gradus.notebook.cells import is_answer

LONGEST = 100_000  # characters that are shown of what may be an answer
_MOST_LINES = 20_000  # of a notebook are compared with the release; more are the student's in any case
_MOST_CODE = 1_000_000  # characters are searched for sentences; in more there may be one in any case
_LONG_LINE = 20  # characters; what is as long as this and is in the release was not written by a student

Attachments = dict[str, dict[str, str]]


@dataclass
class FoundAnswer:
    """What was found for one written answer: the text for its cell, and the cells that it was taken from.

    `index` is where its cell goes if the submission has none. `moved` are cells whose whole text is in `source`.
    """

    label: str
    source: str
    problem: str
    index: int
    moved: frozenset[int]
    attachments: Attachments = field(default_factory=dict)


@dataclass(frozen=True)
class _Piece:
    index: int
    text: str
    where: str
    whole: bool  # all that its cell says
    attachments: Attachments = field(default_factory=dict)


def find_written(
    submitted: list[SubmittedCell], release: ReleaseIndex, known: Recognised, handed_out: HandedOut = NOT_KNOWN
) -> dict[str, FoundAnswer]:
    """The text for each written answer whose own cell is missing or as it was handed out, if there may be any.

    Args:
        handed_out: what this student was given: a question that has been worded anew since is not their answer.
    """
    home = {label: index for index, label in known.claims.items()}
    empty = [label for label in release.written if not is_answered(label, known, submitted, release, handed_out)]
    if not empty:
        return {}
    sections = {label: _section(label, home, release, len(submitted)) for label in empty}
    near = {index for section in sections.values() for index in section}
    said = _Said(submitted, release, known, near, handed_out)
    begins = {label: home.get(label, _prompt(label, submitted, release)) for label in release.written}
    near_texts = [piece for piece in said.texts if piece.index in near]
    pieces = near_texts or [*said.texts, *said.prose]
    if not pieces:
        return {}
    by_label: dict[str, list[_Piece]] = {label: [] for label in empty}
    for piece in pieces:
        inside = [label for label in empty if piece.index in sections[label]] or empty
        above = [label for label in inside if -1 < begins[label] <= piece.index]
        by_label[above[-1] if above else inside[0]].append(piece)
    anybodys = [
        replace(piece, whole=False) for piece in pieces
    ]  # a student may have answered two questions in one place
    return {label: _found(label, own or anybodys, home, submitted, release) for label, own in by_label.items()}


def _prompt(label: str, submitted: list[SubmittedCell], release: ReleaseIndex) -> int:
    """The cell that asks for a written answer; -1 when it is not there."""
    asked = release.prompts[label]
    places = (index for index, cell in enumerate(submitted) if cell.kind != "code" and first_line(cell.source) == asked)
    return next(places, -1) if asked else -1


def is_answered(
    label: str,
    known: Recognised,
    submitted: list[SubmittedCell],
    release: ReleaseIndex,
    handed_out: HandedOut = NOT_KNOWN,
) -> bool:
    """Whether the cell of a written answer holds more than what was handed out, today or then."""
    for index, claimed in known.claims.items():
        if claimed == label:
            cell = submitted[index]
            untouched = same_text(cell.source, release.frame[label].source) or handed_out.has(label, cell.source)
            return (has_words(cell.source) and not untouched) or bool(cell.attachments)
    return False


def _section(label: str, home: dict[str, int], release: ReleaseIndex, count: int) -> range:
    """From the last known cell released before a written answer to the first one released after it."""
    labels = list(release.frame)
    number = labels.index(label)
    before = [home[other] for other in labels[:number] if other in home and other not in release.written]
    after = [home[other] for other in labels[number + 1 :] if other in home and other not in release.written]
    own = home.get(label)
    first, end = before[-1] + 1 if before else 0, after[0] if after else count
    if own is not None and not first <= own < end:  # it was moved
        anchors = [index for name, index in home.items() if name not in release.written]
        first = max((index + 1 for index in anchors if index < own), default=0)
        end = min((index for index in anchors if index > own), default=count)
    return range(first, end) if first < end else range(count)


class _Said:
    """What a student has written outside the answer cells: `texts`, and `prose` in code cells `near` such an answer."""

    def __init__(
        self,
        submitted: list[SubmittedCell],
        release: ReleaseIndex,
        known: Recognised,
        near: set[int],
        handed_out: HandedOut,
    ) -> None:
        self._handed_out, self._pictures = handed_out, release.pictures
        self._texts = [" ".join(text.split()) for text in release.texts]
        self._everything = "\n".join(self._texts)
        self._lines = {" ".join(line.split()) for text in release.texts for line in text.splitlines()}
        self._code_lines = {line for text in release.given_code for line in text.splitlines()}
        self._code_lines |= {line for cell in release.frame.values() for line in lines_of(cell.source)}
        self._lines_left, self._code_left = _MOST_LINES, _MOST_CODE
        self._names = [*release.written, *map(number_in, release.prompts.values())]
        self.texts: list[_Piece] = []
        self.prose: list[_Piece] = []
        by_code = any(release.frame[label].cell_type == "code" for label in release.written)
        for index, cell in enumerate(submitted):
            label = known.claims.get(index)
            if index in known.set_aside or (label in release.written):
                continue
            locked_text = label and release.frame[label].cell_type != "code"
            if (cell.kind != "code" and not label) or locked_text:
                self._read_text(index, cell, bool(label))
            elif release.is_given(cell.source) or (label and handed_out.has(label, cell.source)):
                continue
            elif label:
                self._read_labelled_code(index, cell, is_answer(release.frame[label]))
            elif index not in near:
                continue
            elif self._may_be_an_answer(cell, by_code):
                self.prose.append(_Piece(index, _fenced(cell.source.strip()), "in a code cell", False))

    def _read_text(self, index: int, cell: SubmittedCell, replaced: bool) -> None:
        text = " ".join(cell.source.split())
        released = text in self._texts or (len(text) >= _LONG_LINE and text in self._everything)
        pictures = {name: kept for name, kept in cell.attachments.items() if not self._is_given(kept)}
        if (released or not has_words(text) or self._handed_out.has_text(cell.source)) and not pictures:
            return
        lines = lines_of(cell.source)
        compared = lines[: self._lines_left]
        self._lines_left -= len(compared)
        added = [line for line in compared if not self._is_released(" ".join(line.split()))]
        added += lines[len(compared) :]
        if not replaced and len(list(filter(None, added))) == len(list(filter(None, lines))):
            self.texts.append(_Piece(index, cell.source.strip(), "in an added text cell", True, cell.attachments))
        elif has_words("".join(added)) or pictures:
            self.texts.append(_Piece(index, "\n".join(added), "in the text of a question", False, cell.attachments))

    def _read_labelled_code(self, index: int, cell: SubmittedCell, is_answer_cell: bool) -> None:
        """Sentences that were added to a test; and comments in an answer to another question that name this one."""
        self._code_left -= len(cell.source)
        own = "\n".join(line for line in lines_of(cell.source) if line not in self._code_lines)
        if self._code_left >= 0 and is_prose(own) and (not is_answer_cell or names_one_of(own, self._names)):
            where = "in the cell of another answer" if is_answer_cell else "in a test cell"
            self.prose.append(_Piece(index, _fenced(own), where, False))

    def _is_given(self, picture: dict[str, str]) -> bool:
        """Whether a picture is one of the release's own."""
        return bool(picture) and self._pictures.issuperset(picture.values())

    def _may_be_an_answer(self, cell: SubmittedCell, in_code: bool) -> bool:
        """Whether a code cell of the student's own holds sentences, or anything where code is what a person marks."""
        self._code_left -= len(cell.source)
        if self._code_left < 0:
            return True
        own = "\n".join(line for line in lines_of(cell.source) if line not in self._code_lines)
        return has_words(own) if in_code else is_prose(own)

    def _is_released(self, line: str) -> bool:
        return not line or line in self._lines or (len(line) >= _LONG_LINE and line in self._everything)


def _found(
    label: str, pieces: list[_Piece], home: dict[str, int], submitted: list[SubmittedCell], release: ReleaseIndex
) -> FoundAnswer:
    own = home.get(label)
    section = _section(label, home, release, len(submitted))
    blocks, places, attachments, moved = [], [], dict[str, dict[str, str]](), set()
    length = 0
    for number, piece in enumerate(pieces):
        where = piece.where
        if piece.index not in section:
            where += " elsewhere in the notebook"
        elif piece.whole and own is not None:
            where += " below the answer cell" if piece.index > own else " above the answer cell"
        places.append(where)
        text = piece.text
        for name, picture in piece.attachments.items():
            kept = name if name not in attachments else f"{number}-{name}"
            attachments[kept] = picture
            text = text.replace(f"attachment:{name}", f"attachment:{kept}")
        if length > LONGEST:
            text = "(It is long: read it there.)"
        elif piece.whole and piece.index in section:
            moved.add(piece.index)
        length += len(text)
        blocks.append(f"*Found by the grader {where}:*\n\n{text}")
    was = "was missing" if own is None else "was as it was handed out"
    where = " and ".join(dict.fromkeys(places))
    problem = f"answer cell `{label}` {was}: what was written {where} was put into it, and waits to be read"
    source = "\n\n".join(blocks)
    if release.frame[label].cell_type == "code":
        source = "\n".join(f"# {line}" for line in source.splitlines())
    return FoundAnswer(label, source, problem, pieces[0].index, frozenset(moved), attachments)


def _fenced(code: str) -> str:
    """Code as a block of a text cell, whatever fences it holds."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code}\n{fence}"
