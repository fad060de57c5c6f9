"""Where the scheduler of a cluster is, and the certificates that it asks for, as plain values that import nothing."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import GradusError

PRELOAD = "autograder.cluster.worker"  # the module that a worker is started with
_ADDRESS = re.compile(r"(?:(?P<scheme>tcp|tls)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>\d{1,5})")
_HERE = re.compile(r"local(?::(?P<workers>[1-9]\d{0,2}))?")


@dataclass(frozen=True)
class Scheduler:
    """A scheduler of Dask.

    `address` is `tcp://HOST:PORT` or `tls://HOST:PORT`; "" is a cluster of `workers` on this machine, made for the run
    and ended with it (0 workers: one for each core). The files are PEM, all three or none.
    """

    address: str
    workers: int = 0
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.address.startswith("tls://")

    @property
    def is_open(self) -> bool:
        """Whether anybody in the network can reach it, as nothing asks who they are."""
        if not self.address.startswith("tcp://"):
            return False
        host = self.address.removeprefix("tcp://").rpartition(":")[0].strip("[]")
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    @property
    def worker_command(self) -> str:
        """What starts a worker for it."""
        files = (("--tls-ca-file", self.ca_file), ("--tls-cert", self.certificate), ("--tls-key", self.key))
        tls = "".join(f" {option} {file}" for option, file in files if file)
        return f"dask worker {self.address} --nthreads 1 --nworkers auto --preload {PRELOAD}{tls}"


def scheduler_at(
    text: str, ca_file: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> Scheduler:
    """The scheduler that a command names: `HOST:PORT` with or without a scheme, or `local`, `local:WORKERS`.

    Raises:
        GradusError: it is no such address, or certificates are missing, too many or not to be read.
    """
    files = {"--tls-ca-file": ca_file, "--tls-cert": certificate, "--tls-key": key}
    given = [option for option, file in files.items() if file is not None]
    if given and len(given) < len(files):
        missing = " and ".join(option for option in files if option not in given)
        raise GradusError(f"TLS takes three files; {missing} must be given, too.")
    for option, file in files.items():
        if file is not None and not file.is_file():
            raise GradusError(f"{file}, the file of {option}, is not there.")
    if here := _HERE.fullmatch(text):
        if given:
            raise GradusError("--scheduler local stays on this machine and takes no certificates.")
        return Scheduler("", int(here["workers"] or 0))
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise GradusError(
            f"--scheduler takes tcp://HOST:PORT, tls://HOST:PORT, local or local:WORKERS, and {text!r} is neither."
        )
    scheme = found["scheme"] or ("tls" if given else "tcp")
    if scheme == "tls" and not given:
        raise GradusError(
            "a scheduler at tls:// asks for certificates: give --tls-ca-file, --tls-cert and --tls-key, the files that "
            "it was started with or others of the same authority."
        )
    if scheme == "tcp" and given:
        raise GradusError(f"certificates are for a scheduler at tls://, and {text} is not encrypted.")
    return Scheduler(f"{scheme}://{found['host']}:{found['port']}", 0, ca_file, certificate, key)
