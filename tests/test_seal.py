"""The plan before the data: sealed once, amended with a reason, refused when edited, and told as it was."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthesise
from factory import Draft, both, draft, survey_source
from midterm import plan as plan_module
from midterm.cli import main
from midterm.collect.new import new_evaluation
from midterm.description import LANGUAGES, Codebook, Evaluation, Language, load_evaluation
from midterm.description.evaluation_file import EvaluationFile
from midterm.description.indicators import Indicators
from midterm.description.seal import SEAL, SealedFile, digest, parse_seal, read_seal, seal_bytes
from midterm.errors import ConfigError
from midterm.plan import Status, amended, differences, files_there, notices, plan_history, plan_of, planned_status, sealed, write_seal
from midterm.publish.report.context import Context
from midterm.publish.report.plan_words import changes_in_words, the_plan

SENTENCE = re.compile(r"Error: config/seal\.json: .+; .+")
Edit = Callable[[Draft], object]
FIRST = SealedFile(file="data/raw/survey-2023.csv", sha256="1" * 64, waves=("2023",))
LAST = SealedFile(file="data/raw/survey-2025.csv", sha256="2" * 64, waves=("2025",))
REASON = "The steering group asked for it."


@pytest.fixture
def midterm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return the command as a user calls it, in this process: status, stdout and stderr."""

    def called(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["midterm", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return called


def small() -> Draft:
    """Return the tiny evaluation with the surveys as its only raw files."""
    start = draft()
    start.frameworks = {}
    return start


def described(tiny: Evaluation, start: Draft) -> Evaluation:
    """Return the evaluation that a draft describes, without laying it down."""
    file, entries = EvaluationFile.model_validate(start.evaluation), Indicators.model_validate(start.indicators).indicators
    return replace(tiny, file=file, codebook=Codebook.model_validate(start.codebook), indicators=entries)


def seal_now(evaluation: Evaluation, data: tuple[SealedFile, ...] = (FIRST,), day: str = "2024-01-31") -> Evaluation:
    return replace(evaluation, seal=sealed(evaluation, day, "1.0", data))


def amend_now(evaluation: Evaluation, data: tuple[SealedFile, ...] = (FIRST,), day: str = "2024-02-29", reason: str = REASON) -> Evaluation:
    return replace(evaluation, seal=amended(evaluation, day, "1.0", data, reason))


def after(tiny: Evaluation, *edits: Edit, amend: bool = False, data: tuple[SealedFile, ...] = (FIRST,)) -> Evaluation:
    """Seal the draft with ``data``, make the edits, and amend the seal or not."""
    start = draft()
    seal = seal_now(described(tiny, start), data).seal
    for edit in edits:
        edit(start)
    evaluation = replace(described(tiny, start), seal=seal)
    return amend_now(evaluation) if amend else evaluation


def indicator(start: Draft, name: str) -> dict[str, Any]:
    return next(entry for entry in start.indicators["indicators"] if entry["id"] == name)  # type: ignore[no-any-return]


def raise_margin(start: Draft) -> None:
    indicator(start, "cooperation")["margin"] = 0.5


def turn(start: Draft) -> None:
    """Read the reversed item as it was answered."""
    start.item("trust_3").pop("reversed")


def shorten(start: Draft) -> None:
    """Take the last answer off the scale of all statements."""
    scale = start.codebook["scales"]["agree"]
    scale.update(high=4, answers=scale["answers"][:4])


def drop_an_answer(wave: str) -> Edit:
    """Return an edit that gives one statement fewer answers, between the same ends, in one wave."""

    def edit(start: Draft) -> None:
        scale = start.codebook["scales"]["agree"]
        start.codebook["scales"]["coarse"] = {**scale, "answers": [answer for answer in scale["answers"] if answer["value"] != 3]}
        start.item("goal_1")["changes"] = {wave: {"scale": "coarse"}}

    return edit


def entries(evaluation: Evaluation) -> dict[str, Any]:
    """Return the content of the seal's file."""
    assert evaluation.seal is not None
    content: dict[str, Any] = json.loads(seal_bytes(evaluation.seal))
    return content


# The seal and its hashes


def test_a_hash_is_that_of_the_canonical_text() -> None:
    # printf '{"a":[0.3,"é"],"b":{"c":true}}' | sha256sum
    by_hand = "0b3a4bb362db37b774c2f58476ea77f59cd5059028fa9319a6d707d12ffa8625"
    text = '{"a":[0.3,"é"],"b":{"c":true}}'
    assert digest({"b": {"c": True}, "hash": "left out", "a": [0.3, "é"]}) == hashlib.sha256(text.encode()).hexdigest() == by_hand


def test_the_plan_is_sealed_with_its_defaults_and_every_indicator(tiny: Evaluation) -> None:
    found = plan_of(tiny)
    assert found["waves"] == ["2023", "2025"]
    assert (found["plan.alpha"], found["plan.min_answered"], found["plan.primary"]) == (0.05, "2/3", ["cooperation", "safety"])
    assert (found["indicators.incident_share.at_least"], found["indicators.incident_share.better"]) == (1.0, "down")
    assert (found["indicators.cooperation.norm_good"], found["indicators.goal.statistic"]) == (3.5, "mean")
    assert (found["indicators.cooperation.reversed"], found["indicators.cooperation.scale"]) == (["trust_3"], "1-5 (1, 2, 3, 4, 5)")
    assert (found["indicators.incident_share.scale"], found["indicators.box_1.scale"]) == ("0-50", "0-1 (1)")
    assert "indicators.goal.reversed" not in found
    assert "indicators.goal.norm_good" not in found
    assert "indicators.goal.at_least" not in found


def test_a_seal_is_read_as_it_was_written(tmp_path: Path) -> None:
    evaluation = seal_now(small().load(tmp_path))
    assert evaluation.seal is not None
    write_seal(evaluation, evaluation.seal)
    assert seal_bytes(evaluation.seal) == (tmp_path / SEAL).read_bytes()
    assert load_evaluation(tmp_path).seal == evaluation.seal
    assert (evaluation.seal.first.date, evaluation.seal.first.midterm, evaluation.seal.first.synthetic) == ("2024-01-31", "1.0", False)
    assert SEAL in evaluation.description_files


def test_anyone_can_check_a_hash_with_plain_json(tiny: Evaluation) -> None:
    listed = entries(after(tiny, raise_margin, amend=True))["entries"]
    for entry in listed:
        said = entry.pop("hash")
        assert hashlib.sha256(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest() == said
    assert [entry["previous"] == "" for entry in listed] == [True, False]


def test_files_that_were_there_are_noted_with_waves_and_hash(tmp_path: Path) -> None:
    evaluation = small().load(tmp_path)
    (tmp_path / LAST.file).unlink()
    found = {file.file: file for file in files_there(evaluation)}
    assert set(found) == {FIRST.file, "data/raw/segments.csv", "data/raw/population.csv"}
    assert (found[FIRST.file].waves, found["data/raw/population.csv"].waves) == (("2023",), ())
    assert found[FIRST.file].sha256 == hashlib.sha256((tmp_path / FIRST.file).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["entries"][0].update(date="2023-01-31"),
        lambda content: content["entries"][0].update(date="no day"),
        lambda content: content["entries"][0].update(synthetic=True),
        lambda content: content["entries"][0]["plan"].update({"plan.alpha": 0.1}),
        lambda content: content["entries"][0]["plan"]["plan.primary"].append("trust"),
        lambda content: content["entries"][0]["data"].pop(),
        lambda content: content["entries"][1].update(reason="Another."),
        lambda content: content["entries"][1]["changed"][0].update(to=0.3),
        lambda content: content["entries"][1].update(previous=""),
        lambda content: content["entries"][0].update(hash="0" * 64),
        lambda content: content["entries"][0].pop("hash"),
        lambda content: content["entries"][0].update(note="more"),
        lambda content: content["entries"].reverse(),
        lambda content: content["entries"].pop(0),
        lambda content: content["entries"].clear(),
        lambda content: content["entries"].append(copy.deepcopy(content["entries"][1])),
        lambda content: content.update(more=1),
        lambda content: content.clear(),
    ],
)
def test_an_edited_seal_is_refused(tiny: Evaluation, edit: Callable[[dict[str, Any]], object]) -> None:
    content = entries(after(tiny, raise_margin, amend=True))
    assert parse_seal(json.dumps(content).encode())
    edit(content)
    with pytest.raises(ConfigError, match="the seal on the plan is broken") as caught:
        parse_seal(json.dumps(content).encode())
    assert [problem.rule for problem in caught.value.problems] == ["seal_broken"]


def forged(content: dict[str, Any], **changes: object) -> bytes:
    """Return a seal whose last entry was changed and hashed again."""
    made = copy.deepcopy(content)
    made["entries"][-1] |= changes
    made["entries"][-1]["hash"] = digest(made["entries"][-1])
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"changed": [{"key": "plan.alpha", "from": 0.2, "to": 0.1}]},  # it stood at .05
        {"changed": [{"key": "plan.alpha", "from": 0.05, "to": 0.05}]},
        {"changed": [{"key": "plan.alpha", "from": 0.05, "to": 0.1}, {"key": "plan.alpha", "from": 0.05, "to": 0.2}]},
        {"changed": []},
        {"reason": ""},
        {"date": "2023-12-31"},  # before the sealing
        {"date": "20240229"},
        {"plan": {"plan.alpha": 0.1}},
        {"previous": "0" * 64},
        {"reason": " around "},
    ],
)
def test_an_entry_that_does_not_follow_is_refused_even_with_its_hash_made_anew(tiny: Evaluation, changes: dict[str, object]) -> None:
    content = entries(after(tiny, raise_margin, amend=True))
    assert parse_seal(forged(content))
    with pytest.raises(ConfigError, match="broken"):
        parse_seal(forged(content, **changes))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"entries": 1}',
        b'{"entries": []}',
        b'{"entries": [1]}',
        b'{"entries": [[]]}',
        b'{"entries": [{}]}',
        b'{"entries": [{"a": NaN}]}',
        b'{"entries": [{"a": "\\ud800"}]}',
        b'{"entries": [], "entries": []}',
        b"[" * 100_000,
        b'{"entries": [' + b" " * 2_000_000 + b"]}",
        b'{"entries": [{"a": ' + b"9" * 5000 + b"}]}",
    ],
)
def test_what_is_no_seal_is_refused_in_one_sentence(raw: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_seal(raw)
    assert [problem.rule for problem in caught.value.problems] == ["seal_broken"]


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / SEAL).mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_seal(tmp_path)


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in leaves(value, (*path, key))]
    if isinstance(node, list):
        return [leaf for at, value in enumerate(node) for leaf in leaves(value, (*path, at))]
    return [path]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(data=st.data())
def test_no_single_value_can_be_changed_unseen(data: st.DataObject) -> None:
    content = json.loads((synthesise.ROOT / SEAL).read_text(encoding="utf-8"))
    *path, last = data.draw(st.sampled_from(leaves(content)))
    node = content
    for part in path:
        node = node[part]
    old = node[last]
    node[last] = data.draw(
        st.one_of(st.text(max_size=4), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()).filter(lambda new: new != old)
    )
    with pytest.raises(ConfigError):
        parse_seal(json.dumps(content).encode())


# Sealing and amending


def test_a_second_seal_is_refused(tiny: Evaluation) -> None:
    with pytest.raises(ConfigError, match=r"sealed on 2024-01-31 already; record a change with `midterm seal --amend REASON`"):
        seal_now(seal_now(tiny))


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501, "\ud800", "a\x07"])
def test_an_amendment_needs_a_reason(tiny: Evaluation, reason: str) -> None:
    with pytest.raises(ConfigError, match="needs its reason"):
        amend_now(after(tiny, raise_margin), reason=reason)


def test_an_amendment_needs_a_seal_a_change_and_a_later_day(tiny: Evaluation) -> None:
    with pytest.raises(ConfigError, match="no seal to amend"):
        amend_now(tiny)
    with pytest.raises(ConfigError, match="nothing to amend"):
        amend_now(seal_now(tiny))
    changed = after(tiny, raise_margin)
    with pytest.raises(ConfigError, match=r"before the last entry \(2024-01-31\)"):
        amend_now(changed, day="2024-01-30")
    assert len(entries(amend_now(changed, day="2024-01-31"))["entries"]) == 2


def test_amendments_form_a_chain_of_what_changed(tiny: Evaluation) -> None:
    once = after(tiny, raise_margin, amend=True)
    plan = once.plan.model_copy(update={"alpha": 0.01})
    twice = amend_now(replace(once, file=once.file.model_copy(update={"plan": plan})), day="2024-03-01", reason="A stricter  level,\nby advice.")
    assert twice.seal is not None
    first, second, third = twice.seal.entries
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert [(change.key, change.before, change.after) for change in second.changed] == [("indicators.cooperation.margin", 0.3, 0.5)]
    assert [(change.key, change.before, change.after) for change in third.changed] == [("plan.alpha", 0.05, 0.01)]
    assert third.reason == "A stricter level, by advice."
    assert twice.seal.plan == plan_of(twice)
    assert parse_seal(seal_bytes(twice.seal)) == twice.seal


def test_a_folder_that_cannot_be_written_is_named(tiny: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(plan_module, "replacing", refuse)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_seal(tiny, sealed(tiny, "2024-01-31", "1.0", ()))


# What changed


@pytest.mark.parametrize(
    "edit",
    [
        lambda start: start.evaluation["plan"]["primary"].reverse(),
        lambda start: start.indicators["indicators"].reverse(),
        lambda start: indicator(start, "cooperation")["items"].reverse(),
        lambda start: start.codebook["items"].reverse(),
        lambda start: start.codebook["scales"]["agree"]["answers"].reverse(),
        lambda start: start.item("goal_1").update(reversed=False, wording=both("Anders.")),
        lambda start: start.codebook["scales"].update(fine=start.codebook["scales"]["agree"]) or start.item("goal_1").update(scale="fine"),
        drop_an_answer("2027"),  # no wave of the comparison
        lambda start: start.evaluation["plan"].update(alpha="0.050", min_answered="4/6"),
        lambda start: indicator(start, "cooperation").update(label=both("Anders")),
        lambda start: start.evaluation.update(seed=7),
    ],
)
def test_order_spelling_and_labels_are_no_change(tiny: Evaluation, edit: Edit) -> None:
    assert plan_history(after(tiny, edit)).changed == ()


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (turn, {f"indicators.{name}.reversed": (["trust_3"], None) for name in ("cooperation", "trust")}),
        (
            lambda start: [start.item(name).update(reversed=True) for name in ("goal_2", "goal_1")],
            {
                "indicators.cooperation.reversed": (["trust_3"], ["goal_1", "goal_2", "trust_3"]),
                "indicators.goal.reversed": (None, ["goal_1", "goal_2"]),
            },
        ),
        (shorten, {f"indicators.{name}.scale": ("1-5 (1, 2, 3, 4, 5)", "1-4 (1, 2, 3, 4)") for name in ("cooperation", "goal", "trust", "safety")}),
        (
            drop_an_answer("2025"),
            {f"indicators.{name}.scale": ("1-5 (1, 2, 3, 4, 5)", "1-5 (1, 2, 3, 4, 5); 1-5 (1, 2, 4, 5)") for name in ("cooperation", "goal")},
        ),
        (
            lambda start: start.codebook["scales"]["incidents"].update(low=-0.5, high=1000000),
            {"indicators.incident_share.scale": ("0-50", "-0.5-1000000")},
        ),
    ],
)
def test_how_the_items_are_read_is_part_of_the_plan(tiny: Evaluation, edit: Edit, expected: dict[str, tuple[object, object]]) -> None:
    found = plan_history(after(tiny, edit)).changed
    assert {change.key: (change.before, change.after) for change in found} == expected


def test_a_key_that_a_later_version_brings_is_no_change_with_its_default() -> None:
    known = {"waves": ["1", "2"], "plan.primary": ["a"]}
    assert differences(known, {**known, "plan.alpha": 0.05}) == ()
    assert [(change.key, change.before, change.after) for change in differences(known, {**known, "plan.alpha": 0.1})] == [("plan.alpha", None, 0.1)]
    assert [(change.key, change.before, change.after) for change in differences({**known, "plan.gone": 1}, known)] == [("plan.gone", 1, None)]


def test_what_was_amended_stands_apart_from_what_was_not(tiny: Evaluation) -> None:
    once = after(tiny, raise_margin, amend=True)
    history = plan_history(replace(once, file=once.file.model_copy(update={"plan": once.plan.model_copy(update={"power": 0.9})})))
    assert (history.date, history.after_data, history.is_sealed) == ("2024-01-31", False, True)
    [amendment] = history.amendments
    assert (amendment.date, amendment.reason, amendment.after_data) == ("2024-02-29", REASON, False)
    assert [change.key for change in amendment.changes] == ["indicators.cooperation.margin"]
    assert [change.key for change in history.unamended] == ["plan.power"]
    assert [change.key for change in history.changed] == ["plan.power", "indicators.cooperation.margin"]


def test_an_amendment_after_the_data_says_so(tiny: Evaluation) -> None:
    history = plan_history(amend_now(after(tiny, raise_margin), data=(FIRST, LAST)))
    assert (history.after_data, history.amendments[0].after_data) == (False, True)


def test_a_file_declared_for_the_last_wave_too_counts_as_its_data(tmp_path: Path) -> None:
    start = small()
    start.evaluation["sources"]["surveys"] = [{**survey_source("2023"), "wave": {"column": "RONDE", "values": {"1": "2023", "2": "2025"}}}]
    evaluation = start.load(tmp_path)
    assert plan_history(seal_now(evaluation, files_there(evaluation))).after_data


# What was planned

SEALED: Edit = lambda _: None  # noqa: E731
ALL_CHANGED = {"cooperation": Status(True, ("changed_after_seal",)), "goal": Status(False, ("changed_after_seal",))}
CASES: list[tuple[Edit, dict[str, Status]]] = [
    (SEALED, {"cooperation": Status(True), "safety": Status(True), "goal": Status(False)}),
    (
        lambda start: start.evaluation["plan"].update(primary=["cooperation", "trust"]),
        {"cooperation": Status(True), "trust": Status(False, ("added_after_seal",)), "safety": Status(False, ("dropped_after_seal",)), "goal": Status(False)},
    ),
    (raise_margin, {"cooperation": Status(True, ("changed_after_seal",)), "safety": Status(True)}),
    (lambda start: indicator(start, "cooperation")["items"].pop(), {"cooperation": Status(True, ("changed_after_seal",)), "safety": Status(True)}),
    (lambda start: indicator(start, "incident_share").update(at_least=2), {"incident_share": Status(False, ("changed_after_seal",)), "safety": Status(True)}),
    (turn, {"cooperation": Status(True, ("changed_after_seal",)), "trust": Status(False, ("changed_after_seal",)), "safety": Status(True)}),
    (
        shorten,
        {
            "cooperation": Status(True, ("changed_after_seal",)),
            "safety": Status(True, ("changed_after_seal",)),
            "incident_share": Status(False),
            "box_1": Status(False),
        },
    ),
    (drop_an_answer("2023"), {"cooperation": Status(True, ("changed_after_seal",)), "trust": Status(False), "safety": Status(True)}),
    (lambda start: indicator(start, "cooperation").update(norm={"good": 4, "poor": 3}), {"cooperation": Status(True)}),
    (lambda start: start.evaluation["plan"].update(alpha=0.1), ALL_CHANGED),
    (lambda start: start.evaluation["plan"].update(usable_share="1/3"), ALL_CHANGED),
    (lambda start: start.evaluation["plan"].update(power=0.9, public_minimum=5, balance=0.5), {"cooperation": Status(True), "goal": Status(False)}),
    (
        lambda start: (start.evaluation["plan"]["primary"].append("new"), start.indicators["indicators"].append({**indicator(start, "goal"), "id": "new"})),
        {"new": Status(False, ("added_after_seal",)), "cooperation": Status(True)},
    ),
    (lambda start: start.evaluation["plan"].update(primary=["safety"]), {"cooperation": Status(False, ("dropped_after_seal",)), "goal": Status(False)}),
]


@pytest.mark.parametrize(("edit", "expected"), CASES)
@pytest.mark.parametrize("is_amended", [False, True])
def test_planned_is_what_the_first_seal_and_the_plan_of_today_share(tiny: Evaluation, edit: Edit, expected: dict[str, Status], is_amended: bool) -> None:
    evaluation = after(tiny, edit, amend=is_amended and edit is not SEALED)
    found = planned_status(evaluation)
    assert list(found) == [entry.id for entry in evaluation.indicators]
    assert {name: found[name] for name in expected} == expected


def test_without_a_seal_the_plan_alone_speaks_and_says_so(tiny: Evaluation) -> None:
    found = planned_status(tiny)
    assert found["cooperation"] == Status(True, ("plan_not_sealed",))
    assert found["goal"] == Status(False)
    assert not plan_history(tiny).is_sealed


def test_sealed_after_the_data_is_said_of_what_was_planned(tiny: Evaluation) -> None:
    found = planned_status(seal_now(tiny, (FIRST, LAST)))
    assert found["cooperation"] == Status(True, ("sealed_after_data",))
    assert found["goal"] == Status(False)


def test_a_change_that_was_taken_back_is_none(tiny: Evaluation) -> None:
    evaluation = replace(after(tiny, raise_margin, amend=True), indicators=tiny.indicators)
    assert planned_status(evaluation)["cooperation"] == Status(True)
    assert [change.key for change in plan_history(evaluation).unamended] == ["indicators.cooperation.margin"]


# The command


def test_the_command_seals_amends_and_refuses(tmp_path: Path, midterm: Callable[..., tuple[int, str, str]]) -> None:
    start = small()
    del start.evaluation["sources"]["frameworks"]
    start.write(tmp_path)
    last = (tmp_path / LAST.file).read_bytes()
    (tmp_path / LAST.file).unlink()
    _, _, said = midterm("check", tmp_path)
    assert "Notice: config/seal.json: the plan is not sealed; run `midterm seal` before answers of wave '2025' arrive" in said
    assert midterm("seal", tmp_path, "--amend", "why")[0] == 2
    status, out, said = midterm("seal", tmp_path)
    assert (status, out) == (0, "")
    assert "already" not in said
    kept = (tmp_path / SEAL).read_bytes()
    status, out, said = midterm("seal", tmp_path)
    assert (status, out) == (2, "")
    assert SENTENCE.fullmatch(said.strip())
    assert (tmp_path / SEAL).read_bytes() == kept
    raise_margin(start)
    start.write(tmp_path)
    (tmp_path / LAST.file).write_bytes(last)
    status, _, said = midterm("check", tmp_path)
    assert status == 0
    assert "Notice: config/seal.json, column indicators.cooperation.margin: the plan was changed after it was sealed" in said
    status, _, said = midterm("seal", tmp_path, "--amend", "By advice.")
    assert status == 0
    assert "Answers of the last wave were there already" in said
    assert notices(load_evaluation(tmp_path)) == ()


def test_a_broken_seal_stops_check_run_and_seal_with_one_sentence(tmp_path: Path, midterm: Callable[..., tuple[int, str, str]]) -> None:
    evaluation = small().load(tmp_path)
    write_seal(evaluation, sealed(evaluation, "2024-01-31", "1.0", ()))
    text = (tmp_path / SEAL).read_text(encoding="utf-8")
    (tmp_path / SEAL).write_text(text.replace("2024-01-31", "2022-01-31"), encoding="utf-8")
    for command in ("check", "run", "seal"):
        status, out, said = midterm(command, tmp_path)
        assert (status, out) == (2, "")
        assert SENTENCE.fullmatch(said.strip())


def test_notices_come_only_while_there_is_something_to_do(tmp_path: Path) -> None:
    evaluation = small().load(tmp_path)
    assert notices(evaluation) == ()  # too late: the report tells
    (tmp_path / LAST.file).unlink()
    assert [notice.rule for notice in notices(evaluation)] == ["plan_not_sealed"]
    (tmp_path / FIRST.file).unlink()
    assert notices(evaluation) == ()


def test_a_new_evaluation_is_unsealed_and_tells_to_seal(tmp_path: Path) -> None:
    new_evaluation(tmp_path / "new")
    evaluation = load_evaluation(tmp_path / "new")
    assert evaluation.seal is None
    assert not any(indicator.target for indicator in evaluation.indicators)  # the example's promises are not another's
    for name in ("evaluation.yml", "data/raw/README.md"):
        assert "`midterm seal`" in (tmp_path / "new" / name).read_text(encoding="utf-8")


# The report


def told(evaluation: Evaluation, language: Language) -> str:
    return "\n".join(the_plan(Context(evaluation, {}, language, Path()))).replace("\\", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_tells_that_there_is_no_seal(tiny: Evaluation, language: Language) -> None:
    assert tiny.labels[language].report.plan_not_sealed in told(tiny, language)


def test_the_report_tells_seal_changes_and_reasons(tiny: Evaluation) -> None:
    once = after(tiny, raise_margin, amend=True)
    plan = once.plan.model_copy(update={"primary": ("cooperation", "trust"), "alpha": 0.1})
    evaluation = replace(once, file=once.file.model_copy(update={"plan": plan}))
    assert evaluation.seal is not None
    text = told(evaluation, "en")
    assert f"sealed on 2024-01-31 (hash {evaluation.seal.first.hash[:12]}), before answers of 2025" in text
    assert "Planned comparisons from 2023 to 2025: Samenwerking." in text
    assert "how they are computed or judged has changed since: Samenwerking." in text
    assert (
        "- 2024-02-29, before answers of 2025 were there: smallest change that matters of Samenwerking: 0.3 became 0.5. "
        "Reason given: The steering group asked for it."
    ) in text
    assert "- indicators to be tested: added Vertrouwen\n- indicators to be tested: removed Veiligheid\n- significance level (alpha): 0.05 became 0.1" in text
    assert "invented" not in text
    dutch = told(evaluation, "nl")
    assert "kleinste verandering die ertoe doet van Samenwerking: 0,3 werd 0,5" in dutch
    assert "verzegeld op 2024-01-31" in dutch


def test_the_report_tells_a_seal_that_came_after_the_data(tiny: Evaluation) -> None:
    text = told(seal_now(tiny, (FIRST, LAST)), "en")
    assert "when answers of 2025 had come already" in text
    assert "Nothing in the plan has changed since." in text


def test_the_report_tells_how_items_are_read_otherwise(tiny: Evaluation) -> None:
    def more(start: Draft) -> None:
        start.item("goal_1")["reversed"] = True

    turned = after(tiny, turn, shorten, amend=True)
    english, dutch = told(turned, "en"), told(turned, "nl")
    assert "reversed questions of Samenwerking: removed trust_3; scale of the answers of Samenwerking: 1-5 (1, 2, 3, 4, 5) became 1-4 (1, 2, 3, 4)" in english
    assert "omgekeerd gestelde vragen van Samenwerking: eraf trust_3; antwoordschaal van Samenwerking: 1-5 (1, 2, 3, 4, 5) werd 1-4 (1, 2, 3, 4)" in dutch
    assert "- reversed questions of Doel: added goal_1" in told(after(tiny, more), "en")
    assert "- omgekeerd gestelde vragen van Doel: erbij goal_1" in told(after(tiny, more), "nl")


def test_a_comparison_is_called_planned_beforehand_only_by_its_seal(tiny: Evaluation) -> None:
    for evaluation in (tiny, seal_now(tiny, (FIRST, LAST))):
        assert not re.search("vooraf|beforehand", told(evaluation, "nl") + told(evaluation, "en"), re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_change_has_words(tiny: Evaluation, language: Language) -> None:
    def edit(start: Draft) -> None:
        start.evaluation["waves"].append({"id": "2027", "label": both("2027"), "year": 2027})
        start.evaluation["plan"].update(to_wave="2027", primary=["a.b"], min_answered="1/2")
        indicator(start, "cooperation").pop("norm")
        indicator(start, "incident_share").update(better="up", at_least=2)
        start.indicators["indicators"] = [entry for entry in start.indicators["indicators"] if entry["id"] != "safety"]
        start.indicators["indicators"].append({**indicator(start, "goal"), "id": "a.b", "label": both("Nieuw")})

    evaluation = after(tiny, edit)
    context = Context(evaluation, {}, language, Path())
    lines = changes_in_words(context, plan_history(evaluation).unamended)
    texts = context.texts
    for wanted in (texts.plan_indicator_added.format(indicator="Nieuw"), texts.plan_indicator_removed.format(indicator="safety")):
        assert lines.count(wanted) == 1
    assert any("2/3" in line and "1/2" in line for line in lines)
    assert any(texts.plan_unset in line for line in lines)
    assert not any(re.search(r"[{}]|indicators\.|plan\.", line) for line in lines)
    assert "{" not in told(evaluation, language)
    assert texts.plan_planned_none in told(evaluation, language)


def test_both_languages_have_words_for_every_key_that_is_sealed(tiny: Evaluation) -> None:
    sealed_keys = {key.rpartition(".")[2] for evaluation in (load_evaluation(synthesise.ROOT), tiny) for key in plan_of(evaluation)}
    for language in LANGUAGES:
        texts = tiny.labels[language].report
        known = set(texts.plan_keys)
        assert [key for key in sorted(sealed_keys) if key not in known and key.rpartition("_")[0] not in known] == []
        assert set(texts.plan_values) == {"mean", "share", "count", "up", "down"}
    assert list(tiny.labels["nl"].report.plan_keys) == list(tiny.labels["en"].report.plan_keys)


# The shipped example


def test_the_shipped_seal_fits_the_shipped_plan() -> None:
    evaluation = load_evaluation(synthesise.ROOT)
    assert (synthesise.ROOT / SEAL).read_bytes() == synthesise.synthetic_seal(evaluation), "run `make example`"
    history = plan_history(evaluation)
    assert (history.date, history.synthetic, history.after_data, history.changed, history.amendments) == ("2023-01-16", True, False, (), ())
    assert {name for name, status in planned_status(evaluation).items() if status.planned} == set(evaluation.plan.primary)
    assert not any(status.flags for status in planned_status(evaluation).values())
    for language in LANGUAGES:
        text = told(evaluation, language)
        assert evaluation.labels[language].synthetic in text
        assert "2023-01-16" in text
