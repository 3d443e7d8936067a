"""Reading: in, raw files as they arrive; out, frames of text with the user's own positions. Nothing is interpreted."""

from midterm.read.raw import SYNTHETIC_MARK, Declared, RawTable
from midterm.read.sources import (
    read_earlier_frameworks,
    read_export,
    read_framework,
    read_interviews,
    read_population,
    read_segments,
    read_survey,
    read_version,
    survey_sources,
)

__all__ = [
    "SYNTHETIC_MARK",
    "Declared",
    "RawTable",
    "read_earlier_frameworks",
    "read_export",
    "read_framework",
    "read_interviews",
    "read_population",
    "read_segments",
    "read_survey",
    "read_version",
    "survey_sources",
]
