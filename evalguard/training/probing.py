"""Looks at the model while it trains, and ends a run that has lost a guard for good."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from transformers import TrainerCallback

from evalguard.records import ProbePoint
from evalguard.training.checkpoints import load_weights, save_weights
from evalguard.training.stage_result import ProbeOutcome
from evalguard.training.untouched import untouched

LOOKS = 10
"""Looks over a stage where no other distance is configured."""

_BEST = "best-passing.safetensors"
_LOOKS_FILE = "probes.json"


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


class ProbeWatcher(TrainerCallback):
    """Probes the model at intervals and keeps the best weights that lost no guard.

    A run is stopped when one guard is lost at two looks in a row: a loss while the learning rate
    is at its height can heal as it falls, and so one look alone decides nothing.

    Args:
        probe: Measures the model.
        model: The model in training.
        tokenizer: Its tokenizer.
        every: Steps between two looks; a tenth of the stage when ``None``.
        checkpoint: Checkpoint that the run resumes from; it holds the looks up to it.
        report: Takes the scores for TensorBoard and other trackers. It must not be the trainer's
            ``log``, which would take what the trainer has gathered for its next own entry.
    """

    def __init__(
        self,
        probe: Probe,
        model: Any,
        tokenizer: Any,
        *,
        every: int | None,
        checkpoint: str | None = None,
        report: Callable[[Mapping[str, float]], None],
    ) -> None:
        self.outcome = ProbeOutcome()
        self._probe = probe
        self._model = model
        self._tokenizer = tokenizer
        self._every = every
        self._report = report
        self._checkpoint = checkpoint
        self._best: ProbePoint | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Measure the untrained model."""
        if self._every is None:
            self._every = max(1, math.ceil(state.max_steps / LOOKS))
        with untouched(self._model, self._tokenizer):
            self._probe.start(self._model, self._tokenizer)
        if self._checkpoint is not None:
            self._resume(Path(self._checkpoint), Path(args.output_dir))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep the looks, and the best weights so far, in the checkpoint that was just written."""
        folder = Path(args.output_dir)
        checkpoint = folder / f"checkpoint-{state.global_step}"
        plain = [asdict(point) for point in self.outcome.points]
        best = self._best.step if self._best is not None else None
        text = json.dumps({"points": plain, "best": best}, allow_nan=False)
        (checkpoint / _LOOKS_FILE).write_text(text, encoding="utf-8")
        if best is not None:
            shutil.copyfile(folder / _BEST, checkpoint / _BEST)

    def _resume(self, checkpoint: Path, folder: Path) -> None:
        """Put back the looks of a checkpoint; one of a run without probes has none."""
        file = checkpoint / _LOOKS_FILE
        if not file.is_file():
            return
        kept = json.loads(file.read_text(encoding="utf-8"))
        points = tuple(
            ProbePoint(**{**point, "lost": tuple(point["lost"])}) for point in kept["points"]
        )
        self.outcome = ProbeOutcome(points)
        self._best = next((point for point in points if point.step == kept["best"]), None)
        if self._best is not None:
            shutil.copyfile(checkpoint / _BEST, folder / _BEST)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look where one is due; keep the weights, or stop."""
        assert self._every is not None
        step = state.global_step
        if step % self._every and step != state.max_steps:
            return
        looks = math.ceil(state.max_steps / self._every)
        with untouched(self._model, self._tokenizer):
            point = self._probe.look(self._model, step=step, looks=looks)
        before = self.outcome.points[-1].lost if self.outcome.points else ()
        self.outcome = replace(self.outcome, points=(*self.outcome.points, point))
        self._report({f"probe/{name}": score for name, score in point.scores.items()})
        if not point.lost:
            self._keep(point, Path(args.output_dir))
        elif lasting := [name for name in point.lost if name in before]:
            names = ", ".join(f"“{name}”" for name in lasting)
            reason = (
                f"stopped at step {step} of {state.max_steps}: {names} lost at two consecutive "
                "looks"
            )
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
