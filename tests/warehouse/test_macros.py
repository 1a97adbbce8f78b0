"""Every macro's answer against NumPy on the arrays that the lake was written from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.queries import query
from persona_assets.lake.schema import EXPLANATION_SCORES, ROLE_FEATURES
from persona_assets.lake.schema.definition import definition
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.places import PROJECT
from tests.warehouse.world import (
    ALWAYS_ON,
    D_SAE,
    DEAD,
    EXCLUDED,
    OF_PIRATE_ALONE,
    RESPONSE_IDS,
    ROLES,
    VARIANTS,
    World,
    fill,
    rows,
    write_catalog,
)

N_POOLED = len(RESPONSE_IDS) - 1


@pytest.mark.parametrize("sae", ["first", "second"])
@pytest.mark.parametrize("feature", [0, 3, ALWAYS_ON, OF_PIRATE_ALONE, DEAD])
def test_which_roles_gives_each_firing_role_its_rate_mean_max_and_sd(
    warehouse: duckdb.DuckDBPyConnection, published: World, feature: int, sae: str
) -> None:
    answer = rows(warehouse, "from which_roles(?, sae := ?)", feature, sae)
    firing = [role for role in ROLES if published.rate_of(role, sae)[feature] > 0]
    assert {row["role"] for row in answer} == set(firing)
    for row in answer:
        role = row["role"]
        assert row["n_responses"] == N_POOLED
        assert row["n_active_responses"] == round(published.rate_of(role, sae)[feature] * N_POOLED)
        assert row["firing_rate"] == pytest.approx(published.rate_of(role, sae)[feature])
        assert row["mean"] == pytest.approx(published.mean_of(role, sae)[feature])
        assert row["sd"] == pytest.approx(published.sd_of(role, sae)[feature])
        assert row["max"] == published.max[sae][role][:, feature].max()
        claim = (
            "select effect, effect_low, effect_high, n_wordings_agree, q from role_contrasts "
            "where sae = ? and role = ? and feature_id = ?"
        )
        [compared] = rows(warehouse, claim, sae, role, feature)
        assert compared.items() <= row.items()
    assert answer == sorted(answer, key=lambda row: (-row["firing_rate"], -row["mean"], row["role"]))


def test_the_sae_is_the_studys_first_unless_it_is_named(warehouse: duckdb.DuckDBPyConnection) -> None:
    first = rows(warehouse, "from which_roles(0, 'first')")
    assert rows(warehouse, "from which_roles(0)") == first
    assert rows(warehouse, "from which_roles(0, 'second')") != first


def test_top_features_ranks_by_how_a_role_stands_out_not_by_strength(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    default = rows(warehouse, "from top_features('pirate')")
    distinct = [row["distinctness"] for row in default if row["distinctness"] is not None]
    assert distinct == sorted(distinct, reverse=True) and default[len(distinct) :] == [
        row for row in default if row["distinctness"] is None
    ]
    [(surely, hardly)] = warehouse.execute(
        "select distinctness(7e-1, 1e-1), distinctness(4e-1, 1e-1)"
    ).fetchall()
    assert (surely, hardly) == pytest.approx((0.02, -0.1))  # what is not sure gains nothing by a small share
    for by, column in (("auroc", "auroc_low"), ("effect", "effect"), ("lift", "lift")):
        found = [row[column] for row in rows(warehouse, f"from top_features('pirate', by := '{by}')")]
        known = [value for value in found if value is not None]
        assert known == sorted(known, reverse=True) == found[: len(known)]
    with pytest.raises(duckdb.Error, match="no order loudness; there are distinctness"):
        warehouse.execute("from top_features('pirate', by := 'loudness')").fetchall()
    answer = rows(warehouse, "from top_features('pirate', by := 'score')")
    means = np.stack([published.mean_of(role) for role in ROLES])
    mine, overall = means[ROLES.index("pirate")], means.mean(axis=0)
    alive = np.flatnonzero(mine)
    score = mine[alive] * np.log(mine[alive] / overall[alive])
    assert [row["feature_id"] for row in answer] == alive[np.argsort(-score, kind="stable")].tolist()
    assert [row["score"] for row in answer] == pytest.approx(np.sort(score)[::-1])
    for row in answer:
        assert row["mean_over_roles"] == pytest.approx(overall[row["feature_id"]])
        assert row["lift"] == pytest.approx(mine[row["feature_id"]] / overall[row["feature_id"]])
    assert answer[0]["feature_id"] == OF_PIRATE_ALONE
    strongest = max(answer, key=lambda row: row["mean"])
    assert strongest["feature_id"] == ALWAYS_ON
    assert strongest["lift"] == pytest.approx(1, abs=0.02)


def test_roles_left_out_of_comparisons_do_not_count_in_the_mean_over_roles(
    make_study: StudyMaker, catalog: dict[str, Any]
) -> None:
    world = fill(make_study("small", {**catalog, "analysis.exclude": ["ghost"]}))
    publish(world.study)
    compared = [role for role in ROLES if role != "ghost"]
    overall = np.stack([world.mean_of(role) for role in compared]).mean(axis=0)
    with_ghost = np.stack([world.mean_of(role) for role in ROLES]).mean(axis=0)
    with connect(world.study) as connection:
        for row in rows(connection, "from top_features('pirate')"):
            assert row["mean_over_roles"] == pytest.approx(overall[row["feature_id"]])
        for row in rows(connection, "from top_features('ghost')"):
            assert row["mean_over_roles"] == pytest.approx(with_ghost[row["feature_id"]])


def test_top_responses_gives_the_strongest_with_their_text_and_tokens(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    feature = OF_PIRATE_ALONE
    answer = rows(warehouse, "from top_responses(?)", feature)
    maxima = published.max["first"]["pirate"][:, feature]
    order = [place for place in np.argsort(-maxima, kind="stable") if maxima[place] > 0]
    assert [row["response_id"] for row in answer] == RESPONSE_IDS[order].tolist()
    assert [row["max"] for row in answer] == maxima[order].tolist()
    for row, place in zip(answer, order, strict=True):
        assert row["role"] == "pirate"
        assert row["response"].startswith(f"pirate answers {row['question_id']} as variant {row['variant']}.")
        assert row["mean"] == published.mean["first"]["pirate"][place, feature]
    assert answer[0]["pieces"] == ["Aye", f" {feature}"]
    assert answer[0]["activations"] == [0.0, maxima.max()]
    assert answer[0]["excerpt"] == f"Aye« {feature}»"
    assert answer[1]["excerpt"] is None
    assert all(row["pieces"] is None for row in answer[1:])


def test_an_excerpt_marks_its_first_peak_with_six_tokens_on_each_side(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    pieces = [f"{place} " for place in range(20)]
    asked = "select excerpt_of(?::varchar[], ?::float[])"
    for peak, text in (
        (9, "3 4 5 6 7 8 «9 »10 11 12 13 14 15 "),
        (0, "«0 »1 2 3 4 5 6 "),
        (19, "13 14 15 16 17 18 «19 »"),
    ):
        activations = [float(place == peak) for place in range(20)]
        activations[peak:] = [activations[peak]] * (20 - peak)  # as strong from there on
        assert warehouse.execute(asked, [pieces, activations]).fetchone() == (text,)


def test_silent_responses_sets_other_roles_answers_beside_those_that_fire(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    feature, variants = 2, len(VARIANTS)
    fired = {role: published.max["first"][role][:, feature].reshape(variants, -1) for role in ROLES}
    pooled = published.pooled.reshape(variants, -1)
    expected = []
    for place in np.argsort(-fired["pirate"].max(axis=0), kind="stable").tolist():
        highest = fired["pirate"][:, place].max()
        silent = {role: (fired[role][:, place] == 0) & pooled[:, place] for role in ROLES if role != "pirate"}
        share = {role: one.sum() / pooled[:, place].sum() for role, one in silent.items() if one.any()}
        for role in sorted(share, key=lambda role: (-share[role], role)) if highest else []:
            answer = RESPONSE_IDS.reshape(variants, -1)[silent[role].argmax(), place]
            expected.append((highest, role, answer, silent[role].sum(), pooled[:, place].sum()))
    answer = rows(warehouse, "from silent_responses(?, 'pirate')", feature)
    keys = ("max", "role", "response_id", "n_silent", "n_answers")
    assert [tuple(row[key] for key in keys) for row in answer] == expected
    assert {row["n_silent"] < row["n_answers"] for row in answer} == {True, False}
    for row in answer:
        assert row["fired"].startswith(f"pirate answers {row['fired_id'] % 100_000} as variant")
        assert row["response"].startswith(f"{row['role']} answers {row['question_id']} as variant")
    assert rows(warehouse, "from silent_responses(?, 'ghost')", OF_PIRATE_ALONE) == []
    assert rows(warehouse, "from silent_responses(?, 'pirate')", ALWAYS_ON) == []
    with pytest.raises(duckdb.Error, match="no features of role pirat .*did you mean pirate"):
        warehouse.execute("from silent_responses(2, 'pirat')").fetchall()


def test_silent_responses_leaves_out_who_was_asked_something_else_under_the_number(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    before = {row["role"] for row in rows(warehouse, "from silent_responses(2, 'pirate')")}
    warehouse.execute(
        "create temp view responses as select * replace (if(role = 'ghost', 'Boo?', question) as question) "
        "from warehouse.responses"
    )
    macro = (PROJECT / "sql/macros/silent_responses.sql").read_text()
    warehouse.execute(macro.replace("create macro", "create temp macro").split("comment on")[0])
    after = {row["role"] for row in rows(warehouse, "from silent_responses(2, 'pirate')")}
    assert before == {"1984", "default", "ghost"} and after == before - {"ghost"}


def test_top_responses_looks_at_a_role_that_is_not_aggregated_yet(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("half", write_catalog(tmp_path))
    fill(study)
    for file in study.lake.files(ROLE_FEATURES, sae="first", role="pirate"):
        study.lake.remove(file)
    publish(study)
    with connect(study) as warehouse:
        answer = rows(warehouse, "from top_responses(?)", OF_PIRATE_ALONE)
        assert [row["role"] for row in answer] == ["pirate"] * N_POOLED
        assert rows(warehouse, "from which_roles(?)", OF_PIRATE_ALONE) == []


def test_compare_roles_orders_features_by_their_standardized_difference(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    answer = rows(warehouse, "from compare_roles('pirate', 'ghost')")
    difference = published.mean_of("pirate") - published.mean_of("ghost")
    spread = np.sqrt((published.sd_of("pirate") ** 2 + published.sd_of("ghost") ** 2) / 2)
    alive = (published.mean_of("pirate") > 0) | (published.mean_of("ghost") > 0)
    assert {row["feature_id"] for row in answer} == set(np.flatnonzero(alive).tolist())
    for row in answer:
        feature = row["feature_id"]
        assert row["difference"] == pytest.approx(difference[feature])
        assert row["standardized_difference"] == pytest.approx(difference[feature] / spread[feature])
        assert row["firing_rate_b"] == pytest.approx(published.rate_of("ghost")[feature])
    sizes = [abs(row["standardized_difference"]) for row in answer]
    assert sizes == sorted(sizes, reverse=True)
    assert answer[0]["feature_id"] == OF_PIRATE_ALONE
    by_rate = rows(warehouse, "from compare_roles('pirate', 'ghost', by := 'firing_rate')")
    apart = [abs(row["firing_rate_a"] - row["firing_rate_b"]) for row in by_rate]
    assert apart == sorted(apart, reverse=True) and len(by_rate) == len(answer)
    with pytest.raises(
        duckdb.Error, match="no order auroc; there are standardized_difference, difference, firing_rate, p"
    ):
        warehouse.execute("from compare_roles('pirate', 'ghost', by := 'auroc')").fetchall()
    turned = rows(warehouse, "from compare_roles('ghost', 'pirate')")
    assert [row["standardized_difference"] for row in turned] == [
        -row["standardized_difference"] for row in answer
    ]


def test_response_features_gives_one_responses_features_and_what_is_usual(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    place = 5
    answer = rows(warehouse, "from response_features('ghost', ?)", int(RESPONSE_IDS[place]))
    mean, maximum = published.mean["first"]["ghost"][place], published.max["first"]["ghost"][place]
    assert {row["feature_id"]: row["mean"] for row in answer} == {
        feature: mean[feature] for feature in np.flatnonzero(mean).tolist()
    }
    assert [row["max"] for row in answer] == np.sort(maximum[mean > 0])[::-1].tolist()
    for row in answer:
        assert row["role_mean"] == pytest.approx(published.mean_of("ghost")[row["feature_id"]])
        assert row["lift"] == pytest.approx(row["mean"] / row["role_mean"])
    assert rows(warehouse, "from response_features('ghost', ?)", int(RESPONSE_IDS[EXCLUDED])) == []


def test_a_role_or_sae_that_was_not_measured_is_an_error_not_an_empty_answer(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for call in (
        "which_roles(0, 'third')",
        "top_responses(0, 'third')",
        "feature_logits_of(0, 'third')",
        "features_that_promote(' a', 'third')",
    ):
        with pytest.raises(duckdb.InvalidInputException, match="no SAE third.*; its SAEs: first, second"):
            warehouse.execute(f"from {call}").fetchall()
    for call in (
        "top_features('nobody')",
        "compare_roles('nobody', 'ghost')",
        "compare_roles('ghost', 'nobody')",
        "response_features('nobody', 0)",
    ):
        with pytest.raises(duckdb.InvalidInputException, match="no features of role nobody under SAE first"):
            warehouse.execute(f"from {call}").fetchall()


def test_a_role_that_is_misspelt_is_answered_with_the_one_like_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=r"in this snapshot; did you mean pirate\?"):
        warehouse.execute("from top_features('pirat')").fetchall()
    with pytest.raises(duckdb.InvalidInputException, match="the table roles says what there is"):
        warehouse.execute("from top_features('zzz')").fetchall()


def test_a_role_of_the_study_that_is_not_read_yet_is_told_with_the_command_that_reads_it(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("early", write_catalog(tmp_path))
    publish(study)
    told = "; it is not read yet: `persona run early --roles pirate` reads it"
    with connect(study) as connection, pytest.raises(duckdb.InvalidInputException, match=told):
        connection.execute("from top_features('pirate')").fetchall()


def test_a_feature_beyond_the_saes_width_is_an_error_where_the_width_is_known(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("wide", write_catalog(tmp_path))
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "cfg.json").write_text('{"d_sae": 24}')
    known = study.settings.extraction.saes["second"].model_copy(update={"release": None, "path": str(folder)})
    study.settings.extraction.saes["second"] = known
    fill(study)
    publish(study)
    with connect(study) as warehouse:
        for call in ("which_roles(24, 'second')", "top_responses(-1, 'second')"):
            with pytest.raises(
                duckdb.InvalidInputException, match=r"no feature (24|-1): SAE second has features 0 to 23"
            ):
                warehouse.execute(f"from {call}").fetchall()
        assert rows(warehouse, "from which_roles(23, 'second')")
        for call in ("which_roles(40)", "top_responses(40)", "which_roles(null)"):
            assert rows(warehouse, f"from {call}") == []


def test_a_response_that_the_role_does_not_have_is_an_error(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="no response 999 of role ghost; the table pooled"):
        warehouse.execute("from response_features('ghost', 999)").fetchall()


def test_a_macro_takes_a_feature_or_role_from_a_subquery(warehouse: duckdb.DuckDBPyConnection) -> None:
    by_query = """
        from which_roles((
            select feature_id from top_features((select max(role) from roles), by := 'score') limit 1
        ))
    """
    assert rows(warehouse, by_query) == rows(warehouse, "from which_roles(?)", OF_PIRATE_ALONE)


def test_a_roles_question_reads_that_roles_file_only(warehouse: duckdb.DuckDBPyConnection) -> None:
    [(_, plan)] = warehouse.execute("explain analyze from response_features('ghost', 0)").fetchall()
    assert f"Scanning Files: 1/{len(ROLES) * len(D_SAE)}" in plan


@pytest.mark.parametrize(
    ("words", "features"),
    [
        ("SHIPS", [OF_PIRATE_ALONE]),
        ("arger zaun", [7]),
        ("sea voyages", [OF_PIRATE_ALONE]),
        ("sea desert", []),
        ("%", []),
        ("  ", []),
        ("'); drop table features; --", []),
    ],
)
def test_labels_are_found_by_all_their_words(
    warehouse: duckdb.DuckDBPyConnection, words: str, features: list[int]
) -> None:
    found = rows(warehouse, "select feature_id from search_labels(?)", words)
    assert [row["feature_id"] for row in found] == features


def test_a_long_label_is_shown_from_a_little_before_what_was_found() -> None:
    long = "fires on friendship, and many words, such as one, two, three, and then a Ship of all"
    with duckdb.connect() as connection:
        connection.execute("create macro chosen_sae(sae) as 'a'; create macro known_sae(sae) as true")
        connection.execute(
            "create table feature_labels as select 'a' as sae, unnest([1, 2]) as feature_id, "
            "unnest([$long, 'ship ahoy']) as description, '' as source, '' as model, '' as url, 0 as rank",
            {"long": long},
        )
        connection.execute(definition(EXPLANATION_SCORES))
        connection.execute(query("macros/search_labels"))
        found = connection.execute("select around from search_labels('SHIP')").fetchall()
    assert found == [("ship ahoy",), (f"…{long[-59:]}",)]


def test_top_features_shows_the_preferred_label(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = "select label from top_features('pirate') where feature_id = ?"
    assert rows(warehouse, query, OF_PIRATE_ALONE) == [{"label": "the open sea, and voyages over it"}]
    assert rows(warehouse, query, ALWAYS_ON) == [{"label": None}]


@pytest.mark.parametrize("sae", ["first", "second"])
def test_density_and_shape_are_those_of_the_tokens(
    warehouse: duckdb.DuckDBPyConnection, published: World, sae: str
) -> None:
    places = np.arange(len(RESPONSE_IDS))
    for feature in (OF_PIRATE_ALONE, 0, DEAD):
        fired = {role: (published.mean[sae][role][:, feature] > 0) & published.pooled for role in ROLES}
        n_active = {role: int((1 + places % 3)[fired[role]].sum()) for role in ROLES}
        density = {row["role"]: row for row in rows(warehouse, "from feature_density(?, ?)", feature, sae)}
        assert {role: density[role]["n_active_tokens"] for role in ROLES} == n_active
        n_tokens = 7 * int(published.pooled.sum())
        for role in ROLES:
            assert density[role]["token_rate"] == pytest.approx(n_active[role] / n_tokens)
        [shape] = rows(warehouse, "from feature_shape(?, ?)", feature, sae)
        assert shape["n_active_tokens"] == sum(n_active.values())
        assert shape["token_rate"] == pytest.approx(sum(n_active.values()) / n_tokens / len(ROLES))
        at = np.concatenate([(places % 4 / 6)[fired[role]] for role in ROLES])
        if feature == DEAD:
            assert (shape["n_peaks"], shape["peak_place"]) == (None, None)
        else:
            assert shape["peak_place"] == pytest.approx(at.mean())
            assert (shape["single_token_share"], shape["single_token"]) == (1, f" {feature}")
        # No histogram was kept of these roles.
        assert shape["position_correlation"] is None
        assert rows(warehouse, "from token_histogram(?, sae := ?)", feature, sae) == []
        [position] = rows(warehouse, "from feature_position(?, ?)", feature, sae)
        assert position["n_roles"] == 0


def test_a_token_that_has_most_peaks_is_the_single_token(warehouse: duckdb.DuckDBPyConnection) -> None:
    planted = """
        create temp view evidence as
        select 'first' as sae, 3 as feature_id, [8, t, 9] as token_ids, ['a', chr(64 + t), 'b'] as pieces,
            [0.0, 2.0, 1.0] as activations
        from unnest([5, 5, 5, 6]) as given(t)
    """
    macro = (PROJECT / "sql/macros/feature_shape.sql").read_text()
    warehouse.execute(planted)
    warehouse.execute(macro.replace("create macro", "create temp macro").split("comment on")[0])
    [shape] = rows(warehouse, "from feature_shape(3)")
    found = [shape[name] for name in ("n_peaks", "n_peak_tokens", "single_token_share", "single_token")]
    assert found == [4, 2, 0.75, "E"]


@pytest.mark.parametrize("sae", ["first", "second"])
def test_features_of_a_token_are_those_whose_peaks_lie_on_it(
    warehouse: duckdb.DuckDBPyConnection, published: World, sae: str
) -> None:
    [found] = rows(warehouse, "from features_of_token(?, ?)", f" {OF_PIRATE_ALONE}", sae)
    [shape] = rows(warehouse, "from feature_shape(?, ?)", OF_PIRATE_ALONE, sae)
    assert (found["feature_id"], found["n_roles"], found["share_of_peaks"]) == (OF_PIRATE_ALONE, 1, 1)
    assert found["n_peaks"] == found["n_peaks_in_all"] == shape["n_peaks"]
    assert rows(warehouse, "from features_of_token('no such token', ?)", sae) == []


def test_a_token_beside_the_peak_is_not_counted(warehouse: duckdb.DuckDBPyConnection) -> None:
    planted = """
        create temp view evidence as
        select
            'first' as sae, feature_id, role, ['a', token, 'b'] as pieces, [1.0, 2.0, 0.0] as activations
        from (values (3, 'x', 'E'), (3, 'x', 'E'), (3, 'y', 'F'), (4, 'x', 'F'), (4, 'y', 'F'))
            as given(feature_id, role, token)
    """
    macro = (PROJECT / "sql/macros/features_of_token.sql").read_text()
    warehouse.execute(planted)
    warehouse.execute(macro.replace("create macro", "create temp macro").split("comment on")[0])
    columns = ("feature_id", "n_peaks", "n_roles", "n_peaks_in_all", "share_of_peaks")

    def of(token: str) -> list[tuple[object, ...]]:
        found = rows(warehouse, "from features_of_token(?)", token)
        return [tuple(row[name] for name in columns) for row in found]

    assert of("F") == [(4, 2, 2, 2, 1.0), (3, 1, 1, 3, pytest.approx(1 / 3))]
    assert of("E") == [(3, 2, 1, 3, pytest.approx(2 / 3))] and of("a") == []


def test_density_is_not_known_where_active_tokens_are_not(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(
        "create temp view activations as "
        "select * replace (null::integer as n_active) from warehouse.activations"
    )
    macro = (PROJECT / "sql/macros/feature_density.sql").read_text()
    warehouse.execute(macro.replace("create macro", "create temp macro").split("comment on")[0])
    answer = {row["role"]: row for row in rows(warehouse, "from feature_density(?)", OF_PIRATE_ALONE)}
    assert answer["pirate"]["n_active_tokens"] is None
    assert answer["ghost"]["n_active_tokens"] == 0


@pytest.mark.parametrize("sae", ["first", "second"])
def test_responses_over_the_range_are_of_bands_that_split_what_fires(
    warehouse: duckdb.DuckDBPyConnection, published: World, sae: str
) -> None:
    answer = rows(warehouse, "from responses_over_range(?, ?)", ALWAYS_ON, sae)
    fired = "select max from activations where sae = ? and feature_id = ?"
    values = np.sort([row["max"] for row in rows(warehouse, fired, sae, ALWAYS_ON)])
    bands = np.array_split(values, 5)
    assert [row["band"] for row in answer] == [1 + at for at, band in enumerate(bands) for _ in band[:3]]
    for row in answer:
        band = bands[row["band"] - 1]
        assert row["n_in_band"] == len(band) and band[0] <= row["max"] <= band[-1]
        own = "select question, response from responses where role = ? and response_id = ?"
        [text] = rows(warehouse, own, row["role"], row["response_id"])
        assert (row["question"], row["response"]) == (text["question"], text["response"])
    assert rows(warehouse, "from responses_over_range(?, ?)", DEAD, sae) == []


def test_evidence_over_the_range_is_of_the_same_bands_and_draws_where_all_is_kept(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    strongest = rows(warehouse, "from evidence_over_range(?)", ALWAYS_ON)
    evidence = rows(warehouse, "from evidence where sae = 'first' and feature_id = ?", ALWAYS_ON)
    pieces = {(row["role"], row["response_id"]): row["pieces"] for row in evidence}
    assert strongest and not any(row["drawn"] for row in strongest)  # of roles from before any were drawn
    for row in strongest:
        assert row["pieces"] == pieces[row["role"], row["response_id"]]
        assert max(row["activations"]) == row["max"]
    planted = """
        create temp view drawn_evidence as
        select sae, role, feature_id, response_id, 0 as start, ['a', 'b'] as pieces, [0.0, max] as activations
        from warehouse.activations
        anti join warehouse.evidence using (sae, role, feature_id, response_id)
    """
    macro = (PROJECT / "sql/macros/evidence_over_range.sql").read_text()
    warehouse.execute(planted)
    warehouse.execute(macro.replace("create macro", "create temp macro").split("comment on")[0])
    found = rows(warehouse, "from evidence_over_range(?)", ALWAYS_ON)
    wanted = rows(warehouse, "from responses_over_range(?)", ALWAYS_ON)
    assert [row["band"] for row in found] == [row["band"] for row in wanted]
    same = [row for row in wanted if (row["role"], row["response_id"]) not in pieces]
    columns = ("band", "n_in_band", "role", "response_id", "max", "question")
    own = [tuple(row[name] for name in columns) for row in found]
    assert len(same) > 3 and all(tuple(row[name] for name in columns) in own for row in same)
    assert all(row["drawn"] == (row["pieces"] == ["a", "b"]) for row in found)


def test_every_response_of_a_band_is_drawn_as_often(warehouse: duckdb.DuckDBPyConnection) -> None:
    n_features, per_band, drawn = 120, 6, 3
    warehouse.execute(
        "create temp table responses as "
        "select 'x' as role, response_id, '' as question, '' as response from range(?) as r(response_id)",
        [5 * per_band],
    )
    warehouse.execute(
        "create temp table activations as select 'first' as sae, feature_id, 'x' as role, response_id, "
        "1.0 + response_id as max, 1 as n_active, 0 as argmax_token "
        "from range(?) as f(feature_id), range(?) as r(response_id)",
        [n_features, 5 * per_band],
    )
    macro = (PROJECT / "sql/macros/responses_over_range.sql").read_text().split("comment on")[0]
    macro = macro.replace("create macro", "create temp macro").replace("known_feature(feature, sae)", "true")
    warehouse.execute(macro)
    asked = "select response_id, band from responses_over_range(?)"
    found = [row for feature in range(n_features) for row in rows(warehouse, asked, feature)]
    assert all(row["band"] == 1 + row["response_id"] // per_band for row in found)
    counts = np.bincount([row["response_id"] for row in found], minlength=5 * per_band)
    share = drawn / per_band
    z = (counts - n_features * share) / np.sqrt(n_features * share * (1 - share))
    assert abs(z).max() < 4 and 0.5 < (z**2).mean() < 2


def told_and_peaks(warehouse: duckdb.DuckDBPyConnection, told: list[Any], peaks: list[Any]) -> Any:
    """The echoes of `peaks` (role, feature, pieces, activations) on what roles were `told`."""
    columns = zip(*told, strict=True), zip(*peaks, strict=True)
    names = ("role", "instruction"), ("role", "feature_id", "pieces", "activations")
    for name, given, keys in zip(("told", "peaks"), columns, names, strict=True):
        warehouse.register(name, pa.table({key: list(one) for key, one in zip(keys, given, strict=True)}))
    warehouse.execute("create or replace temp view instructions as from told")
    warehouse.execute("create or replace temp view evidence as select *, 'first' as sae from peaks")
    macro = (PROJECT / "sql/macros/echoes.sql").read_text()
    warehouse.execute(macro.replace("create macro", "create or replace temp macro").split("comment on")[0])
    return rows(warehouse, "from echoes()")


def echoes_of(warehouse: duckdb.DuckDBPyConnection, shift: int, random: np.random.Generator) -> Any:
    """The echoes where one role's feature peaks on words of the role `shift` further on, others on any."""
    n_roles, n_features = 30, 20
    words = [[f"w{word}" for word in random.choice(200, 15, replace=False)] for _ in range(n_roles)]
    told = [(f"r{role}", f"You, {', '.join(own)}.") for role, own in enumerate(words)]
    peaks = []
    for role in range(n_roles):
        for feature in range(n_features):
            for _ in range(3):
                planted = feature == 0 and role == 0
                own = words[(role + shift) % n_roles] if planted else [f"w{random.integers(200)}"]
                word = str(random.choice(own))
                peaks.append((f"r{role}", feature, [" a", f" {word[:1].upper()}", word[1:]], [0.0, 2.0, 1.0]))
    return told_and_peaks(warehouse, told, peaks)


def test_a_planted_echo_is_found_and_a_permuted_one_is_not(warehouse: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(8)
    [planted] = [
        row for row in echoes_of(warehouse, 0, random) if (row["role"], row["feature_id"]) == ("r0", 0)
    ]
    assert (planted["n_peaks"], planted["n_echoes"], planted["p"]) == (3, 3, pytest.approx(1 / 30))
    assert planted["chance"] < 0.3
    permuted = echoes_of(warehouse, 7, random)
    [moved] = [row for row in permuted if (row["role"], row["feature_id"]) == ("r0", 0)]
    assert moved["n_echoes"] < 3 and moved["p"] > 1 / 30
    by_chance = [row["p"] <= 0.05 for row in permuted]
    assert len(by_chance) == 600 and np.mean(by_chance) < 0.05


def test_an_echo_is_of_whole_words_of_the_name_or_the_instructions(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    tokens = [  # the peak is the second token
        (1, [" the", " Sea", "s"], 1, "seas"),
        (2, [" the", " sea", "side"], 0, None),
        (3, [" Pir", "ate", "."], 1, "pirate"),
        (4, [" seas", ",", " and"], 0, None),
        (5, ["(", "_Seas ", "and"], 1, "seas"),
        (6, [" the", " seas", ", and"], 1, "seas"),
    ]
    told = [("pirate", "Sail the seas."), ("poet", "Rhyme.")]
    peaks = [("pirate", feature, pieces, [0.0, 2.0, 1.0]) for feature, pieces, _, _ in tokens]
    found = {row["feature_id"]: row for row in told_and_peaks(warehouse, told, peaks)}
    for feature, _, n_echoes, word in tokens:
        assert (found[feature]["n_echoes"], found[feature]["words"]) == (n_echoes, [word] if word else [])
        assert (found[feature]["p"], found[feature]["chance"]) == (0.5 if n_echoes else 1, 0)


def test_echoes_of_a_role_that_is_not_there_are_refused(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert {row["p"] for row in rows(warehouse, "from echoes('pirate', sae := 'first')")} == {1}
    with pytest.raises(duckdb.Error, match="no features of role pirat .*did you mean pirate"):
        warehouse.execute("from echoes('pirat')").fetchall()
