"""The chapters of the data-quality page per wave and alliance: in, a review; out, Markdown with response, missing answers and findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd

from midterm.description import Item
from midterm.description.codebook import MissingKind
from midterm.publish.quality.context import Review
from midterm.publish.quality.tables import ANSWERED, INFORMATION, counted, places, shares
from midterm.publish.report.context import escaped, markdown_table
from midterm.publish.wording import records

KINDS: tuple[str, ...] = get_args(MissingKind)
MUCH_MISSING = 0.20  # share of those asked, from which an item is pointed out
FEWEST = 5  # questionnaires under which no share of an alliance is given, inside the team as well
SIGNS = ("straight_lining", "speeder", "duplicate_identical", "duplicate_contradicts")  # told of every survey file that was read, also when there are none
Shares = dict[str, dict[str, float]]


def waves(r: Review) -> list[str]:
    """Return for every wave its response, what is missing by item, and what stands out in its files."""
    q, parts = r.texts, list[str]()
    for wave in r.context.evaluation.waves:
        parts += [f"# {escaped(q.waves.format(wave=r.say.wave(wave)))}", f"## {q.wave_response}", _response(r, wave)]
        parts += [f"## {q.wave_missing}", *_missing(r, wave), f"## {q.wave_signs}", *_signs(r, wave)]
    return parts


def _response(r: Review, wave: str) -> str:
    t, names = r.context.texts, ("invited", "complete", "partial", "usable")
    rows = [
        [r.say.unit_name(row.alliance), *(r.count(getattr(row, name)) for name in names), r.say.percent(row.rate)]
        for row in records(r.response[r.response["wave"] == wave])
    ]
    columns = [r.context.unit.capitalize(), *(getattr(t, f"col_{name}") for name in names), t.col_rate]
    return markdown_table(r.texts.table_response.format(unit=r.context.unit, wave=r.say.wave(wave)), columns, rows, numeric=range(1, 6))


def _missing(r: Review, wave: str) -> list[str]:
    """Return what is missing by item as sentences and a table, over all questionnaires of the wave."""
    q, t, label = r.texts, r.context.texts, r.say.wave(wave)
    by_item = shares(r.kinds[r.kinds["wave"] == wave], "item")
    if not by_item:
        return [escaped(q.wave_empty.format(wave=label))]
    items = [item for item in r.context.evaluation.codebook.items if item.asked_in(wave)]
    asked = [item for item in items if item.id in by_item]
    absent = ", ".join(item.id for item in items if item.id not in by_item)
    met = [kind for kind in KINDS if any(kind in kinds and kinds[kind] for kinds in by_item.values())]
    unmet = ", ".join(r.say.word("missing", kind) for kind in KINDS if kind not in met)
    lead = q.wave_missing_lead.format(n=r.count(len(r.context.rows("respondents", wave=wave))), wave=label, units=r.say.units)
    sentences = [lead, _much_missing(r, by_item), _dont_know(r, by_item, asked)]
    sentences += [q.wave_not_there.format(items=absent)] if absent else []
    sentences += [q.wave_not_met.format(kinds=unmet)] if unmet else []
    rows = [
        [
            f"{item.id}. {item.wording_in(wave).in_(r.context.language)}",
            r.count(by_item[item.id]["asked"]),
            *(r.share(by_item[item.id].get(kind, 0.0)) for kind in (ANSWERED, *met)),
        ]
        for item in asked
    ]
    columns = [t.col_item, q.col_asked, q.col_answered, *(r.say.word("missing", kind).capitalize() for kind in met)]
    table = markdown_table(q.table_missing.format(wave=label), columns, rows, numeric=range(1, len(columns)))
    return [escaped(" ".join(sentence for sentence in sentences if sentence)), table]


def _much_missing(r: Review, by_item: Shares) -> str:
    limit = r.say.percent(MUCH_MISSING)
    missing = {item: 1 - kinds.get(ANSWERED, 0.0) for item, kinds in by_item.items()}
    much = [f"{item} ({r.share(share)})" for item, share in sorted(missing.items(), key=lambda entry: -entry[1]) if share >= MUCH_MISSING - 1e-9]
    if not much:
        return r.texts.wave_missing_little.format(share=limit)
    return r.texts.wave_missing_much.format(n=len(much), share=limit, items=", ".join(much))


def _dont_know(r: Review, by_item: Shares, items: Sequence[Item]) -> str:
    """Return how much ``don't know`` was said, and where most; empty when nobody said it."""
    share = {item.id: by_item[item.id].get("dont_know", 0.0) for item in items}
    asked = {item.id: by_item[item.id]["asked"] for item in items}
    if not any(share.values()):
        return ""
    highest = max(items, key=lambda item: share[item.id])
    overall = sum(share[item] * asked[item] for item in share) / sum(asked.values())
    wording = highest.wording.in_(r.context.language)
    return r.texts.wave_dont_know.format(share=r.share(overall), item=wording.rstrip("."), highest=r.share(share[highest.id]))


def _signs(r: Review, wave: str) -> list[str]:
    """Return how often each rule was met in the files of one wave, among them those that say how seriously it was answered."""
    q, rows = r.texts, list[list[object]]()
    for source in (source for source in r.context.evaluation.sources.surveys if wave in source.waves):
        here = counted(_acted_on(r, [source.file]))
        rows += [[source.file, r.title(row.rule), getattr(q, f"outcome_{row.outcome}"), row.n] for row in records(here)]
        if source.file in set(r.books["file"]):
            rows += [[source.file, r.title(rule), "", 0] for rule in SIGNS if rule not in set(here["rule"])]
    if not rows:
        return [escaped(q.wave_empty.format(wave=r.say.wave(wave)))]
    columns = [r.context.texts.col_file, q.col_finding, q.col_outcome, q.col_count]
    return [escaped(q.wave_signs_lead), markdown_table(q.table_signs.format(wave=r.say.wave(wave)), columns, rows, numeric=[3])]


def _acted_on(r: Review, files: Sequence[str]) -> pd.DataFrame:
    """Return the findings in ``files`` that ask for something."""
    return r.findings[r.findings["file"].isin(list(files)) & (r.findings["outcome"] != INFORMATION)]


def units(r: Review) -> list[str]:
    """Return for every alliance its framework's books and findings, and its part of the survey by block."""
    parts = [f"# {escaped(r.context.texts.per_unit.format(unit=r.context.unit))}"]
    for alliance in r.context.evaluation.alliances:
        parts += [f"## {escaped(r.say.unit_name(alliance))}", f"### {r.texts.unit_framework}", *_framework(r, alliance)]
        parts += [f"### {r.texts.unit_survey}", *_survey(r, alliance)]
    return parts


def _framework(r: Review, alliance: str) -> list[str]:
    q, name = r.texts, r.say.unit_name(alliance)
    files = [file for source in r.context.evaluation.sources.frameworks if source.alliance == alliance for file in (source.file, *source.earlier)]
    books, here = r.books[r.books["file"].isin(files)], _acted_on(r, files)
    parts = [r.books_table(q.table_framework.format(unit=name), books)] if len(books) else [escaped(q.unit_framework_absent.format(unit=name))]
    if here.empty:
        return [*parts, escaped(q.unit_framework_clean)] if len(books) else parts
    rows = []
    for row in records(counted(here)):
        same = here[(here["file"] == row.file) & (here["outcome"] == row.outcome) & (here["rule"] == row.rule)]
        where = "; ".join(
            f"{r.column(column, numbers)}: {r.rows(column, numbers)}".removeprefix(": ") for _, column, numbers, _ in places(same.assign(reason=""))
        )
        rows.append([r.title(row.rule), getattr(q, f"outcome_{row.outcome}"), row.n, where])
    columns = [q.col_finding, q.col_outcome, q.col_count, q.col_places]
    return [*parts, markdown_table(q.table_framework_findings.format(unit=name), columns, rows, numeric=[2])]


def _survey(r: Review, alliance: str) -> list[str]:
    """Return how many questionnaires there are in each wave, and the share of ``don't know`` by block where they are not too few."""
    q, t, evaluation = r.texts, r.context.texts, r.context.evaluation
    persons = {wave: r.context.rows("respondents", alliance=alliance, wave=wave) for wave in evaluation.waves}
    sizes = [[r.say.wave(wave), r.count(len(rows)), r.count(rows["is_usable"].sum())] for wave, rows in persons.items()]
    kinds = r.kinds[r.kinds["alliance"] == alliance]
    kinds = kinds.assign(block=kinds["item"].map({item.id: item.block for item in evaluation.codebook.items}))
    by_wave = {wave: shares(kinds[kinds["wave"] == wave], "block") for wave in persons}
    blocks = [
        [block.title.in_(r.context.language), *(_dont_know_in(r, by_wave[wave].get(block.id), len(rows)) for wave, rows in persons.items())]
        for block in evaluation.codebook.blocks
    ]
    name, columns = r.say.unit_name(alliance), [q.col_block, *(r.say.wave(wave) for wave in persons)]
    return [
        markdown_table(q.table_unit_survey.format(unit=name), [t.col_wave, q.col_questionnaires, t.col_usable], sizes, numeric=[1, 2]),
        escaped(q.unit_survey_lead.format(minimum=FEWEST)),
        markdown_table(q.table_dont_know.format(unit=name), columns, blocks, numeric=range(1, len(columns))),
    ]


def _dont_know_in(r: Review, kinds: dict[str, float] | None, questionnaires: int) -> str:
    if kinds is None:
        return r.context.texts.value_absent
    return r.share(kinds.get("dont_know", 0.0)) if questionnaires >= FEWEST else r.say.labels.too_small.format(minimum=FEWEST)
