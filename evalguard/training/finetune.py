"""Fine-tunes an adapter: the one way from a config to a folder that can be gated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from evalguard.errors import TrainingError
from evalguard.records import TrainingRecord, to_json
from evalguard.training.adapters import attach
from evalguard.training.base import SMALL_PARAMETERS, fingerprint, load_base
from evalguard.training.config import TrainingConfig
from evalguard.training.dataset import build_dataset
from evalguard.training.output import RECORD_NAME, check_replaceable, placed_folder
from evalguard.training.quiet import quiet, threads
from evalguard.training.trainers import build_sft
from evalguard.training.watch import Progress, Watcher, loss_point

_PACKAGES = ("evalguard", "torch", "transformers", "trl", "peft", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter.

    Attributes:
        path: Its folder.
        record: What made it.
    """

    path: Path
    record: TrainingRecord


def train(
    config: TrainingConfig,
    *,
    base_dir: Path,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainedAdapter:
    """Fine-tune the base and write the adapter with its training record.

    Nothing is written to the output before the run has succeeded; an older adapter there stays as
    it was when it fails.

    Args:
        config: What to train on what.
        base_dir: Folder that the config's relative paths refer to.
        on_progress: Called after every step and every evaluation.

    Raises:
        DataError: If the data cannot be used.
        ModelError: If the base cannot be used.
        ConfigError: If a target module is not in the base.
        TrainingError: If the loss is NaN or diverges.
    """
    started = time.monotonic()
    output = base_dir / config.output
    check_replaceable(output)
    data = build_dataset(config.data, config.replay, base_dir=base_dir, seed=config.training.seed)
    with quiet(), placed_folder(output) as folder:
        base = load_base(config.base, base_dir=base_dir)
        small = base.model.num_parameters() < SMALL_PARAMETERS
        with threads(1 if small else None):
            # peft draws the adapter's first weights at random.
            torch.manual_seed(config.training.seed)
            model = attach(base.model, config.lora)
            trainer = build_sft(model, base.tokenizer, data, config.training, folder=folder)
            trainer.add_callback(Watcher(config.method, config.training.learning_rate, on_progress))
            trainer.train()
        points = [loss_point(entry) for entry in trainer.state.log_history]
        model.save_pretrained(folder)
        record = TrainingRecord(
            method=config.method,
            config=config.model_dump(mode="json"),
            base_model=config.base.model,
            base_fingerprint=fingerprint(base.name, config.base.revision),
            data_sha256=data.sha256(),
            rows=len(data.train),
            replay_share=data.replay_share,
            curve=tuple(point for point in points if point is not None),
            seconds=time.monotonic() - started,
            versions={package: version(package) for package in _PACKAGES},
        )
        if not record.curve:
            raise TrainingError("the run made no step; raise training.epochs or add rows")
        text = json.dumps(to_json(record), indent=2, allow_nan=False)
        (folder / RECORD_NAME).write_text(text + "\n", encoding="utf-8")
    return TrainedAdapter(output, record)
