from __future__ import annotations

from pathlib import Path

import pytest

from persona_assets.cli.answers import say_uncompared, say_unshown
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.warehouse.world import publish_compared, write_catalog


def test_sure_features_that_an_order_has_not_among_its_first_are_counted(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    publish_compared(study)
    with connect(study) as connection:
        sure = connection.execute(
            "select feature_id from top_features('pirate') where q < 0.05 and auroc > 0.5"
        )
        n_sure = len(sure.fetchall())
    assert n_sure > 0
    say_unshown(study, role="pirate", sae=None, limit=1000, by="effect")
    assert capsys.readouterr().err == ""
    say_unshown(study, role="pirate", sae=None, limit=0, by="effect")
    assert capsys.readouterr().err.startswith(f"not among these: {n_sure} feature")


def test_a_role_that_nothing_compares_is_told_why(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = write_catalog(tmp_path / "catalog")
    study = make_study("small", catalog)
    publish_compared(study)
    say_uncompared(study, role="pirate", sae=None)
    assert capsys.readouterr().err == ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(tmp_path / "empty"))
        for changes, why in (
            ({}, "the roles are not compared yet; `persona run small --select statistics,warehouse` does it"),
            ({"analysis.exclude": ["pirate"]}, "analysis.exclude leaves pirate out of comparisons"),
            ({"roles.include": ["pirate"]}, "no other role takes part; name more in roles.include"),
        ):
            other = make_study("small", catalog | changes)
            publish(other)
            say_uncompared(other, role="pirate", sae=None)
            assert capsys.readouterr().err == (
                f"nothing compares pirate with other roles, so effect, auroc and q are empty: {why}\n"
            )
