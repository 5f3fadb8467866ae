"""Stores scored samples; answers of names on a server only once nothing casts doubt on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

from evalguard.engines.base import Engine, ServesByName
from evalguard.records import ScoredSample
from evalguard.runner.call import Pending, named
from evalguard.runner.measured import Measured, Results
from evalguard.store import SampleStore

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Put = Callable[[Measured, Sequence[ScoredSample]], None]
"""Takes scored samples into the store, or holds them until it is known whether they may be."""


class Settling:
    """The way of scored samples into the store.

    Args:
        store: Where they are kept.
        results: Where doubts are noted.
        served: Returns the name under which an engine serves a model.
        stored_under: Returns the key under which samples are stored.
    """

    def __init__(
        self,
        store: SampleStore,
        results: Results,
        served: Callable[[str], str],
        stored_under: Callable[[Measured], str] = attrgetter("fingerprint"),
    ) -> None:
        self._store = store
        self._stored_under = stored_under
        self._doubts = results.doubts
        self._served = served

    def put(self, measured: Measured, samples: Sequence[ScoredSample]) -> None:
        """Store samples, unless what they belong to is doubted."""
        if measured.key not in self._doubts:
            self._store.put(self._stored_under(measured), samples)

    @contextmanager
    def putting(self, engine: Engine, items: Sequence[Pending]) -> Iterator[Put]:
        """Yield what takes the samples that an engine answers within the block.

        Args:
            engine: What answers.
            items: What it is asked.
        """
        if not isinstance(engine, ServesByName):
            yield self.put
            return
        held: dict[Measured, list[ScoredSample]] = defaultdict(list)
        try:
            yield lambda measured, samples: held[measured].extend(samples)
        finally:
            # An interrupted run leaves nothing doubtful behind, and a killed one nothing at all.
            self.settle(engine, items, held)

    def settle(
        self,
        engine: ServesByName,
        items: Sequence[Pending],
        held: Mapping[Measured, Sequence[ScoredSample]],
    ) -> None:
        """Store what was answered, but for what may be another model's answers, or truncated."""
        requests: dict[Measured, list[Instance]] = defaultdict(list)
        for measured, sample in items:
            requests[measured] += [named(instance, measured) for instance in sample.instances]
        for measured, asked in requests.items():
            served = self._served(measured.model)
            before = [self._doubts[measured.key]] if measured.key in self._doubts else []
            # Requests of one task may differ in their limits, and the longest alone be truncated.
            found = [*before, *filter(None, (engine.doubt(served, one) for one in asked))]
            if found:
                self._doubts[measured.key] = min(found, key=lambda doubt: doubt.is_of_identity)
                for key in {measured.fingerprint, self._stored_under(measured)}:
                    self._store.remove(key)
            elif measured in held:
                self.put(measured, held[measured])
