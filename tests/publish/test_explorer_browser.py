"""The explorer in a real browser: without a network, by keyboard alone, in both languages, and as axe-core sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import open_page, violations
from explorer_page import explorer, renamed
from midterm.description import Evaluation

FOCUSED = "document.activeElement.id"


@pytest.fixture(scope="module")
def written(tiny: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    path.write_text(explorer(tiny), encoding="utf-8")
    return path


@pytest.fixture
def page(written: Path) -> Iterator[Page]:
    with open_page(written) as opened:
        yield opened
        assert opened.faults == []  # type: ignore[attr-defined]
        assert [address for address in opened.requests if not address.startswith("file:")] == []  # type: ignore[attr-defined]


def test_it_shows_number_figure_table_note_and_mark_at_once(page: Page) -> None:
    expect(page.locator("#chosen")).to_have_text("Samenwerking · Alle allianties · 2025")
    expect(page.locator("#headline")).to_contain_text("3,33 punten 95%-interval 3,12 tot 3,54 n = 41")
    expect(page.locator("#picture svg")).to_be_visible()
    assert page.locator("#picture #letter").get_attribute("d") == "M 0 0 L 9 9"
    expect(page.locator("#caption")).to_have_text("Bijschrift nl")
    expect(page.locator("#numbers tbody tr").first).to_contain_text("3,04 2,66 tot 3,42 n = 20")
    expect(page.locator("#note")).to_contain_text("41 personen uit 5 organisaties")
    expect(page.locator(".mark")).to_have_text("Synthetisch / synthetic")
    assert page.title() == "Samenwerking · Alle allianties · 2025 · Verkenner · Proefevaluatie"


def test_it_is_used_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "unit"
    page.keyboard.press("ArrowDown")
    expect(page.locator("#chosen")).to_have_text("Samenwerking · Alliantie Noord · 2025")
    expect(page.locator("#status")).to_have_text("Alliantie Noord. Samenwerking in 2025: 3,21 (95%-interval 2,87 tot 3,55; n = 20).")
    assert page.evaluate(FOCUSED) == "unit", "what has the focus keeps it"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#headline")).to_contain_text("3,04")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    expect(page.locator("#chosen")).to_have_text("Knelpunt een · Alliantie Noord · 2023")
    expect(page.locator("#headline")).to_have_text("geen gegevens ")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(page.locator("#headline")).to_have_text("no data ")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "figure"


def test_the_skip_link_leads_to_the_result_and_leaves_the_choice(page: Page) -> None:
    page.select_option("#unit", "noord")
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED) == "result"
    assert "unit=noord" in page.url


def test_what_an_alliance_wrote_keeps_its_language(page: Page) -> None:
    page.select_option("#unit", "noord")
    page.select_option("#language", "en")
    expect(page.get_by_role("rowheader", name="Bijeenkomsten")).to_have_attribute("lang", "nl")
    assert page.locator("th[lang]").count() == 1, "and nothing else is marked"


def test_the_language_changes_everything_that_is_said(page: Page) -> None:
    page.select_option("#language", "en")
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(page.locator("#headline")).to_contain_text("3.33 punten 95% interval 3.12 to 3.54 n = 41")
    expect(page.locator("#caption")).to_have_text("Bijschrift en")
    expect(page.locator("h1")).to_have_text("Trial evaluation")
    assert page.title() == "Samenwerking · All alliances · 2025 · Explorer · Trial evaluation"
    assert page.locator("#unit option").all_text_contents() == ["All alliances", "Alliantie Noord", "Alliantie Zuid"]


def test_a_choice_can_be_shared_and_undone(written: Path, page: Page) -> None:
    page.select_option("#unit", "zuid")
    page.select_option("#wave", "2023")
    expect(page.locator("#chosen")).to_have_text("Samenwerking · Alliantie Zuid · 2023")
    page.go_back()
    expect(page.locator("#chosen")).to_have_text("Samenwerking · Alliantie Zuid · 2025")
    expect(page.locator("#wave")).to_have_value("2025")
    page.goto(f"{written.as_uri()}#unit=noord&wave=2023&indicator=incident_share&language=en")
    expect(page.locator("#chosen")).to_have_text("Met incident · Alliantie Noord · 2023")
    page.goto(f"{written.as_uri()}#unit=<b>&wave=1999&language=__proto__&figure=__proto__&indicator=constructor")
    expect(page.locator("#chosen")).to_have_text("Samenwerking · Alle allianties · 2025")


def test_the_figure_points_out_what_is_chosen(page: Page) -> None:
    page.select_option("#unit", "noord")
    page.select_option("#wave", "2025")
    expect(page.locator("#caption")).to_have_text("Bijschrift nl")
    ring, frame = page.locator(".chosen-mark"), page.locator(".chosen-row")
    expect(ring).to_have_count(1)
    assert abs(float(ring.get_attribute("cx") or 0) - 160) < 1, "the mark of noord in 2025, as drawn"
    assert abs(float(ring.get_attribute("cy") or 0) - 11) < 1
    assert float(frame.get_attribute("y") or 0) < 6


def test_a_figure_that_is_not_there_is_said_plainly(page: Page) -> None:
    page.select_option("#unit", "zuid")
    page.select_option("#figure", "waves")
    expect(page.locator("#picture")).to_contain_text("Deze figuur is er niet voor deze keuze")
    expect(page.locator("#spoken")).to_be_hidden()
    page.select_option("#figure", "dumbbell")
    expect(page.locator("#picture svg")).to_be_visible()


@pytest.mark.parametrize("choice", ["", "#unit=noord&wave=2025&language=en", "#unit=zuid&figure=waves"])
@pytest.mark.parametrize("width", [1200, 320])
def test_no_violation_of_wcag(written: Path, choice: str, width: int) -> None:
    with open_page(written, width) as page:
        page.goto(f"{written.as_uri()}{choice}")
        page.locator("#picture > *").wait_for()
        page.locator("#skip").focus()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_name_with_markup_in_it_is_shown_as_it_is(tiny: Evaluation, tmp_path: Path) -> None:
    name = '</script><img src=x onerror="document.title=1"><b>Noord</b>'
    path = tmp_path / "explorer.html"
    path.write_text(explorer(renamed(tiny, name)), encoding="utf-8")
    with open_page(path) as page:
        page.select_option("#unit", "noord")
        expect(page.locator("#chosen")).to_have_text(f"Samenwerking · {name} · 2025")
        assert page.locator("img, b").count() == 0
        assert page.requests == [path.as_uri()]  # type: ignore[attr-defined]


def test_without_a_script_it_says_where_the_numbers_are(written: Path) -> None:
    with open_page(written) as page:
        browser = page.context.browser
        assert browser is not None
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(written.as_uri())
        assert "heeft JavaScript nodig" in plain.inner_text("body")
        assert "Synthetisch / synthetic" in plain.inner_text("body")


def test_a_very_long_name_fits_a_narrow_screen(tiny: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "explorer.html"
    path.write_text(
        explorer(renamed(tiny, "Alliantie voor Zelfbeschikkingsrechtenbevorderingsorganisaties en Gelijkwaardigheid in Stad en Ommeland")), encoding="utf-8"
    )
    with open_page(path, 320) as page:
        page.select_option("#unit", "noord")
        page.locator("#picture svg").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
