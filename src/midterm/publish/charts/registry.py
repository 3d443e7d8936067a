"""Which figures there are: in, the tables of the contract; out, charts by name. A new figure is one row here and one function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from midterm.description.evaluation import FILE, Evaluation
from midterm.description.model import Language
from midterm.errors import ConfigError, Problem, nearest
from midterm.publish.charts.answers import answers
from midterm.publish.charts.attrition import attrition
from midterm.publish.charts.bottlenecks import bottlenecks
from midterm.publish.charts.change import forest
from midterm.publish.charts.combinations import combinations
from midterm.publish.charts.dumbbell import dumbbell
from midterm.publish.charts.framework import attainment
from midterm.publish.charts.network import network
from midterm.publish.charts.overview import overview
from midterm.publish.charts.safety import safety
from midterm.publish.charts.specification import specification
from midterm.publish.charts.survey import heatmap, response
from midterm.publish.charts.theory import theory
from midterm.publish.charts.waves import waves
from midterm.publish.disclosure import Published
from midterm.publish.figures import Chart
from midterm.publish.style import font_of, house_style
from midterm.publish.wording import ALL

Scope = Literal["all", "alliance", "both"]


class Draw(Protocol):
    """A function that draws one figure of ``unit`` (an alliance id or ``all``); None when there is nothing to draw."""

    def __call__(self, tables: Published, evaluation: Evaluation, language: Language, unit: str, /) -> Chart | None:
        """Return the chart."""
        ...


@dataclass(frozen=True)
class FigureSpec:
    """One kind of figure: its name, the function that draws it, for what, and the tables that it reads."""

    name: str
    function: Draw
    scope: Scope
    reads: tuple[str, ...]

    def draw(self, tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
        """Return the figure of ``unit`` in the house style; None when there is nothing to draw."""
        with house_style(font_of(evaluation)):
            return self.function(tables, evaluation, language, unit)

    def is_for(self, unit: str) -> bool:
        """Tell whether this figure is made of ``unit``."""
        return self.scope == "both" or (self.scope == "all") == (unit == ALL)


FIGURES: tuple[FigureSpec, ...] = (
    FigureSpec("overview", overview, "all", ("response", "indicators", "change", "attainment")),
    FigureSpec("response", response, "all", ("response",)),
    FigureSpec("answers", answers, "both", ("answers",)),
    FigureSpec("waves", waves, "both", ("indicators", "change")),
    FigureSpec("attainment", attainment, "both", ("attainment", "framework")),
    FigureSpec("attrition", attrition, "both", ("attrition",)),
    FigureSpec("heatmap", heatmap, "all", ("indicators",)),
    FigureSpec("bottlenecks", bottlenecks, "both", ("indicators", "framework")),
    FigureSpec("combinations", combinations, "all", ("combinations", "answers")),
    FigureSpec("network", network, "both", ("population",)),
    FigureSpec("safety", safety, "both", ("indicators", "change")),
    FigureSpec("theory", theory, "both", ("attainment", "framework")),
)


def figures_of(evaluation: Evaluation) -> tuple[FigureSpec, ...]:
    """Return every figure of ``evaluation``: those that all have, those of a primary indicator, and a dumbbell for each indicator.

    Where ``publication.figures`` names kinds, only those; raise ConfigError when it names one that there is not.
    """
    forests = [FigureSpec(f"forest_{name}", partial(forest, indicator=name), "all", ("change", "checks")) for name in evaluation.plan.primary]
    curves = [FigureSpec(f"specification_{name}", partial(specification, indicator=name), "all", ("checks",)) for name in evaluation.plan.primary]
    dumbbells = [FigureSpec(f"dumbbell_{one.id}", partial(dumbbell, indicator=one.id), "all", ("indicators", "change")) for one in evaluation.indicators]
    kinds = {spec.name: [spec] for spec in FIGURES} | {"forest": forests, "specification": curves, "dumbbell": dumbbells}
    chosen = evaluation.file.publication.figures or tuple(kinds)
    unknown = [name for name in chosen if name not in kinds]
    if unknown:
        raise ConfigError(
            Problem(FILE, column="publication.figures", rule="unknown_figure", reason=f"{name!r} is no kind of figure; {nearest(name, kinds)}")
            for name in unknown
        )
    return tuple(spec for kind, specs in kinds.items() if kind in chosen for spec in specs)


def figure_name(spec: FigureSpec, unit: str, language: Language) -> str:
    """Return the file name of a figure, without ending: ``waves_all.nl``, ``waves_klimop.nl``."""
    return f"{spec.name}_{unit}.{language}"


def draw_figures(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> dict[str, Chart]:
    """Return all figures of ``unit`` (an alliance id or ``all``) by file name; those without data are absent."""
    drawn = {figure_name(spec, unit, language): spec.draw(tables, evaluation, language, unit) for spec in figures_of(evaluation) if spec.is_for(unit)}
    return {name: chart for name, chart in drawn.items() if chart is not None}
