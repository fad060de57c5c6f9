"""A reader: a page in a headless browser whose network ends at the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, Route

DESK, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}


@dataclass
class Reader:
    """A page in a browser whose network ends at the site, with all that went wrong on the way."""

    page: Page
    address: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="load")

    def stay(self, path: str) -> None:
        """Open a page, unless it is the one that is open."""
        if self.page.url != self.address + path:
            self.open(path)

    def fetch(self, route: Route) -> None:
        if route.request.url.startswith(self.address):
            route.continue_()
        else:
            self.troubles.append(f"asked for {route.request.url}")
            route.abort()


def reader_with(browser: Browser, address: str, size: dict[str, int], scheme: str, **more: object) -> Iterator[Reader]:
    """A reader with a screen of that size who prefers that colour scheme; `more` goes to the browser's context."""
    context = browser.new_context(viewport=size, color_scheme=scheme, **more)  # type: ignore[arg-type]
    reader = Reader(context.new_page(), address)
    context.route("**/*", reader.fetch)
    page, troubles = reader.page, reader.troubles
    page.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("response", lambda response: troubles.append(response.url) if response.status >= 400 else None)
    yield reader
    context.close()
