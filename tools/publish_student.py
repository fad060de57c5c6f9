"""Push the students' repository, and the site beside it, to the public repository whose address `_config.yml` states.

    python3 tools/publish_student.py --tag v0.1.0 --site _build/html

The files are those of `_build/gradus-student.zip`, which `make student` has made and searched; nothing else of this
repository, none of its commits and none of their words go along. Each publication is one commit on top of the last;
where nothing has changed there is none. With `--tag` the tag that Colab and Binder open appears together with it, and
one that is there already is never moved. With `--site` the branch `gh-pages` holds the site, as its only commit.

The key that may write there is taken from `STUDENT_DEPLOY_KEY`, a private key or the path of one; without it git asks
as it always does. Python alone is needed, so that what publishes installs nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "_build" / "gradus-student.zip"
KEY = "STUDENT_DEPLOY_KEY"
# What GitHub says of itself in its documentation, so that no other machine is given the course in its name.
KNOWN_HOST = "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n"
PAGES = "gh-pages"  # the branch that GitHub publishes as a site
NEVER = ("solutions", "autograder", "tests")  # folders that tell a private repository from a public one
# A caller's own repository must not be taken for the one in the temporary folder, nor may settings change what is sent.
_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
_SETTINGS = ("core.autocrlf=false", "core.excludesFile=", "core.attributesFile=", "core.hooksPath=", "gc.auto=0")


class PublishError(Exception):
    """Why nothing was published, in one sentence."""


class Repository:
    """A bare repository of our own in a temporary folder, and the public one that it speaks to."""

    def __init__(self, folder: Path, remote: str, environment: dict[str, str], author: str, host: str) -> None:
        self.folder, self.remote = folder, remote
        who = {"NAME": author, "EMAIL": f"noreply@{host}"}
        identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
        self.environment = {**environment, **identity, "GIT_TERMINAL_PROMPT": "0"}
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(folder))

    def git(self, *arguments: str, work_tree: Path | None = None) -> str:
        """What git says; a PublishError with its last words where it fails."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        place = [] if arguments[0] == "init" else [f"--git-dir={self.folder}"]
        place += [f"--work-tree={work_tree}"] if work_tree else []
        command = ["git", *settings, *place, *arguments]
        run = subprocess.run(command, env=self.environment, cwd=self.folder.parent, capture_output=True, text=True)
        if run.returncode != 0:
            said = " / ".join(line for line in run.stderr.strip().splitlines()[-3:] if line)
            raise PublishError(f"git {arguments[0]} failed at {without_secrets(self.remote)}: {without_secrets(said)}")
        return run.stdout.strip()

    def refs(self) -> dict[str, str]:
        """What the public repository has: branches and tags by their full names, an annotated tag as its commit."""
        lines = [line.split("\t") for line in self.git("ls-remote", self.remote).splitlines()]
        return {name.removesuffix("^{}"): commit for commit, name in lines}

    def fetch(self, commit_of: str) -> str:
        """The last commit of a branch or tag, without those before it."""
        self.git("fetch", "--quiet", "--depth=1", self.remote, commit_of)
        return self.git("rev-parse", "FETCH_HEAD^{commit}")

    def tree_of(self, files: Path) -> str:
        """The files of a folder as git names them, all of them, whatever a `.gitignore` says."""
        self.git("read-tree", "--empty")
        self.git("add", "--all", "--force", ".", work_tree=files)
        return self.git("write-tree")

    def commit(self, tree: str, message: str, *parents: str) -> str:
        return self.git("commit-tree", tree, "-m", message, *(part for each in parents for part in ("-p", each)))


def publish_course(to: Repository, files: Path, branch: str, tag: str | None) -> str:
    """Push the course to a branch, and its tag; a sentence on what came of it.

    Raises:
        PublishError: the tag is there with other files, or the repository is a private one, or git failed.
    """
    there, full = to.refs(), f"refs/heads/{branch}"
    tree = to.tree_of(files)
    last = to.fetch(full) if full in there else None
    if last:
        private = [name for name in to.git("ls-tree", "--name-only", last).splitlines() if name in NEVER]
        if private:
            raise PublishError(
                f"{without_secrets(to.remote)} holds {private[0]}/ and is no students' repository; give yours an "
                "address of its own with `gradus set-address`."
            )
    if tag and f"refs/tags/{tag}" in there:
        tagged = to.fetch(f"refs/tags/{tag}")
        if to.git("rev-parse", f"{tagged}^{{tree}}") != tree:
            raise PublishError(
                f"{tag} has been published with other files, and what students have opened is never moved; give the "
                "course a new version with `python tools/new_version.py`."
            )
        return f"{tag} is published already, with the same files."
    changed = last is None or to.git("rev-parse", f"{last}^{{tree}}") != tree
    message = f"Version {tag.removeprefix('v')}" if tag else f"The course as of {datetime.now(UTC).date()}"
    commit = to.commit(tree, message, *([last] if last else [])) if changed or last is None else last
    wanted = [f"{commit}:{full}"] if changed else []
    wanted += [f"{commit}:refs/tags/{tag}"] if tag else []
    if not wanted:
        return f"Nothing has changed on {branch}."
    to.git("push", "--quiet", "--atomic", to.remote, *wanted)
    return f"{' and '.join(filter(None, (branch if changed else '', tag)))} pushed to {without_secrets(to.remote)}."


def publish_site(to: Repository, site: Path, address: str) -> str:
    """Make a built site the only commit of the branch that GitHub publishes; a sentence on what came of it."""
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "site"
        shutil.copytree(site, files)
        (files / ".nojekyll").touch()  # else folders whose names begin with an underscore are not published
        host = host_of(address)
        if not host.endswith(".github.io"):
            (files / "CNAME").write_text(f"{host}\n", encoding="utf-8")  # a domain of one's own is lost without it
        tree = to.tree_of(files)
    full = f"refs/heads/{PAGES}"
    last = to.fetch(full) if full in to.refs() else None
    if last and to.git("rev-parse", f"{last}^{{tree}}") == tree:
        return "Nothing has changed on the site."
    lease = f"--force-with-lease={full}:{last or ''}"
    to.git("push", "--quiet", lease, to.remote, f"{to.commit(tree, 'The site')}:{full}")
    return f"The site is pushed to the branch {PAGES}; it will be at {address}."


def host_of(address: str) -> str:
    return re.sub(r"^\w+://([^/:]+).*$", r"\1", address)


def without_secrets(text: str) -> str:
    """A text for the log, its addresses without what may stand before their @: a token, say."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def stated(root: Path) -> dict[str, str]:
    """What `_config.yml` says: the address of the students' repository, its tag, the site, the author."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    keys = {
        "url": r"^  url: (\S+)",
        "tag": r"^  branch: (\S+)",
        "site": r"^  baseurl: (\S+)",
        "author": r"^author: (.+)",
    }
    found = {key: re.search(pattern, text, flags=re.MULTILINE) for key, pattern in keys.items()}
    missing = [keys[key] for key, match in found.items() if match is None]
    if missing:
        raise PublishError(f"_config.yml has no line like {missing[0]!r}.")
    return {key: match[1].strip() for key, match in found.items() if match}


def unpack(bundle: Path, folder: Path) -> Path:
    """The files of the bundle in a folder, with the rights that they have there."""
    if not bundle.is_file():
        raise PublishError(f"{bundle} is not there; `make student` makes it.")
    with zipfile.ZipFile(bundle) as archive:
        for entry in archive.infolist():
            Path(archive.extract(entry, folder)).chmod((entry.external_attr >> 16) & 0o777 or 0o644)
    return folder / "gradus"


@contextmanager
def git_environment(key: str | None) -> Iterator[dict[str, str]]:
    """The environment in which git runs: with the key as a file of its own as long as it takes, and never as text."""
    environment = {name: value for name, value in os.environ.items() if name not in (*_OTHERS, KEY)}
    if not key:
        yield environment
        return
    with tempfile.TemporaryDirectory() as scratch:
        known, path = Path(scratch) / "known_hosts", Path(scratch) / "key"
        known.write_text(KNOWN_HOST, encoding="utf-8")
        # ssh reads a key in one form only: whole lines, and the rights of its owner.
        text = Path(key).read_text(encoding="utf-8") if "\n" not in key and Path(key).is_file() else key
        path.write_text(text.replace("\r\n", "\n").rstrip("\n") + "\n", encoding="utf-8")
        path.chmod(0o600)
        hosts = f"UserKnownHostsFile={known} ~/.ssh/known_hosts"
        command = ["ssh", "-i", str(path), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", hosts]
        yield {**environment, "GIT_SSH_COMMAND": shlex.join(command)}


def publish(remote: str | None, branch: str, tag: str | None, site: Path | None, bundle: Path) -> Iterator[str]:
    """Do what is asked for, and say of each thing what came of it."""
    config = stated(ROOT)
    if tag and tag != config["tag"]:
        raise PublishError(
            f"the tag is {tag}, and Colab and Binder open {config['tag']}, as _config.yml says; "
            "`python tools/new_version.py` writes the version everywhere."
        )
    if site and not (site / "index.html").is_file():
        raise PublishError(f"{site} holds no site; `make book` builds it.")
    if not remote:
        path = config["url"].removeprefix("https://github.com/").removesuffix(".git").strip("/")
        remote = f"git@github.com:{path}.git"
        if path.lower() == os.environ.get("GITHUB_REPOSITORY", "").lower():
            raise PublishError(
                f"{config['url']} is this repository itself; give the one that students open an address of its own "
                "with `gradus set-address`."
            )
    with git_environment(os.environ.get(KEY)) as environment, tempfile.TemporaryDirectory() as scratch:
        to = Repository(Path(scratch) / "git", remote, environment, config["author"], host_of(config["site"]))
        yield publish_course(to, unpack(bundle, Path(scratch)), branch, tag)
        if site:
            yield publish_site(to, site, config["site"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Push the students' repository to the public one, and the site.")
    parser.add_argument("--to", metavar="REMOTE", help="where to push (default: the repository in _config.yml)")
    parser.add_argument("--branch", default="main", help="the branch that students see (default: main)")
    parser.add_argument("--tag", help="the tag of this version; without it the branch alone is pushed")
    parser.add_argument("--site", type=Path, help="also push this folder, a built site, to the branch gh-pages")
    parser.add_argument("--bundle", type=Path, default=BUNDLE, help="what `make student` has made")
    options = parser.parse_args()
    try:
        for said in publish(options.to, options.branch, options.tag, options.site, options.bundle):
            print(said)
    except (PublishError, OSError, zipfile.BadZipFile) as error:
        print(f"Not published: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
