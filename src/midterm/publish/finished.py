"""The finished run that an analyst works with: in, a folder or nothing; out, its description, its tables as they may be shown, and its marks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from midterm.description import LANGUAGES, Evaluation, Language, load_evaluation
from midterm.description.evaluation import FILE
from midterm.errors import ConfigError, Problem, UserError, nearest
from midterm.publish.disclosure import Published
from midterm.publish.published import read_published
from midterm.publish.wording import marks
from midterm.tables import ALL, AVERAGE, Store, empty

OF_THE_CONTRAST = ("change", "checks", "attrition", "evidence")  # tables about the planned change, or that rest on it


@dataclass(frozen=True)
class Finished:
    """An evaluation with its tables, nothing in them that may not be shown."""

    evaluation: Evaluation
    tables: Published
    is_synthetic: bool

    def marks(self, language: Language) -> dict[str, str]:
        """Return what must stand on everything made from it."""
        return marks(self.evaluation, language, is_synthetic=self.is_synthetic)

    def as_of(self, wave: str) -> Finished:
        """Return what there was at ``wave``: later waves and years are left out, and so is a planned change that ends later."""
        evaluation = self.evaluation
        last = evaluation.wave(wave)
        kept = evaluation.file.waves[: evaluation.waves.index(wave) + 1]
        names = [one.id for one in kept]
        has_contrast = {evaluation.plan.from_wave, evaluation.plan.to_wave} <= set(names)
        first = evaluation.plan.from_wave if evaluation.plan.from_wave in names else names[0]
        ends = {} if has_contrast else {"from_wave": first, "to_wave": wave}
        file = evaluation.file.model_copy(update={"waves": kept, "plan": evaluation.plan.model_copy(update=ends)})
        tables = {name: empty(name) if name in OF_THE_CONTRAST and not has_contrast else _until(table, names, last.year) for name, table in self.tables.items()}
        return dataclasses.replace(self, evaluation=dataclasses.replace(evaluation, file=file), tables=Published(tables))


def described(folder: Path | str | None = None) -> Evaluation:
    """Return the evaluation in ``folder``, or in the nearest folder upwards that has one."""
    return load_evaluation(folder if folder is not None else nearest_folder())


def finished(evaluation: Evaluation) -> Finished:
    """Read the tables of ``evaluation`` as they may be shown; raise UserError when they were not made."""
    store = Store(evaluation.folder)
    tables = read_published(store, evaluation)
    weighed = {"evidence": store.read("evidence")} if store.has("evidence") else {}
    return Finished(evaluation, Published({**tables, **weighed}), store.is_synthetic)


def nearest_folder(start: Path | None = None) -> Path:
    """Return the nearest folder upwards of where one works with an evaluation.yml; raise ConfigError when there is none."""
    here = (start or Path.cwd()).resolve()
    found = next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), None)
    if found is None:
        reason = "there is none here or in a folder above; name the evaluation's folder: evaluation='path/to/folder'"
        raise ConfigError(Problem(FILE, rule="missing_file", reason=reason))
    return found


def language_of(evaluation: Evaluation, language: str | None) -> Language:
    """Return ``language``, or the first of the evaluation; raise UserError for one that there is not."""
    found = next((one for one in LANGUAGES if one == (language or evaluation.file.languages[0])), None)
    if found is None:
        raise UserError(Problem("language", rule="unknown_language", reason=f"{language!r} is no language here; {nearest(str(language), LANGUAGES)}"))
    return found


def check_alliance(evaluation: Evaluation, alliance: str, *, with_average: bool = False) -> None:
    """Raise UserError when ``alliance`` is none of the evaluation's, nor all of them together."""
    known = (*evaluation.alliances, ALL, *((AVERAGE,) if with_average else ()))
    if alliance not in known:
        raise UserError(Problem("alliance", rule="unknown_alliance", reason=f"{alliance!r} is not declared; {nearest(alliance, known)}"))


def _until(table: pd.DataFrame, waves: list[str], year: int) -> pd.DataFrame:
    """Return the rows of ``table`` up to the last of ``waves``."""
    is_kept = pd.Series(data=True, index=table.index)
    for column in ("wave", "from_wave", "to_wave"):
        if column in table:
            is_kept &= table[column].isin(waves)
    if "year" in table:
        is_kept &= table["year"].le(year).fillna(value=True).astype(bool)
    return table[is_kept].reset_index(drop=True)
