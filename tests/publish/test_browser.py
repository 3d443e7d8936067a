"""The report in a real browser: no request to any network, no violation of WCAG 2.1 AA, to be used by keyboard and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import open_page, violations

PAGES = ("report.nl.html", "report.en.html", "quality.nl.html")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_the_network_and_is_accessible(evaluated: Path, name: str) -> None:
    with open_page(evaluated / "reports" / name) as page:
        assert page.requests == [(evaluated / "reports" / name).as_uri()]
        assert violations(page) == []


def test_the_first_tab_leads_past_the_contents(evaluated: Path) -> None:
    with open_page(evaluated / "reports/report.nl.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Naar de inhoud"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#content"
        assert page.evaluate("document.querySelector(location.hash).tagName") == "MAIN"


def test_nothing_sticks_out_on_a_phone(evaluated: Path) -> None:
    with open_page(evaluated / "reports/report.nl.html", width=360) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("Math.min(...[...document.images].map(image => image.naturalWidth))") > 0


def test_what_is_no_violation_is_not_because_axe_sees_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<!DOCTYPE html><html><head><title>x</title></head><body><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></body></html>')
    with open_page(bad) as page:
        found = {finding.partition(":")[0] for finding in violations(page)}
    assert {"image-alt", "html-has-lang"} <= found
