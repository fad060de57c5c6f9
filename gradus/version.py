"""The version of the course and of its two packages, in one place."""

__version__ = "0.1.0"
