"""Frames: four bytes of length (big-endian), then as many bytes. Both sides of the wall speak them."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTH = struct.Struct(">I")
MAX_FRAME = (1 << 32) - 1


def send_frame(channel: socket.socket, content: bytes) -> None:
    """Send one frame.

    Raises:
        ValueError: over 4 GiB.
        OSError: the other side has gone.
    """
    if len(content) > MAX_FRAME:
        raise ValueError("a frame holds at most 4 GiB")
    if len(content) < 4096:
        channel.sendall(LENGTH.pack(len(content)) + content)
    else:
        channel.sendall(LENGTH.pack(len(content)))
        channel.sendall(content)


def send_message(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send a JSON object as one frame."""
    send_frame(channel, json.dumps(message).encode())


def receive_message(channel: socket.socket) -> dict[str, Any] | None:
    """The next message of the *trusted* side; None when it has closed the channel."""
    head = _receive_exactly(channel, LENGTH.size)
    if head is None:
        return None
    body = _receive_exactly(channel, LENGTH.unpack(head)[0])
    return None if body is None else json.loads(body)


def _receive_exactly(channel: socket.socket, size: int) -> bytes | None:
    content = b""
    while len(content) < size:
        part = channel.recv(size - len(content))
        if not part:
            return None
        content += part
    return content
