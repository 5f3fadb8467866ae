"""What made an adapter: losses, rows, stages and probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalguard.records.json_form import SCHEMA_VERSION

TRAINING_RECORD = "evalguard_training.json"
"""What ``evalguard train`` writes next to an adapter: a :class:`TrainingRecord`."""


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One logged step of a training run; ``None`` where it was not logged at that step.

    The fields of preference methods are means over the rows of the step or, where ``eval_loss`` is
    set, over the held-out rows.

    Attributes:
        step: Steps done.
        epoch: Epochs done.
        loss: Training loss.
        eval_loss: Held-out loss.
        learning_rate: Learning rate of the step.
        grad_norm: Norm of the gradients before they were clipped.
        chosen_logps: Log-probability of the chosen (KTO: wanted) answers: of whole answers for DPO,
            KTO and CPO, of a token for ORPO, SimPO and the losses that average.
        rejected_logps: The same of the rejected (unwanted) answers.
        chosen_reward: β times the chosen answers' log-probability, less the reference's where the
            method has one (DPO, KTO).
        rejected_reward: The same of the rejected answers.
        margin: Chosen reward less rejected reward.
        accuracy: Share of the pairs whose chosen answer has the higher reward.
    """

    step: int
    epoch: float
    loss: float | None = None
    eval_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    chosen_logps: float | None = None
    rejected_logps: float | None = None
    chosen_reward: float | None = None
    rejected_reward: float | None = None
    margin: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How the rows of a stage were used; ``trained + dropped`` is ``read``.

    Attributes:
        read: Rows given: of a training set without those held out, replay included.
        trained: Rows that were trained on (or evaluated on).
        cut: Those of them that lost tokens to ``max_length``.
        dropped: Rows left out: nothing of their answer fits, or they are held out as well.
    """

    read: int
    trained: int
    cut: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One stage of a training run.

    Attributes:
        method: ``sft``, ``dpo``, …
        train: Rows of its training set.
        validation: Rows of its held-out set; ``None`` where it has none.
        first_step: Its first step, counted over all stages.
        last_step: Its last step.
    """

    method: str
    train: RowCounts
    validation: RowCounts | None = None
    first_step: int = 1
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class ProbePoint:
    """One probe of a model while it trains.

    Attributes:
        step: Steps done.
        scores: Mean score on the probe set by gate.
        lost: Guards whose loss beyond the margin is shown at this look.
        learned: Mean score on the task itself, where the probe set holds some of it.
    """

    step: int
    scores: Mapping[str, float]
    lost: tuple[str, ...] = ()
    learned: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """How an adapter was made; written next to it as ``evalguard_training.json``.

    Attributes:
        method: ``sft``, ``dpo``, …
        config: The validated training config as plain data.
        base_model: Path or hub name of the base as configured.
        base_fingerprint: SHA-256 over the base's files.
        data_sha256: Hash of the training rows as the trainer saw them.
        rows: Number of rows that were trained on, replay included.
        replay_share: Share of them that is general data.
        curve: Logged steps.
        seconds: Wall time of the training.
        versions: Versions of the packages that were used.
        data_notes: How each data file was read: its format, and what was not used.
        probes: Probes of the model while it trained.
        stopped: Why the run was stopped early; empty if it was not.
        kept_step: Step whose weights were kept, if not the last.
        stages: What each stage was given and trained on; empty in records of older versions.
        warnings: Warnings during training.
        schema_version: Version of this record.
    """

    method: str
    config: Mapping[str, Any]
    base_model: str
    base_fingerprint: str
    data_sha256: str
    rows: int
    replay_share: float
    curve: tuple[LossPoint, ...]
    seconds: float
    versions: Mapping[str, str]
    data_notes: tuple[str, ...] = ()
    probes: tuple[ProbePoint, ...] = ()
    stopped: str = ""
    kept_step: int | None = None
    stages: tuple[StageRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def points_of(self, stage: StageRecord) -> list[LossPoint]:
        """Return the logged steps of a stage."""
        return [point for point in self.curve if stage.first_step <= point.step <= stage.last_step]
