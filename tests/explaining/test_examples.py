from __future__ import annotations

import numpy as np

from persona_assets.explaining.examples import read_examples
from persona_assets.explaining.firing import Example
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.schema import ACTIVATIONS, DRAWN_EVIDENCE, EVIDENCE, RESPONSES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from tests.conftest import StudyMaker
from tests.explaining.world import SAE, compared_study, firing


def test_what_is_held_out_answers_other_questions_and_silent_examples_are_silent(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes={"roles.include": ["default", "pirate", "ghost"]})
    generation, extraction = GenerationStage(study), ExtractionStage(study)
    fired: dict[tuple[int, str], dict[int, float]] = {}
    texts, evidence, drawn = {}, {}, {}
    for role in study.role_names:
        generation.land(role)
        extraction.land(role)
    generation.close()
    extraction.close()
    [sae, *_] = study.settings.extraction.saes
    for role in study.role_names:
        files = RoleFiles(study, role)
        assert files.responses is not None
        for row in study.lake.read(ACTIVATIONS, files.activations(sae)).to_pylist():
            fired.setdefault((row["feature_id"], role), {})[row["response_id"]] = row["max"]
        for row in study.lake.read(RESPONSES, files.responses).to_pylist():
            texts[role, row["response_id"]] = row["response"]
        for table, kept in ((EVIDENCE, evidence), (DRAWN_EVIDENCE, drawn)):
            for row in study.lake.read(table, files.file(table, sae)).to_pylist():
                kept[row["feature_id"], role, row["response_id"]] = row["activations"]
    features = sorted({feature for feature, _ in fired})
    found = dict(read_examples(AcrossRoles.of(study), sae, features))
    some = dict(read_examples(AcrossRoles.of(study), sae, features[5:9]))
    assert some == {feature: found[feature] for feature in features[5:9]}
    assert dict(read_examples(AcrossRoles.of(study), sae, features[:9], at_once=2)) == {
        feature: found[feature] for feature in features[:9]
    }

    def questions(examples: list[Example]) -> set[int]:
        return {one.question_id for one in examples}

    places = []
    for feature, its in found.items():
        assert its.shown
        assert not questions(its.shown + its.contrast) & questions(its.held_out + its.held_out_silent)
        assert questions(its.contrast) <= questions(its.shown)
        for one in its.shown + its.held_out:
            answer = (feature, one.role, one.response_id)
            assert list(one.values) == (evidence | drawn)[answer]
        for one in its.held_out:
            others = [value for value in fired[feature, one.role].values() if value != max(one.values)]
            places += [np.mean([value < max(one.values) for value in others])] if others else []
        for one in its.contrast + its.held_out_silent:
            assert one.response_id not in fired.get((feature, one.role), {})
            assert not any(one.values) and len(one.values) == len(one.pieces)
            assert "".join(one.pieces).strip() in texts[one.role, one.response_id]
    assert any(its.contrast for its in found.values())
    assert any(its.held_out and its.held_out_silent for its in found.values())
    for shown in (True, False):  # both show what was drawn
        assert any(
            (feature, one.role, one.response_id) in drawn
            for feature, its in found.items()
            for one in (its.shown if shown else its.held_out)
        )
    # What is held out is as strong as all that fires, not only the strongest.
    assert abs(np.mean(places) - 0.5) < 4 * np.std(places) / len(places) ** 0.5
    [(_, nothing)] = read_examples(AcrossRoles.of(study), sae, [10**6])
    assert not nothing.shown and not nothing.contrast


def test_silent_examples_are_of_prompts_too_where_these_are_pooled(make_study: StudyMaker) -> None:
    study = compared_study(make_study, **{"extraction.token_selection": "all"})
    found = dict(read_examples(AcrossRoles.of(study), SAE, firing(study)))
    texts = {}
    for role in study.role_names:
        file = RoleFiles(study, role).responses
        assert file is not None
        for row in study.lake.read(RESPONSES, file).to_pylist():
            texts[role, row["response_id"]] = row["response"]
    silent = [one for its in found.values() for one in its.contrast + its.held_out_silent]
    assert any("".join(one.pieces).strip() not in texts[one.role, one.response_id] for one in silent)
