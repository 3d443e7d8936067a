"""The command line: in, a call; out, messages of one sentence on stderr and an exit status (0 well, 1 data, 2 call)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from midterm.description import Evaluation, load_evaluation
from midterm.errors import Problem, UserError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reproducible mid-term evaluation of partnership programmes.",
)
Folder = Annotated[Path, typer.Argument(help="folder with an evaluation.yml")]
FINE, DATA, CALL = 0, 1, 2


def say(text: str) -> None:
    """Write one line to stderr."""
    typer.echo(text, err=True)


@app.command()
def run(
    folder: Folder = Path("."),
    only: Annotated[list[str] | None, typer.Option(help="an alliance or a step; may be repeated")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="notebooks side by side")] = os.cpu_count() or 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="run everything, also what is current")] = False,
) -> None:
    """Bring all outputs up to date."""
    from midterm import record
    from midterm.run import one_run_at_a_time, quiet
    from midterm.run import run as run_batch

    evaluation = load_evaluation(folder)
    if not fresh and not only and record.is_current(evaluation):
        say("Everything is current; the results are in reports/ (use --fresh to run all the same).")
        return
    if not _has_data(evaluation):
        _list("Awaited", _awaited(evaluation))
        say("No data have arrived yet, so there is nothing to run.")
        raise typer.Exit(DATA)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONHASHSEED="0")
    try:
        with one_run_at_a_time(evaluation.folder), ProcessPoolExecutor(jobs, get_context("spawn"), quiet) as executor:
            outcomes = run_batch(evaluation, executor, say, only or ())
    except KeyboardInterrupt:
        say("Interrupted; what was under way left no result. Run again to complete the rest.")
        raise typer.Exit(DATA) from None
    failures = {outcome.task.label: outcome.failure for outcome in outcomes if outcome.failure}
    set_aside = _set_aside(evaluation)
    status = DATA if failures or set_aside else FINE
    record.write_record(evaluation, failures, {outcome.task.label: outcome.seconds for outcome in outcomes}, status, only or ())
    _conclude(evaluation, len(outcomes), failures, set_aside)
    raise typer.Exit(status)


def _conclude(evaluation: Evaluation, total: int, failures: dict[str, str], set_aside: list[str]) -> None:
    for label, failure in failures.items():
        for sentence in failure.splitlines():
            say(f"{label}: {sentence}")
    for sentence in set_aside:
        say(f"set aside: {sentence}")
    made = f"{total - len(failures)} of {total} notebooks ran"
    rest = f"; {len(failures)} failed and are named above" if failures else ""
    language = evaluation.file.languages[0]
    aside = f"; what was set aside stands in reports/quality.{language}.html with what to do ({len(set_aside)} places)" if set_aside else ""
    report = f"reports/report.{language}.html"
    where = f"The report is {report}; tables" if (evaluation.folder / report).exists() else "There is no report yet; tables"
    say(f"{made}{rest}{aside}. {where}, figures and notebooks lie in reports/.")


def _has_data(evaluation: Evaluation) -> bool:
    return any((evaluation.folder / file).exists() for file in evaluation.sources.files)


def _awaited(evaluation: Evaluation) -> Iterable[Problem]:
    from midterm.check import check as look

    return look(evaluation).awaited


def _set_aside(evaluation: Evaluation) -> list[str]:
    """Return what stands in quarantine, a sentence each."""
    from midterm.tables import Store

    rows = Store(evaluation.folder).read_parts("quarantine").astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        str(Problem(**{**{str(name): value for name, value in row.items()}, "sheet": row["sheet"] or "", "column": row["column"] or ""}))
        for row in rows.to_dict("records")
    ]


@app.command()
def check(folder: Folder = Path("."), as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False) -> None:
    """Read the description and the raw data, compute nothing, and list every problem at once."""
    from midterm.check import check as look
    from midterm.plan import notices as plan_notices

    evaluation = load_evaluation(folder)
    found = look(evaluation)
    findings = replace(found, notices=(*found.notices, *plan_notices(evaluation)))
    if as_json:
        typer.echo(json.dumps({name: [asdict(problem) for problem in found] for name, found in vars(findings).items()}, ensure_ascii=False, indent=1))
    else:
        _list("Problem", findings.problems)
        _list("Awaited", findings.awaited)
        _list("Notice", findings.notices)
        say(f"{len(findings.problems)} problems, {len(findings.awaited)} awaited, {len(findings.notices)} notices.")
    raise typer.Exit(DATA if findings.problems else FINE)


@app.command()
def seal(
    folder: Folder = Path("."),
    amend: Annotated[str | None, typer.Option(metavar="REASON", help="record what changed since the last entry, and why")] = None,
) -> None:
    """Seal the plan with a hash and today's date, in config/seal.json; do it before the last wave."""
    from midterm.plan import amended, files_there, plan_history, sealed, write_seal

    evaluation = load_evaluation(folder)
    day, data = datetime.now(UTC).date().isoformat(), files_there(evaluation)
    made = sealed(evaluation, day, version("midterm"), data) if amend is None else amended(evaluation, day, version("midterm"), data, amend)
    write_seal(evaluation, made)
    told = plan_history(replace(evaluation, seal=made))
    is_late = told.amendments[-1].after_data if told.amendments else told.after_data
    done = "The plan is sealed" if amend is None else "The amendment is recorded"
    say(f"{done} in config/seal.json, dated {day} (UTC), hash {made.entries[-1].hash}.")
    if is_late:
        say("Answers of the last wave were there already; the seal and the report say so.")
    say("Commit config/seal.json now: its date is this computer's own, and others can only check that of the commit.")


@app.command()
def collect(folder: Folder = Path(".")) -> None:
    """Write framework workbook, questionnaire and letter for every alliance, ready to hand out."""
    _hand_out(load_evaluation(folder))


@app.command()
def new(folder: Annotated[Path, typer.Argument(help="folder to make; it must not exist yet, or be empty")]) -> None:
    """Start a new evaluation, with the instruments to hand out."""
    from midterm.collect.new import new_evaluation

    new_evaluation(folder)
    say(f"A new evaluation is in {folder}; change evaluation.yml in it as its comments say, then run `midterm collect` there again.")
    say("Its plan is not sealed yet; run `midterm seal` there when it is as it should be, before the last wave.")
    _hand_out(load_evaluation(folder))


def _hand_out(evaluation: Evaluation) -> None:
    """Hand out; exit with 1 when a file was kept, could not be written, or lacks what an alliance reported before."""
    from midterm.collect.hand_out import hand_out

    done = hand_out(evaluation, say)
    _list("Problem", done.problems)
    _list("Notice", done.notices)
    say(f"{done.ready} files stand ready in collect/, {done.written} of them written now; those for LimeSurvey and XLSForm are for your survey tool.")
    raise typer.Exit(DATA if done.problems else FINE)


def _list(kind: str, problems: Iterable[Problem]) -> None:
    """Say each problem in a sentence; those that differ in their column only share one."""
    together: dict[Problem, list[str]] = {}
    for problem in problems:
        together.setdefault(replace(problem, column="") if problem.row is None else problem, []).append(problem.column)
    for problem, columns in together.items():
        say(f"{kind}: {replace(problem, column=', '.join(filter(None, columns)))}")


def main() -> None:
    """Run the command line; users' errors become sentences, never a traceback."""
    try:
        app()
    except UserError as error:
        _list("Error", error.problems)
        sys.exit(CALL)
