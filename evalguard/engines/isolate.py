"""Asks an engine so that one request on which it fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from evalguard.engines.base import Outcome
from evalguard.errors import EngineError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

FAILURES_IN_A_ROW = 16
"""Requests, each asked alone, after which the engine must show that it still answers another."""


class Streams(Protocol):
    """What is asked: an engine, of which only this is needed."""

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """See :meth:`evalguard.engines.base.Engine.stream`."""


def answer_each(
    engine: Streams, requests: Sequence[tuple[str, Instance]]
) -> Generator[tuple[int, Outcome]]:
    """Answer requests; where the engine fails, ask again in halves until the bad one is alone.

    Yields:
        Position of a request, each once, in any order, and what came of it.

    Raises:
        EngineError: If the engine answers nothing any more, so that no request is to blame.
    """
    parts = [list(range(len(requests)))]
    known_good = None
    failures = 0
    while parts:
        part = parts.pop()
        open_ = dict.fromkeys(part)
        try:
            for place, outcome in engine.stream([requests[position] for position in part]):
                known_good, failures = part[place], 0
                del open_[part[place]]
                yield part[place], outcome
            if open_:
                raise EngineError(f"{len(open_)} of {len(part)} requests were left unanswered")
        except EngineError as error:
            if not open_:
                continue
            if len(part) > 1:
                left = list(open_)
                middle = len(left) // 2
                parts += [half for half in (left[middle:], left[:middle]) if half]
                continue
            failures += 1
            if failures == FAILURES_IN_A_ROW or not parts:
                # The request that is the farthest from those that failed stands in for a good one.
                other = known_good if known_good is not None else (parts or [part])[0][-1]
                if not _answers(engine, requests[other]):
                    raise
                known_good, failures = other, 0
            # Without the traceback, which would keep the tensors of the failed call.
            yield part[0], EngineError(str(error))


def _answers(engine: Streams, request: tuple[str, Instance]) -> bool:
    try:
        return len(list(engine.stream([request]))) == 1
    except EngineError:
        return False
