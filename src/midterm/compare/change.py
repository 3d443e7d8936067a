"""Change between two waves: in, scores of persons; out, the rows of ``change`` and ``checks``, not yet judged.

Nothing is judged here: whether a test may be shown, how p is adjusted and what the verdict is, ``judge`` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from midterm.compare.attrition import stayers_table
from midterm.compare.registry import CHECKS, EFFECTS, LEVELS, PRIMARY, Check, Estimand, Level
from midterm.compare.result import Result, Settings, flags
from midterm.compare.specifications import ALL, ANY, SCORINGS, Agreement, agreement, specifications
from midterm.compare.two_waves import AFTER, BEFORE, Kind, Outcome, Truths, TwoWaves
from midterm.description import Evaluation, Indicator
from midterm.measure.clustered import FEW_DF, Floats
from midterm.measure.scores import is_redefined, once_per_person, scores_by_person
from midterm.measure.tiers import POOLED, tier_of
from midterm.plan import planned_status
from midterm.tables import shaped, stack

WAVES: tuple[Literal[0, 1], ...] = (BEFORE, AFTER)
ATTRITION_METHOD = "difference of means in one wave, CR2 on organisations, Satterthwaite t"


def outcome_of(evaluation: Evaluation, indicator: Indicator) -> Outcome:
    """Return what an indicator is to a comparison: one item with answers in words is ordinal."""
    scale = evaluation.codebook.scale_of(indicator.items[0])
    kinds: dict[str, Kind] = {"share": "share", "count": "count"}
    kind = kinds.get(indicator.statistic, "item" if len(indicator.items) == 1 and scale.answers else "mean")
    low, high = (0.0, 1.0) if kind == "share" else (scale.low, scale.high)
    return Outcome(indicator.id, kind, low, high)


def settings_of(evaluation: Evaluation) -> Settings:
    """Return what the plan tells the methods."""
    plan = evaluation.plan
    return Settings(1 - plan.alpha, plan.power, seed=evaluation.file.seed)


def two_waves(evaluation: Evaluation, scores: pd.DataFrame, population: pd.DataFrame | None = None) -> TwoWaves:
    """Return the scores of the planned contrast, all indicators at once."""
    outcomes = [outcome_of(evaluation, indicator) for indicator in evaluation.indicators]
    return TwoWaves.of(scores, outcomes, (evaluation.plan.from_wave, evaluation.plan.to_wave), population)


def changes(evaluation: Evaluation, data: TwoWaves, alliance: str) -> pd.DataFrame:
    """Return the rows of ``change`` for one alliance, or ``all``: of each indicator the primary estimate, which is of the process."""
    return with_plan(evaluation, shaped("change", pd.concat(_by_kind(evaluation, data, alliance), ignore_index=True)))


def _by_kind(evaluation: Evaluation, data: TwoWaves, alliance: str) -> Iterator[pd.DataFrame]:
    settings = settings_of(evaluation)
    for kind, (method, function) in PRIMARY.items():
        part = data.only(_of_kinds(data, (kind,)))
        if part.outcomes:
            effect = EFFECTS[kind](part, settings).columns()
            rows = _rows(evaluation, part, alliance, function(part, settings), method)
            named = {name: effect[name] for name in ("effect_size", "effect_low", "effect_high", "effect_name")}
            why = np.where(np.isnan(effect["effect_low"]), effect["flag"], "")  # why there is no effect, or no interval of it
            yield rows.assign(**named, flag=[_joined(*both) for both in zip(rows["flag"], why, strict=True)])


def _of_kinds(data: TwoWaves, kinds: tuple[Kind, ...]) -> Truths:
    return np.array([outcome.kind in kinds for outcome in data.outcomes], dtype=bool)


def primary_result(evaluation: Evaluation, data: TwoWaves) -> Result:
    """Return the primary estimate of every indicator (k,), whatever its kind."""
    settings = settings_of(evaluation)
    estimate, p_value = (np.full(len(data.outcomes), np.nan) for _ in range(2))
    for kind, (_, function) in PRIMARY.items():
        chosen = _of_kinds(data, (kind,))
        found = function(data.only(chosen), settings).columns()
        estimate[chosen], p_value[chosen] = found["estimate"], found["p_value"]
    return Result(estimate, p_value=p_value)


def checks(evaluation: Evaluation, data: TwoWaves, alliance: str) -> pd.DataFrame:
    """Return the same changes by every other method of the registry, and exact intervals of the levels (table ``checks``)."""
    settings = settings_of(evaluation)
    chosen = [check for check in CHECKS if check.scope == "any" or alliance in POOLED]
    rows = [_check(evaluation, data, alliance, check, settings) for check in chosen]
    rows += [_level(evaluation, data, alliance, entry, wave) for entry in LEVELS for wave in WAVES]
    return stack("checks", [with_plan(evaluation, part) for part in rows if len(part)])


def _check(evaluation: Evaluation, data: TwoWaves, alliance: str, check: Check, settings: Settings) -> pd.DataFrame:
    part = data.only(_of_kinds(data, check.kinds))
    if not part.outcomes:
        return pd.DataFrame()
    holds = check.valid.holds(part)
    found = check.function(part, settings).where(holds)
    rows = _rows(evaluation, check.used(part), alliance, found, check.method, estimand=check.estimand)
    remarks = [[check.reading, *([] if valid else [f"not_valid: needs {check.valid.name}"])] for valid in holds]
    return _untested(rows.assign(flag=[_joined(*remark, flag) for remark, flag in zip(remarks, rows["flag"], strict=True)]))


def _untested(rows: pd.DataFrame) -> pd.DataFrame:
    """Blank the tests of what is too small to be tested; what is only described has none."""
    small = (rows["tier"] == "T0") & (rows["estimand"] == "process")
    blank = {name: rows[name].mask(small) for name in ("p_value", "p_floor", "equivalence_p")}
    said = [_joined(flag, "too_small_to_test") if is_small else flag for flag, is_small in zip(rows["flag"], small, strict=True)]
    return rows.assign(**blank, flag=said)


def _level(evaluation: Evaluation, data: TwoWaves, alliance: str, entry: Level, wave: Literal[0, 1]) -> pd.DataFrame:
    """Return the intervals of one wave's level: ``from_wave`` and ``to_wave`` are that wave."""
    part, name = data.only(_of_kinds(data, entry.kinds)), (evaluation.plan.from_wave, evaluation.plan.to_wave)[wave]
    if not part.outcomes:
        return pd.DataFrame()
    rows = _rows(evaluation, part, alliance, entry.function(part, wave, settings_of(evaluation)), entry.method, estimand=entry.estimand)
    counted = {"n_from": part.n[wave], "n_to": part.n[wave], "n_paired": np.nan, "n_organisations": (part.sizes[wave] > 0).sum(axis=0)}
    remarks = [_joined("level_of_one_wave", entry.reading, flag) for flag in rows["flag"]]
    return rows.assign(from_wave=name, to_wave=name, margin=np.nan, equivalence_p=np.nan, minimal_detectable=np.nan, design=None, flag=remarks, **counted)


def attrition(evaluation: Evaluation, data: TwoWaves, alliance: str) -> pd.DataFrame:
    """Return who stayed, left and came, and what that adds to each change (table ``attrition``).

    A difference is tested where those who left (or came) and those who stayed are both enough for a test.
    """
    table = stayers_table(data, settings_of(evaluation)).assign(alliance=alliance, tier=_tiers(data, alliance), method=ATTRITION_METHOD)
    return shaped("attrition", _gap_tested(_gap_tested(table, data, "leavers"), data, "entrants"))


def _gap_tested(table: pd.DataFrame, data: TwoWaves, group: str) -> pd.DataFrame:
    """Return the table with the p of one group's difference blanked where either side is too small, and flags that say so."""
    p_value, smaller = table[f"{group}_p_value"], table[["n_stayers", f"n_{group}"]].min(axis=1)
    counts = zip(table["alliance"], data.is_in_both.sum(axis=0), smaller, strict=True)
    is_small = np.array([tier_of(alliance, int(organisations), int(n)) == "T0" for alliance, organisations, n in counts], dtype=bool)
    remarks = flags(
        (is_small & p_value.notna().to_numpy(dtype=bool), f"too_small_to_test ({group})"),
        ((table[f"{group}_df"] < FEW_DF).to_numpy(dtype=bool), f"few_df ({group})"),
    )
    said = [_joined(*both) for both in zip(table["flag"], remarks, strict=True)]
    return table.assign(**{f"{group}_p_value": p_value.mask(is_small)}).assign(flag=said)


def _tiers(data: TwoWaves, alliance: str) -> list[str]:
    return [tier_of(alliance, int(count), int(smaller)) for count, smaller in zip(data.is_in_both.sum(axis=0), data.n.min(axis=0), strict=True)]


def specification_curve(
    evaluation: Evaluation, items: pd.DataFrame, respondents: pd.DataFrame, alliance: str, population: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the planned changes under all reasonable choices (rows of ``checks``), and per indicator how many agree, as a flag.

    ``items`` as ``measure.scores.items_by_person`` gives them; ``respondents`` say who sent the questionnaire in.
    """
    settings, plan = settings_of(evaluation), evaluation.plan
    sent_in = {tuple(key) for key in respondents.loc[respondents["is_complete"].astype(bool), ["respondent_id", "wave"]].itertuples(index=False)}
    shares = dict(zip(SCORINGS, (ANY, float(plan.min_answered), ALL), strict=True))
    scored, complete = {}, {}
    for name, share in shares.items():
        scores = scores_by_person(evaluation, items, share)
        scores = once_per_person(scores) if alliance in POOLED else scores
        scores = scores[scores["wave"].isin([plan.from_wave, plan.to_wave]).to_numpy(dtype=bool)]
        data = two_waves(evaluation, scores, population)
        scored[name] = data.only([at for at, outcome in enumerate(data.outcomes) if outcome.name in plan.primary])
        complete[name] = np.array([key in sent_in for key in zip(scores["respondent_id"], scores["wave"], strict=True)], dtype=bool)
    found = list(specifications(scored, complete, settings))
    rows = [_untested(_rows(evaluation, entry.data, alliance, entry.result, entry.name)) for entry in found]
    planned = scored[SCORINGS[1]]
    is_tested = np.array([[tier != "T0" for tier in _tiers(entry.data, alliance)] for entry in found])
    agreed = agreement(primary_result(evaluation, planned), found, is_tested, plan.alpha)
    tiers = _tiers(planned, alliance)
    agreeing = {outcome.name: _agreement_flag(agreed, at, tiers[at]) for at, outcome in enumerate(planned.outcomes)}
    return stack("checks", [with_plan(evaluation, part) for part in rows]), agreeing


def _agreement_flag(agreed: Agreement, at: int, tier: str) -> str:
    """Return of how many choices the sign, and (where there is a test) the significance, are the primary's; nothing where there is no choice."""
    n, sign, tested, alike = (f"{counts[at]:.0f}" for counts in (agreed.n, agreed.same_sign, agreed.n_tested, agreed.significant_alike))
    if n == "0":
        return ""
    return f"specifications: {sign} of {n} same sign" + ("" if tier == "T0" else f", {alike} of {tested} tested significant alike (unadjusted)")


def with_plan(evaluation: Evaluation, rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows`` of ``change`` or ``checks`` with whether the comparison was planned.

    Flags say what the seal tells of that, and whether what is compared was asked alike in both waves (``definition_changed``).
    """
    status, waves = planned_status(evaluation), (evaluation.plan.from_wave, evaluation.plan.to_wave)
    redefined = {entry.id: "definition_changed" if is_redefined(evaluation, entry, waves) else "" for entry in evaluation.indicators}
    said = [_joined(flag, *status[name].flags, redefined[name]) for flag, name in zip(rows["flag"], rows["indicator"], strict=True)]
    return rows.assign(planned=[status[name].planned for name in rows["indicator"]], flag=said)


def flagged(rows: pd.DataFrame, more: Mapping[str, str] | str) -> pd.DataFrame:
    """Return ``rows`` of ``change`` or ``checks`` with a flag added: one for all, or by indicator."""
    added = [more if isinstance(more, str) else more.get(name, "") for name in rows["indicator"]]
    return rows.assign(flag=[_joined(*both) for both in zip(rows["flag"], added, strict=True)])


def _rows(evaluation: Evaluation, data: TwoWaves, alliance: str, result: Result, method: str, *, estimand: Estimand = "process") -> pd.DataFrame:
    """Return one row per indicator: who was compared (``data``: the scores that the method uses), what was found, and what they could have shown."""
    plan, found = evaluation.plan, result.columns()
    names = [outcome.name for outcome in data.outcomes]
    margins = np.array([evaluation.indicator(name).margin for name in names], dtype=float)
    n_from, n_to = data.n[BEFORE], data.n[AFTER]
    organisations = data.is_in_both.sum(axis=0)
    error, df = np.asarray(found["std_error"], dtype=float), np.asarray(found["df"], dtype=float)
    is_process = estimand == "process"
    detectable = minimal_detectable(error, organisations - 1.0, plan.alpha, plan.power)
    equivalent = equivalence(np.asarray(found["estimate"], dtype=float), error, df, margins)
    return pd.DataFrame(
        {
            **found,
            "alliance": alliance,
            "indicator": names,
            "from_wave": plan.from_wave,
            "to_wave": plan.to_wave,
            "estimand": estimand,
            "design": [_design(*counts) for counts in zip(n_from, n_to, data.n_paired, strict=True)],
            "n_from": n_from,
            "n_to": n_to,
            "n_paired": data.n_paired,
            "n_organisations": organisations,
            "equivalence_p": equivalent if is_process else np.nan,
            "margin": margins,
            "minimal_detectable": detectable if is_process else np.nan,
            "tier": _tiers(data, alliance),
            "method": method,
            "flag": _remarks(data, result),
        }
    )


def _design(n_from: float, n_to: float, n_paired: float) -> str:
    if n_paired == 0:
        return "independent"
    return "paired" if n_paired == n_from == n_to else "partly_paired"


def _remarks(data: TwoWaves, result: Result) -> list[str]:
    """Return why a number is not there, or not to be trusted, where the method did not say so itself."""
    found = result.columns()
    estimates, df = np.asarray(found["estimate"], dtype=float), np.asarray(found["df"], dtype=float)
    numbers = np.array([np.asarray(found[name], dtype=float) for name in ("ci_low", "p_value", "effect_size")])
    organisations = (data.sizes.sum(axis=0) > 0).sum(axis=0)
    remarks = []
    for at, said in enumerate(result.flag or ("",) * len(estimates)):
        if said or not np.isnan(numbers[:, at]).all():
            remarks.append(_joined(said, "few_df" if df[at] < FEW_DF else ""))
        elif np.isnan(estimates[at]):
            remarks.append("no_data")
        else:
            remarks.append("one_organisation" if organisations[at] == 1 else "no_variance")
    return remarks


def _joined(*parts: Any) -> str:
    """Return the flags that say something, each once; one may hold several already."""
    said = [flag for part in parts if not pd.isna(part) and part for flag in str(part).split("; ")]
    return "; ".join(dict.fromkeys(said))


def equivalence(estimate: Floats, std_error: Floats, df: Floats, margin: Floats) -> Floats:
    """Return the larger p of the two one-sided t tests that the change lies within plus or minus ``margin``; arrays of one shape.

    Below .05 the 90 % interval lies inside the margin. Source: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15(6).
    """
    error = np.where(std_error > 0, std_error, np.nan)
    above, below = (estimate + margin) / error, (estimate - margin) / error
    return np.asarray(np.maximum(stats.t.sf(above, df), stats.t.cdf(below, df)))


def minimal_detectable(std_error: Floats, df: Floats, alpha: float = 0.05, power: float = 0.80) -> Floats:
    """Return the smallest true change that a test at ``alpha`` finds with ``power``: (t(1 - alpha/2) + t(power)) SE; arrays of one shape.

    ``df`` is organisations minus 1. Source: Bloom 1995, Evaluation Review 19(5).
    """
    freedom = np.where(np.asarray(df) >= 1, df, np.nan)
    return np.asarray((stats.t.ppf(1 - alpha / 2, freedom) + stats.t.ppf(power, freedom)) * std_error)


def shared_organisations(memberships: pd.DataFrame) -> str:
    """Return as a flag how many organisations stand in several alliances; "" where none does. A row per person, alliance and wave."""
    alliances = memberships.drop_duplicates(["alliance", "organisation"])["organisation"].value_counts()
    shared = int((alliances > 1).sum())
    return f"shared_organisations: {shared}" if shared else ""
