"""What is planned of features and directions that are out of the way."""

from __future__ import annotations

import numpy as np
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.models.sae import load_sae
from persona_assets.steering.plans import Activity, DirectionPlan, FeaturePlan, matched
from persona_assets.study.settings import InterventionSettings, SaeSettings
from persona_assets.study.settings.steering import Operation
from tests.places import TOY

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("operation", ["add", "floor", "cap"])
@pytest.mark.parametrize("over_roles", [True, False])
def test_directions_lie_on_the_device_of_the_stream(operation: Operation, over_roles: bool) -> None:
    settings = InterventionSettings(
        target="role_vector",
        role="pirate",
        operation=operation,
        directions=3,
    )
    plan = DirectionPlan("vector", RANDOM.standard_normal((4, 8)), 1, over_roles, "meta")
    edits = list(plan.edits(settings, np.random.default_rng(1)))
    assert len(edits) == 4
    assert {one.edit.written.row.device.type for one in edits} == {"meta"}
    assert all(np.isfinite(one.level) for one in edits if one.level is not None)


def test_a_feature_that_writes_nothing_is_refused_in_a_line() -> None:
    sae = load_sae(SaeSettings(path=str(TOY / "sae")))
    directions = sae.directions().clone()
    directions[5] = 0
    plan = FeaturePlan(sae, "toy", directions, {4: 1.0, 5: 1.0})
    settings = InterventionSettings(target="features", features=[4, 5], roles=["pirate"], operation="add")
    with pytest.raises(StudyError, match="SAE toy: feature 5 writes nothing"):
        list(plan.edits(settings, [4, 5], [], RANDOM))


def test_a_role_in_which_nothing_fires_has_no_controls() -> None:
    nothing = Activity(np.array([], np.int32), np.array([]), np.array([]))
    assert matched(nothing, [3], 5, RANDOM) == []
