from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import persona_assets
from persona_assets.base.errors import StudyError
from persona_assets.base.lit import SHOWN
from persona_assets.lake.schema import ROLE_FEATURES
from persona_assets.notebook import StudyHandle, open_study
from persona_assets.study.study import Study
from persona_assets.warehouse import publish, warehouse_path
from tests.warehouse.world import OF_PIRATE_ALONE, ROLES, World


@pytest.fixture
def handle(published: World):
    with StudyHandle(published.study) as opened:
        yield opened


def test_importing_the_package_brings_in_nothing_heavy() -> None:
    heavy = "{'duckdb', 'torch', 'pandas', 'numpy', 'dagster'}"
    code = f"import sys, persona_assets; assert not {heavy} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_study_is_opened_by_its_folder(published: World) -> None:
    with persona_assets.open_study(str(published.study.file.parent)) as opened:
        assert opened.study == published.study
    with pytest.raises(StudyError, match="no study 'nothing'"):
        open_study("nothing")


def test_an_answer_comes_as_arrow_or_pandas_or_tuples(handle: StudyHandle) -> None:
    answer = handle.sql("select role, n_responses from which_roles(?)", [OF_PIRATE_ALONE])
    assert answer is not None
    assert answer.columns == ["role", "n_responses"]
    assert answer.arrow().equals(pa.table({"role": ["pirate"], "n_responses": pa.array([8], pa.int32())}))
    assert isinstance(answer.df(), pd.DataFrame)
    assert answer.df().to_dict("records") == [{"role": "pirate", "n_responses": 8}]
    assert answer.fetchall() == [("pirate", 8)]
    assert "pirate" in repr(answer)


def test_parameters_may_be_named_and_statements_may_answer_nothing(handle: StudyHandle) -> None:
    assert handle.sql("set variable wanted = 'pirate'") is None
    answer = handle.sql("select $a || getvariable('wanted') as text", {"a": "a "})
    assert answer is not None
    assert answer.fetchall() == [("a pirate",)]


def test_a_wrong_query_gives_duckdbs_own_words(handle: StudyHandle) -> None:
    with pytest.raises(duckdb.BinderException) as directly:
        duckdb.sql("select rolee from (select 1 as role)")
    with pytest.raises(duckdb.BinderException) as raised:
        handle.sql("select rolee from (select 1 as role)")
    assert str(raised.value) == str(directly.value)
    assert 'Candidate bindings: "role"' in str(raised.value)


def test_a_handle_sees_what_is_published_after_it_was_opened(world: World) -> None:
    count = "select count(*) from role_features where role = 'ghost'"
    publish(world.study)
    with StudyHandle(world.study) as handle, StudyHandle(world.study) as other:
        before = handle.sql(count)
        assert before is not None
        kept = before.fetchall()
        unfetched = handle.sql(count)
        assert other.sql(count).fetchall() == kept  # type: ignore[union-attr]
        for sae in world.mean:
            [file] = world.study.lake.files(ROLE_FEATURES, sae=sae, role="ghost")
            Path(world.study.lake.uri(file.path)).unlink()
        publish(world.study)
        for opened in (handle, other):
            assert opened.sql(count).fetchall() == [(0,)]  # type: ignore[union-attr]
        assert unfetched is not None
        assert unfetched.fetchall() == kept


def test_a_study_that_is_not_published_says_so_when_it_is_asked(unfilled: Study) -> None:
    with StudyHandle(unfilled) as handle, pytest.raises(StudyError, match="nothing is published yet"):
        handle.sql("from roles")


@pytest.mark.parametrize("sae", [None, "first", "second"])
def test_the_feature_matrix_is_labelled_by_role_and_feature(
    handle: StudyHandle, published: World, sae: str | None
) -> None:
    of_sae = sae or "first"
    matrix = handle.feature_matrix("mean", sae)
    means = np.stack([published.mean_of(role, of_sae) for role in ROLES])
    assert matrix.roles == list(ROLES)
    assert matrix.feature_ids.tolist() == np.flatnonzero(means.any(axis=0)).tolist()
    assert matrix.values.dtype == np.float32
    np.testing.assert_allclose(matrix.values.toarray(), means[:, matrix.feature_ids], rtol=1e-6)
    frame = matrix.to_pandas()
    assert frame.loc["pirate", 3] == pytest.approx(means[ROLES.index("pirate"), 3])
    assert (frame.index.name, frame.columns.name) == ("role", "feature_id")


def test_the_feature_matrix_of_maxima(handle: StudyHandle, published: World) -> None:
    frame = handle.feature_matrix("max").to_pandas()
    assert handle.role_matrix("max").to_pandas().equals(frame)  # its old name
    for role in ROLES:
        maxima = published.max["first"][role].max(axis=0)
        np.testing.assert_array_equal(frame.loc[role].to_numpy(), maxima[frame.columns.to_numpy()])


def test_a_matrix_of_an_unknown_sae_is_refused(handle: StudyHandle) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="no SAE third in this study"):
        handle.feature_matrix("mean", "third")


def test_a_matrix_of_an_unknown_statistic_says_which_there_are(handle: StudyHandle) -> None:
    with pytest.raises(StudyError, match="no statistic 'bogus'; a feature matrix is of 'mean' or 'max'"):
        handle.feature_matrix("bogus")  # type: ignore[arg-type]


def test_a_handle_shows_its_study_and_its_snapshot(handle: StudyHandle, unfilled: Study) -> None:
    assert repr(handle) == f"<study 'small': {warehouse_path(handle.study)}>"
    assert repr(StudyHandle(unfilled)) == "<study 'small': nothing published yet>"


def test_a_matrix_of_nothing_is_empty(unfilled: Study) -> None:
    publish(unfilled)
    with StudyHandle(unfilled) as handle:
        assert handle.feature_matrix("mean").values.shape == (0, 0)


def test_the_macros_are_methods_and_take_their_orders(handle: StudyHandle) -> None:
    assert handle.which_roles(OF_PIRATE_ALONE).df()["role"].tolist() == ["pirate"]
    by_effect = handle.top_features("pirate", by="effect", sae="second").df()["effect"].dropna()
    assert len(by_effect) > 1 and by_effect.is_monotonic_decreasing
    assert set(handle.top_responses(OF_PIRATE_ALONE).df()["role"]) == {"pirate"}
    compared = handle.compare_roles("pirate", "ghost").pl()
    assert compared["standardized_difference"].abs().is_sorted(descending=True)
    with pytest.raises(duckdb.InvalidInputException, match="did you mean pirate"):
        handle.top_features("pirat").df()


def test_a_role_is_a_value_and_no_sql(handle: StudyHandle) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="no features of role"):
        handle.top_features("pirate') union select 1; --").df()


def test_a_picture_is_the_one_that_the_command_draws(handle: StudyHandle) -> None:
    assert "pirate" in handle.plot("role", "pirate").get_suptitle()
    assert str(OF_PIRATE_ALONE) in handle.plot("feature", OF_PIRATE_ALONE).get_suptitle()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("nonsense",), "no picture 'nonsense'; there are line, similarity"),
        (("feature",), "which feature"),
        (("feature", "x"), "which feature\\? name one by its number"),
        (("feature", 10**6), "feature 1000000"),
        (("role", "pirat"), "did you mean pirate"),
        (("role",), "which role"),
        (("axes", "pirate"), "takes no name"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(
    handle: StudyHandle, asked: tuple[Any, ...], told: str
) -> None:
    with pytest.raises((StudyError, duckdb.InvalidInputException), match=told):
        handle.plot(*asked)


def test_a_feature_may_be_a_number_of_numpy(handle: StudyHandle) -> None:
    feature = np.int64(OF_PIRATE_ALONE)
    assert set(handle.top_responses(feature).df()["role"]) == {"pirate"}  # type: ignore[arg-type]


def test_what_lights_no_tokens_is_shown_as_it_is(handle: StudyHandle) -> None:
    for strengths in ("3", "['a']", "null"):
        answer = handle.sql(f"select ['x'] as pieces, {strengths} as activations")
        assert answer is not None
        assert "x" in answer._repr_html_()


def test_ibis_asks_the_same_snapshot(handle: StudyHandle) -> None:
    features = handle.ibis().table("role_features")
    counted = features.filter(features.role == "pirate").count().execute()
    assert counted == handle.sql("select count(*) from role_features where role = 'pirate'").fetchall()[0][0]  # type: ignore[union-attr]


def test_a_notebook_shows_tokens_lit_and_every_text_escaped(handle: StudyHandle) -> None:
    answer = handle.sql(
        "select * from (values ('<b>x</b>', ['<i>', ' sea', null], [0, 2, null]::double[]), "
        "(null, ['only'], null)) as t(response, pieces, activations)"
    )
    assert answer is not None
    shown = answer._repr_html_()
    assert (
        "&lt;b&gt;x&lt;/b&gt;" in shown and "&lt;i&gt;" in shown and "<b>" not in shown and "<i>" not in shown
    )
    assert 'rgb(255 140 0 / 1.00)" title="2"> sea</span>' in shown
    assert "activations" not in shown


def test_a_long_answer_is_shown_in_part_and_says_so(handle: StudyHandle) -> None:
    answer = handle.sql("from range(1000)")
    assert answer is not None
    assert (
        answer._repr_html_().count("<tr>") == 1 + SHOWN and f"the first {SHOWN} rows" in answer._repr_html_()
    )
