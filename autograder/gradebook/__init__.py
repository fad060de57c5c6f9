"""nbgrader's database and its options: marks, readings by hand, late days, and what an older one needs.

`import nbgrader` begins with everything that its commands and its pages in JupyterLab need: a web server, a client for
exchanges, each of its programs. That takes longer than grading ten submissions, which need its database and a few of
its functions. So here its package stands for itself without having been run: its modules are imported as ever, and the
package runs when somebody asks it for a name of its own.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from typing import Any


def _put_off_nbgrader() -> None:
    if "nbgrader" in sys.modules or (spec := find_spec("nbgrader")) is None:
        return
    package = module_from_spec(spec)

    def later(name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module 'nbgrader' has no attribute {name!r}")
        if find_spec(f"nbgrader.{name}") is not None:
            return importlib.import_module(f"nbgrader.{name}")
        if vars(package).pop("__getattr__", None) is not None:
            assert spec.loader is not None
            spec.loader.exec_module(package)
        return getattr(package, name)

    vars(package)["__getattr__"] = later
    sys.modules["nbgrader"] = package


_put_off_nbgrader()
