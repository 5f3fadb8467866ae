"""With a key, nothing that somebody without it wrote is used; what was, is said with its count."""

import sqlite3
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.errors import UsageError
from evalguard.store import SampleStore
from evalguard.store.seals import KEY_VARIABLE
from tests.store.conftest import make_sample
from tests.store.tampering import tamper

KEY = "a key that is long enough"
OTHER = "another one of those keys"

SAMPLES = {key: [make_sample(name) for name in "abc"] for key in ("f", "g")}
FACTS: dict[str, dict[str, Any]] = {
    "f": {"answers": "good", "outlines": [["a", "b", "c"]]},
    "g": {"answers": "bad"},
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A store with samples and facts, sealed with the key."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    fill(tmp_path / "store.db")
    return tmp_path / "store.db"


def fill(location):
    with SampleStore(location) as store:
        for key, samples in SAMPLES.items():
            store.put(key, samples if key == "f" else [wrong(one) for one in samples])
            store.describe_fingerprint(key, FACTS[key])


def wrong(sample):
    return replace(sample, scores=dict.fromkeys(sample.scores, 0.0))


def forge(path, *statements):
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


FORGED = [
    "update evalguard_samples set content = replace(content, '0.0', '1.0') where fingerprint='g'",
    "update evalguard_samples set seal = '' where fingerprint = 'g'",
    "update evalguard_samples set seal = 'hmac:' where fingerprint = 'g'",
    "update evalguard_samples set seal = (select seal from evalguard_samples where "
    "fingerprint = 'f' limit 1) where fingerprint = 'g'",
    "update evalguard_samples set content = (select content from evalguard_samples where "
    "fingerprint = 'f' limit 1), seal = (select seal from evalguard_samples where "
    "fingerprint = 'f' limit 1) where fingerprint = 'g'",
]


@pytest.mark.parametrize("statement", FORGED)
def test_forged_samples_are_measured_again_and_counted(path, statement):
    forge(path, statement)
    ids = ["a", "b", "c"]
    with SampleStore(path) as store:
        assert store.get("g", ids) == {}
        assert list(store.get("f", ids)) == ids
        [note] = store.notes
        assert "3 rows of the store have no valid seal under EVALGUARD_STORE_KEY" in note
        assert list(store.all_samples("g")) == []
        store.put("g", SAMPLES["f"])
    with SampleStore(path) as store:
        assert list(store.get("g", ids)) == ids
        assert store.notes == ()


@pytest.mark.parametrize(
    "statement",
    [
        "update evalguard_facts set value = replace(value, 'bad', 'good') where fingerprint='g'",
        "update evalguard_facts set value = '\"good\"' where fingerprint = 'g'",
        "update evalguard_facts set value = (select value from evalguard_facts where "
        "fingerprint = 'f' and name = 'answers') where fingerprint = 'g'",
        "update evalguard_facts set fingerprint = 'h' where fingerprint = 'g'",
    ],
)
def test_forged_facts_are_not_believed(path, statement):
    forge(path, statement)
    with SampleStore(path) as store:
        assert store.described_as({"answers": "good"}) == ["f"]
        assert store.fingerprint_description("g") == {}
        assert store.fingerprint_description("h") == {}
        assert store.fingerprint_description("f") == FACTS["f"]


@pytest.mark.parametrize(("key", "says"), [(OTHER, "no valid seal"), (None, "is not set")])
def test_rows_of_another_key_are_measured_again(path, monkeypatch, key, says):
    if key is None:
        monkeypatch.delenv(KEY_VARIABLE)
    else:
        monkeypatch.setenv(KEY_VARIABLE, key)
    with SampleStore(path) as store:
        assert store.get("f", ["a"]) == {}
        assert store.fingerprint_description("f") == {}
        assert says in store.notes[0]
        store.put("f", SAMPLES["f"])
    with SampleStore(path) as store:
        assert list(store.get("f", ["a"])) == ["a"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_key_is_no_store_without_one(path, monkeypatch, blank):
    monkeypatch.setenv(KEY_VARIABLE, blank)
    with pytest.raises(UsageError, match="is set but empty"):
        SampleStore(path)


def test_rows_without_a_seal_are_measured_again_once_there_is_a_key(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with SampleStore(tmp_path / "store.db") as store:
        store.put("f", SAMPLES["f"])
        store.describe_fingerprint("f", FACTS["f"])
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with SampleStore(tmp_path / "store.db") as store:
        assert store.get("f", ["a"]) == {}
        assert store.fingerprint_description("f") == {}


def test_a_remembered_hash_is_believed_under_the_key_alone(tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"bad")
    monkeypatch.setattr("evalguard.store.file_hashes._SETTLED_SECONDS", -60.0)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with SampleStore(tmp_path / "store.db") as store:
        honest = store.file_sha256(file)
    forge(tmp_path / "store.db", "update evalguard_files set sha256 = 'abc'")
    with SampleStore(tmp_path / "store.db") as store:
        assert store.file_sha256(file) == honest


def test_a_short_key_is_refused_and_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "hunter2")
    with pytest.raises(UsageError, match="has 7 characters; at least 16") as caught:
        SampleStore(tmp_path / "store.db")
    assert "hunter2" not in str(caught.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 32))
def test_whatever_is_done_to_its_rows_a_store_with_a_key_returns_what_was_stored(path, seed):
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    rng = Random(seed)
    for _ in range(rng.randint(1, 4)):
        tamper(f"sqlite:///{copy}", rng)
    check_believed(copy)


def check_believed(location):
    """Check that what a store returns is some of what was stored in it, and nothing else."""
    with SampleStore(location) as store:
        for key, samples in SAMPLES.items():
            stored = {one.sample_id: one if key == "f" else wrong(one) for one in samples}
            got = store.get(key, ["a", "b", "c"])
            assert got == {name: stored[name] for name in got}
            described = store.fingerprint_description(key)
            assert described == {name: FACTS[key][name] for name in described}
            assert set(store.described_as({"answers": FACTS[key]["answers"]})) <= {key}
