"""Hostile files: every reader refuses what would harm it, in a sentence, within seconds and in bounded memory.

All files are read one after another in a process of their own, which has 2.5 GB of memory and for each file ten seconds.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import perf_counter

import pytest

from factory import workbook
from midterm.description.yaml import load_yaml
from midterm.errors import ConfigError
from midterm.read.readers import READERS

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HIDDEN = "geheim-uit-een-ander-bestand"
SECONDS, MEMORY = 10, 2_500_000_000
FORMATS = list({read: reader for reader, read in READERS.items()}.values())  # two names may stand for one reader
Read = dict[str, dict[str, object]]

WORKER = f"""
import json, resource, signal, sys
from pathlib import Path
from midterm.errors import UserError
from midterm.read.raw import Declared
from midterm.read.readers import READERS

def late(*_):
    raise TimeoutError

resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
signal.signal(signal.SIGALRM, late)
declared = Declared({{"id": ("Nr",), "value": ("Waarde",)}})
for reader, file in json.load(sys.stdin):
    signal.alarm({SECONDS})
    try:
        table = READERS[reader](Path(sys.argv[1]), file, declared)
        said = {{"rules": [], "rows": len(table.text), "text": table.text.to_csv(), "sentences": []}}
    except UserError as error:
        places = [[problem.sheet, problem.row] for problem in error.problems]
        said = {{"rules": [problem.rule for problem in error.problems], "places": places, "sentences": [str(problem) for problem in error.problems]}}
    except BaseException as error:
        said = {{"rules": [type(error).__name__], "sentences": []}}
    signal.alarm(0)
    print(json.dumps([reader, file, said]), flush=True)
"""


def zipped(parts: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, text in parts:
            archive.writestr(name, text)
    return made.getvalue()


def parts(sheet: str, before: str = "", target: str = "worksheets/sheet1.xml") -> dict[str, bytes]:
    """Return the parts of a workbook: ``sheet`` is what stands in its worksheet, ``before`` the declarations above it."""
    first = f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    links = f'<Relationship Id="s" Type="{LINKS}/worksheet" Target="{target}"/><Relationship Id="t" Type="{LINKS}/sharedStrings" Target="texts.xml"/>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="Kader" sheetId="1" r:id="s"/></sheets></workbook>'
    return {
        "_rels/.rels": first.encode(),
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{MAIN}">{sheet}</worksheet>'.encode(),
        "xl/texts.xml": f'<sst xmlns="{MAIN}"><si><t>Nr</t></si></sst>'.encode(),
    }


def text(reference: str, content: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{content}</t></is></c>'


def sheet(rows: str, *, wide: str = "") -> str:
    first = f'<row r="1">{text("A1", "Nr")}{text("B1", "Waarde")}{wide}</row><row r="2">{text("A2", "P1")}{text("B2", "4")}</row>'
    return f"<sheetData>{first}{rows}</sheetData>"


def book(rows: str = "", after: str = "", *, wide: str = "") -> bytes:
    return zipped(parts(sheet(rows, wide=wide) + after).items())


def with_entities(declarations: str, part: str) -> bytes:
    """Return a workbook of which one part declares entities and uses the entity ``x``."""
    sound = parts(sheet(text("C1", "&x;") if part == "xl/worksheets/sheet1.xml" else ""))
    used = sound[part] if b"&x;" in sound[part] else sound[part].replace(b"Nr<", b"&x;<").replace(b"Kader", b"&x;")
    return zipped({**sound, part: f"<!DOCTYPE a [{declarations}]>".encode() + used}.items())


LAUGHS = '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "' + f"&l{n - 1};" * 10 + '">' for n in range(1, 12)) + '<!ENTITY x "&l11;">'
OUTSIDE = '<!ENTITY x SYSTEM "secret.txt">'
PARAMETER = '<!ENTITY % p SYSTEM "secret.txt">%p;<!ENTITY x "y">'
PARTS = ("xl/worksheets/sheet1.xml", "xl/texts.xml", "xl/workbook.xml")


class Opened:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str, int], int], tuple[str, int]]:
        return os.open, ("unpickled", os.O_CREAT)


def wrong_crc() -> bytes:
    content = bytearray(zipped(parts(sheet("")).items(), zipfile.ZIP_STORED))
    content[content.index(b"Waarde")] ^= 1
    return bytes(content)


def lying_size() -> bytes:
    """Return a workbook whose directory gives its sheet as 40 bytes."""
    content = bytearray(zipped(parts(sheet("")).items()))
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    content[entry + 24 : entry + 28] = (40).to_bytes(4, "little")
    return bytes(content)


def locked() -> bytes:
    """Return a workbook of which every part is marked as encrypted by the zip program."""
    content = bytearray(zipped(parts(sheet("")).items()))
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 8] |= 1
        place = content.find(b"PK\x01\x02", place + 1)
    return bytes(content)


def deep() -> bytes:
    return b"<a>" * 20_000 + b"</a>" * 20_000


def far_cells() -> str:
    return "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(3, 603))


def many_rows() -> str:
    return "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(3, 3003))


def overlapping() -> str:
    one = '<mergeCell ref="A1:XFD1048576"/>'
    return f"<mergeCells>{one * 50_000}</mergeCells>"


def workbooks() -> Iterator[tuple[str, bytes, str]]:
    """Give name, content and rule of every workbook that is refused."""
    yield "one_part_of_150_mb", zipped({**parts(""), "xl/worksheets/sheet1.xml": b" " * 150_000_000}.items()), "too_large"
    yield "sixteen_parts_of_15_mb", zipped([*parts(sheet("")).items(), *((f"xl/{n}.xml", b" " * 15_000_000) for n in range(16))]), "too_large"
    yield "twenty_thousand_parts", zipped([*parts(sheet("")).items(), *((f"xl/{n}.xml", b"") for n in range(20_000))]), "too_large"
    inner = zipped([("0", b" " * 10_000_000)])
    yield "zips_in_a_zip", zipped([(f"{n}.zip", inner) for n in range(16)]), "not_a_workbook"
    yield "cells_far_apart", book(far_cells()), "too_large"
    yield "headings_far_apart", book(many_rows(), wide=text("XFD1", "Ver")), "too_large"
    yield "overlapping_merges", book(after=overlapping()), "not_a_workbook"
    for part in PARTS:
        for kind, declarations in (("laughs", LAUGHS), ("outside", OUTSIDE), ("parameter", PARAMETER)):
            yield f"entities_{kind}_{Path(part).stem}", with_entities(declarations, part), "not_a_workbook"
        yield f"deep_{Path(part).stem}", zipped({**parts(sheet("")), part: deep()}.items()), "not_a_workbook"
    yield "document_type_elsewhere", zipped(parts(sheet(""), '<!DOCTYPE a SYSTEM "secret.txt">').items()), "not_a_workbook"
    yield "no_such_shared_text", book('<row r="3"><c r="A3" t="s"><v>99999999999</v></c></row>'), "not_a_workbook"
    yield "long_number_of_a_row", book('<row r="' + "9" * 5000 + '"/>'), "not_a_workbook"
    yield "target_outside", zipped(parts(sheet(""), target="../../../../secret.txt").items()), "not_a_workbook"
    yield "target_by_address", zipped(parts(sheet(""), target="file:///secret.txt").items()), "not_a_workbook"
    yield "sheet_that_is_another_part", zipped(parts(sheet(""), target="workbook.xml").items()), "missing_heading"
    yield "wrong_crc", wrong_crc(), "not_a_workbook"
    yield "lying_size", lying_size(), "not_a_workbook"
    yield "locked", locked(), "not_a_workbook"
    yield "rare_compression", zipped(parts(sheet("")).items(), zipfile.ZIP_LZMA), "not_a_workbook"
    yield "cut_short", book()[:-40], "not_a_workbook"
    yield "csv", b"Nr;Waarde\nP1;4\n", "not_a_workbook"
    yield "old_or_encrypted", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096, "not_a_workbook"


def harmless() -> Iterator[tuple[str, bytes, int]]:
    """Give name, content and number of rows of every workbook that looks hostile and can be read all the same."""
    yield "empty_cell_in_the_far_corner", book('<row r="1048576"><c r="XFD1048576" s="0"/></row>'), 1
    yield "cell_in_the_far_corner", book('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), 2
    yield "merge_of_the_whole_sheet", book(after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), 1
    yield "merge_of_a_column", book(many_rows(), '<mergeCells><mergeCell ref="A3:A1048576"/></mergeCells>'), 3001
    yield "part_outside_the_folder", zipped([*parts(sheet("")).items(), ("../../outside.txt", HIDDEN.encode())]), 1


def texts() -> Iterator[tuple[str, bytes]]:
    """Give name and content of every text file that is refused."""
    yield "one_long_cell", b'Nr;Waarde\nP1;"' + b"x" * 2_000_000 + b'"\n'
    yield "open_quote", b'Nr;Waarde\nP1;"' + b"x;\n" * 1_000_000
    yield "workbook", workbook([{"Nr": "P1", "Waarde": 4}])
    yield "nulls", b"Nr;Waarde\nP1;\0\0\0\0\n"


def anything() -> Iterator[tuple[str, bytes]]:
    """Give name and content of files that are of no format that is read."""
    yield "pickle", pickle.dumps(Opened())
    yield "old_pickle", pickle.dumps(Opened(), protocol=0)
    yield "empty_zip", zipped([])
    yield "encrypted", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096
    yield "noise", bytes((7 * n * n + n // 3) % 256 for n in range(5000))
    yield "zeros", b"\0" * 100_000
    yield "deep_xml", deep()
    yield "deep_json", b"[" * 100_000
    yield "laughs_xml", f"<!DOCTYPE a [{LAUGHS}]><a>&x;</a>".encode()
    yield "outside_xml", f"<!DOCTYPE a [{OUTSIDE}]><a>&x;</a>".encode()


SPECIAL: dict[str, Callable[[Path], None]] = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "loop": lambda place: place.symlink_to(place),
    "device": lambda place: place.symlink_to("/dev/zero"),
}
REFUSED = {name: rule for name, _, rule in workbooks()}
READ = {name: rows for name, _, rows in harmless()}
TEXTS = [name for name, _ in texts()]
ANYTHING = [name for name, _ in anything()]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Write all files and read them in one process."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "secret.txt").write_text(HIDDEN)
    files = [("excel", f"{name}.xlsx", content) for name, content, _ in (*workbooks(), *harmless())]
    files += [("csv", f"{name}.csv", content) for name, content in texts()]
    files += [(reader, f"{reader}_{name}", content) for reader in FORMATS for name, content in anything()]
    for _, file, content in files:
        (folder / file).write_bytes(content)
    special = [(reader, f"{reader}_{name}", make) for reader in FORMATS for name, make in SPECIAL.items()]
    for _, file, make in special:
        make(folder / file)
    asked = json.dumps([(reader, file) for reader, file, _ in (*files, *special)])
    done = subprocess.run([sys.executable, "-c", WORKER, str(folder)], input=asked, capture_output=True, text=True, cwd=folder, timeout=300, check=False)
    assert not (folder / "unpickled").exists()
    assert not (folder.parent / "outside.txt").exists()
    assert HIDDEN not in done.stdout
    return {file: said for _, file, said in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_workbook_is_refused_in_a_sentence(outcome: Read, name: str) -> None:
    said = outcome[f"{name}.xlsx"]
    assert said["rules"] == [REFUSED[name]], said
    assert is_a_sentence(said)


@pytest.mark.parametrize("name", READ)
def test_a_workbook_that_only_looks_hostile_is_read(outcome: Read, name: str) -> None:
    assert outcome[f"{name}.xlsx"].get("rows") == READ[name]


def test_a_damaged_sheet_is_named_with_its_row(outcome: Read) -> None:
    assert outcome["no_such_shared_text.xlsx"]["places"] == [["Kader", 3]]
    assert outcome["cells_far_apart.xlsx"]["places"] == [["Kader", 491]]


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_file_is_refused_in_a_sentence(outcome: Read, name: str) -> None:
    assert is_a_sentence(outcome[f"{name}.csv"])


@pytest.mark.parametrize("reader", FORMATS)
@pytest.mark.parametrize("name", ANYTHING)
def test_no_reader_takes_anything_from_a_file_of_another_kind(outcome: Read, reader: str, name: str) -> None:
    said = outcome[f"{reader}_{name}"]
    assert is_a_sentence(said) or str(said["text"]).splitlines()[0] == "row", said


def is_a_sentence(said: dict[str, object]) -> bool:
    """Tell whether a file was refused for its user to read: in one line, and without what stands in it."""
    sentences = said["sentences"]
    return isinstance(sentences, list) and bool(sentences) and all("\n" not in sentence and HIDDEN not in sentence for sentence in sentences)


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("reader", FORMATS)
def test_what_is_no_file_is_refused_and_never_waited_for(outcome: Read, reader: str, name: str) -> None:
    assert is_a_sentence(outcome[f"{reader}_{name}"])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "yaml_alias"),
        ("a: !!python/object/apply:os.mkdir [unpickled]\n", "yaml_tag"),
        ("a: !include /etc/hostname\n", "yaml_tag"),
        ("a: 1\n" * 500_000, "too_large"),
    ],
)
def test_tricks_of_yaml_are_refused_within_a_second(tmp_path: Path, content: str, rule: str) -> None:
    (tmp_path / "evaluation.yml").write_text(content)
    before = perf_counter()
    with pytest.raises(ConfigError) as error:
        load_yaml(tmp_path / "evaluation.yml", "evaluation.yml")
    assert [problem.rule for problem in error.value.problems] == [rule]
    assert perf_counter() - before < 1
