from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from persona_assets.analysis.aggregate import aggregate
from persona_assets.interchange.export import export_study
from persona_assets.interchange.importing import import_study
from persona_assets.interchange.role import Landed, Skipped
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES, ROLE_FEATURES, Table
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study

from .conftest import D_SAE, ROLES, TRICKY


def contents(directory: Path) -> dict[str, bytes]:
    files = (file for file in directory.rglob("*") if file.is_file())
    return {str(file.relative_to(directory)): file.read_bytes() for file in files}


def table_of(study: Study, table: Table, role: str, file: LakeFile | None) -> pa.Table:
    assert file is not None
    return study.lake.read(table, file)


def test_what_is_exported_and_imported_elsewhere_aggregates_to_the_same_mean_and_max(
    source: Study, exported: Path, target: Study
) -> None:
    import_study(target, exported)
    for role in ROLES:
        ours, theirs = (
            table_of(study, ROLE_FEATURES, role, aggregate(study, role, "small"))
            for study in (source, target)
        )
        for column in ("feature_id", "n_responses", "n_active_responses", "firing_rate"):
            assert ours[column].equals(theirs[column])
        for column in ("mean", "max", "sd"):
            np.testing.assert_allclose(theirs[column].to_numpy(), ours[column].to_numpy(), rtol=1e-6)


def test_responses_come_back_the_same_but_for_where_they_come_from(
    source: Study, exported: Path, target: Study
) -> None:
    import_study(target, exported)
    for role in ROLES:
        ours, theirs = (
            table_of(study, RESPONSES, role, RoleFiles(study, role).responses) for study in (source, target)
        )
        told_apart = ["origin", "token_source", "seed", "finish_reason"]
        assert theirs.drop(told_apart).equals(ours.drop(told_apart))
        assert set(theirs["origin"].to_pylist()) == {"imported"}
        assert set(theirs["token_source"].to_pylist()) == {"tokenized"}
        assert theirs["seed"].null_count == theirs["finish_reason"].null_count == len(theirs)


def test_activations_come_back_bit_for_bit_without_what_dense_files_cannot_tell(
    source: Study, exported: Path, target: Study
) -> None:
    import_study(target, exported)
    for role in ROLES:
        ours, theirs = (
            table_of(study, ACTIVATIONS, role, RoleFiles(study, role).activations("small"))
            for study in (source, target)
        )
        for column in ("feature_id", "response_id", "mean", "max"):
            assert theirs[column].equals(ours[column])
        assert theirs["n_active"].null_count == theirs["argmax_token"].null_count == len(theirs)


def test_a_response_without_a_features_row_is_excluded_with_the_reason(exported: Path, target: Study) -> None:
    import_study(target, exported)
    pooled = table_of(target, POOLED, "pirate", RoleFiles(target, "pirate").pooled("small")).to_pylist()
    assert [row["response_id"] for row in pooled] == [*range(40), *range(100_000, 100_040)]
    by_id = {row["response_id"]: row for row in pooled}
    assert by_id[7]["excluded_reason"] == "absent from the imported features"
    assert by_id[7]["n_active_features"] is None
    assert by_id[2]["excluded_reason"] is None
    assert by_id[2]["n_active_features"] == 0  # pooled, though nothing fired
    assert by_id[100_001]["variant"] == 1
    assert by_id[100_001]["question_id"] == 1
    assert {row["n_tokens"] for row in pooled} == {None}


def test_an_import_is_fresh_and_needs_no_evidence(exported: Path, target: Study) -> None:
    report = import_study(target, exported)
    assert report.landed[:2] == [Landed("default", None, 80, 0), Landed("default", "small", 79, 1)]
    for role in ROLES:
        assert RoleFiles(target, role).extracted("small")


def test_a_second_import_skips_everything_and_overwriting_with_the_same_changes_nothing(
    exported: Path, target: Study
) -> None:
    import_study(target, exported)
    before = contents(Path(target.lake.root))
    report = import_study(target, exported)
    assert report.landed == []
    assert report.skipped == [Skipped(role, sae) for role in ROLES for sae in (None, "small")]
    assert len(import_study(target, exported, overwrite=True).landed) == 6
    assert contents(Path(target.lake.root)) == before


def test_exporting_an_imported_study_gives_the_same_files(
    exported: Path, target: Study, tmp_path: Path
) -> None:
    import_study(target, exported)
    export_study(target, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(exported)


def test_text_that_looks_like_the_template_becomes_no_control_token(exported: Path, target: Study) -> None:
    import_study(target, exported)
    responses = table_of(target, RESPONSES, "pirate", RoleFiles(target, "pirate").responses).to_pylist()
    tricky = next(row for row in responses if row["response"] == TRICKY)
    assert min(tricky["response_token_ids"]) > 5  # 0 to 5 are the tokenizer's special tokens
    assert tricky["n_response_tokens"] == len(tricky["response_token_ids"]) > 0
    assert tricky["prompt_token_ids"].count(2) == 1  # one <bos>


def test_progress_counts_the_roles(source: Study, target: Study, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    export_study(source, tmp_path / "files", lambda done, total: heard.append((done, total)))
    import_study(target, tmp_path / "files", progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 3), (2, 3), (3, 3)] * 2


def test_the_width_of_the_dense_files_is_the_saes(exported: Path) -> None:
    with np.load(exported / "features/general/model_small/pirate.npz") as pair:
        assert pair["mean_features"].shape == pair["max_features"].shape == (79, D_SAE)
