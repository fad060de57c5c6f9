"""A cell's outputs as nbformat keeps them, from what a hostile process sends, within a budget of bytes."""

from __future__ import annotations

import codecs
import math
from dataclasses import dataclass, field
from typing import Any

_OVERHEAD = 200  # bytes that an output costs besides its text: a million empty displays are not for free
_MIME_LENGTH = 200
_MESSAGES = 16  # times what may be shown: who waits for the answers, as ours does, sends little more than once that
_MOST_KINDS = 50  # in which one output is shown
_MOST_ENTRIES = 20  # of what metadata say of a kind: sizes, and words for who cannot see
_MOST_WORDS = 1_000  # characters of each


@dataclass
class Budget:
    """Bytes of output that a submission may still leave."""

    left: int
    cut: bool = False

    def __post_init__(self) -> None:
        self._messages = _MESSAGES * self.left + (1 << 22)

    def has_room_for_message(self, size: int) -> bool:
        """Whether a message of so many bytes may still come, whatever is kept of it: to read one takes time, too."""
        self._messages -= size
        return self._messages > 0

    @property
    def spent(self) -> bool:
        return self.left <= 0

    def take(self, size: int) -> bool:
        """Whether so many bytes are left; then they are taken. From the first refusal on, nothing is."""
        if size > self.left:
            self.left, self.cut = 0, True
            return False
        self.left -= size
        return True


@dataclass
class Recorder:
    """Collects the outputs of one cell."""

    budget: Budget
    shown: dict[str, list[dict[str, Any]]]  # outputs of all cells by their display id
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: decoder("replace") for name in ("stdout", "stderr")}
        self._clear_next = False
        self._said = False
        self._parts: list[str] = []  # of the last output's text, while it is a stream

    def printed(self, name: str, content: bytes) -> None:
        """Bytes of a standard stream."""
        if self.budget.spent:
            self._cut()
            return
        kept = content[: self.budget.left]
        self.budget.take(len(kept))
        self._stream(name, self._decoders[name].decode(kept))
        if len(kept) < len(content):
            self.budget.take(len(content))
            self._cut()

    def took(self, message: dict[str, Any], size: int) -> bool:
        """Record a message of the control channel; False when it is none of those that leave an output."""
        match message.get("kind"):
            case "display":
                self._display(message, size)
            case "result":
                data, metadata = _bundle(message)
                count = message.get("count")
                count = (
                    count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 1 << 31 else None
                )
                result = {"output_type": "execute_result", "data": data, "metadata": metadata}
                self._add({**result, "execution_count": count}, size)
            case "error":
                self._error(message, size)
            case "clear":
                self._clear_next = bool(message.get("wait"))
                if not self._clear_next:
                    self._clear()
            case _:
                return False
        return True

    def too_much(self) -> None:
        """Something was shown that is larger than the whole budget."""
        self.budget.take(self.budget.left + 1)
        self._cut()

    def failed(self, name: str, why: str) -> None:
        """An error that the trusted side states itself."""
        self._append({"output_type": "error", "ename": name, "evalue": why, "traceback": [f"{name}: {why}"]})

    def finished(self) -> list[dict[str, Any]]:
        """The outputs, once nothing more can come."""
        for name, decoder in self._decoders.items():
            rest = decoder.decode(b"", final=True)
            if rest:
                self._stream(name, rest)
        self._join()
        return self.outputs

    def _display(self, message: dict[str, Any], size: int) -> None:
        data, metadata = _bundle(message)
        name = message.get("display_id")
        name = name if isinstance(name, str) and len(name) < _MIME_LENGTH else None
        if message.get("update"):
            self._update(self.shown.get(name or "", []), data, metadata, size)
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if self._add(output, size) and name is not None:
            self.shown.setdefault(name, []).append(output)

    def _update(self, outputs: list[dict[str, Any]], data: dict[str, Any], metadata: dict[str, Any], size: int) -> None:
        """Each display that is updated gets a copy, and each copy is paid for."""
        if not outputs:
            return
        if not self.budget.take(size * len(outputs)):
            self._cut()
            return
        for output in outputs:
            output["data"], output["metadata"] = data, metadata

    def _error(self, message: dict[str, Any], size: int) -> None:
        lines = message.get("traceback")
        lines = [line for line in map(_clean, lines) if line] if isinstance(lines, list) else []
        name, value = _clean(message.get("ename")), _clean(message.get("evalue"))
        error = {"output_type": "error", "ename": name, "evalue": value, "traceback": lines}
        if not self._add(error, size):  # that there was an error is said in any case
            self._append({**error, "ename": name[:100], "evalue": value[:500], "traceback": []})

    def _add(self, output: dict[str, Any], size: int) -> bool:
        if not self.budget.take(size + _OVERHEAD):
            self._cut()
            return False
        self._append(output)
        return True

    def _append(self, output: dict[str, Any]) -> None:
        if self._clear_next:
            self._clear()
        self._join()
        self.outputs.append(output)

    def _stream(self, name: str, text: str) -> None:
        if not text:
            return
        if self._clear_next:
            self._clear()
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") != "stream" or last.get("name") != name:
            self._join()
            if not self.budget.take(_OVERHEAD):
                self._cut()
                return
            self.outputs.append({"output_type": "stream", "name": name, "text": ""})
        self._parts.append(text)

    def _join(self) -> None:
        if self._parts:
            self.outputs[-1]["text"] += "".join(self._parts)
            self._parts = []

    def _clear(self) -> None:
        self._parts = []
        self.outputs.clear()
        self._clear_next = False

    def _cut(self) -> None:
        if not self._said:
            self._said = True
            note = "\n[The rest of the output was cut: the notebook printed or displayed too much.]\n"
            self._join()
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": note})


def _bundle(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is shown, by kind, as text; of what is none, such as the JSON of a widget, only the kind."""
    data, metadata = message.get("data"), message.get("metadata")
    clean: dict[str, Any] = {}
    for mime, content in (data if isinstance(data, dict) else {}).items():
        if len(clean) >= _MOST_KINDS:
            break
        name = _clean(mime)
        if len(name) > _MIME_LENGTH or content is None:
            continue
        if isinstance(content, list) and all(isinstance(line, str) for line in content):
            content = "".join(content)  # as notebooks may keep text
        clean[name] = _clean(content) if isinstance(content, (str, int, float)) else {}
    return clean, _about(metadata)


def _about(metadata: Any) -> dict[str, Any]:
    """What metadata say of each kind, or of all, in numbers and words: nothing in them is nested any deeper."""
    if not isinstance(metadata, dict):
        return {}
    known: dict[str, Any] = _plain(metadata)
    for kind, own in list(metadata.items())[:_MOST_KINDS]:
        if isinstance(own, dict) and len(kind) <= _MIME_LENGTH:
            known[_clean(kind)] = _plain(own)
    return known


def _plain(entries: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for name, value in list(entries.items())[:_MOST_ENTRIES]:
        if len(name) <= _MIME_LENGTH and _is_plain(value):
            plain[_clean(name)] = _clean(value)[:_MOST_WORDS] if isinstance(value, str) else value
    return plain


def _is_plain(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 1 << 53
    return value is None or isinstance(value, (str, bool)) or (type(value) is float and math.isfinite(value))


def _clean(value: object) -> str:
    """Text that can be written as UTF-8: half a surrogate pair cannot. What is nested is no text."""
    if isinstance(value, (list, dict)):
        return ""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text.encode("utf-8", "replace").decode("utf-8")
