"""Pages in headless Chromium: what they ask for, what they complain of, who can use them.

Debian's package `chromium` is enough. Without a Chromium these tests are skipped, but where CI is
set they fail: a page that nobody opened is not tested.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: axe-core's own words for what keeps people out; lesser findings are printed only.
SERIOUS = {"serious", "critical"}


@dataclass
class Visit:
    """A page that stands open, with what it said and asked for since."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return axe-core's serious findings: rule, what it means, where."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']}: {fault['help']} at {node['target']} ({node.get('failureSummary')})"
            for fault in found
            if fault["impact"] in SERIOUS
            for node in fault["nodes"][:5]
        ]

    def assert_quiet(self) -> None:
        """Fail if the page wrote to the console, threw, or asked for anything but itself."""
        assert not self.complaints, self.complaints
        assert not self.requests, self.requests


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the whole run."""
    if CHROMIUM is None:
        reason = "no Chromium: install Debian's package chromium, or set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, path: Path, **context: Any) -> Iterator[Visit]:
    """Open the file at `path` as a reader would; `context` goes to `Browser.new_context`.

    For example `color_scheme="dark"`, `viewport={"width": 360, "height": 740}`,
    `java_script_enabled=False`. Motion is reduced: nothing still glides when it is measured.
    """
    room = browser.new_context(**({"reduced_motion": "reduce"} | context))
    page = room.new_page()
    seen = Visit(page)
    page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"thrown: {error}"))
    page.on("dialog", lambda dialog: (seen.complaints.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            None if request.is_navigation_request() else seen.requests.append(request.url)
        ),
    )
    try:
        page.goto(path.resolve().as_uri())
        yield seen
    finally:
        room.close()
