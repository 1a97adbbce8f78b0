"""What one reading of the roles' activations tells of each feature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis import loops
from persona_assets.analysis.at_length import Slope, Slopes
from persona_assets.analysis.by_feature import joined
from persona_assets.analysis.design import Design, RoleSource
from persona_assets.analysis.entries import Column, Entries, Strategy
from persona_assets.analysis.halves import HalfWeights, Likeness, Matrices, centred
from persona_assets.analysis.paired import Paired, half_means, of_maxima, pair, peaks
from persona_assets.analysis.ranks import Ranks, rank
from persona_assets.analysis.reading import Block, read_blocks
from persona_assets.analysis.token_rates import RateReadings, RateSums
from persona_assets.analysis.totals import Totals, Within, sum_up
from persona_assets.analysis.variance import Projections, VarianceShares, variance_shares
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags, Floats, Singles
from persona_assets.base.blas import one_blas_thread
from persona_assets.base.progress import Progress


@dataclass(frozen=True)
class Wanted:
    """What is wanted of the reading: `aligned` says whether all roles are asked the same questions.

    `halves` bool[2, 2, n_roles, n_cells] are those of the responses and of the wordings, by the `strategy`,
    where they are wanted; `lengths`: what goes with lengths; `features`: what is said of roles by themselves.
    """

    aligned: bool
    halves: Flags | None = None
    strategy: Strategy = "mean"
    lengths: bool = False
    features: bool = False

    @property
    def highest(self) -> bool:
        """Whether the roles' maxima are wanted."""
        return self.features or self.strategy == "max"

    @property
    def columns(self) -> list[Column]:
        """What is to be read beside the means."""
        asked: dict[Column, bool] = {"max": self.highest, "n_active": self.lengths}
        return [name for name, wanted in asked.items() if wanted]


@dataclass(frozen=True)
class Known:
    """What is known of features: `joined` of blocks; None where it is not wanted.

    `paired` is None, too, where roles are not asked the same, and `centred` besides with strategy max.
    `highest` float32[n_roles, d_sae] are the roles' maxima, `sd` float64[n_roles, d_sae] the standard
    deviations of their responses.
    """

    totals: Totals
    within: Within
    shares: VarianceShares
    ranks: Ranks
    paired: Paired | None
    rates: RateSums | None
    slope: Slope | None
    halves: Likeness | None
    centred: Matrices | None
    highest: Singles | None
    sd: Floats | None


@one_blas_thread()
def read_known(
    sources: Sequence[RoleSource],
    design: Design,
    d_sae: int,
    wanted: Wanted,
    progress: Progress | None = None,
) -> Known:
    """Read every role once; `progress` is told how many features are done.

    Raises StudyError as `read_blocks` does.
    """
    return joined(_parts(sources, design, d_sae, wanted, progress), d_sae)


def _parts(
    sources: Sequence[RoleSource], design: Design, d_sae: int, wanted: Wanted, progress: Progress | None
) -> Iterator[tuple[slice, Known]]:
    blocks = read_blocks(sources, design, d_sae, also=wanted.columns)
    projections = Projections(design) if wanted.aligned else None
    weights = HalfWeights(design, wanted.halves) if wanted.aligned and wanted.halves is not None else None
    with ThreadPoolExecutor(1) as beside:  # and a third thread reads the next block
        for block in ahead(blocks):
            ranks = beside.submit(rank, block.roles, design)
            yield block.features, _of_block(block, ranks, design, wanted, projections, weights)
            if progress is not None:
                progress(block.stop, d_sae)


def _of_block(
    block: Block,
    ranks: Future[Ranks],
    design: Design,
    wanted: Wanted,
    projections: Projections | None,
    weights: HalfWeights | None,
) -> Known:
    roles, by_max = block.roles, wanted.strategy == "max"
    totals, within, baseline = sum_up(roles, design, aligned=wanted.aligned)
    rates, slope = _with_lengths(roles, design, wanted.aligned) if wanted.lengths else (None, None)
    means = None
    if wanted.halves is not None:
        means = half_means(of_maxima(roles) if by_max else roles, design, wanted.halves)
    apart = None
    if baseline is not None and means is not None and weights is not None and not by_max:
        apart = centred(totals, baseline, means, weights)
    return Known(
        totals=totals,
        within=within,
        shares=variance_shares(totals, baseline, projections),
        paired=None if baseline is None else pair(roles, design, baseline),
        rates=rates,
        slope=slope,
        halves=None if means is None else Likeness.of(means),
        centred=apart,
        highest=peaks(roles) if wanted.highest else None,
        sd=_deviations(roles, design) if wanted.features else None,
        ranks=ranks.result(),
    )


def _with_lengths(roles: Sequence[Entries], design: Design, aligned: bool) -> tuple[RateSums, Slope]:
    n_features = len(roles[0].starts) - 1
    rates, slopes = RateReadings(design, n_features, aligned=aligned), Slopes(design, n_features)
    for row, entries in enumerate(roles):
        slopes.add(row, rates.add(row, entries))
    return rates.sums(), slopes.slopes()


def _deviations(roles: Sequence[Entries], design: Design) -> Floats:
    sd = np.empty((len(roles), len(roles[0].starts) - 1))
    for row, entries in enumerate(roles):
        loops.deviations(entries.starts, entries.value, int(design.n_responses[row]), sd[row])
    return sd
