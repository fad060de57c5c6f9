"""Variants are the programs that their files say, and what is written wrongly is named with its line and the cure."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import lint_variants
import pytest
import typer
from in_process import ROOT, source_notebook
from typer.testing import CliRunner

from autograder.cli import register
from autograder.course import Course
from autograder.misconceptions import pages
from autograder.misconceptions.variants import Variants, read_variants
from gradus.errors import GradusError
from gradus.notebook.form import Notebook, write

ANSWERS = {
    "mean": '''def mean(x: list[float], start: int = 0) -> float:
    """The mean."""
    ### BEGIN SOLUTION
    total = sum(x)
    count = len(x)
    return total / count
    ### END SOLUTION''',
    "Doubler": "class Doubler:\n    def __call__(self, x):\n        return 2 * x",
}


def notebook() -> Notebook:
    flags = {"grade": False, "solution": True, "locked": False, "schema_version": 3}
    cells = [
        {"cell_type": "code", "id": label, "source": source, "metadata": {"nbgrader": flags | {"grade_id": label}}}
        for label, source in ANSWERS.items()
    ]
    return {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}


def problem_set(folder: Path, text: str, question: str = "mean") -> Path:
    (folder / "variants").mkdir(exist_ok=True)
    (folder / "variants" / f"{question}.md").write_text(text, encoding="utf-8")
    write(folder / f"{folder.name}.ipynb", notebook())
    return folder


def variants(folder: Path, text: str, question: str = "mean") -> Variants:
    return read_variants(problem_set(folder, text, question), notebook(), [question])


BODY = (
    'def mean(x: list[float], start: int = 0) -> float:\n    """The mean."""\n    total = sum(x)\n    count = len(x)\n'
)
FORMS = {
    "a line": ("- `return sum(x) / len(x)`", "def mean(x, start=0):\n    return sum(x) / len(x)"),
    "lines": ("- `n = len(x)`\n- `return sum(x) / n`", "def mean(x, start=0):\n    n = len(x)\n    return sum(x) / n"),
    "a body": (
        "```python\nfor y in x:\n    return y\n```",
        "def mean(x, start=0):\n    for y in x:\n        return y",
    ),
    "a whole function": ("```python\ndef mean(*x):\n    return 0\n```", "def mean(*x):\n    return 0"),
    "a name for another function": ("```python\nmean = max\n```", "mean = max"),
    "a change": ("- `total / count` → `total`", f"{BODY}    return total"),
    "two changes": (
        "- `sum(x)` -> `max(x)`\n- `/ count` → `- 1`",
        BODY.replace("sum(x)", "max(x)") + "    return total - 1",
    ),
    "a difference": (
        "```diff\n     count = len(x)\n-    return total / count\n+    count -= 1\n+    return total / count\n```",
        f"{BODY}    count -= 1\n    return total / count",
    ),
    "a difference in two places": (
        "```diff\n-    total = sum(x)\n+    total = max(x)\n\n-    return total / count\n+    return total\n```",
        BODY.replace("sum(x)", "max(x)") + "    return total",
    ),
    "a difference from another right solution": (
        "```diff by hand\n-    return sum(x) / n\n+    return n\n```",
        "def mean(x, start=0):\n    n = len(x)\n    return n",
    ),
}  # fmt: skip
BY_HAND = "# mean\n\n## Right\n\n**by hand**\n- `n = len(x)`\n- `return sum(x) / n`\n\n## Wrong\n\n"


@pytest.mark.parametrize(("code", "program"), FORMS.values(), ids=FORMS)
def test_each_form_of_code_is_the_program_that_it_says(code: str, program: str, tmp_path: Path) -> None:
    text = f"{BY_HAND}**another one**: It is\nwrong, because `x`.\n{code}\n"
    (found,) = variants(tmp_path, text).misconceptions
    assert found.source == program
    assert (found.name, found.hint) == ("another_one", "It is wrong, because `x`.")
    assert found.place.endswith("mean.md, line 11 (another_one)")


def test_what_solutions_share_stands_before_each(tmp_path: Path) -> None:
    shared = "from math import fsum\n\n\ndef total(x):\n    return fsum(x)"
    code = f"Any text.\n\n```python\n{shared}\n```\n\n"
    text = f"# mean\n\n{code}## Right\n\n**with floats**\n- `return total(x) / len(x)`\n"
    (wheat,) = variants(tmp_path, text).wheats
    assert wheat.source == f"{shared}\n\n\ndef mean(x, start=0):\n    return total(x) / len(x)"
    assert wheat.title == "with floats"


METHODS = {
    "a method": ("- `def __call__(self, x): return x + 2`", 7),
    "methods in a block": ("```python\ndef factor(self):\n    return 3\n```", 15),
    "a change": ("- `return 2` → `return 4`", 20),
    "a difference": ("```diff\n-        return 2\n+        return 5\n```", 25),
    "a whole class": ("```python\nclass Doubler:\n    def __call__(self, x):\n        return 0\n```", 0),
}


@pytest.mark.parametrize(("code", "answer"), METHODS.values(), ids=METHODS)
def test_methods_alone_are_those_of_a_subclass_of_right(code: str, answer: int, tmp_path: Path) -> None:
    right = "class Right:\n    def __call__(self, x):\n        return x * self.factor()\n\n"
    right += "    def factor(self):\n        return 2"
    text = f"# Doubler\n\n```python\n{right}\n```\n\n## Wrong\n\n**other**: It is.\n{code}\n"
    (wrong,) = variants(tmp_path, text, "Doubler").misconceptions
    names: dict[str, object] = {}
    exec(wrong.source, names)
    assert names["Doubler"]()(5) == answer  # type: ignore[operator]
    assert names["Doubler"].__name__ == "Doubler"  # type: ignore[attr-defined]


WRONG = "# mean\n\n## Wrong\n\n"
BROKEN = {
    "no title": ("## Right\n", 1, "write `# mean` first"),
    "another title": ("# means\n", 1, "write `# mean` first"),
    "nothing": ("", 1, "write `# mean` first"),
    "another heading": ("# mean\n\n## Chaff\n", 3, "the only headings here are `## Right`, `## Wrong`"),
    "a solution as a heading": ("# mean\n\n## Wrong\n\n### half\n", 5, "the only headings here are"),
    "text of nobody": (WRONG + "Some text.\n", 5, "begin it with a name in bold"),
    "a name without letters": (WRONG + "**…**: No.\n- `return 0`\n", 5, "begin it with a name in bold"),
    "text behind code": (WRONG + "**half**: No.\n- `return 0`\n\nMore of it.\n", 8, "begin it with a name in bold"),
    "code of nobody": (WRONG + "- `return 0`\n", 5, "this code has no name"),
    "two codes": (WRONG + "**half**: No.\n- `return 0`\n```python\nreturn 1\n```\n", 7, "half has code already"),
    "no code": (WRONG + "**half**: No.\n", 5, "half has no code"),
    "no hint": (WRONG + "**half**\n- `return 0`\n", 5, "write what to tell a student"),
    "an empty hint": (WRONG + "**half**:\n- `return 0`\n", 5, "write what to tell a student"),
    "a right one with a hint": ("# mean\n\n## Right\n\n**half**: No.\n- `return 0`\n", 5, "right solution has no hint"),
    "a name twice": (WRONG + "**half**: No.\n- `return 0`\n\n**half**: No.\n- `return 1`\n", 8, "has a 'half' already"),
    "another language": (WRONG + "**half**: No.\n```js\nreturn 0\n```\n", 6, "open the block with ```python"),
    "no language": (WRONG + "**half**: No.\n```\nreturn 0\n```\n", 6, "open the block with ```python"),
    "a block that is not closed": (WRONG + "**half**: No.\n```python\nreturn 0\n\n**more**: No.\n", 6, "has no end"),
    "an empty block": (WRONG + "**half**: No.\n```python\n\n```\n", 6, "the block is empty"),
    "indented code": (WRONG + "**half**: No.\n\n    return 0\n", 7, "an indented line means nothing here"),
    "two blocks before": ("# mean\n\n```python\na = 1\n```\n\n```python\nb = 1\n```\n", 7, "join the two"),
    "a list of words": (WRONG + "**half**: No.\n- return 0\n", 6, "write a line of code as - `code`"),
    "no arrow": (WRONG + "**half**: No.\n- `sum` `max`\n", 6, "and a change as - `old` → `new`"),
    "lines and changes": (WRONG + "**half**: No.\n- `x = 1`\n- `sum` → `max`\n", 6, "write a list of one kind"),
    "no Python": (WRONG + "**half**: No.\n```python\nx = 1\nreturn (\n```\n", 8, "this is not Python"),
    "no Python in a list": (WRONG + "**half**: No.\n- `x = 1`\n- `return (`\n", 7, "this is not Python"),
    "no Python before": ("# mean\n\n```python\nx = 1\nx = (\n```\n\n## Right\n", 5, "this is not Python"),
    "no Python after a change": (WRONG + "**half**: No.\n- `sum(x)` → `sum(`\n", 6, "this is not Python"),
    "a change of nothing": (WRONG + "**half**: No.\n- `max` → `min`\n", 6, "`max` is in no line of the right"),
    "a change of two": (WRONG + "**half**: No.\n- `total` → `x`\n", 6, "is there 2 times; take more of its line"),
    "no such line": (WRONG + "**half**: No.\n```diff\n-    total = max(x)\n+    x = 0\n```\n", 7, "copy it"),
    "another indentation": (WRONG + "**half**: No.\n```diff\n-total = sum(x)\n+x = 1\n```\n", 7, "keep its spaces"),
    "lines apart": (
        WRONG + "**half**: No.\n```diff\n     total = sum(x)\n-    return total / count\n```\n", 7, "leave an empty",
    ),
    "nowhere": (WRONG + "**half**: No.\n```diff\n+    x = 1\n```\n", 7, "nothing says where these lines go"),
    "no sign": (WRONG + "**half**: No.\n```diff\nreturn 1\n```\n", 7, "begins with a minus, a plus or a space"),
    "another base": (WRONG + "**half**: No.\n```diff a third\n-    n\n```\n", 5, "no solution 'a_third' above"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "cure"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_line_and_the_cure(text: str, line: int, cure: str, tmp_path: Path) -> None:
    with pytest.raises(GradusError) as raised:
        variants(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path / 'variants' / 'mean.md'}, line {line}: ")
    assert cure in str(raised.value)


def test_a_line_that_stands_twice_needs_more_around_it(tmp_path: Path) -> None:
    text = "# Doubler\n\n```python\nclass Right:\n    a = 1\n    b = 2\n    a = 1\n```\n\n## Wrong\n\n**x**: No.\n"
    with pytest.raises(GradusError, match=r"Doubler.md, line 14: these lines are there 2 times; put more"):
        variants(tmp_path, text + "```diff\n-    a = 1\n+    a = 2\n```\n", "Doubler")
    (wrong,) = variants(tmp_path, text + "```diff\n     b = 2\n-    a = 1\n+    a = 2\n```\n", "Doubler").misconceptions
    assert "    a = 1\n    b = 2\n    a = 2\n" in wrong.source


def test_a_class_of_which_nothing_is_known_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match="line 6: define Doubler here"):
        variants(tmp_path, "# Doubler\n\n## Wrong\n\n**x**: No.\n- `def __call__(self, x): return x`\n", "Doubler")


def test_files_that_are_missing_or_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(GradusError, match="variants: no such files; write right and wrong solutions there"):
        read_variants(tmp_path, notebook())
    problem_set(tmp_path, "")
    (tmp_path / "variants" / "mean.md").write_bytes(b"# mean \xff")
    with pytest.raises(GradusError, match=r"mean.md: not UTF-8"):
        read_variants(tmp_path, notebook())
    with pytest.raises(GradusError, match=r"median.md: no such file \(there: mean\); write it"):
        read_variants(tmp_path, notebook(), ["median"])


def test_the_command_names_a_broken_file_before_it_runs_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small").mkdir()
    problem_set(tmp_path / "small", WRONG + "**half**: No.\n- `max` → `min`\n")
    course = Course(tmp_path, solutions=tmp_path, exercises=tmp_path)
    monkeypatch.setattr(Course, "from_environment", classmethod(lambda cls: course))
    app = typer.Typer()
    register(app)
    for arguments in (["variants", "small"], ["variants", "small", "--question", "mean"]):
        error = CliRunner().invoke(app, arguments).exception
        assert isinstance(error, GradusError)
        assert "small/variants/mean.md, line 6: `max` is in no line of the right solution" in str(error)
    with pytest.raises(GradusError, match="name the one problem set that has the question"):
        CliRunner().invoke(app, ["variants", "--question", "mean"], catch_exceptions=False)


def test_ruff_holds_the_code_to_its_rules_and_names_the_line_of_the_file(tmp_path: Path) -> None:
    text = (
        "# mean\n\n```python\nimport math\nimport os\n```\n\n## Right\n\n**one**\n- `return math.fsum(x) / len(x)`\n\n"
        "**two**\n```python\nunused = len(x)\nreturn summed(x)\n```\n\n**three**\n- `sum(x)` → `missing(x)`\n"
    )
    found = lint_variants.findings([problem_set(tmp_path, text)])
    assert [finding.removeprefix(f"{tmp_path / 'variants' / 'mean.md'}:") for finding in found] == [
        "5: F401 `os` imported but unused",
        "15: F841 Local variable `unused` is assigned to but never used",
        "16: F821 Undefined name `summed`",
        "20: F821 Undefined name `missing`",
    ]


def test_the_notebook_s_names_are_known_to_the_lint(tmp_path: Path) -> None:
    code = "class Doubler:\n    def __call__(self, x):\n        return mean(x)"
    text = f"# Doubler\n\n## Wrong\n\n**x**: No.\n```python\n{code}\n```\n"
    assert lint_variants.findings([problem_set(tmp_path, text, "Doubler")]) == []


FENCED = re.compile(r"^````markdown\n(.*?)^````", re.MULTILINE | re.DOTALL)
SHOWN = {
    "CONTRIBUTING.md": FENCED.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))[0],
    "the module": textwrap.dedent("\n".join((pages.__doc__ or "").splitlines()[2:-2])),
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_the_form_that_is_shown_to_people_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants" / "softmax.md").write_text(text, encoding="utf-8")
    found = read_variants(tmp_path, source_notebook("ps4"), ["softmax"])
    assert [each.name for each in found.wheats] == ["through_logarithms"]
    assert found.misconceptions[0].name == "over_the_examples"
    assert len(found.misconceptions) >= 2


HANDED_IN = {
    ("ps4", "softmax", "over_everything"): (
        "def softmax(logits):\n    E = torch.exp(logits - logits.amax(dim=1, keepdim=True))\n    return E / E.sum()"
    ),
    ("ps6", "ReLU", "OpenAtTheKink"): (
        "class Right:\n    def forward(self, Z):\n        self.mask = Z >= 0\n        return np.maximum(Z, 0)\n\n"
        "    def backward(self, dLdA):\n        return dLdA * self.mask\n\n\nclass ReLU(Right):\n    pass"
    ),
}


@pytest.mark.parametrize("which", HANDED_IN, ids=lambda which: which[2])
def test_what_is_handed_in_is_what_a_student_would_write(which: tuple[str, str, str]) -> None:
    name, question, variant = which
    found = read_variants(ROOT / "solutions" / name, source_notebook(name), [question])
    (source,) = (each.source for each in found.misconceptions if each.name == variant)
    assert source == HANDED_IN[which]
