"""The evaluation's description, underneath everything: imported by all stages, importing none."""

from midterm.description.codebook import Codebook, Item, Scale
from midterm.description.evaluation import Evaluation, load_evaluation
from midterm.description.evaluation_file import Alliance
from midterm.description.indicators import Indicator
from midterm.description.labels import Labels
from midterm.description.model import LANGUAGES, Language, Text

__all__ = ["LANGUAGES", "Alliance", "Codebook", "Evaluation", "Indicator", "Item", "Labels", "Language", "Scale", "Text", "load_evaluation"]
