"""A figure on demand: in, its name and for whom, when and in which language; out, the chart of the finished run, to be looked at and changed."""

from __future__ import annotations

import inspect
from pathlib import Path

import pandas as pd

from midterm.description import Evaluation
from midterm.errors import Problem, UserError, nearest
from midterm.publish.charts.registry import FigureSpec, figure_name, figures_of
from midterm.publish.figures import Chart, put_marks
from midterm.publish.finished import OF_THE_CONTRAST, check_alliance, described, finished, language_of
from midterm.publish.style import font_of, house_style
from midterm.publish.wording import ALL

FOR = {"all": "all together", "alliance": "each alliance", "both": "all together, each alliance"}


def draw(figure: str, alliance: str = ALL, *, wave: str | None = None, language: str | None = None, evaluation: Path | str | None = None) -> Chart:
    """Return one figure of the set for ``alliance`` (an id, or ``all``), as of ``wave`` (later waves are left out), in ``language``.

    ``evaluation`` is its folder; without it the nearest one upwards. Shows what the evaluation's audience may see and nothing
    else. The chart displays itself in a notebook with alt text and caption; ``chart.figure`` is a matplotlib figure that can be
    changed, and ``chart.save()`` writes it. Raises UserError, in one sentence, for what there is not and for a figure without data.
    """
    whole = described(evaluation)
    spec, spoken = _spec(whole, figure), language_of(whole, language)
    check_alliance(whole, alliance)
    _check_scope(whole, spec, alliance)
    run = finished(whole)
    shown = run.as_of(wave) if wave is not None else run
    chart = spec.draw(shown.tables, shown.evaluation, spoken, alliance)
    if chart is None:
        raise _nothing(whole, spec, alliance, wave)
    named = chart.named(figure_name(spec, alliance, spoken), run.marks(spoken), font_of(whole))
    with house_style(named.font):
        put_marks(named.figure, named.marks)
    return named


def figure_list(evaluation: Path | str | None = None) -> pd.DataFrame:
    """Return a row per figure that can be drawn: its name, what it shows, for whom, and the tables that it reads."""
    whole = described(evaluation)
    rows = [(spec.name, _shows(whole, spec), FOR[spec.scope], ", ".join(spec.reads)) for spec in figures_of(whole)]
    return pd.DataFrame(rows, columns=["figure", "shows", "drawn for", "tables"]).set_index("figure")


def families(evaluation: Evaluation) -> pd.DataFrame:
    """Return the list of figures with those that are made for each indicator as one row, ``forest_INDICATOR``."""
    rows = {_family(spec): (_shows(None, spec), FOR[spec.scope], ", ".join(spec.reads)) for spec in figures_of(evaluation)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["shows", "drawn for", "tables"])


def _family(spec: FigureSpec) -> str:
    indicator = _indicator(spec)
    return spec.name.removesuffix(indicator) + "INDICATOR" if indicator else spec.name


def _indicator(spec: FigureSpec) -> str:
    """Return the indicator that a figure was made for; empty for others."""
    return str(getattr(spec.function, "keywords", {}).get("indicator", ""))


def _shows(evaluation: Evaluation | None, spec: FigureSpec) -> str:
    """Return what a figure shows: the first line of the function that draws it, with the indicator that it was made for."""
    function = getattr(spec.function, "func", spec.function)
    said = (inspect.getdoc(function) or spec.name).splitlines()[0].removeprefix("Draw ").rstrip(".").replace("``unit``", "one alliance or all")
    indicator = _indicator(spec)
    said = said.replace("one indicator", f"‘{evaluation.indicator(indicator).label.en}’") if indicator and evaluation else said
    return f"{said[:1].upper()}{said[1:]}"


def _spec(evaluation: Evaluation, figure: str) -> FigureSpec:
    known = {spec.name: spec for spec in figures_of(evaluation)}
    if figure not in known:
        hint, listed = nearest(figure, known, list_few=False), ", ".join(dict.fromkeys(map(_family, known.values())))
        raise UserError(Problem("figure", rule="unknown_figure", reason=f"{figure!r} is none of the set; {hint}; there are {listed}"))
    return known[figure]


def _check_scope(evaluation: Evaluation, spec: FigureSpec, alliance: str) -> None:
    if not spec.is_for(alliance):
        unit = evaluation.file.unit.singular.en
        remedy = f"leave {unit} out" if spec.scope == "all" else f"name one: alliance={evaluation.alliances[0]!r}"
        made = "for all together only" if spec.scope == "all" else f"for one {unit} at a time"
        raise UserError(Problem("figure", rule="other_scope", reason=f"{spec.name!r} is drawn {made}; {remedy}"))


def _nothing(evaluation: Evaluation, spec: FigureSpec, alliance: str, wave: str | None) -> UserError:
    """Return why a figure is empty: it needs the planned change, which ends later, or its tables have no rows that may be shown."""
    plan = evaluation.plan
    ends = evaluation.waves.index(plan.to_wave)
    if wave is not None and evaluation.waves.index(wave) < ends and set(spec.reads) & set(OF_THE_CONTRAST):
        reason = f"{spec.name!r} shows the planned change from {plan.from_wave} to {plan.to_wave}, which wave {wave!r} comes before; leave wave out"
        return UserError(Problem("figure", rule="later_wave", reason=reason))
    tables = " and ".join(spec.reads)
    when = f" until {wave}" if wave is not None else ""
    reason = f"{spec.name!r} has nothing to show of {alliance!r}{when}: {tables} have no rows of it that may be shown"
    return UserError(Problem("figure", rule="nothing_to_show", reason=reason))
