"""Execute the chapters of the book side by side and keep the results in the cache that the build reads.

`python tools/execute_chapters.py` runs every chapter whose result is not in the cache yet, names each one that fails
with its cell and error, and exits 1 if any did. A chapter that writes to stderr has failed: a reader would see the
warning, and nbgrader takes stderr for an error.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from unittest import mock

import cells_again
import held_kernels
import nbformat
from book_pages import BookError, executed_pages
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from one_at_a_time import one_at_a_time

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from execution_cache import cache_folder, remove_old_caches  # noqa: E402

from gradus.cores import available_cores  # noqa: E402
from gradus.hand_in.fresh_run import KERNEL_TRIALS  # noqa: E402

ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter: the executed notebook as JSON, or what went wrong and where."""

    chapter: Path
    seconds: float
    notebook: str
    problem: str = ""
    again: dict[str, str] = field(default_factory=dict)  # by cell, what is not as it was when it is run once more
    heavy: tuple[str, ...] = ()  # the cells that are not run once more
    unsolved: dict[str, str] = field(default_factory=dict)  # by exercise, the error with which its solution ends
    stopped: tuple[str, ...] = ()  # exercises whose solutions take too long to be run


def kernel_environment(threads: int) -> dict[str, str]:
    """The environment in which a chapter runs beside others.

    Two torch processes that spin while they wait take fifty times as long on two cores; both settings are read when
    torch is imported.
    """
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE", "GRADUS_QUIET": "1"}


def cell_name(notebook: NotebookNode, index: int) -> str:
    cells = notebook.cells
    return f"cell {cells[index].get('id', '?')!r} ({index + 1} of {len(cells)})"


def stderr_output(notebook: NotebookNode) -> str:
    """Which cell wrote to stderr first, and what; empty for a notebook that did not."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                return f"{cell_name(notebook, index)} wrote to stderr:\n{output.text}"
    return ""


def raises(cell: NotebookNode) -> bool:
    """Whether a cell has ended with an error that ends the chapter."""
    return cells_again.fails(cell.outputs) and "raises-exception" not in cell.metadata.get("tags", [])


def execute(
    chapter: Path,
    threads: int,
    cell_seconds: int,
    trials: int = KERNEL_TRIALS,
    held: held_kernels.HeldKernel | None = None,
    *,
    again: bool = True,
) -> Outcome:
    """Run one chapter in a kernel of its own, in its own folder. What the chapter does wrong is in the outcome.

    Without `again`, its cells and the solutions of its exercises are not run once more.
    """
    notebook = nbformat.read(chapter, as_version=4)
    started = [0]
    began: dict[str, tuple[float, float]] = {}
    seconds: dict[str, float] = {}
    used: dict[str, float] = {}  # of processor time, which a busy machine does not change

    def on_cell_execute(cell: NotebookNode, **_: object) -> None:
        began[cell.id] = time.perf_counter(), held_kernels.processor_seconds(client.km)

    def on_cell_executed(cell: NotebookNode, **_: object) -> None:
        started_at, used_before = began[cell.id]
        seconds[cell.id] = time.perf_counter() - started_at
        used[cell.id] = held_kernels.processor_seconds(client.km) - used_before
        if again and cell is last and held_kernels.can_be_held() and not raises(cell):
            notebook.cells.append(closing.cell(notebook.cells, used))

    closing = cells_again.Closing()
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    last = code_cells[-1] if code_cells else None
    client = NotebookClient(
        notebook,
        timeout=cell_seconds,
        coalesce_streams=True,  # myst-nb would join the pieces of a stream with newlines, in the middle of a line
        record_timing=False,  # times in the cell's metadata would change the key that the cache finds it by
        resources={"metadata": {"path": str(chapter.parent)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
        on_cell_execute=on_cell_execute,
        on_cell_executed=on_cell_executed,
        kernel_manager_class=held_kernels.manager_of(held) if held else AsyncKernelManager,
    )
    try:
        client.execute(env=kernel_environment(threads))
        closing.take_from(notebook)
        problem = stderr_output(notebook)
    except CellExecutionError as error:
        trace = ANSI_COLOUR.sub("", error.traceback)
        problem = f"{cell_name(notebook, started[-1])}: {error.ename}: {error.evalue}\n{trace}"
    except CellTimeoutError:
        problem = f"{cell_name(notebook, started[-1])} ran for more than {cell_seconds} s"
    except DeadKernelError:
        problem = f"{cell_name(notebook, started[-1])} killed its kernel"
    except RuntimeError:  # the kernel ended before it could be asked for anything
        if len(started) > 1 or trials == 1:
            raise
        return execute(chapter, threads, cell_seconds, trials - 1, again=again)
    took = sum(seconds[cell.id] for cell in code_cells if cell.id in seconds)  # without those that run once more
    written = nbformat.writes(notebook)
    return Outcome(chapter, took, written, problem, closing.found, closing.heavy, closing.unsolved, closing.stopped)


def outcome_of(chapter: Path, threads: int, cell_seconds: int, held: held_kernels.HeldKernel | None = None) -> Outcome:
    """Run one chapter. Its trouble, such as broken JSON, must not hide another's result."""
    try:
        return execute(chapter, threads, cell_seconds, held=held)
    except Exception as error:
        return Outcome(chapter, 0.0, "", f"cannot be executed: {type(error).__name__}: {error}")


def send_outcome(
    chapter: Path, threads: int, cell_seconds: int, environment: dict[str, str], sending: Connection
) -> None:
    """Run one chapter in this process, which does nothing else, and send what became of it."""
    os.environ.clear()  # imports before the fork have added to it
    os.environ.update(environment)
    with ExitStack() as stack:
        held = None
        if held_kernels.has_imported_torch() and held_kernels.imports_torch(code_of(chapter)):
            held = held_kernels.HeldKernel()
            stack.callback(held.let_go)
        sending.send(outcome_of(chapter, threads, cell_seconds, held))


def code_of(chapter: Path) -> str:
    """The code cells of a chapter, as one text; "" for what is no notebook."""
    try:
        cells = nbformat.read(chapter, as_version=4).cells
    except Exception:
        return ""
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def in_a_process(context: BaseContext, chapter: Path, threads: int, cell_seconds: int) -> Outcome:
    """Run one chapter in a process of its own, so that one that is killed costs no other its result."""
    receiving, sending = context.Pipe(duplex=False)
    job = (chapter, threads, cell_seconds, dict(os.environ), sending)
    process = context.Process(target=send_outcome, args=job)  # type: ignore[attr-defined]
    process.start()
    sending.close()
    try:
        return receiving.recv()
    except EOFError:
        return Outcome(chapter, 0.0, "", "the process that executed it was killed (out of memory?)")
    finally:
        process.join()


def process_maker(chapters: list[Path], threads: int) -> BaseContext:
    """What makes the processes of a run: a fork server, where there is one, which imports once what many import."""
    if not held_kernels.can_be_held():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    several = sum(held_kernels.imports_torch(code_of(chapter)) for chapter in chapters) > 1
    context.set_forkserver_preload([*(held_kernels.BEFORE if several else ()), "execute_chapters"])
    os.environ.update(kernel_environment(threads))  # torch reads it when it is imported
    with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}):
        forkserver.ensure_running()  # before Python 3.13 it knows no other `sys.path`, and what it lacks it passes over
    return context


def outcomes(chapters: list[Path], workers: int, cell_seconds: int) -> Iterator[Outcome]:
    """Run the chapters, `workers` at a time that share the cores; yield each as it finishes."""
    threads = max(1, available_cores() // workers)
    if len(chapters) == 1:  # somebody waits for this page, and another process takes half a second to start
        yield outcome_of(chapters[0], threads, cell_seconds)
        return
    context = process_maker(chapters, threads)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        jobs = [pool.submit(in_a_process, context, chapter, threads, cell_seconds) for chapter in chapters]
        for job in as_completed(jobs):
            yield job.result()


def is_cached(cache: JupyterCacheBase, chapter: Path) -> bool:
    notebook = nbformat.read(chapter, as_version=4)
    try:
        record = cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    # The cache knows a notebook by its code cells, and the solutions stand in text.
    same = record.data.get("solutions") == cells_again.solutions_of(notebook.cells)
    return same and cells_again.Limits(*record.data.get("limits", (0, 0))).covers(cells_again.limits())


def keep(cache: JupyterCacheBase, outcome: Outcome) -> None:
    notebook = nbformat.reads(outcome.notebook, as_version=4)
    data = {
        "execution_seconds": outcome.seconds,
        "again": outcome.again,
        "heavy": outcome.heavy,
        "solutions": cells_again.solutions_of(notebook.cells),
        "unsolved": outcome.unsolved,
        "stopped": outcome.stopped,
        "limits": astuple(cells_again.limits()),
    }
    bundle = CacheBundleIn(notebook, str(outcome.chapter), data=data)
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def execute_chapters(root: Path, workers: int | None, cell_seconds: int) -> list[Outcome]:
    """Execute what is not cached, print a line for each chapter and return those that failed.

    Raises BookError when `_toc.yml` cannot be read or names a page that does not exist.
    """
    chapters = executed_pages(root)
    cache = get_cache(cache_folder(root))
    waiting = [chapter for chapter in chapters if not is_cached(cache, chapter)]
    for chapter in chapters:
        if chapter not in waiting:
            print(f"   cached  {chapter.relative_to(root)}")
    failed = []
    if waiting:
        workers = min(workers or available_cores(), len(waiting))
        print(f"Executing {len(waiting)} of {len(chapters)} chapters, {workers} at a time.", flush=True)
        for outcome in outcomes(waiting, workers, cell_seconds):
            if outcome.problem:
                failed.append(outcome)
            else:
                keep(cache, outcome)
            mark = "FAILED " if outcome.problem else "       "
            print(f"{outcome.seconds:7.1f} s {mark}{outcome.chapter.relative_to(root)}", flush=True)
    remove_old_caches(root)
    return failed


def report(failed: list[Outcome], root: Path) -> None:
    for outcome in failed:
        print(f"\n{outcome.chapter.relative_to(root)}: {outcome.problem.rstrip()}", file=sys.stderr)
    names = ", ".join(str(outcome.chapter.relative_to(root)) for outcome in failed)
    print(f"\n{len(failed)} chapter(s) failed: {names}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description="Execute the chapters that are not in the cache, side by side.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with _config.yml and _toc.yml")
    parser.add_argument("--workers", type=int, help="chapters at a time (default: one for each core)")
    parser.add_argument("--cell-seconds", type=int, default=600, help="time limit of one cell")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    with one_at_a_time(root / "_build" / ".lock"):
        try:
            failed = execute_chapters(root, arguments.workers, arguments.cell_seconds)
        except BookError as error:
            print(error, file=sys.stderr)
            return 1
    if failed:
        report(failed, root)
        return 1
    print("Every chapter executes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
