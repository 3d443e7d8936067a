"""The description of an evaluation: what is refused, in one sentence with file, row and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import draft
from midterm.description import load_evaluation
from midterm.errors import ConfigError, Problem

FILE = "evaluation.yml"


def refused(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as error:
        load_evaluation(folder)
    return error.value.problems


def edited(folder: Path, old: str, new: str, file: str = FILE) -> Path:
    """Write the tiny evaluation and replace ``old`` once in one of its files."""
    draft().write(folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def row_of(folder: Path, text: str, file: str = FILE) -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def is_one_sentence(problem: Problem) -> bool:
    return "\n" not in str(problem) and "Traceback" not in str(problem) and len(str(problem)) < 400


def test_the_tiny_evaluation_is_valid(tmp_path: Path) -> None:
    evaluation = draft().load(tmp_path)
    assert evaluation.alliances == ("noord", "zuid")
    assert evaluation.waves == ("2023", "2025")


@pytest.mark.parametrize("folder", [".", "evaluations/allianties-2023-2025"])
def test_the_evaluations_of_the_repository_are_valid(folder: str) -> None:
    path = Path(__file__).parents[2] / folder
    assert load_evaluation(path).alliances


def test_a_missing_folder_and_a_folder_without_an_evaluation_are_told_apart(tmp_path: Path) -> None:
    (missing,) = refused(tmp_path / "none")
    assert missing.rule == "missing_folder"
    (empty,) = refused(tmp_path)
    assert (empty.file, empty.rule) == (FILE, "missing_file")


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("seed:", "seeds:", "seeds", "seed"),
        ("unit:", "units:", "units", "unit"),
        ("  primary:", "  primairy:", "plan.primairy", "primary"),
        ("    record: id", "    recrd: id", "sources.surveys.0.columns.recrd", "record"),
        ("  aliases:", "  alias:", "alliances.0.alias", "aliases"),
    ],
)
def test_a_misspelt_key_is_named_with_its_row_and_the_nearest_valid_one(tmp_path: Path, old: str, new: str, key: str, near: str) -> None:
    start = draft()
    start.evaluation = {"seed": 1, **start.evaluation}
    start.write(tmp_path)
    path = tmp_path / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problem = next(problem for problem in refused(tmp_path) if problem.rule == "config_extra_forbidden")
    assert (problem.file, problem.column, problem.row) == (FILE, key, row_of(tmp_path, new.strip()))
    assert f"{near!r}" in problem.reason
    assert is_one_sentence(problem)


@pytest.mark.parametrize("key", ["title", "unit", "waves", "alliances", "plan"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    start = draft()
    del start.evaluation[key]
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert (problem.file, problem.column, problem.rule) == (FILE, key, "config_missing")
    assert "required" in problem.reason


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("  year: 2023", "  year: twintig", "waves.0.year"),
        ("  from_wave:", "  alpha: veel\n  from_wave:", "plan.alpha"),
        ("  from_wave:", "  alpha: '2'\n  from_wave:", "plan.alpha"),
        ("  from_wave:", "  min_answered: 2/0\n  from_wave:", "plan.min_answered"),
        ("  from_wave:", "  public_minimum: 0\n  from_wave:", "plan.public_minimum"),
        ("reader: limesurvey", "reader: limesurvy", "sources.surveys.0.reader"),
        ("title:", "languages: [fy]\ntitle:", "languages.0"),
        ("- id: noord", "- id: noord/oost", "alliances.0.id"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_row_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    (problem,) = refused(edited(tmp_path, old, new))
    assert (problem.file, problem.column) == (FILE, key)
    assert problem.row is not None
    assert is_one_sentence(problem)


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    start = draft()
    del start.evaluation["title"]
    start.evaluation |= {"colour": "red"}
    start.evaluation["plan"] |= {"alpha": "veel", "power": "2"}
    start.write(tmp_path)
    assert {problem.column for problem in refused(tmp_path)} == {"title", "colour", "plan.alpha", "plan.power"}


@pytest.mark.parametrize(
    ("text", "rule", "row"),
    [
        ("seed: 1\ntitle: {nl: a, en: b}\nseed: 2\n", "yaml_duplicate_key", 3),
        ("title:\n  nl: a\n  nl: b\n", "yaml_duplicate_key", 3),
        ("title: !!python/object/apply:os.system ['true']\n", "yaml_tag", 1),
        ("seed: !!int 1\n", "yaml_tag", 1),
        ("title: &t {nl: a, en: b}\nbackground: *t\n", "yaml_alias", 1),
        ("title: {nl: a\nbackground: b\n", "yaml", 2),
        ("title:\n\t- a\n", "yaml", 2),
        ("- a\n- b\n", "yaml", 1),
        ("? [a, b]\n: c\n", "yaml_key", 1),
        ("just a sentence\n", "yaml", 1),
    ],
)
def test_yaml_that_is_not_plain_is_refused_with_its_row(tmp_path: Path, text: str, rule: str, row: int) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    (problem,) = refused(tmp_path)
    assert (problem.file, problem.rule) == (FILE, rule)
    assert problem.row is not None
    assert abs(problem.row - row) <= (1 if rule == "yaml" else 0)
    assert is_one_sentence(problem)


def test_two_documents_in_one_file_are_refused_in_a_sentence(tmp_path: Path) -> None:
    draft().write(tmp_path)
    path = tmp_path / FILE
    path.write_text(path.read_text(encoding="utf-8") + "\n---\nseed: 1\n", encoding="utf-8")
    assert all(is_one_sentence(problem) for problem in refused(tmp_path))


@pytest.mark.parametrize("content", [b"", b"# only a remark\n", b"\xff\xfe\x00bad", b"title: caf\xe9\n"])
def test_an_empty_or_unreadable_file_is_refused_in_sentences(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert all(problem.file == FILE and is_one_sentence(problem) for problem in refused(tmp_path))


@pytest.mark.parametrize("name", ["007", "1e5", "NO", "null", "2023-01-01", "1_000", "0x10"])
def test_an_unquoted_name_stays_the_text_that_it_is(tmp_path: Path, name: str) -> None:
    start = draft()
    start.write(tmp_path)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace("- anker\n", f"- {name}\n").replace("id: anker\n", f"id: {name}\n"), encoding="utf-8")
    evaluation = load_evaluation(tmp_path)
    assert evaluation.file.organisations[0].id == name
    assert evaluation.alliance("noord").organisations[0] == name


def names_its_place(problem: Problem, file: str, key: str) -> bool:
    """Tell whether a problem says file, row and key."""
    return problem.file == file and problem.row is not None and problem.row > 1 and key in (problem.column + problem.reason) and is_one_sentence(problem)


def test_a_codebook_item_that_does_not_exist_is_named_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    start = draft()
    start.indicators["indicators"][1]["items"] = ["goal_1", "gaol_2", "goal_3"]
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert problem.rule == "unknown_item"
    assert "'goal_2'" in problem.reason
    assert names_its_place(problem, "config/indicators.yml", "goal")


@pytest.mark.parametrize("position", [0, 1])
def test_a_safety_item_may_not_be_averaged_into_cooperation(tmp_path: Path, position: int) -> None:
    start = draft()
    start.indicators["indicators"][position]["items"].append("safety_1")
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert problem.rule == "safety_in_cooperation"
    assert "'safety_1'" in problem.reason
    assert repr(("cooperation", "goal")[position]) in problem.reason
    assert problem.column == f"indicators.{position}.items"


def test_items_on_different_scales_are_not_averaged(tmp_path: Path) -> None:
    start = draft()
    start.indicators["indicators"][3]["items"] = ["safety_1", "incidents_1"]
    start.write(tmp_path)
    assert [problem.rule for problem in refused(tmp_path)] == ["mixed_scales"]


@pytest.mark.parametrize(("place", "key"), [("plan", "primary"), ("questions", "survey")])
def test_an_indicator_that_does_not_exist_is_named_with_its_place(tmp_path: Path, place: str, key: str) -> None:
    start = draft()
    target = start.evaluation["plan"] if place == "plan" else start.evaluation["questions"][0]
    target[key] = ["coperation"]
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert problem.rule == "unknown_indicator"
    assert "'cooperation'" in problem.reason
    assert names_its_place(problem, FILE, key)


@pytest.mark.parametrize("place", ["levels", "themes"])
def test_a_level_or_theme_that_does_not_exist_is_refused_and_not_silently_empty(tmp_path: Path, place: str) -> None:
    start = draft()
    start.evaluation["questions"][0][place] = ["outptu"]
    start.write(tmp_path)
    assert all("outptu" in problem.reason for problem in refused(tmp_path))


@pytest.mark.parametrize(
    ("what", "key"),
    [
        ("wave_in_source", "wave"),
        ("wave_in_plan", "to_wave"),
        ("alliance_in_source", "alliance"),
        ("partner", "organisations"),
        ("twice", "alliances"),
        ("reserved", "alliances"),
    ],
)
def test_a_name_that_resolves_to_nothing_or_to_two_is_named_with_file_row_and_key(tmp_path: Path, what: str, key: str) -> None:
    start = draft()
    content = start.evaluation
    if what == "wave_in_source":
        content["sources"]["surveys"][0]["wave"] = "2032"
    elif what == "wave_in_plan":
        content["plan"]["to_wave"] = "2052"
    elif what == "alliance_in_source":
        content["sources"]["frameworks"][0]["alliance"] = "nord"
    elif what == "partner":
        content["alliances"][0]["organisations"][0] = "ankr"
    elif what == "twice":
        content["alliances"].append(dict(content["alliances"][0]))
    else:
        content["alliances"].append({"id": "all", "name": "Allemaal"})
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert names_its_place(problem, FILE, key)


def test_a_spelling_that_stands_for_two_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["alliances"][1]["aliases"] = ["noorderlicht"]
    start.write(tmp_path)
    assert refused(tmp_path)


def test_an_organisations_name_that_stands_for_two_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["organisations"][1]["name"] = "Stichting  anker"
    start.write(tmp_path)
    assert refused(tmp_path)


@pytest.mark.parametrize("codes", [{"answers": {"codes": ["A1"]}}, {"missing": {"codes": ["A1"]}}], ids=["two_answers", "answer_and_missing"])
def test_a_code_that_stands_for_two_answers_is_refused(tmp_path: Path, codes: dict[str, dict[str, list[str]]]) -> None:
    start = draft()
    for part, change in codes.items():
        start.codebook["scales"]["agree"][part][-1] |= change
    start.write(tmp_path)
    (problem,) = refused(tmp_path)
    assert problem.file == "config/codebook.yml"
    assert "code" in problem.reason


def test_two_items_in_one_column_of_a_wave_are_refused(tmp_path: Path) -> None:
    start = draft()
    start.item("goal_2")["column"] = "G1"
    start.write(tmp_path)
    assert refused(tmp_path)


def test_a_change_in_a_wave_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.item("goal_2")["changes"] = {"2024": {"column": "Doel2"}}
    start.write(tmp_path)
    assert refused(tmp_path)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        *((place, kind) for place in ("surveys", "frameworks", "interviews", "population") for kind in ("absolute", "absolute_inside", "escaping")),
        *((place, kind) for place in ("codebook", "indicators") for kind in ("absolute", "absolute_inside")),  # may be shared with another evaluation
    ],
)
def test_a_path_is_relative_and_stays_inside(tmp_path: Path, place: str, kind: str) -> None:
    folder = tmp_path / "evaluation"
    name = {"absolute": "/etc/hostname", "absolute_inside": str(folder / "data/raw/zuid.xlsx"), "escaping": "data/../../elsewhere.csv"}[kind]
    start = draft()
    sources = start.evaluation["sources"]
    if place in ("codebook", "indicators"):
        start.evaluation[place] = name
    elif place == "population":
        sources[place]["file"] = name
    else:
        sources[place][0]["file"] = name
    start.write(folder)
    (problem,) = refused(folder)
    assert problem.rule in ("path_absolute", "path_outside")
    assert names_its_place(problem, FILE, name)


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    folder = draft().write(tmp_path / "evaluation")
    (tmp_path / "elsewhere.csv").write_text("a,b\n", encoding="utf-8")
    (folder / "data/raw/population.csv").unlink()
    (folder / "data/raw/population.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert [problem.rule for problem in refused(folder)] == ["path_outside"]


def test_interviews_without_a_form_for_them_are_refused(tmp_path: Path) -> None:
    start = draft()
    del start.codebook["interviews"]
    start.evaluation["questions"] = []
    start.write(tmp_path)
    assert all(is_one_sentence(problem) for problem in refused(tmp_path))


def test_workbooks_without_a_form_for_them_are_refused(tmp_path: Path) -> None:
    start = draft()
    del start.codebook["framework"]
    start.evaluation["questions"] = []
    start.write(tmp_path)
    assert all(is_one_sentence(problem) for problem in refused(tmp_path))


def test_two_workbooks_of_one_alliance_are_refused_and_not_one_ignored(tmp_path: Path) -> None:
    start = draft()
    start.evaluation["sources"]["frameworks"].append({"alliance": "noord", "file": "data/raw/zuid.xlsx"})
    start.write(tmp_path)
    assert refused(tmp_path)


@pytest.mark.parametrize("contrast", [{"from_wave": "2025"}, {"from_wave": "2025", "to_wave": "2023"}], ids=["one_wave", "backwards"])
def test_a_contrast_runs_from_an_earlier_to_a_later_wave(tmp_path: Path, contrast: dict[str, str]) -> None:
    start = draft()
    start.evaluation["plan"] |= contrast
    start.write(tmp_path)
    assert refused(tmp_path)


def test_an_item_that_stands_twice_in_an_indicator_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.indicators["indicators"][1]["items"] = ["goal_1", "goal_1", "goal_2"]
    start.write(tmp_path)
    assert refused(tmp_path)


def test_an_item_in_the_column_of_who_answered_is_refused(tmp_path: Path) -> None:
    start = draft()
    start.item("goal_1")["column"] = "CODE"
    start.write(tmp_path)
    assert refused(tmp_path)


def test_two_fields_of_the_framework_under_one_heading_are_refused(tmp_path: Path) -> None:
    start = draft()
    start.codebook["framework"]["columns"]["baseline_value"]["nl"] = "streefwaarde"
    start.write(tmp_path)
    assert refused(tmp_path)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_what_is_no_number_is_refused_as_a_margin(tmp_path: Path, number: str) -> None:
    start = draft()
    start.indicators["indicators"][0]["margin"] = number
    start.write(tmp_path)
    assert refused(tmp_path)


def with_target(folder: Path, **change: object) -> Path:
    start = draft()
    start.indicators["indicators"][1]["target"] = {"value": 4, "year": 2027, **change}
    return start.write(folder)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"baseline_year": 2023},
        {"baseline": 2.5, "baseline_year": 2020},
        {"milestones": {2024: 3, 2026: "3.5"}},
        {"value": 3, "baseline": 3, "baseline_year": 2022},
    ],
)
def test_a_target_of_a_survey_indicator_is_read(tmp_path: Path, change: dict[str, object]) -> None:
    target = load_evaluation(with_target(tmp_path, **change)).indicator("goal").target
    assert target is not None
    assert target.year == 2027
    assert all(isinstance(value, float) for value in (target.value, *target.milestones.values()))


@pytest.mark.parametrize(
    ("change", "rule", "key"),
    [
        ({"baseline": 2.5}, "config_value_error", "target"),
        ({"baseline_year": 2027}, "config_value_error", "target"),
        ({"milestones": {2028: 4}}, "config_value_error", "target"),
        ({"milestones": {2025: 4.5}}, "config_value_error", "goal"),
        ({"baseline": 4.5, "baseline_year": 2022}, "config_value_error", "goal"),
        ({"value": "nan"}, "config_finite_number", "target.value"),
        ({"milestones": {2025: "inf"}}, "config_finite_number", "target.milestones.2025"),
        ({"goal": 4}, "config_extra_forbidden", "target.goal"),
        ({"baseline_year": 2024}, "baseline_without_wave", "target.baseline_year"),
        ({"year": 2023}, "target_order", "target.year"),
        ({"milestones": {2022: 3}}, "target_order", "target.year"),
        ({"value": 5.5}, "target_off_scale", "target.value"),
        ({"milestones": {2025: 0}}, "target_off_scale", "target.milestones"),
        ({"baseline": 0.5, "baseline_year": 2022}, "target_off_scale", "target.baseline"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_its_place(tmp_path: Path, change: dict[str, object], rule: str, key: str) -> None:
    problem = refused(with_target(tmp_path, **change))[0]
    assert problem.rule == rule
    assert names_its_place(problem, "config/indicators.yml", key)


@pytest.mark.parametrize(("value", "is_right"), [(0.1, True), (1.5, False), (10, False)])
def test_the_target_of_a_share_is_a_share(tmp_path: Path, value: float, is_right: bool) -> None:
    start = draft()
    start.indicators["indicators"][4]["target"] = {"value": value, "year": 2027}
    start.write(tmp_path)
    assert load_evaluation(tmp_path) if is_right else refused(tmp_path)[0].rule == "target_off_scale"


def test_a_description_cannot_be_changed_once_read(tmp_path: Path) -> None:
    evaluation = draft().load(tmp_path)
    with pytest.raises(Exception, match="frozen"):
        evaluation.file.seed = 2  # type: ignore[misc]
    with pytest.raises(ConfigError, match="nearest valid name is 'noord'"):
        evaluation.alliance("nord")
