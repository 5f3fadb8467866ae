"""QLoRA, LoRA and full training of 1B and 7B shapes, against the estimate and a plain TRL script.

EvalGuard's trainer runs first, so that the peak is its own. 1B shapes go through
:func:`evalguard.training.finetune.train`, from a folder to a folder; 7B shapes are built in memory
and use the same trainer without files, which would take too long.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gpu.memory import PeakMemory, free_memory, require_memory
from benchmarks.gpu.records import Context, Row, at_most, speedup
from benchmarks.gpu.shapes import (
    LARGE,
    SEED,
    SMALL,
    Shape,
    build_model,
    fitting,
    llama_config,
    load_tokenizer,
    model_folder,
    random_text,
)

if TYPE_CHECKING:
    from evalguard.training.config import TrainingConfig

ESTIMATE_ERROR = 15
"""Maximum error of the estimated peak memory, in per cent."""

SPEED = 0.95
"""Minimum tokens per second, relative to a plain TRL script."""

LITERATURE = {"qlora": "6–8 GB", "lora": "16–20 GB", "full": "60–84 GB"}
"""Published memory for 7B, with gradient checkpointing."""

_STEPS, _TINY_STEPS = 14, 7
_WARM_STEPS = 3


@dataclass(frozen=True, slots=True)
class _Setting:
    """One training run.

    Attributes:
        method: ``qlora``, ``lora`` or ``full``.
        shape: Of the base.
        batch: Sequences of a step.
        tokens: Of a sequence.
        checkpointing: Whether gradient checkpointing is on.
        steps: Number of steps.
    """

    method: str
    shape: Shape
    batch: int
    tokens: int
    checkpointing: bool
    steps: int = _STEPS

    @property
    def tokens_per_step(self) -> int:
        return self.batch * self.tokens


@dataclass(slots=True)
class _Clock:
    """Records the end of each step."""

    device: str
    times: list[float] = field(default_factory=list)

    def tick(self) -> None:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
        self.times.append(time.perf_counter())

    @property
    def step_seconds(self) -> float:
        """Median step time after the warm-up."""
        pairs = zip(self.times[_WARM_STEPS:], self.times[_WARM_STEPS + 1 :], strict=False)
        return statistics.median(after - before for before, after in pairs)


def qlora_1b(context: Context) -> Iterator[Row]:
    """Train an adapter of 1B in nf4."""
    return _measure(_Setting("qlora", SMALL, 4, 1024, False), context)


def lora_1b(context: Context) -> Iterator[Row]:
    """Train an adapter of 1B in bfloat16."""
    return _measure(_Setting("lora", SMALL, 4, 1024, False), context)


def full_1b(context: Context) -> Iterator[Row]:
    """Train all weights of 1B."""
    return _measure(_Setting("full", SMALL, 4, 1024, False), context)


def qlora_7b(context: Context) -> Iterator[Row]:
    """Train an adapter of 7B in nf4."""
    return _measure(_Setting("qlora", LARGE, 1, 512, True), context)


def lora_7b(context: Context) -> Iterator[Row]:
    """Train an adapter of 7B in bfloat16."""
    return _measure(_Setting("lora", LARGE, 4, 512, True), context)


def full_7b(context: Context) -> Iterator[Row]:
    """Train all weights of 7B."""
    return _measure(_Setting("full", LARGE, 4, 2048, True), context)


def _measure(setting: _Setting, context: Context) -> Iterator[Row]:
    from evalguard.training.estimate import estimate

    from_folder = setting.shape is SMALL
    if context.tiny:
        shape = fitting(setting.shape, context)
        setting = replace(setting, shape=shape, batch=2, tokens=64, steps=_TINY_STEPS)
    folder = context.work / f"{setting.method} {setting.shape.name}"
    config = _config(setting, context, folder, from_folder=from_folder)
    expected = estimate(config, base_dir=folder, device=context.device).total_bytes
    require_memory(context.device, expected)
    free_memory(context.device)
    ours, memory = _Clock(context.device), PeakMemory(context.device)
    with memory:
        (_train_folder if from_folder else _train_in_place)(config, setting, folder, ours)
    published = "" if from_folder or context.tiny else f"literature {LITERATURE[setting.method]}"
    yield from _memory_rows(setting, expected, memory, published)
    if setting.method == "full" and not from_folder:
        # bitsandbytes never frees its pages, so two 7B optimisers do not fit into one process.
        return
    free_memory(context.device)
    theirs, others = _Clock(context.device), PeakMemory(context.device)
    with others:  # so that both sides pay for the measurement
        _plain_trl(setting, folder, theirs)
    speeds = [setting.tokens_per_step / clock.step_seconds for clock in (ours, theirs)]
    label = _label(setting)
    ratio = speeds[0] / speeds[1]
    yield speedup(context, f"{label}: tokens per second, plain TRL = 1", SPEED, ratio)
    yield Row(f"{label}: tokens per second", "", f"{speeds[0]:,.0f}")
    if context.device == "cuda":
        yield Row(f"{label}: peak memory of plain TRL", "", f"{others.peak_bytes / 1e9:.2f} GB")


def _memory_rows(
    setting: _Setting, expected: float, memory: PeakMemory, published: str
) -> Iterator[Row]:
    label = _label(setting)
    yield Row(f"{label}: peak memory", published, f"{memory.peak_bytes / 1e9:.2f} GB")
    if memory.held_bytes:
        held = f"{memory.held_bytes / 1e9:.2f} GB"
        yield Row(f"{label}: with what torch's allocator kept unused", "", held)
    yield Row(f"{label}: `evalguard estimate`", published, f"{expected / 1e9:.2f} GB")
    error = 100 * abs(expected / memory.peak_bytes - 1)
    yield at_most(f"{label}: the estimate is off by", ESTIMATE_ERROR, error, " %")


def _label(setting: _Setting) -> str:
    return f"{setting.method} {setting.shape.name}, {setting.batch} × {setting.tokens} tokens"


def _config(
    setting: _Setting, context: Context, folder: Path, *, from_folder: bool
) -> TrainingConfig:
    """Write base and data, and return the training config."""
    from evalguard.training.config import TrainingConfig

    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": text}) for text in _texts(setting)]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if from_folder:
        base = model_folder(setting.shape, context)
    else:
        base = folder / "base"
        llama_config(setting.shape).save_pretrained(base)  # the estimate reads nothing else
    plain: dict[str, Any] = {
        "base": {
            "model": str(base),
            "quantization": "nf4" if setting.method == "qlora" else "none",
        },
        "tuner": "full" if setting.method == "full" else "lora",
        "data": {"train": "rows.jsonl", "validation_share": 0},
        "training": _settings(setting),
        "output": "trained",
    }
    return TrainingConfig.model_validate_json(json.dumps(plain))


def _settings(setting: _Setting) -> dict[str, Any]:
    return {
        "learning_rate": 1e-5,
        "epochs": 1,
        "batch_size": setting.batch,
        "max_length": setting.tokens,
        "max_cut_share": 1,  # every text fills its sequence
        "schedule": "constant",
        "warmup_share": 0,
        "gradient_checkpointing": setting.checkpointing,
    }


def _texts(setting: _Setting) -> list[str]:
    """Return a text for each sequence of the run, none shorter than a sequence."""
    rng = random.Random(SEED)  # noqa: S311 - texts, not secrets
    return [random_text(rng, setting.tokens) for _ in range(setting.batch * setting.steps)]


def _train_folder(config: TrainingConfig, setting: _Setting, folder: Path, clock: _Clock) -> None:
    from evalguard.training.finetune import train

    train(config, base_dir=folder, on_progress=lambda _: clock.tick())


def _train_in_place(config: TrainingConfig, setting: _Setting, folder: Path, clock: _Clock) -> None:
    from evalguard.quiet import quiet
    from evalguard.training.adapters import make_trainable
    from evalguard.training.base import fitting_threads
    from evalguard.training.dataset import build_dataset
    from evalguard.training.trainers import build_stage

    with quiet():
        model = _base(setting, clock.device)
        data = build_dataset(config, base_dir=folder, seed=SEED)
        with fitting_threads(model):
            trainable = make_trainable(model, config)
            trainer = build_stage(
                trainable, load_tokenizer(), data, config, folder=folder / "checkpoints"
            ).trainer
            trainer.add_callback(_ticking(clock))
            trainer.train()


def _base(setting: _Setting, device: str) -> Any:
    """Return the base as ``evalguard train`` would have loaded it."""
    import torch

    from evalguard.engines.quantised import keep_weights_exact

    exact = device == "cpu" or setting.method == "full"
    dtype = torch.float32 if exact else torch.bfloat16
    nf4 = setting.method == "qlora"
    model = build_model(setting.shape, device=device, dtype=dtype, nf4=nf4)
    keep_weights_exact(model)
    return model


def _plain_trl(setting: _Setting, folder: Path, clock: _Clock) -> None:
    """Train as a script with TRL alone would, with the same settings on the same tokens."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from evalguard.quiet import quiet
    from evalguard.training.base import fitting_threads

    same, on_cuda = _settings(setting), clock.device == "cuda"
    adapter = LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear")
    with quiet():
        model = _base(setting, clock.device)
        arguments = SFTConfig(
            output_dir=str(folder / "trl"),
            learning_rate=same["learning_rate"],
            num_train_epochs=1,
            per_device_train_batch_size=setting.batch,
            lr_scheduler_type="constant",
            weight_decay=0.01,
            max_grad_norm=1.0,
            seed=SEED,
            max_length=setting.tokens,
            optim="paged_adamw_8bit" if on_cuda else "adamw_torch",
            bf16=on_cuda,
            use_cpu=not on_cuda,
            gradient_checkpointing=setting.checkpointing,
            save_strategy="no",
            logging_steps=1,
            disable_tqdm=True,
            report_to=[],
        )
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({"text": _texts(setting)}),
            processing_class=load_tokenizer(),
            peft_config=None if setting.method == "full" else adapter,
        )
        trainer.add_callback(_ticking(clock))
        with fitting_threads(model):
            trainer.train()


def _ticking(clock: _Clock) -> Any:
    """Return a callback that ticks the clock at each logged step, as ``on_progress`` does."""
    from transformers import TrainerCallback

    def on_log(self: Any, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs and "loss" in logs:
            clock.tick()

    return type("Ticking", (TrainerCallback,), {"on_log": on_log})()
