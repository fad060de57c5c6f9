"""Stands for d2l where it is not installed; see `benchmarks/gpu.py`."""

__version__ = "1.0.3, written out"
