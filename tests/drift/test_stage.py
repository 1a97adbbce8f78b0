from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Message, Transcript
from persona_assets.extract.stage import ExtractionStage
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DRIFT_CODES, DRIFT_RUNS, DRIFT_TABLES
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.drift.conftest import drift_stage, said
from tests.drift.made import conversation

Files = dict[str, LakeFile]


def read(study: Study, files: Files) -> dict[str, pa.Table]:
    return {table.name: study.lake.read(table, files[table.name]) for table in DRIFT_TABLES}


def test_a_conversation_that_changes_its_role_drops_the_most_at_that_turn(
    stage: DriftStage, switching: Transcript
) -> None:
    tables = read(stage.study, stage.land(switching))
    turns, transitions = tables["drift_turns"].to_pandas(), tables["drift_transitions"].to_pandas()
    assert turns.turn.tolist() == list(range(6)) and turns.message.tolist() == [1, 3, 5, 7, 9, 11]
    for score in ("projection", "cosine_axis", "cosine_anchor"):
        assert transitions.turn[transitions[f"delta_{score}"].idxmin()] == 3
    assert [near[0]["role"] for near in turns.nearest_roles] == ["default"] * 3 + ["pirate"] * 3
    below = turns.projection < turns.projection_low
    assert below.tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    "drift",
    [
        {},
        {"pooling": "max", "transform": "raw"},
        {"centering": True, "l2_normalize": True},
        {"axis": "pca", "compared_with": ["pirate"], "l2_normalize": True},
    ],
)
def test_contributions_sum_to_the_change_and_shares_to_one(
    make_landed: StudyMaker, model: ExtractionStage, drift: dict
) -> None:
    study = make_landed(changes={f"drift.{key}": value for key, value in drift.items()})
    talk = conversation([*said(study, "default"), *said(study, "ghost")])
    tables = read(study, drift_stage(study, model).land(talk))
    features, changes = tables["drift_features"].to_pandas(), tables["drift_transitions"].to_pandas()
    projection = tables["drift_turns"]["projection"].to_numpy()
    summed = features.groupby("turn").contribution.sum().to_numpy()
    np.testing.assert_allclose(summed, np.diff(projection), rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(changes.delta_projection, np.diff(projection))
    np.testing.assert_allclose(changes.toward_mass - changes.away_mass, np.diff(projection), atol=1e-9)
    np.testing.assert_allclose(features.groupby("turn").share_of_change.sum(), 1)
    np.testing.assert_allclose(features.groupby("turn").share_of_away.sum(), 1)
    assert (changes.n_features == features.groupby("turn").size().to_numpy()).all()
    assert ((features.delta > 0) == (features.direction == "activated")).all()
    assert ((features.contribution < 0) == (features.effect == "away")).all()


def test_tokens_are_the_answers_own(stage: DriftStage, switching: Transcript) -> None:
    tables = read(stage.study, stage.land(switching))
    tokens = tables["drift_tokens"].to_pandas()
    for turn, message in enumerate(switching.turns):
        own = tokens[tokens.turn == turn]
        assert "".join(own.piece) == switching.messages[message].content.strip()
        assert own.token.tolist() == list(range(len(own)))
        assert own.scaled.between(0, 1).all()
    assert tokens.groupby("turn").size().tolist() == tables["drift_turns"]["n_tokens"].to_pylist()


def test_the_run_says_how_it_was_measured(stage: DriftStage, switching: Transcript) -> None:
    [run] = read(stage.study, stage.land(switching))["drift_runs"].to_pylist()
    assert run["conversation"] == switching.plain and run["name"] == "made" and run["sensitive"] is False
    assert (run["anchor"], run["compared_with"]) == ("default", ["ghost", "pirate"])
    assert (run["sae"], run["model"]) == ("demo", "tests/toy/data/model")
    assert (run["n_turns"], run["n_draws"]) == (6, 200)
    assert run["confound_verdict"] is None  # six turns say nothing about that
    assert 0 <= run["axis_cosine"] <= 1 and run["axis_optimism"] > 0


def test_a_run_that_is_there_is_not_made_again_unless_asked(stage: DriftStage, switching: Transcript) -> None:
    first = stage.land(switching)
    assert stage.land(switching) == first
    again = stage.land(switching, overwrite=True)
    for table in DRIFT_TABLES:
        assert again[table.name].revision == 1
        assert stage.study.lake.read(table, again[table.name]).equals(
            stage.study.lake.read(table, first[table.name])
        )


def test_another_name_is_noted_without_measuring_again(stage: DriftStage, switching: Transcript) -> None:
    first = stage.land(switching)
    renamed = dataclasses.replace(switching, name="Switch", sensitive=True)
    later = stage.land(renamed)
    assert {name for name in first if first[name] != later[name]} == {"drift_runs"}
    [row] = stage.study.lake.read(DRIFT_RUNS, later["drift_runs"]).to_pylist()
    assert (row["name"], row["sensitive"]) == ("Switch", True)
    assert stage.land(renamed) == later


def test_the_model_reads_a_conversation_once_whatever_is_asked_of_it(
    make_landed: StudyMaker, model: ExtractionStage
) -> None:
    study = make_landed()
    talk = conversation([*said(study, "default"), *said(study, "pirate")])
    drift_stage(study, model).land(talk)
    codes = study.lake.files(DRIFT_CODES)
    assert [file.partition.get("role") or file.partition["run"] for file in codes] == ["default", talk.run]
    other = make_landed("small", {"drift.transform": "raw", "drift.score": "cosine_axis"})
    without_model = ExtractionStage(other)
    files = DriftStage(without_model).land(talk)
    assert without_model._extractor is None
    assert study.lake.files(DRIFT_CODES) == codes
    [row] = study.lake.read(DRIFT_RUNS, files["drift_runs"]).to_pylist()
    assert (row["transform"], row["score"]) == ("raw", "cosine_axis")


def test_one_answer_makes_a_run_without_transitions(stage: DriftStage) -> None:
    tables = read(stage.study, stage.land(conversation([("Who are you?", "A toy.")])))
    assert tables["drift_turns"].num_rows == 1
    assert tables["drift_transitions"].num_rows == tables["drift_features"].num_rows == 0
    assert tables["drift_runs"]["confound_verdict"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"analysis.anchor": "wizard"}, r"analysis.anchor: the study has no role 'wizard'.*default, ghost"),
        ({"analysis.exclude": ["default"]}, r"analysis.exclude: leaves out the anchor 'default'"),
        ({"drift.sae": "other"}, r"drift.sae: no SAE 'other'; there are: demo"),
        ({"drift.compared_with": ["wizard"]}, r"drift.compared_with: role 'wizard'"),
        (
            {"generation.seed": 1},
            r"role default has no fresh features under SAE demo .* against; "
            r"run `persona run small --select responses,activations,role_features` first",
        ),
        ({"extraction.dtype": "bfloat16"}, r"`persona run small --select activations,role_features` first"),
        (
            {"drift.space": "residual", "drift.transform": "raw"},
            r"set extraction.vectors .*`persona run small --select activations,role_features,vectors`$",
        ),
        ({"analysis.exclude": ["ghost", "pirate"]}, "none takes part; name more in roles.include"),
    ],
)
def test_a_study_that_cannot_measure_drift_says_why(
    make_landed: StudyMaker, changes: dict, complaint: str
) -> None:
    stage = DriftStage(ExtractionStage(make_landed(changes=changes)))
    with pytest.raises(StudyError, match=complaint) as raised:
        stage.land(conversation([("Who?", "Me.")]))
    assert "\n" not in str(raised.value)


def test_a_conversation_beyond_the_models_context_names_the_turn(stage: DriftStage) -> None:
    # The demo's model reads 32,768 tokens.
    talk = conversation([("Go on.", "and on " * 4000)] * 5, name="endless")
    with pytest.raises(
        StudyError, match=r"^endless: turn \d \(message \d\): ends at token \d+, beyond .*32768"
    ):
        stage.land(talk)
    assert not stage.study.lake.files(DRIFT_CODES)


def test_a_conversation_that_shares_anothers_hash_is_refused(
    stage: DriftStage, switching: Transcript, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.land(switching)
    other = Transcript((Message("user", "x"), Message("assistant", "y")), "forged")
    monkeypatch.setattr(Transcript, "run", switching.run)
    with pytest.raises(
        StudyError, match=f"^forged: its hash {switching.run} is that of another conversation"
    ):
        stage.land(other)


def test_nothing_of_a_conversation_becomes_a_path(stage: DriftStage, homes: Path) -> None:
    name = "../../evil/role=pirate"
    before = {path for path in homes.rglob("*") if "lake" not in path.parts}
    files = stage.land(dataclasses.replace(conversation([("/etc", "../x")]), name=name))
    assert all("evil" not in file.path for file in files.values())
    assert {path for path in homes.rglob("*") if "lake" not in path.parts} == before
