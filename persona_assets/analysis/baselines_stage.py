"""The stage `baselines`: how well plain methods tell each role from the others, landed in the lake."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow as pa

from persona_assets.analysis.answers import Answers, ReadAnswers, together
from persona_assets.analysis.baselines import baselines
from persona_assets.base.ahead import ahead
from persona_assets.base.arrays import Flags
from persona_assets.base.blas import one_blas_thread
from persona_assets.base.progress import Progress
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ROLE_BASELINES
from persona_assets.stages.across_roles import AcrossRoles

_LOG = logging.getLogger(__name__)

OTHERS = 4000  # answers of all roles together, about as many of each, that a role is told from


@one_blas_thread()
def compare_baselines(
    across: AcrossRoles, sae: str, *, progress: Progress | None = None
) -> dict[str, LakeFile]:
    """Return the file of `ROLE_BASELINES`, by the table's name: found, or made now.

    `progress` counts the roles that are done. Raises StudyError as `compare_roles`.
    """
    made_from = across.made_from_two(ROLE_BASELINES, sae)
    if (found := across.files((ROLE_BASELINES,), sae)) is not None:
        return found
    reading, rows = _Reading(across, sae), []
    across.study.lake.check(reading.inputs)
    if across.study.settings.extraction.vectors == "role_variant":
        _LOG.warning(
            "baselines: residual_difference is left out, for it takes the vectors of single responses "
            "(extraction.vectors: response)"
        )
    drawn = reading.drawn()
    for row, answers in enumerate(ahead(reading.answers(row) for row in range(len(reading.roles)))):
        others = drawn.of(np.flatnonzero(drawn.role != row))
        told = baselines(together([answers, others]), row, reading.halves)
        rows += [{"role": reading.roles[row], **vars(one)} for one in told]
        if progress is not None:
            progress(row + 1, len(reading.roles))
    content = pa.Table.from_pylist(rows, schema=ROLE_BASELINES.schema)
    return across.land({ROLE_BASELINES: content}, made_from, sae, reading.inputs)


class _Reading(ReadAnswers):
    """The compared roles' answers, and which of them are drawn and parted how."""

    def __init__(self, across: AcrossRoles, sae: str) -> None:
        super().__init__(across, sae, vectors=True)
        self._random = np.random.default_rng(across.study.settings.atlas.split_seed)
        wordings, questions = self.design.variant_of.max() + 1, self.design.question_of.max() + 1
        self.halves = self._half(wordings), self._half(questions)

    def drawn(self) -> Answers:
        """Return about `OTHERS` answers, as many of each role as it has, or as are its part."""
        each, parts = -(-OTHERS // len(self.roles)), []
        for row in range(len(self.roles)):
            ids = self.ids(row)
            chosen = self._random.choice(ids, min(each, len(ids)), replace=False)
            parts.append(self.answers(row, np.sort(chosen)))
        return together(parts)

    def _half(self, n: int) -> Flags:
        return np.asarray(self._random.permutation(n) < n // 2)
