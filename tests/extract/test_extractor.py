from __future__ import annotations

import numpy as np
import pytest
from dense import codes, whole_model
from sae_lens import SAE
from tiny import CONTEXT, response_table, settings

from persona_assets.extract.conversation import read_conversations
from persona_assets.extract.extractor import Extractor

LENGTHS = [1, 2, 3, 17, 40, 5, 33, 60, 1, 21]


def assert_equals_dense(extraction, dense, conversations) -> None:
    """Pooled rows equal the mean and max of the dense codes: the same entries, values within rounding."""
    rows = {(row["response_id"], row["feature_id"]): row for row in extraction.activations.to_pylist()}
    expected = {
        (one.response_id, int(feature)): one_codes[:, feature]
        for one, one_codes in zip(conversations, dense, strict=True)
        for feature in np.flatnonzero((one_codes > 0).any(axis=0))
    }
    assert rows.keys() == expected.keys()
    assert len(rows) > 50
    keys = list(expected)
    columns = {
        name: [rows[key][name] for key in keys] for name in ("mean", "max", "n_active", "argmax_token")
    }
    tolerance = {"rtol": 1e-4, "atol": 2e-5}
    np.testing.assert_allclose(columns["mean"], [expected[key].mean() for key in keys], **tolerance)
    np.testing.assert_allclose(columns["max"], [expected[key].max() for key in keys], **tolerance)
    assert columns["n_active"] == [int((expected[key] > 0).sum()) for key in keys]
    assert columns["argmax_token"] == [int(expected[key].argmax()) for key in keys]


@pytest.mark.parametrize("selection", ["response_only", "response_to_end", "all"])
@pytest.mark.parametrize("architecture", ["jumprelu", "standard", "topk", "gated"])
def test_pooled_values_equal_the_dense_computation(
    architecture, selection, model_directory, make_sae, tokenizer
) -> None:
    options = {"k": 7} if architecture == "topk" else {}
    sae = make_sae(architecture=architecture, **options)
    model = model_directory("gemma3")
    responses = response_table(tokenizer, LENGTHS)
    extractor = Extractor.open(settings(model, {"sae": sae}, token_selection=selection))
    extraction = extractor.extract(responses)["sae"]
    conversations = read_conversations(responses, tokenizer, selection, CONTEXT)
    dense = codes(whole_model(model), SAE.load_from_disk(sae["path"]), 2, conversations)
    assert_equals_dense(extraction, dense, conversations)
