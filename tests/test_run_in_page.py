"""Which cells run in the page is found by what they use; Python for the browser is whole, or left out."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import browser_python  # noqa: E402
import light_pages  # noqa: E402
import run_in_page  # noqa: E402
from cell_runner import Cells  # noqa: E402
from python_alone import needs_of  # noqa: E402

from gradus.notebook.form import read  # noqa: E402

CHAPTER = ROOT / "book" / "04-multilayer-perceptrons" / "04-backpropagation-on-scalars.ipynb"


@pytest.mark.parametrize(
    ("cells", "needs"),
    [
        (["import math", "y = math.sin(2)"], [set(), set()]),
        (["import torch", "def f(x):\n    return torch.tensor(x)", "f(1)"], [{"torch"}] * 3),
        (["import torch\nimport matplotlib.pyplot as plt", "plt.plot"], [{"torch", "matplotlib"}, {"matplotlib"}]),
        (["import torch\nx = 2", "x + 1"], [{"torch"}, {"torch"}]),
        (["x = 1", "import torch\nx = torch.ones(2)", "x + 1"], [set(), {"torch"}, {"torch"}]),
        (["import torch\nx = 2", "x = 1", "x + 1"], [{"torch"}, set(), set()]),
        (["def f():\n    import numpy\n    return numpy.pi"], [{"numpy"}]),
        (["from gradus import figure", "class A:\n    def draw(self):\n        figure(self)"], [{"gradus"}] * 2),
        (["%pip install x", "!ls", "display(1)", "_ + 1"], [{"IPython"}] * 4),
        (["for i in range(3):\n    print([i for i in range(i)])", "len(str(i))"], [set(), set()]),
    ],
)
def test_a_cell_needs_what_is_behind_the_names_it_uses(cells: list[str], needs: list[set[str]]) -> None:
    assert needs_of(cells) == needs


def test_most_of_the_chapter_runs_in_the_page_and_the_rest_says_what_it_needs() -> None:
    cells = {cell["id"]: cell.get("needs") for cell in run_in_page.cells_of(read(CHAPTER))}
    running = [name for name, needs in cells.items() if needs is None]
    assert len(running) > 0.7 * len(cells)
    assert {"value-class", "backward", "count-lines", "train", "recursion"} <= set(running)
    assert cells["imports"] == "PyTorch, matplotlib and the library of this course"
    assert cells["against-torch"] == "PyTorch"


def test_the_cells_of_a_page_are_counted() -> None:
    classes = ("cell docutils", "cell tag_hide-input docutils", "cell_input docutils", "cellar docutils")
    page = "".join(f'<div class="{each} container">' for each in classes)
    assert len(run_in_page.CELL.findall(page)) == 2


Said = list[tuple[str, str]]


@pytest.fixture
def runner() -> tuple[Cells, Said]:
    said: Said = []
    return Cells(lambda kind, text: said.append((kind, text))), said


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("print(1)\n2", "1\n2\n"),
        ("x = 1\nx;", ""),
        ("None", ""),
        ("", ""),
        ("# nothing", ""),
        ("'a'", "'a'\n"),
        ("import sys\nprint(1, file=sys.stderr)", "1\n"),
        ("def f():\n    return 1\n\nimport inspect\nprint(inspect.getsource(f))", "def f():\n    return 1\n\n"),
        ("class A:\n    def _repr_html_(self):\n        return '<b>'\nA", "<class '__main__.A'>\n"),
    ],
)
def test_a_cell_prints_and_shows_its_last_value(runner: tuple[Cells, Said], code: str, printed: str) -> None:
    cells, said = runner
    assert cells.run("cell 1", code) == ""
    assert "".join(text for _, text in said) == printed


def test_cells_share_names_and_html_is_said_to_be_html(runner: tuple[Cells, Said]) -> None:
    cells, said = runner
    cells.run("cell 1", "class A:\n    def _repr_html_(self):\n        return '<b>bold</b>'")
    cells.run("cell 2", "A()")
    assert said == [("html", "<b>bold</b>")]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError in line 2"),
        ("def f():\n    raise KeyError\n\n\nf()", "KeyError in line 2"),
        ("import json\n\njson.loads('[')", "JSONDecodeError in line 3"),
        ("x = = 1", "SyntaxError in line 1"),
        ("raise SystemExit", "SystemExit in line 1"),
        ("class A:\n    def __repr__(self):\n        return 1 / 0\nA()", "ZeroDivisionError in line 3"),
        ("def f():\n    f()\nf()", "RecursionError in line 2"),
    ],
)
def test_an_error_is_told_from_the_cell_on(runner: tuple[Cells, Said], code: str, fault: str) -> None:
    cells, said = runner
    before = sys.stdout
    assert cells.run("cell 7", code) == fault
    told = "".join(text for _, text in said)
    assert 'File "cell 7", line ' in told
    assert fault.split()[0] in told.splitlines()[-1]
    assert "in _run" not in told
    assert sys.stdout is before


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and an archive of a few bytes that counts as the right one."""
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(browser_python, "SHA256", hashlib.sha256(b"whole").hexdigest())
    monkeypatch.setattr(browser_python, "_clients", lambda: iter([("npm", ["npm"])]))
    return tmp_path / "cache"


def npm(monkeypatch: pytest.MonkeyPatch, content: bytes | None, asked: list[str]) -> None:
    """An npm that writes this, or fails."""

    def run(command: list[str], cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(" ".join(command[:3]))
        if content is None:
            return subprocess.CompletedProcess(command, 1, "", "npm error: no network\nmore")
        (cwd / browser_python.ARCHIVE).write_bytes(content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(browser_python.subprocess, "run", run)


def test_the_archive_is_fetched_once_and_a_damaged_one_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    npm(monkeypatch, b"whole", asked)
    assert not browser_python.is_there()
    for _ in range(2):
        assert browser_python.archive().read_bytes() == b"whole"
    assert asked == [f"npm pack pyodide@{browser_python.VERSION}"]
    (cache / browser_python.ARCHIVE).write_bytes(b"who")
    assert not browser_python.is_there()
    assert browser_python.archive().read_bytes() == b"whole"
    assert [path.name for path in cache.iterdir()] == [browser_python.ARCHIVE]


@pytest.mark.parametrize(("content", "why"), [(None, "no network"), (b"another", "another checksum")])
def test_what_cannot_be_had_is_said_with_the_cure(
    cache: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, why: str
) -> None:
    npm(monkeypatch, content, [])
    with pytest.raises(browser_python.UnavailableError, match=rf"npm: .*{why}.*Put it into {cache}"):
        browser_python.archive()
    assert not browser_python.is_there()


def packed(path: Path, names: tuple[str, ...]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            text = (
                json.dumps({"info": {"python": "3"}, "packages": {"numpy": {}}}).encode()
                if "json" in name
                else b"x" * 9
            )
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path


def test_of_the_archive_the_site_gets_what_it_needs_and_no_package_to_fetch(tmp_path: Path) -> None:
    needed = (*browser_python.NEEDED, browser_python.LIST)
    weight = browser_python.unpack(packed(tmp_path / "a.tgz", (*needed, "console.html")), tmp_path / "to")
    assert {path.name for path in (tmp_path / "to").iterdir()} == {*needed, "LICENCE.txt"}
    assert json.loads((tmp_path / "to" / browser_python.LIST).read_text()) == {"info": {"python": "3"}, "packages": {}}
    assert weight.plain == sum((tmp_path / "to" / name).stat().st_size for name in needed)
    with pytest.raises(ExtensionError, match=f"has no {browser_python.NEEDED[0]}"):
        browser_python.unpack(packed(tmp_path / "b.tgz", needed[1:]), tmp_path / "to")


def test_every_sheet_that_some_page_asks_for_is_in_the_one(tmp_path: Path) -> None:
    link: Callable[[str], str] = lambda name: f'<link rel="stylesheet" href="../_static/{name}?v=1" />'  # noqa: E731
    pages = [
        link("a.css") + link("b.css"),
        link("a.css") + link("search.css"),
        link("a.css") + link("b.css") + link("c.css"),
    ]
    assert light_pages.sheets_of(pages) == ["a.css", "b.css", "c.css", "search.css"]
