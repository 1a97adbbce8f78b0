"""The resources' numbers, against the arrays that the study was written from."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.queries import orders
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import RESOURCES, Source, find
from persona_assets.explorer.resources.feature import page_elsewhere
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.schema import RESPONSE_SPANS
from persona_assets.warehouse import publish, warehouse_path
from tests.explorer.contract import check
from tests.warehouse.world import (
    ALWAYS_ON,
    DEAD,
    EXCLUDED,
    OF_PIRATE_ALONE,
    QUESTIONS,
    RESPONSE_IDS,
    ROLES,
    VARIANTS,
    World,
    land,
)


def answer(source: Source, path: str):
    found = find(path)
    assert found is not None, path
    return found(source)


def test_a_feature_is_told_in_every_role_with_the_roles_own_numbers(source: Source, published: World):
    page = answer(source, f"first/feature/{ALWAYS_ON}.json")
    assert page["alive"]
    assert {role["role"] for role in page["roles"]} == set(ROLES)
    for role in page["roles"]:
        assert role["mean"] == pytest.approx(published.mean_of(role["role"])[ALWAYS_ON], rel=1e-5)
        assert role["firing_rate"] == 1
        assert role["n_responses"] == published.pooled.sum()
        assert role["effect_low"] <= role["effect"] <= role["effect_high"]
        assert role["n_wordings"] == len(VARIANTS)
        assert 0 <= role["n_wordings_agree"] <= len(VARIANTS)


def test_a_role_and_a_feature_are_told_per_token_and_at_equal_length(source: Source):
    of_role = {row["feature_id"]: row for row in answer(source, "first/role/pirate.json")["features"]}
    known = source.connection.execute(
        "select feature_id, rate_ratio, length_overlap from length_contrasts "
        "where role = 'pirate' and sae = 'first' and rate_ratio is not null"
    ).fetchall()
    assert known
    for feature_id, *values in known:
        of_feature = answer(source, f"first/lengths/{feature_id}.json")
        [there] = [row for row in of_feature if row["role"] == "pirate"]
        for row in (of_role[feature_id], there):
            told = [row[name] for name in ("rate_ratio", "length_overlap")]
            assert told == pytest.approx(values, rel=1e-5)
            assert row["effect_at_length"] is None  # all answers are equally long: no slope can be taken
    assert answer(source, f"first/lengths/{DEAD}.json") == []


def test_a_roles_features_come_in_the_order_that_is_asked_for(source: Source):
    columns = {"distinctness": "distinctness", "auroc": "auroc_low", "effect": "effect"}
    columns |= {"lift": "lift", "score": "score", "q": "q"}
    assert list(columns) == orders("top_features")
    for order, column in columns.items():
        found = answer(source, f"first/role/pirate/by/{order}.json")
        values = [row[column] for row in found if row[column] is not None]
        assert values == sorted(values, reverse=order != "q") and values
        assert all(row["role_rank"] and row["length_overlap"] is not None for row in found)
        for row in found:
            check("FeatureInOrder", row)
    with pytest.raises(
        ProblemError, match="no order 'loud'; there are distinctness, auroc, effect, lift, score, q"
    ):
        answer(source, "first/role/pirate/by/loud.json")


def test_silent_roles_of_a_feature_are_told_too_after_the_others(source: Source):
    roles = answer(source, f"first/feature/{OF_PIRATE_ALONE}.json")["roles"]
    assert roles[0]["role"] == "pirate"
    assert [role["firing_rate"] for role in roles] == [1, 0, 0, 0]
    assert all(role["n_responses"] == len(RESPONSE_IDS) - 1 for role in roles)
    assert roles[0]["auroc"] == 1


def test_a_dead_feature_has_a_page_that_says_so(source: Source):
    page = answer(source, f"first/feature/{DEAD}.json")
    assert not page["alive"]
    assert page["examples"] == []
    histogram = answer(source, f"first/histogram/{DEAD}.json")
    assert histogram == {"edges": [], "counts": [], "n_silent": len(ROLES) * (len(RESPONSE_IDS) - 1)}


def test_the_peaks_of_a_feature_are_those_of_the_macros(source: Source):
    found = answer(source, f"first/peaks/{OF_PIRATE_ALONE}.json")
    assert found["fires_in"] == "pirate" and found["shape"]["single_token"] == f" {OF_PIRATE_ALONE}"
    rates = {row["role"]: row["token_rate"] for row in found["density"]}
    assert rates.keys() == set(ROLES) and [role for role, rate in rates.items() if rate] == ["pirate"]
    assert [row["n_silent"] == row["n_answers"] for row in found["silent"]] == [True] * len(found["silent"])
    assert len({row["question"] for row in found["silent"]}) == len(found["silent"]) == 3
    assert found["tokens"] == []  # of roles from before tokens were counted
    bands = [one["band"] for one in found["over_range"]]
    assert bands == sorted(bands, reverse=True) and bands
    silent = answer(source, f"first/peaks/{DEAD}.json")
    assert silent["fires_in"] is None and silent["silent"] == silent["echoes"] == []
    with pytest.raises(ProblemError, match="no feature 999"):
        answer(source, "first/peaks/999.json")


def test_a_feature_that_the_sae_does_not_have_has_no_histogram(source: Source):
    for feature_id in (40, 999_999_999):
        with pytest.raises(ProblemError, match=f"no feature {feature_id}") as raised:
            answer(source, f"first/histogram/{feature_id}.json")
        assert raised.value.status == 404


def test_no_name_of_an_sae_takes_the_pages_of_drift_runs_or_the_reverse():
    for run in ("map", "neighbors", "features", "roles", "0123456789"):
        [asked] = [resource for resource in RESOURCES if resource.match(f"drift/run/{run}.json")]
        assert asked.match(f"drift/run/{run}.json") == {"run": run}
    for name in ("drift", "role", "data", "feature", "study.json"):
        pages = [
            "map.json",
            "neighbors.json",
            "features.json",
            "roles.json",
            "feature/7.json",
            "feature/7/run.json",
        ]
        pages += ["histogram/7.json", "role/run.json", "role/run/features.json"]
        for page in pages:
            [asked] = [resource for resource in RESOURCES if resource.match(f"{name}/{page}")]
            assert asked.match(f"{name}/{page}")["sae"] == name


SURE = """create or replace temp table role_contrasts as
select * replace (
    0.9 - feature_id / 100 as auroc, if(feature_id % 2 = 0, 0.8 - feature_id / 100, 0.2) as auroc_low,
    if(feature_id % 2 = 0, 0.95, 0.4 - feature_id / 100) as auroc_high, 0.2 as q
) from warehouse.role_contrasts"""


def test_the_line_has_every_role_and_at_its_ends_what_the_anchor_surely_has_more_or_less_of(source: Source):
    source.connection.execute(SURE)  # even features are surely more, odd ones less
    line = answer(source, "first/line.json")
    check("Line", line)
    assert line["unit"] == source.connection.execute("select axes_unit from atlas_summary").fetchone()[0]
    known = source.connection.execute(
        "select role, position from role_axes where sae = 'first' and axis = 'assistant' order by role"
    ).fetchall()
    shown = [(one["role"], one["position"]) for one in line["axis"]["positions"]]
    assert [role for role, _ in shown] == [role for role, _ in known]
    assert [place for _, place in shown] == pytest.approx([place for _, place in known], rel=1e-4)
    assert [mark["feature_id"] for mark in line["toward"]] == [0, 2, 4, 6, 8]
    assert len(line["away"]) == 5 and all(mark["feature_id"] % 2 for mark in line["away"])
    highs = [mark["auroc_high"] for mark in line["away"]]
    assert highs == sorted(highs)
    assert {mark["role"] for mark in line["toward"]} <= {"default", None}
    assert "default" not in {mark["role"] for mark in line["away"]}


def test_a_roles_marks_are_the_surest_first_each_with_the_sentence_in_which_it_peaks(source: Source):
    source.connection.execute(SURE)
    page = answer(source, "first/line/pirate.json")
    check("MarksOfRole", page)
    assert [mark["feature_id"] for mark in page["marks"]] == [0, 2, 4]
    source.connection.execute(
        "update role_contrasts set q = 0.01, auroc_low = null, auroc_high = null where feature_id in (6, 7)"
    )
    of_few_firings = answer(source, "first/line/pirate.json")["marks"]
    assert [(mark["feature_id"], mark["auroc_low"]) for mark in of_few_firings[:2]] == [(6, None), (7, None)]
    assert of_few_firings[2]["feature_id"] == 0
    kept = [mark for mark in page["marks"] if mark["pieces"] is not None]
    assert kept
    for mark in kept:
        [(response, peak)] = source.connection.execute(
            "select response_id, list_max(activations) from evidence "
            "where sae = 'first' and role = 'pirate' and feature_id = ? order by 2 desc, 1 limit 1",
            [mark["feature_id"]],
        ).fetchall()
        assert (mark["role"], mark["response_id"]) == ("pirate", response)
        assert max(mark["activations"]) == pytest.approx(peak, rel=1e-4)
        assert len(mark["pieces"]) == len(mark["activations"])
    with pytest.raises(ProblemError, match="no role"):
        answer(source, "first/line/captain.json")


def test_a_histogram_counts_every_response(source: Source, published: World):
    histogram = answer(source, f"first/histogram/{ALWAYS_ON}.json")
    means = np.concatenate([published.mean["first"][role][published.pooled, ALWAYS_ON] for role in ROLES])
    counts, edges = np.histogram(means.astype(np.float64), bins=len(histogram["counts"]))
    assert histogram["counts"] == counts.tolist()
    assert histogram["edges"] == pytest.approx(edges, rel=1e-5)
    assert histogram["n_silent"] == 0


def test_examples_are_the_strongest_responses_with_what_led_to_them(source: Source, published: World):
    assert answer(source, f"first/feature/{OF_PIRATE_ALONE}.json")["examples"] == []
    examples = answer(source, f"first/feature/{OF_PIRATE_ALONE}/pirate.json")
    maxima = published.max["first"]["pirate"][:, OF_PIRATE_ALONE]
    order = np.argsort(-maxima, kind="stable")[:5]
    assert [response["response_id"] for response in examples["responses"]] == RESPONSE_IDS[order].tolist()
    first, second = examples["responses"][:2]
    assert first["question"] == QUESTIONS[first["question_id"]]
    assert first["system_prompt"] == "Speak like pirate."
    assert first["pieces"] == ["Aye", f" {OF_PIRATE_ALONE}"]
    assert first["activations"][1] == pytest.approx(maxima.max(), rel=1e-5)
    assert second["pieces"] is None  # the lake keeps evidence of the strongest only


def test_the_map_says_rows_of_its_own(source: Source):
    map_, neighbors = answer(source, "first/map.json"), answer(source, "first/neighbors.json")
    n = len(map_["features"]["feature_id"])
    assert n == map_["summary"]["selected_count"] == len(neighbors["rows"])
    assert map_["roles"] == sorted(ROLES)
    assert all(0 <= role < len(ROLES) for role in map_["features"]["preferred_role"])
    for roles, shares in zip(map_["features"]["top_roles"], map_["features"]["top_shares"], strict=True):
        assert len(set(roles)) == len(roles) == len(shares) == min(3, len(ROLES))
        assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1.002
    known = source.connection.execute(
        "select top_roles[1].role from atlas where sae = 'first' order by rank"
    ).fetchall()
    assert [map_["roles"][roles[0]] for roles in map_["features"]["top_roles"]] == [row[0] for row in known]
    for row, (rows, similarities) in enumerate(
        zip(neighbors["rows"], neighbors["similarities"], strict=True)
    ):
        assert len(rows) == neighbors["k"] == len(similarities)
        assert row not in rows
        assert similarities == sorted(similarities, reverse=True)
    related = answer(source, f"first/feature/{map_['features']['feature_id'][0]}.json")["related"]
    ids = [map_["features"]["feature_id"][row] for row in neighbors["rows"][0]]
    assert [feature["feature_id"] for feature in related] == ids


def test_a_feature_says_what_it_writes_in_the_weights(source: Source):
    page = answer(source, f"first/feature/{OF_PIRATE_ALONE}.json")
    piece = f" {OF_PIRATE_ALONE}"
    assert page["logits"] == [
        {"sign": 1, "piece": piece, "value": 3}, {"sign": -1, "piece": piece, "value": -3},
    ]  # fmt: skip
    near, opposed = page["written_alike"]
    assert (near["feature_id"], opposed["feature_id"]) == (OF_PIRATE_ALONE + 1, OF_PIRATE_ALONE + 20)
    assert near["cosine"] > 0 > opposed["cosine"]
    one_before = answer(source, f"first/feature/{OF_PIRATE_ALONE - 1}.json")["written_alike"][0]
    assert one_before["label"] == "the open sea, and voyages over it"


def test_the_table_has_every_alive_feature_and_its_best_label(source: Source, published: World):
    table = answer(source, "first/features.json")
    alive = np.flatnonzero(sum(published.mean_of(role) for role in ROLES) > 0)
    assert table["feature_id"] == alive.tolist()
    label = dict(zip(table["feature_id"], table["label"], strict=True))
    assert label[OF_PIRATE_ALONE] == "the open sea, and voyages over it"
    assert label[ALWAYS_ON] is None


def test_a_role_has_what_it_has_more_of_then_what_it_has_less_of_the_surest_first(source: Source):
    page = answer(source, "first/role/pirate.json")
    above = [feature for feature in page["features"] if feature["effect"] > 0]
    below = page["features"][len(above) :]
    assert above == page["features"][: len(above)]
    sure = [
        0.5 - one["auroc_high"] if one["auroc_high"] is not None else abs(one["auroc"] - 0.5) - 2
        for one in below
    ]
    assert len(set(sure)) > 1
    assert sure == sorted(sure, reverse=True)
    first = page["features"][0]
    assert first["feature_id"] == OF_PIRATE_ALONE
    assert (first["n_wordings_agree"], first["min_wording_auroc"]) == (page["n_wordings"], 1) == (3, 1)
    compared = answer(source, "first/role/pirate/features.json")
    for feature in page["features"]:
        at = compared["feature_id"].index(feature["feature_id"])
        shared = compared.keys() & feature.keys()
        assert {name: compared[name][at] for name in shared} == {name: feature[name] for name in shared}
        assert compared["mean_error"][at] > 0 and compared["mean_df"][at] > 1
        assert (feature["auroc_low"] or 0) <= feature["auroc"] <= (feature["auroc_high"] or 1)
    assert any(feature["auroc_low"] for feature in page["features"])
    assert page["findings"]["simes_p"] == pytest.approx(min(one["q"] for one in page["features"]), rel=1e-5)
    assert page["findings"] in answer(source, "first/roles.json")["findings"]
    assert first["role_rank"] == 1
    assert page["adherence"] == []
    assert {row["role"] for row in page["nearest"]} == set(ROLES) - {"pirate"}
    assert [row["variant"] for row in page["instructions"]] == list(VARIANTS)
    assert page["axes"][0]["axis"] == "assistant"
    assert page["fit"] in answer(source, "first/roles.json")["fits"]
    assert page["fit"]["role"] == "pirate"
    assert page["fit"]["loss_recovered"] is None
    of_another_sae = answer(source, "second/role/pirate.json")["fit"]
    assert (of_another_sae["fvu"], of_another_sae["loss_recovered"]) == (0.375, 0.75)
    default = answer(source, "first/role/default.json")["instructions"][0]
    assert default == {"variant": 0, "instruction": "", "system_prompt": None}


def test_the_features_of_a_role_hold_those_that_only_others_fire(source: Source, published: World):
    table = answer(source, "first/role/ghost/features.json")
    row = table["feature_id"].index(OF_PIRATE_ALONE)
    assert (table["mean"][row], table["firing_rate"][row]) == (0, 0)
    assert table["effect"][row] <= 0  # the middle half of the others may not fire it either
    fired = np.flatnonzero(published.mean_of("ghost"))
    assert set(fired.tolist()) <= set(table["feature_id"])


def test_responses_come_by_pages(source: Source):
    page = answer(source, "role/ghost/responses/1.json")
    assert (page["page"], page["n_pages"]) == (1, 1)
    assert [row["response_id"] for row in page["responses"]] == RESPONSE_IDS.tolist()
    assert page["responses"][EXCLUDED]["response"] == ""


def test_what_thinks_is_told_from_what_it_answers(own: World):
    spans = [("thinking", 0, 4, "<think>Who?</think>"), ("answer", 5, 9, "I am a ghost.")]
    rows = [
        {"response_id": RESPONSE_IDS[2], "variant": 0, "question_id": 99_999, "span": number}
        | {"kind": kind, "start": start, "stop": stop, "text": text}
        for number, (kind, start, stop, text) in enumerate(spans)
    ]
    land(own.study, RESPONSE_SPANS, pa.Table.from_pylist(rows, schema=RESPONSE_SPANS.schema), "ghost")
    publish(own.study)
    snapshots = Snapshots(own.study)
    with snapshots.newest().source() as source:
        responses = answer(source, "role/ghost/responses/1.json")["responses"]
        examples = answer(source, f"first/feature/{ALWAYS_ON}/ghost.json")["responses"]
        of_another = answer(source, "role/pirate/responses/1.json")["responses"]
    snapshots.close()
    parts = [{"kind": kind, "text": text, "n_tokens": 4} for kind, _, _, text in spans]
    for row in (*responses, *examples):
        assert row["parts"] == (parts if row["response_id"] == RESPONSE_IDS[2] else [])
    assert {row["response_id"] for row in (*responses, *examples)} >= {RESPONSE_IDS[2]}
    assert all(row["parts"] == [] for row in of_another)


def test_what_played_answers_and_first_tokens_say_stands_beside_what_all_answers_do(own: World):
    publish(own.study)
    with duckdb.connect(str(warehouse_path(own.study))) as earlier:
        earlier.execute(
            "insert into played_contrasts by name select * replace (effect / 2 as effect) "
            "from role_contrasts where sae = 'first' and role = 'pirate'"
        )
        earlier.execute(
            "insert into first_contrasts by name select * replace (effect / 4 as effect) "
            "from role_contrasts where sae = 'first' and role = 'pirate'"
        )
        earlier.execute("insert into played_roles values ('first', 'pirate', 8, 8, 4, 0.5, 0.2, 0.8, true)")
    snapshots = Snapshots(own.study)
    with snapshots.newest().source() as source:
        pirate, other_sae, ghost = (
            answer(source, f"{page}.json")
            for page in ("first/role/pirate", "second/role/pirate", "first/role/ghost")
        )
        roles = answer(source, f"first/feature/{OF_PIRATE_ALONE}.json")["roles"]
    snapshots.close()
    for row in (*pirate["features"], roles[0]):
        assert row["played_effect"] == pytest.approx(row["effect"] / 2, rel=1e-5)
        assert row["first_effect"] == pytest.approx(row["effect"] / 4, rel=1e-5)
        assert row["first_effect_low"] == row["effect_low"]
    for row in (*other_sae["features"], *ghost["features"], *roles[1:]):
        assert row["played_effect"] is row["first_effect"] is row["first_effect_high"] is None
    assert (pirate["played"]["share"], pirate["played"]["takes_part"]) == (0.5, True)
    assert other_sae["played"] is ghost["played"] is None
    check("RolePage", pirate)


def test_roles_are_laid_beside_those_they_are_like(source: Source):
    overview = answer(source, "first/roles.json")
    assert sorted(overview["order"]) == sorted(ROLES)
    matrix = np.array(overview["similarity"])
    assert matrix == pytest.approx(matrix.T)
    assert np.diag(matrix) == pytest.approx(np.ones(len(ROLES)))
    low, high = (np.array(overview[f"similarity_{end}"], float) for end in ("low", "high"))
    assert low.shape == matrix.shape and (np.isnan(low) | (low <= high)).all()
    assert overview["similarity_null"] == answer(source, "first/role/pirate.json")["similarity_null"]
    assistant = overview["axes"][0]
    assert (assistant["axis"], assistant["cosine_with_assistant"]) == ("assistant", 1)
    assert len(assistant["positions"]) == len(ROLES)
    assert [axis["axis"] for axis in overview["axes"][1:]] == ["pc1", "pc2", "pc3"]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("gemma/40-res", "https://www.neuronpedia.org/gemma/40-res/7"),
        (None, None),
        ("no-source", None),
        ("../evil", None),
        ("a/b?c=<d>", "https://www.neuronpedia.org/a/b%3Fc%3D%3Cd%3E/7"),
    ],
)
def test_a_link_leads_to_neuronpedia_only(name: str | None, url: str | None):
    assert page_elsewhere(name, 7) == url


def test_names_are_looked_up_and_never_part_of_a_query_or_a_path(source: Source):
    for path in ("first/role/x' or '1'='1.json", "first/role/../../etc/passwd.json", "FIRST/map.json"):
        assert find(path) is None
    with pytest.raises(ProblemError) as raised:
        answer(source, "first/role/....json")
    assert raised.value.status == 404


def test_readers_of_a_site_are_told_no_path_of_who_labelled_a_feature(source: Source):
    for table, column in (("feature_labels", "model"), ("explanation_scores", "scored_by")):
        source.connection.execute(
            f"create or replace temp table {table} as "
            f"select * replace ('/home/ann/models/llama' as {column}) from warehouse.{table}"
        )
    [(feature,)] = source.connection.execute(
        "select feature_id from feature_labels where sae = 'first' limit 1"
    ).fetchall()
    path = f"first/feature/{feature}.json"
    assert answer(source, path)["labels"][0]["model"] == "/home/ann/models/llama"
    assert answer(replace(source, live=False), path)["labels"][0]["model"] == "llama"


def test_a_snapshot_without_drift_runs_says_so(source: Source):
    assert answer(source, "drift.json") == {"runs": [], "default_run": None, "unreadable": []}
    assert not answer(source, "study.json")["has_drift"]
    with pytest.raises(ProblemError, match="no drift run"):
        answer(source, "drift/run/0123456789.json")


def test_what_labels_are_worth_stands_on_their_page_and_is_told_once_for_all_lists(source: Source):
    assert answer(source, "study.json")["has_scored_labels"]
    worths = answer(source, "first/label_worths.json")
    assert [(one["feature_id"], one["score"], one["better"]) for one in worths] == [
        (2, 0.525, False),
        (OF_PIRATE_ALONE, 0.9, True),
    ]
    for one in worths:
        check("LabelWorth", one)
    first, second = answer(source, f"first/feature/{OF_PIRATE_ALONE}.json")["labels"]
    assert [(one["scorer"], one["worth"]) for one in first["scores"]] == [
        ("detection", "detection 0.90 (0.78 to 0.96)"),
        ("fuzzing", "not better than chance: fuzzing 0.60 (0.44 to 0.74)"),
    ]
    assert second["scores"] == []
    [unscored] = answer(source, "first/feature/3.json")["labels"][0]["scores"]
    assert (unscored["worth"], unscored["why_unscored"]) == (
        None,
        "no held-out excerpt in which the feature fires",
    )
