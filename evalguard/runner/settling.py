"""Stores scored samples; answers of names on a server only once nothing casts doubt on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

from evalguard.engines.base import Engine, ServesByName
from evalguard.records import ScoredSample
from evalguard.runner.call import Pending, named
from evalguard.runner.measured import Key, Measured, Results
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
        self._used: dict[Key, set[str]] = defaultdict(set)
        self._doubts = results.doubts
        self._served = served

    def put(self, measured: Measured, samples: Sequence[ScoredSample]) -> None:
        """Store samples, unless what they belong to is doubted."""
        if measured.key not in self._doubts:
            key = self._stored_under(measured)
            self._used[measured.key].add(key)
            self._store.put(key, samples)

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
        requests: dict[Measured, dict[str, list[Instance]]] = defaultdict(dict)
        for measured, sample in items:
            asked = [named(instance, measured) for instance in sample.instances]
            requests[measured][sample.sample_id] = asked

        def put(measured: Measured, samples: Sequence[ScoredSample]) -> None:
            # What the engine has answered, it has looked at. A killed run keeps it, and a doubt
            # that comes later removes it.
            asked = [one for sample in samples for one in requests[measured][sample.sample_id]]
            self._settle(engine, measured, asked, samples)

        try:
            yield put
        finally:
            for measured, by_sample in requests.items():
                self._settle(engine, measured, [one for own in by_sample.values() for one in own])

    def _settle(
        self,
        engine: ServesByName,
        measured: Measured,
        asked: Sequence[Instance],
        samples: Sequence[ScoredSample] = (),
    ) -> None:
        """Store what was answered, but for what may be another model's answers, or truncated.

        Args:
            engine: What answered.
            measured: What the samples belong to.
            asked: Requests that the engine may doubt.
            samples: What is new.
        """
        served = self._served(measured.model)
        before = [self._doubts[measured.key]] if measured.key in self._doubts else []
        # Requests of one task may differ in their limits, and the longest alone be truncated.
        found = [*before, *filter(None, (engine.doubt(served, one) for one in asked))]
        if found:
            self._doubts[measured.key] = min(found, key=lambda doubt: doubt.is_of_identity)
            under = {measured.fingerprint, self._stored_under(measured), *self._used[measured.key]}
            for key in under:
                self._store.remove(key)
        else:
            self.put(measured, samples)
