"""The same store on a PostgreSQL server, started for these tests on a socket of its own."""

import sys
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.errors import PrerequisiteError, StoreError
from evalguard.store import SampleStore
from evalguard.store.seals import KEY_VARIABLE
from tests.store.conftest import make_sample
from tests.store.postgres import running_server
from tests.store.tampering import tamper
from tests.store.test_processes import ids, start
from tests.store.test_seals import KEY, check_believed, fill


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a server and return the URL of its database."""
    with running_server() as url:
        yield url


@pytest.fixture
def url(server) -> Iterator[str]:
    """Return the URL of an empty database."""
    import psycopg

    yield server
    with psycopg.connect(server) as connection:
        for table in ("meta", "samples", "facts", "files"):
            connection.execute(f"DROP TABLE IF EXISTS evalguard_{table}")


def test_what_is_put_is_got_back(url, tmp_path):
    with SampleStore(url) as store:
        samples = [make_sample(str(number), prompt="nul \0 byte") for number in range(700)]
        store.put("f", samples)
        store.put("f", [make_sample("0", outputs=("other",))])
        assert list(store.get("f", [str(n) for n in range(800)]).values()) == samples
        store.describe_fingerprint("f", {"a": 1, "b": None})
        store.describe_fingerprint("f", {"a": 2})
        assert store.fingerprint_description("f") == {"a": 2, "b": None}
        (tmp_path / "weights").write_text("w")
        assert store.file_sha256(tmp_path / "weights") == store.file_sha256(tmp_path / "weights")
        assert [(run.fingerprint, run.samples) for run in store.runs()] == [("f", 700)]
        assert store.prune(["f"]) == 700
        assert store.runs() == ()


def test_processes_create_and_fill_one_store(url):
    writers = [start(url, output, 5) for output in ("first", "second", "third")]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    with SampleStore(url) as store:
        assert len(store.get("f", ids(5))) == len(ids(5))


def test_a_forged_row_is_refused(url):
    import psycopg

    with SampleStore(url) as store:
        store.put("f", [make_sample("a")])
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE evalguard_samples SET fingerprint = 'other'")
        with pytest.raises(StoreError, match="edited, or copied from another fingerprint"):
            store.get("other", ["a"])


def test_a_server_that_is_not_there_is_named(server):
    with pytest.raises(StoreError, match=r"cannot be reached.*nowhere"):
        SampleStore("postgresql://tester@/postgres?host=/nowhere")


def test_a_missing_driver_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PrerequisiteError, match=r"pip install 'evalguard\[postgres\]'"):
        SampleStore("postgresql://tester@/postgres?host=/nowhere")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 32))
def test_whatever_is_done_to_its_rows_what_is_believed_was_stored(url, monkeypatch, seed):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with SampleStore(url) as store:
        store.prune(["f", "g"])
    fill(url)
    rng = Random(seed)
    for _ in range(rng.randint(1, 4)):
        tamper(url.replace("postgresql:", "postgresql+psycopg:"), rng)
    check_believed(url)
