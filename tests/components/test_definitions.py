from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.study.study import Study, load_study
from tests.conftest import StudyMaker
from tests.places import write_project

HEAVY = ("torch", "transformers", "sae_lens", "vllm", "umap", "sklearn", "matplotlib", "numba")


def asset_names(definitions: dg.Definitions) -> set[str]:
    return {key.path[-1] for key in definitions.resolve_asset_graph().materializable_asset_keys}


def test_loading_the_code_location_imports_no_heavy_module_and_tells_nothing_of_dagsters_own() -> None:
    code = (
        "import sys; from persona_assets.definitions import defs; defs();"
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == "[]"
    assert "BetaWarning" not in loaded.stderr
    assert "PreviewWarning" not in loaded.stderr


def test_every_study_of_the_repository_is_in_the_code_location() -> None:
    from persona_assets.definitions import defs

    keys = {key.to_user_string() for key in defs().resolve_asset_graph().materializable_asset_keys}
    assert {"gemma_3_27b/catalog", "smollm2/responses", "smollm2/warehouse"} <= keys


def test_a_study_has_the_assets_of_the_pipeline_in_order(study: Study) -> None:
    graph = study_definitions(study).resolve_asset_graph()
    order = [key.path[-1] for key in graph.toposorted_asset_keys if key in graph.materializable_asset_keys]
    of_roles = ["responses", "activations", "role_features"]
    beside = {"feature_labels", "directions", "drift"}
    assert [name for name in order if name not in beside] == [
        "catalog", *of_roles, "statistics", "atlas", "warehouse",
    ]  # fmt: skip
    assert beside < set(order[: order.index("warehouse")])


def test_a_study_whose_roles_are_not_there_yet_offers_its_catalog_and_says_what_to_do(
    make_study: StudyMaker,
) -> None:
    definitions = study_definitions(make_study(changes={"roles": {"directory": "data/nowhere"}}))
    assert asset_names(definitions) == {"catalog"}
    catalog = definitions.resolve_asset_graph().get(dg.AssetKey(["small", "catalog"]))
    assert "persona roles import" in (catalog.description or "")


def test_a_study_that_borrows_responses_has_no_responses_asset_of_its_own(make_study: StudyMaker) -> None:
    definitions = study_definitions(make_study(changes={"generation": None, "responses_from": "smollm2"}))
    assert "responses" not in asset_names(definitions)
    graph = definitions.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["small", "activations"])).parent_keys
    assert dg.AssetKey(["smollm2", "responses"]) in parents


def test_partitions_are_the_roles_and_a_range_of_them_is_one_run(study: Study) -> None:
    graph = study_definitions(study).resolve_asset_graph()
    for name in ("responses", "activations", "role_features"):
        node = graph.get(dg.AssetKey([study.name, name]))
        assert node.partitions_def is not None
        assert node.partitions_def.get_partition_keys() == ["default", "ghost", "pirate"]
        assert node.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize(
    ("asset", "follows", "pools"),
    [
        ("responses", False, {"gpu"}),
        ("activations", False, {"gpu"}),
        ("role_features", True, set()),
        ("warehouse", True, set()),
    ],
)
def test_gpu_work_waits_for_a_slot_and_never_starts_by_itself(
    study: Study, asset: str, follows: bool, pools: set[str]
) -> None:
    node = study_definitions(study).resolve_asset_graph().get(dg.AssetKey([study.name, asset]))
    assert (node.automation_condition is not None) == follows
    assert set(node.pools or ()) == pools


def test_the_real_study_keeps_the_settings_of_the_field() -> None:
    settings = load_study("gemma_3_27b").settings
    assert settings.generation is not None
    assert settings.generation.model == settings.extraction.model == "google/gemma-3-27b-it"
    assert settings.extraction.saes["l40_65k"].release == "gemma-scope-2-27b-it-res"


@pytest.mark.parametrize(
    ("roles_per_run", "policy"),
    [
        ("", dg.BackfillPolicy.single_run()),
        ("4", dg.BackfillPolicy.multi_run(4)),
    ],
)
def test_a_backfill_is_one_run_unless_the_environment_shares_it_out(
    study: Study, monkeypatch: pytest.MonkeyPatch, roles_per_run: str, policy: dg.BackfillPolicy
) -> None:
    monkeypatch.setenv("PERSONA_ROLES_PER_RUN", roles_per_run)
    definitions = study_definitions(study)
    for asset in ("responses", "activations", "role_features"):
        assert definitions.resolve_assets_def(dg.AssetKey(["small", asset])).backfill_policy == policy


@pytest.mark.parametrize("roles_per_run", ["0", "-1", "four"])
def test_a_number_of_roles_that_is_none_is_refused(
    study: Study, monkeypatch: pytest.MonkeyPatch, roles_per_run: str
) -> None:
    monkeypatch.setenv("PERSONA_ROLES_PER_RUN", roles_per_run)
    with pytest.raises(StudyError, match=f"PERSONA_ROLES_PER_RUN={roles_per_run}: give a number of roles"):
        study_definitions(study)


def test_the_studies_of_a_project_that_is_only_named_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = (
        write_project(tmp_path, 'root_module = "nowhere_installed"').parents[1] / "nowhere_installed" / "defs"
    )
    studies.mkdir(parents=True)
    for package in (studies.parent, studies):
        (package / "__init__.py").touch()
    monkeypatch.setenv("PERSONA_PROJECT", str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    from persona_assets.definitions import defs

    assert not list(defs().resolve_asset_graph().materializable_asset_keys)
