"""Which column is which: in, the headings of a file and the declared names; out, the positions that mean each name."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from midterm.description.spelling import normalise

Key = Callable[[str], str]
SEARCHED_ROWS = 40
AGAIN = "the headings stand here once more; if two exports were pasted together, see that both have the same columns in the same order"
LONGEST = 2000  # characters; a longer cell is somebody's story and no heading
Forms = Mapping[str, list[tuple[str, ...]]]


def _plain(heading: str) -> str:
    """Return the heading without the HTML in which survey tools keep their questions (a tag that starts a line is a space)."""
    if "<" in heading:
        heading = re.sub(r"</?(?:p|br|div|li|ul|ol|h[1-6]|td|th|tr|table)\b[^<>]*>", " ", heading, flags=re.IGNORECASE)
        heading = re.sub(r"</?[a-z][^<>]*>", "", heading, flags=re.IGNORECASE)
    return normalise(html.unescape(heading))


def _bracketed(heading: str) -> str:
    """Return the last part in square brackets: ``Question [statement]``, a survey tool's full heading of a statement."""
    found = re.search(r"\[((?:[^\[\]]|\[[^\[\]]*\])+)\]$", _plain(heading))
    return found.group(1).strip() if found else ""


def code_of(heading: str) -> str:
    """Return the code before the text in ``CODE[SQ001]. Question``, a survey tool's heading of code and text."""
    found = re.match(r"([a-z]\w*(?:\[[^\]]*\])*)(?:[.:]| [-–])(?: |$)", _plain(heading))
    return found.group(1) if found else ""


def _mangled(heading: str) -> str:
    """Return the heading as R, SPSS and form tools write it: ``CODE[SQ001]`` as ``CODE_SQ001`` or ``CODE.SQ001.``."""
    return re.sub(r"[\W_]+", "_", _plain(heading)).strip("_")


def _mangled_brackets(heading: str) -> str:
    """Return the statement of a full heading in which a survey tool wrote underscores for spaces."""
    return _mangled(_bracketed(heading))


def _ungrouped(heading: str) -> str:
    """Return the last part of ``page/group/CODE`` or ``page-group-CODE``, as form tools write a question within groups."""
    found = re.fullmatch(r"(?:[^\s/]+/)+([^\s/]+)|(?:[^\s-]+-)+([^\s-]+)", heading.strip())
    return _mangled(found.group(1) or found.group(2)) if found else ""


# Each way in which a heading may mean a declared spelling, the surest first: how to bring either into one form.
WAYS: tuple[tuple[Key, Key], ...] = (
    (str, str),
    (normalise, normalise),
    (_plain, _plain),
    (code_of, normalise),
    (_bracketed, _plain),
    (_mangled, _mangled),
    (_mangled_brackets, _mangled),
    (_ungrouped, _mangled),
)


def located(headings: Sequence[Sequence[str]], declared: Mapping[str, Iterable[str]]) -> dict[str, list[int]]:
    """Return for each declared name that is there the positions of its headings, by the surest way that finds any.

    ``headings`` gives for each column its heading and any other names that the file has for it; ``declared`` the
    spellings of each name, best first. More than one position means that the file leaves open which is meant.
    """
    return _matched(headings, _forms(declared))


def _forms(declared: Mapping[str, Iterable[str]]) -> Forms:
    """Return for each declared name the forms of its spellings, one tuple for each way."""
    spelled = {name: tuple(dict.fromkeys((name, *spellings))) for name, spellings in declared.items()}
    return {name: [tuple(of_spelling(spelling) for spelling in spellings) for _, of_spelling in WAYS] for name, spellings in spelled.items()}


def _matched(headings: Sequence[Sequence[str]], wanted: Forms) -> dict[str, list[int]]:
    by_way = [_index(headings, of_heading) for of_heading, _ in WAYS]
    found: dict[str, list[int]] = {}
    for name, forms in wanted.items():
        for index, spellings in zip(by_way, forms, strict=True):
            positions = sorted({position for spelling in spellings for position in index.get(spelling, ())})
            if positions:
                found[name] = positions
                break
    return found


def _index(headings: Sequence[Sequence[str]], key: Key) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    for position, names in enumerate(headings):
        for form in dict.fromkeys(key(name) for name in names if len(name) <= LONGEST):
            if form:
                index.setdefault(form, []).append(position)
    return index


def heading_row(rows: Sequence[Sequence[str]], declared: Mapping[str, Iterable[str]]) -> int:
    """Return which of the first rows holds most of the declared headings (the first row where none holds any)."""
    wanted = _forms(declared)
    counts: list[int] = []
    for row in rows[:SEARCHED_ROWS]:
        counts.append(len(_matched([(cell,) for cell in row], wanted)))
        if counts[-1] == len(wanted):
            break
    return counts.index(max(counts))
