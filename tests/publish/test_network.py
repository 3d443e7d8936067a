"""The cooperation network: invented registers whose crossings can be counted by hand."""

from __future__ import annotations

import dataclasses
from itertools import combinations

import pandas as pd
from test_charts import chart_of, evaluation_of, shown, table_of

from midterm.description.evaluation import Evaluation
from midterm.description.evaluation_file import Organisation
from midterm.publish.charts.registry import FIGURES

MEMBERS = {"a1": ("p", "q", "both"), "a2": ("r", "both"), "a3": ("s",)}


def register(members: dict[str, tuple[str, ...]], consortium: tuple[str, ...] = ()) -> Evaluation:
    """An evaluation with these alliances; ``both`` is a consortium of these members, where there are."""
    evaluation = evaluation_of(len(members))
    alliances = tuple(one.model_copy(update={"organisations": members[one.id]}) for one in evaluation.file.alliances)
    names = dict.fromkeys(name for partners in members.values() for name in partners)
    organisations = tuple(Organisation(id=name, name=f"Partner {name}", members=consortium if name == "both" else ()) for name in names)
    return dataclasses.replace(evaluation, file=evaluation.file.model_copy(update={"alliances": alliances, "organisations": organisations}))


def test_the_title_counts_organisations_in_more_than_one_alliance() -> None:
    assert chart_of("network", register(MEMBERS), {}).words.title == "Eén van de 5 organisaties doet mee in meer dan één alliantie"
    more = register(MEMBERS | {"a3": ("s", "p", "both")})
    assert chart_of("network", more, {}, "en").words.title == "2 of 5 organisations are in more than one alliance"
    assert chart_of("network", register({"a1": ("p",), "a2": ("r",)}), {}, "en").words.title == "None of the 2 organisations is in more than one alliance"


def test_the_alt_text_lists_crossings_groups_and_consortia() -> None:
    alt = chart_of("network", register(MEMBERS, ("Een", "Twee")), {}, "en").words.alt
    assert "In several alliances: Partner both (consortium of 2): Alliantie 1, Alliantie 2." in alt
    assert "Partner both is itself a consortium of Een, Twee." in alt


def test_there_is_one_row_per_membership() -> None:
    found = chart_of("network", register(MEMBERS), {}).data
    assert found[["alliance", "organisation", "n_alliances"]].values.tolist() == [
        ["a1", "p", 1],
        ["a1", "q", 1],
        ["a1", "both", 2],
        ["a2", "r", 1],
        ["a2", "both", 2],
        ["a3", "s", 1],
    ]


def test_one_alliance_shows_its_partners_and_where_else_they_are() -> None:
    chart = chart_of("network", register(MEMBERS), {}, "nl", "a1")
    assert chart.words.title == "Alliantie 1 deelt 1 van de 3 partners met andere allianties"
    assert {"Partner p", "Partner q", "Partner both", "Alliantie 2", "2 partners"} <= set(shown(chart))
    assert not {"Partner r", "Alliantie 3"} & set(shown(chart))
    assert chart.data["alliance"].tolist() == ["a1", "a1", "a1", "a2"]
    assert chart_of("network", register(MEMBERS), {}, "nl", "a3").words.title == "Alliantie 3 deelt geen enkele partner met andere allianties"


def test_partners_that_the_register_does_not_name_come_from_the_staff_list() -> None:
    listed = table_of("population", [{"wave": "2025", "alliance": unit, "organisation": name} for unit, name in (("a1", "x"), ("a2", "x"), ("a2", "y"))])
    chart = chart_of("network", register({"a1": (), "a2": ()}), {"population": listed}, "en")
    assert chart.words.title == "One of 2 organisations is in more than one alliance"


def test_the_same_register_gives_the_same_places() -> None:
    charts = [chart_of("network", register(MEMBERS), {}) for _ in range(2)]
    one, other = ([(text.get_text(), text.get_position()) for text in chart.figure.axes[0].texts] for chart in charts)
    assert one == other


def test_eight_alliances_name_everyone_on_one_page_and_thirty_only_who_is_shared() -> None:
    eight = register({f"a{n}": (*(f"{n}-{m}" for m in range(5)), f"both{n // 2}") for n in range(1, 9)})
    thirty = register({f"a{n}": (*(f"{n}-{m}" for m in range(5)), f"both{n // 2}") for n in range(1, 31)})
    few, many = chart_of("network", eight, {}), chart_of("network", thirty, {})
    assert few.figure.get_size_inches()[1] <= 7.5
    assert "Partner 3-4" in shown(few)
    assert "Partner 3-4" not in shown(many)
    assert {"Partner both3", "Alliantie 30", "6 partners"} <= set(shown(many))
    assert len(many.data) == 180


def test_names_never_share_a_place() -> None:
    shared = {f"a{n}": ("both", "second", "third") for n in range(1, 9)}
    chart = chart_of("network", register(shared), {})
    places = [text.get_position() for text in chart.figure.axes[0].texts if text.get_text()]
    assert all(abs(one[0] - other[0]) > 0.5 or abs(one[1] - other[1]) > 0.1 for one, other in combinations(places, 2))


def test_no_partners_at_all_is_no_figure() -> None:
    evaluation = register({"a1": (), "a2": ()})
    spec = next(spec for spec in FIGURES if spec.name == "network")
    assert spec.draw({"population": pd.DataFrame({"alliance": [], "organisation": []})}, evaluation, "nl", "all") is None
