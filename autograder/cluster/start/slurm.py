"""Start a scheduler here and workers as jobs of Slurm, and keep them until Ctrl-C.

    python -m autograder.cluster.start.slurm --machines 8 --cores 16 --memory 48GB --queue short

It prints the command that grades with them. Slurm's machines need this Python at the same path, as on a shared file
system, and bubblewrap. A job is one machine: a worker with a thread for each core, which share one warm process.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from autograder.cluster.scheduler import PRELOAD, Scheduler, scheduler_at

try:
    from dask_jobqueue.slurm import SLURMCluster
    from distributed import Security
except ModuleNotFoundError as error:
    raise SystemExit(f"{error.name} is not installed: `pip install '.[cluster]'`.") from None


def cluster_of(
    cores: int, memory: str, hours: float, queue: str | None, tls: Scheduler | None = None, interface: str | None = None
) -> SLURMCluster:
    """A scheduler in this process, which has submitted nothing yet.

    Args:
        memory: of a job, as Dask writes it, for example `48GB`: 2 GB for each core, and what the worker itself needs.
        tls: with certificates for the scheduler, the workers and who grades.
        interface: the network interface that Slurm's machines reach this one by.
    """
    security = None
    if tls is not None:
        files = {"ca_file": tls.ca_file}
        for role in ("scheduler", "worker", "client"):
            files |= {f"{role}_cert": tls.certificate, f"{role}_key": tls.key}
        security = Security(require_encryption=True, **{f"tls_{name}": str(file) for name, file in files.items()})
    minutes = round(60 * hours)
    return SLURMCluster(
        cores=cores,
        processes=1,
        memory=memory,
        queue=queue,
        walltime=f"{minutes // 60:02}:{minutes % 60:02}:00",
        python=sys.executable,
        interface=interface,
        worker_extra_args=["--preload", PRELOAD],
        job_script_prologue=["export OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=1"],
        protocol="tcp://" if tls is None else "tls://",
        security=security,
        scheduler_options={"dashboard_address": None},
    )


def main(
    machines: Annotated[int, typer.Option(min=1, help="Jobs to submit, each of one machine.")] = 1,
    cores: Annotated[int, typer.Option(min=1, help="Of each machine.")] = 16,
    memory: Annotated[str, typer.Option(help="Of each machine: 2 GB a core, and some.")] = "48GB",
    hours: Annotated[float, typer.Option(min=0.1, help="After which Slurm ends the jobs.")] = 2.0,
    queue: Annotated[str | None, typer.Option(help="Slurm's partition.")] = None,
    interface: Annotated[str | None, typer.Option(help="Of the network that Slurm's machines are in.")] = None,
    tls_ca_file: Annotated[Path | None, typer.Option(help="The authority's certificate, in PEM.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="A certificate for all, in PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, in PEM.")] = None,
    pretend: Annotated[bool, typer.Option("--pretend", help="Print the job's script, and submit nothing.")] = False,
) -> None:
    """Start a scheduler here and workers as jobs of Slurm, and keep them until Ctrl-C."""
    tls = scheduler_at("tls://here:1", tls_ca_file, tls_cert, tls_key) if tls_ca_file or tls_cert or tls_key else None
    with cluster_of(cores, memory, hours, queue, tls, interface) as cluster:
        if pretend:
            print(cluster.job_script())
            return
        cluster.scale(jobs=machines)
        files = f" --tls-ca-file {tls.ca_file} --tls-cert {tls.certificate} --tls-key {tls.key}" if tls else ""
        print(f"gradus grade PS --scheduler {cluster.scheduler_address}{files}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    typer.run(main)
