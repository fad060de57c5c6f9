"""Which submissions are so alike that somebody should read both. A hint, never a verdict.

Each line of an answer becomes tokens in which a student's own names, numbers and strings are all the same, and the
fingerprints of a line are chosen from the hashes of its k-grams by winnowing (Schleimer, Wilkerson and Aiken, 2003): a
line at a time, so that another order of lines changes nothing. What was handed out, and what more than half of the
class has, says nothing and is taken out; of the rest, what few have says more: a fingerprint that m of n students have
weighs log(n / m).

Two submissions are named when they share nearly all that they have (`ALIKE`), and when what they share is more than
chance gives to any pair of this class: each question adds the weight of its rarest shared fingerprint, as far as its
answers are the same, and the sum has to pass the logarithm of the number of pairs. So two who both wrote what everybody
writes are not named. Nothing is parsed: the tokens are found in a time that grows with the length of the text.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

GRAM, WINDOW = 5, 4  # tokens of a k-gram, and hashes of which the smallest is kept: 8 equal tokens are always found
ALIKE = 0.95  # of the weight that the larger one has
COMMON = 0.5  # of the class: what more have is no sign of anything
_LONGEST = 50_000  # characters of a cell that are read
_MOST = 2_000  # fingerprints of an answer
_MOST_PAIRS = 200
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rRbBfFuU]{0,2}(?:\"\"\"(?:[^"\\]|\\.|\"(?!\"\"))*\"{0,3}|'''(?:[^'\\]|\\.|'(?!''))*'{0,3}
        |"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?))
    |(?P<attribute>\.\s*[^\W\d]\w*)|(?P<name>[^\W\d]\w*)|(?P<number>\.?\d(?:[eE][+-](?=\d)|[\w.])*)
    |(?P<end>\n)|(?P<space>[^\S\n]+|\\\n)|(?P<operator>[-+*/%@<>=!&|^~:]{1,2}|.)""",
    re.VERBOSE | re.DOTALL,
)
_KEPT_NAMES = frozenset({*keyword.kwlist, "self", "torch", "np", "nn", "F", "math", "pd", "d2l"})
_CALLED = frozenset(dir(builtins))  # kept where they are called: a variable of such a name is the student's own
_FORM = "(),"  # what a formatter adds and takes away
_FORM_OF_CASE = "[]"  # there a sequence needs no brackets
_OPENING = frozenset({"def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "case"})
_PASSED_OVER = frozenset({"import", "from", "def", "class"})  # lines that begin so are given, or like everybody's

Prints = frozenset[int]  # an answer's fingerprints


@dataclass(frozen=True)
class Pair:
    """Two submissions that are alike: `share` is of the weight that the larger one has, in [0, 1].

    `evidence` is how unlikely what they share is by chance, as a natural logarithm. `questions` are those in which they
    are, the most telling first.
    """

    students: tuple[str, str]
    share: float
    evidence: float
    questions: tuple[str, ...]


def lookalikes(code: Mapping[str, Mapping[str, str]], handed_out: Sequence[str]) -> list[Pair]:
    """The pairs of a class that are alike, the most telling first; `_MOST_PAIRS` at most.

    Args:
        code: of each student, the answers by question.
        handed_out: the cells that everybody has.
    """
    students = sorted(code)
    number = len(students)
    if number < 3:  # nothing is rare among two
        return []
    frame = {print_ for source in handed_out for print_ in fingerprints(source)}
    own_prints: dict[str, list[set[int]]] = {}
    for place, student in enumerate(students):
        for question, source in code[student].items():
            own_prints.setdefault(question, [set() for _ in students])[place] |= fingerprints(source) - frame
    answers = {question: list(map(frozenset, prints)) for question, prints in own_prints.items()}
    weights = {question: _weights(of_class) for question, of_class in answers.items()}
    often = {question: Counter(of_class) for question, of_class in answers.items()}
    shared, own = np.zeros((number, number)), np.zeros(number)
    for question, of_class in answers.items():
        weight = weights[question]
        own += [sum(weight.get(one, 0.0) for one in prints) for prints in of_class]
        shared += _shared(of_class, weight)
    larger = np.maximum(own[:, None], own[None, :])
    alike = np.triu(shared >= ALIKE * larger, 1) & (shared > 0)
    least = math.log(number * (number - 1) / 2)
    found = []
    for one, other in zip(*map(np.ndarray.tolist, np.nonzero(alike)), strict=True):
        evidence = {
            question: _evidence(of_class[one], of_class[other], weights[question], often[question])
            for question, of_class in answers.items()
        }
        if (whole := sum(evidence.values())) >= least:
            telling = sorted((question for question, much in evidence.items() if much), key=lambda q: -evidence[q])
            share = float(shared[one, other] / larger[one, other])
            found.append(Pair((students[one], students[other]), min(share, 1.0), whole, tuple(telling)))
    return sorted(found, key=lambda pair: (-pair.evidence, pair.students))[:_MOST_PAIRS]


def fingerprints(source: str) -> set[int]:
    """Those of a cell; each is a hash of some tokens of one line."""
    found: set[int] = set()
    for line in _lines(source[:_LONGEST]):
        hashes = [
            zlib.crc32("\0".join(line[start : start + GRAM]).encode("utf-8", "surrogatepass"))
            for start in range(max(len(line) - GRAM + 1, 1))
        ]
        found.update(min(hashes[start : start + WINDOW]) for start in range(max(len(hashes) - WINDOW + 1, 1)))
        if len(found) > _MOST:
            break
    return found


def _lines(source: str) -> Iterator[list[str]]:
    """The tokens of each line; one within brackets goes on, and what stands behind a colon is a line of its own."""
    line: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(source):
        kind, text = token.lastgroup, token.group()
        if kind == "end":
            if depth <= 0:
                yield from _telling(line)
                line, depth = [], 0
        elif kind == "string":
            line.append("S")
        elif kind == "number":
            line.append("0")
        elif kind == "name":
            is_called = text in _CALLED and source[token.end() : token.end() + 1] == "("
            is_case = text == "case" and not line
            line.append(text if text in _KEPT_NAMES or is_called or is_case else "N")
        elif kind == "attribute":
            line.append(".N" if line and line[-1] == "self" else "." + text[1:].strip())
        elif kind == "operator":
            depth += (text in "([{") - (text in ")]}")
            if depth <= 0 and (text == ";" or (text == ":" and line and line[0] in _OPENING and "lambda" not in line)):
                yield from _telling(line)
                line, depth = [], 0
            elif text not in _FORM and not (line and line[0] == "case" and text in _FORM_OF_CASE):
                line.append(text)
    yield from _telling(line)


def _telling(line: list[str]) -> Iterator[list[str]]:
    """The line, unless it is so short that everybody writes it, or of a kind that is passed over."""
    if len(line) > 2 and line[0] not in _PASSED_OVER:
        yield line


def _weights(of_class: Sequence[Prints]) -> dict[int, float]:
    """What each fingerprint says, log(n / m); those that more than `COMMON` of the class have are left out."""
    counts = Counter(one for prints in of_class for one in prints)
    number = len(of_class)
    return {one: math.log(number / count) for one, count in counts.items() if count <= max(COMMON * number, 2)}


def _shared(of_class: Sequence[Prints], weight: Mapping[int, float]) -> np.ndarray:
    """The weight that each pair shares, (n, n)."""
    has: dict[int, list[int]] = defaultdict(list)
    for place, prints in enumerate(of_class):
        for one in prints & weight.keys():
            has[one].append(place)
    several = [(one, places) for one, places in has.items() if len(places) > 1]
    matrix = np.zeros((len(of_class), len(several)), dtype=np.float32)
    for column, (one, places) in enumerate(several):
        matrix[places, column] = math.sqrt(weight[one])
    return np.asarray(matrix @ matrix.T, dtype=np.float64)


def _evidence(one: Prints, other: Prints, weight: Mapping[int, float], often: Counter[Prints]) -> float:
    """How unlikely what two answers share is by chance, as a logarithm.

    Its lines are not independent of each other, so of what is shared the rarest alone counts, as far as the answers are
    the same: a line, or where both have the same, all of it together, which `often` counts.
    """
    both = one & other & weight.keys()
    if not both:
        return 0.0
    of_both, of_one, of_other = (sum(weight.get(each, 0.0) for each in prints) for prints in (both, one, other))
    rarest = max(weight[each] for each in both)
    if one == other:
        rarest = max(rarest, math.log(often.total() / often[one]))
    return rarest * of_both / max(of_one, of_other)
