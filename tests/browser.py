"""A real browser for tests: in, a page's path; out, the page opened in Debian's Chromium without a network, what it asked for, what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}, "resultTypes": ["violations"]}


def chromium() -> str:
    """Return where Chromium is, or skip saying that it is not there."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there (Debian: apt-get install chromium); pages are not opened in a browser")
    return str(CHROMIUM)


@contextmanager
def open_page(path: Path, width: int = 1280) -> Iterator[Any]:
    """Give the page at ``path``, opened; its ``requests`` are the addresses that it asked for, itself left out."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": 900})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.resolve().as_uri())
            page.requests = [address for address in asked if address != path.resolve().as_uri() and not address.startswith("data:")]
            yield page
        finally:
            browser.close()


def violations(page: Any) -> list[str]:
    """Return what axe-core finds against WCAG 2.1 AA: rule, and where."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
