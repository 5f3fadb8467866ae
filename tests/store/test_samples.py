"""What is stored comes back unchanged, under its own key alone."""

import hashlib
import json
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.errors import StoreError
from evalguard.records import ScoredSample, to_json
from evalguard.store import SampleStore
from tests.store.conftest import make_sample

printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
anything = st.text(max_size=30)
scored_samples = st.builds(
    ScoredSample,
    task=anything,
    sample_id=printable.filter(lambda text: "\0" not in text),
    prompt=anything,
    target=anything,
    outputs=st.lists(anything, max_size=3).map(tuple),
    scores=st.dictionaries(anything, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    cluster=st.none() | anything,
    error=st.none(),
    prompt_tokens=st.integers(0, 2**40),
    output_tokens=st.integers(0, 2**40),
)


@given(st.lists(scored_samples, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_is_got_back(tmp_path_factory, samples):
    with SampleStore(tmp_path_factory.mktemp("store") / "store.db") as store:
        store.put("f", samples)
        first: dict[str, ScoredSample] = {}
        for sample in samples:
            first.setdefault(sample.sample_id, sample)
        assert store.get("f", list(first)) == first


def test_only_what_is_asked_for_and_there_comes_back(store):
    store.put("f", [make_sample("a"), make_sample("b")])
    assert store.get("f", ["b", "c"]) == {"b": make_sample("b")}
    assert store.get("g", ["a"]) == {}
    assert store.get("f", []) == {}


def test_many_samples_are_asked_for_at_once(store):
    samples = [make_sample(str(number)) for number in range(1201)]
    store.put("f", samples)
    assert store.get("f", [sample.sample_id for sample in samples]) == {
        sample.sample_id: sample for sample in samples
    }


def test_what_is_there_is_kept(store):
    store.put("f", [make_sample("a")])
    store.put("f", [make_sample("a", outputs=("5",), scores={"numeric": 0.0}), make_sample("b")])
    assert store.get("f", ["a", "b"]) == {"a": make_sample("a"), "b": make_sample("b")}


def test_samples_outlive_the_store_object(path):
    with SampleStore(path) as store:
        store.put("f", [make_sample("a")])
    with SampleStore(str(path)) as store:
        assert store.get("f", ["a"]) == {"a": make_sample("a")}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (make_sample("bad", error="engine died", scores={}), "engine died"),
        (make_sample("bad", scores={"numeric": float("nan")}), "not a number"),
        (make_sample("bad", scores={"numeric": float("inf")}), "not a number"),
    ],
)
def test_an_incomplete_measurement_is_refused_with_its_batch(store, bad, says):
    with pytest.raises(StoreError, match=says) as caught:
        store.put("f", [make_sample("a"), bad])
    assert "'bad'" in str(caught.value)
    assert store.get("f", ["a", "bad"]) == {}


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE evalguard_samples SET fingerprint = 'other'",
        "UPDATE evalguard_samples SET sample_id = 'b', fingerprint = 'other'",
        """UPDATE evalguard_samples SET fingerprint = 'other',
           content = replace(content, '1.0', '0.0')""",
        "UPDATE evalguard_samples SET fingerprint = 'other', seal = ''",
    ],
)
def test_a_row_under_a_forged_key_is_refused_by_name(path, store, forgery):
    store.put("f", [make_sample("a")])
    with sqlite3.connect(path) as connection:
        connection.execute(forgery)
    connection.close()
    with pytest.raises(
        StoreError, match=r"edited, or copied from another .* is not used"
    ) as caught:
        store.get("other", ["a", "b"])
    assert "under fingerprint other" in str(caught.value)
    assert "evalguard runs prune other" in str(caught.value)
    with pytest.raises(StoreError, match="edited"):
        list(store.all_samples("other"))
    store.prune(["other"])
    assert store.get("other", ["a", "b"]) == {}


def test_facts_about_a_fingerprint_join(store):
    assert store.fingerprint_description("f") == {}
    store.describe_fingerprint("f", {"dtype": "float32", "adapter": None})
    store.describe_fingerprint("f", {"adapter": {"rank": 8}, "effect": 0.5})
    store.describe_fingerprint("g", {"dtype": "bfloat16"})
    assert store.fingerprint_description("f") == {
        "dtype": "float32",
        "adapter": {"rank": 8},
        "effect": 0.5,
    }


def test_runs_are_listed_newest_first_and_pruned(path, store):
    store.put("old", [make_sample("a"), make_sample("b")])
    store.describe_fingerprint("old", {"task": "sums"})
    store.describe_fingerprint("model", {"effect": 0.5})
    store.put("new", [make_sample(str(n), prompt="x" * 10_000) for n in range(100)])
    new, old = store.runs()
    assert (new.fingerprint, new.samples) == ("new", 100)
    assert new.size > 1_000_000
    assert (old.fingerprint, old.samples, old.description) == ("old", 2, {"task": "sums"})
    assert old.first == old.last < new.first
    assert list(store.all_samples("old")) == [make_sample("a"), make_sample("b")]
    assert store.prune(["new", "unknown"]) == 100
    assert [run.fingerprint for run in store.runs()] == ["old"]
    assert store.fingerprint_description("old") == {"task": "sums"}
    assert store.fingerprint_description("model") == {}  # nothing is stored under it
    assert store.prune(["old"]) == 2
    assert store.runs() == ()
    assert store.fingerprint_description("old") == {}
    store.close()
    assert path.stat().st_size < 200_000  # the space was given back


def test_equal_ids_in_one_batch_are_stored_once(store):
    store.put("f", [make_sample("a"), replace(make_sample("a"), outputs=("5",))])
    assert store.get("f", ["a"]) == {"a": make_sample("a")}


GOOD = json.dumps(to_json(make_sample("a")))


@pytest.mark.parametrize(
    "content",
    [
        "[]", "{", '{"task": 1}', "null", "3", "[" * 100_000,
        *(
            GOOD.replace('"scores": {"numeric": 1.0}', f'"scores": {scores}')
            for scores in (
                '{"numeric": NaN}', '{"numeric": -Infinity}', '{"numeric": 1e999}',
                '{"numeric": "x"}', '{"numeric": null}', "[1.0]", "3",
            )
        ),
    ],
)  # fmt: skip
def test_a_sealed_row_that_holds_no_sample_is_an_error_that_says_so(path, content):
    with SampleStore(path) as store:
        store.put("key", [make_sample("a")])
    seal = hashlib.sha256(json.dumps(["key", "a", content]).encode()).hexdigest()
    with sqlite3.connect(path) as connection:
        connection.execute("update evalguard_samples set content=?, seal=?", (content, seal))
    connection.close()
    with SampleStore(path) as store, pytest.raises(StoreError, match="is not a sample"):
        store.get("key", ["a"])


@pytest.mark.parametrize(
    "change",
    [
        "value = '{'",
        "value = replace(value, '[1]', '[]')",
        "value = substr(value, 1, length(value) - 1)",
        "value = substr(value, 1, 3)",  # without its seal
        "value = (select value from evalguard_facts where name = 'other')",
        "name = 'renamed' where name = 'outlines'",
    ],
)
def test_a_fact_that_was_edited_is_an_error_that_says_so(path, change):
    with SampleStore(path) as store:
        store.put("key", [make_sample("a")])
        store.describe_fingerprint("key", {"outlines": [1], "other": [2]})
    with sqlite3.connect(path) as connection:
        connection.execute(f"update evalguard_facts set {change}")  # noqa: S608 - a test's own
    connection.close()
    with SampleStore(path) as store:
        with pytest.raises(StoreError, match=r"was edited.*evalguard runs prune key"):
            store.fingerprint_description("key")
        [run] = store.runs()
        assert store.prune([run.fingerprint]) == 1
        assert store.fingerprint_description("key") == {}
