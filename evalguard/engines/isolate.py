"""Asks an engine so that one request on which it fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from evalguard.engines.base import PROBE_TEXTS, Outcome, generation
from evalguard.errors import EngineError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

FAILURES_IN_A_ROW = 16
"""Requests, each asked alone, after which the engine must show that it answers anything at all."""


class Streams(Protocol):
    """What is asked: an engine, of which only this is needed."""

    def stream(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """See :meth:`evalguard.engines.base.Engine.stream`."""


def answer_each(
    engine: Streams, requests: Sequence[tuple[str, Instance]]
) -> Generator[tuple[int, Outcome]]:
    """Answer requests; where the engine fails, ask again in halves until the bad one is alone.

    Yields:
        Position of each request, once and in any order, and its outcome.

    Raises:
        EngineError: If the engine answers nothing any more, so that no request is to blame.
    """
    parts = [list(range(len(requests)))]
    failures = 0
    while parts:
        part = parts.pop()
        open_ = dict.fromkeys(part)
        reason = ""
        try:
            for place, outcome in engine.stream([requests[position] for position in part]):
                failures = 0
                del open_[part[place]]
                yield part[place], outcome
            if open_:
                reason = f"{len(open_)} of {len(part)} requests were left unanswered"
        except EngineError as error:
            # The error itself would keep the tensors of the failed call.
            reason = str(error)
        left = list(open_)
        if len(part) > 1:
            middle = len(left) // 2
            parts += [half for half in (left[middle:], left[:middle]) if half]
        elif left:
            failures += 1
            if failures == FAILURES_IN_A_ROW or not parts:
                if not _is_alive(engine, requests[part[0]][0]):
                    raise EngineError(reason)
                failures = 0
            yield part[0], EngineError(reason)


def _is_alive(engine: Streams, model: str) -> bool:
    """Whether a model still answers one of two harmless questions; it may refuse the other."""
    questions = [(model, generation(text, tokens=16)) for text in PROBE_TEXTS[:2]]
    try:
        outcomes = [outcome for _, outcome in engine.stream(questions)]
    except EngineError:
        return False
    return any(not isinstance(outcome, EngineError) for outcome in outcomes)
