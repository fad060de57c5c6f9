"""Which cell of a submission is which cell of the release, wherever it stands and whatever an editor took from it.

A cell is known by its label, else by its id, else by its text; an answer also by the names that it defines, or by its
place. Of several copies of an answer, the last one counts that is not as it was handed out and stands before its test:
that is what the student sees who runs the notebook from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from autograder.submissions.copies import find_copies
from autograder.submissions.release_index import ReleaseIndex, SubmittedCell
from autograder.submissions.sources import bare, functions_in, has_words, mentions, same_text
from gradus.notebook.cells import is_answer, is_graded

_MOST_CODE = 3_000_000  # characters in which definitions are looked for; no course has a hundredth of it


@dataclass
class Recognised:
    """What became of the released cells. Cells of the submission are named by their index.

    `claims` says which cell takes a label. `elsewhere` has the cell that holds an answer, where it has another label.
    `set_aside` are copies of answer cells as they were handed out, which do not run: they would undo an answer.
    `stubs_before` has answer cells that run as they were handed out, before the cell that defines a part of them anew.
    `merged` has the answer that was found in the text of a locked cell, which is going to be replaced.
    """

    claims: dict[int, str] = field(default_factory=dict)
    copies: dict[str, list[int]] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)
    set_aside: set[int] = field(default_factory=set)
    stubs_before: dict[int, list[str]] = field(default_factory=dict)
    merged: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    by_text: bool = False  # no label and no id was there to go by


def recognise(submitted: list[SubmittedCell], release: ReleaseIndex) -> Recognised:
    """Find the released cells among the submitted ones, all but the written answers without a label or an id."""
    return _Search(submitted, release).found()


class _Search:
    def __init__(self, submitted: list[SubmittedCell], release: ReleaseIndex) -> None:
        self.cells, self.release = submitted, release
        self.copies, by_text = find_copies(submitted, release)
        self.result = Recognised(copies=self.copies, by_text=by_text)
        self._definers: dict[str, list[int]] | None = None
        self._functions: dict[int, frozenset[str]] = {}
        self._looked_through = 0

    def found(self) -> Recognised:
        chosen = {label: index for label in self.release.answers if (index := self._changed(label)) is not None}
        for label, index in chosen.items():
            self._claim(label, index)
        for label in self.release.answers:
            if label not in chosen:
                self._search(label)
        for label, cell in self.release.frame.items():
            if not is_answer(cell) and self.copies.get(label):
                self._claim_locked(label)
        for label in self.release.written:
            if self.copies.get(label):
                self._claim_written(label)
        return self.result

    def _says_something(self, label: str, index: int) -> bool:
        """Whether a copy of an answer cell holds more than what was handed out."""
        said = bare(self.cells[index].source)
        return bool(said) and said != self.release.stubs[label]

    def _changed(self, label: str) -> int | None:
        """The copy of an answer that counts, among those which the student has worked on."""
        changed = [index for index in self.copies.get(label, ()) if self._says_something(label, index)]
        asked = self.release.asked[label]
        named = [index for index in changed if any(mentions(self.cells[index].source, name) for name in asked)]
        if len(named) > 1:
            named = [index for index in named if self._functions_in(index) & asked] or named
        if not named:
            return None
        if not self._before_test(label, named):  # a copy behind the test gives way to an answer before it
            others = [index for name in asked for index in self.definers().get(name, ())]
            if self._before_test(label, others) or self._in_a_locked_cell(asked) is not None:
                return None
        return self._last_before_test(label, named)

    def _before_test(self, label: str, candidates: list[int]) -> list[int]:
        """The candidates before the first of the answer's tests that has any before it.

        Where the test is missing, the next released cell that is there stands for it.
        """
        tests = self.copies.get(self.release.test_of.get(label, ""), [])
        if not tests:
            labels = list(self.release.frame)
            later = (self.copies.get(other) for other in labels[labels.index(label) + 1 :])
            tests = next((indices for indices in later if indices), [])
        for test in tests:
            before = [index for index in candidates if index < test]
            if before:
                return before
        return []

    def _last_before_test(self, label: str, candidates: list[int]) -> int:
        return max(self._before_test(label, candidates) or candidates)

    def _search(self, label: str) -> None:
        """Find an answer that no cell with its label holds: by its names, or by its place."""
        copies = self.copies.get(label, [])
        changed = [index for index in copies if self._says_something(label, index)]
        asked = self.release.asked[label]
        definers = sorted({index for name in asked for index in self.definers().get(name, ())})
        merged = None if self._before_test(label, definers) else self._in_a_locked_cell(asked)
        if merged is not None:
            self.result.set_aside.update(index for index in copies if index not in changed)
            self.result.merged[merged] = label
            where = next(name for name, indices in self.copies.items() if merged in indices)
            self.result.problems.append(f"the answer to `{label}` was found in the cell `{where}` and graded")
        elif definers:
            whole = [index for index in definers if asked <= self._functions_in(index)]
            self._take_elsewhere(label, self._last_before_test(label, whole or definers), definers)
        elif changed:
            self._claim(label, self._last_before_test(label, changed))
        elif copies:
            self._claim(label, self._last_before_test(label, copies))
        elif (index := self._beside_its_test(label)) is not None:
            self._claim(label, index)

    def _functions_in(self, index: int) -> frozenset[str]:
        if index not in self._functions:
            self._looked_through += len(self.cells[index].source)
            whole = self._looked_through < _MOST_CODE
            self._functions[index] = functions_in(self.cells[index].source) if whole else frozenset()
        return self._functions[index]

    def definers(self) -> dict[str, list[int]]:
        """The student's own code cells by the names that they define."""
        if self._definers is None:
            answers, stubs = set(self.release.answers), set(self.release.stubs.values())
            locked = {i for label, indices in self.copies.items() if label not in answers for i in indices}
            self._definers = {}
            for index, cell in enumerate(self.cells):
                if cell.kind != "code" or index in locked or self.release.is_given(cell.source):
                    continue
                if not self.release.is_short(cell.source) or bare(cell.source) not in stubs:
                    for name in self._functions_in(index):
                        self._definers.setdefault(name, []).append(index)
        return self._definers

    def _in_a_locked_cell(self, asked: frozenset[str]) -> int | None:
        """A test cell that the student has joined with an answer: an editor keeps the label of one of the two."""
        for label, indices in self.copies.items():
            for index in indices if not is_answer(self.release.frame[label]) else ():
                source = self.cells[index].source
                changed = not same_text(source, self.release.frame[label].source)
                if changed and index not in self.result.merged and asked <= self._functions_in(index):
                    return index
        return None

    def _beside_its_test(self, label: str) -> int | None:
        """The student's last code cell above the test of an answer that nothing else tells."""
        tests = self.copies.get(self.release.test_of.get(label, ""), ())
        known = {index for indices in self.copies.values() for index in indices} | set(self.result.claims)
        for index in range(tests[0] - 1, -1, -1) if tests else ():
            cell = self.cells[index]
            if index in known:
                return None
            if cell.kind == "code" and has_words(cell.source):
                return None if self.release.is_given(cell.source) else index
        return None

    def _claim(self, label: str, index: int) -> None:
        if index in self.result.claims:
            return
        self.result.claims[index] = label
        copies = [copy for copy in self.copies.get(label, ()) if self.cells[copy].label == label]
        untouched = self._set_aside(label, index)
        changed = [copy for copy in copies if copy not in untouched]
        if len(changed) > 1:
            which = "the last one" if index == max(changed) else "the last one before its test"
            self.result.problems.append(f"cell `{label}` is there more than once: {which} was graded")
        elif len(copies) > 1:
            self.result.problems.append(
                f"cell `{label}` is there more than once: what is as it was handed out was left out"
            )

    def _set_aside(self, label: str, chosen: int) -> list[int]:
        """Take out the copies of an answer cell that are as they were handed out, all but the one that counts."""
        untouched = [copy for copy in self.copies.get(label, ()) if not self._says_something(label, copy)]
        untouched = [copy for copy in untouched if copy != chosen]
        self.result.set_aside.update(untouched)
        lacking = self.release.names[label] - self._functions_in(chosen)
        if untouched and lacking and self._says_something(label, chosen):
            self._run_first(label, [chosen])
        return untouched

    def _run_first(self, label: str, definers: Iterable[int]) -> None:
        self.result.stubs_before.setdefault(min(definers), []).append(label)

    def _take_elsewhere(self, label: str, index: int, definers: list[int]) -> None:
        names = ", ".join(f"`{name}`" for name in sorted(self.release.asked[label] & self._functions_in(index)))
        other = self.result.claims.get(index)
        if other is None:
            self.result.claims[index] = label
        else:
            self.result.elsewhere[label] = index
        copies = [copy for copy in self.copies.get(label, ()) if copy != index]
        self.result.set_aside.update(copy for copy in copies if not self._says_something(label, copy))
        everywhere = frozenset[str]().union(*(self._functions_in(one) for one in definers))
        if not self.release.names[label] <= everywhere:
            self._run_first(label, definers)
        if not self.result.by_text or other is not None:
            was = "did not define it" if set(copies) - self.result.set_aside else "was as it was handed out"
            what = f"answer cell `{label}` {was if copies else 'was missing'}"
            where = f"in the cell `{other}`" if other else "in a cell of its own"
            self.result.problems.append(f"{what}: {names} was found {where} and graded")

    def _claim_locked(self, label: str) -> None:
        """Of several copies of a test the first one counts behind which there is none of its answers."""
        copies = self.copies[label]
        homes = {name: index for index, name in self.result.claims.items()} | self.result.elsewhere
        answers = [homes[answer] for answer in self.release.tested.get(label, ()) if answer in homes]
        behind = [copy for copy in copies if all(answer < copy for answer in answers)]
        index = (behind or copies)[0]
        self.result.claims[index] = label
        if len(copies) > 1:
            which = "the first one" if index == copies[0] else "the first one behind its answer"
            sort = "test cell" if is_graded(self.release.frame[label]) else "cell"
            self.result.problems.append(f"{sort} `{label}` is there more than once: {which} was run as this cell")

    def _claim_written(self, label: str) -> None:
        """Of several copies of a written answer the last one worked on counts; the others are shown where they are."""
        copies, handed_out = self.copies[label], self.release.frame[label].source
        worked_on = [
            copy
            for copy in copies
            if (has_words(self.cells[copy].source) and not same_text(self.cells[copy].source, handed_out))
            or self.cells[copy].attachments
        ]
        index = (worked_on or copies)[-1]
        self.result.claims[index] = label
        self.result.set_aside.update(copy for copy in copies if copy != index and copy not in worked_on)
        if len(copies) > 1:
            self.result.problems.append(f"cell `{label}` is there more than once: the last one was graded")
