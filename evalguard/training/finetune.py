"""Fine-tunes a model: the one way from a config to a folder that can be gated."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from evalguard import __version__
from evalguard.engines.machine import installed
from evalguard.errors import TrainingError, UsageError
from evalguard.quiet import quiet
from evalguard.records import LossPoint, TrainingRecord, to_json
from evalguard.training.adapters import make_trainable
from evalguard.training.base import LoadedBase, base_fingerprint, fitting_threads, load_base
from evalguard.training.checkpoints import Checkpoints, WeightKeeper
from evalguard.training.config import Stage, TrainingConfig
from evalguard.training.dataset import Dataset, build_dataset
from evalguard.training.output import RECORD_NAME, check_replaceable, placed_folder
from evalguard.training.probing import Probe, ProbeOutcome, ProbeWatcher
from evalguard.training.processes import own_output
from evalguard.training.trackers import tracking
from evalguard.training.trainers import build_trainer
from evalguard.training.watch import Progress, Watcher, loss_point

OnProgress = Callable[[Progress], None]

_PACKAGES = ("torch", "transformers", "trl", "peft", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter, or a whole model where all weights were trained.

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
    on_progress: OnProgress | None = None,
    resume: bool = False,
    probe: Probe | None = None,
    probe_every: int | None = None,
) -> TrainedAdapter:
    """Fine-tune the base and write the adapter with its training record.

    Nothing is written to the output before the run has succeeded; an older adapter there stays as
    it was when it fails.

    Args:
        config: What to train on what.
        base_dir: Folder that the config's relative paths refer to.
        on_progress: Called after every step and every evaluation.
        resume: Go on with an interrupted run that kept checkpoints; the result is the same as
            that of an uninterrupted one.
        probe: Looks at the model while it trains. A run that has lost a guard for good is stopped,
            and the best weights that passed are kept where there are some.
        probe_every: Steps between two looks; a tenth of the stage by default.

    Raises:
        DataError: If the data cannot be used.
        ModelError: If the base cannot be used.
        ConfigError: If a target module is not in the base.
        TrainingError: If the loss is NaN or diverges.
        UsageError: If the output cannot be written, or there is nothing to resume.
    """
    with own_output(config, base_dir / config.output) as output:
        return _train(
            config, base_dir, output, on_progress, resume, probe=probe, probe_every=probe_every
        )


def _train(
    config: TrainingConfig,
    base_dir: Path,
    output: Path,
    on_progress: OnProgress | None,
    resume: bool,
    *,
    probe: Probe | None,
    probe_every: int | None,
) -> TrainedAdapter:
    started = time.monotonic()
    check_replaceable(output)
    data = [
        build_dataset(stage, base_dir=base_dir, seed=stage.training.seed) for stage in config.stages
    ]
    checkpoints = Checkpoints(output)
    plain = config.model_dump(mode="json")
    checkpoints.begin(config=plain, data_sha256=[each.sha256() for each in data], resume=resume)
    try:
        with quiet(), placed_folder(output) as folder:
            base = load_base(config.base, base_dir=base_dir, all_weights=config.tuner == "full")
            logs = output.with_name(f"{output.name}.logs")
            watching = _Watching(on_progress, probe, probe_every, logs)
            model, curve, seen = _run(config, base, data, checkpoints, watching, folder=folder)
            _save(model, base, config, folder)
            record = _record(config, base, data, curve, seen, seconds=time.monotonic() - started)
            text = json.dumps(to_json(record), indent=2, allow_nan=False)
            (folder / RECORD_NAME).write_text(text + "\n", encoding="utf-8")
    except BaseException:
        if not any(stage.training.checkpoints for stage in config.stages):
            checkpoints.clear()
        raise
    checkpoints.clear()
    return TrainedAdapter(output, record)


@dataclass(frozen=True, slots=True)
class _Watching:
    """What looks on while a run trains."""

    on_progress: OnProgress | None
    probe: Probe | None
    probe_every: int | None
    logs: Path


def _run(
    config: TrainingConfig,
    base: LoadedBase,
    data: Sequence[Dataset],
    checkpoints: Checkpoints,
    watching: _Watching,
    *,
    folder: Path,
) -> tuple[Any, tuple[LossPoint, ...], ProbeOutcome]:
    """Run the stages in their order; return the model, the whole curve and what probes saw."""
    curve: tuple[LossPoint, ...] = ()
    seen = ProbeOutcome()
    with fitting_threads(base.model):
        torch.manual_seed(config.training.seed)  # peft draws an adapter's first weights
        model = make_trainable(base.model, config)
        _check_space(model, config, folder)
        for number, (stage, examples) in enumerate(zip(config.stages, data, strict=True), start=1):
            points = checkpoints.load_finished(number, model)
            if points is None:
                with tracking(stage, watching.logs):
                    trainer = build_trainer(
                        model, base.tokenizer, examples, stage, folder=checkpoints.stage(number)
                    )
                points, outcome = _fit(
                    trainer, stage, watching, base, checkpoint=checkpoints.last(number)
                )
                seen = seen.then(outcome, after_step=curve[-1].step if curve else 0)
                if stage.training.checkpoints and number < len(config.stages):
                    checkpoints.save_finished(number, model, points)
            curve += _shifted(points, after=curve)
            if seen.stopped:
                break
    return model, curve, seen


def _fit(
    trainer: Any,
    stage: Stage,
    watching: _Watching,
    base: LoadedBase,
    *,
    checkpoint: str | None,
) -> tuple[tuple[LossPoint, ...], ProbeOutcome]:
    watcher = Watcher(stage.method, stage.training.learning_rate, watching.on_progress)
    trainer.add_callback(watcher)
    trainer.add_callback(WeightKeeper(trainer.model, checkpoint))
    prober = None
    if watching.probe is not None:
        prober = ProbeWatcher(
            watching.probe,
            trainer.model,
            base.tokenizer,
            every=watching.probe_every,
            log=trainer.log,
        )
        trainer.add_callback(prober)
    trainer.train(resume_from_checkpoint=checkpoint)
    points = [loss_point(entry) for entry in trainer.state.log_history]
    curve = tuple(point for point in points if point is not None)
    if not any(point.loss is not None for point in curve):
        raise TrainingError(f"{stage.method}: no step was made; raise training.epochs or add rows")
    return curve, prober.outcome if prober else ProbeOutcome()


def _shifted(points: Sequence[LossPoint], *, after: Sequence[LossPoint]) -> tuple[LossPoint, ...]:
    """Number the steps of a later stage on from those before it."""
    if not after:
        return tuple(points)
    step, epoch = after[-1].step, after[-1].epoch
    return tuple(replace(p, step=p.step + step, epoch=p.epoch + epoch) for p in points)


def _check_space(model: Any, config: TrainingConfig, folder: Path) -> None:
    """Refuse to begin a run whose result would not fit on the disk.

    A checkpoint holds the trained weights and two AdamW moments of each; the newest and the best
    one are kept, and a third is written before the oldest goes.
    """
    weights = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    keeps = any(s.training.checkpoints or s.training.early_stopping for s in config.stages)
    needed = weights * (1 + 3 * 3 * keeps)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UsageError(
            f"output: the run needs about {needed / 1e9:.3g} GB in {folder.parent}, but "
            f"{free / 1e9:.3g} GB are free. Free some, or choose another output."
        )


def _save(model: Any, base: LoadedBase, config: TrainingConfig, folder: Path) -> None:
    if config.tuner == "full":
        model.save_pretrained(folder)
        base.tokenizer.save_pretrained(folder)
    else:
        # DPO's frozen copy of the adapter, "ref", stays behind.
        model.save_pretrained(folder, selected_adapters=["default"])
        (folder / "README.md").unlink()  # peft's empty form of a model card
    for file in folder.glob("*.safetensors"):
        file.chmod((folder / _config_name(config)).stat().st_mode)  # else for its owner alone


def _config_name(config: TrainingConfig) -> str:
    return "config.json" if config.tuner == "full" else "adapter_config.json"


def _record(
    config: TrainingConfig,
    base: LoadedBase,
    data: Sequence[Dataset],
    curve: tuple[LossPoint, ...],
    seen: ProbeOutcome,
    *,
    seconds: float,
) -> TrainingRecord:
    rows = sum(len(each.train) for each in data)
    hashes = [each.sha256() for each in data]
    return TrainingRecord(
        method="+".join(stage.method for stage in config.stages),
        config=config.model_dump(mode="json"),
        base_model=config.base.model,
        base_fingerprint=base_fingerprint(base.name, config.base.revision),
        data_sha256=hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest(),
        rows=rows,
        replay_share=sum(each.replay_share * len(each.train) for each in data) / rows,
        curve=curve,
        seconds=seconds,
        versions=_versions(),
        data_notes=tuple(dict.fromkeys(note for each in data for note in each.notes)),
        probes=seen.points,
        stopped=seen.stopped,
        kept_step=seen.kept_step,
    )


def _versions() -> dict[str, str]:
    """Return what trained it; without the packages that are not installed and were not needed."""
    found = {package: installed(package) for package in _PACKAGES}
    return {"evalguard": __version__, **{name: one for name, one in found.items() if one}}
