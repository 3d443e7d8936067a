"""A real browser for tests: in, a page on disk; out, what a reader meets there, what it asked of the network, and what axe-core finds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


def chromium() -> str:
    """Return the browser's path, or skip saying that it is not there."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium); pages are not checked in a real browser")
    return found


@contextmanager
def open_page(path: Path, width: int = 1200) -> Iterator[Page]:
    """Open ``path`` in a new browser; ``page.requests`` lists every address asked for, ``page.faults`` every error of its script."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="nl-NL")
        page = context.new_page()
        page.requests, page.faults = [], []  # type: ignore[attr-defined]
        context.on("request", lambda request: page.requests.append(request.url))  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
        page.goto(path.as_uri())
        try:
            yield page
        finally:
            browser.close()


def violations(page: Page) -> list[str]:
    """Return what breaks WCAG 2.1 A or AA on the page as it stands now, with the place."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(WCAG)}}).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
