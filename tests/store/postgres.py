"""A PostgreSQL server, started for a test on a socket of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def binary(name: str) -> str | None:
    """Find a server binary, which Debian keeps off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and return the URL of its database."""
    pytest.importorskip("psycopg", reason="needs the extra 'postgres'")
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("no PostgreSQL server is installed")
    user = "nobody" if os.geteuid() == 0 else None  # as root the server refuses to run
    folder = Path(tempfile.mkdtemp())  # a socket's path must be short
    if user:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        quiet = subprocess.DEVNULL  # a pipe would stay open for as long as the server runs
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, user=user, cwd="/")

    data = f"{folder}/data"
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(initdb, "-D", data, "-A", "trust", "-U", "tester")
    run(pg_ctl, "-D", data, "-l", f"{folder}/log", "-w", "-o", options, "start")
    yield f"postgresql://tester@/postgres?host={folder}"
    run(pg_ctl, "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)
