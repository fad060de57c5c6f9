"""Serves the page to one person: on this machine, to a browser that knows its address, and to no other page."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from autograder.gradebook.by_hand import Given, RefusedError
from autograder.marking_page.answers import Answers, as_dict
from gradus.errors import GradusError

_PAGE = Path(__file__).resolve().parent / "page"
_FILES = {
    "": ("mark.html", "text/html"), "mark.css": ("mark.css", "text/css"), "mark.js": ("mark.js", "text/javascript"),
}  # fmt: skip
_MOST_BYTES = 4_000_000  # of a request
_SECONDS = 30  # that a connection may be silent
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none at all, a browser does not say which page a mark comes from
    "X-Content-Type-Options": "nosniff",
}

Draw = Callable[[list[dict[str, Any]]], str]


class MarkingServer(ThreadingHTTPServer):
    """Serves the answers at `address`, which holds a secret. A context manager.

    Args:
        draw: makes HTML of cells.
        port: 0 for any that is free.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, answers: Answers, draw: Draw, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._answers, self._draw, self._one = answers, draw, threading.Lock()
        self.host = f"127.0.0.1:{self.server_port}"
        self.secret = secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self.secret}/"

    def listing(self) -> dict[str, Any]:
        """All that the page needs to begin, without the texts of answers."""
        with self._one:
            questions = {
                asked.name: {"most": asked.most, "guide": self._drawn(asked.guide), "prompt": self._drawn(asked.prompt)}
                for asked in self._answers.asked
            }
            answers = [{"key": key, **answer.as_dict()} for key, answer in self._answers.by_key.items()]
        return {"problem_set": self._answers.problem_set, "questions": questions, "answers": answers}

    def text(self, key: str) -> str | None:
        """An answer as HTML; None when there is no such key."""
        with self._one:
            answer = self._answers.by_key.get(key)
            return None if answer is None else self._draw(answer.cells)

    def give(self, sent: Any) -> dict[str, Any]:
        """Write what the page sent, and give what stands there then.

        Raises:
            GradusError: it cannot be written.
            ValueError: it is nothing that the page sends.
        """
        if not isinstance(sent, dict) or not sent:
            raise ValueError
        wanted = {str(key): (_given(change["expected"]), _given(change["given"])) for key, change in sent.items()}
        with self._one:
            return {key: as_dict(given) for key, given in self._answers.give(wanted).items()}

    def _drawn(self, text: str) -> str:
        return self._draw([{"cell_type": "markdown", "source": text, "metadata": {}}]) if text.strip() else ""


def _given(sent: Any) -> Given:
    points, comment, waits = sent["points"], sent["comment"], sent["waits"]
    number = isinstance(points, (int, float)) and not isinstance(points, bool)
    if not ((points is None or number) and isinstance(comment, str) and isinstance(waits, bool)):
        raise ValueError
    return Given(None if points is None else float(points), comment, waits)


class _Handler(BaseHTTPRequestHandler):
    server: MarkingServer
    timeout = _SECONDS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if (what := self._asked_for()) is None:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif what in _FILES:
            name, kind = _FILES[what]
            self._send((_PAGE / name).read_bytes(), f"{kind}; charset=utf-8")
        elif what == "answers":
            self._send_json(self.server.listing())
        elif what.startswith("answer/") and (text := self.server.text(what.removeprefix("answer/"))) is not None:
            self._send_json({"html": text})
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        own = f"http://{self.server.host}"
        if (
            self._asked_for() != "give"
            or self.headers.get("Origin") != own
            or self.headers.get_content_type() != "application/json"
        ):
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= _MOST_BYTES):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            self._send_json(self.server.give(json.loads(self.rfile.read(int(length)))))
        except RefusedError as error:
            self._send_json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except GradusError as error:  # the page tries again
            self._send_json({"error": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            self._refuse(HTTPStatus.BAD_REQUEST)

    def _asked_for(self) -> str | None:
        """The path behind the secret; None for who does not know it, or comes by way of another name or page."""
        _, given, what = [*self.path.partition("?")[0].split("/", 2), "", ""][:3]
        known = secrets.compare_digest(given.encode("utf-8", "replace"), self.server.secret.encode())
        from_elsewhere = self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        return what if known and self.headers.get_all("Host") == [self.server.host] and not from_elsewhere else None

    def _send_json(self, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(content).encode(), "application/json", status)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # what else it sent stays unread
        self._send(status.phrase.encode(), "text/plain; charset=utf-8", status)

    def _send(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        return "gradus"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is for people, and the address holds a secret."""
