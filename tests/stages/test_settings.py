"""Every setting decides what some file holds, or is said not to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from persona_assets.lake.schema import (
    CONTRASTS,
    DECLINED_ROLES,
    EXPLANATION_SCORES,
    EXPLANATIONS,
    FEATURE_ATTRIBUTION,
    FEATURE_LABELS,
    FIRST_ACTIVATIONS,
    INTERVENTION_EFFECTS,
    JUDGEMENTS,
    PLAYED_ROLES,
    RESPONSE_VECTORS,
    RESPONSES,
    ROLE_CONTRASTS,
    STEERED_RESPONSES,
    VECTOR_AXES,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.settings import AtlasSettings, Block, GenerationSettings, StudySettings
from persona_assets.study.study import Study
from tests.conftest import StudyMaker
from tests.places import PROJECT
from tests.stages.test_stems import HUB, PLAIN_STEMS, land, land_all, take_recorded_versions

OWN_LIBRARY = "tests.models.test_sae:LIBRARY"
SAE = {"release": "gemma-scope-2-27b-it-res", "id": "layer_31_width_65k_l0_medium"}

# Another value of every key, and what else must be said for it.
OTHERS: dict[str, Any] = {
    "roles.directory": "OTHER_ROLES",
    "roles.include": ["default", "ghost"],
    "questions.mode": {"questions": {"mode": "role_specific"}, "atlas.question_centering": False},
    "questions.file": "OTHER_QUESTIONS",
    "questions.limit": 2,
    "generation.backend": "vllm",
    "generation.model": "google/gemma-3-12b-it",
    "generation.revision": "abc",
    "generation.model_name": "Gemma",
    "generation.prompt_indices": [2, 0],
    "generation.temperature": 1,
    "generation.top_p": 0.5,
    "generation.max_tokens": 25,
    "generation.max_model_len": 300,
    "generation.seed": 3,
    "generation.dtype": "float16",
    "generation.template_date": "2025-01-31",
    "generation.chat_template.arguments": {"enable_thinking": False},
    "generation.chat_template.file": "tests/toy/data/model/chat_template.jinja",
    "generation.engine": {"generation.backend": "vllm", "generation.engine": {"quantization": "fp8"}},
    "extraction.backend": "vllm",
    "extraction.model": "google/gemma-3-12b-it",
    "extraction.revision": "abc",
    "extraction.dtype": "bfloat16",
    "extraction.engine": {"extraction.engine": {"tokens_per_batch": 7}},
    "extraction.token_selection": "all",
    "extraction.spans": "answer",
    "extraction.span_tokens": ["<z>", "<a>"],
    "extraction.evidence.top": 5,
    "extraction.evidence.window": 5,
    "extraction.mask_norm_outliers": True,
    "extraction.first_tokens": 3,
    "extraction.vectors": "response",
    "extraction.fit.responses": 4,
    "extraction.fit.loss_recovered": True,
    "extraction.saes.release": {"extraction.saes": {"demo": {**SAE, "release": "r"}}},
    "extraction.saes.id": {"extraction.saes": {"demo": {**SAE, "id": "i"}}},
    "extraction.saes.path": {"extraction.saes": {"demo": {"path": "tests/toy/data/sae"}}},
    "extraction.saes.library": {"extraction.saes": {"demo": {**SAE, "library": OWN_LIBRARY}}},
    "extraction.saes.neuronpedia_id": {"extraction.saes": {"demo": {**SAE, "neuronpedia_id": "m/s"}}},
    "analysis.anchor": "ghost",
    "analysis.exclude": ["pirate"],
    "analysis.baselines": True,
    "analysis.declined": True,
    "analysis.declining": "A FILE",
    "analysis.smallest_effect": 0.1,
    "analysis.min_score": {"min_score": 1},
    "analysis.min_responses": {"min_responses": 7},
    "analysis.judge": {"judge": "two"},
    "attribution.roles": {"roles": ["default", "pirate"]},
    "attribution.questions": {"questions": 2},
    "attribution.sample": {"sample": 7},
    "atlas.strategy": "max",
    "atlas.question_centering": False,
    **{f"atlas.{key}": 7 for key in list(AtlasSettings.model_fields)[2:]},
    "atlas.selection": "classic",
    "judge.backend": {"backend": "vllm"},
    "judge.model": {"model": "google/gemma-3-12b-it"},
    "judge.revision": {"revision": "abc"},
    "judge.file": {"model": None, "prompt": None, "file": "SCORES"},
    "judge.prompt": {"prompt": "{question} {answer}!"},
    "judge.scale": {"scale": [0, 1]},
    "judge.max_tokens": {"max_tokens": 9},
    "judge.max_model_len": {"max_model_len": 300},
    "judge.dtype": {"dtype": "float16"},
    "judge.template_date": {"template_date": "2025-01-31"},
    "judge.engine": {"backend": "vllm", "engine": {"quantization": "fp8"}},
    "explanations.backend": {"backend": "vllm"},
    "explanations.model": {"model": "google/gemma-3-12b-it"},
    "explanations.revision": {"revision": "abc"},
    "explanations.top": {"top": 3},
    "explanations.features": {"features": [7]},
    "explanations.prompt": {"prompt": "PROMPT"},
    "explanations.max_tokens": {"max_tokens": 9},
    "explanations.max_model_len": {"max_model_len": 300},
    "explanations.dtype": {"dtype": "float16"},
    "explanations.template_date": {"template_date": "2025-01-31"},
    "explanations.engine": {"backend": "vllm", "engine": {"quantization": "fp8"}},
    "contrasts.roles": {"roles": ["ghost"]},
    "contrasts.wordings": {"roles": None, "wordings": [0]},
    "contrasts.questions": {"roles": None, "questions": ["0-1"]},
    "contrasts.against": {"against": ["ghost"]},
    "contrasts.within": {"roles": None, "wordings": [0], "within": ["ghost"]},
    "interventions.target": {"target": "role_vector"},
    "interventions.role": {"role": "ghost"},
    "interventions.top": {"top": 3},
    "interventions.features": {"target": "features", "features": [7]},
    "interventions.file": {"target": "axis_file", "file": "pyproject.toml"},
    "interventions.from_file": {
        "target": "role_file", "file": "pyproject.toml", "from_file": "README.md",
    },
    "interventions.operation": {"operation": "cap"},
    "interventions.strengths": {"operation": "cap", "strengths": [2]},
    "interventions.tokens": {"tokens": "all"},
    "interventions.roles": {"roles": ["ghost"]},
    "interventions.questions": {"questions": 2},
    "interventions.reference": {"reference": 2},
    "interventions.controls": {"controls": 9},
    "interventions.directions": {"directions": 9},
    "interventions.seed": {"seed": 9},
    "interventions.answers": {"answers": 2},
    "interventions.answer_targets": {"answers": 2, "answer_targets": 1},
    "interventions.answer_controls": {"answers": 2, "answer_controls": 9},
    "interventions.answer_backend": {"answers": 2, "answer_backend": "vllm"},
    "explanation_scores.backend": {"backend": "vllm"},
    "explanation_scores.model": {"model": "google/gemma-3-12b-it"},
    "explanation_scores.revision": {"revision": "abc"},
    "explanation_scores.scorers": {"scorers": ["fuzzing"]},
    "explanation_scores.top": {"top": 3},
    "explanation_scores.features": {"features": [7]},
    "explanation_scores.max_tokens": {"max_tokens": 9},
    "explanation_scores.max_model_len": {"max_model_len": 300},
    "explanation_scores.dtype": {"dtype": "float16"},
    "explanation_scores.template_date": {"template_date": "2025-01-31"},
    "explanation_scores.engine": {"backend": "vllm", "engine": {"quantization": "fp8"}},
    "labels.api": "https://example.org",
    "labels.export": "https://example.org/export",
    "labels.cache": "x.json",
    "labels.order": ["explanation"],
    "drift.directory": "talks",
    "drift.plain": "plain*",
    "drift.sae": {"extraction.saes": {"demo": SAE, "other": {**SAE, "id": "i"}}, "drift": {"sae": "other"}},
    "drift.space": {"drift": {"space": "residual", "transform": "raw"}},
    "drift.pooling": "max",
    "drift.transform": "raw",
    "drift.centering": True,
    "drift.l2_normalize": True,
    "drift.axis": "pca",
    "drift.compared_with": ["pirate"],
    "drift.score": "cosine_axis",
    "drift.null_draws": 5,
    "drift.seed": 9,
    "checks.stop_on": ["sae_fits_the_model"],
    "checks.max_empty": 0.5,
    "checks.max_truncated": 0.6,
    "checks.max_variance_unexplained": 0.6,
}  # fmt: skip

ASKED = ("judge.", "explanations.", "explanation_scores.", "attribution.", "interventions.")
OF_DECLINED = "analysis.declining"
FIRST_TOKENS, VECTORS = "extraction.first_tokens", "extraction.vectors"
OF_PLAYED = ("analysis.min_score", "analysis.min_responses", "analysis.judge")


def blocks(model: type[BaseModel] = StudySettings, prefix: str = "") -> Iterator[tuple[str, type[Block]]]:
    """Every block of a study's settings, with the prefix of its keys."""
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, Block):
                yield f"{prefix}{name}.", kind
                yield from blocks(kind, f"{prefix}{name}.")


def leaves() -> list[tuple[str, bool]]:
    """Every key that is no block itself, and whether it is said to decide no file."""
    heads = {prefix.rstrip(".") for prefix, _ in blocks()}
    keys = [
        (f"{prefix}{key}", key in block.IGNORED) for prefix, block in blocks() for key in block.model_fields
    ]
    return [(key, ignored) for key, ignored in keys if key not in heads]


def changed(make_study: StudyMaker, key: str, folder: Path) -> Study:
    roles, questions = folder / "roles", folder / "questions.jsonl"
    other = OTHERS[key]
    if other == "OTHER_ROLES":
        shutil.copytree(PROJECT / "data/roles/instructions", roles)
        content = json.loads((roles / "pirate.json").read_text())
        content["instruction"][0]["pos"] += " Sing."
        (roles / "pirate.json").write_text(json.dumps(content))
        other = str(roles)
    elif other == "OTHER_QUESTIONS":
        questions.write_text("".join(json.dumps({"id": i, "question": f"{i}?"}) + "\n" for i in range(3)))
        other = str(questions)
    several = isinstance(other, dict) and all(
        "." in name or name in StudySettings.model_fields for name in other
    )
    return make_study("changed", HUB | (other if several else {key: other}))


def test_every_key_has_another_value_here() -> None:
    assert OTHERS.keys() == {key for key, _ in leaves()}


@pytest.mark.parametrize(
    ("key", "ignored"),
    [
        one
        for one in leaves()
        if not one[0].startswith(
            (*ASKED, "contrasts.", OF_DECLINED, FIRST_TOKENS, VECTORS, *OF_PLAYED, "drift.space")
        )
    ],
)
def test_a_key_decides_some_file_unless_its_block_says_that_it_decides_none(
    make_study: StudyMaker, tmp_path: Path, key: str, ignored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    stems = land_all(changed(make_study, key, tmp_path))
    assert all(stems.get(name) == stem for name, stem in PLAIN_STEMS.items()) == ignored


@pytest.mark.parametrize(("key", "ignored"), [one for one in leaves() if one[0].startswith("judge.")])
def test_a_key_of_a_judge_decides_what_is_judged_unless_its_block_says_that_it_does_not(
    make_study: StudyMaker, tmp_path: Path, key: str, ignored: bool
) -> None:
    (tmp_path / "scores.jsonl").write_text('{"role": "pirate", "response_id": 0, "score": 3}\n')
    judge = {"model": "google/gemma-3-27b-it", "prompt": "{question} {answer}", "dtype": "float32"}
    file = str(tmp_path / "scores.jsonl")
    other = {name: file if value == "SCORES" else value for name, value in OTHERS[key].items()}
    stems = set()
    for one in (judge, judge | other):
        said = {name: value for name, value in one.items() if value is not None}
        study = make_study("judged", HUB | {"judge": {"one": said}})
        if RoleFiles(study, "pirate").responses is None:  # once: made again they would be others
            land(study, RESPONSES, RoleFiles(study, "pirate").responses_fingerprint, role="pirate")
        stems.add(RoleFiles(study, "pirate").fingerprint(JUDGEMENTS))
    assert len(stems) == (1 if ignored else 2) and None not in stems


@pytest.mark.parametrize(
    ("key", "ignored"), [one for one in leaves() if one[0].startswith("explanation_scores.")]
)
def test_a_key_of_scores_decides_the_scores_alone_unless_its_block_says_that_it_does_not(
    make_study: StudyMaker, key: str, ignored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    asked = {"model": "google/gemma-3-27b-it", "dtype": "float32"}
    stems = []
    for name, other in (("plain", {}), ("other", OTHERS[key])):
        study = make_study(name, HUB | {"explanation_scores": asked | other})
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        land(study, FEATURE_LABELS, "imported-0123456789abcdef", sae="demo")
        across = AcrossRoles.of(study)
        land(study, ROLE_CONTRASTS, across.fingerprint(ROLE_CONTRASTS, "demo"), sae="demo")
        stems.append(AcrossRoles.of(study).fingerprint(EXPLANATION_SCORES, "demo"))
    assert len(set(stems)) == (1 if ignored else 2) and None not in stems


def test_a_key_of_explanations_decides_what_is_explained_unless_its_block_says_not_and_nothing_else(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    (tmp_path / "prompt.txt").write_text("{examples}")
    keys = {key: ignored for key, ignored in leaves() if key.startswith("explanations.")}
    stems = {}
    for number, key in enumerate(["", *keys]):
        said = {"model": "google/gemma-3-27b-it", "dtype": "float32"} | OTHERS.get(key, {})
        said |= {"prompt": str(tmp_path / "prompt.txt")} if "prompt" in said else {}
        study = make_study(f"explained_{number}", HUB | {"explanations": said})
        landed = land_all(study)
        land(study, ROLE_CONTRASTS, AcrossRoles.of(study).fingerprint(ROLE_CONTRASTS, "demo"), sae="demo")
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        stems[key] = AcrossRoles.of(study).fingerprint(EXPLANATIONS, "demo")
    plain = stems.pop("")
    assert None not in stems.values() and plain is not None
    assert {key: stem == plain for key, stem in stems.items()} == keys


@pytest.mark.parametrize("key", ["attribution.roles", "attribution.questions", "attribution.sample"])
def test_a_key_of_attribution_decides_what_is_attributed_alone_and_roles_only_whose_answers_are(
    make_study: StudyMaker, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    stems = []
    for name, asked in (("plain", {}), ("other", OTHERS[key])):
        study = make_study(name, HUB | {"attribution": asked})
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        for role in ("default", "pirate", "ghost"):
            if RoleFiles(study, role).responses is None:
                land(study, RESPONSES, RoleFiles(study, role).responses_fingerprint, role=role)
        stems.append(
            [RoleFiles(study, role).fingerprint(FEATURE_ATTRIBUTION, "demo") for role in ("pirate", "ghost")]
        )
    assert (stems[0][0] == stems[1][0]) == (key == "attribution.roles") and None not in stems[0]
    assert stems[1][1] not in (None, stems[0][1])


@pytest.mark.parametrize("key", OF_PLAYED)
def test_a_key_of_the_answers_that_play_their_role_decides_what_is_made_of_them_alone(
    make_study: StudyMaker, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    judge = {"model": "google/gemma-3-27b-it", "dtype": "float32"}
    judges = {"one": judge, "two": judge}
    stems = set()
    for name, more in (("one", {}), ("other", OTHERS[key])):
        study = make_study(name, HUB | {"judge": judges, "analysis": {"min_score": 2} | more})
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        stems.add(AcrossRoles.of(study).fingerprint(PLAYED_ROLES, "demo"))
    assert len(stems) == 2 and None not in stems


def test_what_a_file_names_as_declining_decides_what_is_placed_by_it_and_nothing_else(
    make_study: StudyMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    file, stems = tmp_path / "declining.jsonl", set()
    for number in (0, 1):
        changes = {"analysis": {"declined": True, "declining": str(file)}}
        study = make_study(f"declining_{number}", HUB | changes)
        file.write_text(f'{{"role": "default", "response_id": {number}}}\n')
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        stems.add(AcrossRoles.of(study).fingerprint(DECLINED_ROLES, "demo"))
    assert len(stems) == 2 and None not in stems


def test_the_first_tokens_decide_what_is_pooled_over_them_alone(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    stems = []
    for name, n_tokens in (("none", None), ("few", 2), ("more", OTHERS[FIRST_TOKENS])):
        study = make_study(name, HUB | ({FIRST_TOKENS: n_tokens} if n_tokens else {}))
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        stems.append(RoleFiles(study, "pirate").fingerprint(FIRST_ACTIVATIONS, "demo"))
    assert stems[0] is None and len(set(stems)) == 3


def test_vectors_are_asked_for_besides_and_decide_what_is_made_of_them_alone(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    stems = []
    for name, asked in (
        ("none", {}),
        ("vectors", {VECTORS: OTHERS[VECTORS]}),
        ("anchored", {VECTORS: OTHERS[VECTORS], "analysis.anchor": "ghost"}),
    ):
        study = make_study(name, HUB | asked)
        landed = land_all(study)
        assert name == "anchored" or all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        if asked:
            for role in study.role_names:
                made_from = RoleFiles(study, role).fingerprint(RESPONSE_VECTORS, "demo")
                land(study, RESPONSE_VECTORS, made_from, role=role, sae="demo")
        across = AcrossRoles.of(study)
        stems.append(across.fingerprint(VECTOR_AXES, "demo"))
        assert (across.roles["pirate"].fingerprint(RESPONSE_VECTORS, "demo") is None) == (not asked)
    assert stems[0] is None and len(set(stems)) == 3


def test_a_key_of_a_contrast_decides_what_is_contrasted_and_nothing_else(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    keys = [key for key, _ in leaves() if key.startswith("contrasts.")]
    stems = set()
    for number, other in enumerate(({}, *(OTHERS[key] for key in keys))):
        said = {"roles": ["pirate"]} | other
        contrast = {name: value for name, value in said.items() if value is not None}
        study = make_study(f"contrasted_{number}", HUB | {"contrasts": {"one": contrast}})
        landed = land_all(study)
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        stems.add(AcrossRoles.of(study).fingerprint(CONTRASTS, "demo"))
    assert len(stems) == len(keys) + 1 and None not in stems


def test_a_key_of_interventions_decides_what_they_do_and_nothing_else(
    make_study: StudyMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_recorded_versions(monkeypatch)
    keys = [key for key, _ in leaves() if key.startswith("interventions.")]
    stems = set()
    for number, other in enumerate(({}, *(OTHERS[key] for key in keys))):
        said = {"one": {"role": "pirate"} | other}
        study = make_study(f"steered_{number}", HUB | {"interventions": said})
        landed = land_all(study)
        land(study, ROLE_CONTRASTS, AcrossRoles.of(study).fingerprint(ROLE_CONTRASTS, "demo"), sae="demo")
        assert all(landed.get(name) == stem for name, stem in PLAIN_STEMS.items())
        across = AcrossRoles.of(study)
        stems.add((across.intervention("demo", "one"), across.fingerprint(STEERED_RESPONSES, "demo")))
        assert across.fingerprint(INTERVENTION_EFFECTS, "demo") is not None
    assert len(stems) == len(keys) + 1
    read = [stem for stem, _ in stems]
    assert len(set(read)) == len(keys) + 1 - 4  # what is generated does not decide what is read


def test_each_key_is_said_once_and_exists() -> None:
    for _, block in blocks():
        said = [*block.FIRST, *block.ELSEWHERE, *block.IGNORED]
        assert len(said) == len(set(said))
        assert block.model_fields.keys() >= set(said)


def test_a_key_that_came_later_enters_where_it_differs_from_what_was() -> None:
    class Later(GenerationSettings):
        min_p: float = 0.0

    plain = Later(model="m")
    assert plain.decisive() == GenerationSettings(model="m").decisive()
    assert Later(model="m", min_p=0.1).decisive() == plain.decisive() | {"min_p": 0.1}
