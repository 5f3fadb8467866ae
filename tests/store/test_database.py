"""Databases that cannot be used: each tells what is wrong and what to do next."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from evalguard.errors import ExitCode, StoreError
from evalguard.store import SampleStore
from tests.store.conftest import make_sample


def refused(location, says: str, **options) -> str:
    """Open a store that must be refused and return the message."""
    with pytest.raises(StoreError, match=says) as caught:
        SampleStore(location, **options)
    assert caught.value.exit_code == ExitCode.INTERNAL_ERROR
    return str(caught.value)


def test_missing_folders_are_made(tmp_path):
    with SampleStore(tmp_path / "a" / "b" / "store.db") as store:
        store.put("f", [make_sample()])
    assert (tmp_path / "a" / "b" / "store.db").is_file()


def test_a_locked_database_is_waited_for_and_named(path, store):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with SampleStore(path, busy_timeout_seconds=0.1) as hasty:
        assert hasty.get("f", ["a"]) == {}  # reading goes on
        with pytest.raises(StoreError, match=r"has kept it locked for 0\.1 s") as caught:
            hasty.put("f", [make_sample()])
        other.execute("COMMIT")
        hasty.put("f", [make_sample()])
    other.close()
    assert str(path) in str(caught.value)
    assert store.get("f", ["a"]) == {"a": make_sample()}


def test_a_new_database_that_is_locked_is_named(path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    refused(path, r"has kept it locked for 0\.1 s", busy_timeout_seconds=0.1)
    other.close()


def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_text("version: 1\n" * 100)
    message = refused(path, "it is not a database, or it is damaged. Move it away")
    assert str(path) in message
    assert path.read_text() == "version: 1\n" * 100


def test_a_damaged_database_is_named(path):
    with SampleStore(path) as store:
        store.put("f", [make_sample(str(n), prompt="x" * 1000) for n in range(200)])
    content = bytearray(path.read_bytes())
    content[4096 * 8 : 4096 * 30] = b"\xff" * (4096 * 22)
    path.write_bytes(content)
    with SampleStore(path) as store, pytest.raises(StoreError, match="or it is damaged"):
        store.get("f", [str(n) for n in range(200)])


def test_a_database_of_another_program_is_left_alone(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    refused(path, r"a database of another program \(its tables: songs\)")
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    other.close()


@pytest.mark.parametrize("version", ["1.1", "3.1"])
def test_another_version_is_refused_unchanged(path, version):
    SampleStore(path).close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE evalguard_meta SET value = ?", (version,))
        other.execute("DROP TABLE evalguard_facts")
    other.close()
    refused(
        path, f"written in format {version}, but this version of EvalGuard reads 2.1. Move it away"
    )
    with sqlite3.connect(path) as other:
        names = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
    other.close()
    assert "evalguard_facts" not in names


def test_half_created_tables_are_completed(path):
    with sqlite3.connect(path) as other:  # what a process leaves that was killed while creating
        other.execute("CREATE TABLE evalguard_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    other.close()
    with SampleStore(path) as store:
        store.put("f", [make_sample()])
        assert store.get("f", ["a"]) == {"a": make_sample()}


def test_a_folder_is_no_store(tmp_path):
    refused(tmp_path, "cannot be opened for writing. Check the path")


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "store.db", "cannot be opened")


@pytest.mark.parametrize("url", ["nosuch://host/db", "://", "sqlite://host/db"])
def test_an_unusable_url_is_refused(url):
    refused(url, "cannot be opened: .* Set 'store' in evalguard.yaml")


def test_a_password_is_not_shown():
    message = refused("mysql+nosuch://user:secret@host/db", "cannot be opened")
    assert "user:***@host" in message
    assert "secret" not in message


FILL = """
import resource, sys
from evalguard.errors import StoreError
from evalguard.store import SampleStore
from tests.store.conftest import make_sample

store = SampleStore(sys.argv[1])
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    for batch in range(1000):
        store.put("f", [make_sample(f"{batch}-{n}", prompt="x" * 10_000) for n in range(10)])
        print(batch, flush=True)
except StoreError as error:
    print(error)
    sys.exit(int(error.exit_code))
"""


def fill(path: Path, *limit: str) -> list[str]:
    """Store batches of ten until the disk is full; return the batches kept, then the error."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path), *limit], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.INTERNAL_ERROR, done.stderr
    *batches, message = done.stdout.splitlines()
    assert "the disk is full or failing. Free some space and run again" in message
    return batches


def check_kept(path: Path, batches: list[str]) -> None:
    """Check that every committed batch is whole, and that storing goes on."""
    assert batches
    with SampleStore(path) as store:
        ids = [f"{batch}-{n}" for batch in range(len(batches) + 1) for n in range(10)]
        assert list(store.get("f", ids)) == ids[:-10]
        store.put("f", [make_sample("after")])
        assert len(list(store.all_samples("f"))) == 10 * len(batches) + 1


def test_a_full_disk_keeps_what_was_committed(path):
    check_kept(path, fill(path, "1000000"))


def test_a_full_file_system_keeps_what_was_committed(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a file system can be mounted by root alone")
    try:
        batches = fill(disk / "store.db")
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        check_kept(disk / "store.db", batches)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
