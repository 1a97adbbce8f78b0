from __future__ import annotations

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.cli.arguments import check_sae, part_of
from persona_assets.cli.run import run_study
from persona_assets.cli.status import print_status
from persona_assets.lake.schema import RESPONSES
from tests.conftest import StudyMaker


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


def test_an_sae_whose_folder_is_not_there_is_told_before_anything_is_generated(
    make_study: StudyMaker,
) -> None:
    study = make_study(changes={"extraction.saes": {"demo": {"path": "tests/toy/data/sea"}}})
    said = r"extraction\.saes\.demo\.path: .*tests/toy/data/sea is no folder; .* --select responses"
    with pytest.raises(StudyError, match=said):
        run_study(study, None, None, False)
    with pytest.raises(StudyError, match=said):
        print_status(study, "table")
    assert not study.lake.files(RESPONSES)


def test_an_unknown_sae_is_told_with_those_that_there_are(make_study: StudyMaker) -> None:
    check_sae(make_study(), None)
    with pytest.raises(StudyError, match="no SAE foo in this study; its SAEs: demo$"):
        check_sae(make_study(), "foo")
