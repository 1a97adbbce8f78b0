"""The axis once more, of roles by the answers alone that play them: how far a run's scores move by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from scipy.sparse import csr_array

from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.crossfit import CrossFit
from persona_assets.drift.null import lowest_p
from persona_assets.drift.reference import Reference, build_reference
from persona_assets.drift.scores import scores
from persona_assets.drift.turns import null_of_turns, turn_points
from persona_assets.study.settings import DriftSettings

TURN_COLUMNS = ("played_projection", "played_projection_low", "played_projection_high", "played_projection_p")
RUN_COLUMNS = ("n_played_roles", "played_axis_cosine", "played_p")


@dataclass(frozen=True)
class PlayedAxis:
    """The reference of played roles; `cosine` is that of its axis with the one over all answers."""

    reference: Reference
    fit: CrossFit | None
    cosine: float

    @classmethod
    def of(
        cls,
        roles: Mapping[str, csr_array],
        whole: Reference,
        anchor_codes: SpanCodes,
        settings: DriftSettings,
    ) -> Self | None:
        """Return it of role vectors float[1, d_sae] over played answers; `whole` is the reference over all.

        The roles are those of `whole` that have any. None where the anchor is left alone.
        """
        others = [role for role in whole.compared_with if role in roles]
        if not others or whole.anchor not in roles:
            return None
        same = settings.model_copy(update={"compared_with": others})
        reference = build_reference(roles, whole.anchor, same)
        fit = CrossFit.of(anchor_codes, reference, settings.axis, settings.pooling)
        return cls(reference, fit, float(reference.target.axis @ whole.target.axis))

    def measured(
        self, codes: SpanCodes, anchor_codes: SpanCodes, settings: DriftSettings
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return `TURN_COLUMNS` of the turns and `RUN_COLUMNS` of the run, by the projection."""
        found = scores(turn_points(codes, self.reference, settings), self.reference.target)["projection"]
        null, _ = null_of_turns(codes.lengths, anchor_codes, self.fit, self.reference, settings)
        of_turns = [(turn["projection"], float(value)) for turn, value in zip(null, found, strict=True)]
        columns: tuple[Any, ...] = (
            found.tolist(),
            [turn.low for turn, _ in of_turns],
            [turn.high for turn, _ in of_turns],
            [turn.p(value) for turn, value in of_turns],
        )
        of_run = (len(self.reference.roles), self.cosine, lowest_p(of_turns))
        return dict(zip(TURN_COLUMNS, columns, strict=True)), dict(zip(RUN_COLUMNS, of_run, strict=True))


def not_measured(n_turns: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of a study that asks for no second axis, or has none."""
    return dict.fromkeys(TURN_COLUMNS, [None] * n_turns), dict.fromkeys(RUN_COLUMNS)
