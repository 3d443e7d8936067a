"""The maker of the shipped example: in, the description, the written-down truth and a seed; out, ``data/raw/`` and the seal.

Nothing here is observed. Every number comes from ``tools/synthetic_truth.yml`` and ``tools/synthetic_frameworks.csv``,
and ``expected_change`` says what a good analysis should find in the survey. No clock is read: same input, same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import yaml

from midterm.description import Evaluation, Indicator, Item, load_evaluation
from midterm.description.seal import SEAL, seal_bytes
from midterm.plan import sealed
from synthetic_frameworks import ENGLISH_WORKBOOK, framework_rows, framework_xlsx

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = ("general", "safety")
FIRST_COLUMNS = ("id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "ipaddr", "refurl", "ALLIANTIE", "ORGANISATIE", "DEELCODE")
MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
SEALED_ON, SEALED_BY = "2023-01-16", "0.0.0"  # of the seal: a day before the first wave and a version, both invented
STAFF, SURVEY, INTERVIEWS, SECOND_CODER = range(4)  # streams of random numbers: a change in one part leaves the others as they are

Truth = dict[str, Any]
Row = dict[str, str]


@dataclass(frozen=True, eq=False)
class Person:
    """Someone on a staff list; ``effects`` are general, safety and proneness to incidents, in standard normal units."""

    organisation: str
    code: str
    effects: tuple[float, float, float]
    stays: bool = False


Roster = dict[tuple[str, str], tuple[Person, ...]]


@dataclass(frozen=True)
class World:
    """What the parts share: description, truth, and the staff and invited people of each wave."""

    evaluation: Evaluation
    truth: Truth
    staff: dict[str, Roster]
    invited: dict[str, Roster]
    organisation_effects: dict[str, tuple[float, float, float]]


def load_truth(path: Path = ROOT / "tools" / "synthetic_truth.yml") -> Truth:
    """Read the true parameters."""
    content: Truth = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def expected_change(evaluation: Evaluation, truth: Truth) -> dict[str, dict[str, float]]:
    """Return the expected change, planned contrast, per indicator and alliance (and unweighted ``average``), on the observed scale."""
    first, last = evaluation.plan.from_wave, evaluation.plan.to_wave
    changes = {}
    for indicator in evaluation.indicators:

        def level(alliance: str, wave: str, indicator: Indicator = indicator) -> float:
            return fmean(_expected_item(evaluation, truth, item, alliance, wave, indicator.statistic) for item in indicator.items)

        by_alliance = {alliance: level(alliance, last) - level(alliance, first) for alliance in evaluation.alliances}
        changes[indicator.id] = {"average": fmean(by_alliance.values()), **by_alliance}
    return changes


def _expected_item(evaluation: Evaluation, truth: Truth, item_id: str, alliance: str, wave: str, statistic: str) -> float:
    block = evaluation.codebook.item(item_id).block
    if block == "bottlenecks":
        return _between(truth["bottlenecks"][item_id], truth, wave)
    if block == "incidents":
        probability = _between(truth["incidents"]["any"][alliance], truth, wave)
        return probability if statistic == "share" else probability * _expected_count(truth, int(evaluation.codebook.scale_of(item_id).high))
    return _expected_answer(truth, block, _position(evaluation, item_id), alliance, wave)


def _expected_answer(truth: Truth, block: str, position: int, alliance: str, wave: str) -> float:
    """Integrate over the normal latent: E[answer] = 1 + P(latent > 1.5) + ... + P(latent > 4.5), exact for rounding and cutting."""
    sd, phase = truth["sd"], truth["phases"][wave]
    loading = truth["loadings"][position]
    spread = sum(sd[name] ** 2 for name in ("organisation", "person", "occasion", "dimension")) + (phase * sd["organisation_change"]) ** 2
    mean: float = truth["scales"][block]["mean"] + truth["shifts"][position] + loading * _fixed(truth, block, alliance, phase)
    latent = NormalDist(mean, (loading**2 * spread + sd["residual"] ** 2) ** 0.5)
    return 1 + sum(1 - latent.cdf(step + 0.5) for step in (1, 2, 3, 4))


def _expected_count(truth: Truth, high: int) -> float:
    """Return the mean count of a person with any incident: 1 + negative binomial, cut at ``high``."""
    size: float = truth["incidents"]["extra_size"]
    success = size / (size + truth["incidents"]["extra_mean"])
    ratios = [(k + size) / (k + 1) * (1 - success) for k in range(high)]
    chances = list(itertools.accumulate(ratios, lambda chance, ratio: chance * ratio, initial=success**size))[: high - 1]
    return float(sum((1 + extra) * chance for extra, chance in enumerate(chances)) + high * (1 - sum(chances)))


def _fixed(truth: Truth, block: str, alliance: str, phase: float) -> float:
    scale = truth["scales"][block]
    return float(truth["alliance_effects"][scale["effects"]][alliance] + phase * (truth["change"][scale["change"]][alliance] + scale["change_shift"]))


def _between(ends: Sequence[float], truth: Truth, wave: str) -> float:
    return float(ends[0] + truth["phases"][wave] * (ends[1] - ends[0]))


def _position(evaluation: Evaluation, item_id: str) -> int:
    block = evaluation.codebook.item(item_id).block
    return [item.id for item in evaluation.codebook.items if item.block == block].index(item_id)


def make_world(evaluation: Evaluation, truth: Truth) -> World:
    """Draw the organisations' effects and the staff lists of all waves."""
    rng = np.random.default_rng([evaluation.file.seed, STAFF])
    effects = {organisation.id: _normals(rng) for organisation in evaluation.file.organisations}
    roster = _first_staff(evaluation, truth, rng)
    staff: dict[str, Roster] = {}
    invited: dict[str, Roster] = {}
    for wave in evaluation.waves:
        roster = _next_staff(roster, truth, rng) if staff else roster
        staff[wave] = roster
        invited[wave] = {place: _without_one(people, truth, rng) for place, people in roster.items()}
    return World(evaluation, truth, staff, invited, effects)


def _normals(rng: np.random.Generator) -> tuple[float, float, float]:
    first, second, third = rng.normal(size=3).tolist()
    return first, second, third


def _person(organisation: str, truth: Truth, rng: np.random.Generator) -> Person:
    code = _code(rng)
    return Person(organisation, code if rng.random() < truth["code_share"] else "", _normals(rng))


def _code(rng: np.random.Generator) -> str:
    """Draw a self-made code: two letters, a day and a month."""
    first, second, day, month = rng.integers([0, 0, 1, 0], [26, 26, 29, 12]).tolist()
    return f"{chr(65 + first)}{chr(65 + second)}{day:02d}{MONTHS[month]}"


def _first_staff(evaluation: Evaluation, truth: Truth, rng: np.random.Generator) -> Roster:
    """Fill the first staff list: some codes are odd, and the first people of an organisation in two alliances work for both."""
    sizes, odd_codes = itertools.cycle(truth["staff"]["sizes"]), iter(truth["destroyed_codes"])
    memberships = [(alliance.id, organisation) for alliance in evaluation.file.alliances for organisation in alliance.organisations]
    times = Counter(organisation for _, organisation in memberships)
    in_both = {
        organisation: tuple(Person(organisation, _code(rng), _normals(rng), True) for _ in range(truth["staff"]["in_two_alliances"]))
        for organisation in times
        if times[organisation] > 1
    }
    roster: Roster = {}
    for alliance, organisation in memberships:
        is_first = all(place != alliance for place, _ in roster)
        odd = [Person(organisation, code, _normals(rng), True) for code in itertools.islice(odd_codes, int(is_first and organisation not in in_both))]
        known = (*in_both.get(organisation, ()), *odd)
        roster[alliance, organisation] = (*known, *(_person(organisation, truth, rng) for _ in range(next(sizes) - len(known))))
    return roster


def _next_staff(roster: Roster, truth: Truth, rng: np.random.Generator) -> Roster:
    rates = truth["staff"]
    following: Roster = {}
    for (alliance, organisation), people in roster.items():
        kept = [person for person in people if person.stays or rng.random() >= rates["leave"]]
        hired = sum(rng.random() < rates["replace"] or len(people) <= 2 for _ in range(len(people) - len(kept))) + int(rng.random() < rates["extra"])
        following[alliance, organisation] = (*kept, *(_person(organisation, truth, rng) for _ in range(hired)))
    return following


def _without_one(people: tuple[Person, ...], truth: Truth, rng: np.random.Generator) -> tuple[Person, ...]:
    on_leave = len(people) >= 5 and not people[-1].stays and rng.random() < truth["staff"]["not_invited"]
    return people[:-1] if on_leave else people


def survey_csv(world: World, wave: str) -> bytes:
    """Return one wave as LimeSurvey exports it: heading = question code, answer = answer code."""
    rng = np.random.default_rng([world.evaluation.file.seed, SURVEY, world.evaluation.waves.index(wave)])
    items = [item for item in world.evaluation.codebook.items if item.asked_in(wave)]
    people = [(alliance, person) for (alliance, _), people in world.invited[wave].items() for person in people]
    rows = [_survey_row(world, wave, alliance, person, items, rng) for alliance, person in people if _responds(person, wave, world.truth, rng)]
    plain = [row for row in rows if not row["DEELCODE"] and row["submitdate"]]
    statements = [item for item in items if item.scale_in(wave) == "agree"]
    for index in rng.permutation(len(plain))[: world.truth["straight_liners"]].tolist():
        plain[index].update({item.column_in(wave): "A4" for item in statements})
    rows.sort(key=lambda row: row["startdate"])
    number = 0
    for row in rows:
        number += 1 + int(rng.random() < 0.1)
        row["id"] = str(number)
    text = io.StringIO()
    writer = csv.DictWriter(text, _survey_columns(items, wave), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _survey_columns(items: list[Item], wave: str) -> list[str]:
    timings = [f"groupTime{11 + page}" for page in range(1, _last_page(items) + 1)]
    return [*FIRST_COLUMNS, *(item.column_in(wave) for item in items), "TOELICHTING", "HERKOMST", "interviewtime", *timings]


def _last_page(items: list[Item]) -> int:
    return max(item.page for item in items)


def _responds(person: Person, wave: str, truth: Truth, rng: np.random.Generator) -> bool:
    rate, share, ratio = truth["response_rate"][wave], truth["code_share"], truth["code_response_ratio"]
    chance = rate * ratio if person.code else rate * (1 - share * ratio) / (1 - share)
    return bool(rng.random() < chance) or person.stays


def _survey_row(world: World, wave: str, alliance: str, person: Person, items: list[Item], rng: np.random.Generator) -> Row:
    truth, evaluation = world.truth, world.evaluation
    stops = rng.random() < truth["partial_share"] and not person.stays
    page = int(rng.choice(list(truth["last_pages"]), p=list(truth["last_pages"].values()))) if stops else _last_page(items)
    unit, organisation = evaluation.alliance(alliance), next(entry for entry in evaluation.file.organisations if entry.id == person.organisation)
    answers = _answers(world, wave, alliance, person, items, rng)
    return {
        **_record(int(evaluation.wave(wave).year), page, stops, _last_page(items), truth, rng),
        "ALLIANTIE": _spelled(unit.name, unit.aliases, rng),
        "ORGANISATIE": _spelled(organisation.name, (), rng),
        "DEELCODE": person.code,
        **{item.column_in(wave): answers[item.id] if item.page <= page else "" for item in items},
        "TOELICHTING": str(rng.choice(truth["texts"]["remarks"])) if rng.random() < truth["remark_share"] and not stops else "",
        "HERKOMST": truth["mark"],
    }


def _record(year: int, page: int, stops: bool, pages: int, truth: Truth, rng: np.random.Generator) -> Row:
    """Draw what the survey tool itself adds: times, language, address (from the range kept for documentation)."""
    start = datetime(year, 4, 3, 8) + timedelta(days=int(rng.integers(0, 26)), seconds=int(rng.integers(0, 10 * 3600)))
    seconds = [round(float(value), 2) for value in rng.gamma(4, 22, size=pages)]
    end = (start + timedelta(seconds=int(sum(seconds[:page])))).isoformat(" ")
    return {
        "submitdate": "" if stops else end,
        "lastpage": str(page),
        "startlanguage": "en" if rng.random() < truth["english_share"] else "nl",
        "seed": str(rng.integers(10**8, 2**31)),
        "startdate": start.isoformat(" "),
        "datestamp": end,
        "ipaddr": f"192.0.2.{rng.integers(1, 255)}",
        "refurl": "",
        "interviewtime": f"{sum(seconds[:page]):.2f}",
        **{f"groupTime{12 + index}": f"{value:.2f}" if index < page else "" for index, value in enumerate(seconds)},
    }


def _spelled(name: str, aliases: Sequence[str], rng: np.random.Generator) -> str:
    """Return ``name`` as people type it: now and then a blank too many, a no-break space, other capitals or the short name."""
    variants = [name + " ", name.replace(" ", "\u00a0"), name.lower(), name.upper(), *aliases]
    return variants[rng.integers(0, len(variants))] if rng.random() < 0.22 else name


def _answers(world: World, wave: str, alliance: str, person: Person, items: list[Item], rng: np.random.Generator) -> dict[str, str]:
    truth = world.truth
    occasion = dict(zip(FAMILIES, rng.normal(size=2).tolist(), strict=True))
    views = {block: float(rng.normal()) for block in truth["scales"]}
    answers = {}
    for item in items:
        noise, luck = float(rng.normal()), float(rng.random())
        if item.block == "bottlenecks":
            answers[item.id] = "Y" if luck < _between(truth["bottlenecks"][item.id], truth, wave) else ""
            continue
        if item.block == "incidents":
            value = _incidents(world, wave, alliance, person, item, rng)
        else:
            family = truth["scales"][item.block]["effects"]
            value = _statement(world, wave, alliance, person, item, occasion[family], views[item.block], noise)
        answers[item.id] = _with_missing(value, truth["missing"][item.block], luck)
    return answers


def _statement(world: World, wave: str, alliance: str, person: Person, item: Item, occasion: float, view: float, noise: float) -> str:
    truth, phase, position = world.truth, world.truth["phases"][wave], _position(world.evaluation, item.id)
    sd, scale, family = truth["sd"], truth["scales"][item.block], FAMILIES.index(truth["scales"][item.block]["effects"])
    organisation = world.organisation_effects[person.organisation]
    deviation = _fixed(truth, item.block, alliance, phase) + sd["organisation"] * organisation[family] + phase * sd["organisation_change"] * organisation[2]
    deviation += sd["person"] * person.effects[family] + sd["occasion"] * occasion + sd["dimension"] * view
    latent = scale["mean"] + truth["shifts"][position] + truth["loadings"][position] * deviation + sd["residual"] * noise
    answer = int(np.clip(np.rint(latent), 1, 5))
    return f"A{6 - answer if item.reversed else answer}"


def _incidents(world: World, wave: str, alliance: str, person: Person, item: Item, rng: np.random.Generator) -> str:
    rules = world.truth["incidents"]
    proneness = rules["persistence"] ** 0.5 * person.effects[2] + (1 - rules["persistence"]) ** 0.5 * float(rng.normal())
    extra = int(rng.negative_binomial(rules["extra_size"], rules["extra_size"] / (rules["extra_size"] + rules["extra_mean"])))
    has_any = NormalDist().cdf(proneness) < _between(rules["any"][alliance], world.truth, wave)
    return str(min(1 + extra, int(world.evaluation.codebook.scale_of(item.id).high))) if has_any else "0"


def _with_missing(value: str, shares: dict[str, float], luck: float) -> str:
    if luck < shares["empty"]:
        return ""
    return "A9" if luck < shares["empty"] + shares["dont_know"] else value


def population_csv(world: World) -> bytes:
    """Return the staff list: people who work in each alliance per organisation and wave, and how many were invited."""
    lines = [("wave", "alliance", "organisation", "population", "invited", "herkomst")]
    lines += [
        (wave, alliance, organisation, str(len(people)), str(len(world.invited[wave][alliance, organisation])), world.truth["mark"])
        for wave, roster in world.staff.items()
        for (alliance, organisation), people in roster.items()
    ]
    return _delimited(lines, ",")


def _delimited(lines: Sequence[tuple[str, ...]], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return text.getvalue().encode("utf-8")


def segments_csv(world: World) -> bytes:
    """Return the coded interview segments: two interviews with each alliance and one with its account holder, part of them coded twice."""
    form = world.evaluation.codebook.interviews
    if form is None:
        raise ValueError("the shipped codebook declares no interviews")
    rng = np.random.default_rng([world.evaluation.file.seed, INTERVIEWS])
    ratings = [rating.codes[0] for rating in sorted(form.ratings, key=lambda rating: -rating.value)]
    texts, numbers = world.truth["texts"], itertools.count(1)
    lines = [("segment", "interview", "datum", "alliantie", "groep", "code", "oordeel", "codeur", "citaat", "herkomst")]
    for alliance, (kind, group) in itertools.product(world.evaluation.file.alliances, (("A1", form.groups[0]), ("A2", form.groups[0]), ("H1", form.groups[1]))):
        day, coder = f"{rng.integers(3, 29):02d}-03-2025", f"codeur {rng.integers(1, 3)}"
        extra = [form.themes[index] for index in rng.integers(0, len(form.themes), rng.integers(1, 6))]
        for theme in (*form.themes, *extra):
            rating = int(rng.choice(3, p=world.truth["interview_ratings"][theme.id]))
            quote = f"{rng.choice(texts['openings'])}{rng.choice(texts['quotes'][theme.id][rating])}"
            where = (f"S{next(numbers):03d}", f"{alliance.id}-{kind}", day, alliance.name, group.label.nl)
            lines.append((*where, theme.label.nl, ratings[rating], coder, quote[0].upper() + quote[1:], world.truth["mark"]))
    return _delimited([*lines, *_second_codings(world, lines[1:], [theme.label.nl for theme in form.themes], ratings)], ";")


def _second_codings(world: World, lines: Sequence[tuple[str, ...]], themes: list[str], ratings: list[str]) -> Iterator[tuple[str, ...]]:
    """Give the segments that another coder coded afresh, without having seen the first one's codes."""
    second, rng = world.truth["second_coder"], np.random.default_rng([world.evaluation.file.seed, SECOND_CODER])
    for *where, theme, rating, coder, quote, mark in lines:
        if rng.random() < second["share"]:
            again = theme if rng.random() < second["same_theme"] else themes[rng.integers(len(themes))]
            judged = rating if rng.random() < second["same_rating"] else ratings[rng.integers(len(ratings))]
            yield *where, again, judged, "codeur 2" if coder == "codeur 1" else "codeur 1", quote, mark


def synthesise(evaluation: Evaluation, truth: Truth) -> dict[str, bytes]:
    """Return every file of ``data/raw/``: path relative to the evaluation's folder -> content."""
    world, rows, sources = make_world(evaluation, truth), framework_rows(), evaluation.sources
    files = {source.file: survey_csv(world, wave) for source in sources.surveys for wave in source.waves}
    files |= {
        source.file: framework_xlsx(evaluation, truth, source.alliance, [row for row in rows if row["alliance"] == source.alliance])
        for source in sources.frameworks
    }
    files |= {source.file: segments_csv(world) for source in sources.interviews}
    files |= {sources.population.file: population_csv(world)} if sources.population else {}
    files["data/raw/README.md"] = _readme(world, files)
    manifest = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return {**dict(sorted(files.items())), "data/raw/SYNTHETIC.sha256": manifest.encode()}


def _readme(world: World, files: dict[str, bytes]) -> bytes:
    table = "\n".join(f"| `{name.removeprefix('data/raw/')}` | {content} |" for name, content in _contents(world, files))
    text: str = world.truth["texts"]["readme"]
    return text.replace("{mark}", world.truth["mark"]).replace("{files}", table).encode("utf-8")


def _contents(world: World, files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    sources = world.evaluation.sources
    for source in sources.surveys:
        records = sum(1 for _ in csv.reader(io.StringIO(files[source.file].decode("utf-8-sig")))) - 1
        yield source.file, f"survey of {' and '.join(source.waves)}, LimeSurvey export with codes, {records} records"
    for framework in sources.frameworks:
        language = "English" if framework.alliance == ENGLISH_WORKBOOK else "Dutch"
        yield framework.file, f"framework workbook of {world.evaluation.alliance(framework.alliance).name}, in {language}"
    for interviews in sources.interviews:
        yield interviews.file, f"coded interview segments, semicolons, {files[interviews.file].count(world.truth['mark'].encode())} segments"
    if sources.population:
        yield sources.population.file, "staff list: people and invited people per wave, alliance and organisation"


def synthetic_seal(evaluation: Evaluation) -> bytes:
    """Return the seal on the example's plan as it stands: invented, as all else, and marked so; no raw files were there by then."""
    return seal_bytes(sealed(replace(evaluation, seal=None), SEALED_ON, SEALED_BY, (), synthetic=True))


def main(folder: Path) -> None:
    """Write the shipped example below ``folder``."""
    evaluation = load_evaluation(ROOT)
    for name, content in {**synthesise(evaluation, load_truth()), SEAL: synthetic_seal(evaluation)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
