"""Holds vLLM to transformers on a few prompts, once for everything that makes a model's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from evalguard.engines.base import BASE, Engine, EngineSettings
from evalguard.engines.parity import Answers, reference_answers, spot_check
from evalguard.store import SampleStore

_FACT = "spot_check"


class SpotChecks:
    """Spot checks of models, remembered in the store.

    Args:
        store: Remembers what was checked.
        fingerprint: Returns a model's key in the store.
    """

    def __init__(self, store: SampleStore, fingerprint: Callable[[str], str]) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._references: dict[str, tuple[Answers, str]] = {}

    def prepare(self, settings: EngineSettings, names: Iterable[str]) -> None:
        """Get the reference values from transformers, before vLLM takes the memory.

        Args:
            settings: Base and adapters.
            names: Models on that base; those that were checked before are left out.

        Raises:
            ModelError: If transformers cannot load the base.
        """
        unchecked = [name for name in names if not self._is_checked(name)]
        if not unchecked:
            return
        adapters = tuple(item for item in settings.adapters if item[0] in unchecked)
        answers = reference_answers(replace(settings, adapters=adapters))
        self._references.update((name, (answers, settings.dtype)) for name in unchecked)

    def check(self, name: str, engine: Engine, served: str = BASE) -> None:
        """Compare an engine's answers with those of transformers, where there are any.

        Args:
            name: The model.
            engine: What serves it.
            served: Its name there.

        Raises:
            TrustError: If they disagree by more than rounding.
        """
        answers, dtype = self._references.get(name, ({}, ""))
        if served in answers:
            gap = spot_check(engine, served, answers, dtype=dtype).likelihood_gap
            self._store.describe_fingerprint(self._fingerprint(name), {_FACT: gap})
            del self._references[name]

    def _is_checked(self, name: str) -> bool:
        return _FACT in self._store.fingerprint_description(self._fingerprint(name))
