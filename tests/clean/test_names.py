"""Names as people type them: what counts as the same, and what is never merged silently."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midterm.clean.names import Names, normalise

KNOWN = Names.of([("noord", ("Alliantie Noord", "Noorderlicht")), ("coop", ("Coöperatie De Brug",))])


@pytest.mark.parametrize(
    "typed",
    [
        "Alliantie Noord",
        "  alliantie   NOORD ",
        "Alliantie\u00a0Noord",
        "Alliantie\u200b Noord\u200d",
        "\ufeffAlliantie Noord",
        "Alliantie\tNoord",
        "Alliantie\nNoord",
        "Alliantie Noo\u00adrd",
        "noord",
        "Noorderlicht",
    ],
)
def test_case_spaces_and_invisible_signs_make_no_other_name(typed: str) -> None:
    assert KNOWN.match(typed) == "noord"


@pytest.mark.parametrize("typed", ["coöperatie de brug", "coo\u0308peratie de brug", "ＣＯÖＰＥＲＡＴＩＥ De Brug"])
def test_accents_match_however_they_are_composed(typed: str) -> None:
    assert KNOWN.match(typed) == "coop"


@pytest.mark.parametrize("typed", ["Alliantie Nord", "Alliantie", "", " ", "Alliantie Noord 2", "Cooperatie De Brug"])
def test_anything_but_the_same_name_is_unknown(typed: str) -> None:
    assert KNOWN.match(typed) is None


def test_the_hint_names_the_nearest_known_name_as_it_is_written() -> None:
    assert "'Alliantie Noord'" in KNOWN.hint("aliantie nord")
    assert KNOWN.hint("qqqqqq") == "no known name is near it"


@pytest.mark.parametrize("typed", ["", "  ", "\u200b"])
def test_an_empty_cell_is_said_to_be_empty(typed: str) -> None:
    assert KNOWN.hint(typed) == "the cell is empty"


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=9, max_size=30))
def test_a_hint_never_repeats_what_was_typed(text: str) -> None:
    if KNOWN.match(text) is None and text.strip() and normalise(text) not in normalise("the nearest known is alliantie noord coöperatie de brug noorderlicht"):
        assert text not in KNOWN.hint(text)


@pytest.mark.parametrize("text", ["ß\u0301", "\u0130stanbul", "ﬁets\u0308", "Coo\u0308peratie", "ǰ", "ΐ"])
def test_the_form_of_a_form_is_that_form(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))
