"""What several test files share: the built site, a server for it, and a headless browser; and what is a unit test."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import costs
import lasting_sandboxes
import made_once
import pytest
from playwright.sync_api import Browser, Error, sync_playwright
from postgresql_server import Server, running
from reader import DESK, PHONE, Reader, reader_with

# A shell that runs the tests in the background has interrupts ignored, and what the tests start would inherit that.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


costs.listen()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--unit", action="store_true", help="only the tests that start no program: see tests/costs.py")
    parser.addoption("--costs", metavar="TABLE", help="add what each test costs to this table")


def pytest_configure(config: pytest.Config) -> None:
    if table := config.getoption("--costs"):
        config.pluginmanager.register(costs.Recorder(Path(table).resolve()))
    if not config.getoption("--unit"):
        made_once.share(config)
        from autograder.bounded.process import import_before
        from autograder.grading.marker_maker import FOR_MARKERS

        import_before((*FOR_MARKERS, "autograder.feedback.pages"))  # whichever test starts the fork server


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--unit") and costs.is_slow_file(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    costs.mark_users_of_slow_fixtures(items)
    if config.getoption("--unit"):
        config.hook.pytest_deselected(items=[item for item in items if costs.is_slow(item)])
        items[:] = [item for item in items if not costs.is_slow(item)]
    costs.longest_first(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A test that is not marked as slow and starts a program fails, in every run: `make check` has no room for it."""
    result = yield
    started = costs.programs_started()
    if started and not costs.is_slow(item):
        pytest.fail(f"a unit test starts no program; mark it pytest.mark.slow(what it takes). It started: {started}")
    return result


@pytest.fixture(scope="module", name="lasting_sandboxes")
def _lasting_sandboxes() -> Iterator[None]:
    """All grading runs of a file that are made in this process use the same warm process."""
    yield from lasting_sandboxes.kept()


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the real site, built if it is not up to date; several test processes may ask at once."""
    command = [sys.executable, str(ROOT / "tools" / "build_book.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"the site cannot be built:\n{run.stdout}\n{run.stderr}"
    return ROOT / "_build" / "html"


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves a page hangs up on what it was still fetching: nothing to tell."""


@pytest.fixture(scope="session")
def site_address(site: Path) -> Iterator[str]:
    """Where the site is served, `http://127.0.0.1:…/`."""
    handler = functools.partial(_QuietHandler, directory=str(site))
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server for a file of tests."""
    with running() as server:
        yield server


def _no_browser(reason: str) -> None:
    """Skip where a person may lack a browser; where tests run unattended nobody would notice, so fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, the system's own."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        _no_browser("no Chromium on this machine (Debian: apt install chromium fonts-dejavu-core)")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"] if is_root else [])
        except Error as error:
            pytest.fail(f"{executable} does not start: {error}")
        yield chromium
        chromium.close()


# A reader for each file that asks: whoever changes a page leaves it as it was, or opens it anew.
@pytest.fixture(scope="module")
def desk(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, DESK, "light")


@pytest.fixture(scope="module")
def phone(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, PHONE, "light")


@pytest.fixture(scope="module")
def night(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, DESK, "dark")


@pytest.fixture(scope="module")
def scriptless(browser: Browser, site_address: str) -> Iterator[Reader]:
    yield from reader_with(browser, site_address, DESK, "light", java_script_enabled=False)
