from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch
from sae_lens import SAE

from persona_assets.extract.extractor import Extraction, Extractor
from persona_assets.extract.outliers import outliers
from persona_assets.lake import schema
from tests.extract.dense import residuals, whole_model
from tests.extract.tiny import SPECIAL, response_table, settings

LENGTHS = [9, 1, 30, 4]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_outliers_are_the_rows_ten_times_as_long_as_their_responses_median(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, size=30)
    rows = torch.from_numpy(
        rng.normal(size=(int(lengths.sum()), 8)) * rng.choice([1, 1, 1, 40], (sum(lengths), 1))
    )
    found = outliers(rows.to(dtype), torch.from_numpy(lengths))
    parts = rows.to(dtype).double().norm(dim=1).split(lengths.tolist())
    assert torch.equal(found, torch.cat([part > 10 * part.median() for part in parts]))
    assert 20 < int(found.sum()) < len(rows) / 2


def test_rows_of_another_scale_in_another_response_are_no_outliers() -> None:
    rows = torch.cat([torch.ones(5, 3), 100 * torch.ones(4, 3)])
    assert not outliers(rows, torch.tensor([5, 4])).any()
    assert outliers(rows, torch.tensor([9])).tolist() == [False] * 5 + [True] * 4


@pytest.fixture
def planted(tokenizer) -> tuple[pa.Table, int]:
    """Responses of which the third has a token of its own at place 6, and that token."""
    rows = response_table(tokenizer, LENGTHS).to_pylist()
    said = {token for row in rows for token in (*row["prompt_token_ids"], *row["response_token_ids"])}
    alone = next(token for token in range(len(SPECIAL), len(tokenizer)) if token not in said)
    rows[2]["response_token_ids"][6] = alone
    return pa.Table.from_pylist(rows, schema=schema.RESPONSES.schema), alone


def extracted(model: str, sae: dict[str, str], masks: bool, planted: tuple[pa.Table, int]) -> Extraction:
    responses, alone = planted
    extractor = Extractor.open(settings(model, {"sae": sae}, mask_norm_outliers=masks))
    with torch.no_grad():
        extractor._backend.backbone.model.embed_tokens.weight[alone] *= 1e4
    return extractor.extract(responses)["sae"]


def test_a_planted_outlier_is_counted_and_left_out_of_pooling_and_fit_where_asked(
    model_directory, make_sae, planted
) -> None:
    model, sae = model_directory("llama"), make_sae(gain=4.0)
    plain, masked = (extracted(model, sae, masks, planted) for masks in (False, True))
    assert plain.pooled["n_outliers"].to_pylist() == masked.pooled["n_outliers"].to_pylist() == [0, 0, 1, 0]
    assert plain.pooled["n_tokens"].to_pylist() == LENGTHS
    assert masked.pooled["n_tokens"].to_pylist() == [9, 1, 29, 4]

    responses, alone = planted
    conversation = Extractor.open(settings(model, {"sae": sae})).read(responses)[2]
    whole = whole_model(model)
    with torch.no_grad():
        whole.model.embed_tokens.weight[alone] *= 1e4
    codes = SAE.load_from_disk(sae["path"]).encode(residuals(whole, 2, conversation)).detach().numpy()
    assert (codes[6] > codes.max(axis=0, where=np.arange(30)[:, None] != 6, initial=0)).any()
    codes[6] = 0
    mine = masked.activations.to_pandas().query(f"response_id == {conversation.response_id}")
    assert mine["feature_id"].tolist() == np.flatnonzero(codes.any(axis=0)).tolist()
    np.testing.assert_allclose(mine["mean"], codes.sum(axis=0)[mine["feature_id"]] / 29, rtol=1e-3)
    assert mine["argmax_token"].tolist() == codes.argmax(axis=0)[mine["feature_id"]].tolist()

    fits = [one.sae_fit.to_pylist()[0] for one in (plain, masked)]
    assert [fit["n_outliers"] for fit in fits] == [1, 1]
    assert [fit["n_tokens"] for fit in fits] == [sum(LENGTHS), sum(LENGTHS) - 1]
    assert fits[0]["fvu"] != pytest.approx(fits[1]["fvu"], rel=0.1)
