"""Run the cells of a page once more, when the whole page has run: a reader goes back and forth.

`SOURCE` is for a kernel, after the last cell: it runs cells again, each in a fork, so that none meets what another's
second run has left, and shows as JSON what each printed. `differences` says which of them failed or printed something
else than at first. Cells that took long are left out, and from those that measure time no equal text is expected.
"""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat import NotebookNode

MOST_SECONDS = 0.4  # a cell that took longer is not run again: it would cost the build minutes
_MEASURES = re.compile(r"\b(?:time|timeit|perf_counter|seconds|Trainer|measured?|clock|repeat)\b|\bid\(")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MIME = "application/json"

SOURCE = """
def _run_again(sources):
    import contextlib, io, json, os, select, signal, sys

    shell, torch = get_ipython(), sys.modules.get("torch")

    def run(source):
        said = io.StringIO()
        if torch is not None:
            torch.set_num_threads(1)  # a fork has no pool of threads
        shell.display_pub.publish = lambda *_, **__: None
        shell._showtraceback = shell.showtraceback = lambda *_, **__: None
        plain = shell.display_formatter.format
        sys.displayhook = lambda value: value is not None and print(plain(value)[0].get("text/plain", ""), file=said)
        type(shell.displayhook).__call__ = lambda _, value=None: sys.displayhook(value)
        signal.alarm(60)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return {"said": said.getvalue()[:100_000], "error": error and f"{type(error).__name__}: {error}"[:500]}

    found = {}
    for name, source in sources.items():
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                content = json.dumps(run(source)).encode()
                while content:
                    content = content[os.write(writing, content):]
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            content = answer.read()
        os.waitpid(pid, 0)
        found[name] = json.loads(content) if content else {"said": "", "error": "the process ended"}
    return found


display({"application/json": _run_again(SOURCES)}, raw=True)
"""


def source_for(notebook: NotebookNode, seconds: dict[str, float]) -> str:
    """What a kernel is to run after the page's last cell.

    Args:
        seconds: how long each cell took, by its id; those that are not there are not run again.
    """
    again = {
        cell["id"]: cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and seconds.get(cell["id"], MOST_SECONDS + 1) <= MOST_SECONDS
    }
    return SOURCE.replace("SOURCES", repr(again))


def differences(notebook: NotebookNode, outputs: list[NotebookNode]) -> list[str]:
    """A sentence for each cell that did not do again what it had done, from the outputs of `source_for`'s cell."""
    shown: dict[str, Any] = {}
    for output in outputs:
        if _MIME in output.get("data", {}):
            shown = output["data"][_MIME]
    if not shown:
        return [f"the page cannot be run again: {json.dumps(outputs)[:500]}"]
    found = []
    for cell in notebook.cells:
        again = shown.get(cell.get("id"))
        if again is None:
            continue
        if again["error"]:
            found.append(f"cell {cell['id']!r} fails when it is run again: {again['error']}")
        elif not _MEASURES.search(cell.source) and _plain(again["said"]) != _plain(_printed(cell)):
            first, second = _first_difference(_plain(_printed(cell)), _plain(again["said"]))
            found.append(f"cell {cell['id']!r} says {second!r} when it is run again; it said {first!r}")
    return found


def _printed(cell: NotebookNode) -> str:
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stdout":
            texts.append(output.text)
        elif output.output_type == "execute_result":
            texts.append(output.data.get("text/plain", "") + "\n")
    return "".join(texts)


def _plain(text: str) -> str:
    return _ADDRESS.sub("0x", _COLOUR.sub("", text)).strip()


def _first_difference(first: str, second: str) -> tuple[str, str]:
    before, after = first.splitlines() or [""], second.splitlines() or [""]
    for one, other in zip(before, after, strict=False):
        if one != other:
            return one[:120], other[:120]
    return f"{len(before)} lines", f"{len(after)} lines"
