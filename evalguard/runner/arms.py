"""What each model measures of each task, under its key in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import evalguard
from evalguard.config import BASELINE
from evalguard.runner.judging import Judging
from evalguard.runner.measured import Key, Measured
from evalguard.runner.models import ModelPool
from evalguard.runner.own_reads import OwnReads
from evalguard.runner.planned_task import PlannedTask
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.registry import is_built_in

DECODING = "3"
"""Raised when engines return other text of the same answer: stored answers are then asked again."""


class Arms:
    """The arms of a check, each made when it is first asked for and noted in the store.

    Args:
        pool: The models.
        judging: The judge, whose files decide the scores of judged tasks.
        store: Keeps what each fingerprint stands for.
        reads: What code of the project reads.
    """

    def __init__(
        self, pool: ModelPool, judging: Judging, store: SampleStore, reads: OwnReads
    ) -> None:
        self._pool = pool
        self._judging = judging
        self._store = store
        self._reads = reads
        self._made: dict[Key, Measured] = {}
        self._completed: dict[str, tuple[str, dict[str, Any]]] = {}

    def __iter__(self) -> Iterator[Measured]:
        """Yield the arms that were asked for."""
        return iter(self._made.values())

    def of(self, planned: PlannedTask, model: str) -> Measured:
        """Return the arm of a task that a model answers."""
        key = (planned.suite, planned.name, model)
        if key not in self._made:
            self._made[key] = self._make(planned, model)
        return self._made[key]

    def _make(self, planned: PlannedTask, model: str) -> Measured:
        parts = {
            "model": self._pool.fingerprint(model),
            "task": planned.definition,
            "decoding": DECODING,
            "thinking": self._pool.prompts.thinking_fingerprint(model),
            "code": scoring_code(),
        }
        reference, answers = None, parts["model"]
        if planned.follows_baseline and model != BASELINE:
            parts["reference"] = self._pool.fingerprint(BASELINE)
            parts["reference thinking"] = self._pool.prompts.thinking_fingerprint(BASELINE)
            reference = (planned.suite, planned.name, BASELINE)
            answers = parts["model"] if planned.judged else parts["reference"]
        if planned.judged and (reference or not planned.follows_baseline):
            parts["judge"] = self._judging.fingerprint()
        answered = {
            "answers": answers,
            "decoding": DECODING,
            "suite": planned.suite,
            "task": planned.name,
        }
        if not is_built_in(planned.kind.name):
            # Whether equal ids of samples mean equal prompts is known of our own kinds alone.
            answered["definition"] = planned.definition
        base = fingerprint(parts)
        key = self._reads.key(base) if planned.own_code else base
        facts = {**answered, "model": parts["model"], "name": model}
        made = Measured(model, planned, key, reference, answered=answered)
        self._store.describe_fingerprint(key, facts)
        if planned.own_code:
            self._completed[key] = base, facts
        return made

    def stored_under(self, measured: Measured) -> str:
        """Return the key under which an arm's samples are stored now.

        It is another one once code of the project has read more than was known before.
        """
        if measured.fingerprint not in self._completed:
            return measured.fingerprint
        base, facts = self._completed[measured.fingerprint]
        key = self._reads.key(base)
        if key != measured.fingerprint:
            self._store.describe_fingerprint(key, facts)
        return key


_SCORING = ("scorers", "tasks", "runner/answers.py", "runner/follow.py")
"""Code here that makes scores of answers; what makes answers has versions of its own."""


@cache
def scoring_code() -> str:
    """Return the hash of the code here that makes scores of answers."""
    package = Path(evalguard.__file__).parent
    digest = hashlib.sha256()
    for name in _SCORING:
        place = package / name
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
