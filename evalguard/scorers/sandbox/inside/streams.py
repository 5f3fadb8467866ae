"""What the program reads and prints while the tests call it: theirs to give and to look at."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

MAX_CHARS = 1 << 20
"""Of all that is printed; the rest is thrown away."""


class Output(io.TextIOBase):
    """Keeps what is printed until the next message."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MAX_CHARS
        self.buffer = _Bytes(write=lambda data: self.write(bytes(data).decode(errors="replace")))

    def writable(self) -> bool:
        """Return ``True``."""
        return True

    def write(self, text: str) -> int:
        """Keep a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if part := text[: self._left]:
            self._left -= len(part)
            self._parts.append(str.__str__(part))
        return len(text)

    def take(self) -> str:
        """Return what was printed since."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


class Input(io.TextIOBase):
    """Reads from the standard input of the tests.

    Args:
        ask: Called with ``read`` or ``readline`` and a size.
    """

    def __init__(self, ask: Callable[[str, int], str]) -> None:
        self._ask = ask
        self.buffer = _Bytes(
            read=lambda size=-1: self.read(size).encode(),
            readline=lambda size=-1: self.readline(size).encode(),
        )

    def readable(self) -> bool:
        """Return ``True``."""
        return True

    def read(self, size: int | None = -1) -> str:
        """Return so many characters, or all."""
        return self._ask("read", -1 if size is None else size)

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        """Return the next line."""
        return self._ask("readline", size)


class _Bytes(io.RawIOBase):
    """``buffer`` of a stream of text."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        self.__dict__.update(methods)
