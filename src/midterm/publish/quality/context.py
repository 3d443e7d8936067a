"""What the data-quality page may say: in, a context over the clean tables; out, their counts, and names and places as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from midterm.description.quality_texts import QualityTexts, RuleTexts
from midterm.measure.indicators import response
from midterm.publish.quality.tables import answer_kinds, balanced, findings
from midterm.publish.report.context import Context, markdown_table
from midterm.publish.wording import ALL, Wording, records

BOOKS = ("rows_read", "rows_kept", "rows_set_aside", "cells_read", "cells_kept", "cells_set_aside")


@dataclass(frozen=True)
class Review:
    """The clean tables as this page counts them, in one language."""

    context: Context
    findings: pd.DataFrame
    books: pd.DataFrame
    kinds: pd.DataFrame
    response: pd.DataFrame

    @classmethod
    def of(cls, context: Context) -> Review:
        """Count once what several chapters show."""
        tables, evaluation = context.tables, context.evaluation
        of_units = {unit: {} if unit == ALL else {"alliance": unit} for unit in (*evaluation.alliances, ALL)}
        counts = [response(evaluation, context.rows("respondents", **key), context.rows("population", **key), unit) for unit, key in of_units.items()]
        return cls(
            context,
            findings(tables["quarantine"], tables["notices"]),
            balanced(tables["reconciliation"], tables["quarantine"]),
            answer_kinds(tables["responses"]),
            pd.concat(counts, ignore_index=True),
        )

    @property
    def texts(self) -> QualityTexts:
        """The page's sentences."""
        return self.context.evaluation.labels[self.context.language].quality

    @property
    def say(self) -> Wording:
        """Names, words and formatted values."""
        return self.context.say

    @property
    def files(self) -> list[str]:
        """The files with findings, by name."""
        return sorted(set(self.findings["file"]))

    def anchor(self, file: str) -> str:
        """Return the name of a file's place on the page."""
        return f"file-{self.files.index(file) + 1}"

    def count(self, value: float) -> str:
        """Return a whole number, or a dash where it is not known."""
        return self.context.texts.value_absent if pd.isna(value) else self.say.number(float(value), 0)

    def share(self, share: float) -> str:
        """Return a share as a percentage with one decimal, a plain 0 only where there is nothing at all."""
        return f"{self.say.number(100 * share, 1)}%" if share else "0"

    def rule(self, rule: str) -> RuleTexts | None:
        """Return the words of a rule; None when the labels have none."""
        words, names = self.texts.rules.get(rule), {"unit": self.context.unit, "units": self.say.units}
        return RuleTexts(title=words.title.format(**names), action=words.action.format(**names)) if words else None

    def title(self, rule: str) -> str:
        """Return what a rule is called; one without words goes by its own name."""
        words = self.rule(rule)
        return words.title if words else rule.replace("_", " ")

    def rows(self, column: str, rows: Sequence[int]) -> str:
        """Return rows as text, or that the whole column or file is meant."""
        return ", ".join(map(str, rows)) or (self.texts.whole_column if column else self.texts.whole_file)

    def column(self, column: str, rows: Sequence[int]) -> str:
        """Return a column as text, or that the whole row is meant."""
        return column or (self.texts.whole_row if rows else "")

    def books_table(self, caption: str, books: pd.DataFrame) -> str:
        """Return as a table whether rows and cells read are those used and those set aside."""
        q = self.texts
        rows = []
        for row in records(books):
            names = [row.file, *("" if pd.isna(text) else str(text) for text in (row.sheet, row.part))]
            sums = [
                self._sum(row.rows_read, row.rows_kept, row.rows_set_aside),
                self._sum(row.cells_read, row.cells_kept, row.cells_set_aside),
            ]
            rows.append([*names, *sums, q.balance_yes if row.balances else q.balance_no])
        columns = [self.context.texts.col_file, q.col_sheet, q.col_part, q.col_books_rows, q.col_books_cells, q.col_balance]
        return markdown_table(caption, columns, rows, numeric=[3, 4])

    def _sum(self, read: int, kept: int, aside: int) -> str:
        together = f"{self.count(read)} {'=' if read == kept + aside else '≠'} {self.count(kept)} + {self.count(aside)}"
        return together.replace(" ", "\u00a0")
