"""Effects of a cap on conversations and answers, each with its interval, beside those of random floors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from persona_assets.base.arrays import Floats
from persona_assets.steering.effects import mean_of, mean_of_positive, rank_p

# A change has two directions, and its p is of its size. Of a growth, and of a divergence, which is never
# below 0, p is of what is as much or more. A share has no p: it is no finding, but how much is held.
Kind = Literal["change", "divergence", "growth", "share"]


@dataclass(frozen=True)
class Effect:
    """What the cap does on the average of `n` conversations or answers, with its interval over these.

    Of the random floors 95 % do from `control_low` to `control_high`; `p` is the cap's rank among them.
    `left_out` are turns or answers of which not every reading tells: they count in none.
    """

    what: str
    effect: float
    low: float
    high: float
    n: int
    control_low: float
    control_high: float
    p: float
    left_out: int = 0

    @classmethod
    def of(
        cls,
        what: str,
        values: Sequence[float],
        controls: Sequence[Sequence[float]],
        kind: Kind = "change",
        left_out: int = 0,
    ) -> Effect:
        """Return the effect of `values`, one of each conversation or answer, beside those of each control.

        Where one is NaN, the conversation or answer counts in none of them.
        """
        rows = np.array([values, *controls], np.float64)  # [1 + n_controls, n]
        told = np.isfinite(rows).all(axis=0)
        rows = rows[:, told]
        effect, low, high = (mean_of_positive if kind == "divergence" else mean_of)(rows[0])
        if kind == "share":
            low, high = max(low, 0.0), min(high, 1.0)
        means = rows[1:].mean(axis=1) if told.any() else np.array([])
        spread = np.quantile(means, [0.025, 0.975]).tolist() if len(means) else [np.nan, np.nan]
        p = np.nan if kind == "share" else rank_p(effect, means, two_sided=kind == "change")
        left_out += int((~told).sum())
        return cls(what, effect, low, high, int(told.sum()), spread[0], spread[1], p, left_out)


_REDUCED: dict[str, Callable[[Floats], Any]] = {"mean of turns": np.mean, "lowest turn": np.min}


def of_turns(how: str, plain: Sequence[Floats], moved: Sequence[Sequence[Floats]]) -> list[Effect]:
    """Return the effects on each conversation's turns, of `moved` by cap, less those of the `plain` ones.

    A turn counts where all readings have its score: a mean or a minimum over others would be of other text.
    """
    told = [np.isfinite(np.stack(of_run)).all(axis=0) for of_run in zip(plain, *moved, strict=True)]
    left_out = sum(int((~turns).sum()) for turns in told)

    def differences(of_cap: Sequence[Floats], reduced: Callable[[Floats], Any]) -> Iterator[float]:
        for before, after, turns in zip(plain, of_cap, told, strict=True):
            if turns.any():
                yield float(reduced(after[turns]) - reduced(before[turns]))

    return [
        Effect.of(
            f"{how}: drift score, {name}",
            list(differences(moved[0], reduced)),
            [list(differences(one, reduced)) for one in moved[1:]],
            left_out=left_out,
        )
        for name, reduced in _REDUCED.items()
    ]
