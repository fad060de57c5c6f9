"""Cells that are Python alone, run past the parts of IPython that look for what they do not hold.

Nine cells in ten are. Running one anew in each fork, IPython reads half a thousand pages to find that there is no
magic, no prompt that was pasted and no indentation to remove, and to validate what it writes down of the cell; each of
them is then copied for the fork. What runs the statements, shows the last value and prints a traceback is IPython's own
here, too, and so is whatever a notebook has changed about how its cells are read or run.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from IPython.core.history import HistoryManager
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

_ESCAPES = ("!", "?", "%", ",", ";", "/")  # the first character of a line that IPython rewrites
_ASSIGNS_COMMAND = re.compile(r"=[\s\\]*[!%]")
# Words and marks of what IPython, or Python's compiler, treats in its own way: prompts, shells, coroutines.
_NOT_PLAIN = re.compile(r">>>|In \[|\.\.\.:|get_ipython|await|async|__future__|^[ \t]+$", re.MULTILINE)


def may_be_more_than_python(lines: list[str]) -> bool:
    """Whether one of a cell's lines may be a magic, a command or a question for help."""
    text = "".join(lines)
    return (
        "?" in text
        or any(line.lstrip().startswith(_ESCAPES) for line in lines)
        or _ASSIGNS_COMMAND.search(text) is not None
    )


class Transformers(TransformerManager):
    """IPython's rewriting of magics, commands and help. It tokenises a cell to find them, which takes longer than to
    compile it; a cell without the characters that they begin or end with has none."""

    def __init__(self) -> None:
        super().__init__()
        self._own = [list(each) for each in self._in_use()]

    def do_one_token_transform(self, lines: list[str]) -> tuple[bool, list[str]]:
        if self.token_transformers == self._own[-1] and not may_be_more_than_python(lines):
            return False, lines
        return super().do_one_token_transform(lines)

    def changes(self, cell: str) -> bool:
        """Whether the cell may run otherwise than as it stands; then IPython has to read it."""
        lines = cell.splitlines(keepends=True)
        return (
            len(lines) < 2  # one line may be a macro, or call something without parentheses
            or cell[0].isspace()
            or _NOT_PLAIN.search(cell) is not None
            or may_be_more_than_python(lines)
            or self._in_use() != self._own
        )

    def _in_use(self) -> list[list[Any]]:
        return [self.cleanup_transforms, self.line_transforms, self.token_transformers]


class Inputs(HistoryManager):
    """What cells were run, without a database; `In`, `_i`, `_ii`, `_iii` and `_i1` in the notebook's names."""

    def store_plain(self, number: int, source: str) -> None:
        """As `store_inputs`, for a cell that IPython has not changed."""
        source = source.rstrip("\n")
        self.input_hist_parsed.append(source)
        self.input_hist_raw.append(source)
        kept = self._trait_values  # to set a trait is to validate it, and to tell those who watch it: nobody
        last = {"_i": kept.get("_i00", ""), "_ii": kept.get("_i", ""), "_iii": kept.get("_ii", "")}
        kept.update(last, _i00=source)
        last[f"_i{number}"] = source
        self.shell.user_ns.update(last)
        self.shell.user_ns_hidden.update(last)

    def forget(self) -> None:
        """As if no cell had been run."""
        del self.input_hist_parsed[1:], self.input_hist_raw[1:]
        self.exceptions.clear()
        self._trait_values.update(_i="", _ii="", _iii="", _i00="")


class PlainCells:
    """Runs cells in a shell: itself what is plain, and through IPython what is not."""

    def __init__(self, shell: InteractiveShell, inputs: Inputs) -> None:
        self._shell = shell
        self._traps = shell.builtin_trap, shell.display_trap
        self._hook, self._inputs, self._compile = shell.displayhook, inputs, shell.compile

    def run(self, cell: str) -> ExecutionResult | None:
        """Run a cell, and keep it in the history. None when it is not plain: nothing has been done then."""
        shell = self._shell
        if self._is_read_otherwise(cell):
            return None
        source = cell if cell.endswith("\n") else cell + "\n"
        count: int = shell.execution_count
        builtin_trap, display_trap = self._traps
        with builtin_trap, display_trap:
            try:
                name = self._compile.cache(source, count, raw_code=cell)
                tree = self._compile.ast_parse(source, filename=name)
                assert isinstance(tree, ast.Module)
            except Exception:  # IPython says what is wrong with it
                return None
            info = ExecutionInfo(cell, True, False, True, None, None, transformed_cell=source)
            result = ExecutionResult(info)
            result.execution_count = count
            shell.execution_count = count + 1
            try:
                shell.events.trigger("pre_execute")
                shell.events.trigger("pre_run_cell", info)
                self._inputs.store_plain(count, cell)
                shell.logger.log(source, cell)
                self._hook.exec_result = result
                steps = shell.run_ast_nodes(
                    tree.body, name, interactivity=shell.ast_node_interactivity, compiler=self._compile, result=result
                )
                shell.last_execution_succeeded = not _end_of(steps)
                shell.last_execution_result = result
                self._hook.exec_result = None
            except BaseException as error:  # an interrupt between two statements
                result.error_in_exec = error
                shell.showtraceback(running_compiled_code=True)
        if result.error_in_exec is not None:
            self._inputs.exceptions[count] = {}
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
        return result

    def _is_read_otherwise(self, cell: str) -> bool:
        shell = self._shell
        manager = shell.input_transformer_manager
        return (
            not isinstance(manager, Transformers)
            or manager.changes(cell)
            or bool(shell.input_transformers_post or shell.ast_transformers)
        )


def _end_of(steps: Any) -> Any:
    """What a coroutine that waits for nothing returns."""
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a cell without `await` waits for something")
