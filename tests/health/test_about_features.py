"""What asking about features costs is told before it is asked, and nothing of the pilot lands."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.cli.estimate import print_estimate
from persona_assets.explaining.estimate import what_is_explained
from persona_assets.explaining.stage import explain_features
from persona_assets.health.about_features import pilots_about_features
from persona_assets.lake.schema import EXPLAINING, EXPLANATION_SCORES, EXPLANATIONS, SCORING
from persona_assets.scoring.estimate import what_scorer_is_asked
from persona_assets.scoring.stage import land_scores
from persona_assets.stages.across_roles import AcrossRoles
from tests.conftest import StudyMaker
from tests.explaining.world import SAE, compared_study, explained_by, firing, saying
from tests.generate.misbehaving_server import serving
from tests.scoring.studies import scored_by, write_labels


def test_a_pilot_asks_a_few_prompts_about_features_and_tells_tokens_and_time(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(saying("Label: about the sea")) as server:
        study = compared_study(make_study, **{"labels.cache": str(tmp_path / "labels.json")})
        features = firing(study)[:5]
        write_labels(study, dict.fromkeys(features, "the sea"))
        asking = {
            "roles.include": study.role_names,
            "labels.cache": str(tmp_path / "labels.json"),
            "explanations": explained_by(server.url, features=features),
            "explanation_scores": scored_by(server.url, features=features),
        }
        study = make_study(study.name, asking)
        [all_explained], [all_scored] = what_is_explained(study, 10**6), what_scorer_is_asked(study, 10**6)
        explained, scored = list(what_is_explained(study, 3)), list(what_scorer_is_asked(study, 3))
        for few, everything in ((explained[0], all_explained), (scored[0], all_scored)):
            assert [len(few.prompts), few.n_prompts] == [3, len(everything.prompts)]
            assert few.lengths == everything.lengths
            assert few.lengths.longest == max(len(prompt.token_ids) for prompt in everything.prompts)
            assert all(prompt in everything.prompts for prompt in few.prompts)
        explaining, scoring = pilots_about_features(study, explained, scored)
        assert len(server.requests) == 2 * (1 + 3)
        assert all(not study.lake.files(table) for table in (EXPLAINING, EXPLANATIONS, SCORING))
        assert (explaining.stage, explaining.n_features, explaining.n_prompts) == ("explanations", 5, 5)
        asked_about = {str(prompt.about).split()[-1] for prompt in all_scored.prompts}
        assert (scoring.stage, scoring.n_features) == ("explanation_scores", len(asked_about))
        assert scoring.n_prompts == len(all_scored.prompts) == all_scored.lengths.n > 5
        for one in (explaining, scoring):
            assert one.seconds > 0 and one.answer_tokens.n == 3
            assert one.answer_tokens.mean == one.answer_tokens.low > 0  # the server says always the same
        print_estimate(study, 1, 2)
        said = capsys.readouterr().out
        explain_features(AcrossRoles.of(study), SAE)
        across = AcrossRoles.of(study)
        land_scores(across, SAE)
        assert len(across.all(EXPLANATION_SCORES, SAE)) == 1
        left = list(what_is_explained(study, 3)), list(what_scorer_is_asked(study, 3))
        assert list(pilots_about_features(study, *left)) == []
    assert "--- pilot about features on this machine\n" in said
    n = round(explaining.answer_tokens.mean)
    assert (
        f"explanations (demo): {n} tokens each (all 2 alike, which says nothing of others), {5 * n} in all"
        in said
    )
    heading = next(line for line in said.splitlines() if "per feature" in line)
    assert heading.split("  ")[0] == "stage"
    assert [line.split()[0] for line in said.splitlines()[-2:]] == ["explanations", "explanation_scores"]
