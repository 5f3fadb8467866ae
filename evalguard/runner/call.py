"""The requests of many samples to one engine, and their answers put together sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from evalguard.engines.base import Outcome
from evalguard.runner.answers import without_stops
from evalguard.runner.measured import Measured
from evalguard.tasks.base import Prepared, seeded

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Pending = tuple[Measured, Prepared]


class Call:
    """What one engine is asked for, and which samples wait for which answers.

    Args:
        items: The samples.
        served: Returns the name under which the engine serves a model.
        stops: Whether the task's stop strings are sent.

    Attributes:
        requests: What to ask it for.
    """

    def __init__(
        self, items: Sequence[Pending], *, served: Callable[[str], str], stops: bool = True
    ) -> None:
        self.requests: list[tuple[str, Instance]] = []
        self._waiting: list[_Waiting] = []
        for measured, sample in items:
            waiting = _Waiting(measured, sample, first=len(self.requests))
            self.requests += [
                (
                    served(measured.model),
                    seeded(
                        named(instance, measured),
                        key=sample.sample_id,
                        repeat=repeat,
                        draw=measured.draw,
                    ),
                )
                for asked in sample.instances
                for instance in [asked if stops else without_stops(asked)]
                for repeat in range(instance.repeats or 1)
            ]
            self._waiting += [waiting] * (len(self.requests) - waiting.first)

    def take(
        self, position: int, outcome: Outcome
    ) -> tuple[Measured, Prepared, list[Outcome]] | None:
        """Record the outcome of a request; return the completed sample with its last one."""
        waiting = self._waiting[position]
        waiting.outcomes[position - waiting.first] = outcome
        if len(waiting.outcomes) < responses(waiting.sample):
            return None
        outcomes = [outcome for _, outcome in sorted(waiting.outcomes.items())]
        return waiting.measured, waiting.sample, outcomes


@dataclass(slots=True)
class _Waiting:
    """A sample whose answers are not all there.

    Attributes:
        measured: What it belongs to.
        sample: The sample.
        first: Position of its first request in the call.
        outcomes: What has come, by the place among its own requests.
    """

    measured: Measured
    sample: Prepared
    first: int
    outcomes: dict[int, Outcome] = field(default_factory=dict)


def named(instance: Instance, measured: Measured) -> Instance:
    """Return a request that says which task it is of."""
    if instance.task_name is not None:
        return instance
    name = f"{measured.task.suite}/{measured.task.name}"
    return replace(instance, metadata=(name, instance.doc_id, instance.repeats))


def responses(sample: Prepared) -> int:
    """Return how many answers measure a sample."""
    return sum(instance.repeats or 1 for instance in sample.instances)


def parts(items: Sequence[Pending], requests: int) -> Iterator[list[Pending]]:
    """Split into batches of about that many ``requests``, never within a sample."""
    part: list[Pending] = []
    count = 0
    for item in items:
        part.append(item)
        count += responses(item[1])
        if count >= requests:
            yield part
            part, count = [], 0
    if part:
        yield part


def text_of(instance: Instance) -> str:
    """Return all the text of a request that must fit into the context."""
    return "".join(part for part in instance.arguments if isinstance(part, str))
