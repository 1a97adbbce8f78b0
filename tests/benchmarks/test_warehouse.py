"""Asking the demo's warehouse."""

from __future__ import annotations

import pytest
from report import record

from persona_assets.study.study import load_study
from persona_assets.warehouse import connect, warehouse_path


def test_which_roles(benchmark) -> None:
    study = load_study("smollm2")
    if not warehouse_path(study).exists():
        pytest.skip("the demo is not built: make demo")
    with connect(study) as connection:
        # The feature that fires in the most roles: the longest answer.
        widest = "select feature_id from role_features group by 1 order by count(*) desc, feature_id limit 1"
        [(feature,)] = connection.execute(widest).fetchall()
        answer = benchmark(lambda: connection.execute("from which_roles(?)", [feature]).fetchall())
    assert answer
    record("which_roles on the demo", "< 10", benchmark.stats.stats.median * 1e3, "ms")
