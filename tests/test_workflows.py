"""What continuous integration may do: what it needs, with actions that nobody can exchange; no secret is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def jobs_of(path: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_named_by_its_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def test_one_action_has_one_version() -> None:
    used = re.findall(r"uses: *([\w/-]+)@(.*)", "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS))
    assert len(set(used)) == len({name for name, _ in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_a_job_that_may_more_says_so(path: Path) -> None:
    """The one that may write is the job that makes a release. Each job ends, and leaves no credentials in its clone."""
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert text["permissions"] in ({}, {"contents": "read"})
    for name, job in text["jobs"].items():
        asked = job.get("permissions", text["permissions"])
        assert asked == {"contents": "write" if (path.stem, name) == ("publish", "release") else "read"}, name
        assert job["timeout-minutes"] <= 120
        clones = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] is False for step in clones), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_secret_is_an_environment_variable_of_a_job_that_installs_nothing(path: Path) -> None:
    for name, job in jobs_of(path).items():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), f"{name}: an expression is put into a command as it stands"
        if "secrets." in yaml.safe_dump(job):
            commands = "\n".join(step.get("run", "") for step in job["steps"])
            assert not re.search(r"\bmake\b|\bpip\b|\.venv", commands), name
            assert not [step for step in job["steps"] if "secrets." in yaml.safe_dump(step.get("with", {}))]
            assert job["environment"] == "students"


def test_publications_wait_for_each_other() -> None:
    text = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8"))
    assert text["concurrency"] == {"group": "publish", "cancel-in-progress": False}
    assert text[True] == {"push": {"tags": ["v*"]}}  # YAML takes `on` for a yes
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert gitlab["push"]["resource_group"] == "publish"


def test_on_gitlab_a_tag_publishes_and_nothing_else_does() -> None:
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    for name in ("make", "push", "pages", "release"):
        assert gitlab[name]["extends"] == ".published"
        assert gitlab[name]["stage"] in gitlab["stages"]
    assert gitlab[".published"]["rules"] == [{"if": "$CI_COMMIT_TAG =~ /^v/"}]
    assert "STUDENT_DEPLOY_KEY" not in yaml.safe_dump(gitlab)  # a protected variable; jobs that install run before


@pytest.mark.parametrize("host", ["GitHub", "GitLab"])
def test_what_is_pushed_was_made_and_searched_before(host: str) -> None:
    path = ROOT / (".gitlab-ci.yml" if host == "GitLab" else ".github/workflows/publish.yml")
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    jobs = text if host == "GitLab" else text["jobs"]
    job = jobs["make"]
    lines = job["script"] if host == "GitLab" else [step["run"] for step in job["steps"] if "run" in step]
    assert lines == [
        "make book student",
        ".venv/bin/python tools/hidden_text.py _build/html _build/gradus-student.zip",
    ]
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))
    assert {"book", "student"} <= targets
    assert "make" in jobs["push"]["needs"]
    assert "push" in jobs["release"]["needs"]
    recipe = MAKEFILE.partition("\nstudent:")[2].partition("\n\n")[0]
    assert "tools/hidden_text.py _build/student _build/gradus-student.zip" in recipe
