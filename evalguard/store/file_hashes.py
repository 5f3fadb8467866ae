"""Hashes of files, remembered until the file is touched: a large model is read once."""

from __future__ import annotations

import platform
import time
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from evalguard.errors import ModelError
from evalguard.store.database import Database
from evalguard.store.fingerprint import file_sha256
from evalguard.store.seals import Seals
from evalguard.store.tables import files

_SETTLED_SECONDS = 2.0
"""A file changed less than this long ago may change again within one tick of its clock."""


class FileHashes:
    """Remembers the hash of a file by host, path, size, times and inode."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self._database = database
        self._seals = seals
        self._host = platform.node()
        self.hashed: set[str] = set()
        """Files that were hashed, without links."""

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes, reading it only if it was touched.

        Raises:
            ModelError: If it cannot be read.
            StoreError: If the database fails.
        """
        key = {"host": self._host, "path": str(path.resolve())}
        self.hashed.add(key["path"])
        state = _state(path)
        if (remembered := self._remembered.get((key["path"], state))) is not None:
            return remembered
        started = time.time()
        digest = file_sha256(path)
        if _state(path) == state and path.stat().st_ctime < started - _SETTLED_SECONDS:
            sealed = self._seals.close(digest, files.name, *key.values(), state)
            with self._database.writing() as connection:
                connection.execute(self._noting, {**key, "state": state, "sha256": sealed})
            self._remembered[key["path"], state] = digest
        return digest

    @cached_property
    def _noting(self) -> sa.Insert:
        """The statement that notes a hash in place of an earlier one."""
        row = self._database.insert(files)
        new = {"state": row.excluded.state, "sha256": row.excluded.sha256}
        return row.on_conflict_do_update(index_elements=["host", "path"], set_=new)

    @cached_property
    def _remembered(self) -> dict[tuple[str, str], str]:
        """The hashes by path and state, read in one query: a check asks for dozens."""
        query = sa.select(files.c.path, files.c.state, files.c.sha256).filter_by(host=self._host)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        opened = (
            (path, state, self._seals.open(sealed, files.name, self._host, path, state))
            for path, state, sealed in rows
        )
        return {(path, state): digest for path, state, digest in opened if digest is not None}


def _state(path: Path) -> str:
    """Return what changes when a file's bytes do.

    The change time is part of it, as it also moves when the modification time is set back.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"
