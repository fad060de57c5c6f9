"""Run the code cells of a chapter one after the other in this Python, without Jupyter.

    python benchmarks/plainly.py book/04-multilayer-perceptrons/03-multilayer-perceptrons.ipynb

Cells with magics (the set-up for Colab) are left out. The last line of the output is JSON: the cells that ran, those
that were left out, the seconds, and where and why the chapter ended early, if it did.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run(path: Path, most_cells: int | None = None) -> dict[str, Any]:
    """Run the first `most_cells` code cells of a notebook, all by default, in its own folder."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:most_cells]
    names: dict[str, Any] = {"__name__": "__main__"}
    outcome = {"cells": 0, "left out": 0, "seconds": 0.0, "problem": "", "kind": ""}
    os.chdir(path.parent)
    begun = time.perf_counter()
    for cell in cells:
        source = "".join(cell["source"])
        if any(line.lstrip().startswith(("%", "!")) for line in source.splitlines()):
            outcome["left out"] += 1
            continue
        try:
            exec(compile(source, f"<{cell['id']}>", "exec"), names)
        except Exception as error:
            said = next(iter(str(error).splitlines()), "")
            outcome |= {"problem": f"{cell['id']}: {type(error).__name__}: {said}"[:300], "kind": type(error).__name__}
            break
        outcome["cells"] += 1
    return outcome | {"seconds": round(time.perf_counter() - begun, 2)}


def main() -> int:
    os.environ |= {"MPLBACKEND": "Agg", "GRADUS_QUIET": "1"}
    most = int(sys.argv[2]) if len(sys.argv) > 2 else None
    outcome = run(Path(sys.argv[1]).resolve(), most)
    print(json.dumps(outcome))
    return 1 if outcome["problem"] else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
