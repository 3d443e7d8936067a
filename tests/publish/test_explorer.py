"""The explorer as text: what it says of each number, and what it must never hold. The numbers are those of ``explorer_page``."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from explorer_page import DUMBBELL, data_of, explorer, figure, renamed, rows_of
from midterm.description import Evaluation, Language
from midterm.publish.charts.registry import figures_of
from midterm.publish.disclosure import publishable
from midterm.publish.explorer.content import kind_of
from midterm.publish.explorer.page import write_explorer
from midterm.tables import Store, empty


def level(page: str, language: str, unit: str, wave: str = "2025", indicator: str = "cooperation") -> dict[str, Any]:
    return dict(data_of(page)["pages"][language]["numbers"][indicator]["levels"][unit][wave])


def test_numbers_come_formatted_in_both_languages(tiny: Evaluation) -> None:
    page = explorer(tiny)
    dutch, english = (level(page, language, "noord") for language in ("nl", "en"))
    assert (dutch["value"], dutch["interval"], dutch["persons"]) == ("3,21", "2,87 tot 3,55", "n = 20")
    assert (english["value"], english["interval"], english["persons"]) == ("3.21", "2.87 to 3.55", "n = 20")
    assert dutch["who"] == "20 personen uit 3 organisaties."
    assert "2,87 en 3,55 (95%-interval)" in dutch["range"]
    assert "weinig organisaties" in dutch["remarks"]
    assert dutch["size"] == tiny.labels["nl"].tier_t1
    assert level(page, "nl", "all")["who"] == "41 personen uit 5 organisaties. Iedere persoon telt hier één keer."
    assert level(page, "nl", "noord", indicator="incident_share")["value"] == "25%"


def test_a_change_is_told_in_the_words_of_the_report(tiny: Evaluation) -> None:
    change = data_of(explorer(tiny))["pages"]["nl"]["numbers"]["cooperation"]["changes"]["noord"]
    assert (change["value"], change["interval"], change["verdict"]) == ("+0,17", "−0,31 tot +0,65", "onbeslist")
    assert change["sentence"].startswith("Samenwerking: +0,17 punten van 2023 naar 2025 (95%-interval −0,31 tot +0,65; n = 18 en 20). Oordeel: onbeslist.")


def test_what_rests_on_too_few_persons_is_nowhere_in_the_page(tiny: Evaluation) -> None:
    rows = rows_of()
    secret = {"estimate": 4.56789, "std_error": 0.78912, "ci_low": 4.34567, "ci_high": 4.91234, "n": 7, "n_organisations": 9}
    rows["indicators"][0] |= secret
    rows["change"][0] |= {"estimate": 1.52789, "ci_low": 1.34111, "ci_high": 1.71999, "n_to": 7, "minimal_detectable": 1.61616, "p_value": 0.12421}
    page = explorer(tiny, rows)
    shown = level(page, "nl", "noord")
    assert shown == {
        "absent": "te weinig personen",
        "sentence": "Samenwerking: te weinig personen.",
        "why": "Er zijn te weinig personen: van minder dan 10 personen wordt geen uitkomst getoond.",
    }
    assert set(data_of(page)["pages"]["nl"]["numbers"]["cooperation"]["changes"]["noord"]) == {"absent", "sentence"}
    for hidden in ("4,57", "4.57", "4,35", "4,91", "0,79", "1,53", "1.53", "1,34", "1,72", "1,62", "0,12", "n = 7", "9 organisaties"):
        assert hidden not in page
    assert "4.56" not in page
    assert "1.52" not in page


def test_a_suppressed_target_of_the_survey_says_why(tiny: Evaluation) -> None:
    rows = rows_of()
    small = {"indicator_id": "cooperation", "baseline": 3.1616, "actual": 3.7373, "attainment": 0.5858, "flag": "from_survey; persons: 9"}
    rows["attainment"].append({**rows["attainment"][0], **small, "target": 4.0})
    page = explorer(tiny, rows)
    told = data_of(page)["pages"]["nl"]["targets"]["noord"]["rows"]
    assert told[0] == ["P1", "Bijeenkomsten", "0", "50", "20", "40%", "60%", "niet op schema"]
    assert told[1][2:] == ["–", "4", "–", "–", "–", "te weinig personen"]
    assert "3,74" not in page
    assert "59%" not in page


def test_an_alliance_without_data_is_there_and_says_so(tiny: Evaluation) -> None:
    page = explorer(tiny)
    assert level(page, "nl", "zuid") == {
        "absent": "geen gegevens",
        "sentence": "Samenwerking: geen gegevens.",
        "why": "Hierover zijn geen gegevens.",
    }
    assert data_of(page)["pages"]["en"]["targets"]["zuid"] == {"absent": "Alliantie Zuid: no targets are known."}


def test_the_page_stands_over_empty_tables_and_without_figures(tiny: Evaluation) -> None:
    page = explorer(tiny, {name: [] for name in rows_of()}, {})
    assert {said["absent"] for unit in data_of(page)["pages"]["nl"]["numbers"]["goal"]["levels"].values() for said in unit.values()} == {"geen gegevens"}
    assert data_of(page)["figures"] == {}


@pytest.mark.parametrize("name", ["</script><b>Alliantie</b>", '"><img src=x onerror=alert(1)>', "=HYPERLINK('x')", "*A* $x^2$ ${hash}", "a\u2028b & c"])
def test_a_name_stays_a_name(tiny: Evaluation, name: str) -> None:
    page = explorer(renamed(tiny, name))
    assert data_of(page)["pages"]["nl"]["units"][1]["name"] == name
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert "<b>" not in page


def test_a_title_with_markup_stays_a_title(tiny: Evaluation) -> None:
    title = tiny.file.title.model_copy(update={"nl": "<i>Titel</i> & $style"})
    page = explorer(dataclasses.replace(tiny, file=tiny.file.model_copy(update={"title": title})))
    assert "&lt;i&gt;Titel&lt;/i&gt; &amp; $style" in page
    assert "<i>" not in page


def test_only_its_own_script_may_run_and_nothing_is_fetched(tiny: Evaluation) -> None:
    page = explorer(tiny)
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in page
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)=["']?https?:|@import|url\(""", page)
    assert "innerHTML" not in script


def unpacked(text: str) -> str:
    return zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS).decode()


def test_figures_are_packed_with_their_captions_and_each_letter_once(tiny: Evaluation) -> None:
    data = data_of(explorer(tiny))
    packed = data["figures"][f"{DUMBBELL}.en"]
    assert json.loads(unpacked(data["shapes"])) == ["M 0 0 L 9 9"]
    assert unpacked(packed["svg"]).replace('d="@0"', 'd="M 0 0 L 9 9"') == figure(tiny, "en").svg
    assert packed["caption"] == "Bijschrift en"


def test_kinds_of_figures_are_told_apart(tiny: Evaluation) -> None:
    kinds = {spec.name: kind_of(spec, tiny.indicators) for spec in figures_of(tiny)}
    assert kinds["forest_cooperation"] == ("forest", "indicator")
    assert kinds["waves"] == ("waves", "both")
    assert kinds["response"] == ("response", "all")
    offered = [(kind["id"], kind["of"]) for kind in data_of(explorer(tiny))["pages"]["nl"]["figures"]]
    assert len(offered) == len(set(offered))


def test_marks_stand_on_it_whatever_runs(tiny: Evaluation) -> None:
    assert '<p class="mark" data-text="mark">Synthetisch / synthetic</p>' in explorer(tiny)
    assert '<p class="mark" data-text="mark"></p>' in explorer(tiny, is_synthetic=False)
    internal = tiny.file.publication.model_copy(update={"audience": "internal"})
    page = explorer(dataclasses.replace(tiny, file=tiny.file.model_copy(update={"publication": internal})))
    assert '<p class="mark" data-text="mark">Synthetisch / synthetic · Intern, niet voor publicatie</p>' in page


def test_it_speaks_both_languages_and_starts_in_the_evaluation_s_first(tiny: Evaluation) -> None:
    english = dataclasses.replace(tiny, file=tiny.file.model_copy(update={"languages": ("en",)}))
    data = data_of(explorer(english))
    assert list(data["pages"]) == ["en", "nl"]
    assert data["first"]["language"] == "en"
    assert '<html lang="en-GB">' in explorer(english)


def test_the_same_bytes_each_time(tiny: Evaluation, tmp_path: Path) -> None:
    assert explorer(tiny) == explorer(tiny)
    tables = publishable({name: empty(name) for name in rows_of()}, tiny)
    written = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        name = write_explorer(Store(folder), tiny, tables)
        written.append((folder / name).read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_kind_of_figure_has_a_name_to_choose_it_by(tiny: Evaluation, language: Language) -> None:
    named = tiny.labels[language].explorer.figures
    assert {kind_of(spec, tiny.indicators)[0] for spec in figures_of(tiny)} <= set(named)
