"""Give the course another address: of the repository that students open, and of the site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from autograder.files.writing import write_whole
from gradus.errors import GradusError

_GITHUB = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._-]+?)(?:\.git)?/?")
_SITE = re.compile(r"https?://[^\s/]+(?:/[^\s]*)?")
_STATED = {
    "repository": re.compile(r"^  url: (\S+)$", re.MULTILINE),
    "site": re.compile(r"^  baseurl: (\S+)(?= |$)", re.MULTILINE),
}
_FOLDERS = ("book", "solutions", "exercises")


def pages_address(repository: str) -> str:
    """Where GitHub Pages publishes the site of a repository, or a GradusError for an address that is none."""
    match = _GITHUB.fullmatch(repository.strip())
    if match is None:
        raise GradusError(
            f"{repository!r} is no repository on GitHub, from which alone Colab and Binder open notebooks; give "
            "https://github.com/OWNER/NAME, the repository that your students are to open."
        )
    owner, name = match[1], match[2]
    return f"https://{owner.lower()}.github.io/" + ("" if name.lower() == f"{owner.lower()}.github.io" else f"{name}/")


def own_address(root: Path) -> str:
    """The address of the repository that a clone comes from, `https://HOST/OWNER/NAME`; "" where git knows none."""
    command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return _plain(run.stdout) if run.returncode == 0 else ""


def _plain(address: str) -> str:
    """An address as a browser has it, without what git or a token adds: `git@github.com:a/b.git` is github.com/a/b."""
    address = re.sub(r"(?:\.git)?/?$", "", address.strip())
    address = re.sub(r"^(?:ssh://)?git@([^:/]+)(?::\d+(?=/))?[:/]", r"https://\1/", address)
    return re.sub(r"^(\w+://)[^/@]+@", r"\1", address)


def whose_address(repository: str, own: str) -> str:
    """In a sentence, what the address means for a clone of `own`, which holds the solutions: do both differ?"""
    if not own:
        return ""
    if _plain(repository).lower() == own.lower():
        return (
            "This clone comes from it: whoever opens it finds solutions/ there. If it is to stay private, give the "
            "address of a second repository, which students open; a tag then publishes to that one."
        )
    return f"Students open that one; this clone comes from {own}, and a tag that is pushed there publishes to it."


def set_address(root: Path, repository: str, site: str | None = None) -> list[Path]:
    """Write the addresses of the repository and of the site into every file below `root` that names those of before.

    Args:
        root: the course's repository.
        repository: `https://github.com/OWNER/NAME`; Colab, Binder and the set-up cell of every notebook use it.
        site: where the site is published; by default, where GitHub Pages would publish it.

    Returns:
        The files that were changed.

    Raises:
        GradusError: an address is none, or `_config.yml` states none. Nothing has been written then.
    """
    new = {"site": f"{(site or pages_address(repository)).strip().rstrip('/')}/"}
    pages_address(repository)
    if not _SITE.fullmatch(new["site"]):
        raise GradusError(f"{site!r} is no address of a site; give one like https://OWNER.github.io/NAME/.")
    new["repository"] = re.sub(r"(?:\.git)?/?$", "", repository.strip())
    config = root / "_config.yml"
    text = config.read_text(encoding="utf-8")
    old = {}
    for what, pattern in _STATED.items():
        stated = pattern.search(text)
        if stated is None:
            raise GradusError(f"_config.yml states no address of the {what}; it was there as `{pattern.pattern}`.")
        old[what] = stated[1]
        text = text[: stated.start(1)] + new[what] + text[stated.end(1) :]
    changes = {config: text}
    named = re.compile(rf"{re.escape(old['repository'])}(?![\w.-])")
    for path in [root / "CITATION.cff", *_notebooks(root)]:
        before = path.read_text(encoding="utf-8")
        changes[path] = named.sub(lambda _: new["repository"], before)
    changed = {path: text for path, text in changes.items() if text != path.read_text(encoding="utf-8")}
    for path, text in changed.items():
        write_whole(path, text.encode())
    return list(changed)


def _notebooks(root: Path) -> list[Path]:
    found = (path for folder in _FOLDERS for path in (root / folder).rglob("*.ipynb"))
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)
