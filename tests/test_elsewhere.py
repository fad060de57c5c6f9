"""What worked where a notebook was written and cannot work here costs its own line, and is said."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import nbformat
import pytest
import tiny_problem_set as tiny

from autograder.answers.frames import read_frame
from autograder.assignment.jobs import Assignment, load_assignment
from autograder.engine.inside import devices
from autograder.engine.inside.elsewhere import is_install
from autograder.engine.sandbox import Worker, unavailable
from autograder.grading.notes import newer_syntax, notes_on
from autograder.grading.undefined import left_stubs, why_undefined
from autograder.records.execution import CellResult, CodeCell, Execution, Job, PassedOver, Question

sandboxed = pytest.mark.skipif(unavailable() is not None and not os.environ.get("CI"), reason=unavailable() or "")

# First lines, and the kinds of what is passed over in them; after each, the cell defines a function.
ELSEWHERE = {
    "%matplotlib widget": ["magic"],
    "%matplotlib qt": ["magic"],
    "%load_ext nb_black": ["magic"],
    "%autoreload 2": ["magic"],
    "%no_such_magic": ["magic"],
    "%%wandb": ["magic"],
    "%%time\nimport lovely_tensors": ["module"],
    "%time import lovely_tensors": ["magic"],
    "%run mine.py": ["magic"],
    "import matplotlib\nmatplotlib.use('TkAgg')": ["import" if find_spec("_tkinter") else "module"],
    "import matplotlib.pyplot as plt\nplt.style.use('mine')": ["file"],
    "from google.colab import drive\ndrive.mount('/content/drive')": ["module", "name"],
    "import nest_asyncio; nest_asyncio.apply()": ["module", "name"],
    "import seaborn as sns\nsns.set_theme()\npalette = sns.color_palette()\nlen(palette)": ["module", *["name"] * 3],
    "from jaxtyping import Float\n@Float\ndef g(x: Float['n']) -> Float:\n    return x\ng(1)": ["module", "name"],
    "from mine import tricks": ["module"],
    "from math import no_such_function": ["import"],
    "open('broken_module.py', 'w').write('1 / 0')\nimport broken_module": ["import"],
    "data = open('mine.csv').read()\nrows = data.split()": ["file", "name"],
    "import os\nos.chdir('/content/drive/MyDrive')": ["file"],
    "import urllib.request\nurllib.request.urlopen('http://example.com')": ["file"],
    "!pip install tqdm": ["install"],
    "%pip install -q tqdm": ["install"],
    "import torch\ntorch.zeros(2, device='cuda').to(0)": ["device"],
}
MISTAKES = ["1 / 0", "undefined", "int('x')", "import math\nmath.no_such_function", "%time 1 / 0", "raise KeyError(1)"]


def asks(expression: str) -> str:
    return f"from autograder.answers import answer\nanswer(lambda: {expression})"


def run_of(lines: list[str]) -> Execution:
    """One notebook with a cell for each of `lines`, and a question on the function that stands below it."""
    cells, questions = [], []
    for number, line in enumerate(lines):
        cells += [
            CodeCell(2 * number, f"{line}\ndef f{number}(): return {number}"),
            CodeCell(2 * number + 1, "", f"q{number}"),
        ]
        questions.append(Question(f"q{number}", asks(f"f{number}()")))
    with Worker(preload=("numpy", "torch", "matplotlib.pyplot", "matplotlib_inline.backend_inline")) as worker:
        return worker.run(Job(tuple(cells), tuple(questions), 1))


@pytest.mark.slow("a sandbox")
@sandboxed
def test_a_line_that_cannot_work_here_costs_nothing_but_itself() -> None:
    lines = [*ELSEWHERE, *MISTAKES]
    execution = run_of(lines)
    answers = [[read_frame(frame).content for frame in question.frames] for question in execution.questions]
    for number, (line, kinds) in enumerate(ELSEWHERE.items()):
        cell = execution.cells[2 * number]
        assert [passed.kind for passed in cell.passed_over] == kinds, line
        assert answers[number] == [number], line
        failed = not {"device", "install"}.issuperset(kinds)
        assert cell.state == ("raised" if failed else "ok"), line
    for number, line in list(enumerate(lines))[len(ELSEWHERE) :]:  # as in Jupyter
        assert (answers[number], execution.cells[2 * number].passed_over) == (["NameError"], []), line


@pytest.mark.slow("a sandbox")
@sandboxed
def test_a_test_cell_ends_where_it_fails() -> None:
    cells = (CodeCell(0, "import no_such_module\nreached = True", "q"), CodeCell(1, "reached"))
    with Worker(preload=("torch",)) as worker:
        execution = worker.run(Job(cells, (Question("q", asks("1")),), 1))
    assert [cell.state for cell in execution.cells] == ["raised", "raised"]
    assert execution.cells[0].passed_over == []


@pytest.mark.slow("a sandbox")
@sandboxed
def test_a_cell_that_is_no_python_says_where() -> None:
    with Worker(preload=("torch",)) as worker:
        execution = worker.run(Job((CodeCell(0, "x = 1\nprint('a'"), CodeCell(1, "1")), (), 1))
    assert execution.cells[0].broken is not None
    assert execution.cells[0].broken[0] == 2
    assert execution.cells[1].broken is None


# Devices

NO_GPU = [
    "torch.zeros(2, device='cuda')", "torch.ones(2).cuda()", "torch.ones(2).to('cuda:0')", "torch.ones(2).to(0)",
    "torch.ones(2, device=0)", "torch.ones(2).to(torch.device('cuda', 0))", "torch.ones(2, device='mps')",
    "torch.nn.Linear(2, 2).cuda().weight", "torch.nn.Linear(2, 2).to('cuda').weight", "torch.arange(2).xpu()",
    "torch.nn.Linear(2, 2, device='cuda').weight", "torch.ones(2).to(device='cuda', dtype=torch.float64)",
    "torch.randn(2, generator=torch.Generator('cuda'), device='cuda')", "torch.ones(2).pin_memory()",
    "torch.cuda.FloatTensor([1.0])", "torch.ones(2).type('torch.cuda.FloatTensor')",
    "(torch.set_default_device('cuda'), torch.ones(2))[1]", "(torch.set_default_device('mps'), torch.ones(2))[1]",
    "(torch.set_default_tensor_type('torch.cuda.FloatTensor'), torch.ones(2))[1]",
    "(torch.save(torch.ones(2), 'x.pt'), torch.load('x.pt', map_location='cuda'))[1]",
    "(torch.cuda.manual_seed_all(1), torch.cuda.synchronize(), torch.cuda.empty_cache(), torch.ones(2))[-1]",
    "(torch.cuda.set_device(0), torch.cuda.current_device(), torch.cuda.reset_peak_memory_stats(), torch.ones(2))[-1]",
    "(torch.mps.synchronize(), torch.accelerator.synchronize(), torch.ones(2))[-1]",
    "torch.ones(2, device='cuda' if not torch.cuda.is_available() else 'cpu')",
]  # fmt: skip
IN_CONTEXT = """
with torch.cuda.device(0), torch.cuda.stream(torch.cuda.Stream()), torch.autocast('cuda'), torch.device('cuda'):
    began, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    began.record()
    scaler = torch.amp.GradScaler('cuda')
    made = torch.ones(2, 2) @ torch.ones(2, 2)
    ended.record()
    torch.cuda.synchronize()
assert began.elapsed_time(ended) >= 0
def made_in_context(): return made
"""
WATCHED = """
from autograder.answers import answer
import torch
from torch.overrides import TorchFunctionMode
class Watch(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        assert function.__name__ != "softmax"
        return function(*args, **(kwargs or {}))
with Watch():
    answer(lambda: torch.softmax(f(), 0))
    answer(f)
"""


@pytest.mark.slow("a sandbox")
@sandboxed
def test_without_a_gpu_the_cpu_computes() -> None:
    cells = [CodeCell(0, f"import torch\n{IN_CONTEXT}")]
    questions = [Question("context", asks("made_in_context()")), Question("watched", WATCHED)]
    for number, expression in enumerate(NO_GPU, 1):
        cells.append(CodeCell(number, f"def f(): return {expression}", f"q{number}"))
        questions.append(Question(f"q{number}", asks("f()")))
    cells += [CodeCell(98, "", "context"), CodeCell(99, "def f(): return torch.zeros(2, device='cuda')", "watched")]
    with Worker(preload=("numpy", "torch", "torch._dynamo")) as worker:
        execution = worker.run(Job(tuple(cells), tuple(questions), 1))
    assert execution.cells[0].state == "ok", execution.cells[0].outputs
    sent = {question.name: [read_frame(frame) for frame in question.frames] for question in execution.questions}
    for number, expression in enumerate(NO_GPU, 1):
        assert [frame.kind for frame in sent[f"q{number}"]] == ["value"], expression
    assert sent["context"][0].content.data.tolist() == [[2, 2], [2, 2]]
    assert [frame.content if frame.kind == "exception" else frame.kind for frame in sent["watched"]] == [
        "AssertionError",
        "value",
    ]


COMPILED = """
import sys, torch
@torch.compile
def decorated(x): return x * 2
@torch.compile(fullgraph=True, dynamic=True)
def with_options(x): return decorated(x) + 1
model = torch.compile(torch.nn.Linear(1, 1, bias=False))
torch.nn.init.ones_(model.weight)
model.compile(mode="max-autotune")
def f(): return with_options(model(torch.ones(1, 1)).detach()), "torch._inductor" in sys.modules
"""


@pytest.mark.slow("a sandbox")
@sandboxed
def test_what_is_to_be_compiled_runs_as_it_is() -> None:
    cells = (CodeCell(0, COMPILED), CodeCell(1, "f()", "q"))
    with Worker(preload=("numpy", "torch")) as worker:
        execution = worker.run(Job(cells, (Question("q", asks("f()")),), 1))
    assert [cell.state for cell in execution.cells] == ["ok", "ok"], execution.cells[0].outputs
    result, compiled = read_frame(execution.questions[0].frames[0]).content
    assert result.data.tolist() == [[3]]
    assert not compiled


@pytest.mark.parametrize(
    "source",
    [
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'",
        'device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")',
        "device = 'mps' if torch.backends.mps.is_available() else 'cpu'\nX = X.to(device)",
        "torch.cuda.manual_seed_all(3)",
        "x = 'barracuda'",
        "def f(X): return X.to(torch.float64)",
    ],
)
def test_who_asks_for_a_gpu_first_or_names_none_pays_nothing(source: str) -> None:
    assert devices.named_in(source) is None


@pytest.mark.parametrize(
    "source",
    ["device = 'cuda'", "\n\nX.cuda()", "X.to(0)", "torch.cuda.synchronize()", 'torch.device("mps")', "f(device=1)"],
)
def test_who_names_a_gpu_is_found_with_the_line(source: str) -> None:
    assert devices.named_in(source) == source.count("\n") + 1


@pytest.mark.parametrize(
    ("command", "installs"),
    [
        ("pip install tqdm", True), ("/usr/bin/python3 -m pip install -q x", True), ("uv pip install x", True),
        ("conda install -y x", True), ("apt-get -qq install graphviz", True), ("pip list", False),
        ("echo pip install", False), ("ls", False), ("python train.py install", False),
    ],
)  # fmt: skip
def test_what_would_install_something(command: str, installs: bool) -> None:
    assert is_install(command) is installs


# Sentences


def code(source: str) -> dict:
    return nbformat.v4.new_code_cell(source)


@pytest.mark.parametrize("kind", ["module", "import", "magic", "file", "name", "device", "install"])
def test_each_note_names_the_line(kind: str) -> None:
    result = CellResult(0, passed_over=[PassedOver(2, kind, "a `b`\nc")])
    (note,) = notes_on(code("x = 1\nthe `line`"), result)
    assert note.startswith("the cell that begins `x = 1`, line 2, `the 'line'`: ")
    assert "\n" not in note


NEWER = [
    ('f"{", ".join(x)}"', "f-string: expecting '}'", "3.12"),
    ('f"{x + "a"}"', "f-string: expecting '}'", "3.12"),
    ("type Pair = tuple[int, int]", "invalid syntax", "3.12"),
    ("def first[T](x: list[T]) -> T:", "expected '('", "3.12"),
    ("class Box[T]:", "invalid syntax", "3.12"),
    ("class Box[T = int]:", "invalid syntax", "3.13"),
    ('t"{x}"', "invalid syntax", "3.14"),
    ("except ValueError, TypeError:", "multiple exception types must be parenthesized", "3.14"),
    ("print('a'", "'(' was never closed", None),
    ("x = = 1", "invalid syntax", None),
    ("type(x) = 3", "cannot assign to function call", None),
    ("for i in range(3)", "expected ':'", None),
]


@pytest.mark.parametrize(("line", "why", "version"), NEWER)
def test_newer_syntax_is_told_from_mistakes(line: str, why: str, version: str | None) -> None:
    found = newer_syntax(line, why)
    if version is not None and sys.version_info < tuple(map(int, version.split("."))):
        assert found is not None
        assert found[0] == version
    else:
        assert found is None


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    course, _ = tiny.released_course(tmp_path_factory.mktemp("tiny"))
    return load_assignment(course, tiny.NAME)


def cells_with(assignment: Assignment, source: str) -> tuple[list, int]:
    cells = nbformat.from_dict(tiny.answered(assignment.released, double=source))["cells"]
    return cells, next(index for index, cell in enumerate(cells) if tiny.label(cell) == "double")


def error(name: str, why: str) -> dict:
    return {"output_type": "error", "ename": name, "evalue": why, "traceback": []}


BROKEN = CellResult(0, "raised", broken=(1, "invalid syntax"))
UNDEFINED = {
    "no Python": ("def double(x", BROKEN, "cell `double` is no Python (line 1: invalid syntax)"),
    "failed before": (
        f"1 / 0\n{tiny.RIGHT['double']}",
        CellResult(0, "raised", [error("ZeroDivisionError", "division by zero")]),
        "cell `double` ended before it was defined, with ZeroDivisionError: division by zero",
    ),
    "stopped": (tiny.RIGHT["double"], CellResult(0, "timeout"), "cell `double` was stopped before it was defined"),
    "not run": (tiny.RIGHT["double"], CellResult(0), "cell `double` was not run"),
    "another name": ("def Doubled(x): return 2 * x", CellResult(0, "ok"), "is it what you call `Doubled`?"),
    "no name": ("1 + 1", CellResult(0, "ok"), "it belongs into cell `double`, under that name"),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_a_name_that_is_not_there_is_told_from_a_cell_that_failed(assignment: Assignment, case: str) -> None:
    source, result, said = UNDEFINED[case]
    cells, index = cells_with(assignment, source)
    for question, anywhere in (("test_double", False), ("test_halve", True)):
        others = {number: CellResult(number, "ok") for number in range(len(cells))}
        (sentence,) = why_undefined(question, assignment, cells, others | {index: result}, anywhere)
        assert said in sentence
        assert "`double`" in sentence
    assert why_undefined("test_halve", assignment, cells, others | {index: result}) == []


def test_a_definition_below_its_test_is_said(assignment: Assignment) -> None:
    cells, _ = cells_with(assignment, "1")
    cells.append(code(tiny.RIGHT["double"]))
    results = {number: CellResult(number, "ok") for number in range(len(cells))}
    assert "below this test" in why_undefined("test_double", assignment, cells, results)[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def double(x):\n    raise NotImplementedError\n    return 2 * x", "the code below it is never reached"),
        ("def double(x):\n    y = 2 * x\n    raise NotImplementedError()", "below your code"),
        ('def double(x):\n    """Twice x."""\n    raise NotImplementedError', None),
        ("def double(x):\n    if x is None:\n        raise NotImplementedError\n    return 2 * x", None),
        (tiny.RIGHT["double"], None),
    ],
)
def test_what_is_left_of_a_stub_is_said(assignment: Assignment, source: str, said: str | None) -> None:
    found = left_stubs("test_double", assignment, cells_with(assignment, source)[0])
    assert [said in each and "`double`" in each for each in found] == ([] if said is None else [True])
