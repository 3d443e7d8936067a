"""An evaluation folder in which everything is wrong that can be: in, nothing; out, the folder as it would arrive.

Six alliances, two waves, every format. Where each fault stands is worked out by hand in ``test_fifty_faults``: rows with a
fault come first in every file, in an order that can be counted off. What no message may repeat holds one of SECRETS.
"""

from __future__ import annotations

import csv
import io
import pickle
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
from openpyxl.worksheet.worksheet import Worksheet

from coding_projects import filled, qdpx
from factory import FEW, as_yaml, both, codebook, delimited, described, framework, indicators, workbook

SECRET = "GEHEIM"  # noqa: S105 - no password
NUMBER = "7777"
CODE = "Zeehond"
SECRETS = (SECRET, NUMBER, CODE)
MEMBERS = {
    "noord": ("anker", "boei", "dok"),
    "zuid": ("boei", "kompas", "loods"),
    "oost": ("dok", "fuik", "gracht"),
    "west": ("anker", "loods", "hoeve"),
    "duin": ("fuik", "gracht", "hoeve"),
    "kust": ("hoeve", "anker", "kompas"),
}
NEW = {"fuik": "Stichting Fuik", "gracht": "Vereniging Gracht", "hoeve": "Bureau Hoeve"}
STATEMENTS = ("G1", "G2", "G3", "T1", "T2", "T3", "S1")
WHO = {"respondent": ["CODE"], "alliance": ["ALLIANTIE"], "organisation": ["ORGANISATIE"]}
UNREAD = (
    ("named.csv", "csv"),
    ("quotes.csv", "csv"),
    ("empty.csv", "csv"),
    ("folder.csv", "csv"),
    ("letters-lost.csv", "csv"),
    ("twice.csv", "csv"),
    ("nameless.csv", "limesurvey"),
    ("bomb.xlsx", "excel"),
    ("other-sheet.xlsx", "excel"),
    ("no-headings.xlsx", "excel"),
    ("pickle.sav", "spss"),
    ("cut-off.sav", "spss"),
    ("locked.sav", "spss"),
    ("only-headings.csv", "csv"),
    ("awaited.csv", "csv"),
)
IATI_REFUSED = ("oost-2019.xml", "oost-2020.xml", "oost-2021.xml", "oost-2022.xml")
Cells = dict[str, Any]


def write(folder: Path) -> Path:
    """Lay the whole evaluation down in ``folder``."""
    raw = folder / "data/raw"
    for made in (folder / "config", raw, raw / "folder.csv"):
        made.mkdir(parents=True)
    for name, content in (("evaluation.yml", evaluation()), ("config/codebook.yml", book()), ("config/indicators.yml", indicators())):
        (folder / name).write_text(as_yaml(content), encoding="utf-8")
    (folder / "config/corrections.csv").write_bytes(corrections())
    for name, content in files().items():
        (raw / name).write_bytes(content)
    return folder


def files() -> dict[str, bytes]:
    """Return every raw file by name."""
    received = "".join(f"{'0' * 64}  {name}\n" for name in ("survey-2025.csv", "noord-2024.xlsx"))
    return {**surveys(), **refused(), **frameworks(), **interviews(), "population.csv": population(), "received.sha256": received.encode()}


def evaluation() -> Cells:
    """Return the content of ``evaluation.yml``."""
    start = described()
    names = {alliance["id"]: alliance for alliance in start["alliances"]}
    alliances = [
        {"name": f"Alliantie {name.title()}", **names.get(name, {}), "id": name, "organisations": list(partners)} for name, partners in MEMBERS.items()
    ]
    organisations = [*start["organisations"], *({"id": name, "name": written} for name, written in NEW.items())]
    shown = {"languages": ["nl", "en"], "publication": {"figures": list(FEW)}}
    return {**start, **shown, "alliances": alliances, "organisations": organisations, "sources": sources()}


def sources() -> Cells:
    lime = {"reader": "limesurvey", "columns": {**WHO, "record": "id", "started": "startdate", "submitted": "submitdate", "last_page": "lastpage"}}
    rounds = {"1": "2023", "2": "2025"}
    project = {"interview": "document", "alliance": "document", "group": "document", "theme": "path", "rating": "codes"}
    documents = {name: {"alliance": alliance, "group": "alliance"} for name, alliance in (("Gesprek 1", "noord"), ("Gesprek 2", "zuid"))}
    qda = {"reader": "refi_qda", "columns": project, "documents": documents}
    table = {"interview": "interview", "alliance": "alliantie", "group": "groep", "theme": "code", "rating": "oordeel"}
    return {
        "surveys": [
            {**lime, "file": "data/raw/survey-2023.csv", "wave": "2023"},
            {**lime, "file": "data/raw/survey-2025.csv", "wave": "2025"},
            {"file": "data/raw/qualtrics.csv", "reader": "qualtrics", "wave": "2025", "columns": {**WHO, "record": "ResponseId", "submitted": "Finished"}},
            {"file": "data/raw/paper.xlsx", "reader": "excel", "wave": {"column": "Meting", "values": rounds}, "columns": WHO},
            {"file": "data/raw/panel.sav", "reader": "spss", "wave": "2025", "columns": {**WHO, "submitted": "INGEVULD"}},
            {"file": "data/raw/letters.csv", "reader": "csv", "wave": {"column": "ronde", "values": rounds}, "columns": WHO},
            *({"file": f"data/raw/{name}", "reader": reader, "wave": "2025", "columns": WHO, **_sheet(name)} for name, reader in UNREAD),
        ],
        "frameworks": [
            {"alliance": "noord", "file": "data/raw/noord.xlsx", "earlier": ["data/raw/noord-2024.xlsx"]},
            {"alliance": "zuid", "file": "data/raw/zuid.xlsx"},
            {"alliance": "oost", "file": "data/raw/oost.xml", "reader": "iati", "earlier": [f"data/raw/{name}" for name in IATI_REFUSED]},
            {"alliance": "west", "file": "data/raw/west.xlsx"},
            {"alliance": "duin", "file": "data/raw/duin.xml", "reader": "iati"},
            {"alliance": "kust", "file": "data/raw/kust.csv", "reader": "csv", "milestones": {"9.9": {2024: 5}}},
        ],
        "interviews": [
            {"file": "data/raw/segments.csv", "columns": table},
            *({**qda, "file": f"data/raw/{name}.qdpx"} for name in ("project", "one-line", "codes-only")),
        ],
        "population": {"file": "data/raw/population.csv"},
    }


def _sheet(name: str) -> dict[str, str]:
    return {"sheet": "Antwoorden"} if name == "other-sheet.xlsx" else {}


def book() -> Cells:
    """Return the content of ``config/codebook.yml``: codes also as numbers, hours as a number with decimals, two boxes in one column."""
    start = codebook()
    agree = start["scales"]["agree"]
    for answer in agree["answers"]:
        answer["codes"].append(str(answer["value"]))
    agree["missing"][0]["codes"].append("9")
    start["scales"]["hours"] = {"low": 0, "high": 5000, "whole": False, "unit": both("uren")}
    last: Cells = {"block": "bottlenecks", "page": 5}
    start["items"].append({**last, "id": "hours_1", "scale": "hours", "column": "U1", "wording": both("Hoeveel uren?")})
    for name in ("mail", "bel"):
        start["items"].append({**last, "id": f"tool_{name}", "scale": "box", "column": "M", "option": [name], "wording": both(f"Middel {name}.")})
    start["open_questions"] = [{"id": "remark", "block": "bottlenecks", "column": "TOELICHTING", "wording": both("Wat nog?")}]
    start["framework"]["units"][0]["aliases"] = ["count"]
    start["interviews"]["themes"].append({"id": "safety", "label": {"nl": "Veiligheid", "en": "Safety"}})
    start["interviews"]["ignore"] = ["Mooie citaten"]
    return start


def answers(number: int) -> dict[str, str]:
    """Return what one person answered to everything, as numbers and never the same throughout."""
    statements = {column: str(1 + (number * 2 + position * 3) % 5) for position, column in enumerate(STATEMENTS)}
    return {**statements, "N1": str(number % 3), "U1": "12", "K1": "Y" if number % 2 else "", "K2": "", "M": "mail"}


def persons(wave: str) -> list[dict[str, str]]:
    """Return three sound persons of every partner."""
    places = [(alliance, name, person) for alliance, names in MEMBERS.items() for name in names for person in range(3)]
    return [
        {"CODE": f"{alliance}-{name}-{person}", "ALLIANTIE": alliance, "ORGANISATIE": name, **answers(at + int(wave))}
        for at, (alliance, name, person) in enumerate(places)
    ]


def lime_row(wave: str, line: int, code: str = "", **changes: str) -> dict[str, str]:
    """Return one row of a LimeSurvey export, sound but for ``changes``; its record number is its line."""
    seen = {"id": str(line), "submitdate": f"{wave}-04-01 12:00:00", "lastpage": "5", "startdate": f"{wave}-04-01 11:40:00"}
    hidden = {"ipaddr": "203.0.113.77", "email": f"{SECRET}@voorbeeld.example"}
    who = {"CODE": code or f"r{line}", "ALLIANTIE": "noord", "ORGANISATIE": "anker"}
    return {**seen, **hidden, **who, **answers(line), "TOELICHTING": SECRET, **changes}


def surveys() -> dict[str, bytes]:
    """Return the survey files that can be read."""
    return {
        "survey-2023.csv": lime_2023(),
        "survey-2025.csv": delimited([lime_row("2025", line, **person) for line, person in enumerate(_by_code(persons("2025")), 2)], ";"),
        "qualtrics.csv": qualtrics(),
        "paper.xlsx": paper(),
        "panel.sav": panel(),
        "letters.csv": letters(),
    }


def _by_code(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [{"code": row["CODE"], **{name: cell for name, cell in row.items() if name != "CODE"}} for row in rows]


def lime_2023() -> bytes:
    """Return the export of 2023; its first remark has a line break, so that the second row is on line 4."""
    same = dict.fromkeys(STATEMENTS, "A4")
    given = [
        lime_row("2023", 2, TOELICHTING=f"Eerste regel\n{SECRET}"),
        lime_row("2023", 4, ALLIANTIE=f"{SECRET} Noord"),
        lime_row("2023", 5, ORGANISATIE=f"{SECRET} Anker"),
        lime_row("2023", 6, ORGANISATIE="kompas"),
        lime_row("2023", 7, G1=SECRET),
        lime_row("2023", 8, N1=NUMBER),
        lime_row("2023", 9, "same", **answers(9)),
        lime_row("2023", 10, "same", **answers(9)),
        lime_row("2023", 11, "fuller", **answers(11)),
        lime_row("2023", 12, "fuller", **{**answers(11), "T3": "", "S1": "", "N1": ""}),
        lime_row("2023", 13, "other", **answers(13)),
        lime_row("2023", 14, "other", **answers(14)),
        lime_row("2023", 15),
        lime_row("2023", 16, **same),
        lime_row("2023", 17, startdate="2023-04-01 11:59:55"),
        lime_row("2023", 18, startdate="2023-02-31 11:40:00"),
        lime_row("2023", 19, startdate="2023-04-01 13:00:00"),
        lime_row("2023", 20, startdate="2019-04-01 11:40:00", submitdate="2019-04-01 12:00:00"),
        lime_row("2023", 21, submitdate="", lastpage="2", **dict.fromkeys(("T1", "T2", "T3", "S1", "N1", "U1", "M"), "")),
    ]
    whole = delimited([*given, *(lime_row("2023", line, **person) for line, person in enumerate(_by_code(persons("2023")), 22))])
    return whole.replace(b'"15","2023-04-01 12:00:00"', b'"15","2023-04-01 12:00:00",""')


def qualtrics() -> bytes:
    """Return an export with its three rows of headings, of which the second has a line break; T3 was not asked."""
    kept = [name for name in (*answers(0), "TOELICHTING") if name != "T3"]
    tool = ("StartDate", "Status", "IPAddress", "Finished", "RecipientEmail", "DistributionChannel", "ResponseId")
    ids = {name: name[0].lower() + name[1:] for name in tool} | {"IPAddress": "ipAddress"}
    names = [*tool, "CODE", "ALLIANTIE", "ORGANISATIE", *kept]
    import_ids = {name: f"QID{at}" for at, name in enumerate(names)} | ids
    texts = {**{name: f"Vraag {name}" for name in names}, "CODE": "Uw code\n(van de uitnodiging)"}

    def response(line: int, **changes: str) -> dict[str, str]:
        said = ("2025-04-01 11:40:00", "0", "203.0.113.77", "1", f"{SECRET}@voorbeeld.example", "email", f"R_{line:08}")
        who = {"CODE": f"q{line}", "ALLIANTIE": "noord", "ORGANISATIE": "boei"}
        row = {**dict(zip(tool, said, strict=True)), **who, **answers(line), "TOELICHTING": SECRET, **changes}
        return {name: row[name] for name in names}

    given = [
        response(5, Status="1"),
        response(6, DistributionChannel="preview"),
        response(7, CODE="two", ORGANISATIE="anker"),
        response(8, CODE="two", ALLIANTIE="zuid", ORGANISATIE="kompas"),
        response(9, M=f"mail,{SECRET}"),
        response(10),
    ]
    headings = [{name: name for name in names}, texts, {name: f'{{"ImportId":"{entry}"}}' for name, entry in import_ids.items()}]
    return _csv([list(row.values()) for row in (*headings, *given)])


def _csv(rows: Sequence[Sequence[str]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(encoding)


def paper() -> bytes:
    """Return a workbook with the answers on a hidden sheet: a title in row 1, the headings in row 2."""
    made = [
        {"Meting": 1},
        {"Meting": 3},
        {"Meting": 2, "N1": "=1+1"},
        {"Meting": 2, "G2": SECRET},
        {"Meting": 2, "U1": 12.5},
    ]
    rows = [
        {**change, "CODE": f"p{row}", "ALLIANTIE": "zuid", "ORGANISATIE": "loods", **answers(row), **change, "TOELICHTING": SECRET}
        for row, change in enumerate(made, 3)
    ]
    content = openpyxl.load_workbook(io.BytesIO(workbook(rows, "Antwoorden", 1)))
    content.create_sheet("Uitleg", 0)["A1"] = "Zie het volgende blad"
    content["Antwoorden"].sheet_state = "hidden"
    content.active = 0
    return _saved(content)


def _saved(content: openpyxl.Workbook) -> bytes:
    made = io.BytesIO()
    content.save(made)
    return made.getvalue()


def panel() -> bytes:
    """Return an SPSS file of five cases: a label that contradicts the codebook, an unknown missing code, a date past the calendar."""
    seconds = 13_962_844_800.0  # 1 April 2025, counted from 14 October 1582
    sound = {"ALLIANTIE": "duin", "ORGANISATIE": "fuik", "G2": "3", "G3": "2", "INGEVULD": seconds}
    rows = [{"CODE": f"s{case}", **answers(case), **sound} for case in range(1, 6)]
    changed = {1: {"G2": "4"}, 2: {"G3": "8"}, 3: {"INGEVULD": 1e15}, 4: {"T1": "6"}}
    table = pd.DataFrame([{**row, **changed.get(at, {})} for at, row in enumerate(rows)])
    numeric = [*STATEMENTS, "N1", "U1", "INGEVULD"]
    labels = {1.0: "Helemaal oneens", 2.0: "Oneens", 3.0: "Neutraal", 4.0: "Eens", 5.0: "Helemaal eens"}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "panel.sav"
        pyreadstat.write_sav(
            table.assign(**{name: table[name].astype(float) for name in numeric}, TOELICHTING=SECRET),
            path,
            variable_value_labels={name: {**labels, 4.0: "Oneens"} if name == "G2" else labels for name in STATEMENTS},
            missing_ranges={"G3": [8.0]},
            variable_format={"INGEVULD": "DATETIME20"},
        )
        return path.read_bytes()


def letters() -> bytes:
    """Return a plain csv in Windows-1252 with semicolons: two exports pasted together, the second in UTF-8."""
    names = ["ronde", "CODE", "ALLIANTIE", "ORGANISATIE", *answers(0), "TOELICHTING"]

    def letter(line: int, **changes: str) -> list[str]:
        row = {"ronde": "2", "CODE": f"00{line}", "ALLIANTIE": "kust", "ORGANISATIE": "Bureau Hoeve", **answers(line), "TOELICHTING": f"{SECRET} é"}
        return [{**row, **changes}[name] for name in names]

    near = (letter(6, CODE=CODE), letter(7, CODE=CODE.lower()))
    utf_8 = letter(9, TOELICHTING=f"{SECRET} Ã«")
    return _csv([names, letter(2, ronde="1"), letter(3, ronde=SECRET), letter(4, U1="1.250"), letter(5, S1=NUMBER), *near, names, utf_8], ";", "cp1252")


def refused() -> dict[str, bytes]:
    """Return the survey files of which nothing can be read; ``folder.csv`` is a folder, ``awaited.csv`` is not there."""
    names = ["CODE", "ALLIANTIE", "ORGANISATIE", *answers(0)]
    row = [SECRET, "noord", "anker", *answers(0).values()]
    whole, sound = _csv([names, row]), panel()
    one = [dict(zip(names, row, strict=True))]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    return {
        "named.csv": workbook(one),
        "quotes.csv": whole + f'"{SECRET},noord\n'.encode(),
        "empty.csv": b"\n\n",
        "only-headings.csv": _csv([names]),
        "letters-lost.csv": whole + _csv([row]).replace(b"anker", b"ank\x81er"),
        "twice.csv": _csv([[*names, "CODE"], [*row, "x"]]),
        "nameless.csv": whole.replace(b"ALLIANTIE", b"ALLIANCE"),
        "bomb.xlsx": bomb.getvalue(),
        "other-sheet.xlsx": workbook(one, "Blad1"),
        "no-headings.xlsx": workbook([{"Vraag": SECRET, "Antwoord": NUMBER}]),
        "pickle.sav": pickle.dumps({SECRET: NUMBER}),
        "cut-off.sav": sound[: len(sound) // 3],
        "locked.sav": b"\x1c\0\0\0\0\0\0\0ENCRYPTEDSAV" + b"\0" * 200,
    }


def frameworks() -> dict[str, bytes]:
    """Return the frameworks; that of ``west`` has a password."""
    kust = [{name: cell if name == "Nr" else "" for name, cell in row.items() if name != "Realisatie 2025"} for row in framework()]
    return {
        "noord.xlsx": noord(),
        "noord-2024.xlsx": noord_2024(),
        "zuid.xlsx": workbook(zuid()),
        "west.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096,
        "oost.xml": iati(oost()),
        "oost-2019.xml": iati(oost())[:300] + f"<{SECRET}&".encode(),
        "oost-2020.xml": iati(oost()).replace(b"<iati-activities", b'<!DOCTYPE a [<!ENTITY x "y">]><iati-activities', 1),
        "oost-2021.xml": iati(oost()).replace(b'version="2.03"', b'version="1.05"'),
        "oost-2022.xml": iati("<iati-activity></iati-activity>"),
        "duin.xml": iati(oost_like("D1") + oost_like("D2")).replace(b"\n", b""),
        "kust.csv": delimited(kust, ";"),
    }


def indicator(number: str | None, **changes: Any) -> Cells:
    """Return a row of a framework without a fault but for ``changes``: a count, up, cumulative."""
    return {**framework()[1], "Nr": number, "Indicator": f"Indicator {number}", **changes}


def noord() -> bytes:
    """Return a workbook with the faults that a cell or row can have; its headings stand in row 3, its first row in row 4."""
    percent = {"Eenheid": "procent", "Nulmeting": 10, "Streefwaarde": 50, "Realisatie 2023": 11}
    rows = [
        indicator("P1"),
        indicator("P2", Eenheid="euro"),
        indicator("P3", **{"Wijze van rapporteren": "per jaar"}),
        indicator("P4", **{"Jaar nulmeting": f"in {NUMBER}"}),
        indicator("P5", Eenheid=SECRET),
        indicator("P6", **{"Realisatie 2025": f"circa {NUMBER}"}),
        indicator("P7", **{"Realisatie 2025": f"{NUMBER}%"}),
        indicator("P8", **{"Realisatie 2025": date(2025, 12, 1)}),
        indicator("P9", **{"Realisatie 2025": f"{NUMBER}k"}),
        indicator("P10", **{"Realisatie 2025": "#DIV/0!"}),
        indicator("P11", **{"Realisatie 2025": "=8+4"}),
        indicator("P12", **{**percent, "Realisatie 2025": "12.345"}),
        indicator("P13", **{"Wijze van rapporteren": "per jaar", "Realisatie 2025": "1,250"}),
        indicator("P14", **{"Realisatie 2025": "n.v.t."}),
        indicator("P15", Indicator="Totaal"),
        indicator(None, Niveau="Totaal", Indicator=None),
        indicator(None),
        indicator("P16"),
        indicator("P16"),
        indicator("P17"),
        indicator("P18", **{"Realisatie 2023": None}),
        indicator("P19", **{"Realisatie 2025": None}),
        indicator("P20"),
        {"Nr": f"De cijfers zijn voorlopig volgens {SECRET}"},
    ]
    content = openpyxl.load_workbook(io.BytesIO(workbook([{**row, "Contactpersoon": SECRET} for row in rows[:-1]] + rows[-1:])))
    page = content["Kader"]
    column = {cell.value: cell.column_letter for cell in page[3]}
    page.merge_cells(f"{column['Realisatie 2023']}23:{column['Realisatie 2023']}24")
    page.merge_cells(f"{column['Realisatie 2023']}25:{column['Realisatie 2025']}25")
    page.row_dimensions[26].hidden = True
    _copied(page, content.create_sheet("Kader oud"), last=5)
    return _saved(content)


def _copied(page: Worksheet, to: Worksheet, last: int) -> None:
    for row in page.iter_rows(max_row=last, values_only=True):
        to.append(row)


def noord_2024() -> bytes:
    """Return the version before: other values for three indicators, one that is gone, one row that cannot be read."""
    rows = [
        indicator("P1", **{"Realisatie 2023": 9, "Streefwaarde": 40}),
        indicator("P2"),
        indicator("P3"),
        indicator("P99"),
        indicator(None),
    ]
    return workbook(rows)


def zuid() -> list[Cells]:
    """Return a workbook of which every row can be read and is doubtful in one way; its first row is row 4."""
    percent = {"Eenheid": "procent", "Nulmeting": 40, "Streefwaarde": 80, "Realisatie 2023": 50, "Realisatie 2025": 60}
    return [
        indicator("Z1", Niveau=None),
        indicator("Z2", Nulmeting=None),
        indicator("Z3", Streefwaarde=None),
        indicator("Z4", Nulmeting=50),
        indicator("Z5", Richting="lager is beter"),
        indicator("Z6", **{"Realisatie 2025": 60}),
        indicator("Z7", **{"Realisatie 2023": 50, "Realisatie 2025": 50}),
        indicator("Z8", **{"Realisatie 2025": 10}),
        indicator("Z9", **{"Jaar streefwaarde": 2021}),
        indicator("Z10", **{**percent, "Realisatie 2023": -5}),
        indicator("Z11", **{"Realisatie 2023": -3}),
        indicator("Z12", **{**percent, "Nulmeting": 0.4, "Streefwaarde": 0.8, "Realisatie 2023": 0.5, "Realisatie 2025": 0.6}),
        indicator("Z13", **{**percent, "Realisatie 2023": 0.5}),
        indicator("Z14", **{"Realisatie 2023": 30, "Realisatie 2025": 20}),
        indicator("Z15", Status="afgerond"),
    ]


def iati(activities: str) -> bytes:
    """Return an activities file; the first activity begins on line 3."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="2.03" xmlns:own="urn:x-midterm:framework">\n'
    return f"{head}{activities}\n</iati-activities>\n".encode()


def period(year: int, *values: str, start: str = "", end: str = "") -> str:
    """Return a period of one year on one line."""
    first, last = start or f"{year}-01-01", end or f"{year}-12-31"
    return f'<period><period-start iso-date="{first}"/><period-end iso-date="{last}"/>{"".join(values)}</period>'


def actual(value: str, inside: str = "") -> str:
    return f'<actual value="{value}">{inside}</actual>'


TARGET = period(2027, '<target value="50"/>')
FIRST = period(2023, actual("8"))
REPORTED = ' own:reporting="cumulative"'


def result(code: str, last: str, *, said: str = f'measure="1" ascending="1"{REPORTED}', target: str = TARGET, reference: bool = True) -> str:
    """Return an indicator on three lines; what it says of 2025 stands in ``last``."""
    named = f'<reference vocabulary="99" code="{code}"/>' if reference else ""
    title = f"<title><narrative>Indicator {code}</narrative></title>"
    return f'<indicator {said}>\n{title}{named}<baseline year="2022" value="0"/>{FIRST}{last}{target}\n</indicator>'


def oost() -> str:
    """Return two activities with every doubt that an IATI file leaves; the first indicator opens on line 5, each takes three lines."""
    part = '<dimension name="age" value="18+"/>'
    comment = f"<comment><narrative>{SECRET}</narrative></comment>"
    sound = period(2025, actual("12"))
    entries = [
        result("O1", sound, reference=False),
        result("O2", sound, said=f'measure="1"{REPORTED}'),
        result("O3", period(2025, actual("12"), actual("14"))),
        result("O4", period(2025, actual("12", part))),
        result("O5", period(2025, actual("12"), actual("3", part))),
        result("O6", period(2025, actual(f"{NUMBER},5"))),
        result("O7", period(2025, f"<actual>{comment}</actual>")),
        result("O8", period(2025, actual("12"), '<target value="30"/>')),
        result("O9", period(2025, actual("12"), start="2024-07-01")),
        result("O10", period(2025, actual("12"), start="2025-12-31", end="2025-01-01")),
        result("O11", sound + '<period><period-start iso-date="2024-01-01"/><actual value="9"/></period>'),
        result("O12", sound, said='measure="1" ascending="1"'),
    ]
    first = "\n".join(['<result type="1">', *entries, "</result>", '<result type="9">', result("O13", sound), "</result>"])
    return f"<iati-activity>\n{first}\n</iati-activity>\n{oost_like('O14')}"


def oost_like(code: str) -> str:
    """Return an activity with one sound indicator."""
    return f'<iati-activity>\n<result type="1">\n{result(code, period(2025, actual("12")))}\n</result>\n</iati-activity>'


def interviews() -> dict[str, bytes]:
    """Return coded segments as csv and as three coding projects, of which the last is a codebook alone."""
    names = ("interview", "alliantie", "groep", "code", "oordeel", "citaat")
    rows = [
        ("n1", "noord", "alliantie", "Samenwerking", "+"),
        ("n1", "noord", "alliantie", SECRET, "+"),
        ("n1", "noord", "alliantie", "Samenwerking", SECRET),
        ("n1", "noord", SECRET, "Samenwerking", "+"),
        ("n1", SECRET, "alliantie", "Samenwerking", "+"),
        ("z1", "zuid", "alliantie", "Samenwerking", "+;-"),
        ("z1", "zuid", "alliantie", "Samenwerking;Veiligheid", "+"),
        ("z1", "zuid", "alliantie", "Mooie citaten", ""),
        ("", "zuid", "alliantie", "Samenwerking", "+"),
    ]
    one = project(_document("one", "Gesprek 2", _coding("b1", 1, "samenwerking"), _coding("b2", 5, "samenwerking")))
    codes = f'<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes><Code guid="[a]" name="{SECRET}"/></Codes></CodeBook>'
    return {
        "segments.csv": _csv([names, *((*row, SECRET) for row in rows)], ";"),
        "project.qdpx": qdpx(project(conversations())),
        "one-line.qdpx": qdpx(one.replace("\n", "")),
        "codes-only.qdpx": qdpx(filled(codes)),
    }


def project(documents: str) -> str:
    """Return a coding project; its documents begin on line 15."""
    return filled(f"""<?xml version="1.0" encoding="utf-8"?>
<Project name="Interviews" origin="MAXQDA 2022 (Release 22.4.0)" xmlns="urn:QDA-XML:project:1.0">
<Users><User guid="[user]" name="{SECRET}"/></Users>
<CodeBook><Codes>
<Code guid="[samenwerking]" name="Samenwerking" isCodable="true"/>
<Code guid="[oordeel]" name="Oordeel" isCodable="true">
<Code guid="[positief]" name="positief" isCodable="true"/>
<Code guid="[negatief]" name="negatief" isCodable="true"/>
</Code>
<Code guid="[citaten]" name="Mooie citaten" isCodable="true"/>
<Code guid="[sfeer]" name="{SECRET}" isCodable="true"/>
<Code guid="[case]" name="Anker" isCodable="true"/>
</Codes></CodeBook>
<Cases><Case guid="[case]" name="Anker"/></Cases><Sources>
{documents}
</Sources></Project>
""")


def _document(name: str, title: str, *codings: str) -> str:
    return "\n".join([f'<TextSource guid="[{name}]" name="{title}" plainTextPath="internal://text.txt">', *codings, "</TextSource>"])


def _coding(name: str, start: int, code: str, end: int = 0) -> str:
    place = f'guid="[s {name}]" name="{SECRET}" startPosition="{start}" endPosition="{end or start + 50}"'
    coding = f'<Coding guid="[c {name}]" creatingUser="[user]"><CodeRef targetGUID="[{code}]"/></Coding>'
    return f"<PlainTextSelection {place}>{coding}</PlainTextSelection>"


def conversations() -> str:
    """Return three documents: the first on lines 15 to 26, with a coding a line; the others take three lines each."""
    places = ((10, "samenwerking"), (10, "positief"), (100, "nowhere"), (200, "sfeer"), (300, "positief"))
    places += ((400, "samenwerking"), (400, "positief"), (400, "negatief"), (500, "citaten"))
    number = count(1)
    first = [*(_coding(f"a{next(number)}", start, code) for start, code in places), _coding("case", 600, "case", 900)]
    others = [_document(name, title, _coding(name, 1, "samenwerking")) for name, title in (("second", "Gesprek 1"), ("third", f"Gesprek met {SECRET}"))]
    return "\n".join([_document("first", "Gesprek 1", *first), *others])


def population() -> bytes:
    """Return the staff list, its faulty rows first."""
    names = ("wave", "alliance", "organisation", "population", "invited")
    everyone = [(wave, alliance, name, "5", "4") for wave in ("2023", "2025") for alliance, partners in MEMBERS.items() for name in partners]
    faulty = [
        (SECRET, "noord", "anker", "5", "4"),
        ("2023", SECRET, "anker", "5", "4"),
        ("2023", "noord", SECRET, "5", "4"),
        ("2023", "noord", "kompas", "5", "4"),
        ("2023", "noord", "boei", "5", SECRET),
        ("2023", "noord", "anker", "5", "4"),
        ("2023", "noord", "anker", "6", "5"),
        ("2023", "noord", "dok", "5", "4"),
        ("2023", "noord", "dok", "5", "4"),
        ("2023", "zuid", "boei", "5", "6"),
    ]
    return _csv([names, *faulty, *(row for row in everyone if row[:3] not in [entry[:3] for entry in faulty])])


def corrections() -> bytes:
    """Return the log: the first correction can be made, the other four cannot."""
    file, why = "data/raw/survey-2023.csv", ("verschreven", SECRET.title())
    old = answers(22 + 2001)["G2"]
    return _csv(
        [
            ("file", "id", "field", "old", "new", "reason", "author"),
            (file, "22", "G2", old, "3", "verschreven", "R. Redacteur"),
            (file, "23", "G2", NUMBER, "3", *why),
            (file, "9999", "G2", "1", "2", *why),
            (file, "24", "G22", "1", "2", *why),
            ("data/raw/noord-2024.xlsx", "P1", "Nulmeting", NUMBER, "3", *why),
        ]
    )


def files_of(folder: Path) -> Mapping[str, tuple[bytes, int]]:
    """Return content and time of every file in ``folder``, by path."""
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()}
