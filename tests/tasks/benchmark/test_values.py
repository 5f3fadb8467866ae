"""Whatever a metric hands to its aggregation comes back from the store as it was."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.errors import MeasurementError
from evalguard.tasks.benchmark.values import decode, encode

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner), max_leaves=4)
VALUES = st.recursive(
    SCALARS | st.sets(st.integers() | st.text()),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_plain_values_come_back(value):
    assert decode(json.loads(json.dumps(encode(value), allow_nan=False))) == value


@pytest.mark.parametrize(
    "value",
    [
        (np.int64(1), np.float32(0.5)),
        [np.bool_(True), np.str_("a")],
        {"probabilities": np.array([[0.25, 0.75], [0.5, 0.5]])},
        (float("nan"), float("inf"), -float("inf")),
    ],
)
def test_numpy_values_come_back_equal(value):
    back = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    np.testing.assert_equal(back, value)
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [object(), (1, lambda: 2), {"a": range(3)}])
def test_what_cannot_be_stored_is_refused(value):
    with pytest.raises(MeasurementError, match="cannot be stored"):
        encode(value)
