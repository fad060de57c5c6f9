"""`gradus export-library`: a ps6 notebook as a package that other programs, and other courses' tests, can import."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import ROOT, source_notebook

from gradus.errors import GradusError
from gradus.hand_in.library_cells import LIBRARY
from gradus.hand_in.library_export import MARK, export_library
from gradus.notebook.form import Notebook, source_of

pytestmark = pytest.mark.slow("a Python without this project, for most tests")

SOLUTION = ROOT / "solutions" / "ps6" / "ps6.ipynb"
CLASSES = {name for cells in LIBRARY.values() for names in cells.values() for name in names}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The solution's package, which tests only read."""
    return export_library(SOLUTION, tmp_path_factory.mktemp("solution")).folder


def python(folder: Path, code: str) -> str:
    """What `code` prints in a fresh Python that finds the packages in `folder`, and nothing of this project."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def changed(folder: Path, change: Callable[[dict[str, Notebook]], object], name: str = "ps6.ipynb") -> Path:
    """A copy of the solution; `change` gets its cells by id, and what it takes out of the dictionary is gone."""
    notebook = copy.deepcopy(source_notebook("ps6"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    change(cells)
    path = folder / name
    path.write_text(json.dumps(notebook | {"cells": list(cells.values())}), encoding="utf-8")
    return path


def test_the_package_has_every_class_where_one_looks_for_it(package: Path) -> None:
    code = (
        "import json, sys, mytorch.nn, mytorch.optim, mytorch.models\n"
        "packages = [mytorch.nn, mytorch.optim, mytorch.models]\n"
        "loaded = [name for name in ('torch', 'gradus', 'autograder', 'IPython') if name in sys.modules]\n"
        "print(json.dumps([{n: getattr(p, n).__module__ for n in p.__all__} for p in packages] + [loaded]))"
    )
    nn, optim, models, loaded = json.loads(python(package.parent, code))
    assert nn | optim | models == {"Chain": "mytorch.models.mlp"} | {
        name: f"mytorch.{module.replace('/', '.')}"
        for module, cells in LIBRARY.items()
        for names in cells.values()
        for name in names
    }
    assert (set(optim), set(models)) == ({"SGD"}, {"Chain", "MLP0", "MLP1", "MLP4"})
    assert loaded == []


def test_its_source_is_in_form(package: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        words = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", ROOT / "pyproject.toml", package]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_other_courses_tests_for_such_a_library_pass(package: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "tests" / "mytorch_suite.py"]
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    done = subprocess.run(words, cwd=package.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_notebook_is_not_executed(tmp_path: Path) -> None:
    def plant(cells: dict[str, Notebook]) -> None:
        cells["imports"]["source"] = "open('ran', 'w').close()\n" + source_of(cells["imports"])
        cells["Tanh"]["source"] = source_of(cells["Tanh"]) + "\nclosed = open('imported', 'w').close()"

    export_library(changed(tmp_path, plant), tmp_path)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "imported").exists()


def test_the_names_of_another_course_are_there_on_wish(tmp_path: Path) -> None:
    """A stand-in for the tests of CMU's 11-785: MLP0 and MLP1 by single names, MLP4 by its lists."""
    export_library(SOLUTION, tmp_path, "11-785")
    code = (
        "import copy, pickle, numpy as np; from mytorch.models import MLP0, MLP4, mlp\n"
        "rng = np.random.default_rng(0)\n"
        "for make, depth in ((MLP0, 1), (mlp.MLP1, 2), (MLP4, 5)):\n"
        "    model, A = make(debug=True), rng.standard_normal((4, 2)).astype('f')\n"
        "    assert not hasattr(model, 'Z0')\n"
        "    for layer in model.layers[::2]:\n"
        "        layer.W, layer.b = rng.random(layer.W.shape), rng.random(layer.b.shape) - 1\n"
        "    model.forward(A)\n"
        "    model.backward(np.ones_like(model.A[-1]))\n"
        "    assert model.A0 is A\n"
        "    for i in range(depth):\n"
        "        layer, Z = model.layers[2 * i], getattr(model, f'Z{i}')\n"
        "        assert np.allclose(Z, getattr(model, f'A{i}') @ layer.W.T + layer.b.T)\n"
        "        assert np.allclose(getattr(model, f'A{i + 1}'), np.maximum(Z, 0))\n"
        "        dLdZ = getattr(model, f'dLdZ{i}')\n"
        "        assert np.allclose(dLdZ, getattr(model, f'dLdA{i + 1}') * (Z > 0))\n"
        "        assert np.allclose(getattr(model, f'dLdA{i}'), dLdZ @ layer.W)\n"
        "    for absent in (f'Z{depth}', f'A{depth + 1}', 'dLdB0', 'B0', 'A', 'Ax', 'dLd', 'Z'):\n"
        "        assert absent == 'A' or not hasattr(model, absent), absent\n"
        "    assert copy.deepcopy(pickle.loads(pickle.dumps(model))).Z0.shape == model.Z0.shape\n"
        "print('all there')"
    )
    assert python(tmp_path, code) == "all there\n"
    with pytest.raises(GradusError, match=r"--interface cs231n: no such interface; there is 11-785"):
        export_library(SOLUTION, tmp_path, "cs231n")


def test_a_released_notebook_is_exported_and_says_what_is_not_answered(tmp_path: Path) -> None:
    export = export_library(ROOT / "exercises" / "ps6" / "ps6.ipynb", tmp_path)
    assert set(export.unanswered) == {label for cells in LIBRARY.values() for label in cells}
    assert python(tmp_path, "from mytorch.nn import Linear; print(Linear.__name__)") == "Linear\n"
    assert export_library(SOLUTION, tmp_path).unanswered == ()


def test_imports_and_helpers_go_where_they_are_used(tmp_path: Path) -> None:
    def helped(cells: dict[str, Notebook]) -> None:
        cells["imports"]["source"] = source_of(cells["imports"]) + "\nfrom functools import reduce, partial\nimport csv"
        cells["Linear"]["source"] = "import operator\nTWO = 2; import json\n\n" + source_of(cells["Linear"])
        relu = source_of(cells["ReLU"])
        cells["ReLU"]["source"] = "def half(Z):\n    return operator.truediv(Z, TWO)\n\n\n" + relu
        cells["SGD"]["source"] = (
            source_of(cells["SGD"]) + "\n\n\nadd_up = partial(reduce, operator.add)\nONE = half(2.0)"
        )

    export_library(changed(tmp_path, helped), tmp_path)
    optim = (tmp_path / "mytorch" / "optim" / "sgd.py").read_text()
    assert "import operator\nfrom functools import partial, reduce\n" in optim
    assert "from ..nn.activation import half\n" in optim
    assert "import csv" not in optim
    activation = (tmp_path / "mytorch" / "nn" / "activation.py").read_text()
    assert "import operator\n" in activation
    assert "from .linear import TWO\n" in activation
    code = "from mytorch.optim.sgd import add_up; from mytorch.nn.linear import json; print(add_up([1, 2, 3]))"
    assert python(tmp_path, code) == "6\n"


def test_a_classifier_can_be_built_with_the_chain_of_the_notebook(package: Path) -> None:
    code = (
        "import numpy as np; from mytorch.models import Chain; from mytorch.nn import Linear, Tanh\n"
        "print(Chain([Linear(4, 3), Tanh(), Linear(3, 2)]).forward(np.ones((5, 4))).shape)"
    )
    assert python(package.parent, code) == "(5, 2)\n"


def test_whatever_public_class_the_models_are_made_of_is_exported(tmp_path: Path) -> None:
    def other_name(cells: dict[str, Notebook]) -> None:
        cells["MLP4"]["source"] = source_of(cells["MLP4"]).replace("Chain", "Network") + "\n\n\nclass _Mine:\n    pass"

    export_library(changed(tmp_path, other_name), tmp_path)
    code = "import mytorch.models as m; print(m.__all__, m.Network.__module__, hasattr(m, '_Mine'))"
    assert python(tmp_path, code) == "['MLP0', 'MLP1', 'MLP4', 'Network'] mytorch.models.mlp False\n"


def test_a_module_says_which_classes_it_has(package: Path) -> None:
    says = (package / "nn" / "activation.py").read_text().splitlines()[1]
    assert says == '"""From ps6: Identity, Sigmoid, Tanh, ReLU, GELU, Softmax."""'
    assert '"""From ps6: Chain, MLP0, MLP1, MLP4."""' in (package / "models" / "mlp.py").read_text()


def test_a_helper_of_the_same_name_may_stand_in_two_modules(tmp_path: Path) -> None:
    def two(cells: dict[str, Notebook]) -> None:
        for label, number in (("Softmax", 1), ("CrossEntropyLoss", 2), ("MLP4", None)):
            source = f"\n\n\ndef stable():\n    return {number}" if number else "\n\n\nTHREE = stable() + 1"
            cells[label]["source"] = source_of(cells[label]) + source

    export_library(changed(tmp_path, two), tmp_path)
    code = (
        "from mytorch.nn import activation, loss; from mytorch.models import mlp\n"
        "print(activation.stable(), loss.stable(), mlp.THREE)"  # as in the notebook, the latest one above
    )
    assert python(tmp_path, code) == "1 2 3\n"


def test_an_experiment_below_changes_no_import(tmp_path: Path) -> None:
    def experiment(cells: dict[str, Notebook]) -> None:
        add("imports", "from math import sqrt")(cells)
        add("GELU", "ROOT = sqrt(2)")(cells)
        add("tools", "from torch import sqrt")(cells)

    export_library(changed(tmp_path, experiment), tmp_path)
    assert python(tmp_path, "from mytorch.nn import activation; print(round(activation.ROOT, 3))") == "1.414\n"


def test_a_magic_beside_imports_hides_none(tmp_path: Path) -> None:
    def inline(cells: dict[str, Notebook]) -> None:
        cells["imports"]["source"] = "%matplotlib inline\n" + source_of(cells["imports"])

    export_library(changed(tmp_path, inline), tmp_path)
    assert python(tmp_path, "import mytorch.nn; print(mytorch.nn.Linear(3, 2).W.shape)") == "(2, 3)\n"


def test_an_abstract_class_of_ones_own_is_an_answer(tmp_path: Path) -> None:
    abstract = "class Layer:\n    def forward(self, A):\n        raise NotImplementedError"
    assert export_library(changed(tmp_path, add("Linear", abstract)), tmp_path).unanswered == ()


def test_lines_end_where_python_ends_them(tmp_path: Path) -> None:
    export_library(changed(tmp_path, add("Linear", 'SEPARATOR = "a\u2028b"')), tmp_path)
    assert python(tmp_path, "from mytorch.nn import linear; print(len(linear.SEPARATOR))") == "3\n"


def add(label: str, line: str) -> Callable[[dict[str, Notebook]], object]:
    def change(cells: dict[str, Notebook]) -> None:
        cells[label]["source"] = source_of(cells[label]) + f"\n{line}"

    return change


def renamed(cells: dict[str, Notebook]) -> None:
    cells["Sigmoid"]["source"] = source_of(cells["Sigmoid"]).replace("class Identity", "class Same")


def helper_twice(cells: dict[str, Notebook]) -> None:
    for label in ("Sigmoid", "Tanh"):
        add(label, f"\n\ndef stable(Z):\n    return Z, {label!r}")(cells)


def helper_elsewhere(cells: dict[str, Notebook]) -> None:
    cells["tools"]["source"] = source_of(cells["tools"]) + "\n\n\ndef stable(Z):\n    return Z"
    add("Softmax", "one = stable(1)")(cells)


REFUSED = {
    "a cell is missing": (lambda cells: cells.pop("Tanh"), "lacks the answer cells `Tanh`; copy"),
    "a cell is there twice": (lambda cells: cells.update(again=cells["Tanh"]), "`Tanh` is there twice; delete one"),
    "a magic": (add("ReLU", "%timeit ReLU()"), "(ReLU): '%timeit ReLU()' is a magic"),
    "a shell command": (add("ReLU", "!pip list"), "(ReLU): '!pip list' is a magic"),
    "no Python": (add("ReLU", "class"), "(ReLU): not Python (line "),
    "a return outside": (add("ReLU", "return 1"), ": 'return' outside function); mend it"),
    "a null byte": (add("ReLU", "\0"), "(ReLU): not Python ("),
    "a class is missing": (renamed, "(Sigmoid): does not define `Identity`; write the class there"),
    "a helper that stands elsewhere": (
        helper_elsewhere,
        "(Softmax): uses `stable`, which cell 5 defines; define it in",
    ),
    "a helper of a later cell": (
        add("Linear", "later = SGD"),
        "(Linear): uses `SGD`, which a later answer cell defines",
    ),
    "a name of nobody": (add("GELU", "shown = display(1)"), "(GELU): uses `display`, which no cell defines"),
    "a helper defined in two cells of one module": (
        helper_twice,
        "(Tanh): defines `stable`, as the answer cell `Sigmoid` does, and both go into mytorch/nn/activation.py; give",
    ),
    "a star import": (
        lambda cells: add("GELU", "half = sqrt(0.25)")(cells) or add("imports", "from math import *")(cells),
        "(GELU): uses `sqrt`, which `from math import *` may bring; import it by its name.",
    ),
    "an experiment": (
        add("ReLU", "print(ReLU())"),
        ", 'print(ReLU())', would run at every import; move it into a cell",
    ),
    "an experiment in a loop": (add("SGD", "for i in range(3):\n    i"), "'for i in range(3):', would run at every"),
    "damaged metadata": (lambda cells: cells["title"].update(metadata=[]), "cell 1 is damaged"),
    "a damaged cell": (lambda cells: cells["title"].pop("source"), "cell 1 is damaged"),
    "a source of numbers": (lambda cells: cells["title"].update(source=[1, 2]), "cell 1 is damaged"),
}


@pytest.mark.parametrize(("change", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_exported_is_named_with_file_cell_and_cure(
    change: Callable[[dict[str, Notebook]], object], says: str, tmp_path: Path
) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(GradusError) as raised:
        export_library(path, tmp_path)
    assert str(raised.value).startswith(str(path))
    assert says in str(raised.value)
    assert not (tmp_path / "mytorch").exists()


@pytest.mark.parametrize("name", ["solutions/ps4/ps4.ipynb", "exercises/ps4/ps4.ipynb"])
def test_another_notebook_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(GradusError, match=r"ps4\.ipynb: this is another notebook.*; only ps6 makes a library"):
        export_library(ROOT / name, tmp_path)
    with pytest.raises(GradusError, match="no such notebook"):
        export_library(tmp_path / "ps6.ipynb", tmp_path)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mytorch").mkdir()
    (tmp_path / "mytorch" / "notes.txt").write_text("mine")
    with pytest.raises(GradusError, match=r"mytorch: this folder was not written by export-library; move it away"):
        export_library(SOLUTION, tmp_path)
    assert [path.name for path in (tmp_path / "mytorch").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("place", ["file", "link"])
def test_what_is_no_folder_is_left_alone(place: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    if place == "file":
        (tmp_path / "mytorch").write_text("mine")
    else:
        (tmp_path / "mytorch").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GradusError, match="no folder; move it away"):
        export_library(SOLUTION, tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(GradusError, match=r"mytorch: cannot be written \(Not a directory\); name another folder"):
        export_library(SOLUTION, tmp_path / "file")


def test_its_own_folder_is_written_again_and_what_else_is_in_it_stays(tmp_path: Path) -> None:
    first = export_library(SOLUTION, tmp_path)
    (first.folder / "my_test.py").write_text("mine")
    (first.folder / "nn" / "linear.py").write_text(f"{MARK} from ps6.ipynb\n")
    assert export_library(SOLUTION, tmp_path) == first
    assert "class Linear" in (first.folder / "nn" / "linear.py").read_text()
    assert (first.folder / "my_test.py").read_text() == "mine"
    (first.folder / "nn" / "linear.py").write_text("# rewritten by hand\n")
    with pytest.raises(GradusError, match=r"linear\.py: this file was not written by export-library"):
        export_library(SOLUTION, tmp_path)


def test_the_command_line_says_what_it_wrote_and_what_is_wrong(tmp_path: Path) -> None:
    def gradus(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gradus.cli", "export-library", *map(str, words)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    written = gradus(SOLUTION, "--to", "here")
    assert (written.returncode, written.stderr) == (0, "")
    assert "here/mytorch: 12 files written" in written.stdout
    assert (tmp_path / "here" / "mytorch" / "__init__.py").is_file()
    refused = gradus(ROOT / "solutions" / "ps4" / "ps4.ipynb")
    assert refused.returncode == 2
    assert refused.stderr.startswith("gradus: ")
    assert "only ps6 makes a library" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_classes_of_the_package_are_those_of_the_interface() -> None:
    layers = {"Linear", "Identity", "Sigmoid", "Tanh", "ReLU", "GELU", "Softmax", "BatchNorm1d", "LayerNorm", "Dropout"}
    others = {"MSELoss", "CrossEntropyLoss", "SGD", "MLP0", "MLP1", "MLP4"}
    assert layers | others == CLASSES
