"""Where released cells go that are missing or out of place: tests behind their answers, and what tests need before."""

from __future__ import annotations

import copy

from nbformat import NotebookNode

from autograder.submissions.handed_out import NOT_KNOWN, HandedOut
from autograder.submissions.release_index import ReleaseIndex
from autograder.submissions.sources import defined
from gradus.notebook.cells import is_answer, is_graded, label_of

_MOST_CODE = 3_000_000  # characters in which new definitions are looked for


def put_back(
    cells: list[NotebookNode],
    release: ReleaseIndex,
    elsewhere: dict[str, NotebookNode],
    handed_out: HandedOut = NOT_KNOWN,
) -> list[str]:
    """Insert into `cells` what is missing or out of place, in the release's order; say what was done.

    Args:
        elsewhere: for answers that stand in a cell of another label, that cell.
        handed_out: what this student was given: of what was added since, or stood elsewhere then, nothing is said.
    """
    return _Places(cells, release, elsewhere).put_back(handed_out)


class _Places:
    def __init__(self, cells: list[NotebookNode], release: ReleaseIndex, elsewhere: dict[str, NotebookNode]) -> None:
        self.cells, self.release, self.elsewhere = cells, release, elsewhere
        self.place: dict[str, int] = {}
        self._defined: dict[str, frozenset[str]] = {}  # by source
        self._looked_through = 0
        self._look()

    def _look(self) -> None:
        self.place = {label_of(cell): index for index, cell in enumerate(self.cells) if label_of(cell)}
        if self.elsewhere:
            at = {id(cell): index for index, cell in enumerate(self.cells)}
            self.place |= {label: at[id(cell)] for label, cell in self.elsewhere.items()}

    def put_back(self, handed_out: HandedOut) -> list[str]:
        problems: list[str] = []
        answers: list[str] = []  # the labels of the answers released before the cell at hand
        frame = list(self.release.frame.items())
        labels = list(self.release.frame)
        tools_last = sorted(enumerate(frame), key=lambda one: not (is_graded(one[1][1]) or is_answer(one[1][1])))
        for number, (label, known) in tools_last:  # they go before the tests, once these have their places
            if is_answer(known):
                if label not in self.place:
                    problems += handed_out.on_missing(label, "answer cell", f"answer cell `{label}` was missing")
                if is_graded(known) and label not in self.place:  # shown empty to whoever marks it by hand
                    self.cells.append(copy.deepcopy(known))
                    self._look()
                elif known.cell_type == "code":
                    answers.append(label)
                continue
            later = labels[number + 1 :]
            if label not in self.place:
                restored = copy.deepcopy(known)
                sort = _sort(known)
                problems += handed_out.on_missing(label, sort, f"{sort} `{label}` was missing: restored")
            elif self._is_misplaced(known, answers, later):
                restored = self.cells.pop(self.place[label])
                moved = f"{_sort(known)} `{label}` stood in the wrong place: moved back"
                problems += handed_out.on_misplaced(labels, moved)
                self._look()
            else:
                continue
            self.cells.insert(self._place_for(known, answers, later), restored)
            self._look()
        return problems

    def _is_misplaced(self, known: NotebookNode, answers: list[str], later: list[str]) -> bool:
        """A test before the answers it tests; what tests need, behind a test."""
        here = self.place[label_of(known)]
        if not is_graded(known):
            return any(self.place.get(label, here) < here for label in later)
        own = self._own(known)
        if any(self.place.get(answer, -1) > here for answer in own):
            return True
        behind = max((self.place.get(answer, -1) for answer in answers), default=-1)
        return behind > here and not self._is_redefined(own, here, behind)

    def _place_for(self, known: NotebookNode, answers: list[str], later: list[str]) -> int:
        """Where a cell goes that has no place.

        A test: behind its answer, and behind the others released before it, unless its own is defined anew until there.
        When its answer is not found, what it asks for may be anywhere, so the test goes to the end. What tests need:
        before every cell released after it.
        """
        if not is_graded(known):
            return min((self.place[label] for label in later if label in self.place), default=len(self.cells))
        own = self._own(known)
        if not set(own) <= set(self.place) or not own:
            return len(self.cells)
        here = self._behind_what_is_added(own, max(self.place[answer] for answer in own))
        behind = max((self.place[answer] for answer in answers if answer in self.place), default=here)
        place = (behind if behind > here and not self._is_redefined(own, here, behind) else here) + 1
        earlier = list(self.release.frame)[: list(self.release.frame).index(label_of(known))]
        while place < len(self.cells) and label_of(self.cells[place]) in earlier and is_graded(self.cells[place]):
            place += 1  # tests that go to the same place stay in their order
        return place

    def _own(self, test: NotebookNode) -> list[str]:
        return self.release.tested.get(label_of(test), [])

    def _behind_what_is_added(self, own: list[str], here: int) -> int:
        """The last cell of the student's own right behind an answer that defines it anew."""
        last = here
        for index in range(here + 1, len(self.cells)):
            if label_of(self.cells[index]):
                break
            if self._is_redefined(own, index - 1, index):
                last = index
        return last

    def _is_redefined(self, own: list[str], here: int, there: int) -> bool:
        """Whether a cell behind `here`, up to `there`, defines what these answers do."""
        names = frozenset[str]().union(*(self.release.asked.get(answer, frozenset()) for answer in own))
        return any(names & self._names_in(cell) for cell in self.cells[here + 1 : there + 1])

    def _names_in(self, cell: NotebookNode) -> frozenset[str]:
        if cell.cell_type != "code":
            return frozenset()
        if cell.source not in self._defined:
            self._looked_through += len(cell.source)
            self._defined[cell.source] = defined(cell.source) if self._looked_through < _MOST_CODE else frozenset()
        return self._defined[cell.source]


def _sort(known: NotebookNode) -> str:
    return "test cell" if is_graded(known) else "cell"
