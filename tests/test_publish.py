"""What is pushed to the public repository: the bundle and nothing else, once, and never over what is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import publish_student
import pytest
import student_bundle
import yaml

ROOT = Path(__file__).resolve().parent.parent
TAG = publish_student.stated(ROOT)["tag"]
pytestmark = pytest.mark.slow("git")


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A bare repository that nothing has been pushed to."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "public.git")], check=True)
    return tmp_path / "public.git"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packed") / "gradus-student.zip"
    student_bundle.write_archive(student_bundle.files(), target)
    return target


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "html"
    (folder / "_static").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Gradus</title>", encoding="utf-8")
    (folder / "_static" / "house.css").write_text("", encoding="utf-8")
    (folder / ".gitignore").write_text("*.css\n", encoding="utf-8")  # is for who edits, not for what is sent
    return folder


def changed(bundle: Path, target: Path) -> Path:
    """The bundle with a line more on its first page."""
    files = student_bundle.files()
    files["book/index.md"] += b"\nA line more.\n"
    student_bundle.write_archive(files, target)
    return target


def git(repository: Path, *arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def push(public: Path, bundle: Path, tag: str | None = None, site: Path | None = None) -> list[str]:
    return list(publish_student.publish(str(public), "main", tag, site, bundle))


def test_one_commit_for_each_publication_that_changes_something(public: Path, bundle: Path, tmp_path: Path) -> None:
    assert "main pushed to" in push(public, bundle)[0]
    assert git(public, "rev-list", "--count", "main") == "1"
    assert push(public, bundle) == ["Nothing has changed on main."]
    assert git(public, "rev-list", "--count", "main") == "1"
    push(public, changed(bundle, tmp_path / "changed.zip"))
    assert git(public, "rev-list", "--count", "main") == "2"
    assert git(public, "diff", "--name-only", "main~1", "main") == "book/index.md"


def test_the_files_are_those_of_the_bundle(public: Path, bundle: Path) -> None:
    push(public, bundle)
    files = student_bundle.files()
    listed = git(public, "ls-tree", "-r", "--format=%(objectmode) %(path)", "main").splitlines()
    assert {line.split(" ", 1)[1] for line in listed} == set(files)
    assert [line for line in listed if line.startswith("100755")] == ["100755 postBuild"]
    assert git(public, "show", "main:README.md").encode() == files["README.md"].strip()


def test_nothing_of_this_repositorys_history_goes_along(public: Path, bundle: Path, site: Path) -> None:
    push(public, bundle, TAG, site)
    ours = set(subprocess.run(["git", "rev-list", "--all"], cwd=ROOT, capture_output=True, text=True).stdout.split())
    objects = git(public, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)").splitlines()
    commits = {line.split()[1] for line in objects if line.startswith("commit ")}
    assert len(commits) == 2
    assert not commits & ours
    said = git(public, "log", "--all", "--format=%an %ae %cn %ce %B").splitlines()
    assert {line for line in said if line} == {
        f"The Gradus authors {email} The Gradus authors {email} {message}"
        for email in [f"noreply@{publish_student.host_of(publish_student.stated(ROOT)['site'])}"]
        for message in ("The site", f"Version {TAG[1:]}")
    }


def test_the_tag_appears_with_its_branch_and_is_never_moved(public: Path, bundle: Path, tmp_path: Path) -> None:
    assert push(public, bundle, TAG) == [f"main and {TAG} pushed to {public}."]
    assert git(public, "rev-parse", TAG) == git(public, "rev-parse", "main")
    assert push(public, bundle, TAG) == [f"{TAG} is published already, with the same files."]
    with pytest.raises(publish_student.PublishError, match="is never moved; give the course a new version"):
        push(public, changed(bundle, tmp_path / "changed.zip"), TAG)
    assert git(public, "rev-list", "--count", "--all") == "1"


def test_what_was_pushed_before_can_be_tagged(public: Path, bundle: Path) -> None:
    push(public, bundle)
    assert push(public, bundle, TAG) == [f"{TAG} pushed to {public}."]
    assert git(public, "rev-list", "--count", "--all") == "1"


def test_the_site_is_the_only_commit_of_its_branch(public: Path, bundle: Path, site: Path) -> None:
    push(public, bundle, site=site)
    assert push(public, bundle, site=site) == ["Nothing has changed on main.", "Nothing has changed on the site."]
    (site / "index.html").write_text("<title>Gradus, again</title>", encoding="utf-8")
    push(public, bundle, site=site)
    assert git(public, "rev-list", "--count", "gh-pages") == "1"
    assert git(public, "ls-tree", "-r", "--name-only", "gh-pages").split() == [
        ".gitignore",
        ".nojekyll",
        "_static/house.css",
        "index.html",
    ]


def test_a_domain_of_ones_own_is_kept(public: Path, bundle: Path, site: Path, monkeypatch) -> None:
    stated = {**publish_student.stated(ROOT), "site": "https://learn.a-school.example/deep/"}
    monkeypatch.setattr(publish_student, "stated", lambda root: stated)
    push(public, bundle, site=site)
    assert git(public, "show", "gh-pages:CNAME") == "learn.a-school.example"


@pytest.mark.parametrize("folder", publish_student.NEVER)
def test_a_repository_with_solutions_is_not_overwritten(
    public: Path, bundle: Path, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "private" / folder).mkdir(parents=True)
    (tmp_path / "private" / folder / "ps1.ipynb").write_text("{}", encoding="utf-8")
    private = tmp_path / "private"
    subprocess.run(["git", "init", "-q", "-b", "main", str(private)], check=True)
    git(private, "add", ".")
    git(private, "-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-qm", "All")
    git(private, "push", "-q", str(public), "main")
    with pytest.raises(publish_student.PublishError, match="is no students' repository"):
        push(public, bundle)
    assert git(public, "rev-list", "--count", "main") == "1"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tag", "v99.0.0"], "`python tools/new_version.py` writes the version everywhere"),
        (["--bundle", "nowhere.zip", "--to", "nowhere"], "nowhere.zip is not there; `make student` makes it"),
        (["--site", "tests"], "tests holds no site; `make book` builds it"),
        (["--to", "https://a:t0ken@localhost:1/b.git"], "git ls-remote failed at https://localhost:1/b.git: "),
        ([], "is this repository itself; give the one that students open an address of its own"),
    ],
)
def test_what_cannot_be_published_is_said_in_a_sentence_and_without_secrets(
    bundle: Path, monkeypatch, capsys, arguments: list[str], sentence: str
) -> None:
    address = publish_student.stated(ROOT)["url"]
    monkeypatch.setenv("GITHUB_REPOSITORY", address.removeprefix("https://github.com/"))
    monkeypatch.setattr(sys, "argv", ["publish_student.py", "--bundle", str(bundle), *arguments])
    assert publish_student.main() == 1
    said = "".join(capsys.readouterr())
    assert said.startswith("Not published: ")
    assert sentence in said
    assert "t0ken" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("kept_as", ["text", "a file"])
def test_the_key_is_a_file_for_git_alone_as_long_as_it_runs(tmp_path: Path, monkeypatch, kept_as: str) -> None:
    key = "-----BEGIN A KEY-----\nsecret\n-----END A KEY-----"
    (tmp_path / "given").write_bytes(key.replace("\n", "\r\n").encode())  # as a form of a web page may keep it
    (tmp_path / "given").chmod(0o644)
    given = str(tmp_path / "given") if kept_as == "a file" else key
    monkeypatch.setenv(publish_student.KEY, given)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with publish_student.git_environment(given) as environment:
        command = environment["GIT_SSH_COMMAND"]
        path = Path(re.findall(r"-i (\S+)", command)[0])
        assert path.read_text(encoding="utf-8") == f"{key}\n"
        assert path.stat().st_mode & 0o077 == 0
        assert "StrictHostKeyChecking=yes" in command
        assert not {publish_student.KEY, "GIT_DIR"} & set(environment)
        assert "secret" not in "".join(environment.values())
    assert not path.exists()


def steps(workflow: str, job: str) -> list[str]:
    """What a job of a workflow types."""
    if workflow == "GitLab":
        return yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))[job]["script"]
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    return [step["run"] for step in yaml.safe_load(text)["jobs"][job]["steps"] if "run" in step]


@pytest.fixture
def clone(tmp_path: Path, bundle: Path, site: Path) -> Path:
    """A clone as a job has it, and beside it what the job before has made."""
    clone = tmp_path / "clone"
    (clone / "tools").mkdir(parents=True)
    for name in ("_config.yml", "tools/publish_student.py"):
        shutil.copyfile(ROOT / name, clone / name)
    shutil.copytree(site, clone / "_build" / "html")
    shutil.copyfile(bundle, clone / "_build" / "gradus-student.zip")
    return clone


def follow(lines: list[str], folder: Path, **more: str) -> str:
    """Type the lines as a runner does, and give what was said."""
    environment = {**os.environ, **more}
    said = ""
    for line in lines:
        run = subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=folder, env=environment, capture_output=True)
        assert run.returncode == 0, run.stderr.decode()
        said += run.stdout.decode()
    return said


@pytest.mark.parametrize(("workflow", "branches"), [("GitHub", "gh-pages main"), ("GitLab", "main")])
def test_the_steps_of_the_job_that_pushes(public: Path, clone: Path, workflow: str, branches: str) -> None:
    """They are typed as they stand. Where the public repository would be, git is told of the one in this folder."""
    address = publish_student.stated(ROOT)["url"].replace("https://github.com/", "git@github.com:") + ".git"
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{public}.insteadOf", "GIT_CONFIG_VALUE_0": address}
    names = {"GITHUB_REF_NAME": TAG, "CI_COMMIT_TAG": TAG, publish_student.KEY: "-----BEGIN A KEY-----\nsecret\n"}
    for _ in range(2):  # a job that is run again changes nothing
        said = follow(steps(workflow, "push"), clone, **instead, **names)
        assert "secret" not in said
    assert git(public, "for-each-ref", "--format=%(refname:short)", "refs/heads").split() == branches.split()
    assert git(public, "tag", "--list") == TAG
    assert git(public, "rev-list", "--count", "main") == "1"


@pytest.mark.parametrize("is_there", [False, True])
def test_the_steps_of_the_job_that_makes_a_release(clone: Path, tmp_path: Path, is_there: bool) -> None:
    """The host's own program is a stand-in that writes down what it is asked for."""
    asked, program = tmp_path / "asked", tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n[ "$2" != view ] || exit {int(not is_there)}\n')
    program.chmod(0o755)
    follow(steps("GitHub", "release"), clone, PATH=f"{program.parent}:{os.environ['PATH']}", GITHUB_REF_NAME=TAG)
    verbs = [line.split()[1] for line in asked.read_text().splitlines()]
    assert verbs == ["view", "upload"] if is_there else ["view", "create", "upload"]
    assert (clone / "_build" / "gradus-student.zip").is_file()
    assert f"release upload {TAG} _build/gradus-student.zip --clobber" in asked.read_text()


def test_the_steps_of_gitlabs_jobs_for_site_and_release(clone: Path, tmp_path: Path) -> None:
    asked, program = tmp_path / "asked", tmp_path / "bin" / "curl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$*" in *--output*) exit 22 ;; esac\n')
    program.chmod(0o755)
    job = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))["release"]
    known = {"CI_COMMIT_TAG": TAG, "CI_API_V4_URL": "https://gitlab.example/api/v4", "CI_PROJECT_ID": "7"}
    known["CI_JOB_TOKEN"] = "a-token"
    for name, value in job["variables"].items():
        known[name] = re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
    follow(steps("GitLab", "release"), clone, PATH=f"{program.parent}:{os.environ['PATH']}", **known)
    upload, _, release = asked.read_text().splitlines()
    assert upload.endswith(f"/projects/7/packages/generic/gradus-student/{TAG}/gradus-student.zip")
    assert release.endswith("https://gitlab.example/api/v4/projects/7/releases")
    assert f'"tag_name": "{TAG}"' in release
    follow(steps("GitLab", "pages"), clone)
    assert (clone / "public" / "index.html").is_file()
