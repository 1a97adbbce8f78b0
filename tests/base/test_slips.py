"""A name that DuckDB does not know is answered with the one of the snapshot that was meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import duckdb
import pytest

from persona_assets.base.slips import clearly, instead


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create table roles (role varchar)")
        opened.execute("insert into roles values ('pirate'), ('ghost')")
        opened.execute("create table contrasts (role varchar, auroc double)")
        opened.execute("create macro top_features(role, sae := null) as table select role, 1 as feature_id")
        yield opened


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("from top_features(pirate)", "a role's name is a text: write 'pirate'"),
        ('from top_features("ghost")', "a role's name is a text: write 'ghost'"),
        ("from top_features(pirat)", "did you mean the role 'pirate'? It is a text, in quotes"),
        ("select aurok from roles", "did you mean auroc?"),
        ("select aurok from contrasts", ""),
        ("select auroc from roles", "auroc is a column of contrasts"),
        ("select c.aurok from contrasts as c", ""),
        ("from top_features", "top_features is a macro: give it its arguments, top_features(role, sae)"),
        ("from top_featurs", "did you mean top_features(role, sae)?"),
        ("from contrast", ""),  # here and above DuckDB says it itself
        ("from contrasts('pirate')", "contrasts is a table: write it without arguments"),
        ("from top_feature('pirate')", ""),
        ("select nothing_like_it from roles", ""),
        ("from roles where", ""),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])  # as the console has them
def test_what_was_meant_is_said(
    connection: duckdb.DuckDBPyConnection, query: str, meant: str, as_json: bool
) -> None:
    connection.execute(f"set errors_as_json = {as_json}")
    with pytest.raises(duckdb.Error) as refused:
        connection.execute(query)
    complaint = str(refused.value)
    if as_json and "{" in complaint:
        complaint = json.loads(complaint.partition(": ")[2])["exception_message"]
    assert instead(connection, complaint) == meant


@pytest.mark.parametrize("arguments", ["", "1, 2, 3", "'pirate', roll := 1"])
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_arguments_of_a_macro_are_one_line_with_those_that_it_takes(
    connection: duckdb.DuckDBPyConnection, arguments: str, as_json: bool
) -> None:
    connection.execute(f"set errors_as_json = {as_json}")
    with pytest.raises(duckdb.Error) as refused:
        connection.execute(f"from top_features({arguments})")
    complaint = str(refused.value)
    if as_json:
        complaint = json.loads(complaint.partition(": ")[2])["exception_message"]
    said = clearly(complaint).removeprefix("Binder Error: ").partition("\n\nLINE 1:")[0]
    assert said == "top_features takes other arguments: top_features(role, sae := NULL)"


def test_other_complaints_stay_as_they_are() -> None:
    assert clearly("Macro a() does not exist") == "Macro a() does not exist"


@pytest.mark.parametrize("before", ["begin; select error('x')", "attach ':memory:' as other; use other"])
def test_where_the_catalog_cannot_be_asked_nothing_was_meant(before: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table roles (role varchar)")
        with suppress(duckdb.Error):
            connection.execute(before)
        assert instead(connection, 'Referenced column "rol" not found') == ""
