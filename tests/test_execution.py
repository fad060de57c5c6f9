"""A notebook that runs in the engine shows what it would show in Jupyter, and is asked what it was at each question."""

from __future__ import annotations

import os
import pickle
import re
import time

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

from autograder.answers.frames import read_frame
from autograder.engine.inside.plain_cells import Transformers
from autograder.engine.sandbox import Worker, preload_for, unavailable
from autograder.records.execution import CodeCell, Execution, Job, Limits, Problem, Question

pytestmark = [
    pytest.mark.slow("a sandbox"),
    pytest.mark.skipif(
        unavailable() is not None and not os.environ.get("CI"),  # where it has to be there, its lack is a failure
        reason=unavailable() or "",
    ),
]

DEAF = """
import signal
for number in range(1, 30):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
"""
QUICK = Limits(cell_seconds=5, visible_seconds=20, question_seconds=2)


@pytest.fixture(scope="module")
def worker():
    with Worker(preload=("numpy", "torch", "matplotlib.pyplot", "matplotlib_inline.backend_inline")) as warm:
        yield warm


def job_of(*cells: str | tuple[str, str], seed: int = 1, **others: int) -> Job:
    """Cells in order; a pair is a cell and the hidden region behind it."""
    parts = [cell if isinstance(cell, tuple) else (cell, None) for cell in cells]
    names = [None if test is None else f"q{number}" for number, (_, test) in enumerate(parts)]
    questions = [Question(name, test) for name, (_, test) in zip(names, parts, strict=True) if name and test]
    code = [CodeCell(number, parts[number][0], names[number]) for number in range(len(parts))]
    return Job(tuple(code), tuple(questions), seed, **others)


def asks(expression: str) -> str:
    """A hidden region that answers once."""
    return f"from autograder.answers import answer\nanswer(lambda: {expression})"


def answers(execution: Execution, number: int = 0) -> list:
    return [read_frame(frame).content for frame in execution.questions[number].frames]


def states(execution: Execution) -> list[str]:
    return [cell.state for cell in execution.cells]


def text(execution: Execution, index: int) -> str:
    return "".join(o.get("text", "") for o in execution.cells[index].outputs if o["output_type"] == "stream")


# What cells show

AS_IN_JUPYTER = [
    "import os, sys\nprint('one'); print('two', file=sys.stderr); print('three')",
    "6 * 7",
    "'quiet';",
    "_ + 1",
    "from IPython.display import HTML, clear_output, display\ndisplay(HTML('<b>x</b>'), {'a': 1}); print('after')\n5",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nprint('before'); plt.plot([1, 2]);",
    "fig, ax = plt.subplots(figsize=(2, 1)); ax.plot([3, 1]); plt.show(); print('shown')",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "%%bash\necho from bash\necho $((1 + 1))",
    "!echo from a shell",
    "listing = !echo a; echo b\nlist(listing)",
    "print('gone'); clear_output(); print('kept')",
    "clear_output(wait=True); print('first')\nclear_output(wait=True); print('second')",
    "handle = display('old', display_id=True)",
    "handle.update('new')",
    "%who_ls int",
    "%%capture caught\nprint('hidden')",
    "caught.stdout",
    "%%writefile helper.py\nvalue = 3",
    "import helper\nhelper.value",
    "def f():\n    return 1 / 0\nf()",
    "this is no Python",
    "raise SystemExit",
    "import warnings\nwarnings.warn('careful')",
    "print('a' * 10, end=''); 1",
    "from concurrent.futures import ThreadPoolExecutor\nlist(ThreadPoolExecutor(2).map(abs, [-1, -2]))",
    "In[2], Out[2]",
]


def test_cells_show_what_they_show_in_jupyter(worker, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in AS_IN_JUPYTER])
    NotebookClient(
        notebook, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    execution = worker.run(job_of(*AS_IN_JUPYTER))
    for cell, ours in zip(notebook.cells, execution.cells, strict=True):
        assert _comparable(ours.outputs) == _comparable(cell.outputs), cell.source
        assert ours.execution_count == cell.execution_count


def _comparable(outputs: list[dict]) -> list[dict]:
    """Without what differs from run to run: colours, addresses, names of files that cells are compiled as.

    Neighbouring streams become one: Jupyter buffers each, so that their order is not the program's; ours is.
    """
    plain: list[dict] = []
    for output in outputs:
        if output["output_type"] != "stream":
            plain.append({name: _without_noise(value) for name, value in output.items()})
            continue
        if not plain or plain[-1]["output_type"] != "stream":
            plain.append({"output_type": "stream", "stdout": "", "stderr": ""})
        plain[-1][output["name"]] += _without_noise(output["text"])
    return plain


def _without_noise(value):
    if isinstance(value, dict):
        return {name: _without_noise(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_noise(item) for item in value]
    if isinstance(value, str):
        # fmt: off
        value = re.sub(r"\x1b\[[0-9;]*m", "", value)  # Jupyter colours tracebacks
        noise = r"0x[0-9a-f]+|/tmp/ipykernel\S+?py|<ipython-input-\S+?>|(?<=\()\d+\.py|Cell In\[\d+\]|\r"
        # fmt: on
        return re.sub(noise, "", value)
    return value


def test_outputs_are_valid_in_a_notebook(worker):
    execution = worker.run(job_of(*AS_IN_JUPYTER))
    cells = [
        nbformat.v4.new_code_cell(source, outputs=[nbformat.from_dict(output) for output in cell.outputs])
        for source, cell in zip(AS_IN_JUPYTER, execution.cells, strict=True)
    ]
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


def test_raw_writes_and_subprocesses_keep_their_place(worker):
    code = """
import os, subprocess, sys
from IPython.display import display
print("1")
os.write(1, b"2\\n")
subprocess.run(["echo", "3"])
display(4)
os.write(1, b"5\\n")
print("6", file=sys.stderr)
print("7")
"""
    outputs = worker.run(job_of(code)).cells[0].outputs
    shown = [o.get("text") or o["data"]["text/plain"] for o in outputs]
    assert shown == ["1\n2\n3\n", "4", "5\n", "6\n", "7\n"]


def test_input_meets_the_end_of_the_file(worker):
    assert worker.run(job_of("input('?')")).cells[0].outputs[-1]["ename"] == "EOFError"


def test_a_forked_child_that_raises_does_not_speak_for_the_notebook(worker):
    code = "import os\nif os.fork() == 0:\n    raise ValueError('child')\nos.wait()\nprint('parent')"
    execution = worker.run(job_of(code, "1"))
    assert states(execution) == ["ok", "ok"]
    assert text(execution, 0).endswith("parent\n")


def test_torch_trains_with_more_threads_than_it_is_given_and_with_loader_processes(worker):
    code = """
import torch
torch.set_num_threads(4)
model = torch.nn.Linear(200, 200)
step = lambda: model(torch.randn(500, 200)).square().mean().backward()
step()
data = torch.utils.data.TensorDataset(torch.arange(8.0))
[batch[0].sum().item() for batch in torch.utils.data.DataLoader(data, batch_size=4, num_workers=2)]
"""
    execution = worker.run(job_of((code, "step()\n" + asks("model.weight.grad.abs().sum() > 0"))), Limits())
    assert execution.cells[0].outputs[-1]["data"]["text/plain"] == "[6.0, 22.0]"
    assert execution.questions[0].state == "done"


def test_the_same_ambient_seed_gives_the_same_outputs(worker):
    code = """
import random, numpy, torch
random.random(), numpy.random.rand(), torch.rand(1), hash('x'), list({'a', 'b', 'c'})
"""
    runs = [worker.run(job_of(code, ambient=seed)).cells[0].outputs for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


# Questions


def test_a_question_sees_the_state_at_its_cell_and_not_later(worker):
    execution = worker.run(job_of("x = 1", ("x = 2", asks("x")), ("x = 3", asks("x")), "x = 4"))
    assert answers(execution, 0) == [2]
    assert answers(execution, 1) == [3]


def test_a_failed_visible_check_does_not_stop_the_question(worker):
    execution = worker.run(job_of("x = 1", ("assert x == 2", asks("x"))))
    assert states(execution) == ["ok", "raised"]
    assert answers(execution) == [1]


def test_the_seed_decides_the_cases(worker):
    test = "from autograder.answers import answer\nimport torch\nX = torch.rand(3)\nanswer(lambda x: x.tolist(), X)"
    first, again, other = (answers(worker.run(job_of(("1", test), seed=seed))) for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        ("import os; os._exit(0)", "killed"),
        ("import ctypes; ctypes.string_at(0)", "killed"),
        ("import os; os.kill(os.getpid(), 9)", "killed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout killed"),
        ("while True: pass", "timeout"),
        (f"{DEAF}\nwhile True: pass", "timeout"),
        ("x = bytearray(1 << 40)", "done"),
        ("raise SystemExit", "done"),
    ],
)  # fmt: skip
def test_what_happens_in_a_question_costs_that_question(worker, deed, state):
    limits = Limits(question_seconds=0.6)
    execution = worker.run(job_of(("x = 5", deed), ("y = 6", asks("(x, y)"))), limits)
    assert execution.questions[0].state in state.split()
    assert execution.questions[1].state == "done"
    assert answers(execution, 1) == [(5, 6)]


def test_answers_before_a_crash_are_kept(worker):
    execution = worker.run(job_of(("x = 5", asks("x") + "\nimport os; os._exit(1)")))
    assert execution.questions[0].state == "killed"
    assert answers(execution) == [5]


def test_what_a_notebook_prints_fills_no_memory(worker):
    limits = Limits(memory_bytes=300 << 20, output_bytes=100_000)
    execution = worker.run(job_of("for _ in range(600): print('x' * 999_999)", "kept = bytes(200 << 20)"), limits)
    assert [cell.state for cell in execution.cells] == ["ok", "ok"]


def test_nothing_that_a_question_prints_is_kept(worker):
    loud = "print('HIDDEN'); import os, sys; os.write(1, b'HIDDEN'); os.write(2, b'HIDDEN'); os.system('echo HIDDEN')"
    code = """
from IPython.display import display
import sys
out = sys.stdout
def f(): out.write('HIDDEN\\n'); out.flush(); display('HIDDEN')
"""
    execution = worker.run(job_of((code, f"{loud}\nf()\nassert False, 'HIDDEN'"), "1"))
    assert "HIDDEN'" not in repr(execution.cells) + repr(execution.problems)
    assert b"HIDDEN" not in b"".join(execution.questions[0].frames)


# Cells that go wrong


@pytest.mark.parametrize(
    "deed", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.kill(os.getpid(), 9)"]
)
def test_a_cell_that_ends_python_costs_that_cell(worker, deed):
    execution = worker.run(job_of("x = 1", deed, ("x += 1", asks("x")), "print(x)"))
    assert states(execution) == ["ok", "killed", "ok", "ok"]
    assert execution.cells[1].outputs[-1]["output_type"] == "error"
    assert answers(execution) == [2]
    assert execution.problems == [Problem("ended", 1)]


def test_the_question_of_a_cell_that_ends_python_is_asked(worker):
    execution = worker.run(job_of("x = 1", ("import os; os._exit(1)", asks("x"))))
    assert states(execution) == ["ok", "killed"]
    assert answers(execution) == [1]


def test_after_three_restarts_what_was_held_is_asked_and_the_rest_is_not_run(worker):
    end = "import os; os._exit(1)"
    execution = worker.run(job_of(("x = 1", asks("x")), end, end, end, end, ("x = 2", asks("x"))))
    assert states(execution) == ["ok", "killed", "killed", "killed", "killed", "not run"]
    assert answers(execution, 0) == [1]
    assert execution.questions[1].state == "not reached"


def test_an_endless_cell_is_interrupted_and_the_next_goes_on_from_there(worker):
    limits = Limits(cell_seconds=0.5)
    execution = worker.run(job_of("x = 1", "x = 2\nwhile True: pass", ("x", asks("x"))), limits)
    assert states(execution) == ["ok", "timeout", "ok"]
    assert execution.cells[1].outputs[-1]["ename"] == "KeyboardInterrupt"
    assert answers(execution) == [2]


def test_a_waiting_subprocess_is_interrupted(worker):
    execution = worker.run(job_of("!sleep 100", "1"), Limits(cell_seconds=0.5))
    assert states(execution) == ["timeout", "ok"]
    assert execution.seconds["visible"] < 2


def test_exit_costs_its_cell(worker):
    execution = worker.run(job_of("x = 1", "quit()", ("exit()", asks("x")), "2"))
    assert states(execution) == ["ok", "raised", "raised", "ok"]
    assert answers(execution) == [1]


def test_cells_just_under_the_limit_are_bounded_all_together(worker):
    started = time.monotonic()
    slow = "import time; time.sleep(0.4)"
    execution = worker.run(job_of(*[slow] * 20), Limits(cell_seconds=0.5, visible_seconds=1.5))
    assert time.monotonic() - started < 4
    assert states(execution)[-1] == "not run"
    assert execution.problems == [Problem("time")]


def test_slow_cells_of_the_student_s_own_do_not_take_the_answers_with_them(worker):
    slow = "import time\nhere = 1\nprint('kept')\ntime.sleep(0.9)"
    cells = [CodeCell(number, slow, added=True) for number in range(3)]
    cells += [CodeCell(3, "quick = 5", added=True), CodeCell(4, "def f(): return quick + 1"), CodeCell(5, "", "q")]
    job = Job(tuple(cells), (Question("q", asks("f()")),), 1)
    execution = worker.run(job, Limits(visible_seconds=2))
    assert answers(execution) == [6]
    assert states(execution) == ["ok", "ok", "timeout", "ok", "ok", "ok"]
    assert text(execution, 0) == "kept\n"
    assert execution.problems == [Problem("rerun")]
    as_handed_out = tuple(CodeCell(cell.index, cell.source, cell.question) for cell in cells)
    execution = worker.run(Job(as_handed_out, job.questions, 1), Limits(visible_seconds=2))
    assert answers(execution) == []


def test_a_million_displays_are_cut(worker):
    code = "from IPython.display import display\nfor k in range(1_000_000): display(k)"
    execution = worker.run(job_of(code, "print('next')"), Limits(output_bytes=100_000, cell_seconds=2))
    assert states(execution) == ["timeout", "ok"]
    assert len(execution.cells[0].outputs) < 1_000
    assert "cut" in text(execution, 0)
    assert Problem("output", 0) in execution.problems


def test_a_gigabyte_of_text_and_a_picture_too_large_are_cut(worker):
    picture = "from IPython.display import Image\nImage(data=bytes(60_000_000), format='png')"
    line = "import sys\nblock = 'x' * (1 << 20)\nfor _ in range(500): sys.stdout.write(block)\n"
    execution = worker.run(job_of(picture, line, "1 / 0"), Limits(output_bytes=1 << 20, cell_seconds=30))
    assert states(execution) == ["ok", "ok", "raised"]
    assert len(pickle.dumps(execution)) < 1_200_000
    assert execution.cells[2].outputs[-1]["ename"] == "ZeroDivisionError"


def test_an_execution_can_be_pickled_and_says_where_the_time_went(worker):
    execution = pickle.loads(pickle.dumps(worker.run(job_of(("1", asks("2"))))))
    assert set(execution.seconds) == {"set_up", "visible", "questions", "tear_down", "total"}
    assert sum(execution.seconds.values()) - execution.seconds["total"] == pytest.approx(
        execution.seconds["total"], rel=0.2
    )


def test_a_job_that_is_wrong_is_refused(worker):
    with pytest.raises(ValueError, match="not among the questions"):
        worker.run(Job((CodeCell(0, "1", "absent"),), (), 1))
    with pytest.raises(ValueError, match="one name"):
        worker.run(Job((), (Question("a", ""), Question("a", "")), 1))


def test_what_is_imported_beforehand_follows_from_the_notebook():
    guarded = (
        "try:\n    import gradus\nexcept ImportError:  # pandas and matplotlib are there\n"
        "    %pip install --no-deps d2l==1.0.3"
    )
    assert preload_for([guarded]) == preload_for([])  # words in a comment import nothing
    assert "gradus.torch_d2l" not in preload_for([guarded, "import torch"])
    assert "gradus.torch_d2l" in preload_for([guarded, "from gradus import d2l"])
    for source in ("import pandas as pd", "from pandas import DataFrame", "import numpy as np, pandas as pd"):
        assert "pandas" in preload_for([source])
    for source in ("%matplotlib inline", "import matplotlib.pyplot as plt", "from matplotlib import pyplot"):
        assert "matplotlib.pyplot" in preload_for([source])
    assert "torch._dynamo" not in preload_for(["optimizer = torch.optim.SGD([W], lr=0.1)"])
    assert "torch._dynamo" in preload_for(["torch.set_default_device('cpu')"])


AFTER_A_FORK = {
    "backward": "x = torch.ones(3, requires_grad=True)\n(x * x).sum().backward()\nfound = x.grad.tolist()",
    "reentrant backward": (
        "from torch.utils.checkpoint import checkpoint\nx = torch.ones(2, requires_grad=True)\n"
        "checkpoint(torch.exp, x, use_reentrant=True).sum().backward()\nfound = [round(g, 3) for g in x.grad.tolist()]"
    ),
    "threads": (
        "import threading\nfound = []\nmany = [threading.Thread(target=found.append, args=(k,)) for k in range(3)]\n"
        "[each.start() for each in many]; [each.join() for each in many]"
    ),
    "a pool": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
        "    found = list(pool.map(abs, [-1, 2]))"
    ),
    "processes": (
        "import os\nread, write = os.pipe()\npid = os.fork()\nif pid == 0:\n    os.write(write, b'child')\n"
        "    os._exit(3)\nfound = [os.read(read, 9).decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]"
    ),
    "a command": "import subprocess\nfound = subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout",
    "logging": "import logging, io\nout = io.StringIO()\nlog = logging.getLogger('a')\n"
    "log.addHandler(logging.StreamHandler(out))\nlog.warning('x')\nfound = out.getvalue()",
    "a loader": (
        "from torch.utils.data import DataLoader\n"
        "found = [batch.tolist() for batch in DataLoader(torch.arange(4), batch_size=2, num_workers=1)]"
    ),
    "asyncio": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 5\nfound = asyncio.run(f())",
}  # fmt: skip


@pytest.mark.parametrize("busy", [False, True], ids=["one thread", "a thread that runs on"])
def test_what_works_in_a_cell_works_when_a_question_asks_for_it(worker, busy):
    """A held child is forked without the handlers that libraries have for a fork, when the notebook has one thread."""
    cells = [
        f"import torch\ndef f{number}():\n    " + code.replace("\n", "\n    ") + f"\n    return found\nf{number}()"
        for number, code in enumerate(AFTER_A_FORK.values())
        if not busy or number < 6
    ]
    run_on = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    asked = "from autograder.answers import answer\n" + "\n".join(f"answer(f{n})" for n in range(len(cells)))
    execution = worker.run(job_of(*([run_on] if busy else []), *cells, ("1", asked)))
    shown = [eval(cell.outputs[-1]["data"]["text/plain"]) for cell in execution.cells[busy:-1]]
    assert answers(execution) == shown


ODD_CELLS = [
    "%time 1", "!ls", "x = !ls", "x = %time 1", "x = \\\n  %time 1", "x =\\\n!ls", "print?", "x.y??", "?print", "",
    "  %who\n", "for i in [1]:\n    %who\n    !ls", ",print a b", ";print a", "/print 1", "a = 5 % 3", "f'{a!r:.3}'",
    "f'{a=!r}'", "a != b", "x = (1\n  % 2)", '"""\n%who\n!ls\nwhat?\n"""', "# why?\n1", ">>> 1 + 1\n2", "In [1]: 5",
    "    indented = 1\n    %who", "x = 1;", "x = [1,\n,2]", "é = %time 1", "if x: %who", "a = b = %time 1", "x\f%who",
    "def f(:\n  pass\n%who", "a\u2028%who", "x == !ls", "'unclosed\n!ls", "(%who)", "(\n%who", "@decorator\n%who",
    "%%time\n1",
]  # fmt: skip


@pytest.mark.parametrize("source", ODD_CELLS, ids=repr)
def test_a_cell_is_rewritten_as_ipython_rewrites_it(source):
    def outcome(manager):
        try:
            return manager.transform_cell(source)
        except SyntaxError as error:
            return str(error)

    assert outcome(Transformers()) == outcome(TransformerManager())


def test_only_cells_that_may_hold_more_than_python_are_tokenised(monkeypatch):
    asked = []
    monkeypatch.setattr(
        TransformerManager, "do_one_token_transform", lambda self, lines: (bool(asked.append(lines)), lines)
    )
    plain = "X = torch.ones(3) % 2\nassert X.sum() != 4, f'{X!r:.6} is 50 % of it'\nX.shape\n"
    assert Transformers().transform_cell(plain) == plain
    assert asked == []
    Transformers().transform_cell("%who")
    assert len(asked) == 1


def test_top_level_await_works_in_any_cell_that_asks_for_it(worker):
    cells = (
        "import asyncio\nawait asyncio.sleep(0, 7)",
        "async def g():\n    yield 8\n'made'",
        "[x async for x in g()]",
        "def f():\n    return 'await'\nf()",
    )
    shown = [cell.outputs[-1]["data"]["text/plain"] for cell in worker.run(job_of(*cells)).cells]
    assert shown == ["7", "'made'", "[8]", "'await'"]


def test_a_hostile_list_of_imports_is_read_in_no_time():
    for text in ("pandas import " + "a,  " * 100_000 + "!", "pandas " + "import " * 100_000, "d2l" * 100_000):
        started = time.monotonic()
        assert "pandas" not in preload_for([text])
        assert time.monotonic() - started < 20  # a wide margin: it takes milliseconds, or for ever


OPTIMIZED = """
import sys, torch
from torch import nn
def trained(name):
    torch.manual_seed(3)
    net, X = nn.Linear(5, 2), torch.randn(20, 5)
    options = {"lr": 0.05} if name != "LBFGS" else {"lr": 0.05, "max_iter": 3}
    optimizer = getattr(torch.optim, name)(net.parameters(), **options)
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(3))]}) if name != "LBFGS" else None
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    def closure():
        optimizer.zero_grad()
        loss = net(X).square().mean()
        loss.backward()
        return loss
    for _ in range(4):
        optimizer.step(closure)
        schedule.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert torch.is_grad_enabled()
    return [p.tolist() for p in net.parameters()]
names = [name for name, found in vars(torch.optim).items() if isinstance(found, type)
         and name not in ("Optimizer", "SparseAdam", "Muon")]
"""


def test_every_optimizer_does_the_same_without_importing_the_compiler(worker):
    asked = "[trained(name) for name in names], len(names), 'torch._dynamo' in sys.modules"
    here: dict = {}
    exec(OPTIMIZED, here)
    numbers, count, _ = eval(asked, here)
    execution = worker.run(job_of(OPTIMIZED, f"print(({asked}))"))
    assert text(execution, 1) == f"{(numbers, count, False)}\n"
    assert count >= 10
