"""The assistant axis over played answers: what refusals do to the places of roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from persona_assets.analysis.selection import Selection, select
from persona_assets.analysis.statistics import analyse
from persona_assets.atlas.blocks import read_blocks, read_blocks_beside
from persona_assets.atlas.build import build_atlas
from persona_assets.atlas.crossed import Crossed, crossed
from persona_assets.atlas.played_axis import PlayedPlaces, played_places
from persona_assets.atlas.roles import RoleSpace, noise, role_space
from persona_assets.base.arrays import Flags, Floats
from persona_assets.study.settings import AtlasSettings
from tests.analysis.dense import DenseRole, grid, make_roles, with_holes, write
from tests.analysis.simulated import draw

SHAPE = (10, 5, 30, 60)
N_ROLES, N_FEATURES = SHAPE[0], SHAPE[-1]
ANCHOR = "role_00"


@dataclass(frozen=True)
class Simulated:
    """Places over all answers and over played ones; `true` float64[n_roles, n_selected] is over the noise."""

    selection: Selection
    space: RoleSpace
    every: Crossed
    found: PlayedPlaces
    true: Floats

    def true_places(self) -> Floats:
        """Where the roles truly lie, in the axis' unit."""
        weights = np.full(N_ROLES, -1 / (N_ROLES - 1))
        weights[0] = 1
        axis, assistant = weights @ self.true, self.space.assistant
        assert assistant is not None
        of_all = assistant.weights @ self.every.products @ assistant.weights
        of_noise = (1 - of_all) / assistant.weights[0] ** 2
        return (self.true - self.true.mean(axis=0)) @ axis / np.sqrt(axis @ axis + of_noise)


def simulated(folder: Path, seed: int, refusing: Sequence[int], strength: float = 0.4) -> Simulated:
    """Roles, of which some refuse most answers to half of the questions: with nothing of the role."""
    random = np.random.default_rng(seed)
    values = draw(random, 0.05, 0.05, SHAPE)
    true = strength * random.normal(size=(N_ROLES, N_FEATURES))
    true[0] = 0
    refuses = np.zeros(SHAPE[:3], bool)
    refuses[list(refusing)] = random.random((1, 1, SHAPE[2])) < 0.5
    refuses &= random.random(refuses.shape) < 0.9
    values += np.where(refuses[..., None], 0, true[:, None, None])
    values[..., :10] += refuses[..., None]
    return measured(folder, values, ~refuses, true)


def measured(folder: Path, values: Floats, plays: Flags, true: Floats) -> Simulated:
    """What the package says of them."""
    ids = grid(tuple(range(SHAPE[1])), tuple(range(SHAPE[2])))
    flat = np.maximum(values + 6, 0).astype(np.float32).reshape(N_ROLES, -1, N_FEATURES)
    tokens = np.full(len(ids), 50)
    folder.mkdir(exist_ok=True)
    sources = write(
        folder, [DenseRole(f"role_{at:02}", ids, own, own, tokens) for at, own in enumerate(flat)]
    )
    selection = select(analyse(sources, N_FEATURES, aligned=True, split_seed=0), AtlasSettings())
    scale = noise(selection)
    assert scale is not None
    every = crossed(read_blocks(sources, selection.selected, N_FEATURES), scale)
    assert every is not None
    chosen = [ids[one] for one in plays.reshape(N_ROLES, -1)]
    parts = [replace(source, only=own) for source, own in zip(sources, chosen, strict=True) if len(own)]
    played = read_blocks_beside(parts, parts[0], selection.selected, N_FEATURES)
    space = role_space(selection, ANCHOR, every)
    found = played_places(selection, space, ANCHOR, every, played)
    assert found is not None
    return Simulated(selection, space, every, found, true[:, selection.selected] / scale)


def test_where_every_answer_plays_its_role_each_place_is_the_one_over_all_answers(tmp_path: Path) -> None:
    one = simulated(tmp_path, 1, refusing=[])
    assert one.found.cosine == pytest.approx(1)
    for name in ("position", "half", "in_sample", "rank", "rank_low"):
        mine, theirs = (getattr(places, name)[0] for places in (one.found.places, one.space.places))
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_refusals_draw_a_role_to_the_anchor_and_its_played_answers_put_it_back(tmp_path: Path) -> None:
    """Six draws: role 3 refuses 45% of its answers, then all roles but the anchor."""
    for refusing in ([3], [*range(1, N_ROLES)]):
        draws = [simulated(tmp_path / f"{len(refusing)} {seed}", seed, refusing) for seed in range(6)]
        true = np.array([one.true_places() for one in draws])
        every = np.array([one.space.places.position[0] for one in draws])
        played = np.array([one.found.places.position[0] for one in draws])
        half = np.array([one.found.places.half[0] for one in draws])
        assert (np.abs(played - true) <= half).mean() >= 0.92
        if refusing == [3]:
            assert (every - played)[:, 3].mean() > 1, "outwards, away from the anchor"
            assert abs((played - true)[:, 3].mean()) < (every - true)[:, 3].mean() / 2
        else:
            assert max(one.found.cosine for one in draws) < 0.9
            assert abs((played - true)[:, 0].mean()) < abs((every - true)[:, 0].mean())


def test_a_role_that_plays_under_too_few_wordings_has_no_place_and_the_others_have_theirs(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(2)
    true = 0.4 * random.normal(size=(N_ROLES, N_FEATURES))
    values, plays = draw(random, shape=SHAPE) + true[:, None, None], np.ones(SHAPE[:3], bool)
    plays[4, 2:], plays[5] = False, False
    found = measured(tmp_path, values, plays, true).found
    assert found.rows.tolist() == [0, 1, 2, 3, 6, 7, 8, 9]
    assert np.isfinite(found.places.half).all() and found.places.rank.max() == 8


def test_blocks_beside_a_role_are_less_what_it_does_on_the_same_responses(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    roles = with_holes(random, make_roles(random))
    selected = np.array([7, 2, 11, 4])
    sources = write(tmp_path, roles)
    found = read_blocks_beside(sources, sources[0], selected, 12)
    first = dict(zip(roles[0].ids.tolist(), roles[0].values[:, selected], strict=True))
    wordings, questions = (np.unique(getattr(roles[0], of)) for of in ("variant", "question"))
    for row, role in enumerate(roles):
        less = role.values[:, selected] - np.array([first[one] for one in role.ids.tolist()])
        np.testing.assert_allclose(found.means[row], less.mean(axis=0), atol=1e-5)
        at = np.searchsorted(wordings, role.variant), np.searchsorted(questions, role.question)
        np.testing.assert_allclose(found.blocks.means[row][at], less, atol=1e-5)
    assert not found.blocks.means[0].any()


def test_the_table_has_played_places_of_the_assistant_axis_alone(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    values = draw(random, shape=SHAPE) + 0.4 * random.normal(size=(N_ROLES, 1, 1, N_FEATURES))
    ids = grid(tuple(range(SHAPE[1])), tuple(range(SHAPE[2])))
    flat = np.maximum(values + 6, 0).astype(np.float32).reshape(N_ROLES, -1, N_FEATURES)
    tokens = np.full(len(ids), 50)
    sources = write(
        tmp_path, [DenseRole(f"role_{at:02}", ids, own, own, tokens) for at, own in enumerate(flat)]
    )
    selection = select(analyse(sources, N_FEATURES, aligned=True, split_seed=0), AtlasSettings())
    blocks = read_blocks(sources, selection.selected, N_FEATURES)
    some = [replace(source, only=ids[at % 2 :]) for at, source in enumerate(sources[:-1])]
    played = read_blocks_beside(some, some[0], selection.selected, N_FEATURES)
    plain = build_atlas(selection, AtlasSettings(), ANCHOR, blocks).role_axes
    table = build_atlas(selection, AtlasSettings(), ANCHOR, blocks, played).role_axes
    new = [name for name in table.column_names if name.startswith("played_")]
    assert table.drop_columns(new).equals(plain.drop_columns(new)), "what all answers say stays to the bit"
    assert all(plain[name].null_count == len(plain) for name in new)
    frame = table.to_pandas().set_index("axis")
    assistant = frame.loc["assistant"].set_index("role")
    assert assistant["played_position"].isna().tolist() == [False] * (N_ROLES - 1) + [True]
    assert (assistant["played_position_low"] < assistant["played_position_high"])[:-1].all()
    assert frame.loc["pc1", "played_position"].isna().all()
    assert assistant["played_axis_cosine"].between(0.9, 1).all()
