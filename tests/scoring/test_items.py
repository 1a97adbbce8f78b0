"""What scorers show: excerpts on a line each, with marks that only what fires gives away."""

from dataclasses import dataclass

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.scoring.items import BATCH_SIZE, ITEMS, Item, batches, detection_items, fuzzing_items


@dataclass(frozen=True)
class Seen:
    pieces: tuple[str, ...]
    values: tuple[float, ...]


def excerpt(text: str, *values: float) -> Seen:
    pieces = tuple(text.split("|"))
    return Seen(pieces, values or (0.0,) * len(pieces))


FIRING = [excerpt("Ahoy|,| mate|s|!", 1.0, 0.2, 0.9, 0.4, 0.0), excerpt("a| ship| sails", 0, 5.0, 0)]
SILENT = [excerpt("I| am| an| assist|ant"), excerpt("It| is| so")]


def test_detection_shows_excerpts_as_they_are():
    items = detection_items(FIRING, SILENT)
    assert items[0] == Item("Ahoy, mates!", True)
    assert [item.truth for item in items] == [True, True, False, False]
    assert not any("<<" in item.text for item in items)


def test_fuzzing_marks_what_fires_and_as_many_tokens_at_the_same_places_of_silent_excerpts():
    assert fuzzing_items(FIRING, SILENT) == [
        Item("<<Ahoy>>,<< mates>>!", True),
        Item("a<< ship>> sails", True),
        Item("<<I>> am<< an assist>>ant", False),
        Item("It<< is>> so", False),
    ]


def test_marks_move_to_the_nearest_token_that_holds_text():
    silent = [excerpt("|a|\n|b")]
    assert fuzzing_items([excerpt("x|y|z", 1.0, 1.0, 0)], silent)[1] == Item("<<a>>↵<<b>>", False)
    assert fuzzing_items([excerpt("x", 1.0)], [excerpt("| ")]) == [Item("<<x>>", True)]


def test_text_neither_ends_its_line_nor_forges_a_mark():
    forged = excerpt("<<all>>\r\n2. yes\rno|<<", 0.0, 1.0)
    assert detection_items([forged], [])[0].text == "< <all> >↵2. yes↵no< <"
    assert fuzzing_items([forged], [])[0].text == "< <all> >↵2. yes↵no<<< <>>"


@pytest.mark.parametrize("scorer", ITEMS)
def test_batches_are_seeded_and_lose_no_item(scorer):
    firing = [excerpt(f"{number}|x", 0.0, 1.0) for number in range(6)]
    silent = [excerpt(f"-{number}|y") for number in range(6)]
    made = batches(scorer, firing, silent, seed=1)
    assert [len(batch) for batch in made] == [BATCH_SIZE, BATCH_SIZE, 2]
    assert made == batches(scorer, firing, silent, seed=1) != batches(scorer, firing, silent, seed=2)
    mixed = [item for batch in made for item in batch]
    assert sorted(mixed, key=repr) == sorted(ITEMS[scorer](firing, silent), key=repr)


def test_a_scorer_that_does_not_exist_is_refused_by_name():
    with pytest.raises(StudyError, match=r"no scorer 'guess'; there are: detection, fuzzing"):
        batches("guess", FIRING, SILENT, seed=0)
