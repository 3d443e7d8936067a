"""What an IATI file must say and the data cannot: in, the section ``iati`` of ``evaluation.yml``; out, the same typed and frozen."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from midterm.description.model import Frozen


class IatiPublisher(Frozen):
    """What an IATI file must say and the data cannot: the publisher's own facts.

    ``reporter`` and the ``identifiers`` of the activities (by alliance) are those that IATI knows, as are those of the
    ``organisations`` (by partner, where known). ``sector`` is an OECD DAC code of five digits, ``country`` ISO 3166-1.
    ``reporter_type`` and ``status`` are codes of IATI's lists OrganisationType and ActivityStatus.
    """

    reporter: str = Field(pattern=r"^[^/&|?\s]+$")
    reporter_name: str
    reporter_type: Literal["10", "11", "15", "21", "22", "23", "24", "30", "40", "60", "70", "71", "72", "73", "80", "90"]
    identifiers: dict[str, str]
    organisations: dict[str, str] = Field(default_factory=dict)
    status: Literal["1", "2", "3", "4", "5", "6"]
    planned_start: date | None = None
    actual_start: date | None = None
    planned_end: date | None = None
    actual_end: date | None = None
    sector: str = Field(pattern=r"^[0-9]{5}$")
    country: str = Field(pattern=r"^[A-Z]{2}$")

    @property
    def dates(self) -> dict[str, date]:
        """The dates that are known, by code of IATI's list ActivityDateType."""
        dates = {"1": self.planned_start, "2": self.actual_start, "3": self.planned_end, "4": self.actual_end}
        return {code: day for code, day in dates.items() if day is not None}

    @model_validator(mode="after")
    def _facts_hold_together(self) -> IatiPublisher:
        dates = self.dates
        if not {"1", "2"} & set(dates):
            raise ValueError("IATI requires a start date; add planned_start or actual_start")
        if any(dates.get(start, date.min) > dates.get(end, date.max) for start, end in (("1", "3"), ("2", "4"))):
            raise ValueError("an end date lies before its start date; correct one of them")
        if not all(re.fullmatch(rf"{re.escape(self.reporter)}-[^/&|?\s]+", identifier) for identifier in self.identifiers.values()):
            raise ValueError("the identifier of an activity begins with that of the reporter and a hyphen; correct it")
        if not all(re.fullmatch(r"[^/&|?\s]+", identifier) for identifier in self.organisations.values()):
            raise ValueError("the identifier of an organisation has no space and none of / & | ?; correct it")
        return self
