"""Kernels that have imported torch before their chapter starts: it takes seconds of each chapter, and they add up.

The processes that execute chapters come from multiprocessing's fork server, which imports `BEFORE` once. Each forks its
kernel at once, as a process that has one thread and has run nothing, and holds it until nbclient wants a kernel. What
looks at import time whether it is in a notebook is told that it is (`imported_for_notebooks`), or is not among them.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

TOOLS = Path(__file__).resolve().parent
# torch imports `torch._dynamo` with its first optimizer, and so does torchvision, which d2l imports.
BEFORE = ("ipykernel.kernelapp", "torch", "torch._dynamo", "imported_for_notebooks")


def imports_torch(code: str) -> bool:
    """Whether a chapter with this code would spend its first seconds on importing torch."""
    return re.search(r"^ *import torch\b", code, re.MULTILINE) is not None


def can_be_held() -> bool:
    """Whether kernels can be forked here: elsewhere a fork of a process that has imported torch may crash."""
    return sys.platform == "linux"


def has_imported_torch() -> bool:
    """Whether this process has, so that a kernel forked from it need not."""
    return "torch" in sys.modules


def processor_seconds(manager: Any) -> float:
    """What a running kernel, and what it has started and waited for, have used; elsewhere than on Linux 0."""
    try:
        fields = Path(f"/proc/{manager.provisioner.pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, AttributeError):
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class HeldKernel:
    """A process that waits to be told to be a kernel, with the methods of a `Popen` that a kernel's manager calls."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        waiting, self._orders = context.Pipe(duplex=False)
        self._process = context.Process(target=_be_a_kernel, args=(waiting, self._orders))
        self._process.start()
        waiting.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def start(self, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
        """Let it be a kernel with these arguments, in this folder and environment."""
        self._orders.send((arguments, folder, environment))

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def let_go(self) -> None:
        """End it, if it has not become a kernel and ended as one."""
        self._orders.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


def _be_a_kernel(waiting: Connection, orders: Connection) -> None:
    orders.close()  # so that the end of the process that holds this one is heard
    try:
        arguments, folder, environment = waiting.recv()
    except EOFError:
        return
    os.setsid()  # as `Popen` would have it: signals for the kernel go to all that it started
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    arguments.append(f"--IPKernelApp.parent_handle={os.getppid()}")  # it ends when its parent does
    sys.argv = ["ipykernel_launcher", *arguments]
    sys.path[:] = [place for place in sys.path if place and not _is_a_tools_place(place)]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=arguments)


def _is_a_tools_place(place: str) -> bool:
    """Whether the build has put a folder into `sys.path` for its own sake."""
    return Path(place).resolve() in (TOOLS, TOOLS.parent / "book" / "_ext")


class _HeldProvisioner(LocalProvisioner):
    held: HeldKernel

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Let the held process do what `python -m ipykernel_launcher …` would."""
        options = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.held.start(options, str(kwargs["cwd"]), kwargs["env"])
        self.process = self.held  # type: ignore[assignment]  # it has what is asked of a Popen
        self.pid = self.pgid = self.held.pid
        return self.connection_info


def manager_of(held: HeldKernel) -> type[AsyncKernelManager]:
    """A class of kernel managers, for nbclient, whose kernel is this one."""

    class HeldKernelManager(AsyncKernelManager):
        async def _async_pre_start_kernel(self, **options: Any) -> Any:
            self.provisioner = _HeldProvisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.held = held
            return await super()._async_pre_start_kernel(**options)

    return HeldKernelManager
