"""The mean of what an SAE reads, response by response: that of the whole model, where it is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import torch

from persona_assets.base.errors import StudyError
from persona_assets.cli.run import run_study
from persona_assets.extract.conversation import read_conversations
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.vectors import VariantVectorsCollector, VectorsCollector, halved
from persona_assets.lake.schema import (
    ACTIVATIONS,
    EVIDENCE,
    RESPONSE_VECTORS,
    VARIANT_STRIDE,
    VARIANT_VECTORS,
)
from persona_assets.models.chat import ChatFormat
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.extract.dense import residuals, whole_model
from tests.extract.families import CONTEXT
from tests.extract.tiny import response_table, settings

LENGTHS = [5, 1, 0, 33, 2, 60, 17]


def of_table(table: pa.Table) -> dict[int, np.ndarray]:
    rows = table.to_pydict()
    return {
        one: scale * np.array(vector, dtype=np.float64)
        for one, scale, vector in zip(rows["response_id"], rows["scale"], rows["vector"], strict=True)
    }


def poisoned(extractor: Extractor, token: int) -> None:
    """Make the residual of one token a hundred thousand times as long as it was."""
    with torch.no_grad():
        extractor._backend.backbone.model.embed_tokens.weight[token] *= 1e5


@pytest.mark.parametrize("masks", [False, True])
def test_a_vector_is_the_mean_of_the_whole_models_residual(
    model_directory, make_sae, tokenizer, masks
) -> None:
    responses, model = response_table(tokenizer, LENGTHS), model_directory("llama")
    saes = {"sae": make_sae(), "low": make_sae("low", hook="blocks.0.hook_resid_post")}
    asked = settings(model, saes, vectors="response", mask_norm_outliers=masks)
    extractor, whole = Extractor.open(asked), whole_model(model)
    if masks:
        sink = responses["response_token_ids"].to_pylist()[3][7]
        poisoned(extractor, sink)
        with torch.no_grad():
            whole.model.embed_tokens.weight[sink] *= 1e5
    conversations = read_conversations(responses, ChatFormat(tokenizer), "response_only", CONTEXT)
    n_masked = 0
    for name, layer in (("sae", 2), ("low", 0)):
        extraction = extractor.extract(responses, [name])[name]
        found = of_table(extraction.response_vectors)
        assert extraction.response_vectors.schema == RESPONSE_VECTORS.schema
        assert list(found) == sorted(one.response_id for one in conversations if not one.excluded_reason)
        for one in conversations:
            if one.excluded_reason:
                continue
            rows = residuals(whole, layer, one).double()
            norms = rows.norm(dim=1)
            kept = norms <= 10 * norms.median() if masks else norms >= 0
            n_masked += int((~kept).sum())
            mean = rows[kept].mean(dim=0).numpy()
            np.testing.assert_allclose(found[one.response_id], mean, rtol=1e-3, atol=1e-4 * abs(mean).max())
    assert (n_masked > 0) == masks


def test_vectors_change_no_other_table(model_directory, make_sae, tokenizer) -> None:
    responses, saes = response_table(tokenizer, LENGTHS), {"sae": make_sae()}
    plain, asked = (
        Extractor.open(settings(model_directory("gemma3"), saes, vectors=vectors)).extract(responses)["sae"]
        for vectors in (None, "response")
    )
    assert asked.tables.keys() - plain.tables.keys() == {"response_vectors"}
    by_wording = settings(model_directory("gemma3"), saes, vectors="role_variant")
    variants = Extractor.open(by_wording).extract(responses)["sae"]
    assert variants.tables.keys() - plain.tables.keys() == {"variant_vectors"}
    assert all(table.equals(variants.tables[name]) for name, table in plain.tables.items())
    check_means_of_wordings(variants.variant_vectors, of_table(asked.response_vectors))
    assert all(table.equals(asked.tables[name]) for name, table in plain.tables.items())
    empty = Extractor.open(settings(model_directory("gemma3"), saes, vectors="response"))
    none = empty.extract(response_table(tokenizer, [0]))["sae"].response_vectors
    assert none.num_rows == 0 and none.schema == RESPONSE_VECTORS.schema


def check_means_of_wordings(table: pa.Table, of_responses: dict[int, np.ndarray]) -> None:
    """Check that each wording's vector is the mean of its responses', which are in half precision."""
    assert table.schema == VARIANT_VECTORS.schema
    variants = np.array(list(of_responses)) // VARIANT_STRIDE
    assert table["variant"].to_pylist() == np.unique(variants).tolist()
    for variant, n, vector in zip(
        *(table[name].to_pylist() for name in ("variant", "n", "vector")), strict=True
    ):
        of = [one for one, own in zip(of_responses.values(), variants, strict=True) if own == variant]
        assert n == len(of)
        np.testing.assert_allclose(vector, np.mean(of, axis=0), rtol=1e-3, atol=1e-3)


def test_wordings_are_added_up_over_batches_in_any_order() -> None:
    random = np.random.default_rng(0)
    ids, vectors = (
        random.permutation(40) % 20 + VARIANT_STRIDE * np.repeat([0, 3], 20),
        random.normal(3, 1, (40, 8)),
    )
    found = []
    for order, n_batches in ((np.arange(40), 1), (random.permutation(40), 7)):
        collector = VariantVectorsCollector()
        for part in np.array_split(order, n_batches):
            collector.add(_Batch(ids[part], vectors[part].astype(np.float32)))  # type: ignore[arg-type]
        found.append(collector.table())
    assert found[0].equals(found[1]) and found[0]["n"].to_pylist() == [20, 20]
    np.testing.assert_allclose(found[0]["vector"][1].as_py(), vectors[20:].mean(axis=0), rtol=1e-6)


class _Batch(NamedTuple):
    response_ids: np.ndarray
    vectors: np.ndarray


def test_a_massive_activation_is_scaled_and_costs_the_others_no_digits() -> None:
    plain = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    massive = plain.copy()
    massive[1, 5] = 3e6
    massive[2, 5] = 65504
    scale, halves = halved(massive)
    assert scale.tolist() == [1, 64, 1] and np.isfinite(halves).all()
    back = halves.astype(np.float64) * scale[:, None]
    np.testing.assert_allclose(back, massive, rtol=5e-4, atol=64 * 6e-8)
    np.testing.assert_allclose(halved(plain)[1], plain, rtol=5e-4)


def test_a_backend_that_keeps_no_vectors_is_refused_in_one_line(model_directory, make_sae, tokenizer) -> None:
    extractor = Extractor.open(settings(model_directory("llama"), {"sae": make_sae()}, vectors="response"))
    [batch, *_] = extractor.stream(extractor.read(response_table(tokenizer, [4])), "sae")
    with pytest.raises(StudyError, match=r"extraction\.vectors: this extraction\.backend keeps no vectors"):
        VectorsCollector().add(replace(batch, vectors=None))
    with pytest.raises(StudyError, match=r"extraction\.vectors: this extraction\.backend keeps no vectors"):
        VariantVectorsCollector().add(replace(batch, vectors=None))


def test_vectors_land_beside_what_is_there_and_are_asked_in_sql(make_study: StudyMaker) -> None:
    plain = make_study()
    run_study(plain, None, None, False)
    kept = {file.path for table in (ACTIVATIONS, EVIDENCE) for file in plain.lake.files(table)}
    with connect(plain) as warehouse:
        assert warehouse.execute("from response_vectors").fetchall() == []
    study = make_study(changes={"extraction.vectors": "response"})
    assert RoleFiles(study, "pirate").state(ACTIVATIONS, "demo") == "stale"
    run_study(study, None, None, False)
    assert RoleFiles(study, "pirate").state(ACTIVATIONS, "demo") == "fresh"
    assert {file.path for table in (ACTIVATIONS, EVIDENCE) for file in study.lake.files(table)} == kept
    with connect(study) as warehouse:
        [(n, pooled, shortest, widest)] = warehouse.execute(
            "select count(*), (select count(*) from pooled where excluded_reason is null), "
            "min(len(vector)), max(len(vector)) from response_vectors"
        ).fetchall()
        assert n == pooled > 0 and shortest == widest > 1
