"""A cell that is Python alone runs past most of IPython, and does what it does in IPython."""

from __future__ import annotations

import ast
import os
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.engine.inside import shell
from autograder.engine.inside.plain_cells import Transformers

# What one notebook after another runs, in order; each tells what it shows, binds and leaves in the shell. What raises
# stands on a line of its own: of several statements in a line IPython shows one by chance, by their addresses.
NOTEBOOKS = {
    "values and names": [
        "x = 1\nx",
        "y = x + 1\n(x, y)\n",
        "x = 5;\nx;",
        "Out, In[1], _1, _i1, _ii, _\n",
        "_i, _iii\nNone",
    ],
    "errors": [
        "a = 1\nb = 1 / 0\nc = 3",
        "def f():\n    return g()\nf()",
        "a, 'b' in globals()\n",
        "raise SystemExit\n1",
        "import sys\nsys.exit(3)",
        "raise KeyboardInterrupt\n1",
        "assert a == 2, 'no'\n1",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('b') from e",
    ],
    "no Python": [
        "x = 1\ndef f(:\n  pass",
        "x = (\n1",
        "if True:\nx = 1",
        "return 5\n1",
        "x = 1\nyield x",
        "x\n'unclosed",
        "z = 3\nbreak",
        "nonlocal z\n1",
        "z\nmatch z:\n  case 1: pass",
        "'\\d'\n1",
    ],
    "no text": ["x = 1\nx", "x = '\ud800'\nx", "x = '\0'\nx\0", "x\n" * 3],
    "the future": [
        "from __future__ import annotations\ndef f(x: Foo) -> Bar: pass",
        "def g(x: Foo): pass\ng.__annotations__",
    ],
    "shell": [
        "ip = get_ipython()\nip.execution_count",
        "ip.last_execution_succeeded, ip.last_execution_result.info.raw_cell\n",
        "ip.history_manager.input_hist_raw\n1",
        "ip.ast_node_interactivity = 'all'\n1",
        "1\n2\n3",
        "%history\n1",
        "ip.user_ns_hidden.keys() >= {'_i', '_i1'}\nsorted(k for k in ip.user_ns if k[0] != '_')",
        "len(ip.history_manager.input_hist_parsed), _i3\n",
    ],
    "hooks": [
        "seen = []\nip = get_ipython()\nip.events.register('post_run_cell', lambda r: seen.append(r.success))\n"
        "ip.events.register('pre_run_cell', lambda info: seen.append(info.raw_cell))",
        "1\n2",
        "1 / 0\n3",
        "seen\nlen(seen)",
        "ip.set_custom_exc((KeyError,), lambda s, *_, **__: print('own'))\n1",
        "{}[1]\n2",
        "import sys\nsys.displayhook = lambda v: print('mine', v)\n5",
        "6\n7",
        "exit\n",
        "quit\n1",
    ],
    "transformers": [
        "import ast\nip = get_ipython()\nclass Twice(ast.NodeTransformer):\n    def visit_Constant(self, node):\n"
        "        return ast.Constant(node.value * 2) if isinstance(node.value, int) else node\n"
        "ip.ast_transformers.append(Twice())",
        "1\n21",
        "ip.ast_transformers.clear()\n21",
        "ip.input_transformers_cleanup.append(lambda lines: [l.replace('ten', '10') for l in lines])\n1",
        "ten\nten",
    ],
    "the form of a cell": [
        "\n\n1\n1 / 0",
        "  a = 1\n  a",
        ">>> 1 + 1\n2",
        "In [1]: 5\n6",
        "x = '''\n   \n\ta'''\nx",
        "x = '''\n>>> 1'''\nx",
        "# why?\n1",
        "x = 1\r\nx\r\n",
        "x = 1\fx\n2",
        "# only a comment\n",
        "\n  \n",
        "x = 1\n\n\n",
        "pass\nx\n# the end",
        "é = 2\né",
        "def f():\n\treturn 3\n\nf()",
        "%who_ls\n2",
        "!true\n4",
        "x = %pwd\nlen(x) > 0",
        "f?\n1",
    ],
    "shows": [
        "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\n1",
        "print('a')\nprint('b')\n'c'",
        "class Bad:\n    def __repr__(self):\n        raise ValueError('no')\nBad()",
        "import warnings\nwarnings.warn('careful')\n1",
        "display(1, 2)\nNone",
        "[1] * 3\n",
        "{'a': 1}\n",
        "lambda: 1\n3",
    ],
    "names of Python": [
        "print = 5\nprint",
        "del print\nprint(1)",
        "list = None\nlen([1, 2])",
        "__name__\n__builtins__\n1",
        "import builtins\nhasattr(builtins, 'get_ipython')\n",
        "exit = 1\nexit",
    ],
    "coroutines": [
        "import asyncio\nawait asyncio.sleep(0, 5)",
        "async def f():\n    return 6\nawait f()",
        "x = 'await'\nx",
    ],
}


class Told:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def tell(self, message: dict[str, Any]) -> None:
        self.messages.append(message)


def in_a_fork(make: Callable[[], Any]) -> Any:
    """What `make` gives, in a process that ends with it."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with os.fdopen(writes, "wb") as out:
                pickle.dump(make(), out)
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as content:
        found = pickle.load(content)
    os.waitpid(pid, 0)
    return found


def shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "nothing"
    return re.sub("0x[0-9a-f]+", "an address", text)


def what_happens(cells: list[str], *, through_ipython: bool) -> list[Any]:
    its_shell = shell.make_shell()
    told = Told()
    shell.report_to(told)  # type: ignore[arg-type]
    ran_plain = 0
    plainly = its_shell._plain_cells.run

    def run(cell: str) -> Any:
        nonlocal ran_plain
        result = None if through_ipython else plainly(cell)
        ran_plain += result is not None
        return result

    its_shell._plain_cells.run = run  # type: ignore[method-assign]
    found: list[Any] = []
    for cell in cells:
        result = its_shell.run_cell(cell, store_history=True)
        names = {name: shown(value) for name, value in its_shell.user_ns.items()}
        errors = [repr(error) for error in (result.error_before_exec, result.error_in_exec)]
        history = [list(its_shell.history_manager.input_hist_raw), list(its_shell.history_manager.input_hist_parsed)]
        found.append([
            cell, result.success, errors, result.execution_count, its_shell.execution_count, names, history,
            sorted(its_shell.history_manager.exceptions), told.messages[:], its_shell.last_execution_succeeded,
            sorted(its_shell.user_ns_hidden), shown(result.result), type(its_shell.displayhook.exec_result).__name__,
            result.info.transformed_cell, its_shell.builtin_trap._nested_level, its_shell.display_trap._nested_level,
        ])  # fmt: skip
        told.messages.clear()
    return [ran_plain, found]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_plain_cell_does_what_it_does_in_ipython(notebook: str, capfd: pytest.CaptureFixture[str]) -> None:
    cells = NOTEBOOKS[notebook]
    plain, ours = in_a_fork(lambda: what_happens(cells, through_ipython=False))
    printed = capfd.readouterr()
    none, theirs = in_a_fork(lambda: what_happens(cells, through_ipython=True))
    also_printed = capfd.readouterr()
    assert none == 0
    for mine, its in zip(ours, theirs, strict=True):
        assert mine == its
    assert also_printed == printed
    assert plain > 0 or notebook in ("the future", "coroutines")


@pytest.mark.parametrize(
    "cell",
    ["x = 1\nx", "def f(x):\n    return x % 2\n", "# a comment\n@decorated\ndef f(): ...", "x = f'{a!r}'\nx != 3"],
)
def test_most_cells_are_plain(cell: str) -> None:
    assert not Transformers().changes(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "\n",
        "x",
        "x\n",
        " x\ny",
        "\nx\ny",
        "%who\n1",
        "1\n%who",
        "1\n!ls",
        "x = !ls\n1",
        "f?\n1",
        "1\n,f a",
        ">>> 1\n2",
        "In [3]: 1\n2",
        "   ...: 1\n2",
        "'''\n  \n'''\n1",
        "get_ipython()\n1",
        "await f()\n1",
        "/f\n1",
        "%%time\n1",
    ],
)
def test_what_ipython_would_rewrite_is_left_to_it(cell: str) -> None:
    assert Transformers().changes(cell)


def test_whatever_ipython_rewrites_is_seen() -> None:
    """All pairs of odd lines: where IPython's own text is another than the cell, the cell is not plain."""
    odd = [
        "x = 1",
        "  y",
        "\ty",
        "%who",
        "!ls",
        "x = !ls",
        "f?",
        ">>> 1",
        "... 2",
        "In [1]: x",
        "  ...: 3",
        "",
        "   ",
        "'''",
        '"""',
        "# c",
        "x = \\",
        ",f a",
        ";f",
        "/f",
        "a %b",
        "%%sh",
        "f(",
        ")",
        "é",
        "x\f",
        "x\u2028y",
        "x\r",
    ]
    ours, theirs = Transformers(), TransformerManager()
    for first in odd:
        for second in odd:
            for third in ("", "z = 3", "'''", "  w"):
                cell = f"{first}\n{second}\n{third}"
                if ours.changes(cell):
                    continue
                try:
                    text = theirs.transform_cell(cell)
                except SyntaxError:  # then it is no Python, and IPython says so
                    with pytest.raises(SyntaxError):
                        ast.parse(cell)
                else:
                    assert text == (cell if cell.endswith("\n") else cell + "\n"), repr(cell)
