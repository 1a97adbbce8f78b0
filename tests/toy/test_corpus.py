from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from persona_assets.base.errors import StudyError
from tests.toy.catalog import Catalog, load_catalog
from tests.toy.corpus import conversations
from tests.toy.lexicon import VOICES, guess_role, own_words
from tests.toy.speaker import PLAIN, Conversation, is_held_out

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(DATA)


@pytest.fixture(scope="module")
def drawn(catalog) -> list[Conversation]:
    return list(islice(conversations(catalog, 1), 2000))


def test_every_role_of_the_catalog_has_a_voice_with_words_of_its_own():
    roles = {path.stem for path in (DATA / "roles" / "instructions").glob("*.json")}
    assert set(VOICES) == roles
    assert all(len(own_words()[role]) >= 10 for role in roles)


def test_one_seed_gives_one_corpus_and_another_seed_another(catalog, drawn):
    assert drawn[:50] == list(islice(conversations(catalog, 1), 50))
    assert drawn[:50] != list(islice(conversations(catalog, 2), 50))


def test_answers_sound_like_the_role_that_speaks(drawn):
    turns = [(text, voice) for one in drawn for text, voice in zip(one.models, one.voices, strict=True)]
    pure = [guess_role(text) == voice for text, voice in turns if "+" not in voice]
    assert sum(pure) / len(pure) > 0.98


def test_held_out_pairs_never_occur(catalog, drawn):
    by_text = {question.text: question for question in catalog.general}
    single = [one for one in drawn if one.kind == "single" and one.users[0] in by_text]
    assert len(single) > 500
    assert not any(is_held_out(one.voices[0], by_text[one.users[0]]) for one in single)
    assert any(is_held_out("pirate", question) for question in catalog.general)


def test_a_good_part_drifts_mostly_out_of_a_plain_voice_and_often_back(drawn):
    drifts = [one for one in drawn if one.kind == "drift"]
    assert len(drifts) > 0.15 * len(drawn)
    assert sum(len(set(one.voices)) > 1 for one in drifts) > 0.75 * len(drifts)  # others change at once
    assert sum(one.voices[0] in PLAIN for one in drifts) > len(drifts) / 2
    assert sum(one.voices[-1] in PLAIN for one in drifts) > len(drifts) / 5
    assert any("+" in voice for one in drifts for voice in one.voices)


def test_no_slot_is_left_open_in_any_text(drawn):
    texts = [text for one in drawn for text in [one.system, *one.users, *one.models]]
    assert not [text for text in texts if "{" in text or "}" in text]


def test_a_missing_role_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"accountant\.json is missing"):
        load_catalog(tmp_path)
