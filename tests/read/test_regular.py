"""The short way through regular csv: it gives what the long way gives, and stands aside for every file that is not regular."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import midterm.read.text as text
from midterm.read.raw import Declared, RawTable
from midterm.read.regular import regular_columns

HEADING = ("id", "naam", "q")
CELL = st.text(st.sampled_from("aé\"',;\n\r \t1.%"), max_size=6)


def content(rows: list[tuple[str, ...]], separator: str, quoting: int, end: str) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, delimiter=separator, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(HEADING)
    writer.writerows(rows)
    return made.getvalue().encode()


def read(folder: Path, given_bytes: bytes) -> RawTable:
    (folder / "file.csv").write_bytes(given_bytes)
    return text.read_text(folder, "file.csv", Declared({"id": (), "q": ()}))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(CELL, CELL, CELL), max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_both_ways_give_the_same_table(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], separator: str, quoting: int, end: str) -> None:
    folder = tmp_path_factory.mktemp("csv")
    short = read(folder, content(rows, separator, quoting, end))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "regular_columns", lambda *_: None)
        long = read(folder, content(rows, separator, quoting, end))
    pd.testing.assert_frame_equal(short.text.astype(object), long.text.astype(object))
    assert (short.problems, short.undeclared, short.is_synthetic) == (long.problems, long.undeclared, long.is_synthetic)


@pytest.mark.parametrize(
    "lines",
    [
        b'1,a,2\n3,"b\nc",4\n',
        b'1,"a"b,2\n',
        b'1,a"b,2\n',
        b"1,a\n",
        b"1,a,2,3\n",
        b"1,a,2\n\n3,b,4\n",
        b"1,a,2\n,x,\n",
        b'1,"a,2\n',
        b"id,naam,q\n",
        b'"=""007""",a,2\n',
    ],
    ids=[
        "line break in a cell",
        "text after a quote",
        "quote in a cell",
        "too few cells",
        "too many cells",
        "blank line",
        "nothing declared",
        "open quote",
        "headings again",
        "formula",
    ],
)
def test_what_is_not_regular_goes_the_long_way(lines: bytes) -> None:
    assert regular_columns(b"id,naam,q\n" + lines, "utf-8-sig", ",", 1, HEADING, {"id": 0, "q": 2}) is None


def test_a_regular_file_goes_the_short_way() -> None:
    columns = regular_columns(b'id,naam,q\n1,"a ""b"" c",2\r\n"007",,NA\n', "utf-8-sig", ",", 1, HEADING, {"id": 0, "naam": 1, "q": 2})
    assert columns is not None
    assert {name: list(column) for name, column in columns.items()} == {"id": ["1", "007"], "naam": ['a "b" c', ""], "q": ["2", "NA"]}
