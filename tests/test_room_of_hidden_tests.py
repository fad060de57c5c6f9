"""Whatever a notebook calls its helpers, imports with a star or sets for itself, right answers earn all marks."""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import frames_of, verdict_of
from in_process import SEED, Streams, _expected, points_of, run_job, source_notebook

from autograder.answers.frames import OTHERWISE, read_frame
from autograder.assignment.jobs import source_job
from autograder.judging.judge import attempts, judge
from autograder.records.execution import CodeCell, Job
from gradus.names import bound_names, free_names
from gradus.notebook.cells import budget_of, kind_of
from gradus.notebook.form import Notebook, source_of

SETS = ("ps1", "ps2", "ps3", "ps4", "ps5", "ps6", "ps7", "ps8")
ASK = "from autograder.answers import answer, cases\nimport torch\n"

SETTINGS = """
import random, sys, warnings
import numpy, torch
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.set_printoptions(precision=1, sci_mode=True)
torch.use_deterministic_algorithms(True)
torch.autograd.set_detect_anomaly(True)
torch.set_float32_matmul_precision("medium")
torch.set_autocast_enabled("cpu", True)
torch.set_default_device("meta")
torch.manual_seed(0)
numpy.seterr(all="raise")
numpy.set_printoptions(precision=1, legacy="1.13")
numpy.random.seed(0)
random.seed(0)
warnings.simplefilter("error")
sys.setrecursionlimit(500)
if "pandas" in sys.modules:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.modules["pandas"].set_option("future.infer_string", False)
"""


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Whatever a test sets, the next one finds as it is in a fresh Python."""
    errors, depth, printed = np.geterr(), sys.getrecursionlimit(), np.get_printoptions()
    with warnings.catch_warnings():
        yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.set_printoptions(profile="default")
    torch.use_deterministic_algorithms(False)
    torch.autograd.set_detect_anomaly(False)
    torch.set_float32_matmul_precision("highest")
    torch.set_autocast_enabled("cpu", False)
    np.seterr(**errors)
    np.set_printoptions(**printed)
    sys.setrecursionlimit(depth)
    if "pandas" in sys.modules:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the option goes with the next pandas
            sys.modules["pandas"].reset_option("future.infer_string")


def with_cell_before_tests(notebook: Notebook, source: str) -> Job:
    """The run of the solutions, with a cell of the student's before each test cell."""
    job = source_job(notebook, SEED)
    cells: list[CodeCell] = []
    for cell in job.cells:
        if cell.question is not None:
            cells.append(CodeCell(1000 + cell.index, source))
        cells.append(cell)
    return replace(job, cells=tuple(cells))


def lost(name: str, streams: Streams) -> dict[str, float]:
    """The share of the marks that is lost, by question."""
    expected = _expected(name, SEED)
    shares = {test: judge(expected[test], streams[test], 1.0).score for test in points_of(source_notebook(name))}
    return {test: 1 - share for test, share in shares.items() if share < 1}


def used_by_answers(notebook: Notebook) -> set[str]:
    """The names that the solutions themselves look up: what these mean is the student's own business."""
    used: set[str] = set()
    for cell in notebook["cells"]:
        if kind_of(cell) == "answer":
            nodes = ast.walk(ast.parse(source_of(cell)))
            used |= {node.id for node in nodes if isinstance(node, ast.Name)} | bound_names(source_of(cell))
    return used


def bound_by_tests(job: Job) -> set[str]:
    """The names that hidden regions, their tools and visible lines bind."""
    of_regions = set().union(*(bound_names(question.test) for question in job.questions))
    return of_regions.union(*(bound_names(cell.source) for cell in job.cells if cell.question))


HELPERS = """
def {name}(*_given, **_named):
    return {next}(*_given, **_named)
"""
THROUGH_HELPERS = """
if "_made" not in globals():
    _made = set()
def _last(right, given, named):
    return right(*given, **named)
def _through(right):
    return lambda *given, **named: {first}(right, given, named)
for _name in {asked}:
    _right = globals().get(_name)
    if _right is None or _name in _made:
        continue
    _made.add(_name)
    if not isinstance(_right, type):
        globals()[_name] = _through(_right)
    elif "__init__" in vars(_right):
        def _own(right):
            def __init__(self, *given, **named):
                {first}(right, (self, *given), named)
            return __init__
        _right.__init__ = _own(_right.__init__)
"""


def through_helpers(names: list[str], asked: set[str]) -> str:
    """Python after which each asked function, and each asked class's constructor, calls a chain of helpers so named."""
    following = [*names[1:], "_last"]
    chain = "".join(HELPERS.format(name=name, next=after) for name, after in zip(names, following, strict=True))
    return chain + THROUGH_HELPERS.format(first=names[0], asked=sorted(asked))


@pytest.mark.parametrize("name", SETS)
def test_settings_change_no_question(name: str) -> None:
    streams = run_job(with_cell_before_tests(source_notebook(name), SETTINGS))
    assert all(OTHERWISE in stream for stream in streams.values())
    assert lost(name, streams) == {}
    assert lost(name, {test: list(attempts(stream)[0]) for test, stream in streams.items()}) == {}


@pytest.mark.parametrize("name", SETS)
def test_other_meanings_of_names_change_no_question(name: str) -> None:
    """Python's functions, what a star import brings, the names of the tests' own tools and variables: all are zero."""
    notebook = source_notebook(name)
    names = {name for name in dir(builtins) if not name.startswith("_")} | {"display", "get_ipython", "_"}
    names |= set(dir(torch)) | set(dir(np)) | set(dir(torch.nn.functional)) | {"answer", "cases", "answer_accuracy"}
    names |= bound_by_tests(source_job(notebook, SEED))
    spoilt = sorted(name for name in names - used_by_answers(notebook) if not name.startswith("__"))
    assert {"sum", "max", "answer", "in_words"} & set(spoilt)
    source = f"globals().update(dict.fromkeys({spoilt!r}, 0))"
    assert lost(name, run_job(with_cell_before_tests(notebook, source))) == {}


@pytest.mark.parametrize("name", SETS)
def test_helpers_may_have_any_name_that_a_test_has(name: str) -> None:
    notebook = source_notebook(name)
    job = source_job(notebook, SEED)
    asked = set().union(*(free_names(question.test) for question in job.questions)) & used_by_answers(notebook)
    left = {name for cell in notebook["cells"] if budget_of(cell) for name in bound_names(source_of(cell))}
    names = sorted(bound_by_tests(job) - used_by_answers(notebook) - {"globals", "_"} - left)
    assert len(names) > 10
    assert lost(name, run_job(with_cell_before_tests(notebook, through_helpers(names, asked - left)))) == {}


DEVICES = {
    "set": "torch.set_default_device('meta')",
    "entered": "torch.device('meta').__enter__()",
    "entered twice": "torch.device('meta').__enter__()\ntorch.device('cpu').__enter__()",
    "set, then entered": "torch.set_default_device('meta')\ntorch.device('meta').__enter__()",
    "entered, then set": "torch.device('meta').__enter__()\ntorch.set_default_device('meta')",
    "below a mode": "Mode().__enter__()\ntorch.set_default_device('meta')\ntorch.device('meta').__enter__()",
}


@pytest.mark.parametrize("how", DEVICES)
def test_a_device_that_is_set_or_entered_and_never_left_is_no_questions(how: str) -> None:
    modes = torch._C._len_torch_function_stack()
    mode = "from torch.overrides import BaseTorchFunctionMode as Mode"
    sets = f"import torch\n{mode}\ndef f():\n    return torch.ones(2)\n{DEVICES[how]}"
    try:
        sent = [read_frame(frame) for frame in frames_of(sets, ASK + "answer(f)\nanswer(lambda: torch.zeros(1))")]
        kept = torch._C._len_torch_function_stack()
    finally:
        while torch._C._len_torch_function_stack() > modes:
            torch.overrides._pop_mode()
    assert [frame.content.data.tolist() for frame in sent] == [[1, 1], [0]]
    assert kept - modes == ("mode" in how)


def test_a_region_sees_what_the_students_functions_make_of_their_names() -> None:
    counts = "calls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return x"
    sent = frames_of(counts, ASK + "answer(f, 5)\nanswer(lambda: calls)")
    assert [read_frame(frame).content for frame in sent] == [5, 1]


def test_what_a_region_defines_is_not_the_students() -> None:
    looks = "def f():\n    return helper()\ndef helper():\n    return 'own'"
    test = ASK + "def helper(): return 'test'\nsum = 3\nanswer(f)\nanswer(lambda: (helper(), sum))"
    assert [read_frame(frame).content for frame in frames_of(looks, test)] == ["own", ("test", 3)]


def test_tools_that_reach_for_globals_find_the_notebook() -> None:
    test = ASK + "globals()['part'] = lambda: 2\nanswer(f)\nanswer(lambda: part())"
    sent = frames_of("def part(): return 1\ndef f(): return part()", test)
    assert [read_frame(frame).content for frame in sent] == [2, 2]


def test_a_setting_that_an_answer_makes_ends_with_it() -> None:
    sets = "import torch, numpy, warnings\ndef f():\n    torch.set_default_dtype(torch.float64)\n"
    sets += "    torch.set_grad_enabled(False)\n    numpy.seterr(all='raise')\n    warnings.simplefilter('error')\n"
    sets += "    return torch.zeros(1)"
    test = ASK + "import numpy, warnings\nanswer(f)\nanswer(lambda: (torch.zeros(1) * 1, torch.is_grad_enabled()))\n"
    test += "warnings.warn('careful')\nanswer(lambda: numpy.float64(1) / 0)"
    first, second, third = (read_frame(frame).content for frame in frames_of(sets, test))
    assert (first.dtype, second[0].dtype, second[1]) == ("float64", "float32", True)
    assert np.isinf(third.data)


OWN_DTYPE = "import torch\ntorch.set_default_dtype(torch.float64)\n"
ZEROS = "def zeros(n):\n    return torch.zeros(n, dtype=torch.float64)"


def test_who_made_float64_the_default_may_rely_on_it_or_not() -> None:
    test = ASK + "for n in (1, 2, 3): answer(zeros, n)"
    relies = OWN_DTYPE + "def zeros(n):\n    return torch.zeros(n)"
    assert verdict_of(f"import torch\n{ZEROS}", relies, test).score == 1
    single = ZEROS.replace("64", "32")
    assert verdict_of(f"import torch\n{single}", f"{OWN_DTYPE}{single}", test).score == 1
    assert verdict_of(f"import torch\n{single}", relies, test).score == 1  # right where nothing is set
    wrong = OWN_DTYPE + "def zeros(n):\n    return torch.ones(n)"
    assert verdict_of(f"import torch\n{single}", wrong, test).score == 0


def test_a_second_asking_gives_one_more_try_and_no_third() -> None:
    right, wrong = frames_of("def f(): return 1", ASK + "answer(f)"), frames_of("def f(): return 2", ASK + "answer(f)")
    assert judge(right, [*wrong, OTHERWISE, *right], 3.0).score == 3
    assert judge(right, [*right, OTHERWISE, *wrong], 3.0).score == 3
    assert judge(right, [*wrong, OTHERWISE, *wrong, OTHERWISE, *right], 3.0).score < 3
    assert judge(right, [OTHERWISE], 3.0).score == 0


def test_a_deep_recursion_that_a_notebook_allows_is_allowed() -> None:
    deep = "import sys\nsys.setrecursionlimit(20_000)\ndef f(n):\n    return n and 1 + f(n - 1)"
    assert [read_frame(frame).content for frame in frames_of(deep, ASK + "answer(f, 5000)")] == [5000]
