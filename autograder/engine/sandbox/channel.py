"""The trusted end of a channel into a submission. Whatever comes out of it was written by an enemy."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import sys
from collections import deque
from collections.abc import Iterable
from typing import Any

from autograder.engine.inside.messages import LENGTH

_CHUNK = 1 << 18
_SEND_SECONDS = 30.0  # at once, unless the other side is stopped or starved
_CREDENTIALS = struct.Struct("3i")
_SO_PASSCRED, _SCM_CREDENTIALS = 16, 2


class Channel:
    """A socket pair: frames come in without blocking, with their sender's process number as the kernel knows it.

    A frame longer than `limit` is read and thrown away; it counts in `dropped`.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dropped = 0
        self.closed = False
        self.sender: int | None = None  # of what was read last
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._buffer = bytearray()
        self._to_skip = 0
        self._frames: deque[bytes] = deque()
        self._knows_sender = sys.platform == "linux"
        if self._knows_sender:
            self._ours.setsockopt(socket.SOL_SOCKET, _SO_PASSCRED, 1)

    def fileno(self) -> int:
        return self._ours.fileno()

    def give(self) -> int:
        """The descriptor of the other end, to be sent inside."""
        return self._theirs.fileno()

    def given(self) -> None:
        """The other end has been sent: let go of it."""
        self._theirs.close()

    def send(self, message: dict[str, Any]) -> bool:
        """Send a message. False when the other side has gone or does not read."""
        content = json.dumps(message).encode()
        try:
            self._ours.settimeout(_SEND_SECONDS)
            self._ours.sendall(LENGTH.pack(len(content)) + content)
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                self._ours.setblocking(False)
        return True

    def read(self) -> int:
        """Take in what is there, one piece of it.

        Returns:
            Its bytes; 0 when there is nothing (more) to be had now.
        """
        try:
            content = self._receive()
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            content = b""
        if not content:
            self.closed = True
            return 0
        self._take(content)
        return len(content)

    def next(self) -> bytes | None:
        """The next whole frame that has been read."""
        return self._frames.popleft() if self._frames else None

    def forget(self) -> None:
        """Throw away everything that has come and not been asked for."""
        while self.read():
            pass
        self._frames.clear()
        self._buffer.clear()
        self._to_skip = 0

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()

    def _receive(self) -> bytes:
        if not self._knows_sender:
            return self._ours.recv(_CHUNK)
        content, ancillary, _, _ = self._ours.recvmsg(_CHUNK, socket.CMSG_SPACE(_CREDENTIALS.size))
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SCM_CREDENTIALS and len(data) >= _CREDENTIALS.size:
                self.sender = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0]
        return content

    def _take(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            if self._to_skip:
                skipped = min(self._to_skip, len(view))
                self._to_skip -= skipped
                view = view[skipped:]
                continue
            self._buffer += view[: self._missing()]
            view = view[min(len(view), self._wanted) :]
            if len(self._buffer) < LENGTH.size:
                continue
            length = LENGTH.unpack_from(self._buffer)[0]
            if length > self.limit:
                self.dropped += 1
                self._to_skip = length
                self._buffer.clear()
            elif len(self._buffer) == LENGTH.size + length:
                self._frames.append(bytes(self._buffer[LENGTH.size :]))
                self._buffer.clear()

    def _missing(self) -> int:
        """Bytes that the frame at hand still lacks: of its length first, then of its content."""
        have = len(self._buffer)
        if have < LENGTH.size:
            self._wanted = LENGTH.size - have
        else:
            self._wanted = LENGTH.size + LENGTH.unpack_from(self._buffer)[0] - have
        return self._wanted


class Pipe:
    """The trusted end of a standard stream."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.pipe()
        self._ended = False
        os.set_blocking(self._ours, False)

    def fileno(self) -> int:
        """The descriptor to wait on; -1 when nobody can write any more."""
        return -1 if self._ended else self._ours

    def give(self) -> int:
        return self._theirs

    def given(self) -> None:
        os.close(self._theirs)
        self._theirs = -1

    def read(self) -> bytes | None:
        """What is there; None when there is nothing now, b"" when nobody can write any more."""
        try:
            content = os.read(self._ours, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            content = b""
        self._ended = not content
        return content

    def close(self) -> None:
        os.close(self._ours)
        if self._theirs != -1:
            os.close(self._theirs)


def read_message(frame: bytes) -> dict[str, Any] | None:
    """A frame as a JSON object; None when it is none, however that comes about."""
    try:
        message = json.loads(frame, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def ready(ends: Iterable[Any], seconds: float) -> set[int]:
    """The descriptors among `ends` that are ready within so many seconds."""
    watch = select.poll()
    for end in ends:
        descriptor = end.fileno()
        if descriptor is not None and descriptor >= 0:
            watch.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in watch.poll(max(0.0, seconds) * 1000)}
