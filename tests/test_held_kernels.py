"""A chapter cannot tell whether its kernel was held for it, and costs no other chapter anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import execute_chapters
import nbformat
import pytest
from held_kernels import can_be_held, imports_torch
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = [
    pytest.mark.slow("two kernels that torch is imported for, and an ordinary one"),
    pytest.mark.skipif(not can_be_held(), reason="kernels are forked on Linux only"),
]

ROOT = Path(__file__).resolve().parent.parent
FACTS = """
import json, os, signal, sys, threading
import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
facts = {
    "folder": os.path.basename(os.getcwd()),
    "path": sys.path,
    "environment": {k: v for k, v in os.environ.items() if not k.startswith("JPY") and k != "_"},
    "main": [__name__, sys.modules["__main__"] is get_ipython().user_module],
    "backend": plt.get_backend(),
    "settings of pandas": [pd.reset_option("display.max_columns"), pd.get_option("display.max_columns")],
    "settings of matplotlib": repr(matplotlib.rcParams),
    "interactive": matplotlib.is_interactive(),
    "interrupt": repr(signal.getsignal(signal.SIGINT)),
    "own session": os.getsid(0) == os.getpid(),
    "open figures are shown": "flush_figures" in repr(get_ipython().events.callbacks["post_execute"]),
}
print(json.dumps(facts, sort_keys=True))
"""
SHOWN = "%matplotlib inline\nplt.plot([1, 2])"
IMPORTED = """
import sys
before = [name in sys.modules for name in ("torch._dynamo", "pandas", "matplotlib.pyplot")]
import torch
print(before)
"""
KILLS_ITS_PARENT = "import torch\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)"


def chapter(path: Path, *codes: str) -> Path:
    cells = [new_markdown_cell("# Title", id="title")]
    cells += [new_code_cell(code, id=f"code-{number}") for number, code in enumerate(codes)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    root = tmp_path_factory.mktemp("held")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/one\nchapters:\n  - file: book/two\n  - file: book/three\n"
    )
    (root / "_config.yml").write_text((ROOT / "_config.yml").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("pyproject.toml", "requirements.txt"):
        (root / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (root / "gradus").mkdir()
    chapter(root / "book" / "one.ipynb", IMPORTED, FACTS, SHOWN)
    chapter(root / "book" / "two.ipynb", KILLS_ITS_PARENT)
    chapter(root / "book" / "three.ipynb", IMPORTED)
    command = [sys.executable, str(ROOT / "tools" / "execute_chapters.py"), "--root", str(root), "--workers", "1"]
    environment = dict(os.environ)  # without what readline, which pytest imports, tells every program that is started
    return root, subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def executed(root: Path, name: str) -> list[nbformat.NotebookNode]:
    """The code cells of a chapter as the cache has them."""
    (folder,) = (root / "_build").glob(".jupyter_cache*")
    cache = get_cache(folder)
    record = cache.match_cache_notebook(nbformat.read(root / "book" / f"{name}.ipynb", as_version=4))
    return cache.get_cache_bundle(record.pk).nb.cells


def printed(cell: nbformat.NotebookNode) -> str:
    return cell.outputs[0]["text"]


def test_torch_is_imported_before_a_chapter_that_imports_it(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    root, _ = run
    assert printed(executed(root, "one")[0]) == "[True, True, True]\n"
    assert printed(executed(root, "three")[0]) == "[True, True, True]\n"


def test_a_held_kernel_is_to_its_chapter_what_an_ordinary_one_is(
    run: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    root, _ = run
    cells = executed(root, "one")
    ordinary = execute_chapters.execute(chapter(tmp_path / "book" / "one.ipynb", FACTS, SHOWN), 1, 60)
    assert ordinary.problem == ""
    wanted = nbformat.reads(ordinary.notebook, as_version=4).cells[1:]
    theirs, ours = json.loads(printed(cells[1])), json.loads(printed(wanted[0]))
    for facts in (theirs, ours):
        facts["environment"] = {k: v for k, v in facts["environment"].items() if not k.startswith("PYTEST")}
    threads = os.cpu_count() or 1
    assert theirs["environment"].pop("OMP_NUM_THREADS") in map(str, range(1, threads + 1))
    ours["environment"].pop("OMP_NUM_THREADS")
    differing = dict(theirs.pop("environment").items() ^ ours.pop("environment").items())
    assert (differing, theirs) == ({}, ours)
    assert [output["output_type"] for output in cells[2].outputs] == [o["output_type"] for o in wanted[1].outputs]
    assert "image/png" in cells[2].outputs[-1]["data"]


def test_a_process_that_is_killed_costs_its_own_chapter_alone(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, outcome = run
    assert outcome.returncode == 1
    assert "book/two.ipynb: the process that executed it was killed" in outcome.stderr
    assert "1 chapter(s) failed: book/two.ipynb" in outcome.stderr


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import gradus\nimport torch", True),
        ("if True:\n    import torch", True),
        ("import torch.nn as nn", True),
        ("import torchvision", False),
        ("# import torch", False),
        ("from gradus import figure", False),
    ],
)
def test_who_imports_torch_is_seen(code: str, found: bool) -> None:
    assert imports_torch(code) is found
