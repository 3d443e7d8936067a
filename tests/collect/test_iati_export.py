"""The export to IATI: valid by a grammar written from the standard's own schema, and read back but for what it says it loses."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from factory import draft
from midterm.clean.framework import clean_framework
from midterm.clean.ledger import Cleaned
from midterm.collect.iati import IatiPublisher, iati_activity, note_of_loss
from midterm.description import Evaluation
from midterm.errors import ConfigError
from midterm.read import SYNTHETIC_MARK
from midterm.read.iati import read_iati
from midterm.read.sources import framework_declared
from midterm.tables import shaped

GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).parent / "iati-2.03/activity.rng"))
FACTS: dict[str, Any] = {
    "reporter": "XX-EXAMPLE-123",
    "reporter_name": "Stichting Voorbeeld",
    "reporter_type": "22",
    "identifiers": {"noord": "XX-EXAMPLE-123-NOORD"},
    "organisations": {"anker": "XX-EXAMPLE-456"},
    "status": "2",
    "planned_start": "2023-01-01",
    "actual_start": "2023-02-01",
    "planned_end": "2027-12-31",
    "sector": "15170",
    "country": "NL",
}
COUNT: dict[str, Any] = {
    "level": "output",
    "indicator_id": "P1",
    "indicator": "Bijeenkomsten & meer",
    "unit": "number",
    "direction": "up",
    "baseline_year": 2022,
    "baseline_value": 0.0,
    "target_year": 2027,
    "target_value": 1.25,
    "reporting": "annual",
    "source": "administratie",
    "status": "under_way",
    "bottleneck": "none",
    "actuals": (8.0, None),
}
SHARE = {**COUNT, "level": "outcome", "indicator_id": "E1", "unit": "percent", "direction": "down", "reporting": "cumulative", "actuals": (38.0, 28.5)}
ACTIVITY = {**COUNT, "level": "activity", "indicator_id": "A1", "direction": None, "reporting": None, "target_year": 2023}
UNKNOWN = dict.fromkeys(COUNT) | {"indicator_id": "X 1", "actuals": (None, None)}
KEPT_AT_HOME = ("source", "status", "bottleneck")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    start = draft()
    start.evaluation["languages"] = ["nl", "en"]
    start.evaluation["alliances"][0]["goal"] = {"nl": "Meer vrouwen doen mee.", "en": "More women take part."}
    return start.load(tmp_path_factory.mktemp("evaluation"))


def framework(*indicators: dict[str, Any]) -> pd.DataFrame:
    """Return the table ``framework`` of noord over 2023 and 2025."""
    rows = [
        {**{name: value for name, value in indicator.items() if name != "actuals"}, "alliance": "noord", "year": year, "actual_value": actual}
        for indicator in indicators
        for year, actual in zip((2023, 2025), indicator["actuals"], strict=True)
    ]
    return shaped("framework", pd.DataFrame(rows))


def exported(evaluation: Evaluation, *indicators: dict[str, Any], **facts: Any) -> tuple[etree._Element, str]:
    """Return the activity, seen to be valid, and the note."""
    content, lost = iati_activity(evaluation, "noord", framework(*indicators), IatiPublisher(**FACTS | facts), is_synthetic=False)
    root = etree.fromstring(content)
    GRAMMAR.assertValid(root)
    assert not list(broken_rules(root))
    return root, note_of_loss("Noord", lost)


def read_back(evaluation: Evaluation, table: pd.DataFrame, *, is_synthetic: bool = False) -> Cleaned:
    content, _ = iati_activity(evaluation, "noord", table, IatiPublisher(**FACTS), is_synthetic=is_synthetic)
    GRAMMAR.assertValid(etree.fromstring(content))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.xml").write_bytes(content)
        raw = read_iati(Path(folder), "a.xml", framework_declared(evaluation))
    return clean_framework(evaluation, "noord", raw)


def as_the_note_says(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without what the note of loss names."""
    changed = table.copy()
    for column in KEPT_AT_HOME:
        changed[column] = pd.NA
    for what in ("baseline", "target"):
        columns = [f"{what}_year", f"{what}_value"]
        changed.loc[changed[columns].isna().any(axis=1), columns] = pd.NA
    changed["indicator"] = changed["indicator"].fillna(changed["indicator_id"])
    return shaped("framework", changed)


def broken_rules(root: etree._Element) -> Iterator[str]:
    """Give the rules of IATI's standard ruleset and guidance that concern an activity with results and do not hold."""
    for activity in root.iterfind("iati-activity"):
        if not activity.xpath("activity-date[@type='1' or @type='2']"):
            yield "an activity has a start date"
        if not activity.xpath("sector or transaction/sector"):
            yield "an activity has a sector"
        if not str(activity.findtext("iati-identifier")).startswith(activity.find("reporting-org").get("ref") + "-"):
            yield "the identifier begins with that of the reporter"
        if activity.xpath("participating-org[not(@ref) and not(narrative)]"):
            yield "a participant has an identifier or a name"
        for start, end in (("1", "3"), ("2", "4")):
            days = [activity.xpath(f"string(activity-date[@type='{kind}']/@iso-date)") for kind in (start, end)]
            if all(days) and days[0] > days[1]:
                yield "an activity ends after its start"
    for period in root.iter("period"):
        if period.find("period-start").get("iso-date") > period.find("period-end").get("iso-date"):
            yield "a period ends after its start"
    for indicator in root.iter("indicator"):
        vocabularies = [entry.get("vocabulary") for entry in indicator.iterfind("reference")]
        if len(vocabularies) != len(set(vocabularies)):
            yield "an indicator has one code of a vocabulary"
        if vocabularies and indicator.getparent().find("reference") is not None:
            yield "references stand at the result or at the indicator"
        for entry in indicator.iter("baseline", "target", "actual"):
            if (entry.get("value") is None) != (indicator.get("measure") == "5"):
                yield "measures 1 to 4 have values and 5 has none"
            if entry.get("value") is not None and not is_number(entry.get("value")):
                yield "a value is a number"


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def test_an_activity_says_what_the_standard_requires(evaluation: Evaluation) -> None:
    root, _ = exported(evaluation, COUNT)
    activity = root[0]
    assert [child.tag for child in activity] == [
        "iati-identifier",
        "reporting-org",
        "title",
        "description",
        *["participating-org"] * 3,
        "activity-status",
        *["activity-date"] * 3,
        "recipient-country",
        "sector",
        "result",
    ]
    assert activity.findtext("title/narrative") == "Alliantie Noord"
    assert [text.text for text in activity.iterfind("description/narrative")] == ["Meer vrouwen doen mee.", "More women take part."]
    partners = [(partner.get("ref"), partner.findtext("narrative")) for partner in activity.iterfind("participating-org")]
    assert partners == [("XX-EXAMPLE-456", "Stichting Anker"), (None, "Vereniging Boei"), (None, "Bureau Dok")]
    assert [(day.get("type"), day.get("iso-date")) for day in activity.iterfind("activity-date")] == [
        ("1", "2023-01-01"),
        ("2", "2023-02-01"),
        ("3", "2027-12-31"),
    ]


def test_an_indicator_holds_what_iati_has_a_place_for(evaluation: Evaluation) -> None:
    root, _ = exported(evaluation, SHARE)
    result = root.find(".//result")
    indicator = result.find("indicator")
    assert (result.get("type"), result.findtext("title/narrative")) == ("2", "Effect")
    assert (indicator.get("measure"), indicator.get("ascending")) == ("2", "0")
    assert indicator.findtext("title/narrative") == "Bijeenkomsten & meer"
    assert indicator.findtext("description/narrative") == "Eenheid: procent; Wijze van rapporteren: cumulatief"
    assert indicator.findall("description/narrative")[1].text == "Unit: per cent; Reporting: cumulative"
    assert dict(indicator.find("reference").attrib) == {"vocabulary": "99", "code": "E1"}
    assert dict(indicator.find("baseline").attrib) == {"year": "2022", "value": "0"}
    periods = [[*(day.get("iso-date") for day in period[:2]), period[2].tag, period[2].get("value")] for period in indicator.iterfind("period")]
    assert periods == [
        ["2023-01-01", "2023-12-31", "actual", "38"],
        ["2025-01-01", "2025-12-31", "actual", "28.5"],
        ["2023-01-01", "2027-12-31", "target", "1.25"],
    ]


def test_levels_that_iati_has_not_are_other_with_their_own_name(evaluation: Evaluation) -> None:
    root, note = exported(evaluation, ACTIVITY, COUNT, SHARE, UNKNOWN)
    assert [(result.get("type"), result.findtext("title/narrative")) for result in root.iter("result")] == [
        ("9", "Activiteit"),
        ("1", "Prestatie"),
        ("2", "Effect"),
        ("9", "Resultaten zonder niveau"),
    ]
    assert "the level of A1 is type 9 (other) there" in note


def test_the_note_names_in_both_languages_what_is_lost_and_nothing_else(evaluation: Evaluation) -> None:
    _, note = exported(evaluation, COUNT)
    assert note.count("\n- ") == 2 * 5
    assert "- De knelpunten staan er niet in.\n" in note
    assert "- The bottlenecks are left out.\n" in note
    _, without = exported(evaluation, {**COUNT, **dict.fromkeys(KEPT_AT_HOME)})
    assert without.count("\n- ") == 2 * 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"baseline_year": None}, "The baseline of P1 lacks its year or value, and is left out."),
        ({"target_value": None}, "The target of P1 lacks its year or value, and is left out."),
        ({"indicator": None}, "Without a wording of the indicator its number is the title: P1."),
        ({"unit": None}, "IATI requires a measure; without a unit it is given as unit (measure 1): P1."),
        ({"indicator": "Twee\nregels\x07"}, "Line breaks and invisible characters in the text of P1 became spaces."),
    ],
)
def test_what_iati_cannot_hold_is_named_with_its_indicator(evaluation: Evaluation, change: dict[str, Any], sentence: str) -> None:
    _, note = exported(evaluation, {**COUNT, **change})
    assert f"- {sentence}\n" in note


def test_the_framework_comes_back_but_for_what_the_note_names(evaluation: Evaluation) -> None:
    table = framework(ACTIVITY, SHARE, COUNT, UNKNOWN)
    back = read_back(evaluation, table)
    assert not back.quarantine
    pd.testing.assert_frame_equal(back.tables["framework"], as_the_note_says(table))


NUMBERS = st.none() | st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).map(lambda value: round(value, 4) + 0.0)
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn")), min_size=1, max_size=12)
INDICATORS = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["activity", "output", "outcome", None]),
        "indicator": st.none() | WORDS,
        "unit": st.sampled_from(["number", "percent", "score", "euro", None]),
        "direction": st.sampled_from(["up", "down", None]),
        "baseline_year": st.none() | st.integers(1990, 2025),
        "baseline_value": NUMBERS,
        "target_year": st.none() | st.integers(2023, 2040),
        "target_value": NUMBERS,
        "reporting": st.sampled_from(["annual", "cumulative", None]),
        "source": st.none() | WORDS,
        "status": st.sampled_from(["done", None]),
        "bottleneck": st.sampled_from(["staff", None]),
        "actuals": st.tuples(NUMBERS, NUMBERS),
    }
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(INDICATORS, min_size=1, max_size=4))
def test_any_framework_comes_back_but_for_what_the_note_names(evaluation: Evaluation, indicators: list[dict[str, Any]]) -> None:
    table = framework(*({**indicator, "indicator_id": f"R{number}.1"} for number, indicator in enumerate(indicators, 1)))
    pd.testing.assert_frame_equal(read_back(evaluation, table).tables["framework"], as_the_note_says(table))


def test_the_same_framework_gives_the_same_bytes(evaluation: Evaluation) -> None:
    first, second = (iati_activity(evaluation, "noord", framework(COUNT, SHARE), IatiPublisher(**FACTS), is_synthetic=True)[0] for _ in range(2))
    assert first == second


def test_the_synthetic_mark_goes_with_the_data_and_comes_back(evaluation: Evaluation) -> None:
    content, _ = iati_activity(evaluation, "noord", framework(COUNT), IatiPublisher(**FACTS), is_synthetic=True)
    assert etree.fromstring(content).findtext(".//description/narrative").startswith(SYNTHETIC_MARK)
    assert read_back(evaluation, framework(COUNT), is_synthetic=True).is_synthetic
    assert not read_back(evaluation, framework(COUNT)).is_synthetic


def test_an_activity_without_an_identifier_is_not_made_up(evaluation: Evaluation) -> None:
    with pytest.raises(ConfigError) as error:
        iati_activity(evaluation, "zuid", framework(COUNT), IatiPublisher(**FACTS), is_synthetic=False)
    assert "add the one under which its activity is published" in str(error.value)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"planned_start": None, "actual_start": None}, "add planned_start or actual_start"),
        ({"planned_end": "2022-12-31"}, "an end date lies before its start date"),
        ({"identifiers": {"noord": "YY-OTHER-1-N"}}, "begins with that of the reporter"),
        ({"reporter": "XX/1"}, "pattern"),
        ({"organisations": {"anker": "XX 1"}}, "has no space"),
        ({"status": "9"}, "'6'"),
        ({"sector": "emancipatie"}, "pattern"),
    ],
)
def test_facts_that_iati_would_refuse_are_refused(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        IatiPublisher(**FACTS | facts)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<baseline year="2022" value="0"/>', '<baseline value="0"/>'),
        ('type="1">', 'type="activity">'),
        ("<title>", "<titel>"),
        ('<period-end iso-date="2023-12-31"/>', '<period-end iso-date="2023"/>'),
        ('<activity-status code="2"/>', ""),
    ],
)
def test_the_grammar_refuses_what_the_schema_refuses(evaluation: Evaluation, old: str, new: str) -> None:
    content, _ = iati_activity(evaluation, "noord", framework(COUNT), IatiPublisher(**FACTS), is_synthetic=False)
    text = content.decode().split("?>", 1)[1]
    changed = text.replace(old, new).replace("</title>", "</titel>" if new == "<titel>" else "</title>")
    assert changed != text
    assert not GRAMMAR.validate(etree.fromstring(changed))


COMMENT, LINK = "<comment><narrative>c</narrative></comment>", '<document-link url="http://example.org" format="text/html"/>'


@pytest.mark.parametrize(
    ("element", "inside", "is_valid"),
    [
        ('<baseline year="2022" value="0"', LINK + COMMENT, True),
        ('<baseline year="2022" value="0"', COMMENT + LINK, False),
        ('<actual value="8"', COMMENT + LINK, True),
        ('<actual value="8"', LINK + COMMENT, False),
        ('<target value="1.25"', COMMENT + LINK, True),
        ('<target value="1.25"', LINK + COMMENT, False),
    ],
)
def test_the_grammar_knows_where_comments_stand(evaluation: Evaluation, element: str, inside: str, is_valid: bool) -> None:
    content, _ = iati_activity(evaluation, "noord", framework(COUNT), IatiPublisher(**FACTS), is_synthetic=False)
    tag = element.removeprefix("<").split()[0]
    text = content.decode().split("?>", 1)[1].replace(f"{element}/>", f"{element}>{inside}</{tag}>")
    assert inside in text
    assert GRAMMAR.validate(etree.fromstring(text)) is is_valid
