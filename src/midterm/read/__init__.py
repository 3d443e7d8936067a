"""Reading: in, raw files as they arrive; out, frames of text with the user's own positions. Nothing is interpreted."""

from midterm.read.raw import SYNTHETIC_MARK, RawTable
from midterm.read.sources import read_framework, read_interviews, read_population, read_survey, survey_sources
from midterm.read.text import read_text

__all__ = ["SYNTHETIC_MARK", "RawTable", "read_framework", "read_interviews", "read_population", "read_survey", "read_text", "survey_sources"]
