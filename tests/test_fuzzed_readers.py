"""Every reader of what strangers send gives a value or its own refusal, in time that grows with the length alone."""

from __future__ import annotations

import contextlib
import html
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.answers.encoding import encode
from autograder.answers.frames import VALUE, AnswerFrame, packed, read_frame, read_settings
from autograder.answers.settings import Settings
from autograder.answers.values import TAGS, ValueRefused
from autograder.course import Course
from autograder.engine.sandbox.channel import Channel, read_message
from autograder.engine.sandbox.outputs import Budget, Recorder
from autograder.engine.sandbox.preload import PRELOAD, preload_for
from autograder.engine.sandbox.told import read_into
from autograder.grading.results import Results
from autograder.options import FILE, options_of
from autograder.records.execution import CellResult
from autograder.records.graded import Graded, graded_from
from autograder.sanitise import clean_bundle, clean_html, clean_outputs, clean_text
from autograder.submissions.intake import UnreadableError, framed, parsed
from autograder.submissions.record import with_note
from autograder.submissions.students import is_name, student_of
from autograder.submissions.timestamps import TIMESTAMP, timestamp_in
from gradus.errors import GradusError
from gradus.hand_in.library_export import export_library
from gradus.notebook.cells import label_of
from gradus.notebook.form import read
from gradus.notebook.frame import recorded_frame
from gradus.printable import on_one_line, printable

QUICK = settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
HEAD = b"GA1V"

TEXT = some.text(max_size=60) | some.sampled_from(
    ["<svg ", "</svg>", "<div>", "&#36;", "&", "\\href{", "![", "](", "$", "\x1b[31m", "\ud800", "\x00", "`", "<!--"]
)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
KINDS = some.sampled_from(
    ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml", "application/json"]
)
RELEASED = new_notebook(
    cells=[
        new_markdown_cell("Read this.", id="prompt"),
        new_code_cell(
            "def f(x):\n    raise NotImplementedError",
            id="f",
            metadata={"nbgrader": {"grade_id": "f", "grade": False, "solution": True, "locked": False, "task": False}},
        ),
    ]
)


def recorded(messages: list[Any], printed: bytes = b"") -> list[dict[str, Any]]:
    """What a recorder makes of messages, as a cell's outputs."""
    recorder = Recorder(Budget(100_000), {})
    for message in messages:
        frame = json.dumps(message).encode()
        known = read_message(frame)
        if known is not None:
            recorder.took(known, len(frame))
        recorder.printed("stdout", printed)
    return recorder.finished()


def refusal_of(reading: Callable[[Path], Any], path: Path) -> str:
    """The sentence with which a person's file is refused; "" when it is not."""
    try:
        reading(path)
    except GradusError as refusal:
        return str(refusal)
    return ""


def nested(depth: int, inside: Any = 0) -> Any:
    for _ in range(depth):
        inside = {"a": [inside]}
    return inside


# Frames


def answer(body: bytes) -> bytes:
    return HEAD + len(body).to_bytes(8, "little") + body


def size(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _frame_of_dict(entries: int) -> bytes:
    keys = b"".join(
        bytes([TAGS["int"]]) + size(16) + (number * (2**61 - 1)).to_bytes(16, "little") + b"\0"
        for number in range(entries)
    )
    return answer(bytes([TAGS["dict"]]) + size(entries) + keys)


CRASHED_FRAMES = {
    "nothing": b"",
    "a frame of 100 GB": HEAD + size(100 << 30),
    "a list of 2**63 entries": answer(bytes([TAGS["list"]]) + size(1 << 63)),
    "an array of 2**60 entries": answer(bytes([TAGS["array"], 0, 11, 1]) + size(1 << 60)),
    "an array without entries and of 2**63 rows": answer(bytes([TAGS["array"], 0, 11, 2]) + size(0) + size(1 << 63)),
    "lists in lists": answer((bytes([TAGS["list"]]) + size(1)) * 5_000),
    "tuples as keys, in tuples": answer(bytes([TAGS["dict"]]) + size(1) + (bytes([TAGS["tuple"]]) + size(1)) * 5_000),
    "a dict as a key": answer(bytes([TAGS["dict"]]) + size(1) + bytes([TAGS["dict"]]) + size(0) + b"\0"),
    "half a character": answer(bytes([TAGS["str"]]) + size(1) + b"\xff"),
    "keys of one hash": _frame_of_dict(20_000),
    "an integer of a gigabyte": answer(bytes([TAGS["int"]]) + size(1 << 30)),
}


def refused_or_read(frame: bytes) -> bool:
    try:
        return isinstance(read_frame(frame), AnswerFrame)
    except ValueRefused:
        return False


@pytest.mark.parametrize("frame", CRASHED_FRAMES.values(), ids=CRASHED_FRAMES.keys())
def test_a_hostile_frame_is_refused(frame: bytes) -> None:
    assert not refused_or_read(frame)


@QUICK
@given(some.binary(max_size=200), some.integers(0, 255), some.binary(max_size=20))
def test_any_bytes_are_an_answer_or_refused(body: bytes, place: int, other: bytes) -> None:
    good = bytearray(packed(VALUE, encode([1, 2.0, "x", {"a": (None, True)}]), Settings()))
    good[place % len(good) : place % len(good) + len(other)] = other
    for frame in (body, answer(body), bytes(good)):
        refused_or_read(frame)
        with contextlib.suppress(ValueRefused, ValueError):
            read_settings(frame)


@QUICK
@given(some.lists(some.binary(max_size=50), max_size=8))
def test_a_channel_gives_whole_frames_of_any_bytes(pieces: list[bytes]) -> None:
    channel = Channel(30)
    for piece in pieces:
        channel._take(piece)
    while (frame := channel.next()) is not None:
        assert len(frame) <= 30
        message = read_message(frame)
        assert message is None or isinstance(message, dict)
    channel.close()


# Control messages

CRASHED_MESSAGES: dict[str, Any] = {
    "metadata nested deep": {"kind": "display", "data": {"text/plain": "x"}, "metadata": nested(300)},
    "data nested deep": {"kind": "display", "data": {"text/plain": nested(300), "application/json": nested(300)}},
    "an error of nested lines": {"kind": "error", "ename": nested(300), "evalue": "", "traceback": [nested(9)]},
    "integers of 4000 digits": {"kind": "result", "data": {"text/plain": int("9" * 4000)}, "count": int("9" * 4000)},
    "half characters": {"kind": "display", "data": {"\ud800": "\ud800"}, "metadata": {"\ud800": {"alt": "\udfff"}}},
    "ten thousand kinds": {"kind": "display", "data": {f"a/{n}": "x" for n in range(10_000)}},
    "an infinite width": {"kind": "display", "data": {"image/png": "e"}, "metadata": {"image/png": {"width": 1e999}}},
}  # fmt: skip


@pytest.mark.parametrize("message", CRASHED_MESSAGES.values(), ids=CRASHED_MESSAGES.keys())
def test_a_hostile_message_leaves_outputs_that_any_program_reads(message: Any) -> None:
    outputs = recorded([message])
    assert len(outputs) == 1
    text = json.dumps(clean_outputs(outputs), allow_nan=False)
    assert text.encode("utf-8")
    assert len(text) < 20_000
    assert str(json.loads(text)).count("[") < 50


def test_each_display_that_is_updated_is_paid_for() -> None:
    shows = [{"kind": "display", "data": {"text/plain": "x"}, "display_id": "one"}] * 100
    update = {"kind": "display", "data": {"text/plain": "y" * 5_000}, "display_id": "one", "update": True}
    outputs = recorded([*shows, update])
    assert sum(len(str(output)) for output in outputs) < 100_000
    assert "was cut" in outputs[-1]["text"]
    assert recorded([*shows[:3], update])[0]["data"] == update["data"]


def test_messages_that_show_nothing_are_not_for_free_either() -> None:
    budget = Budget(1_000)
    assert budget.has_room_for_message(100_000)
    assert not all(budget.has_room_for_message(100_000) for _ in range(1_000))


KINDS_OF_MESSAGE = some.sampled_from(["display", "result", "error", "clear"])
PARTS = some.sampled_from(
    ["kind", "data", "metadata", "count", "traceback", "ename", "evalue", "display_id", "update", "wait"]
)
MESSAGE = some.dictionaries(PARTS, JSON | some.dictionaries(KINDS, JSON, max_size=3) | KINDS_OF_MESSAGE, max_size=5)


@pytest.mark.slow("seconds of made-up messages and files")
@QUICK
@given(some.lists(MESSAGE, max_size=5), some.binary(max_size=30))
def test_any_messages_leave_outputs_that_any_program_reads(messages: list[Any], printed: bytes) -> None:
    outputs = clean_outputs(recorded(messages, printed))
    json.dumps(outputs, allow_nan=False, ensure_ascii=False).encode("utf-8")


@QUICK
@given(some.dictionaries(some.sampled_from(["passed_over", "broken"]), JSON | some.lists(
    some.tuples(some.integers(), some.sampled_from(["module", "magic", "x"]), TEXT), max_size=3)))  # fmt: skip
def test_any_end_of_a_cell_is_read(end: dict[str, Any]) -> None:
    result = CellResult(0)
    read_into(result, read_message(json.dumps(end).encode()) or {})
    assert all(passed.line > 0 for passed in result.passed_over)
    json.dumps([passed.what for passed in result.passed_over], ensure_ascii=False).encode("utf-8")


# Notebooks

CRASHED_NOTEBOOKS = {
    "nested": b'{"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an integer of 100,000 digits": b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}",
    "an infinite format": b'{"cells": [], "nbformat": 1e999}',
    "half a character": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\\ud800"}]}',
    "JSON in JSON": json.dumps(json.dumps(json.dumps({"cells": []}))).encode(),
    "not UTF-8": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "l\xf6sung"}]}',
    "an old format, broken": b'{"nbformat": 3, "worksheets": [[5]]}',
    "metadata that are none": b'{"nbformat": 4, "metadata": 5, "cells": [{"metadata": 5, "attachments": [5]}]}',
}


@pytest.mark.parametrize("content", CRASHED_NOTEBOOKS.values(), ids=CRASHED_NOTEBOOKS.keys())
def test_a_hostile_notebook_is_graded_or_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    notebook = framed(content, "ps.ipynb", RELEASED, (), "ps")
    assert {label_of(cell) for cell in notebook.cells} <= {"", "f"}
    assert all(isinstance(problem, str) for problem in notebook.metadata["gradus"]["problems"])
    json.dumps(notebook, ensure_ascii=False).encode("utf-8")
    (tmp_path / "ps.ipynb").write_bytes(content)
    for reading in (read, lambda path: export_library(path, tmp_path)):
        assert "\n" not in refusal_of(reading, tmp_path / "ps.ipynb")


METADATA = JSON | some.fixed_dictionaries({"nbgrader": JSON | some.just({"grade_id": "f"})})
CELL = some.fixed_dictionaries(
    {},
    optional={
        "cell_type": some.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": TEXT | JSON,
        "id": TEXT | JSON,
        "metadata": METADATA,
        "attachments": JSON,
    },
)
FORMATS = some.sampled_from([2, 3, 4, "4"])
NOTEBOOK = some.fixed_dictionaries({"nbformat": FORMATS, "cells": some.lists(CELL, max_size=4), "metadata": JSON})


@QUICK
@given(JSON | NOTEBOOK)
def test_any_json_is_graded_or_refused(raw: Any) -> None:
    content = json.dumps(raw).encode()
    with contextlib.suppress(UnreadableError):
        parsed(content, "ps.ipynb")
    notebook = with_note(framed(content, "ps.ipynb", RELEASED, (), "ps"))
    json.dumps(notebook, ensure_ascii=False).encode("utf-8")
    assert recorded_frame(raw) is None or isinstance(raw, dict)


@QUICK
@given(some.binary(max_size=200))
def test_any_bytes_are_graded_or_refused(content: bytes) -> None:
    framed(content, "ps.ipynb", RELEASED, (), "ps")
    preload_for([content.decode("utf-8", "replace")])


# What is shown

ACTING = (
    r"\href{javascript:alert(1)}{x}", r"\href1", r"\mmlToken{mi}[href]{x}", r"\style{x}{y}", r"\class9{x}",
    r"\cssId{a}{b}", r"\require{html}", r"\unicode{60}", r"\bbox[border:1px]{x}", r"\toggle{x}{y}\endtoggle",
    r"\texttip{a}{b}", r"\mathtip{a}{b}", r"\gdef\x{y}", r"\newenvironment{a}{b}{c}", r"\DeclareMathOperator{\x}{y}",
    r"\setOptions{x}", r"\enclose{x}[style=y]{z}", r"\let\x=\y", r"\begingroup x", r"\label{x}", r"\eqref{x}",
    r"\data{a}{b}", r"\fcolorbox{x}{y}{z}", r"\refeq{x}", r"\ce{x}",
)  # fmt: skip
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "decimal": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "one letter": lambda text: text[:2] + f"&#x{ord(text[2]):x};" + text[3:],
    "without a semicolon": lambda text: text[:2] + f"&#{ord(text[2])} " + text[3:] if text[3] == " " else text,
    "the backslash": lambda text: f"&bsol;{text[1:]}",
    "a comment": lambda text: text[:3] + "<!-- -->" + text[3:],
    "a tag that goes": lambda text: text[:3] + "<wbr>" + text[3:],
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
@pytest.mark.parametrize("acting", ACTING)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/markdown", "text/latex"])
def test_no_formula_acts_on_a_reader(acting: str, disguise: Callable[[str], str], kind: str) -> None:
    name = acting[1 : next(n for n, char in enumerate(acting[1:], 1) if not char.isalpha())]
    shown = clean_bundle({kind: f"${disguise(acting)}$"})[kind]
    if kind != "text/plain":
        shown = html.unescape(shown)
    assert f"\\{name}" not in shown.replace("\\\\", "")


def test_honest_formulas_stay() -> None:
    text = r"$\hat{y} = \mathrm{softmax}(o)$, $\frac{a}{b} \leq \text{class}$, $\classes$ &nbsp; &lt;b&gt; R&D &amp; x"
    assert clean_text(text) == text
    assert clean_html("a &lt; b &amp;&amp; c &quot;d&quot; R&D") == 'a &lt; b &amp;&amp; c "d" R&amp;D'.replace(
        '"', "&quot;"
    )


@QUICK
@given(some.dictionaries(KINDS, some.lists(TEXT, max_size=8).map("".join), max_size=3))
def test_any_output_can_be_shown(data: dict[str, str]) -> None:
    clean = clean_bundle(data)
    assert all(isinstance(content, str) for content in clean.values())
    page = clean.get("text/html", "").lower()
    assert "<svg" not in page
    assert "<script" not in page


# Times, names, results, options


@QUICK
@given(some.binary(max_size=80) | some.from_regex(rb"20\d\d[-./ ]\d+[-./ ]\d+.{0,12}", fullmatch=True))
def test_any_timestamp_is_a_time_or_a_sentence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, TIMESTAMP).write_bytes(content)
        stamp = timestamp_in(folder)
        assert (stamp.when is None) == bool(stamp.doubt)
        assert on_one_line(stamp.doubt) == stamp.doubt


@QUICK
@given(some.text(max_size=120) | some.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_name_can_be_printed(name: str) -> None:
    is_name(student_of(name))
    assert on_one_line(name).encode("utf-8").decode().count("\n") == 0
    assert "\x1b" not in printable(name)


GRADED = Graded("k", 1, {"python": "3"}, [], {"a": 1.0}, {}, {}, {}, {"cells": [], "metadata": {}}, {}).as_dict()
CRASHED_RESULTS: dict[str, Any] = {
    "no notebook": {"notebook": None}, "a notebook without cells": {"notebook": {"metadata": {}}},
    "cells that are none": {"notebook": {"metadata": {}, "cells": [5]}}, "marks that are words": {"marks": {"a": "x"}},
    "no number": {"marks": {"a": float("nan")}}, "problems": {"problems": 5}, "another key": {"key": "other"},
    "more": {"more": 1}, "verdicts": {"verdicts": {"a": 5}}, "seconds": {"seconds": {"a": None}},
}  # fmt: skip


def test_a_whole_result_is_read_back() -> None:
    assert graded_from(GRADED, "k") == Graded(**GRADED)


@pytest.mark.parametrize("change", CRASHED_RESULTS.values(), ids=CRASHED_RESULTS.keys())
def test_a_damaged_result_is_none(change: dict[str, Any]) -> None:
    assert graded_from({**GRADED, **change}, "k") is None


@QUICK
@given(some.sampled_from(list(GRADED)), JSON)
def test_any_result_is_one_or_none(name: str, value: Any) -> None:
    graded_from({**GRADED, name: value}, "k")


@pytest.mark.slow("seconds of made-up messages and files")
@QUICK
@given(some.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_of_results_is_one_or_none(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = Results(Course(Path(folder)), "ps")
        path = results._path("graded", "k")
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        found = results.find("graded", "k")
        assert found is None or isinstance(found, dict)
        (results.folder / "run.json").write_bytes(content)
        assert 0 <= results.seed() < 2**53


CRASHED_OPTIONS = (
    "x = " + "[" * 2000 + "]" * 2000, "x = " + "9" * 5000, "[grading]\nps = 3", "grading = 3",
    "[grading]\nprocesses = 0.5", "[grading]\ncell_seconds = inf", "[grading]\nfiles = 1e300", "[grading]\nfiles = nan",
    "[grading]\nfiles = 0x" + "f" * 5000, "[grading]\nfiles = true", "\x00", "[grading.ps]\nshow_hidden = 'no'",
)  # fmt: skip


def refusal_of_options(folder: Path, content: bytes) -> str:
    (folder / FILE).write_bytes(content)
    said = refusal_of(lambda folder: options_of(Course(folder), "ps"), folder)
    assert len(said) < 1_000 + len(str(folder))
    return said


@pytest.mark.parametrize("content", CRASHED_OPTIONS, ids=range(len(CRASHED_OPTIONS)))
def test_broken_options_are_refused_in_a_sentence(content: str, tmp_path: Path) -> None:
    assert refusal_of_options(tmp_path, content.encode())


@QUICK
@given(some.binary(max_size=60) | some.tuples(some.sampled_from(["files", "cell_seconds", "show_hidden", "x"]),
    some.sampled_from(["1", "-1", "0", "1.5", "true", "'x'", "[]", "{}", "inf", "1e400"])).map(
    lambda line: f"[grading]\n{line[0]} = {line[1]}".encode()))  # fmt: skip
def test_any_options_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        refusal_of_options(Path(folder), content)


# Time


def notebook_of(cells: list[dict[str, Any]]) -> bytes:
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


SHOWN = [
    "<svg ", "<svg></svg>", "<div>", "<div></div>", "<b><p>", "<li>", "&", "&amp;", "&#38;", "<!--", "<!-- -->",
    "<a b='", "<p a a a>", "</svg ", "<table><tr>", "</b>", "<script>", "<a href=#>x</a>", "<br>",
    "<div><table></div></table>",
]  # fmt: skip
WRITTEN = ["![", "[](", "]: ", "](", "&#36;", "\\hr&#101;f", "\\", "&", "![a](attachment:", "<", "$"]
GROWING: dict[str, Callable[[int], Any]] = {
    **{f"HTML {unit}": lambda n, unit=unit: clean_html(unit * (n // len(unit))) for unit in SHOWN},
    **{f"Markdown {unit}": lambda n, unit=unit: clean_text(unit * (n // len(unit))) for unit in WRITTEN},
    "attributes": lambda n: clean_html("<a" + " b" * (n // 2) + ">"),
    "escapes": lambda n: clean_outputs([{"output_type": "stream", "name": "stdout", "text": "\x1b[0m" * (n // 4)}]),
    "frame of arrays": lambda n: refused_or_read(
        answer(bytes([TAGS["list"]]) + size(n // 40) + (bytes([TAGS["array"], 1, 1, 0]) + b"x") * (n // 40))
    ),
    "frame of keys of one hash": lambda n: refused_or_read(_frame_of_dict(n // 20)),
    "frames": lambda n: Channel(100)._take(b"\0\0\0\1A" * (n // 5)),
    "message of brackets": lambda n: read_message(b'{"a":[' + b"[]," * (n // 3) + b"0]}"),
    "message of numbers": lambda n: recorded([{"kind": "display", "data": {"text/plain": "9" * n}}]),
    "message of kinds": lambda n: recorded([{"kind": "display", "data": dict.fromkeys(map(str, range(n // 10)), "x")}]),
    "updates": lambda n: recorded(
        [{"kind": "display", "data": {}, "display_id": "a"}] * (n // 1000)
        + [{"kind": "display", "data": {}, "display_id": "a", "update": True}] * (n // 1000)
    ),
    "notebook of cells": lambda n: framed(
        notebook_of([{"cell_type": "code", "source": f"x{k}", "id": "f"} for k in range(min(n // 200, 999))]),
        "ps.ipynb", RELEASED, (), "ps",
    ),
    "notebook of one line": lambda n: framed(
        notebook_of([{"cell_type": "code", "source": "x;" * (n // 2)}]), "ps.ipynb", RELEASED, (), "ps"
    ),
    "notebook of brackets": lambda n: framed(b'{"cells":' + b"[]," * n, "ps.ipynb", RELEASED, (), "ps"),
    "preload": lambda n: preload_for(["pandas" * (n // 6)]),
    "names": lambda n: is_name(student_of("é" * n)) or on_one_line("\x1b" * n),
}  # fmt: skip
SMALLEST, DOUBLINGS = 25_000, 3
GROWS = 3.2  # times for each doubling; 2 is linear, 4 quadratic
NOISE = 0.02  # seconds that are not looked at


def seconds_of(work: Callable[[int], Any], length: int, enough: float = 0.0) -> float:
    """Processor time, the best of three, or of fewer if one was good enough."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work(length)
        best = min(best, time.process_time() - began)
        if best <= enough:
            break
    return best


def grows_too_fast(work: Callable[[int], Any], smallest: int) -> tuple[float, float] | None:
    """What a length took, and one that is doubled again and again; None if that is in proportion."""
    before = seconds_of(work, smallest)
    most = NOISE + max(before, NOISE / 4) * GROWS**DOUBLINGS
    after = seconds_of(work, smallest << DOUBLINGS, most)
    return None if after <= most else (before, after)


@pytest.mark.parametrize("work", GROWING.values(), ids=GROWING.keys())
def test_twice_the_length_takes_no_four_times_the_time(work: Callable[[int], Any]) -> None:
    assert grows_too_fast(work, SMALLEST) is None


@pytest.mark.slow("what takes long, done twice")
def test_what_is_quadratic_would_be_found() -> None:
    def quadratic(length: int) -> int:
        return sum(1 for _ in range(length // 200) for _ in range(length // 200))

    assert grows_too_fast(quadratic, SMALLEST * 4) is not None


def test_what_is_preloaded_is_what_a_text_asks_for() -> None:
    assert preload_for(["x = 1"]) == PRELOAD
    assert "pandas" in preload_for(["pandas " * 500 + "\nimport pandas"])
