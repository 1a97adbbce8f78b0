"""The table length_contrasts: each role against the others per token, and at equal length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.special import stdtr

from persona_assets.analysis.at_length import longer, overlaps
from persona_assets.analysis.contrasts import seldom
from persona_assets.analysis.design import Design
from persona_assets.analysis.errors import Effects
from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.significance import fieller, reach
from persona_assets.analysis.token_rates import TokenRates
from persona_assets.base.arrays import Floats, Ints
from persona_assets.lake.schema import LENGTH_CONTRASTS

# Of a role whose lengths overlap less with the others', a slope would be taken where there are no answers.
MIN_OVERLAP = 0.2


@dataclass(frozen=True)
class LengthContrasts:
    """What is known of roles' lengths; iterated over, it gives the table's rows, one role's at a time.

    `fired` int64[d_sae] is `Totals.fired`. `rates` are None where tokens are not known; `slope` and its
    `variance` float64[d_sae] are `at_length.Slope`'s; `effects` are None where roles share no questions.
    """

    design: Design
    fired: Ints
    rates: TokenRates | None
    slope: Floats
    variance: Floats
    effects: Effects | None

    @cached_property
    def overlaps(self) -> Floats:
        """float64[n_roles]: how far each role's lengths are those of the others."""
        return overlaps(self.design)

    @cached_property
    def longer(self) -> Floats:
        """float64[n_roles]: by how many tokens each role is longer than the others' middle half."""
        return longer(self.design)

    def __iter__(self) -> Iterator[pa.Table]:
        alive = np.flatnonzero(self.fired)
        sums = None
        if self.rates is not None and len(self.design.roles) > 1:
            sums = self.rates.rate.sum(axis=0, dtype=float), self.rates.variance.sum(axis=0, dtype=float)
        for row, role in enumerate(self.design.roles):
            names = pa.DictionaryArray.from_arrays(np.zeros(len(alive), np.int32), [role])
            about = {
                "role": names,
                "feature_id": alive,
                "length_overlap": np.full(len(alive), self.overlaps[row]),
            }
            columns = {**self._per_token(row, sums), **self._at_length(row)}
            yield LENGTH_CONTRASTS.of({**about, **{name: of[alive] for name, of in columns.items()}})

    def _per_token(self, row: int, sums: tuple[Floats, Floats] | None) -> dict[str, Floats]:
        names = ("token_rate", "rate_ratio", "rate_ratio_low", "rate_ratio_high", "rate_p", "rate_q")
        if self.rates is None:
            return {name: np.full(len(self.fired), np.nan) for name in names}
        rate, variance = self.rates.rate[row].astype(float), self.rates.variance[row].astype(float)
        if sums is None:
            return dict.fromkeys(names, np.full(len(rate), np.nan)) | {"token_rate": rate}
        n_others = len(self.design.roles) - 1
        others, of_others = (sums[0] - rate) / n_others, (sums[1] - variance) / n_others**2
        with np.errstate(invalid="ignore", divide="ignore"):
            t, tested = (
                np.abs(rate - others) / np.sqrt(variance + of_others),
                ~seldom(self.design, row, self.fired),
            )
            p = np.full(len(rate), np.nan)
            p[tested] = 2 * stdtr(self.rates.df[row, tested], -t[tested])
            ratio = np.where(others > 0, rate / others, np.nan)
            own = variance * np.fmax(ratio, 1)  # it is drawn to the other roles', and grows with the rate
            low, high = fieller(rate, own, others, of_others, reach(np.maximum(self.rates.df[row], 1)))
        known = ~np.isnan(p)
        low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
        return dict(zip(names, (rate, ratio, low, high, p, benjamini_hochberg(p)), strict=True))

    def _at_length(self, row: int) -> dict[str, Floats]:
        names = ("effect_at_length", "effect_at_length_low", "effect_at_length_high")
        effects = self.effects
        if effects is None or not self.overlaps[row] >= MIN_OVERLAP:
            return {name: np.full(len(self.fired), np.nan) for name in names}
        effect = effects.effect[row] - self.slope * self.longer[row]
        error = np.sqrt(effects.error[row].astype(float) ** 2 + self.variance * self.longer[row] ** 2)
        width = np.where(
            seldom(self.design, row, self.fired), np.nan, reach(np.maximum(effects.df[row], 1)) * error
        )
        return dict(zip(names, (effect, effect - width, effect + width), strict=True))
