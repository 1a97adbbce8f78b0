"""The stage from end to end, on the toy: against the plain computation, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from persona_assets.attribution.model import AttributionModel
from persona_assets.attribution.stage import AttributionStage
from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import ATTRIBUTION_TABLES, FEATURE_ATTRIBUTION, RESPONSES
from persona_assets.models.sae import load_sae
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.attribution.brute import LAYER, whole
from tests.conftest import StudyMaker
from tests.extract.tiny import random_sae
from tests.places import TOY

ASKED = {
    "generation.prompt_indices": [0, 1, 2],
    "attribution": {"roles": ["default", "pirate"], "sample": 18},
}


def plain(study: Study, role: str, anchor: str) -> dict[int, float]:
    """The attribution of each feature, answer by answer and feature by feature of dense codes."""
    tables = [study.lake.read(RESPONSES, RoleFiles(study, one).responses) for one in (role, anchor)]
    model, sae = whole(str(TOY / "model")), load_sae(study.settings.extraction.saes["demo"])
    prompts = {row["response_id"]: row["prompt_token_ids"] for row in tables[1].to_pylist()}
    sums, directions = np.zeros(sae.d_sae), sae.directions().double()
    for row in tables[0].to_pylist():
        said = row["response_token_ids"]
        rows, slopes = streamed(model, row["prompt_token_ids"], said)
        others, _ = streamed(model, prompts[row["response_id"]], said)
        difference = sae.encode(rows.float()).double() - sae.encode(others.float()).double()
        sums += (difference * (slopes @ directions.T)).sum(dim=0).numpy()
    return dict(enumerate(sums / tables[0].num_rows))


def streamed(model: Any, prompt: list[int], said: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The stream on the answer's tokens, and the gradient there of the answer's log-probability."""
    ids, kept = torch.tensor(prompt + said), []

    def keep(_module: Any, _args: Any, out: torch.Tensor) -> torch.Tensor:
        kept.append(out.detach().requires_grad_())
        return kept[0]

    hook = model.model.layers[LAYER].register_forward_hook(keep)
    told = model(input_ids=ids[None]).logits[0].log_softmax(dim=1)
    hook.remove()
    at = torch.arange(len(prompt), len(ids))
    told[at - 1, ids[at]].sum().backward()
    return kept[0].detach()[0, at], kept[0].grad[0, at]


def test_a_role_is_attributed_as_the_plain_computation_says_and_the_anchor_not_at_all(
    make_study: StudyMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(changes=ASKED)
    run_study(study, None, ["responses", "attribution", "warehouse"], False)
    with connect(study) as warehouse:
        told = warehouse.execute(
            "select feature_id, attribution, low, high, n, n_active from feature_attribution "
            "where role = 'pirate'"
        ).fetchall()
        expected = plain(study, "pirate", "default")
        features = [row[0] for row in told]
        np.testing.assert_allclose(
            [row[1] for row in told], [expected[one] for one in features], rtol=1e-3, atol=1e-5
        )
        assert not any(expected[one] for one in expected.keys() - set(features))
        assert all(low <= middle <= high and n == 9 >= active > 0 for _, middle, low, high, n, active in told)
        assert max(abs(row[1]) for row in told) > 0.01
        nothing = warehouse.execute(
            "select distinct attribution, low, high from feature_attribution where role = 'default'"
        ).fetchall()
        assert nothing == [(0, 0, 0)]
        checks = warehouse.execute("from attribution_checks order by role").fetchall()
        assert [(role, n, n_answers) for _, role, _, _, _, n, n_answers in checks] == [
            ("default", 18, 9),
            ("pirate", 18, 9),
        ]
        assert all(low <= spearman <= high and spearman > 0.5 for _, _, spearman, low, high, _, _ in checks)
    before = {table.name: study.lake.files(table) for table in ATTRIBUTION_TABLES}
    assert len(before["feature_attribution"]) == 3  # one of them empty, of the role that is not named
    capsys.readouterr()
    run_study(study, None, ["responses", "attribution"], False)
    assert "attribution: 3 of 3 roles are fresh" in capsys.readouterr().err
    assert {table.name: study.lake.files(table) for table in ATTRIBUTION_TABLES} == before


def test_what_is_there_is_taken_up_and_no_model_is_loaded_for_a_role_that_is_not_named(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes=ASKED)
    run_study(study, None, ["responses"], False)
    stage = AttributionStage(study)
    first = stage.land("ghost")["demo"]
    assert study.lake.read(FEATURE_ATTRIBUTION, first).num_rows == 0 and stage._model is None
    heard: list[tuple[int, int]] = []
    landed = stage.land("pirate", progress=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (9, 9) and stage.land("pirate") == landed
    again = stage.land("pirate", overwrite=True)["demo"]
    assert study.lake.read(FEATURE_ATTRIBUTION, again) == study.lake.read(FEATURE_ATTRIBUTION, landed["demo"])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"attribution.roles": ["pirat"]},
            r"attribution.roles: small has no role 'pirat'; did you mean pirate",
        ),
        (
            {"analysis.anchor": "nobody"},
            r"attribution compares roles with analysis.anchor: small has no role 'nobody'",
        ),
        ({"extraction.backend": "vllm"}, r"not served by extraction.backend vllm; use transformers"),
        (
            {"questions": {"mode": "role_specific", "limit": 2}},
            r"with questions.mode role_specific roles share none",
        ),
    ],
)
def test_what_cannot_be_attributed_is_said_in_one_line(
    make_study: StudyMaker, changes: dict[str, Any], line: str
) -> None:
    study = make_study(changes={**ASKED, "attribution": {}, **changes})
    with pytest.raises(StudyError, match=line) as told:
        if "questions" in changes:
            run_study(study, ["default", "pirate"], ["responses"], False)
        AttributionStage(study).land("pirate")
    assert "\n" not in str(told.value)


def test_an_sae_that_writes_elsewhere_or_by_the_token_is_refused_by_its_name(
    make_study: StudyMaker, tmp_path: Any
) -> None:
    hook = f"blocks.{LAYER}.hook_resid_post"
    d_in = load_sae(make_study().settings.extraction.saes["demo"]).d_in
    scaling = random_sae(tmp_path / "scaling", "standard", hook, d_in, normalize_activations="layer_norm")
    metadata = {"hook_name_out": "blocks.3.hook_mlp_out"}
    coding = random_sae(
        tmp_path / "coding",
        "transcoder",
        "blocks.3.ln2.hook_normalized",
        d_in,
        d_out=d_in,
        metadata=metadata,
        apply_b_dec_to_input=False,
    )
    between = random_sae(tmp_path / "between", "standard", f"blocks.{LAYER}.hook_resid_mid", d_in)
    for name, path, line in (
        (
            "scaling",
            scaling,
            "SAE other scales what it writes by the token, so that a feature has no",
        ),
        ("coding", coding, "SAE other reads blocks.3.ln2.hook_normalized and writes to another stream"),
        ("between", between, "SAE other reads blocks.3.hook_resid_mid, which no module takes or gives alone"),
    ):
        study = make_study(name, {**ASKED, "extraction.saes": {"other": {"path": path}}})
        run_study(study, ["default", "pirate"], ["responses"], False)
        with pytest.raises(StudyError, match=line):
            AttributionStage(study).land("pirate")


def test_the_model_reads_no_more_at_once_than_its_logits_have_room_for(make_study: StudyMaker) -> None:
    study = make_study(changes=ASKED)
    model = AttributionModel(study.settings.extraction, study.template)
    assert 0 < model.at_once <= 2048 and model.backbone.causal is not None
