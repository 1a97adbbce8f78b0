"""Roles' vectors as blocks: against brute force, with responses that lack."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from persona_assets.analysis.design import Design
from persona_assets.lake.schema import VARIANT_STRIDE
from persona_assets.vectors.reading import centred_blocks, means, written

VARIANTS, QUESTIONS, WIDTH = (0, 2, 3), tuple(range(5, 17)), 6


def made(seed: int = 0) -> tuple[Design, list[np.ndarray]]:
    """Return three roles that lack some of the responses, and their vectors."""
    random = np.random.default_rng(seed)
    ids = np.array(
        [variant * VARIANT_STRIDE + question for variant, question in product(VARIANTS, QUESTIONS)]
    )
    present = random.random((3, len(ids))) < 0.8
    values = 50 + random.normal(size=(3, len(ids), WIDTH)) + 5 * random.normal(size=(1, len(ids), WIDTH))
    design = Design(["a", "b", "c"], ids, present, np.where(present, 10.0, np.nan))
    return design, [of_role[there] for of_role, there in zip(values, present, strict=True)]


def test_blocks_are_means_less_what_all_roles_do_on_the_same_responses() -> None:
    design, vectors = made()
    whole = np.full((*design.present.shape, WIDTH), np.nan)
    for row, values in enumerate(vectors):
        whole[row, design.present[row]] = values
    apart = whole - np.nanmean(whole, axis=0)
    found = centred_blocks(design, vectors)
    assert found.means.shape == (3, len(VARIANTS), 10, WIDTH)
    for row, wording, group in product(range(3), range(len(VARIANTS)), range(10)):
        within = design.present[row] & (design.variant_of == wording) & (design.question_of % 10 == group)
        assert found.present[row, wording, group] == within.any()
        expected = apart[row, within].mean(axis=0) if within.any() else np.zeros(WIDTH)
        np.testing.assert_allclose(found.means[row, wording, group], expected, atol=1e-5)


def test_blocks_of_codes_are_those_of_what_they_write() -> None:
    design, _ = made()
    random = np.random.default_rng(1)
    dense = [random.random((int(there.sum()), 30)) * (random.random(30) < 0.3) for there in design.present]
    directions = random.normal(size=(30, WIDTH)).astype(np.float32)
    codes = [sparse.csr_matrix(one.astype(np.float32)) for one in dense]
    found = centred_blocks(design, codes, written(directions))
    np.testing.assert_allclose(
        found.means, centred_blocks(design, [one @ directions for one in dense]).means, atol=1e-5
    )


def test_a_role_s_vector_is_the_mean_of_its_responses_whole_and_by_wording() -> None:
    design, vectors = made()
    whole, rows = means(design, vectors)
    np.testing.assert_allclose(whole, [one.mean(axis=0) for one in vectors])
    assert [(row["role"], row["variant"]) for row in rows] == list(product("abc", (None, *VARIANTS)))
    for row in rows:
        at = design.roles.index(row["role"])
        variants = design.response_ids[design.present[at]] // VARIANT_STRIDE
        within = np.full(len(variants), True) if row["variant"] is None else variants == row["variant"]
        assert row["n"] == within.sum()
        assert row["vector"] == pytest.approx(vectors[at][within].mean(axis=0), rel=1e-6)
