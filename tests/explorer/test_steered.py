"""Recorded interventions, as the page Steer has them: effects beside controls, and answers in pairs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source, find, steered
from persona_assets.explorer.site import write_site
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.schema import (
    INTERVENTION_EFFECTS,
    INTERVENTION_READOUTS,
    STEERED_RESPONSES,
    VARIANT_STRIDE,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish
from tests.conftest import write_study
from tests.explorer.contract import check
from tests.explorer.fixture_site import HOSTILE
from tests.explorer.test_effects import BY_NAME, effect
from tests.warehouse.world import OF_PIRATE_ALONE, World, write_catalog

ONE, TWO = f"feature {OF_PIRATE_ALONE}", "feature 2"
EFFECTS = [
    effect(OF_PIRATE_ALONE, 1.0, "feature", metric="answer_readout"),
    effect(OF_PIRATE_ALONE, 1.0, "direction", metric="answer_readout"),
    effect(OF_PIRATE_ALONE, 1.0, "direction", metric="kl"),
    effect(2, 1.0, "feature", q=0.01),
]


def answer(target: str, response_id: int, response: str, **more: Any) -> dict[str, Any]:
    return {
        "intervention": "one", "role": "pirate", "target": target, "feature_id": OF_PIRATE_ALONE,
        "operation": "add", "strength": 1.0, "control": None, "level": 3.5, "response_id": response_id,
        "question": f"Question {response_id}", "response": response, "response_token_ids": [1, 2],
        "n_tokens": 2, "finish_reason": "stop", "seed": 5, "unchanged": False, "readout": 0.5, "loss": 2.0,
        "repetition": None, "asked": "0", "judge": None, "score": None, "judged": None,
    } | more  # fmt: skip


NOTHING = {"control": "nothing", "strength": 0.0, "level": 0.0, "feature_id": None, "unchanged": True}
FIRST, SECOND = VARIANT_STRIDE, 1  # the second question of the first wording, the first of the second
ANSWERS = [
    answer("nothing", FIRST, "plain one", **NOTHING),
    answer("nothing", SECOND, "plain two", **NOTHING),
    answer("feature 9", FIRST, "of a control", control="feature"),
    answer(ONE, SECOND, HOSTILE[0]),
    answer(ONE, FIRST, "w" * 60, strength=2.0),
    answer(ONE, FIRST, "steered one"),
]


def landed(study: Study, table: Table, rows: list[dict[str, Any]], made_from: str) -> None:
    content = {name: [row[name] for row in rows] for name in table.schema.names}
    study.lake.write(table, table.of(content), made_from, sae="first")


@pytest.fixture(scope="module")
def study(published: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """The study with an intervention recorded, in a lake of its own."""
    folder = tmp_path_factory.mktemp("steered")
    unpublished = shutil.ignore_patterns("warehouse.duckdb")
    shutil.copytree(published.study.lake.root, folder / "lake", ignore=unpublished)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        changes = write_catalog(folder / "catalog") | {"interventions": {"one": BY_NAME | {"answers": 2}}}
        study = load_study(write_study(folder / published.study.name, changes))
        made_from = AcrossRoles.of(study).fingerprint(STEERED_RESPONSES, "first")
        assert made_from is not None
        landed(study, STEERED_RESPONSES, ANSWERS, made_from)
        made_from = AcrossRoles.of(study).fingerprint(INTERVENTION_EFFECTS, "first")
        assert made_from is not None
        landed(study, INTERVENTION_READOUTS, [], made_from)
        landed(study, INTERVENTION_EFFECTS, EFFECTS, made_from)
        publish(study)
        yield study


@pytest.fixture
def opened(study: Study) -> Iterator[Source]:
    snapshots = Snapshots(study)
    with snapshots.newest().source() as source:
        yield source
    snapshots.close()


def ask(source: Source, path: str) -> Any:
    found = find(path)
    assert found is not None, path
    return found(source)


def test_answers_stand_beside_the_plain_ones_and_effects_beside_their_controls(opened: Source) -> None:
    assert ask(opened, "study.json")["has_interventions"]
    [entry] = ask(opened, "first/steered.json")
    assert entry == {
        "intervention": "one", "role": "pirate", "operation": "add", "n_targets": 2, "strengths": [1, 2],
        "n_answers": 3,
    }  # fmt: skip
    page = ask(opened, "first/steered/of/one/pirate.json")
    check("Recorded", page)
    assert [(one["target"], one["n_answers"]) for one in page["targets"]] == [(ONE, 3), (TWO, 0)]
    told = [(one["target"], one["metric"], one["against"]) for one in page["effects"]]
    assert told == [(ONE, "answer_readout", "feature"), (ONE, "kl", "direction"), (TWO, "readout", "feature")]
    first, second = page["questions"]
    assert (first["question"], first["plain"]["response"]) == (f"Question {FIRST}", "plain one")
    assert [(one["strength"], one["response"]) for one in first["edited"]] == [
        (1, "steered one"),
        (2, "w" * 60),
    ]
    assert [one["response"] for one in second["edited"]] == [HOSTILE[0]]


def test_what_is_left_out_is_counted(opened: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steered, "MAX_PAIRS", 2)
    monkeypatch.setattr(steered, "MAX_TARGETS", 1)
    monkeypatch.setattr(steered, "CUT", 5)
    page = ask(opened, "first/steered/of/one/pirate.json")
    assert (page["n_answers"], page["n_targets"]) == (3, 2)
    assert [one["target"] for one in page["targets"]] == [ONE]
    [question] = page["questions"]
    assert [(one["response"], one["n_characters"]) for one in question["edited"]] == [
        ("steer", 11),
        ("wwwww", 60),
    ]


def test_what_is_not_recorded_is_not_there(opened: Source, source: Source) -> None:
    assert ask(source, "first/steered.json") == [] and not ask(source, "study.json")["has_interventions"]
    assert ask(opened, "second/steered.json") == []
    for path in ("first/steered/of/one/ghost.json", "first/steered/of/two/pirate.json"):
        with pytest.raises(ProblemError, match="is recorded in the answers of role") as told:
            ask(opened, path)
        assert told.value.status == 404


def test_a_site_has_them_too(
    study: Study, opened: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persona_assets.explorer.site.MAX_FEATURES", 1)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<!doctype html>")
    write_site(study, tmp_path / "site", lambda *_: None, tmp_path / "dist")
    for path in ("first/steered.json", "second/steered.json", "first/steered/of/one/pirate.json"):
        here = replace(opened, live=False)
        assert json.loads((tmp_path / "site" / "data" / path).read_text()) == ask(here, path)
