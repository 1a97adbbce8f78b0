from __future__ import annotations

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.arguments import part_of


@pytest.mark.parametrize("n_shards", [1, 2, 3, 8, 20])
def test_every_role_is_in_exactly_one_shard_beside_its_neighbors(n_shards: int) -> None:
    names = [f"role {number}" for number in range(11)]
    shards = [part_of(names, f"{number}/{n_shards}") for number in range(n_shards)]
    assert [name for shard in shards for name in shard] == names
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize("shard", ["8/8", "0/0", "1", "-1/8", "a/b", ""])
def test_a_shard_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(StudyError, match="from 0 to N - 1"):
        part_of(["a"], shard)
