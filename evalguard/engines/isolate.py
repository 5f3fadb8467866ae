"""Asks an engine so that one request on which it fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from evalguard.engines.base import Outcome
from evalguard.errors import EngineError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

FAILURES_IN_A_ROW = 16
"""Requests, each asked alone, after which an engine is given up."""


class Streams(Protocol):
    """What is asked: an engine, of which only this is needed."""

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """See :meth:`evalguard.engines.base.Engine.stream`."""


def answer_each(
    engine: Streams, requests: Sequence[tuple[str, Instance]]
) -> Iterator[tuple[int, Outcome]]:
    """Answer requests; where the engine fails, ask again in halves until the bad one is alone.

    Yields:
        Position of a request, each once, in any order, and what came of it.

    Raises:
        EngineError: If the engine fails on every request, or on many in a row, each asked alone.
    """
    parts = [list(range(len(requests)))]
    failures, answered = 0, False
    while parts:
        part = parts.pop()
        open_ = dict.fromkeys(part)
        try:
            for place, outcome in engine.stream([requests[position] for position in part]):
                failures, answered = 0, True
                del open_[part[place]]
                yield part[place], outcome
        except EngineError as error:
            if len(part) == 1 and open_:
                failures += 1
                if failures == FAILURES_IN_A_ROW or not (answered or parts):
                    raise
                yield part[0], error
            elif open_:
                left = list(open_)
                middle = len(left) // 2
                parts += [half for half in (left[middle:], left[:middle]) if half]
