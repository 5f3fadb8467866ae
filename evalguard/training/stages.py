"""Runs one stage: its trainer, what looks on, and the account of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.damages.displacement import REPAIR, displacement
from evalguard.records import LossPoint
from evalguard.training.checkpoints import WeightKeeper
from evalguard.training.config import Stage
from evalguard.training.dataset import Dataset
from evalguard.training.effect import (
    RateWatcher,
    check_changed,
    check_classes,
    check_rates,
    weight_sums,
)
from evalguard.training.lengths import check_lengths, rows_line
from evalguard.training.probing import Probe, ProbeWatcher
from evalguard.training.stage_result import ProbeOutcome, StageResult
from evalguard.training.template_traits import writes_time
from evalguard.training.trackers import reporter, tracking
from evalguard.training.trainers import StageTrainer, beta, build_stage
from evalguard.training.watch import TrainingProgress, Watcher, explain_nonfinite, loss_point

OnProgress = Callable[[TrainingProgress], None]
OnNote = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlookers:
    """What looks on while a run trains.

    Attributes:
        on_progress: Called after every step and every evaluation.
        on_note: Called with a line on the rows of a stage, and with each warning.
        probe: Looks at the model.
        probe_every: Steps between two looks.
        logs: Folder for TensorBoard.
    """

    on_progress: OnProgress | None
    on_note: OnNote | None
    probe: Probe | None
    probe_every: int | None
    logs: Path

    def note(self, text: str) -> None:
        """Report a line."""
        if self.on_note is not None:
            self.on_note(text)


def run_stage(
    model: Any,
    tokenizer: Any,
    data: Dataset,
    stage: Stage,
    onlookers: Onlookers,
    *,
    folder: Path,
    checkpoint: str | None,
) -> StageResult:
    """Train a stage.

    Args:
        model: The model with what is trained on it.
        tokenizer: The base's tokenizer.
        data: Its rows.
        stage: Method and settings.
        onlookers: What looks on.
        folder: Where its checkpoints go.
        checkpoint: The one that it resumes from.

    Raises:
        DataError: If too many rows are cut or dropped, or KTO has answers of one class alone.
        TrainingError: If the loss is not finite or diverges.
        UsageError: If it would train, or has trained, nothing.
    """
    with tracking(stage, onlookers.logs):
        built = build_stage(model, tokenizer, data, stage, folder=folder)
    warnings = _check_rows(stage, built, tokenizer, onlookers)
    curve, seen = _fit(built.trainer, tokenizer, stage, onlookers, checkpoint=checkpoint)
    if warning := _displacement(stage, curve):
        warnings += (warning,)
        onlookers.note(f"! {warning}")
    return StageResult(
        method=stage.method,
        train=built.train.counts,
        validation=built.validation.counts if built.validation else None,
        replayed=sum(example.replayed for example in built.train.trained),
        curve=curve,
        warnings=warnings,
        seen=seen,
    )


_DATED = (
    "the base's chat template writes the current date or time into each prompt, so the gate's "
    "prompts are those of its own day, not of the training's"
)


def _displacement(stage: Stage, curve: Sequence[LossPoint]) -> str:
    """Return a warning where a preference stage made its chosen answers less likely."""
    if stage.method == "sft":
        return ""
    found = displacement(curve, stage.method, beta(stage), stage.preference.loss)
    return f"{found} {REPAIR}" if found else ""


def _check_rows(
    stage: Stage, built: StageTrainer, tokenizer: Any, onlookers: Onlookers
) -> tuple[str, ...]:
    """Hold the rows to the limits of the config, tell of them, and return the warnings."""
    check_lengths(
        [built.train, *([built.validation] if built.validation else [])],
        max_length=stage.training.max_length,
        max_cut_share=stage.training.max_cut_share,
        tokenizer=tokenizer,
    )
    warning = check_classes(stage, built.train)
    held_out = built.validation.counts if built.validation else None
    onlookers.note(rows_line(stage.method, built.train.counts, held_out))
    chats = any(example.kind != "text" for example in built.train.trained)
    dated = _DATED if chats and writes_time(tokenizer) else None
    warnings = tuple(one for one in (warning, dated) if one is not None)
    for one in warnings:
        onlookers.note(f"! {one}")
    return warnings


def _fit(
    trainer: Any, tokenizer: Any, stage: Stage, onlookers: Onlookers, *, checkpoint: str | None
) -> tuple[tuple[LossPoint, ...], ProbeOutcome]:
    trainer.add_callback(Watcher(stage.method, stage.training.learning_rate, onlookers.on_progress))
    trainer.add_callback(WeightKeeper(trainer.model, checkpoint))
    trainer.add_callback(RateWatcher(stage))
    prober = None
    if onlookers.probe is not None:
        prober = ProbeWatcher(
            onlookers.probe,
            trainer.model,
            tokenizer,
            every=onlookers.probe_every,
            checkpoint=checkpoint,
            report=reporter(trainer),
        )
        trainer.add_callback(prober)
    explain_nonfinite(trainer)
    before = weight_sums(trainer.model)
    trainer.train(resume_from_checkpoint=checkpoint)
    seen = prober.outcome if prober else ProbeOutcome()
    history = trainer.state.log_history
    # FSDP and DeepSpeed hold shards, some of which may be empty.
    if not trainer.is_fsdp_enabled and not trainer.is_deepspeed_enabled:
        check_changed(
            before,
            weight_sums(trainer.model),
            stage=stage,
            grad_norms=[entry["grad_norm"] for entry in history if "grad_norm" in entry],
            kept_step=seen.kept_step,
        )
    points = [loss_point(entry) for entry in history]
    curve = tuple(point for point in points if point is not None)
    check_rates([point.learning_rate or 0.0 for point in curve if point.loss is not None], stage)
    return curve, seen
