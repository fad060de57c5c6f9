"""What a reader waits for: Lighthouse on the first page, the heaviest chapter and a problem set of the built site.

    make book && python benchmarks/lighthouse.py     # takes Chromium, and npm, which fetches Lighthouse

The site is served packed, as hosts do. Each page is opened as on a desk and as on a middling telephone with a slow
connection, which is what Lighthouse simulates, three times; kept are the medians of its four marks (0 to 100) and of
the times that the mark for speed is made of. A machine that has other work to do is a slower telephone: run it alone.
Results go to `benchmarks/results/lighthouse.json`.
"""

from __future__ import annotations

import gzip
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from history import keep  # noqa: E402

SITE = ROOT / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"
PROBLEM_SET = "exercises/ps6/ps6.html"
TIMES = 3
MARKS = ("performance", "accessibility", "best-practices", "seo")
AUDITS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
PACKED = {".html", ".css", ".js", ".svg", ".json", ".txt"}


class Packed(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, text packed with gzip and kept by the browser for an hour."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=3600")
        if path.suffix in PACKED:
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves a page hangs up on what it was still fetching: nothing to tell."""


def heaviest_chapter() -> str:
    """The chapter whose page has the most bytes."""
    page = max(SITE.glob("book/*/*.html"), key=lambda path: path.stat().st_size)
    return page.relative_to(SITE).as_posix()


def looked_at(address: str, desk: bool, folder: Path) -> dict[str, float]:
    """The marks of a page, 0 to 100, and its times in milliseconds (a shift of the layout has no unit)."""
    report = folder / "report.json"
    command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}"]
    command += ["--chrome-flags=--headless=new --no-sandbox", *(["--preset=desktop"] if desk else [])]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=180)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    marks = {mark: round(100 * found["categories"][mark]["score"]) for mark in MARKS}
    return marks | {audit: round(found["audits"][audit]["numericValue"], 3) for audit in AUDITS}


def main() -> int:
    if not (SITE / "index.html").is_file() or shutil.which("npx") is None:
        print("It takes the built site (make book) and npm.", file=sys.stderr)
        return 1
    browsers = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    os.environ.setdefault("CHROME_PATH", next(browsers, ""))
    results: dict[str, dict[str, float]] = {}
    with Server(("127.0.0.1", 0), partial(Packed, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory(prefix="gradus-lighthouse-") as scratch:
            for page in ("index.html", heaviest_chapter(), PROBLEM_SET):
                for desk in (True, False):
                    address = f"http://127.0.0.1:{server.server_port}/{page}"
                    runs = [looked_at(address, desk, Path(scratch)) for _ in range(TIMES)]
                    name = f"{page} {'desk' if desk else 'telephone'}"
                    results[name] = {what: statistics.median(run[what] for run in runs) for what in runs[0]}
                    print(name, *(f"{mark} {results[name][mark]:.0f}" for mark in MARKS), sep="  ", flush=True)
        server.shutdown()
    keep(
        "lighthouse", {"lighthouse": LIGHTHOUSE, "times": TIMES, "load": round(os.getloadavg()[2], 1), "pages": results}
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
