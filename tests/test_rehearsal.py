"""What the warm process does before the first submission: it works, and nobody sees that it was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from autograder.engine.inside import pages

_REHEARSED = """
import json, os, sys, warnings
from autograder.engine.inside import held, notebook, optimizers, pages, rehearsal, shell, system
its_shell = shell.make_shell()
notebook.load_answers()
import torch, matplotlib.pyplot
assert optimizers.without_compiler()
names, filters, count = set(its_shell.user_ns), list(warnings.filters), its_shell.execution_count
files = len(os.listdir("/proc/self/fd"))
went_well = rehearsal.rehearse(its_shell, held.run_test)
pages.fill_pools()
pages.gather_pages()
pages.gather_code()
went_well = rehearsal.rehearse(its_shell, held.run_test) and went_well  # every address holds what it held
print(json.dumps({
    "went well": went_well,
    "threads": system.count_threads(),
    "names left": sorted(set(its_shell.user_ns) ^ names),
    "filters": warnings.filters == filters,
    "count": its_shell.execution_count == count and not its_shell.user_ns["Out"],
    "open files": len(os.listdir("/proc/self/fd")) - files,
    "hooks": len(sys.modules["torch.optim.optimizer"]._global_optimizer_post_hooks),
    "settings": [str(torch.get_default_dtype()), torch.is_grad_enabled(), torch._C._len_torch_function_stack()],
    "compiler": "torch._dynamo" in sys.modules,
}))
"""


@pytest.mark.slow("starts a Python with torch")
def test_it_goes_well_and_leaves_nothing_that_a_submission_could_see() -> None:
    """Neither names, outputs, figures, hooks, settings nor threads."""
    bound = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run([sys.executable, "-c", _REHEARSED], env=bound, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "went well": True,
        "threads": 1,
        "names left": [],
        "filters": True,
        "count": True,
        "open files": 0,
        "hooks": 0,
        "settings": ["torch.float32", True, 0],
        "compiler": False,
    }


def test_what_it_takes_of_the_pools_is_little_and_as_large_as_it_says() -> None:
    """The sizes are those of Python's allocator: otherwise it would look for a whole pool until the memory is full."""
    sizes = {size: sys.getsizeof(pages._small_object(size)) for size in range(16, 513, 16)}
    assert all(size - 16 < real <= size for size, real in sizes.items()), sizes
    pages.fill_pools()
    assert sum(map(sys.getsizeof, pages._taken)) < 64 << 20
