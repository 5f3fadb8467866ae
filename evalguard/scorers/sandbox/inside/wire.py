"""Messages between the two processes: JSON with its length before it, up to a size."""

from __future__ import annotations

import json
import os
from typing import Any

MAX_BYTES = 32 << 20
_LENGTH_BYTES = 8


class WireError(BaseException):
    """The other side has gone, or sent what is no message; no ``except Exception`` hides it."""


class Wire:
    """A pipe to read from and one to write to.

    Attributes:
        broken: Whether a message has failed; then nothing that follows counts.

    Args:
        reads: File descriptor of the one.
        writes: File descriptor of the other.
    """

    def __init__(self, reads: int, writes: int) -> None:
        self.broken = False
        self._reads, self._writes = reads, writes

    def send(self, message: dict[str, Any]) -> None:
        """Send a message.

        Raises:
            WireError: If it is too long, or the other side has gone.
        """
        data = json.dumps(message).encode("ascii")
        if len(data) > MAX_BYTES:
            raise self._failed(f"a message of {len(data)} bytes")
        data = len(data).to_bytes(_LENGTH_BYTES, "big") + data
        while data:
            try:
                data = data[os.write(self._writes, data) :]
            except OSError as error:
                raise self._failed(str(error)) from error

    def receive(self) -> dict[str, Any]:
        """Return the next message.

        Raises:
            WireError: If there is none, it is too long or it cannot be read.
        """
        length = int.from_bytes(self._read(_LENGTH_BYTES), "big")
        if length > MAX_BYTES:
            raise self._failed(f"a message of {length} bytes")
        try:
            message = json.loads(self._read(length))
        except (ValueError, RecursionError) as error:
            raise self._failed(f"no message: {error}") from error
        if not isinstance(message, dict):
            raise self._failed("no message")
        return message

    def _read(self, n_bytes: int) -> bytes:
        data = bytearray()
        while len(data) < n_bytes:
            part = os.read(self._reads, min(n_bytes - len(data), 1 << 20))
            if not part:
                raise self._failed("the other process has ended")
            data += part
        return bytes(data)

    def _failed(self, why: str) -> WireError:
        self.broken = True
        return WireError(why)
