"""Notebooks that are not quite notebooks: rows 21 to 24. Where the answers can be read, they count."""

from __future__ import annotations

import copy
from typing import Any

from attacks.attack import Work, attack


def labels(work: Work) -> list[dict[str, Any]]:
    return [cell["metadata"]["nbgrader"] for cell in work.notebook["cells"] if "nbgrader" in cell["metadata"]]


@attack(21, problem="more than once")
def duplicate_tests(work: Work) -> None:
    for test in work.tests():
        twin = copy.deepcopy(test) | {"source": "pass", "id": test["id"] + "-twin"}
        work.notebook["cells"].append(twin)


@attack(21, problem="more than once")
def duplicate_answers(work: Work) -> None:
    """The last one was graded, and that is said."""
    twin = copy.deepcopy(work.cell("recall_and_precision")) | {
        "source": "def recall_and_precision(y, num_classes):\n    return None",
        "id": "twin",
    }
    work.notebook["cells"].insert(0, twin)


@attack(21)
def all_ids_the_same(work: Work) -> None:
    for cell in work.notebook["cells"]:
        cell["id"] = "same"


@attack(21)
def schema_versions_from_elsewhere(work: Work) -> None:
    for number, label in enumerate(labels(work)):
        label["schema_version"] = [0, 1, 2, 99, -1, "3", None, 3.5, {}][number % 9]


@attack(21)
def flags_flipped(work: Work) -> None:
    for label in labels(work):
        for flag in ("grade", "solution", "locked", "task"):
            label[flag] = not label.get(flag)


@attack(21, right=False)
def points_raised(work: Work) -> None:
    for label in labels(work):
        label["points"] = 1000
        label["checksum"] = "0" * 32
        label["grade"] = True


@attack(22, problem="missing")
def tests_deleted(work: Work) -> None:
    for test in work.tests():
        work.notebook["cells"].remove(test)


@attack(22)
def cells_in_reverse_order(work: Work) -> None:
    work.notebook["cells"].reverse()
    work.notebook["cells"].insert(0, work.cell("imports"))


@attack(22, right=False, problem="changed")
def tests_edited(work: Work) -> None:
    for test in work.tests():
        test["source"] = "4.0"


@attack(22, problem="")
def tests_retyped(work: Work) -> None:
    for number, test in enumerate(work.tests()):
        test["cell_type"] = ["markdown", "raw", "heading", "sql", None, 7, []][number % 7]


@attack(22, right=False)
def tests_of_its_own(work: Work) -> None:
    for number in range(5):
        work.add("100.0", before="")
        label = {"grade": True, "grade_id": f"test_mine_{number}", "points": 100, "locked": True, "schema_version": 3}
        work.notebook["cells"][-1]["metadata"]["nbgrader"] = label | {"solution": False, "task": False}


@attack(22)
def labels_stripped_by_an_editor(work: Work) -> None:
    for cell in work.notebook["cells"]:
        cell["metadata"] = {}


@attack(22, exactly=False)
def labels_and_ids_stripped_by_an_editor(work: Work) -> None:
    for cell in work.notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    work.notebook["nbformat_minor"] = 4


@attack(22)
def metadata_of_wrong_types(work: Work) -> None:
    for number, cell in enumerate(work.notebook["cells"]):
        if "nbgrader" not in cell["metadata"]:
            cell["metadata"] = [None, [], "x", 3][number % 4]
        cell["attachments"] = [[], {"x": 3}, None][number % 3]
    work.notebook["metadata"] = []


@attack(22, right=False)
def answers_exchanged_with_tests(work: Work) -> None:
    """The labels of answer and test cells change places, so that the answer's text would be run as the test."""
    for test in work.tests():
        answer = work.cell(test["metadata"]["nbgrader"]["grade_id"].removeprefix("test_"))
        answer["metadata"], test["metadata"] = test["metadata"], answer["metadata"]


def instead(data: bytes) -> Any:
    """Hand in these bytes."""

    def make(work: Work) -> None:
        work.data = data

    return make


def encoded(change: Any) -> Any:
    """Hand in the right notebook's text after a change."""

    def make(work: Work) -> None:
        work.data = change(work.text())

    return make


def named(name: str, make: Any) -> Any:
    make.__name__ = name
    return make


unreadable = attack(23, loses_all=True, problem="")
readable = attack(23)

not_json = unreadable(named("not_json", instead(b"Dear professor, my dog ate it.")))
empty = unreadable(named("empty", instead(b"")))
blanks = unreadable(named("blanks", instead(b" \n\t\n")))
zeros = unreadable(named("zeros", instead(bytes(4096))))
a_list = unreadable(named("a_list", instead(b"[1, 2, 3]")))
a_number = unreadable(named("a_number", instead(b"NaN")))
a_picture = unreadable(named("a_picture", instead(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)))
no_cells = unreadable(
    named("no_cells", instead(b'{"cells": null, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'))
)
cells_are_a_mapping = unreadable(named("cells_are_a_mapping", instead(b'{"cells": {"a": 1}, "nbformat": 4}')))
truncated = unreadable(named("truncated", encoded(lambda text: text[: len(text) // 2].encode())))
merge_conflict = unreadable(
    named(
        "merge_conflict",
        encoded(lambda text: text.replace(' "cells"', '<<<<<<< HEAD\n "cells"\n=======\n>>>>>>> theirs\n', 1).encode()),
    )
)
cells_of_nonsense = attack(23, right=False, problem="")(
    named("cells_of_nonsense", instead(b'{"cells": [1, null, "x", [], {}], "metadata": {}, "nbformat": 4}'))
)
byte_order_mark = readable(named("byte_order_mark", encoded(lambda text: b"\xef\xbb\xbf" + text.encode())))
utf_16 = readable(named("utf_16", encoded(lambda text: text.encode("utf-16"))))
carriage_returns = readable(named("carriage_returns", encoded(lambda text: text.replace("\n", "\r\n").encode())))
carriage_returns_inside = readable(
    named("carriage_returns_inside", encoded(lambda text: text.replace("\\n", "\\r\\n").encode()))
)
latin_1 = attack(23, exactly=False)(
    named("latin_1", encoded(lambda text: text.replace("YOUR ANSWER HERE", "café").encode("latin-1")))
)
lone_surrogates = readable(
    named("lone_surrogates", encoded(lambda text: text.replace("YOUR ANSWER HERE", "\\ud800 \\u0000 x").encode()))
)


@attack(23)
def format_4_99(work: Work) -> None:
    work.notebook |= {"nbformat_minor": 99, "novelty": {"x": 1}}


@attack(23)
def format_5(work: Work) -> None:
    work.notebook["nbformat"] = 5


@attack(23)
def format_3(work: Work) -> None:
    cells = []
    for cell in work.notebook["cells"]:
        cell = {key: value for key, value in cell.items() if key not in ("id", "execution_count")}
        if cell["cell_type"] == "code":
            cell |= {"input": cell.pop("source"), "language": "python", "prompt_number": 1}
        cells.append(cell)
    work.notebook = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


@attack(23, loses_all=True, exactly=False, problem="")
def format_2_of_nonsense(work: Work) -> None:
    work.data = b'{"nbformat": 2, "worksheets": [{"cells": [{"cell_type": "code"}, 3]}, null], "metadata": []}'


@attack(23)
def kernelspec_missing(work: Work) -> None:
    work.notebook["metadata"] = {}


@attack(23)
def kernelspec_of_another_language(work: Work) -> None:
    work.notebook["metadata"] = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R"},
    }


@attack(23)
def kernelspec_a_string(work: Work) -> None:
    work.notebook["metadata"] = {"kernelspec": "../../bin/sh", "language_info": ["x"], "widgets": 3}


@attack(23)
def sources_of_odd_types(work: Work) -> None:
    for cell in work.notebook["cells"]:
        cell["source"] = (
            str(cell["source"]).splitlines(keepends=True) if isinstance(cell["source"], str) else cell["source"]
        )
    for odd in (None, 3, {"a": 1}, [1, ["x"], None]):
        work.add("", before="")
        work.notebook["cells"][-1]["source"] = odd


@attack(24, loses_all=True, problem="")
def nested_100_000_deep(work: Work) -> None:
    work.data = b"[" * 100_000 + b"]" * 100_000


@attack(24, exactly=False)
def output_nested_deep(work: Work) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    work.data = work.text().encode().replace(b'"metadata": {', b'"x": ' + deep + b', "metadata": {', 1)


@attack(24, loses_all=True, problem="MB")
def notebook_of_200_megabytes(work: Work) -> None:
    work.hand_in()
    with (work.folder / "ps4.ipynb").open("r+b") as file:
        file.truncate(200_000_000)
    work.hands_in_notebook = False


@attack(24, loses_all=True, problem="cells")
def a_million_cells(work: Work) -> None:
    work.data = b'{"nbformat": 4, "cells": [' + b"{}," * 999_999 + b"{}]}"


@attack(24, exactly=False)
def a_number_of_100_000_digits(work: Work) -> None:
    work.data = work.text().replace('"metadata": {', f'"x": {"9" * 100_000}, "metadata": {{', 1).encode()


@attack(24)
def a_source_of_ten_megabytes(work: Work) -> None:
    work.add("x = 1  #" + "x" * 10_000_000, kind="code")


@attack(24)
def a_list_of_names_without_end(work: Work) -> None:
    """What looks for imports in the text of a notebook must not try each way of reading this one."""
    work.add("# pandas: import " + "a,  " * 20_000 + "!\nx = 1  # " + "import " * 20_000, kind="code")
