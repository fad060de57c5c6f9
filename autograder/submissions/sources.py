"""How the texts of cells are compared, and which names they define, without parsing what a student wrote.

A parser can be made to fail, to recurse and to take all memory; these look at lines, in time proportional to the text.
"""

from __future__ import annotations

import keyword
import re
from itertools import islice

_QUOTED = re.compile(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'')
_COMMENT = re.compile(r"#[^\n]*")
_FUNCTION = r"^(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)"
_VARIABLE = r"^([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=(?!=)"
_OTHER_NAME = r"[ \t]*(?:lambda(?!\w)|[^\W\d][\w.]*[ \t]*(?:#.*)?$)"  # `f = lambda x: x`, `f = g`
_DEFINITION = re.compile(rf"{_FUNCTION}|{_VARIABLE}", re.MULTILINE)
_DEFINED_FUNCTION = re.compile(rf"{_FUNCTION}|{_VARIABLE}{_OTHER_NAME}", re.MULTILINE)
_RUNS_PYTHON = ("%%time", "%%capture", "%%prun")  # cell magics behind which definitions are definitions
_WORDS = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:[,;:]?+[ \t]++[^\W\d_]++){4,}")
_NO_PROSE = re.compile(
    r"^[ \t]*(?:from|import|for|if|elif|while|with|return|assert|lambda|async|@)(?!\w).*$", re.MULTILINE
)
_PICTURE = re.compile(r"\w\.(?:png|jpe?g|gif|svg|webp|bmp|heic|pdf)\b", re.IGNORECASE)
_KEYWORDS = frozenset(keyword.kwlist)
_DIFFERENT_WORDS = 4  # in one line: a comprehension has three names between its keywords
_FOREIGN = re.compile(r"[^\W\d_\x00-\u024f]")  # a letter of a script that programs are not written in
_FOREIGN_LETTERS = 8
_NUMBER = re.compile(r"#++[ \t]*+(?:[^\W\d]\w*+[ \t]++)?(\d{1,3})\b")
_LOOKED_THROUGH = 300_000  # characters of a cell


def lines_of(source: str) -> list[str]:
    """The lines of a source; white space around it and at the ends of lines does not count."""
    return [line.rstrip() for line in source.strip().splitlines()]


def same_text(one: str, other: str) -> bool:
    return lines_of(one) == lines_of(other)


def bare(source: str) -> str:
    """What a code cell says, without white space, comments and long strings; equal for two cells that do the same."""
    return "".join(_COMMENT.sub("", _QUOTED.sub("", source)).split())


def defined(source: str) -> frozenset[str]:
    """The names that a code cell gives a value at the beginning of a line."""
    return _found(_DEFINITION, source)


def functions_in(source: str) -> frozenset[str]:
    """The functions and classes among them, other names for such included.

    `accuracy = accuracy(logits, y)` is a number under the name of a function, and no answer.
    """
    return _found(_DEFINED_FUNCTION, source)


def _found(pattern: re.Pattern[str], source: str) -> frozenset[str]:
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(_RUNS_PYTHON):
        return frozenset()
    found = pattern.findall(_QUOTED.sub('""', source[:_LOOKED_THROUGH].replace("\r\n", "\n")))
    return frozenset(function or variable for function, variable in found)


def mentions(source: str, name: str) -> bool:
    """Whether a name stands in a source as a word."""
    return name in source and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) is not None


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in a text, of any script."""
    return any(character.isalnum() for character in text)


def is_prose(code: str) -> bool:
    """Whether a code cell holds sentences, in comments, in strings or as if it were a text cell, or names a picture."""
    if _PICTURE.search(code[:_LOOKED_THROUGH]):
        return True
    rest = _NO_PROSE.sub("", code[:_LOOKED_THROUGH])
    if len(list(islice(_FOREIGN.finditer(rest), _FOREIGN_LETTERS))) == _FOREIGN_LETTERS:
        return True
    if has_words(rest) and not bare(rest):  # nothing but comments and long strings
        return True
    runs = (set(re.findall(r"[^\W\d_]+", run)) for run in _WORDS.findall(rest))
    return any(len(run - _KEYWORDS) >= _DIFFERENT_WORDS for run in runs)


def number_in(heading: str) -> str:
    """The number of a question, from the heading that asks it; "" where it has none."""
    found = _NUMBER.match(heading)
    return found[1] if found else ""


def names_one_of(code: str, questions: list[str]) -> bool:
    """Whether a comment or long string of a code cell names one of these: a label of two words, or a number.

    `# Question 8: because …` does, and so does `# 8) because …`; `# 8 images` and `# range(8):` do not.
    """
    code = code[:_LOOKED_THROUGH]
    said = "\n".join([*_COMMENT.findall(code), *_QUOTED.findall(code)])
    for question in questions:
        if question.isdecimal():
            before = r"(?:(?<!\w)[^\W\d_]++[ \t]*+(?:(?:no|nr)\b\.?|[#.])?[ \t]*+|^(?:#|\"\"\"|\'\'\')?[ \t]*+)"
            pattern = rf"{before}{question}[ \t]*+[.):]"
        elif "_" in question:
            pattern = rf"(?<!\w){re.escape(question)}(?!\w)"
        else:
            continue
        if re.search(pattern, said, re.IGNORECASE | re.MULTILINE):
            return True
    return False
