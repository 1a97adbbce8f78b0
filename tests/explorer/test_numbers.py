from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.explorer.snapshot.numbers import column, rounded


def test_floats_have_six_digits_however_deep_and_integers_all_of_theirs():
    assert rounded({"a": [0.123456789, 123456789], "b": 1e-9 / 3}) == {
        "a": [0.123457, 123456789],
        "b": 3.33333e-10,
    }
    assert rounded([math.nan, -math.inf, None, "x"]) == [None, None, None, "x"]


def test_a_column_is_rounded_as_its_values_are():
    random = np.random.default_rng(0)
    values = np.concatenate([[0.0, -0.0, 1.0, -2.5, 999999.5, 1e-15, 123456.5], random.lognormal(0, 9, 5000)])
    listed = column(pa.chunked_array([values, -values]))
    expected = [rounded(value) for value in [*values.tolist(), *(-values).tolist()]]
    assert listed == pytest.approx(expected, rel=1e-12)
    assert all(value == float(f"{value:.6g}") for value in listed)


def test_what_is_not_known_is_none_in_columns_of_every_kind():
    assert column(pa.chunked_array([[1.5, None], [math.nan, math.inf]])) == [1.5, None, None, None]
    assert column(pa.chunked_array([["a", None]])) == ["a", None]
    assert column(pa.chunked_array([[1, None]], pa.int32())) == [1, None]
    lists = pa.chunked_array([[[0.1234567, None], []], [[2.0]]], pa.list_(pa.float64()))
    assert column(lists) == [[0.123457, None], [], [2.0]]
