"""IPython as notebooks know it: a shell that sends what Jupyter's kernel would send, without a kernel."""

from __future__ import annotations

import base64
import contextlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

from IPython.core import page
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.engine.inside import elsewhere
from autograder.engine.inside.plain_cells import Inputs, PlainCells, Transformers
from autograder.engine.inside.reporter import Reporter

_getmodule = inspect.getmodule
_reporter: Reporter | None = None  # of this process, once it belongs to a submission


def report_to(reporter: Reporter) -> None:
    """From now on, send what cells show to `reporter`."""
    global _reporter
    _reporter = reporter


def _tell(message: dict[str, Any]) -> None:
    if _reporter is not None:
        _reporter.tell(message)


class LastValues(DisplayHook):
    """Sends the value of a cell's last expression."""

    exec_result: Any = None  # no trait: nobody watches it, and to validate one is to read pages of a fork

    def write_output_prompt(self) -> None:
        """Jupyter shows the number beside the cell."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        message = {"kind": "result", "data": sendable(format_dict), "metadata": sendable(md_dict or {})}
        _tell(message | {"count": self.prompt_count})

    def finish_displayhook(self) -> None:
        self._is_active = False


class Displays(DisplayPublisher):
    """Sends what `display` shows."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *_: Any,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **__: Any,
    ) -> None:
        message = {"kind": "display", "data": sendable(data), "metadata": sendable(metadata or {})}
        name = (transient or {}).get("display_id")
        _tell(message | {"display_id": None if name is None else str(name), "update": bool(update)})

    def clear_output(self, wait: bool = False) -> None:
        _tell({"kind": "clear", "wait": bool(wait)})


class StudentShell(InteractiveShell):
    """The shell of one submission. Made before the fork, when it costs nothing."""

    displayhook_class = Type(LastValues)
    display_pub_class = Type(Displays)
    asked_to_exit = False
    passes_over = False  # in a test cell, what fails ends the cell
    broken: list[Any] | None = None  # the line of the last cell that is no Python, and why
    execution_count = 1  # no traits: nobody watches them
    last_execution_succeeded = True
    last_execution_result: ExecutionResult | None = None

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.input_transformer_manager = Transformers()
        self.passed_over = elsewhere.PassedOver()
        self._plain_cells = PlainCells(self, self.inputs)

    def run_cell(self, raw_cell: str, store_history: bool = False, *options: Any, **more: Any) -> Any:
        """Run a cell as IPython does; one of the notebook's that is Python alone, faster."""
        result = self._plain_cells.run(raw_cell) if store_history and not options and not more else None
        return result or super().run_cell(raw_cell, store_history, *options, **more)

    def ask_exit(self) -> None:
        """`exit` and `quit`."""
        self.asked_to_exit = True

    def should_run_async(self, raw_cell: str, **known: Any) -> bool:
        """IPython compiles each cell once more to find out whether it awaits something."""
        return ("await" in raw_cell or "async" in raw_cell) and super().should_run_async(raw_cell, **known)

    async def run_code(self, code_obj: CodeType, result: Any = None, *, async_: bool = False) -> bool:
        """Run one statement of a cell; True ends the cell. What cannot work here but did elsewhere does not end it."""
        failed = await super().run_code(code_obj, result, async_=async_)
        error = getattr(result, "error_in_exec", None)
        if failed and error is not None and self.passes_over and self.passed_over.takes(error, code_obj, self.user_ns):
            result.error_in_exec = None
            return False
        return bool(failed)

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """What is run within leaves no name, no number and no history."""
        names, hidden, values = dict(self.user_ns), dict(self.user_ns_hidden), dict(self.user_ns["_oh"])
        try:
            yield
        finally:
            for its, before in ((self.user_ns, names), (self.user_ns_hidden, hidden), (self.user_ns["_oh"], values)):
                its.clear()
                its.update(before)
            self.inputs.forget()
            self.execution_count, self.last_execution_succeeded, self.last_execution_result = 1, True, None

    def init_history(self) -> None:
        self.inputs = self.history_manager = Inputs(shell=self, parent=self)
        self.configurables.append(self.inputs)  # type: ignore[arg-type]

    def enable_gui(self, gui: str | None = None) -> None:
        """`%matplotlib inline` calls this; there is no event loop to integrate with."""

    def init_hooks(self) -> None:
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(lambda *_, **__: None), 99)  # Jupyter keeps help out of outputs

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """IPython would keep all that is printed, for a history that nobody asks for, until the memory is full."""
        yield

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """For the same history, IPython would format each traceback a second time."""
        return {}

    def init_virtualenv(self) -> None:
        """The environment is the one that runs."""

    def system(self, cmd: str) -> None:
        """`!command`: its output is the cell's, its exit code is in `_exit_code`."""
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        line = self.var_expand(cmd, depth=1)
        if elsewhere.is_install(line):
            sys.stdout.write("Nothing is installed while a notebook is graded.\n")
            self.passed_over.tell(1, "install", line)
            self.user_ns["_exit_code"] = 1
            return
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(["/bin/sh", "-c", line], **pipes) as process:  # type: ignore[call-overload]
            for part in iter(lambda: process.stdout.read1(65536), b""):
                sys.stdout.write(part.decode("utf-8", "replace"))
                sys.stdout.flush()
        code = process.returncode if process.returncode <= 128 else 128 - process.returncode
        self.user_ns["_exit_code"] = code
        if self.system_raise_on_error and code != 0:
            raise subprocess.CalledProcessError(code, cmd)

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        _tell({"kind": "error", "ename": etype.__name__, "evalue": _text(evalue), "traceback": [_text(t) for t in stb]})


def make_shell() -> StudentShell:
    """The shell, with Jupyter's settings; no history file and no thread that would write one."""
    inspect.getmodule = _module_of  # type: ignore[assignment]
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"  # colouring a traceback takes longer than most notebooks
    config.IPKernelApp.tqdm = "tqdm asks for this name to know a notebook's shell from a terminal's"
    shell = StudentShell.instance(config=config)
    shell.autoindent = False
    shell.run_cell("raise ValueError", silent=True)  # the first traceback imports what all need
    for trace in ("last_exc", "last_type", "last_value", "last_traceback"):
        if hasattr(sys, trace):
            delattr(sys, trace)
    return shell


def _module_of(of: object, _filename: str | None = None) -> ModuleType | None:
    """As `inspect.getmodule`, which IPython asks for each frame of a traceback, several times.

    Python's own looks through all modules that are loaded, and a forked process pays for each one that it touches:
    20 ms for a failing cell. But a frame knows the name of its module.
    """
    if not isinstance(of, FrameType):
        return _getmodule(of, _filename)
    name = of.f_globals.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    return module if getattr(module, "__file__", None) == of.f_code.co_filename else None


def sendable(value: Any) -> Any:
    """`value` as JSON can carry it; bytes as base64, as notebooks keep pictures."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {str(key): sendable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [sendable(item) for item in value]
    return _text(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}: its text cannot be had>"
