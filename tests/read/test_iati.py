"""Reading IATI results: files built as other publishers build them, what is doubtful, and what is refused.

The structures are those of IATI's guidance on results (IATI-Guidance, en/results.rst and en/understanding-results.rst),
of its annotated example (IATI-Extra-Documentation, version 2.03) and of a Dutch publisher's file of 2018 that gives values
by age and gender only; the wording is our own.
"""

from __future__ import annotations

import csv
import random
import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import draft
from midterm.clean.framework import clean_framework
from midterm.clean.values import parse_number
from midterm.description import load_evaluation
from midterm.description.codebook import FRAMEWORK_FIELDS
from midterm.errors import UserError
from midterm.read import iati, read_framework
from midterm.read.iati import read_iati
from midterm.read.raw import Declared, RawTable

YEARS = (2015, 2017, 2018, 2019)
DECLARED = Declared(dict.fromkeys((*(field for field in FRAMEWORK_FIELDS if field != "actual_value"), *(f"actual_value {year}" for year in YEARS)), ()))
FREEDOM = """
  <result type="2">
    <title><narrative>Media that cover all sides</narrative></title>
    <description><narrative>What is meant by it.</narrative></description>
    <indicator measure="2" ascending="1">
      <title>
        <narrative>Share of journalists
          who feel free to write</narrative>
        <narrative xml:lang="nl">Aandeel journalisten dat vrij kan schrijven</narrative>
      </title>
      <description><narrative>Asked every two years.</narrative></description>
      <baseline year="2012" value="15">
        <comment><narrative>1083 journalists answered.</narrative></comment>
      </baseline>
      <period>
        <period-start iso-date="2012-01-01" />
        <period-end iso-date="2015-12-31" />
        <target value="50" />
        <actual value="53" />
      </period>
    </indicator>
  </result>"""
MEETINGS = """
  <result type="1">
    <title><narrative>More meetings</narrative></title>
    <indicator measure="1" ascending="1" aggregation-status="1">
      <title><narrative>Meetings held</narrative></title>
      <reference vocabulary="99" code="OP 1.1" indicator-uri="http://www.example.org/indicators"/>
      <period><period-start iso-date="2017-01-01"/><period-end iso-date="2017-12-31"/><target value="4"/><actual value="3"/></period>
      <period><period-start iso-date="2018-01-01"/><period-end iso-date="2018-12-31"/><target value="8"/><actual value="9.5"/></period>
      <period><period-start iso-date="2019-01-01"/><period-end iso-date="2019-12-31"/><target value="12"/></period>
    </indicator>
  </result>"""
ANNOTATED = """
  <result type="1" aggregation-status="1">
    <title><narrative>Result title</narrative></title>
    <indicator measure="1" ascending="1" aggregation-status="1">
      <title><narrative>Indicator title</narrative></title>
      <reference vocabulary="1" code="3429" />
      <reference vocabulary="9" code="861" />
      <reference vocabulary="99" code="B1" indicator-uri="http://example.com/indicators.html" />
      <baseline year="2012" iso-date="2012-01-01" value="10">
        <location ref="AF-KAN" />
        <dimension name="sex" value="female" />
        <comment><narrative>Baseline comment text</narrative></comment>
      </baseline>
      <period>
        <period-start iso-date="2017-01-01" />
        <period-end iso-date="2017-03-31" />
        <target value="10">
          <location ref="AF-KAN" />
          <dimension name="sex" value="female" />
          <dimension name="age" value="adult" />
          <comment><narrative>Target comment text</narrative></comment>
        </target>
        <actual value="11">
          <location ref="AF-KAN" />
          <dimension name="sex" value="female" />
          <dimension name="age" value="adult" />
        </actual>
      </period>
    </indicator>
  </result>"""
BY_GENDER = """
  <result type="1" aggregation-status="1">
    <title><narrative>Hulp uitgedeeld</narrative></title>
    <indicator measure="1">
      <title><narrative>Mensen die hulp kregen</narrative></title>
      <baseline year="2018" iso-date="2018-01-01" value="0"/>
      <period>
        <period-start iso-date="2018-01-01"/>
        <period-end iso-date="2018-12-31"/>
        <target value="1050"><dimension name="age" value="18+"/><dimension name="gender" value="female"/></target>
        <target value="700"><dimension name="age" value="18+"/><dimension name="gender" value="male"/></target>
        <actual value="1848"><dimension name="age" value="18+"/><dimension name="gender" value="female"/></actual>
        <actual value="844"><dimension name="age" value="18+"/><dimension name="gender" value="male"/></actual>
      </period>
    </indicator>
  </result>"""


def file_of(*results: str, activities: int = 1, version: str = "2.03") -> str:
    head = '<iati-activity xml:lang="en" default-currency="EUR"><iati-identifier>XX-EXAMPLE-1-A</iati-identifier>'
    body = "\n</iati-activity>\n".join([head + "".join(results)] * activities)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="{version}">\n{body}\n</iati-activity>\n</iati-activities>'


def one(inside: str, *, measure: str = "1", result_type: str = "1", ascending: str = ' ascending="1"') -> str:
    """Return a result with one indicator that has ``inside``."""
    head = f'<result type="{result_type}">\n<indicator measure="{measure}"{ascending}>\n<title><narrative>Leden</narrative></title>\n'
    return f'{head}<reference vocabulary="99" code="P1"/>\n{inside}\n</indicator>\n</result>'


def period(start: str, end: str, inside: str) -> str:
    return f'<period><period-start iso-date="{start}"/><period-end iso-date="{end}"/>{inside}</period>'


def year(number: int, inside: str) -> str:
    return period(f"{number}-01-01", f"{number}-12-31", inside)


def read(folder: Path, content: str | bytes, declared: Declared = DECLARED) -> RawTable:
    (folder / "activity.xml").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_iati(folder, "activity.xml", declared)


def cells(raw: RawTable, number: int = 0) -> dict[str, str]:
    """Return the cells of one row that are not empty."""
    return {name: str(text) for name, text in raw.text.iloc[number].items() if text}


def doubts(raw: RawTable) -> list[tuple[str, str]]:
    """Return column and rule of every remark about a row."""
    return [(remark.column, remark.rule) for remark in raw.remarks if remark.row is not None]


def refused(folder: Path, content: str | bytes) -> tuple[str, int | None]:
    with pytest.raises(UserError) as error:
        read(folder, content)
    (problem,) = error.value.problems
    assert problem.file == "activity.xml"
    return problem.rule, problem.row


def test_the_example_of_the_guidance_is_one_row(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(FREEDOM))
    assert cells(raw) == {
        "indicator_id": "R1.1",
        "level": "outcome",
        "indicator": "Share of journalists who feel free to write",
        "unit": "percentage",
        "direction": "up",
        "baseline_year": "2012",
        "baseline_value": "15",
        "target_year": "2015",
        "target_value": "50",
        "actual_value 2015": "53",
    }
    assert doubts(raw) == [("indicator/reference/@code", "position_as_number"), ("actual/@value 2015", "spans_years")]


def test_of_yearly_targets_the_last_is_read_and_the_earlier_are_named(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(MEETINGS))
    assert cells(raw) == {
        "indicator_id": "OP 1.1",
        "level": "output",
        "indicator": "Meetings held",
        "unit": "count",
        "direction": "up",
        "target_year": "2019",
        "target_value": "12",
        "actual_value 2017": "3",
        "actual_value 2018": "9,5",
    }
    assert doubts(raw) == [("target/@value", "milestones_left")]


def test_a_value_of_a_part_is_never_taken_for_the_total(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(ANNOTATED))
    row = cells(raw)
    assert (row["indicator_id"], row["baseline_year"], row["target_year"]) == ("B1", "2012", "2017")
    values = ("baseline_value", "target_value", "actual_value 2017")
    assert all(parse_number(row[name]) is None for name in values)
    assert row["actual_value 2017"] == "sex female, age adult, location AF-KAN: 11"
    assert [rule for _, rule in doubts(raw)] == ["only_parts"] * 3


def test_parts_without_a_total_are_not_added_up_and_a_missing_direction_stays_missing(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(BY_GENDER))
    row = cells(raw)
    assert row["actual_value 2018"] == "age 18+, gender female: 1848; age 18+, gender male: 844"
    assert "direction" not in row
    assert row["baseline_value"] == "0"
    assert [rule for _, rule in doubts(raw)] == ["position_as_number", "no_direction", "only_parts", "only_parts"]


def test_the_total_is_read_where_parts_stand_beside_it(tmp_path: Path) -> None:
    inside = year(2017, '<actual value="4"><dimension name="sex" value="female"/></actual><actual value="9"/>')
    raw = read(tmp_path, file_of(one(inside)))
    assert cells(raw)["actual_value 2017"] == "9"
    assert doubts(raw) == [("actual/@value 2017", "parts_left")]


def test_empty_dimensions_and_places_as_publishing_tools_leave_them_make_no_part(tmp_path: Path) -> None:
    inside = year(2017, '<actual value="9"><location ref=""/><dimension name="" value=""/></actual><actual value=""/>')
    raw = read(tmp_path, file_of(one(inside)))
    assert cells(raw)["actual_value 2017"] == "9"
    assert not doubts(raw)


@pytest.mark.parametrize(
    ("baselines", "expected_year", "value", "rules"),
    [
        ('<baseline year="2012" value="10"/>', "2012", "10", []),
        ('<baseline year="2012" value="10"/><baseline year="2012" value="4"><dimension name="sex" value="male"/></baseline>', "2012", "10", ["parts_left"]),
        ('<baseline year="2012" value="10"/><baseline year="2012" value="10"/>', "2012", "10", []),
        ('<baseline year="2012" value="10"/><baseline year="2014" value="10"/>', "2012; 2014", "2012: 10; 2014: 10", ["several_values"]),
        ('<baseline iso-date="2012-07-01" value="10"/>', "2012", "10", []),
        ('<baseline year="2012"><comment><narrative>none yet</narrative></comment></baseline>', "2012", "", ["only_a_comment"]),
        ("", "", "", []),
    ],
)
def test_baselines_give_one_value_or_none(tmp_path: Path, baselines: str, expected_year: str, value: str, rules: list[str]) -> None:
    raw = read(tmp_path, file_of(one(baselines)))
    row = raw.text.iloc[0]
    assert (row["baseline_year"], row["baseline_value"]) == (expected_year, value)
    assert doubts(raw) == [("baseline/@value", rule) for rule in rules]


@pytest.mark.parametrize(
    ("periods", "cell", "rules"),
    [
        (period("2017-01-01", "2017-06-30", '<actual value="5"/>') + period("2017-07-01", "2017-12-31", '<actual value="5"/>'), None, ["several_values"]),
        (year(2017, '<actual value="5"/>') + year(2017, '<actual value="5"/>'), "5", []),
        (year(2017, '<actual value="5"/>') + year(2017, '<target value="6"/>'), "5", []),
        (period("2016-07-01", "2017-06-30", '<actual value="5"/>'), "5", ["spans_years"]),
        (period("2017-12-31", "2017-01-01", '<actual value="5"/>'), "5", ["ends_before_start"]),
        (period("", "2017-12-31Z", '<actual value="5"/>'), "5", []),
        (period("2017-01-01", "2017-02-30", '<actual value="5"/>'), "", ["no_period_end"]),
        ('<period><actual value="5"/></period>', "", ["no_period_end"]),
        (year(2017, "<actual><comment><narrative>nog niets</narrative></comment></actual>"), "", ["only_a_comment"]),
    ],
)
def test_the_year_in_which_a_period_ends_has_its_value(tmp_path: Path, periods: str, cell: str | None, rules: list[str]) -> None:
    raw = read(tmp_path, file_of(one(periods)))
    text = str(raw.text["actual_value 2017"].iloc[0])
    assert parse_number(text) is None if cell is None else text == cell
    assert [rule for _, rule in doubts(raw)] == rules


def test_a_target_by_parts_in_the_last_period_does_not_fall_back_on_an_earlier_one(tmp_path: Path) -> None:
    last = '<target value="9"><dimension name="sex" value="female"/></target>'
    raw = read(tmp_path, file_of(one(year(2017, '<target value="5"/>') + year(2019, last))))
    assert cells(raw)["target_year"] == "2019"
    assert parse_number(cells(raw)["target_value"]) is None
    assert [rule for _, rule in doubts(raw)] == ["only_parts", "milestones_left"]


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12.0), ("1.250", 1.25), ("3.142", 3.142), (".5", 0.5), ("5.", 5.0), ("+7", 7.0), ("-2.50", -2.5), (" 53 ", 53.0), ("1000000", 1e6)],
)
def test_a_decimal_of_xml_keeps_its_value(tmp_path: Path, value: str, number: float) -> None:
    raw = read(tmp_path, file_of(one(year(2017, f'<actual value="{value}"/>'))))
    assert parse_number(cells(raw)["actual_value 2017"]) == number
    assert not doubts(raw)


@pytest.mark.parametrize("value", ["1,250", "12,5", "1.234,5", "50%", "1e3", "1e999999999", "n/a", "Yes", "INF"])
def test_what_is_no_decimal_of_xml_is_left_to_be_set_aside(tmp_path: Path, value: str) -> None:
    raw = read(tmp_path, file_of(one(year(2017, f'<actual value="{value}"/>'))))
    assert cells(raw)["actual_value 2017"] == f'"{value}"'
    assert parse_number(cells(raw)["actual_value 2017"]) is None
    assert doubts(raw) == [("actual/@value 2017", "not_a_decimal")]


@pytest.mark.parametrize(("code", "level"), [("1", "output"), ("2", "outcome"), ("3", "impact"), ("7", "7")])
def test_the_type_of_a_result_is_a_level(tmp_path: Path, code: str, level: str) -> None:
    raw = read(tmp_path, file_of(one("", result_type=code)))
    assert cells(raw)["level"] == level
    assert not doubts(raw)


@pytest.mark.parametrize("code", ["9", ""])
def test_a_result_of_another_type_has_no_level(tmp_path: Path, code: str) -> None:
    raw = read(tmp_path, file_of(one("", result_type=code)))
    assert "level" not in cells(raw)
    assert doubts(raw) == [("result/@type", "no_level")]


@pytest.mark.parametrize(("ascending", "direction"), [("1", "up"), ("true", "up"), ("0", "down"), ("false", "down"), ("yes", "yes")])
def test_ascending_is_the_direction(tmp_path: Path, ascending: str, direction: str) -> None:
    assert cells(read(tmp_path, file_of(one("", ascending=f' ascending="{ascending}"'))))["direction"] == direction


@pytest.mark.parametrize(("code", "unit"), [("1", "count"), ("2", "percentage"), ("3", "nominal"), ("4", "ordinal"), ("5", "qualitative"), ("8", "8")])
def test_the_measure_is_the_kind_of_unit(tmp_path: Path, code: str, unit: str) -> None:
    assert cells(read(tmp_path, file_of(one("", measure=code))))["unit"] == unit


def test_codes_of_other_vocabularies_are_no_number_of_an_indicator(tmp_path: Path) -> None:
    shared = one("").replace('vocabulary="99" code="P1"', 'vocabulary="9" code="5.5.1"')
    raw = read(tmp_path, file_of(shared, shared))
    assert list(raw.text["indicator_id"]) == ["R1.1", "R2.1"]


def test_two_codes_of_the_reporter_leave_open_which_is_the_number(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(one('<reference vocabulary="99" code="P2"/>')))
    assert cells(raw)["indicator_id"] == "R1.1"
    assert doubts(raw) == [("indicator/reference/@code", "position_as_number")]


def test_rows_are_the_lines_on_which_the_indicators_open(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(FREEDOM, MEETINGS))
    lines = (tmp_path / "activity.xml").read_text().splitlines()
    assert list(raw.text.index) == [number for number, line in enumerate(lines, 1) if "<indicator " in line]


def test_indicators_on_one_line_are_numbered_and_said_to_be(tmp_path: Path) -> None:
    raw = read(tmp_path, re.sub(r"\n\s*", "", file_of(FREEDOM, MEETINGS)))
    assert list(raw.text.index) == [1, 2]
    assert "rows_by_indicator" in [remark.rule for remark in raw.remarks]


def test_several_activities_are_one_framework_and_said_to_be(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(FREEDOM, activities=2))
    assert list(raw.text["indicator_id"]) == ["R1.1", "R2.1"]
    assert "several_activities" in [remark.rule for remark in raw.remarks]


def test_that_the_way_of_reporting_is_not_said_is_one_remark(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(MEETINGS, FREEDOM))
    assert [(remark.column, remark.rule) for remark in raw.remarks if remark.row is None] == [("reporting", "reporting_unsaid")]


def test_what_is_not_read_is_named_as_undeclared(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(FREEDOM, one(year(2016, '<actual value="1"/>'))))
    assert raw.undeclared == ("actual/@value 2016", "result/title", "result/description", "indicator/description", "baseline/comment")


def test_every_declared_column_is_there_though_the_file_has_no_value_for_it(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(one("")))
    assert set(raw.text.columns) == set(DECLARED.columns)
    assert raw.headings["baseline_value"] == "baseline/@value"


def test_only_what_is_declared_leaves_the_reader(tmp_path: Path) -> None:
    raw = read(tmp_path, file_of(MEETINGS), Declared({"indicator_id": (), "actual_value 2018": ()}))
    assert cells(raw) == {"indicator_id": "OP 1.1", "actual_value 2018": "9,5"}


@pytest.mark.parametrize("marked", ["<title><narrative>Synthetisch / synthetic</narrative></title>", "<!-- Synthetisch / synthetic -->"])
def test_the_synthetic_mark_is_seen_wherever_it_stands(tmp_path: Path, marked: str) -> None:
    assert read(tmp_path, file_of(marked, MEETINGS)).is_synthetic
    assert not read(tmp_path, file_of(MEETINGS)).is_synthetic


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_file_says_its_own_encoding(tmp_path: Path, encoding: str) -> None:
    text = file_of(MEETINGS.replace("Meetings held", "Bijeenkomsten, coördinatie")).replace("UTF-8", encoding.removesuffix("-sig"))
    assert cells(read(tmp_path, text.encode(encoding)))["indicator"] == "Bijeenkomsten, coördinatie"


def test_no_message_repeats_what_the_file_says(tmp_path: Path) -> None:
    hidden = "7654321"
    parts = f'<actual value="{hidden}"><dimension name="sex" value="geheim"/></actual>'
    raw = read(tmp_path, file_of(one(f'<baseline year="2012" value="x{hidden}"/>' + year(2017, parts)), FREEDOM, BY_GENDER))
    said = "".join(map(str, (*raw.remarks, *raw.problems, *raw.undeclared)))
    assert hidden not in said
    assert "geheim" not in said
    assert "1848" not in said


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]><iati-activities version="2.03" x="&l11;">&l11;</iati-activities>', "not_xml"),
        ('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><iati-activities version="2.03">&e;</iati-activities>', "document_type"),
        ('<!DOCTYPE iati-activities SYSTEM "http://127.0.0.1:9/x.dtd">' + file_of(MEETINGS).split("?>")[1], "document_type"),
        ('<iati-activities version="2.03">' + "<a>" * 100_000, "not_xml"),
        (file_of(MEETINGS)[:-40], "not_xml"),
        ("Nr;Niveau\nP1;Prestatie\n", "not_xml"),
        (b"PK\x03\x04\x00\x00", "not_xml"),
        ('<html version="2.03"><body/></html>', "not_iati"),
        (file_of(MEETINGS, version="1.05"), "not_iati"),
        (file_of(), "no_indicators"),
        ("  \n", "empty_file"),
    ],
)
def test_what_is_no_iati_file_or_would_do_harm_is_refused_at_once(tmp_path: Path, content: str | bytes, rule: str) -> None:
    began = time.monotonic()
    assert refused(tmp_path, content)[0] == rule
    assert time.monotonic() - began < 2


def test_the_line_is_named_from_which_the_file_is_no_xml(tmp_path: Path) -> None:
    assert refused(tmp_path, '<iati-activities version="2.03">\n<iati-activity>\n</iati-activities>') == ("not_xml", 3)


def test_a_file_beyond_the_bound_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iati, "MAX_BYTES", 100)
    assert refused(tmp_path, file_of(MEETINGS))[0] == "too_large"


def test_cleaning_takes_what_the_codebook_names_and_sets_the_rest_aside(tmp_path: Path) -> None:
    start = draft()
    start.codebook["framework"]["units"][0]["aliases"] = ["count"]
    start.codebook["framework"]["units"][1]["aliases"] = ["percentage"]
    start.evaluation["sources"]["frameworks"][0] |= {"file": "data/raw/noord.xml", "reader": "iati"}
    start.files["noord.xml"] = file_of(*(part.replace("2018", "2023").replace("2015", "2025") for part in (BY_GENDER, FREEDOM))).encode()
    evaluation = start.load(tmp_path)
    result = clean_framework(evaluation, "noord", read_framework(evaluation, "noord"))
    table = result.tables["framework"].set_index(["indicator_id", "year"])
    assert table.loc[("R2.1", 2025), ["level", "unit", "baseline_value", "target_value", "actual_value"]].tolist() == ["outcome", "percent", 15, 50, 53]
    assert table.loc[("R1.1", 2023), ["target_value", "actual_value"]].isna().all()
    assert sorted(problem.column for problem in result.quarantine) == ["actual/@value 2023", "target/@value"]
    assert [notice.column for notice in result.notices if notice.rule == "only_parts"] == ["actual/@value 2023", "target/@value"]


def test_a_correction_settles_what_the_file_leaves_open(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["sources"]["frameworks"][0] |= {"file": "data/raw/noord.xml", "reader": "iati"}
    start.files["noord.xml"] = file_of(one(year(2023, '<actual value="1,250"/>'))).encode()
    start.write(tmp_path)
    log = [["data/raw/noord.xml", "P1", "actual_value 2023", '"1,250"', "1250"], ["data/raw/noord.xml", "P1", "reporting", "", "annual"]]
    with (tmp_path / "config/corrections.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([["file", "id", "field", "old", "new", "reason", "author"], *([*row, "asked", "AB"] for row in log)])
    raw = read_framework(load_evaluation(tmp_path), "noord")
    assert not raw.problems
    assert cells(raw)["actual_value 2023"] == "1250"
    assert cells(raw)["reporting"] == "annual"


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(2015, 2019), st.sampled_from(["target", "actual"]), st.integers(0, 99)), max_size=6), st.randoms())
def test_the_order_of_periods_does_not_matter(entries: list[tuple[int, str, int]], rng: random.Random) -> None:
    distinct = {(when, what): value for when, what, value in entries}
    periods = [year(when, f'<{what} value="{value}"/>') for (when, what), value in distinct.items()]
    mixed = rng.sample(periods, len(periods))
    with tempfile.TemporaryDirectory() as folder:
        given_order, other_order = (read(Path(folder), file_of(one("".join(order)))) for order in (periods, mixed))
    assert cells(given_order) == cells(other_order)
    assert doubts(given_order) == doubts(other_order)
