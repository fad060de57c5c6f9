"""`make gpu` needs what it says, and where there is no GPU it tests itself, small, and says so."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch
from test_bare_environment import BLOCK

ROOT = Path(__file__).resolve().parent.parent
WITHOUT_D2L = """
import importlib.machinery

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name == "d2l":
            beside = [place for place in sys.path if "site-packages" not in place]
            spec = importlib.machinery.PathFinder.find_spec(name, beside)
            if spec is None:
                raise ModuleNotFoundError("No module named 'd2l'", name=name)
            return spec

sys.meta_path.insert(0, NotInstalled())
there = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "d2l" else there(name, package)
"""
SELF_TEST = "cpu, a test of the script itself"


def benchmark(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return import_module(name)


@pytest.mark.slow("a run of make gpu, in its smallest form")
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, and `make gpu` takes its minutes")
def test_it_runs_beside_torch_numpy_matplotlib_pandas_and_pytest_alone(tmp_path: Path) -> None:
    wall = BLOCK.replace('"pandas"]', '"pandas", "pytest"]')
    assert wall.count('"pytest"') == 1
    (tmp_path / "sitecustomize.py").write_text(wall + WITHOUT_D2L)
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--without-d2l"]
    command += ["--results", str(tmp_path / "results")]
    environment = {"PYTHONPATH": str(tmp_path), "HOME": str(Path.home()), "PATH": "/usr/bin:/bin"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "d2l: not installed; what the course takes from it is written out" in run.stdout
    assert "a test of this script on the CPU, small: there is no GPU here" in run.stdout.splitlines()[-1]
    figures = json.loads((tmp_path / "results" / "gpu.json").read_text())
    assert figures["device"] == SELF_TEST
    assert figures["versions"].keys() == {"python", "torch", "cuda", "numpy", "d2l"}
    assert figures["date"]
    assert figures["tests"]["passed"] >= 15
    assert figures["tests"]["failed"] == []
    assert [ran["problem"] for ran in figures["chapters"].values()] == [""]
    assert {"pass", "fit softmax", "fit mlp"} <= figures["training"].keys()
    assert figures["training"]["loads with"] == "PIL, as torchvision does"
    assert len(figures["ladder"]["rungs"]) == 1


def test_the_figures_of_a_gpu_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = benchmark("history", monkeypatch)
    monkeypatch.setattr(history, "stamp", dict)
    runs = [SELF_TEST, SELF_TEST, "NVIDIA H200", SELF_TEST, "NVIDIA B200"]
    assert [history.keep_best_device("gpu", {"device": device}, SELF_TEST, tmp_path) for device in runs] == [
        True, True, True, False, True,
    ]  # fmt: skip
    assert [run["figures"]["device"] for run in history.runs(tmp_path)] == [runs[0], runs[1], runs[2], runs[4]]


def test_a_gpus_figures_stand_beside_the_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = benchmark("history", monkeypatch)
    fit = {"seconds": {"d2l": 2.0, "gradus": 0.1, "bare": 0.08}}
    fit |= {"times_faster_than_d2l": 20.0, "times_the_bare_loop": 1.25}
    (tmp_path / "training.json").write_text(json.dumps({"devices": {"cpu": {"fit mlp": fit}}}))
    assert "On a GPU: not measured yet" in history.write_training_table(tmp_path)
    gpu = {
        "device": SELF_TEST,
        "training": {"loads with": "PIL", "fit mlp": fit},
        "date": "2026-11-30",
        "commit": "",
    }
    gpu |= {"images": "Fashion-MNIST", "versions": {"d2l": "1.0.3"}}
    gpu |= {"ladder": {"target": 0.8833, "rungs": {"SGD": {"seconds": 1.5, "reached": 10}, "x": {"reached": 0}}}}
    (tmp_path / "gpu.json").write_text(json.dumps(gpu))
    assert "On a GPU: not measured yet" in history.write_training_table(tmp_path)
    (tmp_path / "gpu.json").write_text(json.dumps({**gpu, "device": "NVIDIA H200"}))
    table = history.write_training_table(tmp_path)
    assert "| NVIDIA H200 | fit mlp | 2.000 | 0.100 | 0.080 | 20 | 1.25 |" in table
    assert "on Fashion-MNIST: SGD, to 0.8833: 1.5 s (10 seeds)." in table
    assert (tmp_path / "training.md").read_text() == table + "\n"


def test_images_that_are_made_up_are_read_as_fashion_mnists_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = benchmark("images", monkeypatch)
    monkeypatch.setattr(images, "_SIZES", {"train": 60_000, "t10k": 10_000})
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    from gradus.datasets.catalog import FASHION_MNIST
    from gradus.datasets.fashion_mnist import fashion_mnist_bytes
    from gradus.datasets.fetch import data_folder, missing_files

    images.make_up(tmp_path / FASHION_MNIST.folder)
    monkeypatch.setattr("gradus.datasets.fetch._AT_FIRST", None)
    assert data_folder(FASHION_MNIST) == tmp_path / FASHION_MNIST.folder
    assert missing_files(FASHION_MNIST) == []
    X, y = fashion_mnist_bytes("test")
    assert (X.shape, y.unique().tolist()) == ((10_000, 1, 28, 28), list(range(10)))
    first = images.Images(X, y)[3]
    assert torch.equal(first[0], X[3] / 255)
    assert first[1] == y[3]
    means = torch.stack([X[y == k].float().mean(0) for k in range(10)])
    nearest = torch.cdist(X[:2000].flatten(1).float(), means.flatten(1)).argmin(1)
    assert (nearest == y[:2000]).float().mean() > 0.5  # there is something to learn


def test_the_tests_that_run_on_a_gpu_need_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = benchmark("gpu", monkeypatch)
    there = {"torch", "numpy", "matplotlib", "pandas", "pytest", "gradus", *sys.stdlib_module_names}
    waiting, seen = [*gpu.TESTS], set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for statement in ast.walk(ast.parse((ROOT / "tests" / f"{name}.py").read_text(encoding="utf-8"))):
            named = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            named += [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
            for package in {module.partition(".")[0] for module in named} - there - seen:
                assert (ROOT / "tests" / f"{package}.py").is_file(), (name, package)
                waiting.append(package)
    assert "second_device" in seen


def test_what_stands_for_d2l_has_its_names_and_arguments() -> None:
    from gradus import d2l

    seen = 0
    for path in (ROOT / "benchmarks" / "without_d2l" / "d2l").glob("*.py"):
        for kind in (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)):
            real = getattr(d2l, kind.name)
            for method in (node for node in kind.body if isinstance(node, ast.FunctionDef)):
                if method.name != "__init__" or kind.name in ("Module", "DataModule", "Trainer", "SoftmaxRegression"):
                    names = list(inspect.signature(getattr(real, method.name)).parameters)
                    assert [argument.arg for argument in method.args.args] == names, (kind.name, method.name)
                    seen += 1
    assert seen > 30


def test_a_part_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = benchmark("gpu", monkeypatch)
    assert gpu._or_why_not(lambda: {"a": 1}) == {"a": 1}
    assert gpu._or_why_not(lambda: {"a": 1 / 0}) == {"problem": "ZeroDivisionError: division by zero"}


def test_a_chapter_that_fails_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly = benchmark("plainly", monkeypatch)
    sources = {"magic": "%pip install x", "one": "x = 1", "two": "assert x == 2, 'not two'", "three": "x"}
    cells = [{"cell_type": "code", "id": name, "source": [source]} for name, source in sources.items()]
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    monkeypatch.chdir(tmp_path)
    outcome = plainly.run(path)
    assert (outcome["cells"], outcome["left out"], outcome["problem"]) == (1, 1, "two: AssertionError: not two")
