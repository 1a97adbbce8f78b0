from __future__ import annotations

from pathlib import Path

import numpy as np

from persona_assets.atlas.blocks import Blocks, read_blocks
from tests.analysis.dense import DenseRole, make_roles, with_holes, write

SELECTED = np.array([7, 2, 11, 4])


def plainly(roles: list[DenseRole]) -> np.ndarray:
    """float[n_roles, 3, 5, 4], NaN without a response: every wording, and every question its own group."""
    variants, questions = (np.unique([one for role in roles for one in getattr(role, of)]) for of in
                           ("variant", "question"))  # fmt: skip
    values = np.full((len(roles), len(variants), len(questions), len(SELECTED)), np.nan)
    for row, role in enumerate(roles):
        cells = np.searchsorted(variants, role.variant), np.searchsorted(questions, role.question)
        values[row][cells] = role.values[:, SELECTED]
    return values - np.nanmean(values, axis=0)


def test_blocks_are_what_is_left_of_the_selected_features_on_the_same_responses(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    roles = with_holes(random, make_roles(random))
    found, expected = read_blocks(write(tmp_path, roles), SELECTED, 12), plainly(roles)
    np.testing.assert_array_equal(found.present, ~np.isnan(expected[..., 0]))
    np.testing.assert_allclose(found.means, np.nan_to_num(expected), atol=1e-6)


def test_questions_are_dealt_to_ten_groups_at_most(tmp_path: Path) -> None:
    roles = make_roles(np.random.default_rng(1), 3, (0, 1), tuple(range(12)))
    means, every = read_blocks(write(tmp_path, roles), SELECTED, 12).means, plainly(roles)
    assert means.shape == (3, 2, 10, 4)
    np.testing.assert_allclose(means[:, :, 1], every[:, :, [1, 11]].mean(axis=2), atol=1e-6)
    np.testing.assert_allclose(means[:, :, 5], every[:, :, 5], atol=1e-6)


def test_halves_are_of_wordings_and_of_questions_only_where_there_is_one_wording() -> None:
    means = np.random.default_rng(2).normal(size=(4, 3, 6, 5)).astype(np.float32)
    blocks = Blocks(means, np.ones(means.shape[:3], bool))
    halves, alone = blocks.halves(), Blocks(means[:, :1], blocks.present[:, :1]).halves()
    assert halves is not None and alone is not None
    np.testing.assert_allclose(halves[0], means[:, [0, 2]].mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(alone[1], means[:, :1, 1::2].mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    assert Blocks(means[:, :1, :1], blocks.present[:, :1, :1]).halves() is None
