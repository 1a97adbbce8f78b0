"""Which excerpts are shown and which held out, of excerpts that are made here."""

from __future__ import annotations

import numpy as np
import pytest

from persona_assets.explaining.firing import Example, Firing, halves_of
from persona_assets.lake.kept import N_DRAWN

TOP = 3


def excerpt(number: int, role: str = "pirate") -> Example:
    return Example(role, number, ("a", " sea"), (0.0, 100.0 - number))


def firing(n: int, random: np.random.Generator, role: str = "pirate") -> Firing:
    """Return what extraction keeps of `n` responses, of which the first is the strongest."""
    lots = random.permutation(n)[:N_DRAWN].tolist()
    kept = [excerpt(number, role) for number in range(min(n, TOP))]
    return Firing(kept, [excerpt(number, role) for number in lots if number >= TOP])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 30])
def test_any_response_in_which_a_feature_fires_is_as_likely_to_be_drawn(n: int) -> None:
    random, n_draws = np.random.default_rng(n), 4000
    counts, size = np.zeros(n), min(n, N_DRAWN)
    for _ in range(n_draws):
        lots = firing(n, random).by_lot(random)
        assert len({one.response_id for one in lots}) == len(lots) == size
        for one in lots:
            counts[one.response_id] += 1
    share = size / n
    assert np.all(abs(counts / n_draws - share) <= 4 * (share * (1 - share) / n_draws) ** 0.5)


def test_of_a_role_from_which_nothing_was_drawn_the_strongest_have_to_do() -> None:
    kept = [excerpt(number) for number in range(TOP)]
    assert Firing(kept, None).by_lot(np.random.default_rng(0)) == kept


def test_half_of_the_questions_is_held_out_and_the_other_half_shows_the_strongest_and_others() -> None:
    random = np.random.default_rng(0)
    roles = ["ghost", "judge", "pirate", "poet", "vampire", "wizard"]
    strong = [Firing([excerpt(one, role) for one in range(TOP)], []) for role in roles]
    for _ in range(20):
        whole = [firing(40, random, role) for role in roles]
        shown, held_out = halves_of(whole, random)
        assert len(shown) == 8 and held_out
        assert not {one.question_id for one in shown} & {one.question_id for one in held_out}
        assert shown == sorted(shown, key=lambda one: -max(one.values))
        of_half = {one.question_id for one in shown}
        strongest = [one for role in whole for one in role.strongest if one.question_id in of_half]
        best = sorted((max(one.values) for one in strongest), reverse=True)[:4]
        assert [max(one.values) for one in shown[: len(best)]] == best
    shown, held_out = halves_of(strong, random)
    assert len(shown) == 8 and {one.question_id for one in shown + held_out} == set(range(TOP))
    assert halves_of([], random) == ([], [])
