"""The asset `explanation_scores`, made of real answers by a server that knows, or does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from scipy.stats import binom, mannwhitneyu

from persona_assets.base.errors import EngineError, StudyError
from persona_assets.cli.estimate import print_estimate
from persona_assets.explaining.chosen import top_features
from persona_assets.explaining.examples import read_examples
from persona_assets.explaining.firing import Example
from persona_assets.explaining.stage import explain_features
from persona_assets.labels.stage import land_labels
from persona_assets.lake.schema import EXPLANATION_SCORES, SCORING
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key
from persona_assets.scoring.claims import LabelsToScore
from persona_assets.scoring.estimate import what_scorer_is_asked
from persona_assets.scoring.stage import land_scores
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study, load_study
from tests.conftest import StudyMaker, write_study
from tests.explaining.world import compared_study, explained_by, firing, saying
from tests.generate.misbehaving_server import MisbehavingServer, serving
from tests.scoring.studies import CHANGES, SAE, Knowing, make_comparable, scored_by, write_labels


class World:
    """A study that has all but scores, and features of it that a server knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n = 0
        study = self.study({})
        make_comparable(study)
        everything = top_features(AcrossRoles.of(study), SAE, 10)
        examples = dict(read_examples(AcrossRoles.of(study), SAE, everything))
        self.features = [
            feature
            for feature, one in examples.items()
            if len(one.held_out) > 4 and len(one.held_out_silent) > 4
        ][:6]
        assert len(self.features) == 6
        self.examples = {feature: examples[feature] for feature in self.features}

    def study(self, scores: dict[str, Any]) -> Study:
        """Return the study with these scores asked for, over the same lake."""
        asked = {"explanation_scores": scores} if scores else {}
        cache = str(self.folder / "labels.json")
        return load_study(write_study(self.folder / "small", CHANGES | {"labels.cache": cache} | asked))

    def scored(self, server: MisbehavingServer, labels: dict[int, str], **more: Any) -> list[dict[str, Any]]:
        study = self.study(scored_by(server.url, features=self.features) | more)
        write_labels(study, labels)
        [file] = land_scores(AcrossRoles.of(study), SAE).values()
        return study.lake.read(EXPLANATION_SCORES, file).to_pylist()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("scored")
    before = os.environ.get("PERSONA_LAKE")
    os.environ["PERSONA_LAKE"] = str(folder / "lake")
    try:
        yield World(folder)
    finally:
        os.environ.pop("PERSONA_LAKE")
        if before is not None:
            os.environ["PERSONA_LAKE"] = before


def named(features: list[int]) -> dict[int, str]:
    return {feature: f"fires as {feature}" for feature in features}


def test_an_oracle_has_1_and_permuted_labels_a_half_through_the_whole_stage(world: World) -> None:
    knowing = Knowing(world.study({}), world.features)
    with serving(knowing.behave()) as server:
        right = world.scored(server, named(world.features))
        shifted = dict(
            zip(world.features, named(world.features[1:] + world.features[:1]).values(), strict=True)
        )
        wrong = world.scored(server, shifted)
        unknown = world.scored(server, {feature: f"fires as {feature + 10**6}" for feature in world.features})
    for rows in (right, wrong, unknown):
        assert [(row["feature_id"], row["scorer"], row["position"]) for row in rows] == [
            (feature, scorer, place)
            for feature in world.features
            for place, scorer in enumerate(("detection", "fuzzing"))
        ]
        for row in rows:
            example = world.examples[row["feature_id"]]
            assert row["n"] + row["n_left_out"] == len(example.held_out) + len(example.held_out_silent)
            assert row["scored_by"] == "tests/toy/data/model" and row["source"] == "cache"
    assert {row["score"] for row in right} == {1.0}
    assert all(row["q"] <= 0.05 for row in right)
    for rows in (wrong, unknown):
        n_held = sum(row["low"] <= 0.5 <= row["high"] for row in rows)
        assert n_held >= binom.ppf(0.01, len(rows), 0.95)
        assert abs(sum(row["score"] for row in rows) / len(rows) - 0.5) < 0.15
    assert sum(row["q"] <= 0.05 for row in wrong) <= 1  # two of the features fire in the same excerpts
    assert sum(row["q"] <= 0.05 for row in unknown) == 0


def test_a_killed_run_goes_on_and_a_label_that_changes_is_asked_about_alone(world: World) -> None:
    knowing = Knowing(world.study({}), world.features)
    labels, fresh = named(world.features), {"max_tokens": 65}
    with serving(knowing.behave(after=4)) as server:
        with pytest.raises(EngineError, match=r"^detection, feature \d+: "):
            world.scored(server, labels, **fresh)
        study = world.study({})
        assert sum(study.lake.num_rows(file) for file in study.lake.files(SCORING, sae=SAE)) == 4
        server.behave = knowing.behave()
        n_asked = len(knowing.asked)
        rows = world.scored(server, labels, **fresh)
        n_batches = sum(-(-row["n"] // 5) for row in rows)
        assert len(knowing.asked) - n_asked == n_batches - 4
        assert study.lake.files(SCORING, sae=SAE) == []
        first = world.features[0]
        n_asked = len(knowing.asked)
        again = world.scored(server, labels | {first: f"surely fires as {first}"}, **fresh)
        assert {feature for feature, _ in knowing.asked[n_asked:]} == {first}
        assert [row["score"] for row in again] == [row["score"] for row in rows] == [1.0] * len(rows)
        n_asked = len(knowing.asked)
        world.scored(server, labels, **fresh)
        assert len(knowing.asked) == n_asked, "it was asked about that label before"


def test_the_estimate_counts_what_is_asked(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    knowing = Knowing(world.study({}), world.features)
    with serving(knowing.behave()) as server:
        study = world.study(scored_by(server.url, features=world.features, max_tokens=66))
        write_labels(study, named(world.features[:2]))
        [asked] = what_scorer_is_asked(study)
        assert (asked.n_labels, asked.n_features, asked.n_scored) == (2, 2, 0)
        print_estimate(study, 0, 0)
        assert f"SAE demo: 2 labels of 2 features, {asked.lengths.n} prompts; 0 are scored; answers of " in (
            capsys.readouterr().out
        )
        land_scores(AcrossRoles.of(study), SAE)
        assert len(knowing.asked) == asked.lengths.n
        [asked] = what_scorer_is_asked(study)
        assert asked.n_scored == asked.lengths.n


def test_without_a_list_the_features_are_those_that_set_roles_apart(world: World) -> None:
    study = world.study(scored_by("http://127.0.0.1:9", top=2))
    write_labels(study, dict.fromkeys(range(100), "x"))
    chosen = LabelsToScore(AcrossRoles.of(study), SAE)
    assert 0 < len(chosen.features) <= 2 * len(study.role_names)
    assert {label["feature_id"] for label in chosen.labels} == set(chosen.features) & set(range(100))


def test_no_answer_is_in_both_halves_or_twice_in_one(world: World) -> None:
    for one in world.examples.values():
        held_out: list[Example] = one.held_out + one.held_out_silent
        answers = [(example.role, example.response_id) for example in held_out]
        assert len(set(answers)) == len(answers)
        asked = {example.question_id for example in held_out}
        assert not asked & {example.question_id for example in one.shown + one.contrast}


def test_dagster_tells_how_many_labels_are_better_than_chance_and_warns_of_answers_that_cannot_be_read(
    world: World,
) -> None:
    asked = {"features": world.features[:2], "max_tokens": 67}
    with serving(Knowing(world.study({}), world.features).behave()) as server:
        told, check = materialized(world, scored_by(server.url, **asked))
    assert told["detection of cache"].value == "2 of 2 labels better than chance; 0 not scored"
    assert check.passed and check.metadata["demo: share of answers unread"].value == 0
    model = {"model": "tests/toy/data/model", "dtype": "float32", **asked, "max_tokens": 4}
    told, check = materialized(world, model)  # it speaks as a pirate, and counts nothing
    assert told["fuzzing of cache"].value == "0 of 2 labels better than chance; 0 not scored"
    assert not check.passed and check.description == "answers that cannot be read: demo: 100%"


def materialized(world: World, scores: dict[str, Any]) -> tuple[Any, dg.AssetCheckEvaluation]:
    """Return what Dagster is told of a run of the asset, and of its check."""
    study = world.study(scores)
    write_labels(study, named(world.features))
    job = study_definitions(study).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(asset_selection=[key(study, "explanation_scores")], instance=instance)
    [event] = result.get_asset_materialization_events()
    [check] = result.get_asset_check_evaluations()
    return event.materialization.metadata, check


def test_how_long_an_excerpt_is_does_not_tell_whether_the_feature_fires(world: World) -> None:
    firing = [len(example.pieces) for one in world.examples.values() for example in one.held_out]
    silent = [len(example.pieces) for one in world.examples.values() for example in one.held_out_silent]
    longer = mannwhitneyu(silent, firing).statistic / (len(firing) * len(silent))
    assert 0.35 < longer < 0.65  # 0.92 where a silent one is as long as may be


def test_an_explanation_of_other_examples_than_today_s_is_not_scored(make_study: StudyMaker) -> None:
    with serving(saying("Label: about the sea")) as server:
        features = firing(compared_study(make_study))[:2]
        asked = {
            "explanations": explained_by(server.url, features=features),
            "explanation_scores": scored_by(server.url, features=features, scorers=["detection"]),
        }

        def scored(study: Study) -> set[str]:
            [file] = land_scores(AcrossRoles.of(study), SAE).values()
            return {row["source"] for row in study.lake.read(EXPLANATION_SCORES, file).to_pylist()}

        study = compared_study(make_study, **asked)
        explain_features(AcrossRoles.of(study), SAE)
        land_labels(study, SAE)
        assert scored(study) == {"explanation"}
        other = compared_study(make_study, **asked, **{"atlas.split_seed": 7})  # other questions are held out
        [estimate] = what_scorer_is_asked(other)
        assert "explanations of other examples" in (estimate.why_unknown or "")
        with pytest.raises(StudyError, match=r"first$"):
            scored(other)
        explain_features(AcrossRoles.of(other), SAE)
        land_labels(other, SAE)
        assert scored(other) == {"explanation"}
