"""How far a command has come, for whoever waits at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress_bar(console: Console, what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar with an estimate on a terminal, nothing elsewhere; gives the function that moves it.

    Args:
        what: the words beside it at first; the function takes new ones, how many are done, and of how many.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda words, done, total: bar.update(task, description=words, completed=done, total=total)
