"""Run the chapters as processors of other kinds would compute them: do their claims hold there?

    python tools/other_processors.py                   # all chapters, on each kind
    python tools/other_processors.py book/03-…/….ipynb

A processor with wider registers adds up a sum in another order, so that its last digits differ. A training that runs
for hundreds of steps makes another run of that, as another seed would. So what a chapter asserts has to hold with more
than the digits of the machine that it was written on. Every chapter is run without a cache, and nothing is kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

from book_pages import executed_pages
from execute_chapters import ROOT, outcomes, report

from gradus.cores import available_cores

CELL_SECONDS = 600
# What PyTorch, its MKL and oneDNN, and NumPy's OpenBLAS may use of the processor that is there.
KINDS = {
    "without AVX-512": {
        "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2",
    },
    "without AVX": {
        "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}  # fmt: skip


def main() -> int:
    chapters = [Path(name).resolve() for name in sys.argv[1:]] or executed_pages(ROOT)
    failures = 0
    for kind, environment in KINDS.items():
        print(f"{len(chapters)} chapters, {kind}:", flush=True)
        failed = []
        # torch's compiler keeps what it made for one kind, and would run it on another.
        with (
            tempfile.TemporaryDirectory() as compiled,
            mock.patch.dict(os.environ, environment | {"TORCHINDUCTOR_CACHE_DIR": compiled}),
        ):
            for outcome in outcomes(chapters, min(available_cores(), len(chapters)), CELL_SECONDS):
                mark = "FAILED " if outcome.problem else "       "
                print(f"{outcome.seconds:7.1f} s {mark}{outcome.chapter.relative_to(ROOT)}", flush=True)
                failed += [outcome] if outcome.problem else []
        if failed:
            report(failed, ROOT)
        failures += len(failed)
    print(f"{failures} chapter(s) claim what does not hold on another processor." if failures else "Every claim holds.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
