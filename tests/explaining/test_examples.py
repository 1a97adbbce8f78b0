from __future__ import annotations

from persona_assets.explaining.examples import Example, read_examples
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake.schema import ACTIVATIONS, EVIDENCE, RESPONSES
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from tests.conftest import StudyMaker


def test_what_is_held_out_answers_other_questions_and_silent_examples_are_silent(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes={"roles.include": ["default", "pirate", "ghost"]})
    generation, extraction = GenerationStage(study), ExtractionStage(study)
    fired: set[tuple[int, str, int]] = set()
    texts, evidence = {}, {}
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
            fired.add((row["feature_id"], role, row["response_id"]))
        for row in study.lake.read(RESPONSES, files.responses).to_pylist():
            texts[role, row["response_id"]] = row["response"]
        for row in study.lake.read(EVIDENCE, files.file(EVIDENCE, sae)).to_pylist():
            evidence[row["feature_id"], role, row["response_id"]] = row["activations"]
    features = sorted({feature for feature, _, _ in fired})
    found = read_examples(AcrossRoles.of(study), sae, features)
    some = read_examples(AcrossRoles.of(study), sae, features[5:9])
    assert some == {feature: found[feature] for feature in features[5:9]}

    def questions(examples: list[Example]) -> set[int]:
        return {one.question_id for one in examples}

    for feature, its in found.items():
        assert its.shown
        assert not questions(its.shown + its.contrast) & questions(its.held_out + its.held_out_silent)
        assert questions(its.contrast) <= questions(its.shown)
        for one in its.shown + its.held_out:
            assert list(one.values) == evidence[feature, one.role, one.response_id]
        for one in its.contrast + its.held_out_silent:
            assert (feature, one.role, one.response_id) not in fired
            assert not any(one.values) and len(one.values) == len(one.pieces)
            assert "".join(one.pieces).strip() in texts[one.role, one.response_id]
    assert any(its.contrast for its in found.values())
    assert any(its.held_out and its.held_out_silent for its in found.values())
    [nothing] = read_examples(AcrossRoles.of(study), sae, [10**6]).values()
    assert not nothing.shown and not nothing.contrast
