"""What works on this machine, what does not, and the cure: each found out by trying it.

Another package adds its own checks with an entry point in the group `gradus.checks` that names a module; importing the
module registers the functions in it that `check` decorates.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradus.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

State = Literal["works", "missing", "broken"]  # missing: the course runs without it, with less


@dataclass(frozen=True)
class Checked:
    """What one check found; `cure` is what to type or do, and empty when all is well."""

    name: str
    state: State
    says: str
    cure: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], "tuple[State, str, str] | list[Checked]"]
_CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a function that tries something; it returns the state, what it saw and the cure, or several findings."""

    def register(function: Check) -> Check:
        _CHECKS[name] = function
        return function

    return register


def examine() -> list[Checked]:
    """Run every registered check; one that raises is a finding too."""
    for entry in entry_points(group="gradus.checks"):
        if find_spec(entry.module.partition(".")[0]) is not None:  # the student's bundle has no `autograder`
            entry.load()
    findings = []
    for name, function in _CHECKS.items():
        try:
            found = function()
            findings += found if isinstance(found, list) else [Checked(name, *found)]
        except Exception as error:
            findings.append(
                Checked(name, "broken", f"{type(error).__name__}: {error}", "install again: make clean all")
            )
    return findings


def show(findings: list[Checked], console: Console) -> None:
    """Print a line per finding, the cures below what needs them, and a verdict."""
    width = max(len(finding.name) for finding in findings)
    marks = {"works": "[green]works  [/]", "missing": "[yellow]missing[/]", "broken": "[red]broken [/]"}
    for finding in findings:
        console.print(f"{marks[finding.state]} {finding.name:<{width}}  ", end="")
        console.print(finding.says, markup=False, highlight=False, soft_wrap=True)
        if finding.cure:
            console.print(f"{'':<{width + 8}}  → {finding.cure}", markup=False, highlight=False, soft_wrap=True)
    broken = [finding.name for finding in findings if finding.state == "broken"]
    verdict = f"Not ready: {', '.join(broken)}." if broken else "Ready: everything that the course needs works here."
    console.print(verdict, markup=False, highlight=False)


@check("Python")
def _python() -> tuple[State, str, str]:
    return "works", f"{'.'.join(map(str, sys.version_info[:3]))} in {Path(sys.prefix).name}", ""


@check("Gradus")
def _gradus() -> tuple[State, str, str]:
    return "works", __version__, ""


@check("torch")
def _torch() -> tuple[State, str, str]:
    try:
        import torch
    except ImportError:
        return "broken", "not installed", "run `make`, or `pip install torch torchvision`"
    total = torch.arange(4.0, requires_grad=True).square().sum()
    total.backward()
    return "works", f"{torch.__version__}, {torch.get_num_threads()} threads", ""


@check("device")
def _device() -> tuple[State, str, str]:
    import torch

    from gradus.device import pick_device

    device = pick_device()
    torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)
    if device.type == "cuda":
        return "works", f"CUDA: {torch.cuda.get_device_name()}", ""
    if device.type == "cpu" and shutil.which("nvidia-smi"):
        cure = "this build of torch cannot use the GPU: `pip install --force-reinstall torch torchvision`"
        return "missing", "an NVIDIA driver is here, but torch sees no GPU; the CPU works", cure
    return "works", {"mps": "Apple GPU (MPS)", "cpu": "CPU (every chapter is written for one)"}[device.type], ""


@check("d2l")
def _d2l() -> tuple[State, str, str]:
    try:
        from gradus.torch_d2l import d2l
    except ImportError as error:
        return "broken", str(error), "run `make`, or `pip install --no-deps d2l==1.0.3`"
    return "works", f"{version('d2l')}, torchvision {version('torchvision')}, {d2l.Module.__name__} found", ""


@check("data")
def _data() -> tuple[State, str, str]:
    from gradus.datasets.catalog import DATA_SETS
    from gradus.datasets.fetch import data_folder, missing_files

    lacking = [data_set for data_set in DATA_SETS if missing_files(data_set, verify=True)]
    if lacking:
        first = lacking[0]
        return "broken", f"{first.name} is not (whole) in {data_folder(first)}", "run `gradus data`"
    return "works", f"{', '.join(data_set.name for data_set in DATA_SETS)}, verified", ""


@check("JupyterLab")
def _jupyterlab() -> tuple[State, str, str]:
    try:
        return "works", version("jupyterlab"), ""
    except PackageNotFoundError:
        return "missing", "not installed: notebooks cannot be opened here", "run `make`, or `pip install jupyterlab`"


@check("browser")
def _browser() -> tuple[State, str, str]:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if shutil.which(name):
            return "works", name, ""
    return "missing", "no Chromium: only the site's own tests need it", "on Debian: `apt install chromium`"
