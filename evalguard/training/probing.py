"""Looks at the model while it trains, and ends a run that has lost a guard for good."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import TrainerCallback

from evalguard.records import ProbePoint
from evalguard.training.checkpoints import load_weights, save_weights

LOOKS = 10
"""Looks over a stage where no other distance is configured."""

_BEST = "best-passing.safetensors"


class Probe(Protocol):
    """A small fixed set of questions that the model in training is asked again and again."""

    def start(self, model: Any, tokenizer: Any) -> None:
        """Measure the untrained model; called before the first step of every stage."""

    def look(self, model: Any, *, step: int, looks: int) -> ProbePoint:
        """Measure the model in training.

        Args:
            model: The model, in evaluation mode.
            step: Steps done.
            looks: Looks that the stage takes in all, over which errors are shared out.
        """


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What the looks of a run came to.

    Attributes:
        points: Every look.
        stopped: Why the run was stopped; empty where it was not.
        kept_step: Step whose weights were put back; ``None`` where those of the end were kept.
    """

    points: tuple[ProbePoint, ...] = ()
    stopped: str = ""
    kept_step: int | None = None

    def then(self, later: ProbeOutcome, *, after_step: int) -> ProbeOutcome:
        """Return both outcomes as one, the steps of the later stage numbered on."""
        points = tuple(replace(point, step=point.step + after_step) for point in later.points)
        kept = later.kept_step
        return ProbeOutcome(
            points=(*self.points, *points),
            stopped=later.stopped,
            kept_step=None if kept is None else kept + after_step,
        )


class ProbeWatcher(TrainerCallback):
    """Probes the model every so many steps and keeps the best weights that lost no guard.

    A run is stopped when one guard is lost at two looks in a row: a loss while the learning rate
    is at its height can heal as it falls, and so one look alone decides nothing.

    Args:
        probe: Measures the model.
        model: The model in training.
        tokenizer: Its tokenizer.
        every: Steps between two looks; a tenth of the stage when ``None``.
        log: Takes the scores for TensorBoard and its kin.
    """

    def __init__(
        self,
        probe: Probe,
        model: Any,
        tokenizer: Any,
        *,
        every: int | None,
        log: Callable[[Mapping[str, float]], None],
    ) -> None:
        self.outcome = ProbeOutcome()
        self._probe = probe
        self._model = model
        self._tokenizer = tokenizer
        self._every = every
        self._log = log
        self._best: ProbePoint | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure the untrained model."""
        if self._every is None:
            self._every = max(1, math.ceil(state.max_steps / LOOKS))
        with _evaluating(self._model):
            self._probe.start(self._model, self._tokenizer)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look where one is due; keep the weights, or stop."""
        assert self._every is not None
        step = state.global_step
        if step % self._every and step != state.max_steps:
            return
        looks = math.ceil(state.max_steps / self._every)
        with _evaluating(self._model):
            point = self._probe.look(self._model, step=step, looks=looks)
        before = self.outcome.points[-1].lost if self.outcome.points else ()
        self.outcome = replace(self.outcome, points=(*self.outcome.points, point))
        self._log({f"probe/{name}": score for name, score in point.scores.items()})
        if not point.lost:
            self._keep(point, Path(args.output_dir))
        elif lasting := [name for name in point.lost if name in before]:
            names = ", ".join(f"“{name}”" for name in lasting)
            reason = f"stopped at step {step} of {state.max_steps}: {names} lost at two looks"
            self.outcome = replace(self.outcome, stopped=reason)
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Put the best passing weights back where the last look did not pass."""
        points = self.outcome.points
        if points and points[-1].lost and self._best is not None:
            load_weights(self._model, Path(args.output_dir) / _BEST)
            self.outcome = replace(self.outcome, kept_step=self._best.step)

    def _keep(self, point: ProbePoint, folder: Path) -> None:
        """Keep weights that pass: those that learned most, and of equal ones the later."""
        if self._best is None or (point.learned or 0.0) >= (self._best.learned or 0.0):
            self._best = point
            folder.mkdir(parents=True, exist_ok=True)
            save_weights(self._model, folder / _BEST)


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode without gradients, leaving mode and random numbers as they were."""
    training = model.training
    with torch.random.fork_rng(), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            model.train(training)
