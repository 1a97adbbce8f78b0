from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.interchange.export import Exported, export_study
from persona_assets.interchange.sparse import SparseRows
from persona_assets.lake.schema import ACTIVATIONS, POOLED
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study

from .conftest import D_SAE, ROLES, StudyMaker, land_features, land_responses

FEATURES = "features/general/model_small"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().decode().split("\n")[:-1]]


def test_responses_are_written_variant_major_with_the_conversation(exported: Path) -> None:
    rows = lines(exported / "responses/general/model/default.jsonl")
    assert [row["question_id"] for row in rows] == [*range(40), *range(40)]
    assert set(rows[0]) == {"system_prompt", "question_id", "question", "response", "conversation"}
    assert {row["system_prompt"] for row in rows[:40]} == {""}  # default's first instruction is empty
    user = {"role": "user", "content": rows[0]["question"]}
    assistant = {"role": "assistant", "content": "As default I say 0."}
    assert rows[0]["conversation"] == [user, assistant]
    system = {"role": "system", "content": rows[40]["system_prompt"]}
    assert rows[40]["system_prompt"]
    assert rows[40]["conversation"][0] == system


def test_feature_rows_are_described_line_by_line_and_excluded_responses_are_left_out(exported: Path) -> None:
    rows = lines(exported / FEATURES / "pirate.jsonl")
    assert [row["question_id"] for row in rows] == [*range(7), *range(8, 40), *range(40)]
    assert rows[0]["role_name"] == "pirate"
    assert rows[0]["response_text"] == "As pirate I say 0."
    assert rows[0]["metadata"]["sae_id"] == "small"
    assert rows[0]["metadata"]["sae_release"] is None
    assert rows[0]["metadata"]["token_selection"] == "response_only"
    assert set(rows[0]) == {
        "role_name",
        "system_prompt",
        "question_id",
        "question",
        "response_text",
        "metadata",
    }


def test_dense_rows_hold_each_responses_values_and_zeros(source: Study, exported: Path) -> None:
    files = RoleFiles(source, "ghost")
    activations, pooled = files.activations("small"), files.pooled("small")
    assert activations is not None
    assert pooled is not None
    stored = source.lake.read(ACTIVATIONS, activations)
    included = [
        row["response_id"]
        for row in source.lake.read(POOLED, pooled).to_pylist()
        if row["excluded_reason"] is None
    ]
    with np.load(exported / FEATURES / "ghost.npz") as pair:
        assert pair["mean_features"].dtype == pair["max_features"].dtype == np.float32
        for row in stored.to_pylist():
            place = included.index(row["response_id"])
            assert pair["mean_features"][place, row["feature_id"]] == np.float32(row["mean"])
            assert pair["max_features"][place, row["feature_id"]] == np.float32(row["max"])
        assert np.count_nonzero(pair["max_features"]) == len(stored)


@pytest.mark.parametrize("strategy", ["mean", "max"])
def test_aggregated_files_hold_one_vector_a_role(exported: Path, strategy: str) -> None:
    with np.load(exported / f"aggregated/general/model_small/{strategy}/per_role.npz") as aggregated:
        assert aggregated["role_names"].tolist() == ROLES
        assert aggregated["features"].dtype == np.float32
        assert aggregated["features"].shape == (3, D_SAE)
        for role, vector in zip(ROLES, aggregated["features"], strict=True):
            with np.load(exported / FEATURES / f"{role}.npz") as pair:
                dense = pair[f"{strategy}_features"].astype(np.float64)
            expected = dense.mean(axis=0) if strategy == "mean" else dense.max(axis=0)
            np.testing.assert_allclose(vector, expected, rtol=1e-6)


def test_only_fresh_roles_are_written(
    make_study: StudyMaker, settings: dict[str, Any], tmp_path: Path
) -> None:
    study = make_study("partial", settings)
    land_responses(study, "ghost")
    land_responses(study, "pirate")
    land_features(study, "pirate", "small", 0)
    written = export_study(study, tmp_path / "files")
    assert written == Exported(["ghost", "pirate"], {"small": ["pirate"]})
    assert not (tmp_path / "files" / FEATURES / "ghost.npz").exists()
    with np.load(tmp_path / "files/aggregated/general/model_small/max/per_role.npz") as aggregated:
        assert aggregated["role_names"].tolist() == ["pirate"]


def test_a_role_of_which_nothing_was_pooled_has_no_mean_and_is_left_out(
    source: Study, tmp_path: Path
) -> None:
    files = RoleFiles(source, "ghost")
    made_from = files.activations_fingerprint("small")
    assert made_from is not None
    nothing = SparseRows.from_blocks([], [], D_SAE)
    source.lake.write(POOLED, nothing.pooled([0, 1]), made_from, sae="small", role="ghost")
    source.lake.write(ACTIVATIONS, nothing.activations(), made_from, sae="small", role="ghost")
    export_study(source, tmp_path / "files")
    with np.load(tmp_path / "files" / FEATURES / "ghost.npz") as pair:
        assert pair["mean_features"].shape == (0, D_SAE)
    with np.load(tmp_path / "files/aggregated/general/model_small/mean/per_role.npz") as aggregated:
        assert aggregated["role_names"].tolist() == ["default", "pirate"]


def test_without_fresh_roles_there_is_nothing_to_export(
    make_study: StudyMaker, settings: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match="no role has fresh responses"):
        export_study(make_study("empty", settings), tmp_path / "files")
    assert not (tmp_path / "files").exists()


def test_activations_beyond_the_saes_width_are_refused(source: Study, parts: Path, tmp_path: Path) -> None:
    files = RoleFiles(source, "ghost")
    made_from = files.activations_fingerprint("small")
    assert made_from is not None
    wide = SparseRows.from_blocks([0], [(0, *np.ones((2, 1, D_SAE + 1), np.float32))], D_SAE + 1)
    source.lake.write(ACTIVATIONS, wide.activations(), made_from, sae="small", role="ghost")
    with pytest.raises(StudyError, match=f"feature {D_SAE} is stored, but the study's SAE has {D_SAE}"):
        export_study(source, tmp_path / "files")


def test_a_place_that_cannot_be_written_is_one_clear_line(source: Study) -> None:
    with pytest.raises(StudyError, match=r"cannot write /proc/files/.*write elsewhere"):
        export_study(source, "/proc/files")


def test_nothing_is_left_beside_the_files(exported: Path) -> None:
    names = [file.name for file in exported.rglob("*") if file.is_file()]
    assert len(names) == 3 + 6 + 2
    assert not [name for name in names if name.startswith(".")]
