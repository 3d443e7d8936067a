"""The cooperation network: in, the register (or, where that names no partners, ``population``); out, who takes part in what.

The places follow from the memberships alone, so that the picture is the same every time: alliances with their own partners at
the sides, partners that are in several alliances in the middle, between the alliances that they join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx
import pandas as pd

from midterm.description.evaluation import Evaluation
from midterm.description.model import Language
from midterm.publish.charts.layout import Page, new_page
from midterm.publish.disclosure import Published
from midterm.publish.figures import MARGIN, WIDTH, Chart, Words
from midterm.publish.style import FAINT, LABEL, PAPER, SMALL, SOFT, wrap
from midterm.publish.wording import ALL, Wording

SIDE, SHARED = 1.9, 1.35  # inches: of a side with its names, of the boxes in the middle
HEADING, STEP, GAP, TIGHT = 0.19, 0.155, 0.13, 0.08  # inches: an alliance's name, a partner's, the room below a block with and without names
BOX, LONGEST = 0.34, 6.0  # inches: from one box to the next, and the longest side that still names every partner


@dataclass(frozen=True)
class _Block:
    """An alliance at the left or right side, with its own partners by name or how many there are; ``y`` is the middle of its heading."""

    alliance: str
    heading: str
    side: int
    names: tuple[str, ...]
    said: str = ""
    y: float = 0.0

    @property
    def height(self) -> float:
        """Inches from the top of the heading to the next block."""
        return self.head + STEP * (len(self.names) + bool(self.said)) + (TIGHT if self.said else GAP)

    @property
    def head(self) -> float:
        """Inches of the heading."""
        return HEADING + STEP * self.heading.count("\n")


@dataclass(frozen=True)
class _Network:
    """Who is in what: partners by alliance, alliances by partner, both in the order of the register."""

    wording: Wording
    partners: dict[str, list[str]]

    @property
    def alliances(self) -> dict[str, list[str]]:
        """Return the alliances of each organisation."""
        organisations = dict.fromkeys(organisation for found in self.partners.values() for organisation in found)
        return {organisation: [alliance for alliance, found in self.partners.items() if organisation in found] for organisation in organisations}

    @property
    def shared(self) -> dict[str, list[str]]:
        """The organisations in more than one alliance, with these."""
        return {organisation: found for organisation, found in self.alliances.items() if len(found) > 1}

    def name(self, organisation: str) -> str:
        """Return an organisation's name; of a consortium also how many members it has."""
        known = {one.id: one for one in self.wording.evaluation.file.organisations}.get(organisation)
        if known is None or not known.members:
            return known.name if known else organisation
        return self.wording.labels.network_consortium.format(name=known.name, n=len(known.members))


def network(tables: Published, evaluation: Evaluation, language: Language, unit: str) -> Chart | None:
    """Draw the organisations of all alliances, or those of one with the other alliances that its partners are in."""
    wording = Wording(evaluation, language)
    found = _Network(wording, _partners(evaluation, tables))
    if not (found.alliances if unit == ALL else found.partners[unit]):
        return None
    shared = {organisation: alliances for organisation, alliances in found.shared.items() if unit in (ALL, *alliances)}
    words = _words(found, unit, shared)
    blocks = _sides(found, shared) if unit == ALL else _beside(found, shared, unit)
    return Chart(_draw(found, blocks, shared, words).figure, _numbers(found, unit, shared), words)


def _partners(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Return the partners of every alliance: those of the register, else those on the staff list."""
    listed = tables["population"] if "population" in tables else pd.DataFrame({"alliance": [], "organisation": []})
    on_list = {alliance: sorted(set(listed["organisation"][listed["alliance"] == alliance])) for alliance in evaluation.alliances}
    return {one.id: list(dict.fromkeys(one.organisations)) or on_list[one.id] for one in evaluation.file.alliances}


def _words(found: _Network, unit: str, shared: Mapping[str, Sequence[str]]) -> Words:
    wording, labels = found.wording, found.wording.labels
    total = len(found.alliances if unit == ALL else found.partners[unit])
    texts = {"n": len(shared), "total": total, "unit": wording.evaluation.file.unit.singular.in_(wording.language), "units": wording.units}
    texts |= {"name": wording.unit_name(unit), "count": len(found.partners)}
    if unit == ALL:
        title, lead = (labels.network_title_none, labels.network_title_one, labels.network_title)[min(len(shared), 2)], labels.network_subtitle
    else:
        title, lead = labels.network_title_unit if shared else labels.network_title_unit_none, labels.network_subtitle_unit
    said = title.format(**texts)
    parts = [f"{found.name(one)}: {', '.join(wording.unit_name(alliance) for alliance in alliances)}" for one, alliances in shared.items()]
    crossings = labels.network_alt_crossings.format(units=wording.units, parts="; ".join(parts)) if parts else ""
    alt = " ".join(text for text in (labels.network_alt.format(title=said), crossings, _consortia(found, unit)) if text)
    return Words(said, lead.format(**texts), labels.network_source.format(**texts), labels.network_note, alt)


def _groups(found: _Network) -> list[set[str]]:
    """Return the groups of alliances that are joined by partners, directly or through others."""
    graph = nx.Graph()
    graph.add_nodes_from(found.partners)
    graph.add_edges_from((alliances[0], other) for alliances in found.shared.values() for other in alliances[1:])
    return [set(group) for group in nx.connected_components(graph)]


def _consortia(found: _Network, unit: str) -> str:
    """Return which partners are themselves a consortium, and of whom."""
    shown = found.alliances if unit == ALL else found.partners[unit]
    known = [one for one in found.wording.evaluation.file.organisations if one.members and one.id in shown]
    return " ".join(found.wording.labels.network_alt_consortium.format(name=one.name, members=", ".join(one.members)) for one in known)


def _numbers(found: _Network, unit: str, shared: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return one row per membership."""
    organisations = {one.id: one for one in found.wording.evaluation.file.organisations}
    rows = [
        {
            "alliance": alliance,
            "organisation": organisation,
            "name": organisations[organisation].name if organisation in organisations else organisation,
            "n_alliances": len(found.alliances[organisation]),
            "members": "; ".join(organisations[organisation].members) if organisation in organisations else "",
        }
        for alliance, partners in found.partners.items()
        for organisation in partners
        if unit in (ALL, alliance) or organisation in shared
    ]
    return pd.DataFrame(rows)


def _sides(found: _Network, shared: Mapping[str, Sequence[str]]) -> list[_Block]:
    """Place the alliances left and right; those that share a partner follow each other, so that they face each other."""
    own = {alliance: [one for one in partners if one not in shared] for alliance, partners in found.partners.items()}
    named = [_Block(alliance, _heading(found, alliance), 0, tuple(found.name(one) for one in own[alliance])) for alliance in _neighbours(found)]
    placed = _balanced(named)
    if max(_heights(placed)) <= LONGEST:
        return placed
    return _balanced([replace(block, names=(), said=_count(found, block.alliance)) for block in named])


def _heading(found: _Network, alliance: str) -> str:
    return wrap(found.wording.unit_name(alliance), SIDE - 0.12, LABEL, "semibold", lines=2)


def _count(found: _Network, alliance: str) -> str:
    return found.wording.labels.network_more.format(n=len(found.partners[alliance]))


def _balanced(blocks: Sequence[_Block]) -> list[_Block]:
    """Give each of ``blocks`` in turn to the side that is shorter so far."""
    placed: list[_Block] = []
    for block in blocks:
        heights = _heights(placed)
        placed.append(replace(block, side=int(heights[1] < heights[0])))
    return _down(placed)


def _neighbours(found: _Network) -> list[str]:
    """Return the alliances so that those that share a partner are near each other: group after group, each from its first alliance on."""
    rank = {alliance: place for place, alliance in enumerate(found.partners)}
    order: list[str] = []
    for group in sorted(_groups(found), key=lambda group: (-len(group), min(rank[one] for one in group))):
        waiting = sorted(group, key=lambda one: (sum(one in alliances for alliances in found.shared.values()), rank[one]))[:1]
        while waiting:
            current = waiting.pop(0)
            order.append(current)
            beside = {other for alliances in found.shared.values() if current in alliances for other in alliances}
            waiting += sorted(beside - {*order, *waiting}, key=rank.__getitem__)
    return order


def _heights(blocks: Sequence[_Block]) -> list[float]:
    return [sum(block.height for block in blocks if block.side == side) for side in (0, 1)]


def _down(blocks: Sequence[_Block]) -> list[_Block]:
    """Return ``blocks`` under each other on their sides, the shorter side in the middle of the longer one."""
    heights = _heights(blocks)
    tops = [(max(heights) - height) / 2 for height in heights]
    placed = []
    for block in blocks:
        placed.append(replace(block, y=tops[block.side] + block.head / 2))
        tops[block.side] += block.height
    return placed


def _beside(found: _Network, shared: Mapping[str, Sequence[str]], unit: str) -> list[_Block]:
    """Place one alliance with its own partners left, and right the other alliances that its partners are in."""
    own = tuple(found.name(one) for one in found.partners[unit] if one not in shared)
    others = [alliance for alliance in found.partners if alliance != unit and any(alliance in alliances for alliances in shared.values())]
    beside = [_Block(other, _heading(found, other), 1, (), _count(found, other)) for other in others]
    return _down([_Block(unit, _heading(found, unit), 0, own), *beside])


def _boxes(blocks: Sequence[_Block], shared: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the middle of each box: at the mean height of its alliances, moved apart where boxes would touch."""
    ys = {block.alliance: block.y for block in blocks}
    wanted = {one: sum(ys[alliance] for alliance in alliances) / len(alliances) for one, alliances in shared.items()}
    order = sorted(wanted, key=lambda one: wanted[one])
    places: list[float] = []
    for one in order:
        places.append(max(wanted[one], places[-1] + BOX if places else BOX / 2))
    bottom = max([*_heights(blocks), BOX * len(places)]) - BOX / 2
    for place in range(len(places) - 1, -1, -1):
        places[place] = min(places[place], bottom - BOX * (len(places) - 1 - place))
    return dict(zip(order, places, strict=True))


def _draw(found: _Network, blocks: Sequence[_Block], shared: Mapping[str, Sequence[str]], words: Words) -> Page:
    boxes = _boxes(blocks, shared)
    page = new_page(words, max([*_heights(blocks), BOX * len(boxes)]) + 0.05)
    nodes = {block.alliance: (MARGIN + SIDE if block.side == 0 else WIDTH - MARGIN - SIDE, block.y, block.side) for block in blocks}
    for organisation, y in boxes.items():
        for alliance in shared[organisation]:
            x, end, side = nodes[alliance]
            page.line((x, WIDTH / 2 + (side - 0.5) * SHARED), (end, y), color=found.wording.palette.accent, linewidth=1.1)
    for organisation, y in boxes.items():
        _draw_box(page, found, organisation, y)
    for block in blocks:
        _draw_block(page, found, block, nodes[block.alliance][0])
    return page


def _draw_box(page: Page, found: _Network, organisation: str, y: float) -> None:
    """Draw a partner of several alliances: a frame with its name, so that no line runs through it."""
    left, height = (WIDTH - SHARED) / 2, BOX - 0.05
    page.box(left, y - height / 2, SHARED, height, PAPER, found.wording.palette.accent)
    page.text(WIDTH / 2, y, wrap(found.name(organisation), SHARED - 0.1, SMALL, "semibold", lines=2), size=SMALL, ha="center", fontweight=600)


def _draw_block(page: Page, found: _Network, block: _Block, x: float) -> None:
    """Draw an alliance as a square with its name outwards, and its own partners as points on a line down from it."""
    sign, look = (-1, "right") if block.side == 0 else (1, "left")
    accent = found.wording.palette.accent
    page.text(x + sign * 0.1, block.y, block.heading, fontweight=600, ha=look, multialignment=look)
    ys = [block.y + block.head / 2 + (place + 0.5) * STEP for place in range(len(block.names))]
    if ys:
        page.line((x, x), (block.y, ys[-1]), color=FAINT, linewidth=0.8)
    for name, y in zip(block.names, ys, strict=True):
        page.sign(x, y, {"marker": "o", "color": SOFT, "markersize": 3.2})
        page.text(x + sign * 0.1, y, wrap(name, SIDE - 0.12, SMALL, lines=1), size=SMALL, ha=look, color=SOFT)
    page.text(x + sign * 0.1, block.y + block.head / 2 + 0.5 * STEP, block.said, size=SMALL, ha=look, color=SOFT)
    page.sign(x, block.y, {"marker": "s", "color": accent, "markersize": 6.5})
