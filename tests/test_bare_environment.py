"""Colab installs Gradus and d2l without their dependencies: torch, NumPy, matplotlib and pandas have to be enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow("a Python without most packages")

ROOT = Path(__file__).resolve().parent.parent

# Everything that is installed and is none of the four, theirs, or ours, cannot be imported.
BLOCK = """
import importlib.metadata as metadata, sys
from packaging.requirements import Requirement

allowed, waiting = set(), ["torch", "numpy", "matplotlib", "pandas"]
while waiting:
    name = waiting.pop().lower().replace("_", "-")
    if name in allowed or name.startswith(("nvidia", "triton", "cuda")):
        continue
    allowed.add(name)
    try:
        needs = map(Requirement, metadata.requires(name) or [])
    except metadata.PackageNotFoundError:
        continue
    waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
allowed |= {"d2l", "gradus-course", "setuptools"}
owners = metadata.packages_distributions()
blocked = {m for m, names in owners.items() if not {n.lower().replace("_", "-") for n in names} & allowed}

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in [m for m in sys.modules if m.partition(".")[0] in blocked]:
    del sys.modules[name]
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.split(".")[0] in blocked else find(name, package)
sys.meta_path.insert(0, Wall())
for name in ("scipy", "torchvision", "IPython", "typer", "rich", "platformdirs", "requests", "sklearn"):
    assert name not in owners or name in blocked, name
"""

USE = """
import torch
import gradus
from gradus import *
from gradus import check, d2l
from gradus.datasets import cache_folder, diabetes_tables, fashion_mnist_tensors, penguins_table

check.shape(torch.zeros(2), (2,))
assert (penguins_table().shape, diabetes_tables()[0].shape) == ((344, 8), (442, 10))
model, trainer = d2l.SoftmaxRegression(10, lr=0.1), Trainer(2, seed=1, board=ProgressBoard())
history = trainer.fit(model, Digits())
print(figure(history.plot(), alt="Loss against epoch."))
import matplotlib.pyplot as plt
plt.style.use("gradus.house")
assert cache_folder().name
try:
    d2l.torchvision.datasets
except ModuleNotFoundError as error:
    print(error)
assert "torchvision" not in sys.modules and "scipy" not in sys.modules
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_library_works_beside_torch_numpy_matplotlib_and_pandas_alone() -> None:
    run = _run(BLOCK + USE)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "[Figure: Loss against epoch.]",
        "torchvision is not installed; d2l needs it here: `pip install --no-deps torchvision`",
    ]


def test_a_stand_in_is_d2ls_alone() -> None:
    code = "from gradus import d2l\ntry:\n    import scipy\nexcept ImportError:\n    print('absent')"
    assert _run(BLOCK + code).stdout == "absent\n"


def test_where_everything_is_installed_d2l_gets_the_real_thing_when_it_is_used() -> None:
    code = """
import sys
from gradus import d2l
assert not {"torchvision", "scipy", "requests"} & set(sys.modules)  # half of the seconds that d2l took
assert d2l.torchvision.__version__ and "ToTensor" in dir(d2l.transforms)
assert d2l.distance_matrix([[0.0, 1.0]], [[1.0, 1.0]]) == [[1.0]]
import requests, torchvision
assert d2l.torchvision.datasets is torchvision.datasets and d2l.requests.get is requests.get
assert d2l.transforms.Compose is torchvision.transforms.Compose and not hasattr(d2l.transforms, "no_such_name")
from d2l.torch import *
assert transforms.Resize is torchvision.transforms.Resize
"""
    run = _run(code)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("first", ["", "import scipy.spatial, requests\n"])
def test_torchvision_can_be_imported_beside_any_build_of_torch_and_gets_its_own_names(first: str) -> None:
    code = (
        "from gradus import d2l\nimport torchvision\nassert torchvision.ops.nms and torchvision.transforms.ToTensor()"
    )
    run = _run(first + code)
    assert run.returncode == 0, run.stderr
