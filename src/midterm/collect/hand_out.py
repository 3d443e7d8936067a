"""Handing out: in, an evaluation; out, framework workbook, questionnaire and letter for every alliance under ``collect/``.

A file that a person may have filled in where it stands is never written over. What was written here is known again by
its sha256 in ``collect/written.sha256`` (as ``sha256sum -c`` reads it); only files that are still as written are renewed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from midterm.clean.framework import clean_framework
from midterm.collect.framework_workbook import framework_workbook
from midterm.collect.iati import iati_activity, note_of_loss
from midterm.collect.instruments import LIMESURVEY, questionnaire_files
from midterm.collect.letter import letter
from midterm.description import LANGUAGES, Evaluation
from midterm.errors import AwaitedError, ConfigError, Problem, UserError
from midterm.files import replacing
from midterm.read import RawTable
from midterm.read.sources import framework_declared, framework_source, read_file

FOLDER = "collect"
WRITTEN = f"{FOLDER}/written.sha256"
NOT_WRITTEN = "this file cannot be written; check permissions, free space and what stands there"


@dataclass(frozen=True)
class HandedOut:
    """What became of the files of one call: how many stand ready, how many of them were written now, and what went wrong."""

    ready: int
    written: int
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


def hand_out(evaluation: Evaluation, report: Callable[[str], None]) -> HandedOut:
    """Write every file for every alliance, each whole or not at all; ``report`` hears of each alliance that is made.

    An alliance whose earlier framework cannot be read gets no workbook, as an empty one would lose its rows; all others
    go on. Raises ConfigError, before anything is written, where the codebook cannot be made into an instrument.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    notices: list[Problem] = []
    for alliance in evaluation.alliances:
        made = {f"letter.{language}.txt": letter(evaluation, alliance, language).encode() for language in LANGUAGES}
        made |= questionnaire_files(evaluation, alliance)
        try:
            versions = _versions(evaluation, alliance)
            made |= _workbooks(evaluation, alliance, versions) | _activity(evaluation, alliance, versions)
            problems += [problem for version in versions[-1:] for problem in version.problems]
            notices += _left_behind(versions)
        except ConfigError:
            raise
        except UserError as error:
            problems += error.problems
        if LIMESURVEY not in made:
            reason = "no LimeSurvey structure was made, as boxes share a column, which LimeSurvey has not; give each box its own column to have one"
            notices.append(Problem(f"{FOLDER}/{alliance}", rule="no_limesurvey", reason=reason))
        files |= {f"{FOLDER}/{alliance}/{name}": content for name, content in sorted(made.items())}
        report(f"{alliance}: {len(made)} files made")
    written, kept = _write(evaluation.folder, files)
    return HandedOut(len(files) - len(kept), written, (*problems, *kept), (*notices, *_of_others(evaluation)))


def _workbooks(evaluation: Evaluation, alliance: str, versions: list[RawTable]) -> dict[str, bytes]:
    if evaluation.codebook.framework is None:
        return {}
    return {f"framework.{language}.xlsx": framework_workbook(evaluation, alliance, language, versions) for language in LANGUAGES}


def _activity(evaluation: Evaluation, alliance: str, versions: list[RawTable]) -> dict[str, bytes]:
    """Return the last version as an IATI activity with a note of what it loses, where its publisher has an identifier for it."""
    publisher = evaluation.file.iati
    if publisher is None or alliance not in publisher.identifiers or not versions:
        return {}
    cleaned = clean_framework(evaluation, alliance, versions[-1])
    content, lost = iati_activity(evaluation, alliance, cleaned.tables["framework"], publisher, is_synthetic=cleaned.is_synthetic)
    note = note_of_loss(evaluation.alliance(alliance).name, lost)
    return {"framework.iati.xml": content, "framework.iati.lost.md": note.encode()}


def _versions(evaluation: Evaluation, alliance: str) -> list[RawTable]:
    """Return the alliance's frameworks that have arrived, oldest first; raise UserError when one cannot be read."""
    source = framework_source(evaluation, alliance)
    if source is None:
        return []
    versions: list[RawTable] = []
    refused: list[Problem] = []
    for file in (*source.earlier, source.file):
        try:
            versions.append(read_file(evaluation, file, source.reader, framework_declared(evaluation), [["indicator_id"]]))
        except AwaitedError:
            continue
        except UserError as error:
            refused += error.problems
    if refused:
        raise UserError(refused)
    return versions


def _left_behind(versions: list[RawTable]) -> Iterator[Problem]:
    """Give what the reader doubted in the last version, and each column that is not in the form, so not in the new workbook."""
    reason = "this column is not in the form, so it is not in the new workbook; keep this file"
    for version in versions[-1:]:
        yield from version.remarks
        for column in version.undeclared:
            yield version.problem("left_behind", reason, column=column)


def _write(folder: Path, files: Mapping[str, bytes]) -> tuple[int, list[Problem]]:
    """Write what is new or still stands as written last; return how many files, and a problem for each that was not."""
    before = _record(folder)
    after = dict(before)
    written, problems = 0, list[Problem]()
    for name, content in files.items():
        try:
            standing = _standing(folder / name)
            if standing in (None, content) or _digest(standing or b"") == before.get(name):
                written += _put(folder / name, standing, content)
                after[name] = _digest(content)
            else:
                reason = "this file is not as it was handed out, so it was kept: somebody may have filled it in; move or remove it and run again"
                problems.append(Problem(name, rule="kept", reason=reason))
        except OSError:
            problems.append(Problem(name, rule="not_written", reason=NOT_WRITTEN))
    try:
        _put(folder / WRITTEN, _standing(folder / WRITTEN), "".join(f"{digest}  {name}\n" for name, digest in sorted(after.items())).encode())
    except OSError:
        problems.append(Problem(WRITTEN, rule="not_written", reason=NOT_WRITTEN))
    return written, problems


def _put(path: Path, standing: bytes | None, content: bytes) -> int:
    """Write one file whole or not at all, unless it stands there already; return how many were written."""
    if standing == content:
        return 0
    with replacing(path) as beside:
        beside.write_bytes(content)
    return 1


def _standing(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _record(folder: Path) -> dict[str, str]:
    """Return the digest of every file as it was written last."""
    lines = (_standing(folder / WRITTEN) or b"").decode(errors="replace").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _of_others(evaluation: Evaluation) -> list[Problem]:
    """Return a notice for each folder that was handed out before to what is no alliance of the evaluation any more."""
    reason = "this was made for an alliance that is not in evaluation.yml any more; remove it when nobody needs it"
    folders = dict.fromkeys(Path(name).parent for name in _record(evaluation.folder))
    gone = [folder for folder in folders if folder.name not in evaluation.alliances and (evaluation.folder / folder).exists()]
    return [Problem(folder.as_posix(), rule="no_alliance", reason=reason) for folder in gone]
