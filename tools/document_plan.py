"""The picture of the plan: in, the table of steps; out, an SVG with a box for each step and an arrow for what waits for what."""

from __future__ import annotations

import io

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from midterm.publish.style import BAND, INK, LABEL, RULE, SMALL, SOFT, Palette, house_style
from midterm.steps import STEPS, Step, follows

WIDTH, HEIGHT, ACROSS, DOWN = 1.55, 0.62, 2.1, 0.95  # inches: a box, and from box to box
UNITS = {"wave": "per wave", "alliance": "per alliance", "once": "once"}
DESCRIPTION = (
    "Twelve steps from left to right. Cleaning: survey per wave, frameworks per alliance, population and interviews once. From these, "
    "review of quality once and indicators per alliance; then waves are compared per alliance, then alliances once. From what may be shown, figures "
    "are drawn per alliance and once for all, and last the report and the tables are published."
)

ACCENT = Palette().accent


def depth(step: Step) -> int:
    """Return how many steps must be over before ``step``, one after the other."""
    before = [depth(other) for other in STEPS if other.name in follows(step)]
    return max(before) + 1 if before else 0


def direct(step: Step) -> list[str]:
    """Return what ``step`` waits for, but for what it waits for by way of another."""
    before = {name: next(other for other in STEPS if other.name == name) for name in follows(step)}
    return [name for name in before if not any(name in follows(other) for other in before.values())]


def plan_picture() -> str:
    """Return the plan as SVG with a title and a description."""
    columns: dict[int, list[Step]] = {}
    for step in STEPS:
        columns.setdefault(depth(step), []).append(step)
    tallest = max(map(len, columns.values()))
    places: dict[str, tuple[float, float]] = {}
    for column, steps in sorted(columns.items()):
        for row, step in enumerate(steps):
            beside = [places[name][1] for name in direct(step)]
            alone = len(steps) == 1 and beside
            y = sum(beside) / len(beside) if alone else (tallest - len(steps)) * DOWN / 2 + (len(steps) - 1 - row) * DOWN
            places[step.name] = (column * ACROSS, y)
    width, height = (len(columns) - 1) * ACROSS + WIDTH, (tallest - 1) * DOWN + HEIGHT
    drawn = io.StringIO()
    with house_style(salt="plan"):
        figure = Figure(figsize=(width + 0.2, height + 0.2))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(-0.1, width + 0.1), ylim=(-0.1, height + 0.1))
        axes.axis("off")
        for step in STEPS:
            x, y = places[step.name]
            axes.add_patch(_box(x, y))
            axes.text(x + WIDTH / 2, y + HEIGHT * 0.68, step.name, ha="center", va="center", fontsize=LABEL, fontweight=600, color=INK)
            axes.text(x + WIDTH / 2, y + HEIGHT * 0.3, f"{step.notebook[:2]}, {UNITS[step.unit]}", ha="center", va="center", fontsize=SMALL, color=SOFT)
            for name in direct(step):
                start = places[name][0] + WIDTH, places[name][1] + HEIGHT / 2
                axes.annotate("", (x, y + HEIGHT / 2), start, arrowprops={"arrowstyle": "-|>", "color": ACCENT, "lw": 0.9, "shrinkA": 0, "shrinkB": 0})
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    start_tag, tag, rest = drawn.getvalue().partition("<svg ")
    attributes, end, body = rest.partition(">")
    words = '<title id="plan-title">The plan of a run</title>\n <desc id="plan-desc">' + DESCRIPTION + "</desc>"
    return f'{start_tag}{tag}role="img" aria-labelledby="plan-title plan-desc" {attributes}{end}\n {words}{body}'


def _box(x: float, y: float) -> FancyBboxPatch:
    return FancyBboxPatch((x, y), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.06", facecolor=BAND, edgecolor=RULE, linewidth=0.8)
