"""The short way through regular csv: in, its bytes; out, the declared columns at once, or nothing where the long way is due.

A file is regular when every record is one line, no line is blank, ragged or the headings once more, and quotes only stand
around cells: what survey tools write as long as nobody typed a line break. Then a library reads it in a tenth of the time,
and its rows are its lines. Anything else goes row by row (``text``), with the same result and a place for every fault.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from midterm.read.cells import coded

BLOCK = 1 << 24
Columns = dict[str, pd.Categorical]


def regular_columns(content: bytes, encoding: str, separator: str, above: int, headings: Sequence[str], positions: Mapping[str, int]) -> Columns | None:
    """Return the columns at ``positions`` under the first ``above`` lines, of which the last has the ``headings``; None when the file is not regular."""
    if not positions or _has_stray_quote(content, separator) or _has_formula(content, separator) or content.rfind(codecs.BOM_UTF8) > 0:
        return None
    names = [str(position) for position in range(len(headings))]
    wanted = [names[position] for position in positions.values()]
    try:
        text = content if encoding in ("utf-8", "utf-8-sig") else content.decode(encoding).encode("utf-8")
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK, skip_rows=above, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=False, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.dictionary(pa.int32(), pa.string()) for name in wanted},
                include_columns=wanted,
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    columns = {name: _categorical(table.column(str(position))) for name, position in positions.items()}
    is_by_line = above + table.num_rows == _lines(text)
    of_heading = {name: headings[position] for name, position in positions.items()}
    is_bare = not _has_row(columns, lambda name, text: text == of_heading[name]) and not _has_row(columns, lambda _, text: not text.strip())
    return columns if is_by_line and is_bare else None


def _has_stray_quote(content: bytes, separator: str) -> bool:
    """Tell whether a quote stands within a cell, neither at its edge nor doubled."""
    edge = re.escape(separator.encode()) + rb'\r\n"\xef\xbb\xbf'
    return re.search(rb'[^%b]"[^%b]' % (edge, edge), content) is not None


def _has_formula(content: bytes, separator: str) -> bool:
    """Tell whether a cell begins as a formula of a text (``="007"``), of which only the text is read."""
    return b'=""' in content and re.search(rb'[%b\r\n"]=""' % re.escape(separator.encode()), content) is not None


def _lines(text: bytes) -> int:
    """Return how many lines the file has; 0 where a carriage return alone ends one."""
    is_plain = text.count(b"\r") == text.count(b"\r\n")
    return (text.count(b"\n") + (not text.endswith(b"\n"))) if is_plain else 0


def _categorical(column: pa.ChunkedArray) -> pd.Categorical:
    whole = column.unify_dictionaries()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in whole.chunks]
    texts = whole.chunk(0).dictionary.to_pylist() if whole.num_chunks else []
    return coded(np.concatenate(codes) if codes else np.empty(0, dtype=np.int32), texts)


def _has_row(columns: Columns, is_such: Callable[[str, str], bool]) -> bool:
    """Tell whether ``is_such`` holds of the name and cell of every column in one row.

    Where only the declared columns are blank it may be a line of separators, which is no row; the long way knows.
    """
    rows: np.ndarray | None = None
    for name, column in columns.items():
        found = np.array([is_such(name, str(text)) for text in column.categories], dtype=bool)[column.codes] if len(column) else np.empty(0, dtype=bool)
        rows = found if rows is None else rows & found
        if not rows.any():
            return False
    return True
