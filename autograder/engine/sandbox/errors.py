"""What can go wrong with the sandbox itself. A submission's own trouble is never an exception."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox broke down; the message is one sentence."""


class SandboxUnavailable(SandboxError):  # noqa: N818  (a state of this system, not a mistake)
    """This system cannot wall student code in; the message says why and what would help."""
