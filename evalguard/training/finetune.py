"""Fine-tunes a model: the one way from a config to a folder that can be gated."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from evalguard import __version__
from evalguard.engines.machine import installed
from evalguard.errors import UsageError
from evalguard.quiet import quiet
from evalguard.records import TRAINING_RECORD, LossPoint, StageRecord, TrainingRecord, to_json
from evalguard.training.adapters import make_trainable
from evalguard.training.base import LoadedBase, base_fingerprint, fitting_threads, load_base
from evalguard.training.checkpoints import Checkpoints
from evalguard.training.config import TrainingConfig
from evalguard.training.dataset import Dataset, build_dataset
from evalguard.training.output import check_replaceable, placed_folder
from evalguard.training.probing import Probe
from evalguard.training.processes import own_output
from evalguard.training.stage_result import ProbeOutcome, StageResult
from evalguard.training.stages import Onlookers, OnNote, OnProgress, run_stage

_PACKAGES = ("torch", "transformers", "trl", "peft", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class TrainedAdapter:
    """A finished adapter, or a whole model where all weights were trained.

    Attributes:
        path: Its folder.
        record: Its training record.
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
    on_note: OnNote | None = None,
) -> TrainedAdapter:
    """Fine-tune the base and write the adapter with its training record.

    Nothing is written to the output unless the run succeeds; if it fails, an older adapter there is
    kept.

    Args:
        config: The training config.
        base_dir: Folder that the config's relative paths refer to.
        on_progress: Called after every step and every evaluation.
        resume: Continue an interrupted run that kept checkpoints; the result is the same as
            that of an uninterrupted one.
        probe: Evaluates the model while it trains. A run that has lost a guard for good is stopped,
            and the best weights that passed are kept, if there are any.
        probe_every: Steps between probes; a tenth of the stage by default.
        on_note: Called with a line on the rows of each stage, and with each warning.

    Raises:
        DataError: If the data cannot be used, more rows are cut or dropped than
            ``training.max_cut_share`` allows, or KTO has answers of only one class.
        ModelError: If the base cannot be used.
        ConfigError: If a target module is not in the base.
        TrainingError: If the loss is not finite or diverges.
        UsageError: If the output cannot be written, there is nothing to resume, or a stage would
            train, or has trained, nothing.
    """
    with own_output(config, base_dir / config.output) as output:
        onlookers = Onlookers(
            on_progress=on_progress,
            on_note=on_note,
            probe=probe,
            probe_every=probe_every,
            logs=output.with_name(f"{output.name}.logs"),
        )
        return _train(config, base_dir, output, onlookers, resume=resume)


def _train(
    config: TrainingConfig, base_dir: Path, output: Path, onlookers: Onlookers, *, resume: bool
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
            model, results = _run(
                config, base, data, checkpoints, onlookers, folder=folder, base_dir=base_dir
            )
            _save(model, base, config, folder)
            record = _record(config, base, data, results, seconds=time.monotonic() - started)
            text = json.dumps(to_json(record), indent=2, allow_nan=False)
            (folder / TRAINING_RECORD).write_text(text + "\n", encoding="utf-8")
    except BaseException:
        if not any(stage.training.checkpoints for stage in config.stages):
            checkpoints.clear()
        raise
    checkpoints.clear()
    return TrainedAdapter(output, record)


def _run(
    config: TrainingConfig,
    base: LoadedBase,
    data: Sequence[Dataset],
    checkpoints: Checkpoints,
    onlookers: Onlookers,
    *,
    folder: Path,
    base_dir: Path,
) -> tuple[Any, list[StageResult]]:
    """Run the stages in their order; return the model and what each came to."""
    results: list[StageResult] = []
    with fitting_threads(base.model):
        torch.manual_seed(config.training.seed)  # peft draws an adapter's first weights
        model = make_trainable(base.model, config)
        _check_space(model, config, folder)
        for number, (stage, examples) in enumerate(zip(config.stages, data, strict=True), start=1):
            result = checkpoints.load_finished(number, model)
            if result is None:
                result = run_stage(
                    model,
                    base.tokenizer,
                    examples,
                    stage,
                    onlookers,
                    folder=checkpoints.stage(number),
                    checkpoint=checkpoints.last(number),
                )
                if stage.training.checkpoints and number < len(config.stages):
                    checkpoints.save_finished(number, model, result)
            results.append(result)
            if result.seen.stopped:
                break
    return model, results


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
            f"{free / 1e9:.3g} GB are free. Free some space, or choose another output."
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
    results: Sequence[StageResult],
    *,
    seconds: float,
) -> TrainingRecord:
    curve: tuple[LossPoint, ...] = ()
    seen = ProbeOutcome()
    stages = []
    for result in results:
        done = curve[-1].step if curve else 0
        seen = seen.then(result.seen, after_step=done)
        curve += _shifted(result.curve, after=curve)
        stages.append(
            StageRecord(
                method=result.method,
                train=result.train,
                validation=result.validation,
                first_step=done + 1,
                last_step=curve[-1].step,
            )
        )
    rows = sum(result.train.trained for result in results)
    hashes = [each.sha256() for each in data]
    return TrainingRecord(
        method="+".join(stage.method for stage in config.stages),
        config=config.model_dump(mode="json"),
        base_model=config.base.model,
        base_fingerprint=base_fingerprint(base.name, config.base.revision),
        data_sha256=hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest(),
        rows=rows,
        replay_share=sum(result.replayed for result in results) / rows,
        curve=curve,
        seconds=seconds,
        versions=_versions(),
        data_notes=tuple(dict.fromkeys(note for each in data for note in each.notes)),
        probes=seen.points,
        stopped=seen.stopped,
        kept_step=seen.kept_step,
        stages=tuple(stages),
        warnings=tuple(warning for result in results for warning in result.warnings),
    )


def _versions() -> dict[str, str]:
    """Return what trained it; without the packages that are not installed and were not needed."""
    found = {package: installed(package) for package in _PACKAGES}
    return {"evalguard": __version__, **{name: one for name, one in found.items() if one}}
