"""Notes which call of a scorer runs, so that one which ends the process costs its own sample only.

A scorer of a project runs in the process of the check. Where a call ends that process, the process
that holds its exit code (:mod:`evalguard.cli.held`) reads here which call it was, and starts the
check again without it; every other sample is scored.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from evalguard.errors import MeasurementError

_CALL = struct.Struct("=d32s32s")
"""When the running call began (0: none runs), its digest, and why it ended the process."""

_CLOSED_FILES = b"it closed files of the process"


class Watch:
    """What a process and the one that waits for it know of the running call."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)  # shared with processes that are forked
        self._left_out: dict[bytes, str] = {}
        self._sentinel = -1

    def running(self) -> tuple[bytes, float, str] | None:
        """Return the running call's digest, its seconds so far, and why it ended the process."""
        since, digest, why = _CALL.unpack_from(self._page)
        if not since:
            return None
        return digest, time.monotonic() - since, why.rstrip(b"\0").decode()

    def leave_out(self, digest: bytes, why: str) -> None:
        """Have processes that are forked from now on raise in place of a call."""
        self._left_out[digest] = why
        self._page[: _CALL.size] = bytes(_CALL.size)

    def reason(self, digest: bytes) -> str:
        """Return why a call is left out."""
        return self._left_out[digest]

    @contextmanager
    def call(self, scorer: str, *given: str) -> Iterator[None]:
        """Note that a scorer is called.

        Raises:
            MeasurementError: If this call has ended a process before.
        """
        digest = hashlib.blake2b("\0".join((scorer, *given)).encode(errors="replace"),
                                 digest_size=32).digest()  # fmt: skip
        if why := self._left_out.get(digest):
            raise MeasurementError(why)
        if self._sentinel < 0:
            self._sentinel = os.open(os.devnull, os.O_RDONLY)
        process = os.getpid()
        _CALL.pack_into(self._page, 0, time.monotonic(), digest, b"")
        try:
            yield
        finally:
            if os.getpid() != process:  # a copy, which the scorer has forked
                os._exit(0)
            self._check_files()
            self._page[: _CALL.size] = bytes(_CALL.size)

    def _check_files(self) -> None:
        """End this process where its files are no longer its own: the next one measures on."""
        try:
            os.fstat(self._sentinel)
        except OSError:
            since, digest, _ = _CALL.unpack_from(self._page)
            _CALL.pack_into(self._page, 0, since, digest, _CLOSED_FILES)
            os._exit(1)


_watch: Watch | None = None


def watch() -> Watch:
    """Watch the calls of this process, and of those that are forked from it."""
    global _watch  # noqa: PLW0603 - of the process, as what it guards is
    _watch = Watch()
    return _watch


@contextmanager
def call(scorer: str, *given: str) -> Iterator[None]:
    """Note that a scorer is called, if anyone watches."""
    if _watch is None:
        yield
    else:
        with _watch.call(scorer, *given):
            yield
