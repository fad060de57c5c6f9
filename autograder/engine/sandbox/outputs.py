"""A cell's outputs as nbformat keeps them, from what a hostile process sends, within a budget of bytes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Any

_OVERHEAD = 200  # bytes that an output costs besides its text: a million empty displays are not for free
_MIME_LENGTH = 200


@dataclass
class Budget:
    """Bytes of output that a submission may still leave."""

    left: int
    cut: bool = False

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
            if name in self.shown and self.budget.take(size):
                for output in self.shown[name]:
                    output["data"], output["metadata"] = data, metadata
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if self._add(output, size) and name is not None:
            self.shown.setdefault(name, []).append(output)

    def _error(self, message: dict[str, Any], size: int) -> None:
        lines = message.get("traceback")
        lines = [_clean(line) for line in lines] if isinstance(lines, list) else []
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
    data, metadata = message.get("data"), message.get("metadata")
    clean: dict[str, Any] = {}
    for mime, content in (data if isinstance(data, dict) else {}).items():
        name = _clean(mime)
        if len(name) > _MIME_LENGTH or content is None:
            continue
        is_json = name == "application/json" or name.endswith("+json")
        clean[name] = _clean_json(content) if is_json else _clean(content)
    return clean, _clean_json(metadata) if isinstance(metadata, dict) else {}


def _clean(value: object) -> str:
    """Text that can be written as UTF-8: half a surrogate pair cannot."""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _clean_json(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_clean_json(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean_json(item) for name, item in value.items()}
    return value
