"""Each term of the glossary is introduced, in bold type, in the chapter that it names, and is not used before."""

from __future__ import annotations

import re
from pathlib import Path

import new_words
import pytest
from chapter_heads import chapters

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
LINES = (BOOK / "appendix" / "glossary.md").read_text(encoding="utf-8").splitlines()
ROWS = new_words.glossary(ROOT)
CHAPTERS = chapters(ROOT)
# What is no prose of the chapter: code, its head, questions that are answered, and what comes after.
NO_PROSE = re.compile(r"^```.*?^```|^:::\{quiz\}.*?^:::$|^\|.*?$", re.DOTALL | re.MULTILINE)
AFTER = re.compile(
    r"^## (?:Exercises|What next|Where next|Now do the problem set|Further reading)$.*", re.DOTALL | re.MULTILINE
)
ASIDE = re.compile(r"`[^`]*`|\$\$.*?\$\$|\{cite\}`[^`]*`", re.DOTALL)
# The words are the same, and mean something else.
OTHERWISE = {
    ("residual", "07-the-learning-problem"): "residual networks",
}


def prose(path: Path) -> str:
    return "\n\n".join(source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")


PROSE = {path.relative_to(BOOK).as_posix(): prose(path) for path in CHAPTERS}


def introduces(text: str, term: str) -> bool:
    """Whether the term stands in bold type, alone or with an ending, at any place."""
    return re.search(rf"\*\*{re.escape(term)}(s|es)?[.,:;]?\*\*", re.sub(r"\s+", " ", text), re.IGNORECASE) is not None


def first_use(text: str, term: str) -> str:
    """The paragraph of a chapter's prose in which a term occurs first, "" if in none."""
    body = AFTER.sub("", NO_PROSE.sub("", text))
    word = re.compile(rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])", re.IGNORECASE)
    for paragraph in re.split(r"\n\s*\n", body):
        words = re.sub(r"\[[^\[\]]*\]\([^)]*\)", "", ASIDE.sub("", paragraph))  # a chapter's title introduces nothing
        if word.search(re.sub(r"\s+", " ", words)):
            return paragraph
    return ""


def test_every_line_of_the_table_is_a_term_and_they_are_in_order() -> None:
    assert len(ROWS) == sum(line.startswith("| ") for line in LINES) - 1 > 50
    terms = [row["term"].lower() for row in ROWS]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["term"])
def test_a_term_is_in_bold_first_in_its_chapter(row: dict[str, str]) -> None:
    first = next((path for path, text in PROSE.items() if introduces(text, row["term"])), None)
    assert first == row["path"]
    assert f"# {row['title']}\n" in PROSE[row["path"]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["term"])
def test_a_term_is_not_used_before_unless_a_link_says_where_it_is_explained(row: dict[str, str]) -> None:
    early = {}
    for path, text in PROSE.items():
        if path == row["path"]:
            break
        use = first_use(text, row["term"])
        if use and Path(row["path"]).name not in use and (row["term"], Path(path).stem) not in OTHERWISE:
            early[path] = use[:200]
    assert early == {}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name[:2]}-{path.stem}")
def test_the_head_of_a_chapter_names_its_new_words_and_leads_to_the_glossary(path: Path) -> None:
    head = source_of(read(path)["cells"][0])
    assert head == new_words.with_words(head, new_words.introduced(ROOT)[path]), "run tools/new_words.py"


def test_a_word_within_another_introduces_nothing() -> None:
    assert introduces("a **logit**", "logit")
    assert introduces("its **Logits:** are", "logit")
    assert not introduces("**the logit rule**, logit", "logit")


def test_a_use_is_found_in_prose_alone() -> None:
    text = "| logit |\n\nOne `logit`, $$logit$$.\n\n```\nlogit\n```\n\n[The logit](a.ipynb)"
    text += "\n\nMany *logits* here.\n\nA logit."
    assert first_use(text, "logit") == "Many *logits* here."
    assert first_use("Before.\n\n## Exercises\n\nA logit.", "logit") == ""
