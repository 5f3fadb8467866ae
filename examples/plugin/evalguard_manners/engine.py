"""An engine: answers that were recorded before, in place of a model.

A project names it with the file of answers: ``engine: {name: recorded, options: {answers:
answers.jsonl}}``. A row of the file is ``{"model": …, "prompt": …, "answer": …}``, where the
baseline is called ``(base)``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalguard import Engine, EngineKind
from evalguard.engines.availability import Availability
from evalguard.engines.base import BASE, AdapterCheck, EngineSettings, Outcome
from evalguard.errors import EngineError, UsageError


class RecordedEngine(Engine):
    """Answers from a file; a prompt that is not in it is one error."""

    name = "recorded"
    version = "1"

    def __init__(self, settings: EngineSettings) -> None:
        rows = map(json.loads, _file(settings.options).decode().splitlines())
        self._answers = {(row["model"], row["prompt"]): row["answer"] for row in rows}
        self._models: tuple[str, ...] = (BASE,)

    @property
    def models(self) -> tuple[str, ...]:
        """Names it answers for."""
        return self._models

    @property
    def max_length(self) -> int:
        """Context in tokens."""
        return 4096

    def load_adapter(self, name: str, path: str) -> AdapterCheck:
        """Answer for an adapter from now on."""
        self._models += (name,)
        return AdapterCheck(effect=1.0)

    def stream(self, requests: Sequence[tuple[str, Any]]) -> Iterator[tuple[int, Outcome]]:
        """Answer requests in their order."""
        for position, (model, request) in enumerate(requests):
            found = self._answers.get((model, request.arguments[0]))
            if found is None or request.request_type != "generate_until":
                found = EngineError(f"recorded: {model} has no answer to this prompt")
            yield position, found

    def close(self) -> None:
        """Hold no memory."""


def _file(options: Mapping[str, Any]) -> bytes:
    try:
        return Path(options["answers"]).read_bytes()
    except (KeyError, OSError) as error:
        raise UsageError(f"engine recorded: options.answers names no file: {error!r}") from error


RECORDED = EngineKind(
    name="recorded",
    open=RecordedEngine,
    availability=lambda: Availability("recorded", True, "", "answers from a file"),
    depends_on=lambda options: hashlib.sha256(_file(options)).hexdigest(),
)
