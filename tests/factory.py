"""A tiny evaluation for tests: in, one thing to change; out, a whole valid folder around it.

Two alliances share an organisation (``boei``); two waves; seven statements, a count and two boxes. ``draft()`` gives it
as plain dicts and lists, a test changes what it is about, ``write`` lays it down as the files an evaluator would have.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import yaml

from midterm.clean.ledger import Cleaned
from midterm.clean.survey import clean_survey
from midterm.description import Evaluation, load_evaluation
from midterm.read import read_survey

Row = dict[str, str]
MEMBERS = {"noord": ("anker", "boei", "dok"), "zuid": ("boei", "kompas", "loods")}
WAVES = ("2023", "2025")
FEW = ("waves", "attainment", "forest")  # figures enough for a test of the batch
STATEMENTS = ("G1", "G2", "G3", "T1", "T2", "T3", "S1")
BOXES = ("K1", "K2")
YEARLY = ("Realisatie 2023", "Realisatie 2025")
AGREE = {1: "Helemaal oneens", 2: "Oneens", 3: "Neutraal", 4: "Eens", 5: "Helemaal eens"}
AGREE_EN = {1: "Strongly disagree", 2: "Disagree", 3: "Neutral", 4: "Agree", 5: "Strongly agree"}
SECRETS = ("jan.janssen@voorbeeld.example", "203.0.113.77", "Ik heet Jan en ik ben bang")


def both(text: str) -> dict[str, str]:
    """Return a text that reads the same in both languages."""
    return {"nl": text, "en": text}


def described() -> dict[str, Any]:
    """Return the content of ``evaluation.yml``."""
    names = {"anker": "Stichting Anker", "boei": "Vereniging Boei", "dok": "Bureau Dok", "kompas": "Netwerk Kompas", "loods": "Fonds Loods"}
    return {
        "title": {"nl": "Proefevaluatie", "en": "Trial evaluation"},
        "commissioner": {"nl": "Opdrachtgever", "en": "Commissioner"},
        "background": {"nl": "Twee allianties.", "en": "Two alliances."},
        "unit": {"singular": {"nl": "alliantie", "en": "alliance"}, "plural": {"nl": "allianties", "en": "alliances"}},
        "waves": [{"id": wave, "label": both(wave), "year": int(wave)} for wave in WAVES],
        "alliances": [
            {"id": "noord", "name": "Alliantie Noord", "aliases": ["Noorderlicht"], "organisations": list(MEMBERS["noord"])},
            {"id": "zuid", "name": "Alliantie Zuid", "organisations": list(MEMBERS["zuid"])},
        ],
        "organisations": [{"id": name, "name": written} for name, written in names.items()],
        "sources": {
            "surveys": [survey_source(wave) for wave in WAVES],
            "frameworks": [{"alliance": alliance, "file": f"data/raw/{alliance}.xlsx"} for alliance in MEMBERS],
            "interviews": [
                {
                    "file": "data/raw/segments.csv",
                    "columns": {"interview": "interview", "alliance": "alliantie", "group": "groep", "theme": "code", "rating": "oordeel"},
                }
            ],
            "population": {"file": "data/raw/population.csv"},
        },
        "plan": {"from_wave": "2023", "to_wave": "2025", "primary": ["cooperation", "safety"]},
        "questions": [
            {
                "id": "cooperation",
                "text": both("Hoe werken de partners samen?"),
                "claim": both("De partners werken goed samen."),
                "survey": ["cooperation"],
                "levels": ["output"],
                "themes": ["cooperation"],
            }
        ],
    }


def survey_source(wave: str) -> dict[str, Any]:
    """Return the source of one wave's LimeSurvey export."""
    columns = {"respondent": ["CODE"], "record": "id", "alliance": ["ALLIANTIE"], "organisation": ["ORGANISATIE"]}
    return {
        "file": f"data/raw/survey-{wave}.csv",
        "reader": "limesurvey",
        "wave": wave,
        "columns": {**columns, "submitted": "submitdate", "last_page": "lastpage"},
    }


def codebook() -> dict[str, Any]:
    """Return the content of ``config/codebook.yml``."""
    agree = {
        "low": 1,
        "high": 5,
        "unit": both("punten"),
        "answers": [{"value": value, "codes": [f"A{value}"], "label": {"nl": AGREE[value], "en": AGREE_EN[value]}} for value in AGREE],
        "missing": [{"kind": "dont_know", "codes": ["A9"], "label": {"nl": "Weet ik niet", "en": "Don't know"}}],
    }
    box = {"low": 0, "high": 1, "unit": both("aangekruist"), "empty_value": 0, "answers": [{"value": 1, "codes": ["Y"], "label": {"nl": "Ja", "en": "Yes"}}]}
    kinds = {"goal": "cooperation", "trust": "cooperation", "safety": "safety", "incidents": "safety", "bottlenecks": "bottlenecks"}
    items = [_item(f"goal_{n}", "goal", "agree", f"G{n}", 2) for n in (1, 2, 3)]
    items += [_item(f"trust_{n}", "trust", "agree", f"T{n}", 3, is_reversed=n == 3) for n in (1, 2, 3)]
    items += [_item("safety_1", "safety", "agree", "S1", 4), _item("incidents_1", "incidents", "incidents", "N1", 4)]
    items += [_item(f"box_{n}", "bottlenecks", "box", f"K{n}", 5) for n in (1, 2)]
    return {
        "title": both("Vragenlijst"),
        "scales": {"agree": agree, "incidents": {"low": 0, "high": 50, "unit": both("incidenten")}, "box": box},
        "blocks": [{"id": name, "kind": kind, "title": both(name.title()), "intro": both("De vragen gaan hierover.")} for name, kind in kinds.items()],
        "items": items,
        "framework": framework_form(),
        "interviews": {
            "themes": [{"id": "cooperation", "label": {"nl": "Samenwerking", "en": "Cooperation"}}],
            "groups": [{"id": "alliance", "label": {"nl": "alliantie", "en": "alliance"}}],
            "ratings": [
                {"value": value, "codes": [code], "label": {"nl": nl, "en": en}}
                for value, code, nl, en in ((1, "+", "positief", "positive"), (0, "+/-", "gemengd", "mixed"), (-1, "-", "negatief", "negative"))
            ],
        },
    }


def _item(name: str, block: str, scale: str, column: str, page: int, *, is_reversed: bool = False) -> dict[str, Any]:
    item: dict[str, Any] = {"id": name, "block": block, "scale": scale, "column": column, "page": page, "wording": both(f"Stelling {name}.")}
    return {**item, "reversed": True} if is_reversed else item


def framework_form() -> dict[str, Any]:
    """Return the framework form: headings in nl and en, and the closed lists."""
    headings = {
        "indicator_id": ("Nr", "No."),
        "level": ("Niveau", "Level"),
        "indicator": ("Indicator", "Indicator"),
        "unit": ("Eenheid", "Unit"),
        "direction": ("Richting", "Direction"),
        "baseline_year": ("Jaar nulmeting", "Baseline year"),
        "baseline_value": ("Nulmeting", "Baseline"),
        "target_year": ("Jaar streefwaarde", "Target year"),
        "target_value": ("Streefwaarde", "Target"),
        "actual_value": ("Realisatie {year}", "Actual {year}"),
        "reporting": ("Wijze van rapporteren", "Reporting"),
        "source": ("Bron", "Source"),
        "status": ("Status", "Status"),
        "bottleneck": ("Knelpunt", "Bottleneck"),
    }
    lists = {
        "levels": (("activity", "Activiteit", "Activity"), ("output", "Prestatie", "Output"), ("outcome", "Effect", "Outcome")),
        "directions": (("up", "hoger is beter", "higher is better"), ("down", "lager is beter", "lower is better")),
        "reporting": (("annual", "per jaar", "annual"), ("cumulative", "cumulatief", "cumulative")),
        "statuses": (("under_way", "loopt", "under way"), ("done", "afgerond", "done")),
        "bottlenecks": (("none", "geen", "none"), ("staff", "mensen", "staff")),
    }
    units = (
        ("number", "count", "aantal", "number"),
        ("percent", "percentage", "procent", "per cent"),
        ("score", "score", "cijfer", "mark"),
        ("euro", "amount", "euro", "euro"),
    )
    return {
        "sheet": {"nl": "Kader", "en": "Framework"},
        "columns": {name: {"nl": nl, "en": en} for name, (nl, en) in headings.items()},
        "units": [{"id": name, "kind": kind, "label": {"nl": nl, "en": en}} for name, kind, nl, en in units],
        **{name: [{"id": entry, "label": {"nl": nl, "en": en}} for entry, nl, en in entries] for name, entries in lists.items()},
    }


def indicators() -> dict[str, Any]:
    """Return the content of ``config/indicators.yml``."""
    scale = {"unit": both("punten"), "margin": 0.3}
    share = {"statistic": "share", "at_least": 1, "better": "down", "unit": both("aandeel"), "margin": 0.1}
    trust, goal = ["trust_1", "trust_2", "trust_3"], ["goal_1", "goal_2", "goal_3"]
    return {
        "indicators": [
            {"id": "cooperation", "label": both("Samenwerking"), "group": "cooperation", "items": goal + trust, **scale, "norm": {"good": 3.5, "poor": 3}},
            {"id": "goal", "label": both("Doel"), "group": "dimension", "items": goal, **scale},
            {"id": "trust", "label": both("Vertrouwen"), "group": "dimension", "items": trust, **scale},
            {"id": "safety", "label": both("Veiligheid"), "group": "safety", "items": ["safety_1"], **scale},
            {"id": "incident_share", "label": both("Met incident"), "group": "safety", "items": ["incidents_1"], **share},
            {"id": "box_1", "label": both("Knelpunt een"), "group": "bottlenecks", "items": ["box_1"], **share},
        ]
    }


def survey(wave: str, persons: int = 2) -> list[Row]:
    """Return the rows of one export: ``persons`` a partner, complete; no one gives the same answer throughout."""
    rows: list[Row] = []
    for alliance, organisations in MEMBERS.items():
        for organisation in organisations:
            for person in range(persons):
                number = len(rows)
                answers = {column: f"A{1 + (number * 2 + position * 3 + int(wave)) % 5}" for position, column in enumerate(STATEMENTS)}
                counts = {"N1": str(number % 3), "K1": "Y" if number % 2 else "", "K2": ""}
                who = {"CODE": f"{alliance[0]}{organisation[:2]}{person:02d}", "ALLIANTIE": alliance, "ORGANISATIE": organisation}
                seen = {"id": str(number + 1), "submitdate": f"{wave}-04-01 12:00:00", "lastpage": "5", "ipaddr": SECRETS[1], "email": SECRETS[0]}
                rows.append({**seen, **who, **answers, **counts, "TOELICHTING": SECRETS[2]})
    return rows


def framework() -> list[dict[str, object]]:
    """Return the rows of one workbook: an annual count, a cumulative count, a falling percentage."""
    first = {"Nr": "P1", "Niveau": "Prestatie", "Indicator": "Bijeenkomsten", "Eenheid": "aantal", "Richting": "hoger is beter"}
    years = {"Jaar nulmeting": 2022, "Nulmeting": 0, "Jaar streefwaarde": 2027, "Streefwaarde": 50}
    rest = {"Wijze van rapporteren": "per jaar", "Bron": "administratie", "Status": "loopt", "Knelpunt": "geen"}
    count = {**first, **years, "Realisatie 2023": 8, "Realisatie 2025": 12, **rest}
    total = {**count, "Nr": "P2", "Indicator": "Leden", "Wijze van rapporteren": "cumulatief", "Realisatie 2023": 10, "Realisatie 2025": 30}
    share = {**total, "Nr": "E1", "Niveau": "Effect", "Indicator": "Meldingen", "Eenheid": "procent", "Richting": "lager is beter"}
    return [count, total, {**share, "Nulmeting": 40, "Streefwaarde": 20, "Realisatie 2023": 38, "Realisatie 2025": 28.5}]


def segments() -> list[Row]:
    """Return coded interview segments, one an alliance."""
    return [
        {"interview": f"{alliance}-1", "alliantie": alliance, "groep": "alliantie", "code": "Samenwerking", "oordeel": "+", "citaat": SECRETS[2]}
        for alliance in MEMBERS
    ]


def population(persons: int = 2) -> list[Row]:
    """Return the staff list: everyone invited."""
    counts = {"population": str(persons + 1), "invited": str(persons + 1)}
    return [{"wave": wave, "alliance": alliance, "organisation": name, **counts} for wave in WAVES for alliance in MEMBERS for name in MEMBERS[alliance]]


@dataclass
class Draft:
    """An evaluation that a test may still change; ``files`` are further raw files by name (bytes as they are)."""

    evaluation: dict[str, Any] = field(default_factory=described)
    codebook: dict[str, Any] = field(default_factory=codebook)
    indicators: dict[str, Any] = field(default_factory=indicators)
    surveys: dict[str, list[Row]] = field(default_factory=lambda: {wave: survey(wave) for wave in WAVES})
    frameworks: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {alliance: framework() for alliance in MEMBERS})
    segments: list[Row] = field(default_factory=segments)
    population: list[Row] = field(default_factory=population)
    files: dict[str, bytes] = field(default_factory=dict)

    def item(self, name: str) -> dict[str, Any]:
        """Return one item of the codebook."""
        return next(item for item in self.codebook["items"] if item["id"] == name)

    def write(self, folder: Path) -> Path:
        """Lay the whole evaluation down in ``folder``."""
        raw = folder / "data/raw"
        for made in (folder / "config", raw):
            made.mkdir(parents=True, exist_ok=True)
        described_by = {"evaluation.yml": self.evaluation, "config/codebook.yml": self.codebook, "config/indicators.yml": self.indicators}
        for name, content in described_by.items():
            (folder / name).write_text(as_yaml(content), encoding="utf-8")
        for wave, rows in self.surveys.items():
            (raw / f"survey-{wave}.csv").write_bytes(delimited(rows))
        for alliance, cells in self.frameworks.items():
            (raw / f"{alliance}.xlsx").write_bytes(workbook(cells))
        (raw / "segments.csv").write_bytes(delimited(self.segments, ";"))
        (raw / "population.csv").write_bytes(delimited(self.population))
        for name, given in self.files.items():
            (raw / name).write_bytes(given)
        return folder

    def load(self, folder: Path) -> Evaluation:
        """Lay it down and read its description."""
        return load_evaluation(self.write(folder))


class _Plain(yaml.SafeDumper):
    """Writes every value out, as the project's YAML knows no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def as_yaml(content: object) -> str:
    """Return ``content`` as YAML without aliases."""
    return yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=1000)


def draft(persons: int = 2, figures: Sequence[str] = ()) -> Draft:
    """Return the tiny evaluation with ``persons`` in each partner and wave; ``figures`` are the kinds that are drawn (none named: all)."""
    start = Draft(surveys={wave: survey(wave, persons) for wave in WAVES}, population=population(persons))
    if figures:
        start.evaluation["publication"] = {"figures": list(figures)}
    return start


def cleaned(start: Draft, folder: Path, wave: str = "2023") -> Cleaned:
    """Lay the draft down and clean the survey of one wave."""
    evaluation = start.load(folder)
    return clean_survey(evaluation, wave, read_survey(evaluation, wave))


def delimited(rows: Sequence[Mapping[str, str]], separator: str = ",") -> bytes:
    """Return rows as a csv with a byte-order mark and every cell in quotes, as LimeSurvey writes it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def workbook(rows: Sequence[Mapping[str, object]], sheet: str = "Kader", above: int = 2) -> bytes:
    """Return rows as an xlsx: a title and an empty row ``above`` the headings, so that row 3 has them."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    if above:
        page.append(["Evaluatiekader"])
    for _ in range(above - 1):
        page.append([])
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    page.cell(above + 1, 1)
    for column, heading in enumerate(headings, 1):
        page.cell(above + 1, column, heading)
        for number, row in enumerate(rows, above + 2):
            page.cell(number, column, row.get(heading))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
