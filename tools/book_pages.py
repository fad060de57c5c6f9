"""Which pages the book has, and which are executed: read from `_toc.yml` and `_config.yml`, stated nowhere else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import yaml
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

SUFFIXES = (".ipynb", ".md")


class BookError(Exception):
    """A mistake in the book's own files, in one sentence that names the file."""


def pages(root: Path) -> list[Path]:
    """The source file of every page, in the order of `_toc.yml`; raises BookError for those that do not exist."""
    try:
        names = list(parse_toc_yaml(root / "_toc.yml"))
    except (OSError, MalformedError, yaml.YAMLError) as error:
        raise BookError(f"_toc.yml cannot be read: {error}") from error
    sources = {name: source_file(root, name) for name in names}
    missing = [name for name, source in sources.items() if source is None]
    if missing:
        raise BookError(f"_toc.yml names pages that do not exist: {', '.join(missing)}")
    return [source for source in sources.values() if source is not None]


def source_file(root: Path, name: str) -> Path | None:
    """The file behind an entry of `_toc.yml`, which may be written with or without its suffix."""
    candidates = [root / name] if name.endswith(SUFFIXES) else [root / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((path for path in candidates if path.is_file()), None)


def executed_pages(root: Path) -> list[Path]:
    """The notebooks that the build runs: every `.ipynb` page that `execute.exclude_patterns` does not name."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    patterns = config.get("execute", {}).get("exclude_patterns", [])
    return [page for page in pages(root) if page.suffix == ".ipynb" and not matches(page, patterns)]


def matches(page: Path, patterns: list[str]) -> bool:
    """myst-nb's own rule: a pattern is compared with the end of the path."""
    return any(PurePosixPath(page.as_posix()).match(pattern) for pattern in patterns)
