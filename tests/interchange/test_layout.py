from __future__ import annotations

from pathlib import Path
from typing import Any

from persona_assets.interchange.layout import Layout

from .conftest import StudyMaker


def hub_sae(release: str, sae_id: str) -> dict[str, Any]:
    return {"release": release, "id": sae_id}


def test_folders_are_named_by_mode_last_part_of_the_model_and_the_saes_id(make_study: StudyMaker) -> None:
    study = make_study(
        "hub",
        {
            "generation.model": "google/gemma-3-27b-it",
            "extraction.saes": {"l40": hub_sae("scope", "layer_40_width_65k"), "own": {"path": "some/sae"}},
        },
    )
    layout = Layout.of(study, Path("out"))
    assert layout.responses == Path("out/responses/general/gemma-3-27b-it")
    assert layout.features("l40") == Path("out/features/general/gemma-3-27b-it_layer_40_width_65k")
    assert layout.features("own") == Path("out/features/general/gemma-3-27b-it_own")
    assert layout.aggregated("l40", "max") == Path(
        "out/aggregated/general/gemma-3-27b-it_layer_40_width_65k/max/per_role.npz"
    )


def test_the_question_mode_is_the_studys(make_study: StudyMaker) -> None:
    study = make_study("own", {"questions.mode": "role_specific", "questions.file": None})
    assert Layout.of(study, Path("out")).responses == Path("out/responses/role_specific/model")


def test_two_saes_with_the_same_id_in_two_releases_do_not_share_a_folder(make_study: StudyMaker) -> None:
    saes = {"residual": hub_sae("scope-res", "layer_40"), "mlp": hub_sae("scope-mlp", "layer_40")}
    layout = Layout.of(make_study("two", {"extraction.saes": saes}), Path("out"))
    assert layout.features("residual") == Path("out/features/general/model_residual")
    assert layout.features("mlp") == Path("out/features/general/model_mlp")
