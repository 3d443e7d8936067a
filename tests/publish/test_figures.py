"""The one figure writer and the house style: files, marks, bytes, numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from midterm.publish.figures import Chart, Words, write_figure
from midterm.publish.style import FONTS, Palette, format_number, format_percent, house_style, text_width, wrap

MARK = "Synthetisch / synthetic"


def chart(alt: str = "Eén lijn <stijgt> & daalt.") -> Chart:
    """A small chart in the house style."""
    with house_style():
        figure = Figure(figsize=(6.3, 2))
        axes = figure.add_axes((0.1, 0.3, 0.8, 0.6))
        axes.plot([0, 1], [0, 1], marker="o")
        axes.text(0.5, 0.5, "Samenwerking 3,85")
    return Chart(
        figure, pd.DataFrame({"wave": ["2023"], "estimate": [0.1]}), Words("Titel", "Ondertitel", "Bron: verzonnen; n = 2.", "Punt: één antwoord.", alt)
    )


def written(folder: Path, *, is_synthetic: bool = True) -> dict[str, bytes]:
    """Write the chart and return its files by ending."""
    write_figure(folder, "proef.nl", chart(), {"synthetic": MARK} if is_synthetic else {})
    return {path.name.removeprefix("proef.nl."): path.read_bytes() for path in (folder / "reports/figures").iterdir()}


def test_writes_four_files_and_says_everything_in_json(tmp_path: Path) -> None:
    files = written(tmp_path)
    assert set(files) == {"svg", "png", "csv", "json"}
    words = json.loads(files["json"])
    assert list(words) == ["name", "language", "title", "subtitle", "source", "note", "caption", "alt", "synthetic", "mark"]
    assert (words["name"], words["language"], words["title"]) == ("proef.nl", "nl", "Titel")
    assert files["csv"] == b"wave,estimate\n2023,0.1\n"


def test_same_chart_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_writing_twice_leaves_no_mark_in_the_chart(tmp_path: Path) -> None:
    drawn = chart()
    write_figure(tmp_path, "proef.nl", drawn, {"synthetic": MARK})
    assert not drawn.figure.texts


def test_the_readers_own_settings_change_nothing(tmp_path: Path) -> None:
    plain = written(tmp_path / "one")
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 20, "svg.fonttype": "none", "axes.facecolor": "red"}):
        assert written(tmp_path / "two") == plain


def test_svg_says_what_it_shows_and_needs_no_font(tmp_path: Path) -> None:
    svg = written(tmp_path)["svg"].decode()
    assert 'role="img"' in svg
    assert 'lang="nl"' in svg
    assert '<title id="proef-nl-title">Titel</title>' in svg
    assert "&lt;stijgt&gt; &amp; daalt. Synthetisch / synthetic.</desc>" in svg
    assert "<text" not in svg
    assert "font-family" not in svg
    assert "<dc:date>" not in svg
    assert not re.search(r"(href|src)=\"http", svg)


def test_synthetic_data_mark_the_figure_and_its_words(tmp_path: Path) -> None:
    marked, plain = written(tmp_path / "one"), written(tmp_path / "two", is_synthetic=False)
    assert f"<!-- {MARK} -->" in marked["svg"].decode()  # matplotlib notes beside its outlines which text they are
    words = json.loads(marked["json"])
    assert words["synthetic"] is True
    assert words["mark"] == MARK
    assert words["alt"].endswith(f"{MARK}.")
    assert words["caption"].endswith(f"{MARK}.")
    assert marked["png"] != plain["png"]
    assert all(MARK.encode() not in content for content in plain.values())
    assert json.loads(plain["json"])["synthetic"] is False


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [(1234.5, "nl", "1.234,50"), (1234.5, "en", "1,234.50"), (-0.25, "nl", "−0,25"), (-0.001, "nl", "0,00"), (float("nan"), "en", "–"), (None, "nl", "–")],
)
def test_numbers_read_as_in_their_language(value: float | None, language: str, expected: str) -> None:
    assert format_number(value, language) == expected  # type: ignore[arg-type]


def test_signs_and_percentages() -> None:
    assert format_number(0.3, "nl", 1, signed=True) == "+0,3"
    assert format_number(0.0, "nl", 1, signed=True) == "0,0"
    assert format_percent(0.456, "nl", 1) == "45,6%"


def test_wrapped_text_fits_and_keeps_the_end_of_a_name() -> None:
    name = "Alliantie voor Zelfbeschikkingsrechtenbevordering en Gelijkwaardigheid 27"
    with house_style():
        lines = wrap(name, 1.2, 8, lines=2).split("\n")
        assert len(lines) == 2
        assert lines[1].endswith("27")
        assert all(text_width(line, 8) <= 1.2 for line in lines)
        assert wrap("kort", 1.2, 8) == "kort"


def test_colours_and_fonts() -> None:
    assert Palette().likert(5) == Palette().diverging
    assert len(set(Palette().likert(7))) == 7
    assert {path.name for path in FONTS.iterdir()} >= {"LICENSE.md", "SourceSans3-Regular.ttf", "SourceSans3-Bold.ttf"}
