from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from persona_assets.base.queries import query
from persona_assets.labels.cache import read_cache
from persona_assets.labels.stage import LabelSources
from persona_assets.study.study import load_study
from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.places import DEMO, TOY
from tests.toy.labels import labels_by_rule, shown, write_labels
from tests.warehouse.world import DEAD, dense_of, fill, write_catalog

D_SAE = 2048
FILE = TOY / "labels.json"


def test_the_committed_labels_are_the_demo_studys_one_a_feature_and_few_bytes() -> None:
    labels = list(LabelSources(load_study(str(DEMO)), "demo").labels())
    assert labels == read_cache(FILE)
    features = [label.feature_id for label in labels]
    assert len(set(features)) == len(features) > 0.95 * D_SAE
    assert max(features) < D_SAE
    assert all(label.description.startswith("fires most on ") for label in labels)
    assert FILE.stat().st_size < 300_000


def test_a_feature_is_labelled_with_its_strongest_token_and_a_silent_one_is_not(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study, ("pirate",))
    publish(study)
    fired = dense_of("pirate", "first")[0].any(axis=0).nonzero()[0].tolist()
    assert labels_by_rule(study) == {feature: f"fires most on ' {feature}'" for feature in fired}
    assert DEAD not in fired
    files = [tmp_path / "first.json", tmp_path / "again.json"]
    assert [write_labels(study, file) for file in files] == [len(fired)] * 2
    assert files[0].read_bytes() == files[1].read_bytes()
    assert {label.feature_id: label.description for label in read_cache(files[0])} == labels_by_rule(study)


def test_tokens_count_once_with_their_peak_and_none_below_half_of_the_first_is_listed() -> None:
    windows = [
        ("b", 1, ["x", " y", "z"], [4.0, 0.0, 1.9]),
        ("a", 1, ["u", "x", " v"], [2.0, 3.0, 4.0]),
        ("a", 2, ["x", "w"], [4.0, 0.0]),
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table evidence"
            " (sae text, feature_id int, role text, rank int, pieces text[], activations float[])"
        )
        for role, rank, pieces, activations in windows:
            connection.execute(
                "insert into evidence values ('demo', 7, ?, ?, ?, ?), ('other', 8, ?, ?, ?, ?)",
                [role, rank, pieces, activations] * 2,
            )
        rows = connection.execute(query("demo/strongest_tokens"), {"sae": "demo"}).fetchall()
    assert rows == [(7, "ux", " v", ""), (7, "", "x", "w"), (7, "", "u", "x v")]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (("Sail on", " trea", "sure, boy"), "' trea' (treasure)"),
        (("the trea", "sure", ", boy"), "'sure' (treasure)"),
        (("I", " don", "'t know"), "' don' (don't)"),
        (("I", " do", " know"), "' do'"),
        (("do", ".", "Now"), "'.'"),
        (("a\n", "It", " is"), "'It'"),
        (("a", "\n", "b"), "'\\n'"),
        (("follow", "-", "up"), "'-'"),
        (("it", "'s", " me"), '"\'s"'),
        (("", "x", ""), "'x'"),
    ],
)
def test_a_token_is_shown_with_the_word_that_it_is_only_a_part_of(
    token: tuple[str, str, str], expected: str
) -> None:
    assert shown(*token) == expected
