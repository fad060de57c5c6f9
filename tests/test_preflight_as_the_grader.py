"""Preflight runs a notebook as the grader will, says each fault once, and takes any file for what it is."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gradus
from autograder.records.execution import Limits
from autograder.submissions import intake
from gradus.errors import GradusError
from gradus.hand_in import failures, grader, needs
from gradus.hand_in.findings import Finding
from gradus.hand_in.fresh_run import FreshRun
from gradus.hand_in.needs import needs_of
from gradus.hand_in.preflight import PreflightReport, examine
from gradus.notebook.cells import label_of
from gradus.notebook.form import MAX_BYTES, Notebook, read, source_of
from gradus.notebook.frame import KEY
from gradus.printable import on_one_line, printable

ROOT = Path(__file__).resolve().parent.parent
RELEASED = ROOT / "exercises" / "ps4" / "ps4.ipynb"
STEERING = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\x9b31m\u202e"


def _cell(source: str, kind: str = "code") -> Notebook:
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": "x", "metadata": {}, "source": source, **code}


def _notebook(*cells: Any, **changes: Any) -> Notebook:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | changes


def _written(folder: Path, notebook: Notebook, name: str = "own.ipynb") -> Path:
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    return folder / name


def _answered(label: str, source: str) -> Notebook:
    """The released problem set with one answer."""
    notebook = read(RELEASED)
    (cell,) = [cell for cell in notebook["cells"] if label_of(cell) == label]
    cell["source"] = source
    return notebook


def _problems(report: PreflightReport) -> dict[int, list[str]]:
    """The cells that have problems, by number, and what is said of them."""
    found: dict[int, list[str]] = {}
    for finding in report.findings:
        if finding.kind == "problem" and finding.where.startswith("cell "):
            found.setdefault(int(finding.where.split()[1]), []).append(finding.what)
    return found


def test_the_limits_are_those_of_the_grader() -> None:
    limits = Limits()
    assert (limits.cell_seconds, limits.visible_seconds) == (grader.CELL_SECONDS, grader.RUN_SECONDS)
    assert intake.MAX_BYTES == MAX_BYTES


@pytest.mark.slow("a kernel")
def test_a_run_is_alone_without_a_gpu_and_with_the_graders_packages_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    for path, text in {
        tmp_path / "utils.py": "def softmax(Z): return Z",
        tmp_path / "numbers.csv": "1,2",
        tmp_path / "made.txt": "of an earlier run",
        tmp_path / "drive" / "mine.py": "x = 1",
        startup / "own.py": "from_start_up = 1",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(needs, "packages", lambda: grader.packages() - {"pytest-xdist"})
    cells = (
        "import os\nassert os.listdir() == [] and os.environ['CUDA_VISIBLE_DEVICES'] == ''",
        "from utils import softmax",
        "softmax(1)",
        "open('numbers.csv').read()",
        f"import importlib, sys\nsys.path.insert(0, {str(tmp_path / 'drive')!r})\nimportlib.import_module('mine')",
        "import xdist, not_in_the_grader, execnet",  # the first is here, and not in the grader
        "try:\n    import xdist\nexcept ImportError:\n    instead = 1\nassert instead",
        "%%writefile helper.py\nvalue = 3",
        "import helper\nassert helper.value == 3",
        "with open('made.txt', 'w') as file:\n    file.write('1')\nopen('made.txt').read()",
        "from_start_up",
    )
    report = examine(_written(tmp_path, _notebook(*map(_cell, cells))))
    said = _problems(report)
    assert sorted(said) == [2, 4, 5, 6, 11]
    assert said[2] == ["`utils.py` beside the notebook is not handed in, and this cell imports it."]
    assert said[4] == ["`numbers.csv` beside the notebook is not handed in, and this cell names it."]
    assert said[5] == ["it imports what the grader does not have: ModuleNotFoundError: No module named 'mine'."]
    assert said[6] == [
        f"`{name}` is not among the packages that the grader has: it stops at this import."
        for name in ("xdist", "not_in_the_grader")
    ]
    assert "name 'from_start_up' is not defined" in said[11][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "drive", "ipython", "made.txt", "numbers.csv", "own.ipynb", "utils.py",
    ]  # fmt: skip
    assert len(report.slowest) == 3


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        ("import torch, numpy as np, scipy.stats, PIL, sympy, pandas\nfrom matplotlib import pyplot", []),
        ("from gradus import d2l\nimport d2l.torch, os.path, __future__", []),
        ("import seaborn", ["seaborn"]),
        ("from sklearn.datasets import load_iris", ["sklearn"]),
        ("def f():\n    import tqdm.auto\nclass A:\n    from cv2 import imread", ["tqdm", "cv2"]),
        ("from google.colab import drive", ["google.colab"]),
        ("import google.colab.files as files", ["google.colab"]),
        ("try:\n    from tqdm import tqdm\nexcept ImportError:\n    tqdm = list", []),
        ("try:\n    import tqdm\nexcept (ValueError, ModuleNotFoundError):\n    pass", []),
        ("try:\n    import tqdm\nexcept ValueError:\n    pass", ["tqdm"]),
        ("try:\n    pass\nfinally:\n    import tqdm", ["tqdm"]),
        ("import sys\nif 'google.colab' in sys.modules:\n    from google.colab import drive", []),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import tqdm", []),
        ("%%time\nimport seaborn", ["seaborn"]),
        ("%matplotlib inline\n!ls\nimport seaborn", ["seaborn"]),
        ("%%bash\nimport seaborn", []),
        ("import autograder, nbgrader", ["autograder"]),
        ("this is no Python: import seaborn", []),
    ],
)
def test_imports_that_the_grader_lacks_are_named(tmp_path: Path, source: str, lacking: list[str]) -> None:
    assert [need.name for need in needs_of(_notebook(_cell(source)), tmp_path)] == lacking


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("pd.read_csv('data.csv')", ["data.csv"]),
        ("%run helpers/plot.py", ["helpers/plot.py"]),
        ("open('./data.csv')", ["./data.csv"]),
        ("np.load('../above.npy')", ["../above.npy"]),
        ("Path('helpers/plot.py').read_text()", ["helpers/plot.py"]),
        ("print('data. csv', 'data', 'none.csv', '.', './', 'own.ipynb', '/', '..')", []),
        ("pd.read_csv('https://example.org/data.csv')", []),
    ],
)
def test_files_beside_the_notebook_are_named(tmp_path: Path, source: str, named: list[str]) -> None:
    folder = tmp_path / "work"
    (folder / "helpers").mkdir(parents=True)
    for name in ("data.csv", "data", "helpers/plot.py", "../above.npy", "own.ipynb"):
        (folder / name).write_text("1")
    assert [need.name for need in needs_of(_notebook(_cell(source)), folder)] == named


def test_a_file_elsewhere_on_this_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.csv").write_text("1")
    (need,) = needs_of(_notebook(_cell("open('~/own.csv')")), tmp_path / "elsewhere")
    assert need.finding.what == "`~/own.csv` is a file of this machine, and is not handed in."


@pytest.mark.slow("a kernel")
def test_each_fault_is_said_once(tmp_path: Path) -> None:
    report = examine(
        _written(
            tmp_path,
            _notebook(
                _cell("def first(x)\n    return x"),
                _cell("assert first(1) == 1"),
                _cell("second = first(2)"),
                _cell("second + 1"),
                _cell("import os\nundefined_thing\nhelper = 1"),
                _cell("helper"),
                _cell("raise NotImplementedError"),
                _cell("from gradus import d2l\nd2l.Module().loss(1, 2)"),  # another's NotImplementedError
                _cell("%no_such_magic\nlater = 1"),
                _cell("later"),
            ),
        )
    )
    said = _problems(report)
    assert sorted(said) == [1, 5, 8, 9]
    version = ".".join(map(str, sys.version_info[:2]))
    assert said[1] == [f"line 1 is not Python {version}: expected ':'; cells 2, 3, 4 fail with it."]
    assert said[5][0].endswith("name 'undefined_thing' is not defined; cell 6 fails with it.")
    assert said[8][0].startswith("it fails in a fresh kernel: NotImplementedError")
    assert said[9][0].startswith(
        "it fails in a fresh kernel: UsageError: Line magic function `%no_such_magic` not found"
    )
    assert said[9][0].endswith("; cell 10 fails with it.")
    unrun = examine(tmp_path / "own.ipynb", run=False)
    assert _problems(unrun) == {1: [f"line 1 is not Python {version}: expected ':'."]}


STUB = '    """What it says."""\n    # YOUR CODE HERE\n'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"def softmax(Z):\n{STUB}    raise NotImplementedError\n    return Z.softmax(1)", "below `raise"),
        (f"def softmax(Z):\n{STUB}    raise NotImplementedError()\n    x = 1", "below `raise"),
        (f"def softmax(Z):\n{STUB}    E = Z.exp()\n    E / E.sum(1)\n    raise NotImplementedError", "still below"),
        (f"def softmax(Z):\n{STUB}    for z in Z:\n        print(z)\n    raise NotImplementedError", "still below"),
        (f"def softmax(Z):\n{STUB}    return Z.softmax(1)\nraise NotImplementedError", "outside of a function"),
        (
            f"class A:\n    def f(self):\n{STUB}        raise NotImplementedError\n        self.x = 1".replace(
                STUB, ""
            ),
            "below",
        ),
        (f"def softmax(Z):\n{STUB}    return Z.softmax(1)\n    raise NotImplementedError", None),
        (f"def softmax(Z):\n{STUB}    raise NotImplementedError", None),
        (f"def softmax(Z):\n{STUB}    super().__init__()\n    raise NotImplementedError", None),
        (
            "def softmax(Z):\n    if Z.ndim == 2:\n        return Z.softmax(1)\n    raise NotImplementedError(Z.ndim)",
            None,
        ),
        ("def softmax(Z):\n    if Z.ndim != 2:\n        raise NotImplementedError\n    return Z.softmax(1)", None),
        ("def softmax(Z):\n    return Z.softmax(1)", None),
        ("def softmax(Z:", None),
    ],
)
def test_a_raise_that_was_left_is_a_problem(tmp_path: Path, source: str, said: str | None) -> None:
    report = examine(_written(tmp_path, _answered("softmax", source), "ps4.ipynb"), run=False)
    found = [what for whats in _problems(report).values() for what in whats if "raise NotImpl" in what]
    assert ([said in what for what in found] == [True]) if said else found == []


@pytest.mark.slow("a kernel")
def test_a_raise_that_was_left_is_no_open_question(tmp_path: Path) -> None:
    source = f"def softmax(Z):\n{STUB}    raise NotImplementedError\n    return Z.softmax(1)"
    report = examine(_written(tmp_path, _answered("softmax", source), "ps4.ipynb"))
    assert list(_problems(report)) == [16]
    assert not any("test_softmax" in finding.where for finding in report.findings)
    assert sum(finding.unanswered for finding in report.findings) == 7  # six other questions, and the written one


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("YOUR ANSWER HERE", "still says YOUR ANSWER HERE"),
        (" YOUR ANSWER HERE\n\n", "still says YOUR ANSWER HERE"),
        ("", "is empty"),
        ("  \n", "is empty"),
        ("YOUR ANSWER HERE\n\nBecause of the logarithm.", None),
        ("Because.", None),
    ],
)
def test_a_written_answer_that_says_nothing_is_noted(tmp_path: Path, text: str, says: str | None) -> None:
    report = examine(_written(tmp_path, _answered("why_cross_entropy", text), "ps4.ipynb"), run=False)
    assert report.fit
    said = [finding.what for finding in report.findings]
    assert said == ([f"it {says}: as it is, it earns nothing."] if says else [])


@pytest.mark.parametrize("name", ["Copy of ps4.ipynb", "ps4 (1).ipynb", "PS4.ipynb", "ada_ps4_final.ipynb"])
def test_another_name_than_the_safe_one_is_noted(tmp_path: Path, name: str) -> None:
    shutil.copy(RELEASED, tmp_path / name)
    first = examine(tmp_path / name, run=False).findings[0]
    assert (first.kind, first.where, first.cure) == ("note", "the file", "hand it in as ps4.ipynb.")
    assert repr(name) in first.what


def test_slow_cells_are_named_with_their_seconds() -> None:
    cells = [_cell(name) for name in ("quick", "slowish", "slow", "more")]
    run = FreshRun((), {0: 0.1, 1: 20.0, 2: 41.2, 3: 29.9}, frozenset(), limit=600)
    found = failures.failures(run, cells, [], set())
    assert [(one.kind, one.where.split()[1]) for one in found] == [
        ("note", "2"), ("problem", "3"), ("note", "4"),
    ]  # fmt: skip
    assert found[1].what == "it took 41 s here, and the grader stops a cell after 30 s."
    many = dataclasses.replace(run, seconds=dict.fromkeys(range(4), 31.0))
    assert "all cells together took 124 s" in failures.failures(many, cells, [], set())[1].what


def test_a_device_that_is_not_there_is_said_to_be_so() -> None:
    for kind, message in (
        ("RuntimeError", "No CUDA GPUs are available"),
        ("AssertionError", "Torch not compiled with CUDA enabled"),
        ("RuntimeError", "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False."),
    ):
        error = failures.CellError(0, kind, message, 0)
        (found,) = failures.failures(FreshRun((error,), {0: 1.0}, frozenset(), 120), [_cell("x.cuda()")], [], set())
        assert found.what.startswith("it needs a GPU, which the grader does not have")
        assert "gradus.pick_device()" in found.cure


NEWER = [
    ("type X = int", True),
    ("def f[T](x: T) -> T:\n    return x", True),
    ("class A[T]: pass", True),
    ('d = {}\nprint(f"{d["a"]}")', True),
    ("print(f\"{'\\n'.join([])}\")", True),
    ('f"{\n1}"', True),
    ('f"""{\n1  # one\n}"""', True),
    ('f"{f"{1}"}"', True),
    ("%matplotlib inline\nd = {}\nf\"{{{d['a']}}}\"", False),
    ('f\'{f"{1}"}\' f\'\\n{1}\' f"""{\n1}"""', False),
    ("f'{1!r:>{2}}' rf'{1}\\d'", False),
    ("match 1:\n    case 1: pass", False),
    ("try:\n    1\nexcept (A, B):\n    2\nasync def f():\n    await 1\nawait f()", False),
]


def _newer_pythons() -> list[str]:
    here = [sys.executable] if sys.version_info >= (3, 12) else []
    named = [path for minor in range(12, 20) if (path := shutil.which(f"python3.{minor}"))]
    starts = [subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0 for path in named]
    return here + [path for path, works in zip(named, starts, strict=True) if works]


@pytest.mark.slow("a Python")
def test_syntax_that_is_newer_than_the_graders_python_is_named() -> None:
    code = (
        "import json, sys\nfrom gradus.hand_in.plain_python import newer_syntax, tree_of\n"
        "print(json.dumps([bool(newer_syntax(s, tree_of(s))) for s in json.loads(sys.argv[1])]))"
    )
    pythons = _newer_pythons()
    for python in pythons:
        command = [python, "-W", "ignore", "-c", code, json.dumps([source for source, _ in NEWER])]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert json.loads(run.stdout or "[]") == [newer for _, newer in NEWER], run.stderr
    if not pythons:
        pytest.skip("no Python here is newer than the oldest that the course supports")


def _frame(**changes: Any) -> Notebook:
    notebook = read(RELEASED)
    return notebook | {"metadata": {KEY: notebook["metadata"][KEY] | changes}}


ODD_NOTEBOOKS = {
    "no metadata": _notebook(_cell("1"), metadata=None),
    "metadata a number": _notebook(_cell("1"), metadata=5),
    "a cell's metadata null": _notebook(_cell("1") | {"metadata": None}),
    "a cell's metadata a list": _notebook(_cell("1") | {"metadata": []}),
    "nbgrader's a number": _notebook(_cell("1") | {"metadata": {"nbgrader": 5}}),
    "a label that is a list": _notebook(_cell("1") | {"metadata": {"nbgrader": {"grade_id": [1]}}}),
    "a label that steers": _notebook(*2 * [_cell("1") | {"metadata": {"nbgrader": {"grade_id": f"a{STEERING}"}}}]),
    "a first line that steers": _notebook(_cell(f"1 / 0  # {STEERING}")),
    "a kind that steers": _notebook(_cell("1") | {"cell_type": f"code{STEERING}"}),
    "a kind that is a number": _notebook(_cell("1") | {"cell_type": 5}),
    "a cell that is null": _notebook(None),
    "a source with a number in it": _notebook(_cell("1") | {"source": ["1", 5]}),
    "a source that is null": _notebook(_cell("1") | {"source": None}),
    "half a character": _notebook(_cell("'\ud800'")),
    "a null byte": _notebook(_cell("x\x00")),
    "deep code": _notebook(_cell("x = " + "(" * 5000 + ")" * 5000), _cell("x = " + "-" * 20000 + "1")),
    "cells null": _notebook(cells=None),
    "cells a dictionary": _notebook(cells={}),
    "no cells": _notebook(),
    "no nbformat": {"cells": []},
    "a list": [],  # type: ignore[dict-item]
    "a frame that is a number": _notebook(_cell("1"), metadata={KEY: 5}),
    "a frame of elsewhere": _frame(name="../../../etc/passwd"),
    "a frame with a numeric name": _frame(name=5),
    "a frame whose name steers": _frame(name=f"ps4{STEERING}"),
    "a frame without cells": _frame(cells=5),
    "a frame with odd cells": _frame(cells=["a b", 5, {}]),
    "outputs gone": _notebook({"cell_type": "code", "source": "1 / 0"}),
}
ODD_BYTES = {
    "deep": b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number without end": b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}",
    "not Unicode": b'{"nbformat": 4, "cells": ["\xe9"]}',
    "empty": b"",
    "with a mark of its order": b"\xef\xbb\xbf" + json.dumps(_notebook(_cell("1"))).encode(),
}


@pytest.mark.parametrize("name", [*ODD_NOTEBOOKS, *ODD_BYTES])
def test_any_content_is_a_report_or_one_sentence(tmp_path: Path, name: str) -> None:
    content = ODD_BYTES.get(name) or json.dumps(ODD_NOTEBOOKS.get(name, "")).encode()
    (tmp_path / "odd.ipynb").write_bytes(b"" if name == "empty" else content)
    try:
        report = examine(tmp_path / "odd.ipynb", run=False)
    except GradusError as error:
        refusal = str(error)
    else:
        text = report.as_text()
        assert all(character.isprintable() or character == "\n" for character in text)
        json.dumps(report.as_dict()).encode("ascii")
        return
    assert refusal.startswith(str(tmp_path / "odd.ipynb: "))
    assert "\n" not in refusal


@pytest.mark.slow("a kernel")
def test_odd_cells_run_too(tmp_path: Path) -> None:
    names = ("no metadata", "a cell's metadata null", "a first line that steers", "half a character", "outputs gone")
    cells = [cell for name in names for cell in ODD_NOTEBOOKS[name]["cells"]]
    text = examine(_written(tmp_path, _notebook(*cells, _cell("x\x00"), metadata=None))).as_text()
    assert text.count("ZeroDivisionError") == 2
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_file_of_another_kind_is_refused_by_its_name_and_one_that_the_grader_reads_is_read(tmp_path: Path) -> None:
    (tmp_path / "ps4.ipynb").write_bytes(b"PK\x03\x04\x14\0\0\0")
    with pytest.raises(GradusError, match=r"ps4\.ipynb: not a notebook: it is a zip archive"):
        examine(tmp_path / "ps4.ipynb", run=False)
    (tmp_path / "ps4.ipynb").write_bytes(
        RELEASED.read_text(encoding="utf-8").replace("# Problem", "# Übung").encode("cp1252", "replace")
    )
    assert examine(tmp_path / "ps4.ipynb", run=False).as_dict()["findings"]


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    with (tmp_path / "huge.ipynb").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for name, why in {
        "pipe": "not a plain file", "folder": "not a plain file", "loop": "cannot be read",
        "huge": "more than the 32 MB", "x" * 300: "cannot be read", "\0": "not a notebook",
    }.items():  # fmt: skip
        with pytest.raises(GradusError, match=why):
            examine(tmp_path / f"{name}.ipynb")
    with pytest.raises(GradusError, match="not a plain file"):
        examine(Path("/dev/zero"))


@pytest.mark.slow("a Python")
def test_a_windows_code_page_takes_every_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    path = _written(tmp_path, _notebook(_cell("1 / 0  # ≤ naïve 数"), _cell("print('→')")))
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "gradus.cli", "preflight", str(path), "--no-run"]
    run = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (run.returncode, run.stderr) == (1, b"")
    assert "-> keep its name" in run.stdout.decode("cp1252").replace("\r\n", "\n")
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    monkeypatch.delenv("GRADUS_QUIET", raising=False)
    gradus.preflight(path)
    assert "→ in JupyterLab, Kernel → Restart" in capsys.readouterr().out


@pytest.mark.slow("a Python")
def test_a_message_about_a_file_does_not_steer_the_terminal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gradus.cli", "preflight", str(tmp_path / f"a{STEERING}.ipynb")]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert run.returncode == 2
    assert all(character.isprintable() or character == "\n" for character in run.stderr)


def test_printable_keeps_what_people_write() -> None:
    assert printable("Zoë 数 → é\n") == "Zoë 数 → é\n"
    assert printable("\x1b[2J\ud800\u202e\t") == "\\x1b[2J\\ud800\\u202e\\t"


def test_a_name_is_printed_on_one_line_as_it_is_written() -> None:
    joined = ("می\u200cخواهم", "क\u094d\u200dष")  # letters of some scripts need what joins them
    for name in (*joined, "Zoe\u0308", "🦊 ps4 (1).ipynb"):
        assert on_one_line(name) == name
    assert on_one_line(os.fsdecode(b"l\xf6sung") + "\n\u202e") == "l\\xf6sung\\n\\u202e"


def test_a_finding_says_whether_it_is_a_question_without_an_answer() -> None:
    assert "unanswered" not in Finding("note", "a", "b", "c", True).as_dict()


def test_every_problem_set_ends_with_what_to_do_before_handing_in() -> None:
    for path in sorted((ROOT / "exercises").glob("*/*.ipynb")):
        last = source_of(read(path)["cells"][-1])
        assert f"gradus preflight {path.stem}.ipynb" in last
        assert "gradus.preflight()" in last


@pytest.mark.slow("a Python")
@pytest.mark.parametrize("works", [True, False])
def test_after_the_set_up_cell_gradus_is_there_or_the_cell_has_failed(works: bool) -> None:
    """Played: on Colab Gradus is not there before the cell has run, and pip may fail."""
    set_up = next(source_of(cell) for cell in read(RELEASED)["cells"] if cell["cell_type"] == "code")
    code = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
sys.modules["gradus"] = None
shell.register_magic_function(lambda line: {works} and sys.modules.pop("gradus"), "line", "pip")
for _ in range(2):
    result = shell.run_cell({set_up!r})
print(result.success, type(result.error_in_exec).__name__, shell.run_cell("gradus.__version__").success)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout.splitlines()[-1] == ("True NoneType True" if works else "False ModuleNotFoundError False")
