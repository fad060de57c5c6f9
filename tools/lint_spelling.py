"""Hold the prose of the course to British spelling; exit 1 when a word is in no dictionary.

What is read is what `lint_prose.py` reads. The words that no dictionary has are in `tools/words.txt`, one a line,
sorted. A word is known when pyspellchecker has it, or codespell has it as the British form of another.
`python tools/lint_spelling.py --write-words` adds what is unknown to `tools/words.txt`, to be looked through, and takes
out what no text uses.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import codespell_lib
from lint_prose import ROOT, RULES, Passage, passages
from spellchecker import SpellChecker

WORDS = ROOT / "tools" / "words.txt"
WORD = re.compile(r"(?<![\w@#/.\\-])[^\W\d_]+(?:'[^\W\d_]+)?(?![\w@/\\]|\.\w)")
NAME = re.compile(r"\B[A-Z]|[^A-Za-zÀ-ɏ']")  # SGD, NumPy, σ


def own_words(path: Path = WORDS) -> list[str]:
    return path.read_text(encoding="utf-8").split()


class Speller:
    """Which words are known: British English, and the words of the course."""

    def __init__(self, own: Iterable[str], accepted: Iterable[str]) -> None:
        data = Path(codespell_lib.__file__).parent / "data"
        self.known = SpellChecker(language="en").word_frequency
        self.own = set(own)
        self.mistakes = dict(pairs_of(data / "dictionary.txt"))
        british = dict(pairs_of(data / "dictionary_en-GB_to_en-US.txt"))
        self.british = set(british)
        self.american = {american: word for word, american in british.items() if american not in accepted}

    def fault(self, word: str) -> str:
        """What is wrong with a word, "" if nothing is."""
        bare = re.sub(r"'s?$", "", word)
        low = bare.lower()
        if bare in self.own or low in self.own:
            return ""
        if low in self.american:
            return f"American; here it is {self.american[low]!r}"
        if low in self.mistakes:
            return f"a mistake for {self.mistakes[low]!r}"
        if NAME.search(bare) or low in self.british or low in self.known or word.lower() in self.known:
            return ""
        return "in no dictionary; if it is right, it belongs into tools/words.txt"


def pairs_of(path: Path) -> Iterator[tuple[str, str]]:
    """The lines `wrong->right` of one of codespell's dictionaries."""
    for line in path.read_text(encoding="utf-8").splitlines():
        wrong, _, right = line.partition("->")
        yield wrong, right.strip(", ")


def misspelt(passage: Passage, speller: Speller) -> Iterator[tuple[str, str]]:
    """Each word at fault, and what is said of it."""
    for match in WORD.finditer(passage.text):
        if fault := speller.fault(match[0]):
            yield match[0], f"{passage.at(match.start())}: {match[0]!r}: {fault}"


def unused(own: Iterable[str], texts: Iterable[Passage]) -> list[str]:
    """The words of the list that no text uses."""
    used = {word for passage in texts for match in WORD.finditer(passage.text) for word in forms(match[0])}
    return [word for word in own if word not in used]


def forms(word: str) -> set[str]:
    bare = re.sub(r"'s?$", "", word)
    return {word, bare, bare.lower()}


def speller_of_the_course() -> Speller:
    accepted = tomllib.loads(RULES.read_text(encoding="utf-8"))["spelling"]["accepted"]
    return Speller(own_words(), accepted)


def write_words(own: Iterable[str], unknown: Iterable[str], idle: Iterable[str]) -> None:
    """Add unknown words to the list, in lower case where they stand so anywhere, and take out the idle ones."""
    new = {re.sub(r"'s?$", "", word) for word in unknown}
    new -= {word for word in new if word.lower() != word and word.lower() in {*own, *new}}
    WORDS.write_text("\n".join(sorted({*own, *new} - set(idle))) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the spelling of the course's prose.")
    parser.add_argument("--write-words", action="store_true", help="put the unknown words into tools/words.txt")
    texts, speller = list(passages(ROOT)), speller_of_the_course()
    found = [fault for passage in texts for fault in misspelt(passage, speller)]
    idle = unused(own_words(), texts)
    if parser.parse_args().write_words:
        write_words(own_words(), (word for word, said in found if said.endswith(WORDS.name)), idle)
        return 0
    said = [fault for _, fault in found] + [f"tools/words.txt: {word!r}: no text uses it" for word in idle]
    print(*said, sep="\n", end="\n" if said else "")
    if not said:
        print(f"The words are spelt as in a dictionary, or in tools/words.txt: {len(texts):,} passages.")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
