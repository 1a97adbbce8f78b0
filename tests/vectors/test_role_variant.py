"""Vectors kept by role and wording: what is made of them, and what takes those of single responses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from persona_assets.analysis.design import Design
from persona_assets.base.errors import StudyError
from persona_assets.cli.capping import write_caps
from persona_assets.cli.estimate import _print_vectors
from persona_assets.extract.stage import ExtractionStage
from persona_assets.health.estimate import what_is_asked
from persona_assets.lake.schema import (
    ACTIVATIONS,
    RESPONSE_VECTORS,
    ROLE_VECTORS,
    VARIANT_VECTORS,
    VECTOR_AXES,
    VECTOR_POSITIONS,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study
from persona_assets.vectors.reading import variant_means
from persona_assets.vectors.stage import compare_vectors
from tests.conftest import StudyMaker
from tests.steering.conftest import lake_with_vectors, with_vectors  # noqa: F401

BY_WORDING = {"extraction.vectors": "role_variant"}


def landed(study: Study) -> AcrossRoles:
    """Keep vectors by wording of a lake that has those of single responses, and compare roles by them."""
    assert RoleFiles(study, "pirate").state(ACTIVATIONS, "demo") == "stale"
    extraction = ExtractionStage(study)
    for role in study.role_names:
        extraction.land(role)
    extraction.close()
    assert RoleFiles(study, "pirate").state(ACTIVATIONS, "demo") == "fresh"
    compare_vectors(AcrossRoles.of(study), "demo")
    return AcrossRoles.of(study)


def test_roles_have_the_vectors_that_single_responses_make_and_no_intervals(
    with_vectors: Study,  # noqa: F811
    make_study: StudyMaker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    single, lake = AcrossRoles.of(with_vectors), with_vectors.lake
    kept = {table.name: len(lake.files(table)) for table in (ACTIVATIONS, RESPONSE_VECTORS)}
    study = make_study(changes=BY_WORDING)
    across = landed(study)
    assert {table.name: len(lake.files(table)) for table in (ACTIVATIONS, RESPONSE_VECTORS)} == kept

    def both(table: object) -> list[pa.Table]:
        return [lake.read(table, one.file(table, "demo")) for one in (single, across)]  # type: ignore[arg-type]

    before, after = both(ROLE_VECTORS)
    assert before.drop_columns(["vector"]).equals(after.drop_columns(["vector"])) and len(after) == 3 * 3
    vectors = [np.stack(one["vector"].to_numpy()) for one in (before, after)]
    np.testing.assert_allclose(*vectors, rtol=1e-3, atol=1e-3 * np.abs(vectors[0]).max())
    axes = [np.array(one["direction"][0].as_py()) for one in both(VECTOR_AXES)]
    assert axes[0] @ axes[1] > 0.9999
    _, positions = both(VECTOR_POSITIONS)
    assert positions["position"].null_count == 0 and pc.all(pc.equal(
        positions["position"], positions["in_sample"])).as_py()  # fmt: skip
    assert positions["position_low"].null_count == len(positions)
    assert across.vectors_of_all("demo") == {} != single.vectors_of_all("demo")
    with pytest.raises(StudyError, match=r"single answers; set extraction\.vectors: response"):
        write_caps(study, [], None, 0.25, tmp_path / "cap.safetensors", [], False, 1, "table")
    capsys.readouterr()
    for one, told in (
        (with_vectors, "response_vectors (demo): 18 vectors of 192 numbers in 2 bytes, 6.9 kB in all"),
        (study, "variant_vectors (demo): 6 vectors of 192 numbers in 4 bytes, 4.6 kB in all"),
    ):
        _print_vectors(one, what_is_asked(one))
        assert capsys.readouterr().out.strip() == told


def test_vectors_of_other_responses_than_those_that_were_pooled_are_refused(
    with_vectors: Study,  # noqa: F811
    make_study: StudyMaker,
) -> None:
    study = make_study(changes=BY_WORDING)
    lake, vector = study.lake, [0.0] * 192
    files = {role: RoleFiles(study, role).fingerprint(VARIANT_VECTORS, "demo") for role in study.role_names}
    for role, made_from in files.items():
        of = {"variant": [0, 1], "n": [3, 2 if role == "pirate" else 3], "vector": [vector, vector]}
        lake.write(VARIANT_VECTORS, VARIANT_VECTORS.of(of), str(made_from), sae="demo", role=role)
    with pytest.raises(StudyError, match="role=pirate.*its responses are not those that were pooled"):
        compare_vectors(AcrossRoles.of(study), "demo")


def test_a_role_is_the_mean_of_its_responses_however_many_each_wording_has(study: Study) -> None:
    of = {"variant": [0, 1], "n": [3, 1], "vector": [[1.0, 0.0], [5.0, 4.0]]}
    file = study.lake.write(VARIANT_VECTORS, VARIANT_VECTORS.of(of), "0" * 16, sae="demo", role="pirate")
    ids, present = np.array([0, 1, 2, 100_000]), np.ones((1, 4), bool)
    whole, rows = variant_means(study.lake, Design(["pirate"], ids, present, 1.0 * present), {"pirate": file})
    assert whole.tolist() == [[2.0, 1.0]]
    assert [(row["variant"], row["n"], row["vector"].tolist()) for row in rows] == [
        (None, 4, [2, 1]), (0, 3, [1, 0]), (1, 1, [5, 4]),
    ]  # fmt: skip
