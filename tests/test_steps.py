"""The plan: what waits for what follows from what is read and written, worked out by hand here."""

from __future__ import annotations

import pytest

from midterm.steps import STEPS, follows

SAME_ALLIANCE, ALL = True, False
WAITS = {
    "clean_survey": {},
    "clean_frameworks": {},
    "clean_population": {},
    "clean_interviews": {},
    "review_quality": {"clean_survey": ALL, "clean_frameworks": ALL, "clean_population": ALL, "clean_interviews": ALL},
    "measure_indicators": {"clean_survey": ALL, "clean_frameworks": SAME_ALLIANCE, "clean_population": ALL, "clean_interviews": ALL},
    "compare_waves": {"clean_survey": ALL, "clean_population": ALL},
    "compare_alliances": {"review_quality": ALL, "measure_indicators": ALL, "compare_waves": ALL},
    "draw_all": {"review_quality": ALL, "compare_alliances": ALL},
    "draw_alliance": {"compare_alliances": ALL},
    "publish_report": {"review_quality": ALL, "compare_alliances": ALL, "draw_all": ALL, "draw_alliance": ALL},
    "publish_tables": {"review_quality": ALL, "compare_alliances": ALL, "draw_all": ALL, "draw_alliance": ALL},
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_waits_for_those_that_write_what_it_reads(step: object) -> None:
    assert follows(step) == WAITS[step.name]  # type: ignore[arg-type,attr-defined]


def test_the_table_is_in_an_order_in_which_it_can_run() -> None:
    seen: set[str] = set()
    for step in STEPS:
        assert set(follows(step)) <= seen
        seen.add(step.name)
