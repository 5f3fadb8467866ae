"""How long to wait for a server that does not respond, and what to show in the meantime."""

from __future__ import annotations

import time

from evalguard.engines.base import OnWait, Waiting
from evalguard.errors import EngineError

AT_FIRST = 30.0
"""Seconds in which a server that has never answered a request must begin to."""

_SHOWN_FROM = 1.0
"""Seconds of waiting from which it is shown, and between two lines of it."""


class Patience:
    """Knows when a server last answered, and when it is given up.

    Args:
        where: The server's URL.
        max_wait: Seconds without any answer after which it is given up; what it asks to wait
            comes on top.
        on_wait: Called with what is waited for, about once a second, and with ``None`` after.
    """

    def __init__(self, where: str, *, max_wait: float, on_wait: OnWait | None = None) -> None:
        self._where = where
        self._max_wait = max_wait
        self._on_wait = on_wait
        self._reason = ""
        self._since = self._shown = 0.0
        self._asked_for = 0.0
        self._is_alive = False
        self.heard_at = 0.0
        """Monotonic time at which the server last answered a request."""
        self.ever = False
        """Whether it ever did."""
        self.down = False
        """Whether it has been given up."""

    def start(self) -> None:
        """Begin to wait for answers."""
        self.heard_at, self._asked_for = time.monotonic(), 0.0

    def hear(self) -> None:
        """Note that the server answers."""
        self.heard_at, self.ever, self.down, self._asked_for = time.monotonic(), True, False, 0.0
        self.end()

    def end(self) -> None:
        """Show nothing any more."""
        self._reason = ""
        if self._shown and self._on_wait:
            self._on_wait(None)
        self._shown = 0.0

    def fail(self, words: str, *, limited: bool = False, pause: float | None = None) -> None:
        """Note a failure after which a request is sent again.

        Args:
            words: The server's.
            limited: Whether the server answers, and asks for fewer requests.
            pause: Seconds that it asks to wait.
        """
        if not self._reason:
            self._since = time.monotonic()
        self._reason = words
        self._is_alive = self._is_alive or limited
        self._asked_for = max(self._asked_for, pause or 0.0)

    def show(self) -> None:
        """Show what is waited for, how long already, and how long still."""
        now = time.monotonic()
        if self._on_wait is None or not self._reason:
            return
        if now - max(self._since, self._shown) >= _SHOWN_FROM:
            self._shown = now
            left = max(self.heard_at + self._limit - now, 0.0)
            self._on_wait(Waiting(self._where, self._reason, now - self._since, left))

    def check(self, words: str) -> None:
        """End a run against a server that answers nothing.

        Raises:
            EngineError: If it was silent for longer than allowed.
        """
        silent = time.monotonic() - self.heard_at
        if self.down:
            raise EngineError(f"the server had already timed out (options: max_wait): {words}")
        if silent > self._limit:
            self.down = True
            raise EngineError(
                f"no response from the server for {silent:.0f} s (options: max_wait): {words}"
            )

    @property
    def _limit(self) -> float:
        """Seconds without an answer after which the server is given up."""
        known = self.ever or self._is_alive
        return (self._max_wait if known else min(self._max_wait, AT_FIRST)) + self._asked_for
