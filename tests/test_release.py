"""`gradus release` makes the student notebooks from the solutions, always the same, and gives nothing away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_problem_set as tiny
import typer
from typer.testing import CliRunner, Result

from autograder.authoring.lint import leaks, secrets
from autograder.authoring.release import make_releases, orphans
from autograder.cli import register
from autograder.course import Course
from gradus.errors import GradusError
from gradus.notebook.form import canonical_text, read, source_of, write

COMMITTED = Course.from_environment()


@pytest.fixture
def small(tmp_path: Path) -> Course:
    return tiny.course(tmp_path)


def test_the_committed_exercises_are_what_the_solutions_give() -> None:
    releases = make_releases(COMMITTED, [])
    assert {release.problem_set for release in releases} >= {"ps1", "ps4"}
    assert [str(release.path) for release in releases if not release.is_fresh] == []
    assert orphans(COMMITTED) == []


@pytest.mark.parametrize("problem_set", COMMITTED.problem_sets())
def test_no_committed_exercise_holds_a_line_of_its_solution_or_hidden_tests(problem_set: str) -> None:
    secret = secrets(read(COMMITTED.source_notebook(problem_set)))
    released = read(COMMITTED.released_notebook(problem_set))
    assert len(secret) > 20
    assert leaks("\n".join(source_of(cell) for cell in released["cells"]), secret) == []


def test_a_release_is_in_the_committed_form_with_the_ids_of_its_source(small: Course) -> None:
    (release,) = make_releases(small, [])
    release.write()
    notebook = read(release.path)
    assert canonical_text(notebook) == release.text
    assert [cell["id"] for cell in notebook["cells"]] == [cell["id"] for cell in tiny.source_notebook()["cells"]]


def test_a_release_has_stubs_and_visible_tests_only(small: Course) -> None:
    (release,) = make_releases(small, ["tiny"])
    release.write()
    by_label = {tiny.label(cell): source_of(cell) for cell in read(release.path)["cells"]}
    stub = 'def double(x: float) -> float:\n    """Twice x."""\n    # YOUR CODE HERE\n    raise NotImplementedError'
    assert by_label["double"] == stub
    assert by_label["test_double"] == "same(double(2), 4)"
    assert by_label["why"] == "YOUR ANSWER HERE"


def test_a_pasted_picture_is_released_and_one_of_a_solution_is_not(tmp_path: Path) -> None:
    source = tiny.source_notebook()
    texts = [cell for cell in source["cells"] if cell["cell_type"] == "markdown"]
    for cell in texts:
        cell["source"] += f"\n\n![](attachment:{cell['id']}.png)"
        cell["attachments"] = {f"{cell['id']}.png": {"image/png": "aGVsbG8="}}
    (release,) = make_releases(tiny.course(tmp_path, source), [])
    released = {cell["id"]: cell.get("attachments") for cell in json.loads(release.text)["cells"]}
    for cell in texts:
        assert released[cell["id"]] == (None if tiny.label(cell) == "why" else cell["attachments"])
    assert len(texts) > 2


def test_students_cannot_delete_a_test_by_accident(small: Course) -> None:
    (release,) = make_releases(small, [])
    release.write()
    (test,) = [cell for cell in read(release.path)["cells"] if tiny.label(cell) == "test_double"]
    assert test["metadata"]["deletable"] is False


def test_the_same_source_gives_the_same_bytes(small: Course) -> None:
    first, second = (make_releases(small, [])[0].text for _ in range(2))
    assert first == second


def test_releasing_touches_nothing_until_it_is_written(small: Course) -> None:
    make_releases(small, [])
    assert not small.exercises.exists()
    assert list(small.root.iterdir()) == []


def test_a_solution_left_in_sight_is_not_released(tmp_path: Path) -> None:
    source = tiny.source_notebook()
    source["cells"][3]["source"] += "\n\nFor us: `twice_of_the_input = 2 * x`."
    with pytest.raises(GradusError, match=r"tiny\.ipynb, cell 4 \(double-prompt\): students would read"):
        make_releases(tiny.course(tmp_path, source), [])


def test_an_unknown_problem_set_is_refused_and_the_others_are_named(small: Course) -> None:
    with pytest.raises(GradusError, match=r"no problem set 'ps9'.*there: tiny"):
        make_releases(small, ["ps9"])


def test_an_exercise_without_a_solution_is_named(small: Course) -> None:
    (release,) = make_releases(small, [])
    release.write()
    left_over = small.exercises / "old" / "old.ipynb"
    left_over.parent.mkdir()
    left_over.write_text("{}")
    assert orphans(small) == [left_over]


@pytest.mark.parametrize("change", ["leak", "absent"])
def test_check_names_a_stale_exercise_and_fails(small: Course, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setattr(Course, "from_environment", classmethod(lambda cls: small))
    app = typer.Typer()
    register(app)
    run = CliRunner().invoke
    assert run(app, ["release"]).exit_code == 0
    assert run(app, ["release", "--check"]).exit_code == 0
    path = small.released_notebook("tiny")
    if change == "leak":
        path.write_text(path.read_text().replace("raise NotImplementedError", "return 2 * x"))
    else:
        path.unlink()
    result = run(app, ["release", "--check"])
    assert result.exit_code == 1
    assert f"{path} is stale; run `gradus release tiny`" in result.output


def released_with(small: Course, monkeypatch: pytest.MonkeyPatch, prompt: str, *options: str) -> Result:
    """`gradus release` of a problem set whose first prompt is `prompt`, and whose second question has no variants."""
    source = tiny.source_notebook()
    source["cells"][3]["source"] = prompt
    write(small.source_notebook("tiny"), source)
    variants = small.source_notebook("tiny").with_name("variants")
    variants.mkdir()
    (variants / "double.md").write_text("# double\n\n## Right\n\n**the other way round**\n- `return x * 2`\n")
    monkeypatch.setattr(Course, "from_environment", classmethod(lambda cls: small))
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["release", *options])


@pytest.mark.parametrize("options", [(), ("tiny",), ("--check",)])
def test_other_points_than_count_are_said_and_nothing_is_released(
    small: Course, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    before = small.released_notebook("tiny")
    before.parent.mkdir(parents=True)
    before.write_text("what students have")
    result = released_with(small, monkeypatch, "**7 points · hard**\n\nWrite `double(x)`.", *options)
    assert result.exit_code == 1
    assert "tiny.ipynb, cell 4 (double-prompt): it says 7 points, but test_double counts 1 point" in result.output
    assert "Nothing was written" in result.output or "--check" in options
    assert before.read_text() == "what students have"


def test_a_question_without_variants_is_said_and_released_all_the_same(
    small: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = released_with(small, monkeypatch, "**1 point · easy**\n\nWrite `double(x)`.")
    assert result.exit_code == 1
    assert "tiny.ipynb, cell 8 (halve): there is no variants/halve.md; write right and wrong" in result.output
    assert small.released_notebook("tiny").is_file()
