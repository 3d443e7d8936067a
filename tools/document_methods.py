"""The index of methods and the page of measured rates: in, the registries, their docstrings and docs/calibration.csv; out, two pages.

The index takes a reader from a number in a table to the function that made it, with its source and the test that holds it
against a reference value; the page of rates says how often each method was wrong in the simulation study (``make calibrate``).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from markdown_tables import table
from midterm.compare import alliances, attrition, change, specifications
from midterm.compare.registry import CHECKS, EFFECTS, LEVELS, PRIMARY
from midterm.judge import verdict
from midterm.measure import agreement, clustered, indicators, invariance, levels, reliability, targets

ROOT = Path(__file__).resolve().parents[1]
RATES = ROOT / "docs" / "calibration.csv"
MEASURES = ("alpha", "omega", "icc1", "dif_uniform", "dif_nonuniform", "krippendorff_alpha", "attainment")
NOMINAL, MOST, COVERED = 0.05, 0.06, (0.935, 0.965)
Function = Callable[..., Any]

# The columns of ``change`` that no registry names: what made them.
COLUMNS: tuple[tuple[str, Function], ...] = (
    ("`estimate`, `std_error`, `df`, `ci_low`, `ci_high`, `p_value` of `average`; `shrunken`", alliances.random_effects),
    ("`p_adjusted`, `verdict`", verdict.judge),
    ("`equivalence_p`", change.equivalence),
    ("`minimal_detectable`", change.minimal_detectable),
)
# The statistics of ``indicators``: what made them.
STATISTICS: tuple[tuple[str, Function], ...] = (
    ("`mean`, `count`", clustered.clustered_mean),
    ("`share`", clustered.share_interval),
    ("`attainment`", targets.attained),
    ("`alpha`", reliability.cronbach_alpha),
    ("`omega`", reliability.omega_total),
    ("`icc1`, `icc2`", reliability.intraclass),
    ("`rwg`", reliability.rwg),
    ("`dif_uniform`, `dif_nonuniform`", invariance.functioning),
    ("`krippendorff_alpha`, `krippendorff_alpha_ratings`", agreement.krippendorff_alpha),
    ("`balance`", indicators.interview_indicators),
    ("`share_on_schedule`", indicators.framework_indicators),
)
# What the tables of the example, computed again in R, hold of these (tests/golden/).
GOLDEN = {
    *(function for _, function in PRIMARY.values()),
    *(function for _, function in (*COLUMNS, *STATISTICS[:4])),
    next(check.function for check in CHECKS if check.method == "finite_population_change"),
}


def method_index() -> str:
    """Return docs/method-index.md."""
    rates = pd.read_csv(RATES)
    shown = ["`method` or column", "outcomes", "function (formula, units)", "source, and what it equals", "tests", "false alarms at 5 %"]
    primary = [[f"`{name}`", kind, *_of(function), _alarms(rates, "primary", (kind,))] for kind, (name, function) in PRIMARY.items()]
    primary += [[f"`effect_size` and its interval, {kind}", kind, *_of(function), _effects(rates, function)] for kind, function in EFFECTS.items()]
    measured = {alliances.random_effects: "average", change.equivalence: "equivalence", verdict.judge: "verdict"}
    primary += [[name, "all", *_of(function), _alarms(rates, measured.get(function, ""))] for name, function in COLUMNS]
    checks = [[f"`{check.method}`", ", ".join(check.kinds), *_of(check.function), _alarms(rates, check.method)] for check in CHECKS]
    for entry in LEVELS:
        formula = getattr(levels, entry.method, entry.function)
        checks.append([f"`{entry.method}`", ", ".join(entry.kinds), *_of(formula), _coverage(rates, entry.method)])
    checks += [["`prediction_interval`", "all", *_of(alliances.random_effects), _coverage(rates, "prediction_interval")]]
    checks += [["`specification: SCORING, PERSONS, WEIGHTS`", "primaries", *_of(specifications.specifications), _alarms(rates, "specification")]]
    granted = [[f"`{check.method}`", check.estimand, check.reading, check.valid.name, "`all`" if check.scope == "pooled" else "any"] for check in CHECKS]
    granted += [[f"`{entry.method}`", entry.estimand, entry.reading, "one wave", "any"] for entry in LEVELS]
    left = [[f"`{group}_*`", "all", *_of(attrition.stayers_table), _alarms(rates, f"{group}_gap")] for group in ("leavers", "entrants")]
    statistics = [[name, *_of(function), _statistic(rates, name)] for name, function in STATISTICS]
    return (
        "\n\n".join(
            [
                "# From a number to its formula, source and reference value",
                "Made from the registries in `src/midterm/compare/registry.py`, the functions' docstrings and `docs/calibration.csv` by "
                "`tools/document_methods.py`; do not edit by hand.",
                "Take a number in `reports/tables/`: its row's `method` (in `indicators`: `statistic`) leads to a line here. The docstring of the function "
                "has the formula, units and flags; the tests compare it with the reference values of [tests/reference](../tests/reference/README.md), "
                "which names the program of each. Why these methods and how they are combined is in [methods.md](methods.md); how often they are wrong, "
                "design by design, in [calibration.md](calibration.md).",
                "## `change`",
                table(shown, primary),
                "## `checks`",
                table(shown, checks),
                "What each takes for granted stands in `flag` of every row, and `not_valid: needs ...` where it may not be used:",
                table(
                    ["`method`", "estimand", "takes for granted", "valid with", "rows"],
                    [[row[0], *(cell.replace("_", " ") for cell in row[1:])] for row in granted],
                ),
                "## `attrition`",
                table(shown, left),
                "## `indicators`",
                table(["`statistic`", *shown[2:]], statistics),
                "",
            ]
        ).rstrip()
        + "\n"
    )


def _of(function: Function) -> list[str]:
    """Return function, source and tests of one line."""
    path = Path(inspect.getsourcefile(function) or "").resolve().relative_to(ROOT)
    tests = ", ".join(f"[{test.stem}](../{test.relative_to(ROOT)})" for test in _tests(function))
    return [f"[`{path.stem}.{function.__name__}`](../{path})", _source(function), tests]


def _source(function: Function) -> str:
    """Return what the docstring says after "Source:"; empty where it says nothing."""
    text = inspect.getdoc(function) or ""
    found = re.search(r"(?:Source|source): (.*?)(?:\n\n|$)", text, flags=re.DOTALL)
    return " ".join(found[1].replace("``", "`").split()) if found else ""


def _tests(function: Function) -> list[Path]:
    """Return the test file of the function's own module where that calls it, else all that do; of the shipped example's tables the golden one too."""
    files = sorted(path for room in ("compare", "measure", "judge") for path in (ROOT / "tests" / room).glob("test_*.py") if path.stem != "test_registry")
    calling = [path for path in files if re.search(rf"\b{function.__name__}\(|\b{function.__name__}[,\]]", path.read_text(encoding="utf-8"))]
    own = [path for path in calling if path.stem == f"test_{function.__module__.rpartition('.')[2]}"]
    return [*(own or calling), *([ROOT / "tests" / "test_golden.py"] if function in GOLDEN else [])]


def _rows(rates: pd.DataFrame, method: str, kinds: Sequence[str] = ()) -> pd.DataFrame:
    rows = rates[rates["method"].str.startswith(method) if method == "specification" else rates["method"] == method]
    return rows[rows["kind"].isin(kinds)] if kinds else rows


def _range(values: Iterable[float]) -> str:
    known = [value for value in values if not pd.isna(value)]
    if not known:
        return ""
    low, high = f"{100 * min(known):.1f}", f"{100 * max(known):.1f}"
    return f"{low} %" if low == high else f"{low}-{high} %"


def _alarms(rates: pd.DataFrame, method: str, kinds: Sequence[str] = ()) -> str:
    """Return the range of false alarms over designs; the coverage where there is no test."""
    rows = _rows(rates, method, kinds) if method else rates.iloc[:0]
    return _range(rows["false_alarms"]) or _coverage(rates, method)


def _coverage(rates: pd.DataFrame, method: str) -> str:
    rows = _rows(rates, method) if method else rates.iloc[:0]
    found = _range([*rows["coverage"], *rows["coverage_of_change"]])
    return f"no test; interval holds the truth in {found}" if found else ""


def _statistic(rates: pd.DataFrame, names: str) -> str:
    """Return the false alarms or coverage of the first of the statistics ``names`` that was measured."""
    found = [{"mean": "level", "share": "level"}.get(name, name) for name in re.findall(r"`(\w+)`", names)]
    return next((said for name in found if (said := _alarms(rates, name) if name.startswith("dif") else _coverage(rates, name))), "")


def _effects(rates: pd.DataFrame, function: Function) -> str:
    """Return how often the interval of an effect of no change holds it."""
    method = next(check.method for check in CHECKS if check.function is function)
    found = _range(_rows(rates, method)["coverage_of_no_effect"])
    return f"interval holds no effect in {found}" if found else ""


# Measured rates


def calibration_page() -> str:
    """Return docs/calibration.md."""
    rates = pd.read_csv(RATES)
    primary = rates[(rates["method"] == "primary") & (rates["organisations"] <= 10)]
    most = int(primary["replicates"].max())
    error = 100 * (NOMINAL * (1 - NOMINAL) / most) ** 0.5
    return (
        "\n\n".join(
            [
                "# How often the methods are wrong: measured",
                "Made from `docs/calibration.csv` (`make calibrate`) by `tools/document_methods.py`; do not edit by hand.",
                "`tools/calibrate.py` draws evaluations with a known true change, again and again, and applies the very functions of the package: "
                "3, 5, 8 and 10 organisations of unequal size (the largest three times the smallest), 10 to 60 persons a wave of whom half are linked, scores "
                "on a skewed five-point scale, correlation within organisations (ICC) 0 to .3, and organisations that change alike or each in its "
                "own way (their changes differ with SD 0 or .25 of a latent scale with SD .9). A *false alarm* is p below .05 where the average true change "
                "is 0; *coverage* is how often the 95 % interval holds the true change; *power* is how often p is below .05 at a change of .4 latent "
                "points. Pooled designs have 40 organisations.",
                f"The primary test rests on {most:,} draws of each design, so that a rate of 5 % has a standard error of {error:.1f} points; other methods "
                f"on {int(rates.loc[rates['method'] == 'paired_t', 'replicates'].max()):,} as a rule, those that cost most on fewer (column `replicates`).",
                "With three organisations nothing is tested in an evaluation (tier T0); the rates are given to show why. Where organisations differ in their "
                "own change and are few, no method is exact; the tables say which hold and which do not.",
                "## The primary test",
                "Ranges are over ICC and over organisations that change alike or not. The promise: false alarms at most 6 %, coverage from 93.5 to 96.5 %.",
                _primary_table(primary),
                "### Where it does not keep the promise",
                *_failures(primary),
                "## Scales, coders and targets",
                "Alpha and omega take persons as independent; ICC(1) as normal. Item functioning is tested for sound items, where the persons did not change "
                "and where they did. Intervals of attainment are Fieller's, for a target 1 point above the baseline.",
                _measurement_table(rates),
                "## All other methods",
                "False alarms at a nominal 5 % where organisations change *alike* and where they *differ*; smallest and largest of all designs. A method "
                "whose false alarms are far above 5 % in a column may not be read as a test there: its rows in `checks` say in `flag` what they "
                "take for granted.",
                _others_table(rates),
            ]
        )
        + "\n"
    )


def _primary_table(primary: pd.DataFrame) -> str:
    rows = []
    for (kind, organisations, n), group in primary.groupby(["kind", "organisations", "n"], sort=True):
        covered = [*group["coverage"], *group["coverage_of_change"]]
        tested = f"{100 * group['tested'].min():.0f} %"
        rows.append([str(kind), str(organisations), str(n), tested, _range(group["false_alarms"]), _range(covered), _range(group["power"])])
    return table(["outcome", "organisations", "persons a wave", "tested, at least", "false alarms", "coverage", "power"], rows)


def _failures(primary: pd.DataFrame) -> list[str]:
    alarming = primary[primary["false_alarms"] > MOST]
    low, high = primary[["coverage", "coverage_of_change"]].min(axis=1), primary[["coverage", "coverage_of_change"]].max(axis=1)
    under, over = primary[low < COVERED[0]], primary[high > COVERED[1]]
    parts = [
        f"Of {len(primary)} designs {len(alarming)} give more than 6 % false alarms, {len(under)} cover less than 93.5 % and {len(over)} more than 96.5 % "
        "(too wide: cautious, with less power). By outcome and number of organisations:"
    ]
    rows = []
    for (kind, organisations), group in primary.groupby(["kind", "organisations"], sort=True):
        counts = [str(int(group.index.isin(found.index).sum())) for found in (alarming, under, over)]
        worst = [_worst(group, low), _range([group["false_alarms"].max()])]
        rows.append([str(kind), str(organisations), str(len(group)), *counts, *worst])
    parts.append(table(["outcome", "organisations", "designs", "over 6 %", "under 93.5 %", "over 96.5 %", "lowest coverage", "most false alarms"], rows))
    return parts


def _worst(group: pd.DataFrame, low: pd.Series) -> str:
    at = low[group.index].idxmin()
    row = group.loc[at]
    return f"{100 * low[at]:.1f} % (n {row['n']:.0f}, ICC {row['icc']:g}, own change {row['own_change']:g})"


def _measurement_table(rates: pd.DataFrame) -> str:
    rows = []
    measures = rates[rates["method"].isin(MEASURES)].fillna({"case": ""})
    for (method, case, n), group in measures.groupby(["method", "case", "n"], sort=True):
        covered = _range([*group["coverage"], *group["coverage_of_change"]])
        icc = ", ".join(f"{value:g}" for value in sorted(set(group["icc"])))
        cells = [icc, f"{100 * group['tested'].min():.0f} %", _range(group["false_alarms"]), covered, f"{int(group['replicates'].min()):,}"]
        rows.append([f"`{method}`", str(case), str(n), *cells])
    return table(["measure", "case", "persons (a wave) or units", "ICC", "computable, at least", "false alarms", "coverage", "`replicates`"], rows)


def _others_table(rates: pd.DataFrame) -> str:
    rows = []
    others = rates[((rates["method"] != "primary") | (rates["organisations"] > 10)) & ~rates["method"].isin(MEASURES)]
    others = others.assign(method=others["method"] + others["case"].fillna("").map(lambda case: f": {case}" if case else ""))
    for (method, kind), group in others.groupby(["method", "kind"], sort=True):
        alike, differ = group[group["own_change"] == 0], group[group["own_change"] > 0]
        covered = _range([*group["coverage"], *group["coverage_of_change"]]) or _range(group["coverage_of_no_effect"])
        name = f"{method} (pooled)" if method == "primary" else str(method)
        cells = [_range(alike["false_alarms"]), _range(differ["false_alarms"]), covered, _range(group["power"]), f"{int(group['replicates'].min()):,}"]
        rows.append([f"`{name}`", str(kind), *cells])
    return table(["method", "outcome", "false alarms, alike", "differ", "coverage", "power", "`replicates`, at least"], rows)
