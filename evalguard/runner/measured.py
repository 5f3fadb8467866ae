"""What a check measures: its tasks and models, their scored samples, and its progress."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from evalguard.engines.base import Doubt, Waiting
from evalguard.records import GateResult, ScoredSample
from evalguard.runner.planned_task import PlannedTask

Key: TypeAlias = tuple[str, str, str]
"""Suite, task and model."""


def name_of(model: str) -> str:
    """Return a model's name, without the number of a repeated run."""
    return model.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Measured:
    """The samples of one task that one model answers.

    Attributes:
        model: ``baseline`` or the candidate's name.
        task: The task.
        fingerprint: Key of the model and the task in the store.
        reference: The run whose answers this one is measured on, where it is.
        draw: Number of the sampling; another number draws again.
        answered: Facts that the store has noted about whatever was scored from the same answers;
            empty where none may be taken from there.
    """

    model: str
    task: PlannedTask
    fingerprint: str
    reference: Key | None = None
    draw: int = 0
    answered: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> Key:
        """Suite, task and model."""
        return (self.task.suite, self.task.name, self.model)

    @property
    def follows(self) -> bool:
        """Whether it is measured along the reference's answers, and answers nothing itself."""
        return self.reference is not None and not self.task.judged


@dataclass(slots=True)
class Progress:
    """What has been done so far; handed to the display whenever something is stored."""

    stage: str = "loading"
    samples: int = 0
    reused: int = 0
    planned: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    engine_seconds: float = 0.0
    engine_calls: int = 0
    waiting: Waiting | None = None
    """What the check is currently waiting for."""
    gates: int = 0
    decided: tuple[GateResult, ...] = ()
    """Verdicts that no further sample can change."""

    @property
    def tokens_per_second(self) -> float:
        """Tokens read and written in a second of the engine's time."""
        tokens = self.prompt_tokens + self.output_tokens
        return tokens / self.engine_seconds if self.engine_seconds else 0.0


@dataclass(slots=True)
class Results:
    """Scored samples by suite, task and model, then by sample id."""

    samples: dict[Key, dict[str, ScoredSample]] = field(default_factory=dict)
    reused: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    from_before: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids of samples that another run has measured."""
    untrusted: dict[str, str] = field(default_factory=dict)
    """Why a model failed its trust checks; none of its samples is measured."""
    doubts: dict[Key, Doubt] = field(default_factory=dict)
    """Why answers may be another model's, or cut: no gate passes on them."""

    def of(self, key: Key) -> dict[str, ScoredSample]:
        """Return the samples measured so far for a suite, task and model."""
        return self.samples.setdefault(key, {})


def stage_of(measured: Measured) -> tuple[bool, bool]:
    """Return whether it is compared with the baseline's answers, and whether a judge is asked."""
    return measured.reference is not None, measured.task.judged
