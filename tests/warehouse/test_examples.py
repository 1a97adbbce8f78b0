"""Every example question runs as it stands and gives the right answer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.places import PROJECT
from tests.warehouse.world import (
    ALWAYS_ON,
    EXCLUDED,
    OF_PIRATE_ALONE,
    QUESTIONS,
    RESPONSE_IDS,
    ROLES,
    VARIANTS,
    World,
    responses_of,
    rows,
)

FILES = sorted((PROJECT / "sql" / "examples").glob("*.sql"))
N_POOLED = len(RESPONSE_IDS) - 1

COLUMNS = {
    "by_activation_and_by_attribution": (
        "feature_id label activation_rank attribution_rank distinctness attribution attribution_low "
        "attribution_high"
    ),
    "how_well_attribution_foretells": "role spearman low high n n_answers",
    "always_on_features": "feature_id lowest_firing_rate mean_over_roles variation_over_roles",
    "away_from_the_assistant": (
        "feature_id anchor_mean roles_mean shift n_roles_above n_roles "
        "anchor_effect anchor_effect_low anchor_effect_high anchor_q"
    ),
    "consistent_across_variants": "role feature_id by_variant spread",
    "discoveries_by_role": "role n_more n_less n_relevant simes_q",
    "drift_below_the_null_band": "name turn projection projection_low p run_p nearest answer",
    "drift_confounds": (
        "name n_turns score confound_norm confound_n_active_features confound_n_tokens confound_verdict"
    ),
    "drift_in_which_tokens": "name turn token piece projection scaled",
    "drift_largest_drops": (
        "name turn delta_projection feature_id description direction contribution share_of_drop"
    ),
    "features_that_follow_length": "feature_id length_correlation firing_rate preferred_role variance_role",
    "features_that_tell_roles_apart": (
        "rank feature_id description preferred_role variance_role variance_question stability"
    ),
    "labels_about_the_sea": "feature_id description source model url around label_worth",
    "which_labels_foretell_their_feature": ("feature_id scorer worth description source score low high q n"),
    "more_often_per_token": (
        "feature_id description token_rate rate_ratio rate_ratio_low rate_ratio_high rate_q effect_at_length "
        "length_overlap"
    ),
    "from_the_first_tokens_on": (
        "feature_id label label_worth rank_all rank_first auroc_all auroc_first auroc_first_low "
        "auroc_first_high q_first"
    ),
    "most_alike_roles": "role_a role_b crossed_similarity similarity_low similarity_high",
    "neighbors_of_a_feature": "feature_id similarity preferred_role description",
    "do_words_tell_the_role_too": (
        "role best_feature low high probe_20 probe_low probe_high words words_low words_high terms"
    ),
    "which_features_are_causes": (
        "intervention role target strength metric effect low high control_low control_high against q found"
    ),
    "which_answers_seem_to_decline": "role response_id declined_score matched question opening",
    "what_we_say_of_features": "feature_id ours others read_from model",
    "what_our_contrasts_find": ("contrast kind n_group n_against unit crossed n_more n_less n_relevant note"),
    "on_the_assistant_axis": (
        "role position position_low position_high rank_low rank_high "
        "played_position played_position_low played_position_high"
    ),
    "roles_on_both_assistant_axes": (
        "role residual residual_low residual_high residual_rank features features_rank"
    ),
    "features_along_the_assistant_axis": "feature_id label cosine cosine_low cosine_high contribution",
    "how_much_of_an_axis_the_sae_carries": (
        "sae axis carried carried_low carried_high explained_variance explained_null cosine_with_assistant "
        "reason"
    ),
    "what_a_role_avoids": "feature_id description effect effect_low effect_high auroc q",
    "cut_off_by_the_length_limit": "role n_cut_off n_responses share longest",
    "features_of_one_role_alone": "role feature_id firing_rate n_active_responses mean max",
    "how_many_features_an_answer_fires": (
        "role n_responses mean_features_of_an_answer n_features_of_the_role"
    ),
    "how_strongly_on_tokens": (
        "from_activation to_activation n_tokens share mean_place position_correlation position_low "
        "position_high"
    ),
    "how_the_saes_differ": (
        "sae d_sae mean_features_of_an_answer n_features_that_fire n_features_of_one_role"
    ),
    "the_same_answers_in_another_sae": "role feature_id other_sae other_feature_id overlap",
    "provenance_of_a_response": (
        "role response_id instruction system_prompt question response seed origin finish_reason token_source "
        "prompt_token_ids response_token_ids n_pooled_tokens n_active_features excluded_reason files"
    ),
    "response_length_by_role": "role n_responses mean_tokens median_tokens shortest longest",
    "role_similarity": (
        "role_a role_b cosine crossed_similarity similarity_low similarity_high similarity similarity_null"
    ),
    "show_me_the_tokens": "feature_id role rank peak tokens question",
    "what_is_still_missing": (
        "role status responses_status activations_status role_features_status n_responses n_prompts"
    ),
    "what_tells_two_roles_apart": (
        "a b feature_id standardized_difference difference difference_low "
        "difference_high p q mean_a mean_b firing_rate_a firing_rate_b max_a max_b"
    ),
    "what_was_excluded": "sae role response_id variant question_id excluded_reason question response",
    "features_that_write_the_opposite": (
        "feature_id opposed_id opposed_cosine preferred_role opposed_role firing_rate opposed_firing_rate"
    ),
    "what_a_feature_promotes": "feature_id auroc promotes",
    "written_alike_fired_apart": "feature_id neighbor_id cosine preferred_role neighbors_role",
    "where_a_feature_fires_weakly": "band role response_id max tokens question",
    "which_questions_bring_out_a_feature": "feature_id question_id question n_responses firing_rate mean",
    "which_roles_fire_a_feature": (
        "role firing_rate n_active_responses n_responses mean max sd "
        "effect effect_low effect_high n_wordings_agree q"
    ),
}


def ask(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return rows(connection, (PROJECT / "sql" / "examples" / f"{name}.sql").read_text(encoding="utf-8"))


def test_every_example_is_tested() -> None:
    assert {file.stem for file in FILES} == set(COLUMNS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_says_in_plain_words_what_it_answers(file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith("-- ")
    assert "?" in file.read_text(encoding="utf-8").split("\n--\n")[0]


@pytest.mark.parametrize("name", COLUMNS)
def test_an_example_gives_its_columns(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    warehouse.execute((PROJECT / "sql" / "examples" / f"{name}.sql").read_text(encoding="utf-8"))
    assert [column[0] for column in warehouse.description or []] == COLUMNS[name].split()


@pytest.mark.parametrize("name", COLUMNS)
def test_an_example_runs_on_a_study_that_has_nothing_yet(unfilled: Study, name: str) -> None:
    publish(unfilled)
    with connect(unfilled) as connection:
        answer = ask(connection, name)
    assert len(answer) == (len(ROLES) if name == "what_is_still_missing" else 0)


def test_always_on(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    [row] = ask(warehouse, "always_on_features")
    means = [published.mean_of(role)[ALWAYS_ON] for role in ROLES]
    assert (row["feature_id"], row["lowest_firing_rate"]) == (ALWAYS_ON, 1)
    assert row["mean_over_roles"] == pytest.approx(np.mean(means))
    assert row["variation_over_roles"] == pytest.approx(np.std(means) / np.mean(means))


def test_away_from_the_assistant(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = ask(warehouse, "away_from_the_assistant")
    anchor = published.mean_of("default")
    others = np.stack([published.mean_of(role) for role in ROLES if role != "default"])
    shift = others.mean(axis=0) - anchor
    alive = np.flatnonzero((anchor > 0) | others.any(axis=0))
    strongest = alive[np.argsort(-np.abs(shift[alive]), kind="stable")][:20]
    assert [row["feature_id"] for row in answer] == strongest.tolist()
    for row in answer:
        assert row["shift"] == pytest.approx(shift[row["feature_id"]])
        assert row["n_roles_above"] == (others[:, row["feature_id"]] > anchor[row["feature_id"]]).sum()
        assert row["n_roles"] == len(ROLES) - 1
        if row["anchor_effect_low"] is not None:
            assert row["anchor_effect_low"] <= row["anchor_effect"] <= row["anchor_effect_high"]
    assert all(row["anchor_effect"] is not None for row in answer)


def test_consistent_across_variants(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = {row["role"]: row for row in ask(warehouse, "consistent_across_variants")}
    assert set(answer) == set(ROLES)
    assert answer["pirate"]["feature_id"] == OF_PIRATE_ALONE
    assert answer["pirate"]["spread"] == 0
    for role, row in answer.items():
        active = published.mean["first"][role][:, row["feature_id"]] > 0
        for variant, firing_rate in row["by_variant"]:
            of_variant = (variant == RESPONSE_IDS // 100_000) & published.pooled
            assert firing_rate == pytest.approx(active[of_variant].mean())
        assert [variant for variant, _ in row["by_variant"]] == list(VARIANTS)


def test_cut_off(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "cut_off_by_the_length_limit")
    assert [(row["role"], row["n_cut_off"], row["n_responses"]) for row in answer] == [
        (role, 1, len(RESPONSE_IDS)) for role in ROLES
    ]


def test_how_the_saes_differ(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = {row["sae"]: row for row in ask(warehouse, "how_the_saes_differ")}
    assert list(answer) == ["first", "second"]
    for sae, row in answer.items():
        fired = np.stack([published.mean[sae][role] > 0 for role in ROLES])
        assert row["mean_features_of_an_answer"] == fired[:, published.pooled].sum(axis=2).mean()
        in_roles = fired.any(axis=1).sum(axis=0)
        assert row["n_features_that_fire"] == (in_roles > 0).sum()
        assert row["n_features_of_one_role"] == (in_roles == 1).sum()


def test_the_same_answers_in_another_sae(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = ask(warehouse, "the_same_answers_in_another_sae")
    role = max(ROLES)
    ours, theirs = (published.mean[sae][role] > 0 for sae in ("first", "second"))
    both = ours.astype(int).T @ theirs.astype(int)
    overlap = both / np.maximum(ours.sum(axis=0)[:, None] + theirs.sum(axis=0) - both, 1)
    strongest = [row["feature_id"] for row in rows(warehouse, "from top_features(?) limit 10", role)]
    assert {row["feature_id"] for row in answer} == set(strongest)
    for row in answer:
        of_feature = overlap[row["feature_id"]]
        assert (row["role"], row["other_sae"]) == (role, "second")
        assert row["other_feature_id"] == of_feature.argmax()
        assert row["overlap"] == pytest.approx(of_feature.max())


def test_features_of_one_role_alone(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = ask(warehouse, "features_of_one_role_alone")
    alive = np.stack([published.mean_of(role) > 0 for role in ROLES])
    alone = np.flatnonzero(alive.sum(axis=0) == 1)
    assert {(row["role"], row["feature_id"]) for row in answer} == {
        (ROLES[alive[:, feature].argmax()], feature) for feature in alone.tolist()
    }
    assert (answer[0]["role"], answer[0]["feature_id"]) == ("pirate", OF_PIRATE_ALONE)


def test_how_many_features(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    for row in ask(warehouse, "how_many_features_an_answer_fires"):
        fired = published.mean["first"][row["role"]][published.pooled] > 0
        assert row["mean_features_of_an_answer"] == pytest.approx(fired.sum(axis=1).mean())
        assert row["n_features_of_the_role"] == fired.any(axis=0).sum()


def test_provenance(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    [row] = ask(warehouse, "provenance_of_a_response")
    [kept] = [
        one for one in responses_of(row["role"]).to_pylist() if one["response_id"] == row["response_id"]
    ]
    for key in ("response", "seed", "prompt_token_ids", "response_token_ids", "finish_reason"):
        assert row[key] == kept[key]
    most = max((published.mean["first"][role] > 0).sum(axis=1).max() for role in ROLES)
    assert row["n_active_features"] == most
    files = dict(row["files"])
    assert set(files) == {
        "responses", "pooled", "sae_fit", "activations", "evidence", "role_features",
    }  # fmt: skip
    assert all((Path(published.study.lake.root) / path).is_file() for path in files.values())


def test_response_length(warehouse: duckdb.DuckDBPyConnection) -> None:
    for row in ask(warehouse, "response_length_by_role"):
        lengths = responses_of(row["role"])["n_response_tokens"].to_numpy()
        assert row["mean_tokens"] == pytest.approx(lengths.mean())
        assert row["median_tokens"] == np.median(lengths)
        assert (row["shortest"], row["longest"]) == (0, lengths.max())


def test_role_similarity(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = {(row["role_a"], row["role_b"]): row for row in ask(warehouse, "role_similarity")}
    assert set(answer) == set(itertools.combinations(ROLES, 2))
    for (a, b), row in answer.items():
        x, y = published.mean_of(a), published.mean_of(b)
        assert row["cosine"] == pytest.approx(x @ y / np.linalg.norm(x) / np.linalg.norm(y))
        [told] = rows(
            warehouse, "from role_similarity where sae = 'first' and role_a = ? and role_b = ?", a, b
        )
        for name in ("similarity", "crossed_similarity", "similarity_low", "similarity_high"):
            assert row[name] == told[name]
        assert 0 < row["similarity_null"] <= 1


def test_show_me_the_tokens(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = ask(warehouse, "show_me_the_tokens")
    [top] = rows(warehouse, "select feature_id from top_features('1984') limit 1")
    feature = top["feature_id"]
    assert {row["feature_id"] for row in answer} == {feature}
    maxima = {role: published.max["first"][role][:, feature].max() for role in ROLES}
    assert {row["role"]: row["peak"] for row in answer} == {r: peak for r, peak in maxima.items() if peak > 0}
    assert answer[0]["tokens"] == f"Aye« {feature}»"
    assert answer[0]["question"] in QUESTIONS.values()


@pytest.mark.parametrize(
    ("place", "shown"), [(0, "«a»bcdefg"), (8, "cdefgh«i»jklmno"), (18, "mnopqr«s»"), (15, "jklmno«p»qrs")]
)
def test_tokens_are_shown_six_to_each_side_of_the_peak(
    warehouse: duckdb.DuckDBPyConnection, place: int, shown: str
) -> None:
    activations = [1.0] * 19
    activations[place] = 2.0
    warehouse.execute("set variable pieces = ?", [list("abcdefghijklmnopqrs")])
    warehouse.execute("set variable activations = ?", [activations])
    warehouse.execute(
        "create temp view evidence as select * replace "
        "(getvariable('pieces') as pieces, getvariable('activations') as activations) from warehouse.evidence"
    )
    assert {row["tokens"] for row in ask(warehouse, "show_me_the_tokens")} == {shown}


def test_what_is_still_missing(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert ask(warehouse, "what_is_still_missing") == []


def test_what_tells_two_roles_apart(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "what_tells_two_roles_apart")
    assert {(row.pop("a"), row.pop("b")) for row in answer} == {("1984", "pirate")}
    assert answer == rows(warehouse, "from compare_roles('1984', 'pirate') limit 20")
    assert answer[0]["feature_id"] == OF_PIRATE_ALONE


def test_what_was_excluded(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "what_was_excluded")
    assert [(row["sae"], row["role"]) for row in answer] == [*itertools.product(("first", "second"), ROLES)]
    assert {(row["response_id"], row["excluded_reason"], row["response"]) for row in answer} == {
        (int(RESPONSE_IDS[EXCLUDED]), "empty response", "")
    }


def test_which_questions(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    answer = {row["question_id"]: row for row in ask(warehouse, "which_questions_bring_out_a_feature")}
    assert set(answer) == set(QUESTIONS)
    for question_id, row in answer.items():
        chosen = (question_id == RESPONSE_IDS % 100_000) & published.pooled
        means = np.concatenate([published.mean["first"][role][chosen, row["feature_id"]] for role in ROLES])
        assert row["n_responses"] == len(means)
        assert row["firing_rate"] == pytest.approx((means > 0).mean())
        assert row["mean"] == pytest.approx(means.mean())
        assert row["question"] == QUESTIONS[question_id]


def test_which_roles(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "which_roles_fire_a_feature")
    [top] = rows(warehouse, "select feature_id from top_features('1984') limit 1")
    assert answer == rows(warehouse, "from which_roles(?)", top["feature_id"])
    assert answer


def test_what_tells_roles_apart_is_what_they_differ_in(
    warehouse: duckdb.DuckDBPyConnection, published: World
) -> None:
    answer = ask(warehouse, "features_that_tell_roles_apart")
    first = answer[0]
    assert (first["rank"], first["feature_id"], first["preferred_role"]) == (1, OF_PIRATE_ALONE, "pirate")
    assert first["description"] == "the open sea, and voyages over it"
    for row in answer:
        means = [published.mean_of(role)[row["feature_id"]] for role in ROLES]
        assert row["preferred_role"] == ROLES[int(np.argmax(means))]


def test_similarity_of_roles_is_each_pair_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "most_alike_roles")
    assert {(row["role_a"], row["role_b"]) for row in answer} == set(itertools.combinations(ROLES, 2))
    similarities = [row["crossed_similarity"] for row in answer]
    assert similarities == sorted(similarities, reverse=True)
    for row in answer:  # noise may take it beyond 1
        assert row["similarity_low"] <= max(-1, min(row["crossed_similarity"], 1)) <= row["similarity_high"]


def test_the_anchor_is_the_last_on_its_axis(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "on_the_assistant_axis")
    assert [row["role"] for row in answer][-1] == "default" and len(answer) == len(ROLES)
    assert sum(row["position"] for row in answer) == pytest.approx(0, abs=1e-9)
    assert all(row["position_low"] < row["position"] < row["position_high"] for row in answer)
    assert all(1 <= row["rank_low"] <= row["rank_high"] <= len(ROLES) for row in answer)


def test_neighbors_are_those_of_the_pirate_s_best(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "neighbors_of_a_feature")
    similarities = [row["similarity"] for row in answer]
    assert answer and OF_PIRATE_ALONE not in [row["feature_id"] for row in answer]
    assert similarities == sorted(similarities, reverse=True)


def test_what_a_role_avoids_and_how_much_sets_it_apart_agree(warehouse: duckdb.DuckDBPyConnection) -> None:
    apart = {row["role"]: row for row in ask(warehouse, "discoveries_by_role")}
    found = """
        from role_contrasts as c join role_findings as f using (sae, role)
        where c.sae = chosen_sae(null) and c.role = 'pirate' and c.q <= f.level and c.effect > 0
    """
    assert len(warehouse.sql(found)) == apart["pirate"]["n_more"]  # of so few answers it may be none
    avoided = ask(warehouse, "what_a_role_avoids")
    assert len(avoided) <= apart["pirate"]["n_less"]
    assert all(row["effect"] < 0 and row["auroc"] < 0.5 for row in avoided)


def test_what_is_more_often_active_per_token_is_so_in_the_lake_s_own_counts(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    answer = ask(warehouse, "more_often_per_token")
    assert all(row["rate_ratio"] > row["rate_ratio_low"] > 1 and row["rate_q"] < 0.05 for row in answer)
    counted = """
        select a.role, a.feature_id, sum(a.n_active) / any_value(t.n) as rate
        from activations as a
        join (
            select sae, role, sum(n_tokens) as n from pooled where excluded_reason is null group by all
        ) as t using (sae, role)
        where a.sae = chosen_sae(null)
        group by all
    """
    off = f"""
        select count(*), count(*) filter (abs(lc.token_rate - c.rate) > 1e-6)
        from length_contrasts as lc join ({counted}) as c using (role, feature_id)
        where lc.sae = chosen_sae(null)
    """
    n_rows, n_off = warehouse.sql(off).fetchone() or (0, 0)
    assert n_rows > 0 and n_off == 0


def test_length_goes_with_no_feature_where_all_answers_are_alike(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    answer = ask(warehouse, "features_that_follow_length")
    assert len(answer) == 20 and {row["length_correlation"] for row in answer} == {None}


def test_labels_about_the_sea(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = ask(warehouse, "labels_about_the_sea")
    found = [(row["feature_id"], row["description"]) for row in answer]
    assert found == [
        (2, "the Sea"),
        (OF_PIRATE_ALONE, "the open sea, and voyages over it"),
        (3, "seaside towns"),
    ]


def test_what_features_write(warehouse: duckdb.DuckDBPyConnection, published: World) -> None:
    top = rows(warehouse, "from top_features('pirate') limit 10")
    promotes = {row["feature_id"]: row["promotes"] for row in ask(warehouse, "what_a_feature_promotes")}
    assert promotes == {row["feature_id"]: [f" {row['feature_id']}"] for row in top}
    [found] = rows(warehouse, "from features_that_promote(?)", f" {OF_PIRATE_ALONE}")
    assert (found["feature_id"], found["rank"], found["value_per_norm"]) == (OF_PIRATE_ALONE, 1, 1.5)
    assert found["description"] == "the open sea, and voyages over it"
    [logits] = rows(warehouse, "from feature_logits_of(?)", OF_PIRATE_ALONE)
    assert (logits["promotes"], logits["up"], logits["down"]) == (f" {OF_PIRATE_ALONE}", 3, -3)
    opposite = ask(warehouse, "features_that_write_the_opposite")
    fires = np.stack([published.mean_of(role) > 0 for role in ROLES]).any(axis=0)
    expected = [(one, one + 20) for one in range(20) if fires[one] and fires[one + 20]]
    assert [(row["feature_id"], row["opposed_id"]) for row in opposite] == expected
    for row in ask(warehouse, "written_alike_fired_apart"):
        assert row["neighbor_id"] == row["feature_id"] + 1
        assert row["preferred_role"] != row["neighbors_role"]
