"""The command line: in, a call; out, messages of one sentence on stderr and an exit status (0 well, 1 data, 2 call)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from midterm.description import Evaluation, load_evaluation
from midterm.errors import ConfigError, Problem, UserError

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
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="an alliance or a step, with what it waits for; may be repeated")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="notebooks side by side; as many as processors when left out")] = None,
    cluster: Annotated[str, typer.Option(metavar="ADDRESS", help="address of a dask scheduler whose workers see the same folder")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="run everything, also what is current")] = False,
) -> None:
    """Bring all outputs up to date: only what changed runs."""
    from midterm.run.call import Call, bring_up_to_date

    evaluation = load_evaluation(folder)
    if not _has_data(evaluation):
        _list("Awaited", _awaited(evaluation))
        say("No data have arrived yet, so there is nothing to run.")
        raise typer.Exit(DATA)
    try:
        is_well = bring_up_to_date(evaluation, Call(tuple(only or ()), jobs, cluster, fresh), say)
    except KeyboardInterrupt:
        say("Interrupted; what was under way left no result. Run again to complete the rest.")
        raise typer.Exit(DATA) from None
    except ConfigError:
        raise
    except UserError as error:  # what was done until then stays done
        _list("Error", error.problems)
        raise typer.Exit(DATA) from None
    raise typer.Exit(FINE if is_well else DATA)


def _has_data(evaluation: Evaluation) -> bool:
    return any((evaluation.folder / file).exists() for file in evaluation.sources.files)


def _awaited(evaluation: Evaluation) -> Iterable[Problem]:
    from midterm.check import check as look

    return look(evaluation).awaited


@app.command()
def status(folder: Folder = Path("."), as_json: Annotated[bool, typer.Option("--json", help="machine-readable, on stdout")] = False) -> None:
    """Tell what is current, stale and failed."""
    from midterm.run.explain import as_records, state_in_words
    from midterm.run.standing import standings_of

    standings, known = standings_of(load_evaluation(folder))
    records = as_records(standings, known)
    if as_json:
        typer.echo(json.dumps(records, ensure_ascii=False, indent=1))
    else:
        for sentence in state_in_words(records):
            say(sentence)
    raise typer.Exit(DATA if records["failed"] or records["set_aside"] or records["remarks"] else FINE)


@app.command()
def explain(folder: Folder = Path(".")) -> None:
    """Show the plan of the run, and why each step would run."""
    from midterm.run.explain import plan_in_words
    from midterm.run.standing import standings_of

    standings, _ = standings_of(load_evaluation(folder))
    for sentence in plan_in_words(standings):
        say(sentence)


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
