"""Keeps what an interrupted run needs to resume: the trainer's checkpoints and finished stages."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from evalguard.errors import UsageError
from evalguard.records import from_json, to_json
from evalguard.training.stage_result import StageResult

_IDENTITY = "run.sha256"
_WEIGHTS = "trained.safetensors"
_RESULT = "result.json"


class WeightKeeper(TrainerCallback):
    """Puts the trained weights into every checkpoint, and restores them when a run resumes.

    transformers does not do it where a second adapter is present: it then loads that one alone,
    and DPO's policy would start again from its first weights.
    """

    def __init__(self, model: Any, checkpoint: str | None) -> None:
        self.model = model
        self.checkpoint = checkpoint

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Add the weights to the checkpoint that was just written."""
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        save_weights(self.model, folder / _WEIGHTS)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Restore the weights of the checkpoint that the run resumes from."""
        if self.checkpoint is not None:
            load_weights(self.model, Path(self.checkpoint, _WEIGHTS))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Put back the best weights where the run kept them."""
        if args.load_best_model_at_end and state.best_model_checkpoint is not None:
            load_weights(self.model, Path(state.best_model_checkpoint, _WEIGHTS))


def save_weights(model: Any, file: Path) -> None:
    """Write the weights that are trained, in one step."""
    partial = file.with_suffix(".partial")
    save_file({name: weight.contiguous() for name, weight in _trained(model).items()}, partial)
    partial.rename(file)


def load_weights(model: Any, file: Path) -> None:
    """Put weights that :func:`save_weights` wrote back into the model."""
    weights = load_file(file)
    with torch.no_grad():
        for name, weight in _trained(model).items():
            weight.copy_(weights[name])


class Checkpoints:
    """The folder beside an output in which a run keeps its state until it has succeeded.

    Attributes:
        folder: ``.NAME.checkpoints`` beside the output ``NAME``.
    """

    def __init__(self, output: Path) -> None:
        self.folder = output.with_name(f".{output.name}.checkpoints")

    def begin(self, *, config: dict[str, Any], data_sha256: Sequence[str], resume: bool) -> None:
        """Start afresh, or hold an interrupted run to the config and data of this one.

        Args:
            config: The config as plain data.
            data_sha256: Hash of each stage's data.
            resume: Whether to continue from what is there.

        Raises:
            UsageError: If there is nothing to resume, or it was made from something else.
        """
        text = json.dumps([config, list(data_sha256)], sort_keys=True)
        identity = hashlib.sha256(text.encode()).hexdigest()
        file = self.folder / _IDENTITY
        if not resume:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            file.write_text(identity)
        elif not file.is_file():
            raise UsageError(
                f"--resume: no interrupted run in {self.folder}. Checkpoints are only saved if "
                "training.checkpoints is true; run without --resume."
            )
        elif file.read_text() != identity:
            raise UsageError(
                f"--resume: the run in {self.folder} had a different config or different data. "
                "Restore them, or run without --resume to start over."
            )

    def stage(self, number: int) -> Path:
        """Return the folder of a stage's trainer."""
        return self.folder / f"stage-{number}"

    def last(self, number: int) -> str | None:
        """Return the newest whole checkpoint of a stage, or ``None``."""
        whole = [file.parent for file in self.stage(number).glob(f"checkpoint-*/{_WEIGHTS}")]
        return (
            str(max(whole, key=lambda folder: int(folder.name.split("-")[1]), default="")) or None
        )

    def save_finished(self, number: int, model: Any, result: StageResult) -> None:
        """Keep the trained weights of a finished stage, and what it came to."""
        folder = self.folder / f"finished-{number}"
        partial = self.folder / f".finished-{number}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        save_weights(model, partial / _WEIGHTS)
        (partial / _RESULT).write_text(json.dumps(to_json(result)), encoding="utf-8")
        partial.rename(folder)

    def load_finished(self, number: int, model: Any) -> StageResult | None:
        """Put a finished stage's weights into the model and return what it came to.

        Returns:
            ``None``, and the model unchanged, where the stage has not finished.
        """
        folder = self.folder / f"finished-{number}"
        if not folder.is_dir():
            return None
        load_weights(model, folder / _WEIGHTS)
        text = (folder / _RESULT).read_text(encoding="utf-8")
        return from_json(StageResult, json.loads(text))

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
