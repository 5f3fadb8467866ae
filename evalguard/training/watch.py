"""Watches a run: reports each step, and stops it when the loss is not finite or diverges."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import TrainerCallback

from evalguard.errors import TrainingError
from evalguard.records import LossPoint
from evalguard.training.nonfinite import explain

WINDOW_STEPS = 10
"""Steps whose mean loss is compared with that of the first ones."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Where a run stands.

    Attributes:
        stage: Method of the stage that runs, such as ``sft``.
        step: Steps done.
        total_steps: Steps of the stage.
        point: What was just logged.
        seconds_left: Estimate from the pace so far.
    """

    stage: str
    step: int
    total_steps: int
    point: LossPoint
    seconds_left: float


def loss_point(entry: Mapping[str, Any]) -> LossPoint | None:
    """Turn an entry of the trainer's log into a point; ``None`` for its closing summary."""
    if not {"loss", "eval_loss"} & entry.keys():
        return None
    prefix = "" if "loss" in entry else "eval_"

    def number(key: str) -> float | None:
        value = entry.get(key)
        return float(value) if value is not None and math.isfinite(value) else None

    return LossPoint(
        step=int(entry["step"]),
        epoch=float(entry.get("epoch") or 0.0),
        loss=number("loss"),
        eval_loss=number("eval_loss"),
        learning_rate=number("learning_rate"),
        grad_norm=number("grad_norm"),
        chosen_logps=number(f"{prefix}logps/chosen"),
        rejected_logps=number(f"{prefix}logps/rejected"),
        chosen_reward=number(f"{prefix}rewards/chosen"),
        rejected_reward=number(f"{prefix}rewards/rejected"),
        margin=number(f"{prefix}rewards/margins"),
        accuracy=number(f"{prefix}rewards/accuracies"),
    )


def check_loss(losses: Sequence[float], *, step: int, learning_rate: float) -> None:
    """Stop a run whose loss diverges.

    It does when the mean of the last ten steps exceeds twice the mean of the first ten
    by more than 1 nat.

    Args:
        losses: Training losses of all steps so far.
        step: The step that was just made.
        learning_rate: The configured peak learning rate, for the advice.

    Raises:
        TrainingError: Naming the step and the likely cause.
    """
    if losses and not math.isfinite(losses[-1]):
        # This process would have stopped before, so the mean over all of them is meant.
        raise TrainingError(
            f"step {step}: the loss is {losses[-1]} in another process; see its log"
        )
    if len(losses) < 2 * WINDOW_STEPS:
        return
    first = sum(losses[:WINDOW_STEPS]) / WINDOW_STEPS
    last = sum(losses[-WINDOW_STEPS:]) / WINDOW_STEPS
    if last > 2 * first + 1:
        raise TrainingError(
            f"step {step}: the loss diverged: {first:.3g} over the first {WINDOW_STEPS} steps, "
            f"{last:.3g} over the last. Likely cause: the learning rate {learning_rate:g} is too "
            f"high. Try {learning_rate / 10:g}."
        )


class Watcher(TrainerCallback):
    """Reports every logged step and applies :func:`check_loss`."""

    def __init__(
        self,
        stage: str,
        learning_rate: float,
        on_progress: Callable[[TrainingProgress], None] | None,
    ) -> None:
        self.stage = stage
        self.learning_rate = learning_rate
        self.on_progress = on_progress
        self.losses: list[float] = []
        self.first_step: int | None = None
        self.started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock; a resumed run starts it at the step of its checkpoint."""
        self.first_step = state.global_step
        self.started = time.monotonic()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any
    ) -> None:
        """Check the loss, then report."""
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))
            check_loss(self.losses, step=state.global_step, learning_rate=self.learning_rate)
        point = loss_point({"step": state.global_step, **logs})
        if point is None or self.on_progress is None:
            return
        done = state.global_step - (self.first_step or 0)
        pace = (time.monotonic() - self.started) / max(done, 1)
        left = pace * (state.max_steps - state.global_step)
        self.on_progress(
            TrainingProgress(self.stage, state.global_step, state.max_steps, point, left)
        )


def explain_nonfinite(trainer: Any) -> None:
    """Let a trainer stop at the first loss that is not finite, and say why.

    The loss is looked at before the weights are updated with it: afterwards they are NaN as well,
    whatever the cause. Nothing else of the trainer changes.

    Args:
        trainer: The trainer, before ``train()``.
    """
    inner_step, inner_evaluation = trainer.training_step, trainer.prediction_step

    def training_step(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        batch = dict(inputs)
        loss = inner_step(model, inputs, *args, **kwargs)
        _check_finite(trainer, batch, loss, what="loss")
        return loss

    def prediction_step(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        batch = dict(inputs)
        found = inner_evaluation(model, inputs, *args, **kwargs)
        _check_finite(trainer, batch, found[0], what="held-out loss")
        return found

    trainer.training_step = training_step
    trainer.prediction_step = prediction_step


def _check_finite(trainer: Any, batch: Mapping[str, Any], loss: Any, *, what: str) -> None:
    if loss is None or bool(torch.isfinite(loss).all()):
        return
    step = trainer.state.global_step + (what == "loss")
    found = f"step {step}: the {what} is {float(loss.mean()):g}"
    raise explain(trainer, batch, trainer.state.log_history, found=found)
