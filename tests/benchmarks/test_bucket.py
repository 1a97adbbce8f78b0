"""What asking a lake in a bucket reads: requests and bytes, against what lies there.

Eight roles of full size behind a server on loopback: counts are what a real store would see, times are not.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from full_scale import SAE, open_study, write_study
from report import record

from persona_assets.analysis.aggregate import aggregate
from persona_assets.lake.schema import ACTIVATIONS
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish
from tests.lake.storage.store import Proxy, put_lake

N_ROLES = 8


@pytest.fixture
def study(
    bucket_lake: str,
    s3_endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Study:
    monkeypatch.setenv("PERSONA_LAKE", "")  # set by what follows; afterwards as it was
    write_study(tmp_path, N_ROLES)
    local = open_study(tmp_path)
    for role in local.role_names:
        aggregate(local, role, SAE)
    put_lake(Path(local.lake.root), bucket_lake, s3_endpoint)
    monkeypatch.setenv("PERSONA_LAKE", bucket_lake)
    monkeypatch.setenv("PERSONA_WAREHOUSE", str(tmp_path / "here"))
    return load_study(local.file)


def test_asking_a_bucket(benchmark, study: Study, network: Proxy) -> None:
    publish(study)
    tell(network, "publishing")
    lying = sum(file.size for file in study.lake.files(ACTIVATIONS))
    record("bucket: activations that lie there", "", lying / 1e6, "MB")
    with connect(study) as warehouse:
        ranked = "select feature_id from role_features group by 1 order by sum(n_active_responses) desc"
        features = [feature for (feature,) in warehouse.execute(ranked).fetchall()]
        network.asked.clear()
        for kind, feature in (("always on", features[0]), ("usual", features[len(features) // 2])):
            assert warehouse.execute("from top_responses(?)", [feature]).fetchall()
            tell(network, f"top_responses, {kind}, asked for the first time")
            assert warehouse.execute("from top_responses(?)", [feature]).fetchall()
            tell(network, f"top_responses, {kind}, again")
        benchmark.pedantic(lambda: warehouse.execute("from which_roles(?)", [features[0]]).fetchall())
    tell(network, "which_roles")


def tell(network: Proxy, what: str) -> None:
    record(f"bucket: {what}", "", len(network.asked), "requests")
    record(f"bucket: {what}", "", sum(asked.n_bytes for asked in network.asked) / 1e6, "MB")
    network.asked.clear()
