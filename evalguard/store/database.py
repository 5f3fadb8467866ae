"""One database: opened, created and checked, every fault told with its next step."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from evalguard.errors import PrerequisiteError, StoreError
from evalguard.store.tables import STORE_VERSION, meta, metadata

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_TIMEOUT_SECONDS = 30.0
"""How long to wait for another process that writes."""

_CREATION_LOCK = 0x0E_5A_11_6A_4D  # any number that no other program on the server locks

_NEXT_STEPS = {
    ("locked", "busy"): (
        "another process has kept it locked for {timeout:g} s. Wait until it has finished, or "
        "stop it, and run again."
    ),
    ("is full", "disk i/o error", "no space", "too large"): "the disk is full or failing. "
    "Free some space and run again; what was stored before is kept.",
    ("not a database", "malformed"): (
        "it is not a database, or it is damaged. Move it away, or set 'store' in evalguard.yaml "
        "to another path; samples are then measured again."
    ),
    ("unable to open", "readonly"): "it cannot be opened for writing. Check the path and its "
    "permissions, or set 'store' in evalguard.yaml to another path.",
    ("connection",): (
        "the server cannot be reached or closed the connection. Check that it runs, and check "
        "'store' in evalguard.yaml."
    ),
}
"""What the database says → what that means and what to do."""


class Database:
    """A connection pool on the store's tables.

    Args:
        location: Path of a SQLite file, which is made if it is missing, or a database URL.
        busy_timeout_seconds: How long to wait for another process that writes (SQLite).

    Raises:
        StoreError: If it cannot be opened, is of another program, or of another version.
        PrerequisiteError: If the driver of the database is not installed.
    """

    def __init__(
        self, location: str | Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
    ) -> None:
        self._timeout = busy_timeout_seconds
        self.name = str(location)
        try:
            url = _url(location)
            on_sqlite = url.get_backend_name() == "sqlite"
            self.name = str(url.database) if on_sqlite else url.render_as_string(hide_password=True)
            self._engine = self._open_sqlite(url) if on_sqlite else sa.create_engine(url)
        except ModuleNotFoundError as error:
            raise PrerequisiteError(f"The store {self.name}", extra="postgres") from error
        except (sa.exc.ArgumentError, OSError) as error:
            raise StoreError(
                f"store {self.name}: cannot be opened: {str(error).splitlines()[0]}. Set 'store' "
                "in evalguard.yaml to the path of a file, or to a URL such as "
                "postgresql://user@host/database."
            ) from error
        try:
            self._prepare()
        except StoreError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection for queries.

        Raises:
            StoreError: If the database fails.
        """
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection whose statements are kept all together or not at all.

        Raises:
            StoreError: If the database fails.
        """
        with self._explained(), self._engine.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        """Return an INSERT that knows ON CONFLICT."""
        if self._engine.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(table)
        return sqlite.insert(table)

    def shrink(self) -> None:
        """Give the space of deleted rows back to the disk, where that needs asking for."""
        if self._engine.dialect.name == "sqlite":
            with self._explained(), self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("VACUUM")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _open_sqlite(self, url: sa.URL) -> sa.Engine:
        Path(self.name).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(url, connect_args={"timeout": self._timeout})

        @sa.event.listens_for(engine, "connect")
        def configure(connection: Any, _: object) -> None:
            # Readers and one writer at a time; a killed process loses its open transaction alone.
            _switch_to_wal(connection, self._timeout)
            connection.execute("PRAGMA synchronous=NORMAL")

        return engine

    def _prepare(self) -> None:
        """Check the version, and create the tables where the database is new.

        Every step may meet another process that does the same at the same time.
        """
        with self.reading() as connection:
            tables = sa.inspect(connection).get_table_names()
        if tables and not any(name in metadata.tables for name in tables):
            raise StoreError(
                f"store {self.name}: a database of another program (its tables: "
                f"{', '.join(tables[:5])}). Set 'store' in evalguard.yaml to another path."
            )
        if meta.name in tables and self._version() is not None:
            return
        with self.writing() as connection:
            if self._engine.dialect.name == "postgresql":
                # Its IF NOT EXISTS fails where two create one table at the same time.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION_LOCK)))
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            row = {"key": "version", "value": STORE_VERSION}
            connection.execute(self.insert(meta).values(row).on_conflict_do_nothing())
        self._version()

    def _version(self) -> str | None:
        """Return the version of the tables, which is written when they are complete."""
        with self.reading() as connection:
            version: str | None = connection.scalar(
                sa.select(meta.c.value).where(meta.c.key == "version")
            )
        if version not in (None, STORE_VERSION):
            raise StoreError(
                f"store {self.name}: written in format {version}, but this version of EvalGuard "
                f"reads {STORE_VERSION}. Move it away, or set 'store' in evalguard.yaml to "
                "another path; samples are then measured again."
            )
        return version

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the database's errors into ones that say what to do."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            said = " ".join(str(error.orig).split())
            steps = (
                step.format(timeout=self._timeout)
                for words, step in _NEXT_STEPS.items()
                if any(word in said.lower() for word in words)
            )
            raise StoreError(
                f"store {self.name}: {next(steps, 'the database failed.')} ({said})"
            ) from error


def _switch_to_wal(connection: Any, timeout_seconds: float) -> None:
    """Switch to a write-ahead log, for which SQLite itself does not wait its turn."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _url(location: str | Path) -> sa.URL:
    """Return the URL of a database, or of a SQLite file given by its path."""
    if isinstance(location, str) and "://" in location:
        return sa.make_url(location)
    return sa.URL.create("sqlite", database=str(location))
