"""One change in words: whatever qualifies it is said, nothing contradicts its numbers, and nothing is said that the plan does not bear out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from factory import draft
from midterm.description import LANGUAGES, Evaluation, Language
from midterm.description.report_texts import ChangeFlags
from midterm.errors import ConfigError
from midterm.publish.disclosure import publishable
from midterm.publish.report.alliance import change_table
from midterm.publish.report.context import Context
from midterm.publish.report.in_words import changes_in_words
from midterm.publish.wording import flags_of
from midterm.tables import shaped

ROOT = Path(__file__).parents[2]
ROW = {
    "alliance": "noord",
    "indicator": "cooperation",
    "from_wave": "2023",
    "to_wave": "2025",
    "n_from": 20,
    "n_to": 22,
    "estimate": 0.2,
    "ci_low": -0.1,
    "ci_high": 0.5,
    "minimal_detectable": 0.4,
    "margin": 0.3,
    "verdict": "inconclusive",
    "tier": "T2",
    "planned": True,
}
LEAVES_OUT_ZERO = {"estimate": 0.4, "ci_low": 0.1, "ci_high": 0.7}
CURVE = "specifications: 24 of 27 same sign, 18 of 21 tested significant alike (unadjusted)"
# Flags that the report does not say of a change, or says another way.
UNSAID = ("", "shared_organisations: 4", "alliances_left_out: 1", "separation", "too_small_to_test", "no_events_in_one_wave")


def context(evaluation: Evaluation, language: Language = "en", **change: object) -> Context:
    return Context(evaluation, {"change": shaped("change", pd.DataFrame([{**ROW, **change}]))}, language, Path())


def said(evaluation: Evaluation, language: Language = "en", **change: object) -> str:
    return context(evaluation, language, **change).change_in_words("noord", evaluation.indicator(str(change.get("indicator", "cooperation"))))


def texts(evaluation: Evaluation, language: Language) -> Any:
    return evaluation.labels[language].report


def test_what_is_found_stands_first_and_what_the_data_could_have_shown_last(tiny: Evaluation) -> None:
    assert said(tiny, flag=f"shared_organisations: 4; few_df; low_power; {CURVE}") == (
        "Samenwerking: +0.20 punten from 2023 to 2025 (95% interval −0.10 to +0.50; n = 20 and 22). Verdict: inconclusive. "
        "There are few organisations: a change could easily have been missed, and what is found is provisional. "
        "With so few organisations the uncertainty is itself uncertain. "
        "In 24 of 27 reasonable choices of how to compute it, the change points the same way as in the plan. "
        "These data could only have shown a change of 0.40 punten or more."
    )
    assert said(tiny, "nl", flag=f"shared_organisations: 4; few_df; low_power; {CURVE}") == (
        "Samenwerking: +0,20 punten van 2023 naar 2025 (95%-interval −0,10 tot +0,50; n = 20 en 22). Oordeel: onbeslist. "
        "Er zijn weinig organisaties: een verandering kan makkelijk zijn gemist, en wat is gevonden, is voorlopig. "
        "Met zo weinig organisaties is ook de onzekerheid zelf onzeker. "
        "Bij 24 van 27 redelijke keuzes voor de berekening wijst de verandering dezelfde kant op als in het plan. "
        "Deze gegevens hadden alleen een verandering van 0,40 punten of meer kunnen laten zien."
    )


# What qualifies a change


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flag", ChangeFlags.model_fields)
def test_every_flag_with_words_is_said_when_the_row_carries_it_and_only_then(tiny: Evaluation, flag: str, language: Language) -> None:
    carried = CURVE if flag == "specifications" else flag
    words = {"margin": {"en": "0.30", "nl": "0,30"}[language], "unit": "punten", "units": tiny.file.unit.plural.in_(language), "same": "24", "n": "27"}
    sentence = getattr(texts(tiny, language).change_flags, flag).format(**words)
    assert sentence in said(tiny, language, flag=f"separation; {carried}")
    assert sentence not in said(tiny, language, flag="separation")
    assert "{" not in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_flags_are_not_said(tiny: Evaluation, language: Language) -> None:
    assert len({said(tiny, language, flag=flag) for flag in (*UNSAID, None)}) == 1


def test_flags_that_were_asked_for_have_words() -> None:
    asked = "low_power few_df significant_within_margin exploratory plan_not_sealed sealed_after_data added_after_seal changed_after_seal dropped_after_seal"
    assert {*asked.split(), "definition_changed", "specifications", "all_and_average_disagree"} == set(ChangeFlags.model_fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_order_of_the_flags_does_not_matter(tiny: Evaluation, language: Language) -> None:
    flags = [*(set(ChangeFlags.model_fields) - {"specifications"}), CURVE]
    assert said(tiny, language, flag="; ".join(flags)) == said(tiny, language, flag="; ".join(reversed(flags)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", ["added_after_seal", "dropped_after_seal"])
def test_that_it_was_not_planned_is_said_once(tiny: Evaluation, reason: str, language: Language) -> None:
    words = texts(tiny, language).change_flags
    text = said(tiny, language, flag=f"{reason}; exploratory", planned=False)
    assert getattr(words, reason) in text
    assert words.exploratory not in text
    assert words.exploratory in said(tiny, language, flag="exploratory", planned=False)


def test_a_significant_change_within_the_margin_is_said_with_the_margin(tiny: Evaluation) -> None:
    small = {"estimate": 0.1, "ci_low": 0.02, "ci_high": 0.18, "verdict": "no_relevant_change", "flag": "significant_within_margin"}
    text = said(tiny, **small)
    assert text.endswith("Verdict: no relevant change. There is a difference, but it is smaller than 0.30 punten, the smallest change that matters.")
    share = said(tiny, **small, indicator="incident_share")
    assert "smaller than 10 percentage points, the smallest change that matters" in share


def test_at_t0_the_curve_has_signs_only(tiny: Evaluation) -> None:
    text = said(tiny, verdict="described_only", tier="T0", flag="few_df; too_small_to_test; specifications: 9 of 12 same sign")
    assert "In 9 of 12 reasonable choices of how to compute it, the change points the same way as in the plan." in text


def test_a_flag_is_known_by_its_name_and_numbers() -> None:
    row = pd.DataFrame([{"flag": f"few_df; shared_organisations: 4; {CURVE}"}, {"flag": None}, {"flag": ""}])
    found = [flags_of(one) for one in row.itertuples()]
    assert found == [{"few_df": [], "shared_organisations": ["4"], "specifications": ["24", "27", "18", "21"]}, {}, {}]


# What would contradict itself


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("change", "is_multiple", "is_detectable"),
    [
        ({}, False, True),
        ({"estimate": -0.2, "ci_low": -0.5, "ci_high": 0.1}, False, True),
        ({"estimate": 0.35, "ci_low": 0.0, "ci_high": 0.7}, False, True),
        ({"estimate": 0.4, "ci_low": -0.1, "ci_high": 0.9}, False, False),
        ({"estimate": -0.6, "ci_low": -1.3, "ci_high": 0.1}, False, False),
        ({"estimate": 0.3, "ci_low": 0.1, "ci_high": 0.5}, True, False),
        (LEAVES_OUT_ZERO, True, False),
        ({"estimate": -0.4, "ci_low": -0.7, "ci_high": -0.1}, True, False),
        ({**LEAVES_OUT_ZERO, "verdict": "changed_better"}, False, False),
        ({**LEAVES_OUT_ZERO, "verdict": "described_only"}, False, False),
        ({"verdict": "no_relevant_change"}, False, False),
        ({"verdict": "described_only"}, False, False),
        ({"minimal_detectable": None}, False, False),
        ({"ci_low": None, "ci_high": None}, False, False),
        ({"ci_low": None, "ci_high": None, "minimal_detectable": None}, False, False),
    ],
)
def test_what_the_data_could_have_shown_never_contradicts_what_was_found(
    tiny: Evaluation, change: dict[str, object], is_multiple: bool, is_detectable: bool, language: Language
) -> None:
    words, text = texts(tiny, language), said(tiny, language, **change)
    assert (words.change_multiple in text) == is_multiple
    assert (words.change_detectable.partition("{")[0] in text) == is_detectable


def test_an_interval_without_zero_and_no_conclusion_are_explained(tiny: Evaluation) -> None:
    assert said(tiny, **LEAVES_OUT_ZERO).endswith(
        "Verdict: inconclusive. The interval leaves out zero, but several indicators were tested at once; taking that into account, this may still be chance."
    )


# What was only described


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_described_change_has_its_interval_and_no_verdict(tiny: Evaluation, language: Language) -> None:
    words = texts(tiny, language)
    text = said(tiny, language, verdict="described_only", tier="T0")
    assert words.change_untested in text
    assert {"en": "95% interval −0.10 to +0.50", "nl": "95%-interval −0,10 tot +0,50"}[language] in text
    assert words.change_verdict.partition("{")[0] not in text
    without = said(tiny, language, verdict="described_only", tier="T0", ci_low=None, ci_high=None)
    assert words.change_untested in without
    assert "interval" not in without


def test_a_tested_change_without_interval_keeps_its_verdict(tiny: Evaluation) -> None:
    assert said(tiny, ci_low=None, ci_high=None) == "Samenwerking: +0.20 punten from 2023 to 2025 (n = 20 and 22). Verdict: inconclusive."


def test_nothing_is_said_of_what_is_not_there(tiny: Evaluation) -> None:
    assert said(tiny, estimate=None, ci_low=None, ci_high=None, flag=f"low_power; {CURVE}; no_data") == "Samenwerking: no data."
    small = shaped("change", pd.DataFrame([{**ROW, "indicator": name, "n_to": 9, "flag": f"low_power; {CURVE}"} for name in tiny.plan.primary]))
    told = changes_in_words(tiny, publishable({"change": small}, tiny), "noord")
    assert list(told["nl"]) == ["Samenwerking: te weinig personen.", "Veiligheid: te weinig personen."]


@pytest.mark.parametrize(("verdict", "shown"), [("inconclusive", "0\\.40"), ("changed_better", "0\\.40"), ("described_only", "–")])
def test_the_table_has_no_detectable_change_of_what_was_not_tested(tiny: Evaluation, verdict: str, shown: str) -> None:
    rows = shaped("change", pd.DataFrame([{**ROW, "indicator": name, "verdict": verdict} for name in tiny.plan.primary]))
    table = change_table(Context(tiny, {"change": rows}, "en", Path()), "noord")
    cells = [line.split("|") for line in table.splitlines() if line.startswith("|Samenwerking")]
    assert [(row[4], row[5]) for row in cells] == [("−0\\.10 / \\+0\\.50", shown)]


# What the words claim


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_flags_and_the_section_on_the_plan_say_what_was_planned_beforehand(tiny: Evaluation, language: Language) -> None:
    """A primary may have been added after the seal, or there may be none: no caption may call them chosen beforehand."""
    claims = re.compile(r"\b(beforehand|in advance|vooraf|van tevoren)\b", re.IGNORECASE)
    found = texts(tiny, language).model_dump()
    named = {name for name, text in found.items() if isinstance(text, str) and claims.search(text)}
    assert named <= {"plan_planned_none"}
    assert {name for name, text in found["change_flags"].items() if claims.search(text)} == {"exploratory", "added_after_seal"}
    for name in ("table_change", "table_across", "across_change"):
        assert {"en": "indicators of the plan", "nl": "indicatoren van het plan"}[language] in found[name].lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_of_a_change_name_a_cause(tiny: Evaluation, language: Language) -> None:
    found = texts(tiny, language).model_dump()
    spoken = " ".join([*found["change_flags"].values(), *(text for name, text in found.items() if name.startswith("change_") and isinstance(text, str))])
    assert not re.search(r"dankzij|leid(de|t) tot|als gevolg|gevolg van|door het beleid|thanks to|because of|due to|led to|leads to|effect of", spoken)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    few_df: There", "    few_dff: There", "this key is not known; the nearest valid name is 'few_df'"),
        ("{margin} {unit}, the smallest", "{margins} {unit}, the smallest", "the placeholder {margins} is not known here"),
        ("In {same} of {n}", "In {same} of {all}", "the placeholder {all} is not known here"),
    ],
)
def test_a_flag_without_words_or_with_a_placeholder_that_is_not_known_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    start = draft()
    start.evaluation["labels"] = {"en": "config/labels.en.yml"}
    start.write(tmp_path)
    shipped = (ROOT / "config/labels.en.yml").read_text(encoding="utf-8")
    assert shipped.count(old) == 1
    (tmp_path / "config/labels.en.yml").write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        start.load(tmp_path)
    assert any(reason in problem.reason for problem in caught.value.problems)


# Said once


def test_what_holds_of_every_change_is_said_once_and_not_of_each(tiny: Evaluation) -> None:
    rows = [{**ROW, "indicator": name, "flag": f"low_power; few_df{more}"} for name, more in zip(tiny.plan.primary, ("; exploratory", ""), strict=False)]
    table = shaped("change", pd.DataFrame(rows))
    spoken = Context(tiny, {"change": table}, "en", Path())
    shared = spoken.shared_remarks("noord")
    texts = dict(tiny.labels["en"].report.change_flags)
    assert shared == {name: texts[name] for name in ("low_power", "few_df")}
    first, second = (spoken.change_in_words("noord", tiny.indicator(name), shared) for name in tiny.plan.primary[:2])
    assert not any(sentence in text for sentence in shared.values() for text in (first, second))
    assert (texts["exploratory"] in first, texts["exploratory"] in second) == (True, False)
