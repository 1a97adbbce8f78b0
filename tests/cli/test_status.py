from __future__ import annotations

import pytest

from persona_assets.cli.run import run_study
from persona_assets.cli.status import print_status
from persona_assets.study import Study


def test_a_program_gets_every_role_and_stage(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(study, "csv")
    assert capsys.readouterr().out.splitlines() == [
        "role,responses,activations,role_features",
        "default,missing,missing,missing",
        "ghost,missing,missing,missing",
        "pirate,missing,missing,missing",
    ]


def test_roles_that_are_all_alike_are_one_line(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(study, "table")
    assert capsys.readouterr().out == (
        "0 of 3 roles fresh; responses missing; activations missing; role_features missing\n"
    )


def test_how_many_roles_are_fresh_stands_below_them(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    run_study(study, ["pirate"], None, overwrite=False)
    capsys.readouterr()
    print_status(study, "table")
    *_, pirate, summary = capsys.readouterr().out.splitlines()
    assert pirate.split() == ["pirate", "fresh", "fresh", "fresh"]
    assert summary == "1 of 3 roles fresh"
