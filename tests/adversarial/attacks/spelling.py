"""Saying what was asked by how an answer fails: row 35. Each attack is there twice, and the twin fails the other way.

What a hidden test asks decides over a bit, and the bit over what the function does: a twin's bit is the other one. If
the pages of the two differ in more than their own code, then what was asked can be read from a page.
"""

from __future__ import annotations

import re

from attacks.attack import Attack, Work, attack
from attacks.leaks import VISIBLE_LOGITS

TWINS = ("first-twin", "other-twin")  # as long as each other
_BIT = "bit = (int(logits.double().abs().sum() * 1000) + (twin == 'other-twin')) % 2\n"
_FIRST = "calls = vars(log_sum_exp).setdefault('calls', [])\ncalls.append(bit)\nfirst, number = calls[0], len(calls)\n"
CHANNELS = {
    "which exception": "raise (BlockingIOError if bit else BufferError)()",
    "order of exceptions": _FIRST + "raise (KeyError if (number + first) % 2 else ValueError)()",
    "number of exceptions": _FIRST + "raise (KeyError if (number == 2) == first else ValueError)()",
    "length of a message": "raise ValueError('x' * (1 + 4_000 * bit))",
    "name of an exception": "raise type('A' if bit else 'B' * 200, (ValueError,), {})()",
    "length of what is printed": "print('x' * (4_000 * bit))\nraise ValueError()",
    "number of warnings": "import warnings\nfor n in range(20 * bit): warnings.warn(str(n))\nraise ValueError()",
    "time": "import time\ntime.sleep(0.02 * bit)\nraise ValueError()",
    "cause of an exception": "try: 1 / 0 if bit else [][0]\nexcept Exception as error: raise ValueError() from error",
    "notes on an exception": "error = ValueError()\nfor n in range(9 * bit): error.add_note(str(n))\nraise error",
}


def _spelling(channel: str, twin: str) -> Attack:
    def make(work: Work) -> None:
        lines = f"twin = '{twin}'\nif not {VISIBLE_LOGITS}:\n"
        lines += "".join(f"    {line}\n" for line in (_BIT + CHANNELS[channel]).splitlines())
        work.preface("log_sum_exp", lines)

    student = f"r35-{channel.replace(' ', '-')}-{twin}"
    return attack(35, loses=("log_sum_exp",), student=student)(make)


PAIRS = {channel: tuple(_spelling(channel, twin) for twin in TWINS) for channel in CHANNELS}


def alike(page: str, attack: Attack) -> str:
    """What a page says, without what tells the twins apart anyway: their names, the word in the code, and its hash."""
    return re.sub(r"\b[0-9a-f]{64}\b", "", page).replace(attack.student, "STUDENT").replace(TWINS[1], TWINS[0])
