"""2,800 people and the 25 sentences that they judged themselves by; `files/SOURCES.md` says whose data these are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

# Five for each of five traits, whose first letter the names have; in the source's own words.
SENTENCES = {
    "A1": "Am indifferent to the feelings of others.",
    "A2": "Inquire about others' well-being.",
    "A3": "Know how to comfort others.",
    "A4": "Love children.",
    "A5": "Make people feel at ease.",
    "C1": "Am exacting in my work.",
    "C2": "Continue until everything is perfect.",
    "C3": "Do things according to a plan.",
    "C4": "Do things in a half-way manner.",
    "C5": "Waste my time.",
    "E1": "Don't talk a lot.",
    "E2": "Find it difficult to approach others.",
    "E3": "Know how to captivate people.",
    "E4": "Make friends easily.",
    "E5": "Take charge.",
    "N1": "Get angry easily.",
    "N2": "Get irritated easily.",
    "N3": "Have frequent mood swings.",
    "N4": "Often feel blue.",
    "N5": "Panic easily.",
    "O1": "Am full of ideas.",
    "O2": "Avoid difficult reading material.",
    "O3": "Carry the conversation to a higher level.",
    "O4": "Spend time reflecting on things.",
    "O5": "Will not probe deeply into a subject.",
}

_FILE = Path(__file__).parent / "files" / "answers.csv.gz"


def answers_table() -> tuple[dict[str, str], pd.DataFrame]:
    """What each sentence says, by its name, and how well it fits each person.

    Returns:
        The 25 sentences, and a table (2800, 25) of answers from 1 (very inaccurate) to 6 (very accurate) as float, NaN
        where one is missing; its columns are the names of the sentences, in their order.
    """
    return dict(SENTENCES), pd.read_csv(_FILE, dtype=float)[list(SENTENCES)]
