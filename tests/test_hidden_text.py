"""Nothing that students must not have is in what is published, and a line that is planted there is found."""

from __future__ import annotations

import gzip
import html
import json
import zipfile
from pathlib import Path

import pytest
import student_bundle
from hidden_text import MARKERS, ROOT, essence, found_in, hidden_in

from autograder.authoring.lint import secrets
from gradus.notebook.form import read, source_of

pytestmark = pytest.mark.slow("all solutions, read")

TAUGHT = {"self.b = nn.Parameter(torch.zeros(1))"}  # a line that chapters teach, and that no answer turns on
BUILT_IN = {  # chapters that build what a problem set asks the reader to build again
    "ps5": ("04-multilayer-perceptrons/04-backpropagation-on-scalars",),  # the walk through a graph
    "ps6": ("04-multilayer-perceptrons/07-your-own-library",),
    "ps7": (
        "05-training/03-optimisers",
        "05-training/04-learning-rate-schedules",
        "05-training/05-initialisation-and-normalisation",
        "05-training/06-regularisation",
    ),
}
KINDS = {  # what is hidden, each with a file that has it
    "a hidden test": "ps4/ps4.ipynb",
    "a hint": "ps4/variants/softmax.md",
    "the weights of a solution": "ps8/trained.json",
}


@pytest.fixture(scope="module")
def hidden() -> dict[str, str]:
    return hidden_in(ROOT)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student") / "gradus"
    student_bundle.write_folder(student_bundle.files(), folder)
    return folder


def test_there_is_something_to_hide(hidden: dict[str, str]) -> None:
    files = {said.partition(": ")[0].removeprefix("solutions/") for said in hidden.values()}
    assert set(KINDS.values()) <= files
    assert {f"ps{number}/ps{number}.ipynb" for number in range(1, 9)} <= files
    assert len(files) > 80
    assert len(hidden) > 5000


def test_nothing_hidden_is_in_the_students_repository(hidden: dict[str, str], bundle: Path, tmp_path: Path) -> None:
    assert found_in(bundle, hidden) == []
    student_bundle.write_archive(student_bundle.files(), tmp_path / "packed.zip")
    assert found_in(tmp_path / "packed.zip", hidden) == []


def test_nothing_hidden_is_on_the_site_in_its_sources_or_its_search(hidden: dict[str, str], site: Path) -> None:
    assert (site / "_static" / "sentences.js").is_file()  # what is searched
    assert list((site / "_sources").rglob("*.ipynb"))
    assert found_in(site, hidden) == []


def test_no_chapter_shows_a_solution_but_those_that_build_the_same() -> None:
    lines = {essence(marker): marker for marker in MARKERS}
    for folder in sorted(path for path in (ROOT / "solutions").iterdir() if path.is_dir()):
        taught = "".join(essence(code_of(ROOT / "book" / f"{name}.ipynb")) for name in BUILT_IN.get(folder.name, ()))
        for line in secrets(read(folder / f"{folder.name}.ipynb")):
            if len(essence(line)) >= 24 and line not in TAUGHT and essence(line) not in taught:
                lines[essence(line)] = f"{folder.name}: {line}"
    assert len(lines) > 50, "there is something to hide"
    for published in ("book", "exercises"):
        assert found_in(ROOT / published, lines) == []


def code_of(path: Path) -> str:
    return "\n".join(source_of(cell) for cell in read(path)["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_in_the_students_repository_is_found(
    hidden: dict[str, str], bundle: Path, tmp_path: Path, kind: str
) -> None:
    """In a chapter's cell, at a place where it says the same to a reader as in the file that it is from."""
    lines = {said.partition(": ")[2] for said in hidden.values() if f"/{KINDS[kind]}: " in said}
    line = max(lines, key=len)
    page = json.loads((bundle / "book/01-preliminaries/02-tensors.ipynb").read_text(encoding="utf-8"))
    page["cells"][3]["source"].append(f"\n    {line}  # so\n")
    (tmp_path / "page.ipynb").write_text(json.dumps(page), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.write(tmp_path / "page.ipynb", "gradus/book/page.ipynb")
    for place in (tmp_path, tmp_path / "packed.zip"):
        assert any(found.startswith(("page.ipynb: ", "gradus/book/page.ipynb: ")) for found in found_in(place, hidden))


SECRET = 'W -= lr * grad(X[rows] @ W < y, "of two")'
IN_SPANS = (
    '<span class="n">W</span> <span class="o">-=</span> lr *\n grad<span>(X[rows] @ W &lt; y, &quot;of two“)</span>'
)
PLANTED = {
    "a page": ("page.html", f"<pre>{IN_SPANS}</pre>"),
    "an attribute": ("page.html", f'<a data-text="{html.escape(SECRET)}"></a>'),
    "a marker": ("page.html", "<p>### BEGIN HIDDEN TESTS</p>"),
    "a notebook": ("_sources/page.ipynb", json.dumps({"cells": [{"source": ["x = 1\n", f"{SECRET}\n"]}]})),
    "a cell in two": ("_sources/page.ipynb", json.dumps({"cells": [{"source": [SECRET[:9], SECRET[9:]]}]})),
    "a script": ("questions.js", f"const text = {json.dumps(IN_SPANS)};"),
    "a script's escapes": ("questions.js", r'"W -=\n lr * \u0067rad(\x58[rows] @ W \u003c y, \"of\n two\")"'),
    "a title in the search": ("_static/sentences.js", f'searched({{"titles":["{SECRET}"]}})'),
}


@pytest.mark.parametrize("where", PLANTED)
def test_a_line_is_found_however_the_file_shows_it(tmp_path: Path, where: str) -> None:
    file, content = PLANTED[where]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content, encoding="utf-8")
    (tmp_path / "other.html").write_text("<p>Nothing to see: W, X, lr, grad, of two rows.</p>", encoding="utf-8")
    sought = {essence(line): line for line in (SECRET, *MARKERS)}
    (leak,) = found_in(tmp_path, sought)
    assert leak.startswith(f"{file}: ")


@pytest.mark.parametrize("before", range(9))
def test_a_line_is_found_wherever_in_a_file_it_begins(tmp_path: Path, before: int) -> None:
    (tmp_path / "text.txt.gz").write_bytes(gzip.compress(("x" * before + SECRET).encode()))
    assert len(found_in(tmp_path, {essence(SECRET): SECRET})) == 1
