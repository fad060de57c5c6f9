"""A class of ps4 on the workers of a Dask cluster on this machine, beside the pool of processes that needs none.

    python benchmarks/cluster.py                          # 1,000 submissions
    python benchmarks/cluster.py --submissions 60 --kills 6
    python benchmarks/cluster.py --kills 40 --only kills

The class: right and wrong answers of the sample class, each notebook different in a comment. It is graded from nothing
by the pool with two workers, and by one and two workers of Dask, which have one thread each; once more by one worker on
one core, with its scheduler and client, which beside one worker find another core idle. Seconds are those of whole
commands, without feedback pages, with schedulers and workers that run already, but whose sandboxes start with
the command. The tables that `gradus export` writes are compared, byte for byte. What the scheduler costs is measured
with jobs that do nothing; what the client costs is the processor time of its own process, and of those that it marks
in. From these a queue is simulated (`cluster_queue.py`), for classes and clusters that are not here.

With `--kills`, a worker, the scheduler or the client is killed at random moments, so many times in all; what is gone is
started again, the client with the same command, until it ends well. Results go to `benchmarks/results/cluster.json`,
and a line to the history beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.append(str(ROOT / "tests"))  # behind this folder, whose `grading` is meant

from cluster_queue import Costs, as_markdown, table  # noqa: E402
from dask_cluster import Cluster  # noqa: E402
from grading import ENVIRONMENT, PROBLEM_SET, SEED, make_class  # noqa: E402
from history import keep  # noqa: E402

from autograder.cluster.remote import Remote  # noqa: E402
from autograder.cluster.scheduler import Scheduler  # noqa: E402
from autograder.cluster.worker import Settings, nothing  # noqa: E402
from autograder.engine.sandbox import PRELOAD  # noqa: E402
from autograder.exporting.marks import ClassMarks  # noqa: E402
from autograder.exporting.tables import as_table  # noqa: E402
from autograder.grading.content import facts  # noqa: E402
from autograder.records.execution import Limits  # noqa: E402
from gradus.cores import available_cores  # noqa: E402

AT_ONCE = 8  # jobs without work


class Watch:
    """The processor seconds of a process, and of those below it, looked at now and then; the last look counts."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._seen: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[float, float]:
        self._ended.set()
        self._thread.join()
        own = self._seen.pop(self._process.pid, 0.0)
        return own, sum(self._seen.values())

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            try:
                for each in [self._process, *self._process.children(recursive=True)]:
                    times = each.cpu_times()
                    self._seen[each.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue


def grade_command(course: Path, *options: str) -> list[str]:
    program = [sys.executable, "-c", "from gradus.cli import main; main()", "grade", PROBLEM_SET]
    usual = ["--seed", str(SEED), "--no-feedback", "--course", str(course), "--json", str(course / "marks.json")]
    return [*program, *usual, *options]


def graded(course: Path, *options: str) -> dict[str, Any]:
    """Grade the class from nothing: seconds, the table of marks, and what the client's processes cost."""
    before = time.perf_counter()
    done = subprocess.Popen(
        grade_command(course, "--fresh", *options), cwd=ROOT, env=ENVIRONMENT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    watch = Watch(done.pid)
    said, _ = done.communicate()
    seconds, cpu = time.perf_counter() - before, watch.stop()
    if done.returncode != 0:
        raise SystemExit(said[-4000:])
    report = json.loads((course / "marks.json").read_text(encoding="utf-8"))
    runs = [each["seconds"]["total"] for each in report["submissions"]]
    print(f"{' '.join(options)}: {len(runs)} submissions in {seconds:.1f} s", flush=True)
    return {
        "seconds": seconds,
        "per minute": 60 * len(runs) / seconds,
        "cpu": cpu,
        "runs": runs,
        "table": exported(course),
    }


@contextmanager
def on_one_core() -> Iterator[None]:
    """What is started meanwhile has one core for all of it."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def exported(course: Path) -> str:
    return as_table(ClassMarks.read(course / "marks.json"))


def without_work(cluster: Cluster, jobs: int) -> dict[str, float]:
    """What jobs cost that do nothing, in milliseconds each: one after the other, several at once, and the scheduler."""
    remote = Remote(Scheduler(cluster.address), Settings(Limits(), True, PRELOAD), facts)
    try:
        remote.do(nothing)
        before = time.perf_counter()
        for _ in range(jobs // 10):
            remote.do(nothing)
        alone = (time.perf_counter() - before) / (jobs // 10)
        scheduler = psutil.Process(cluster.scheduler.pid)
        cpu, before = sum(scheduler.cpu_times()[:2]), time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda _: remote.do(nothing), range(jobs)))
        together = (time.perf_counter() - before) / jobs
        cost = (sum(scheduler.cpu_times()[:2]) - cpu) / jobs
    finally:
        remote.close()
    return {
        "one after the other": 1000 * alone,
        f"{AT_ONCE} at once": 1000 * together,
        "scheduler's processor": 1000 * cost,
    }


def with_kills(course: Path, folder: Path, kills: int, pause: float, seed: int) -> dict[str, Any]:
    """Grade while what grades is killed; how often what was killed and the client begun, and the table of marks."""
    draw, killed = random.Random(seed), {"worker": 0, "scheduler": 0, "client": 0}
    begun, port, before = 0, 0, time.perf_counter()
    finished = False
    while not finished:
        with Cluster(folder, port=port) as cluster:
            port = int(cluster.address.rpartition(":")[2])
            nannies = [cluster.worker(f"worker{number}") for number in range(2)]
            stands = True
            while stands and not finished:
                begun += 1
                client = subprocess.Popen(
                    grade_command(course, "--scheduler", cluster.address), cwd=ROOT, env=ENVIRONMENT,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                while client.poll() is None and sum(killed.values()) < kills:
                    try:
                        client.wait(draw.uniform(0.5, 1.5) * pause)
                    except subprocess.TimeoutExpired:
                        what = draw.choice(["worker", "worker", "scheduler", "client"])
                        if what == "worker":
                            below = psutil.Process(draw.choice(nannies).pid).children()
                            for process in below:
                                process.kill()
                        elif what == "scheduler":
                            cluster.scheduler.kill()
                            stands = False
                        else:
                            client.kill()
                        killed[what] += 1
                        print(f"{time.perf_counter() - before:.0f} s: a {what} was killed", flush=True)
                        if not stands:
                            break
                finished = client.wait() == 0
                if begun > 10 * (kills + 1):
                    raise SystemExit("the class does not come to its end")
    seconds = time.perf_counter() - before
    print(f"with {killed} killed and {begun} clients: {seconds:.1f} s", flush=True)
    return {"killed": killed, "clients": begun, "seconds": seconds, "seed": seed, "table": exported(course)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Time a class on the workers of a Dask cluster.")
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--empty", type=int, default=2000, help="jobs without work")
    parser.add_argument("--kills", type=int, default=0, help="how often something is killed, in one more run")
    parser.add_argument("--pause", type=float, default=12.0, help="seconds between two kills, about")
    parser.add_argument("--seed", type=int, default=1, help="of the kills")
    parser.add_argument("--only", choices=("kills",), help="beside one run of the pool, the run with kills alone")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as scratch:
        course, folder = Path(scratch) / "course", Path(scratch) / "cluster"
        folder.mkdir()
        make_class(course / "submitted", options.submissions)
        make_class(Path(scratch) / "single" / "submitted", 1)
        runs = {"pool, 2 workers": graded(course, "--workers", "2")}
        if options.only is None:
            with Cluster(folder) as cluster:
                for workers in (1, 2):
                    cluster.worker(f"worker{workers}")
                    time.sleep(5)  # until it has imported what it needs: clusters stand before a class is graded
                    name = f"dask, {workers} worker{'s' * (workers > 1)}"
                    runs[name] = graded(course, "--scheduler", cluster.address)
                single = graded(Path(scratch) / "single", "--scheduler", cluster.address)
                single.pop("table")
                found["milliseconds of a job without work"] = without_work(cluster, options.empty)
            with on_one_core(), Cluster(folder) as cluster:
                cluster.worker("worker")
                time.sleep(5)
                runs["dask, all on one core"] = graded(course, "--scheduler", cluster.address)
        if options.kills:
            another = Path(scratch) / "another"  # where no result is kept yet
            make_class(another / "submitted", options.submissions)
            runs["dask, with kills"] = with_kills(another, folder, options.kills, options.pause, options.seed)
    tables = {run.pop("table") for run in runs.values()}
    print(f"the marks of all runs are {'the same' if len(tables) == 1 else 'NOT THE SAME'}")
    if options.only is None:
        found |= costs_and_table(runs["dask, 1 worker"], single, found["milliseconds of a job without work"])
        two = runs["dask, 2 workers"]["seconds"]
        found["ratio of two workers to one"] = ratio = runs["dask, 1 worker"]["seconds"] / two
        found["ratio of two cores to one"] = cores = runs["dask, all on one core"]["seconds"] / two
        print(f"two workers take 1/{ratio:.2f} of one, and 1/{cores:.2f} of all on one core")
        print(found["milliseconds of a job without work"])
    for run in runs.values():
        run.pop("runs", None)
    machine = {"cores": available_cores(), "python": platform.python_version(), "load before": load}
    figures = {"machine": machine, "submissions": options.submissions, "runs": runs, "same marks": len(tables) == 1}
    keep("cluster" if options.only is None else "cluster_kills", {**figures, **found})
    return 0 if len(tables) == 1 else 1


def costs_and_table(measured: dict[str, Any], single: dict[str, Any], empty: dict[str, float]) -> dict[str, Any]:
    """What a submission costs at each station, and from it the table of classes and clusters that are not here.

    A class of one, `single`, says what a run costs before its first submission.
    """
    submissions = len(measured["runs"])
    start = single["seconds"] - single["runs"][0]
    more = max(submissions - 1, 1)
    client, marking = (max(0.0, whole - one) / more for whole, one in zip(measured["cpu"], single["cpu"], strict=True))
    costs = Costs(measured["runs"], client, marking, empty["scheduler's processor"] / 1000, start)
    rows = table(costs)
    print(as_markdown(rows))
    milliseconds = {
        "run": 1000 * sum(costs.run) / submissions, "client": 1000 * client, "marking": 1000 * marking,
        "scheduler": 1000 * costs.scheduler,
    }  # fmt: skip
    return {"milliseconds of a submission": milliseconds, "seconds to start": start, "table": rows}


if __name__ == "__main__":
    sys.exit(main())
