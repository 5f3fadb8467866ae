"""Builds TRL's trainer for a stage from a model and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import EarlyStoppingCallback, PrinterCallback
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

from evalguard.training.config import Stage
from evalguard.training.dataset import Dataset
from evalguard.training.formats import Example
from evalguard.training.methods import METHODS
from evalguard.training.preference_rows import labelled_rows, pair_rows
from evalguard.training.tokens import encode

_Examples = Sequence[Example]


def build_trainer(model: Any, tokenizer: Any, data: Dataset, stage: Stage, *, folder: Path) -> Any:
    """Return the trainer of a stage, ready for ``train()``.

    The reference of DPO and KTO is the model as it is given: TRL copies its adapter (or, for full
    fine-tuning, the model) before the first step.

    Args:
        model: The base with its adapter, or the base itself for full fine-tuning.
        tokenizer: The base's tokenizer.
        data: Training and validation examples of the kind that the method needs.
        stage: Method and settings.
        folder: Where checkpoints go.
    """
    rows = _ROWS[stage.method]
    arguments = common_arguments(stage, folder=folder, evaluates=bool(data.validation))
    trainer_class, config = _CONFIGS[stage.method](stage, arguments)
    trained = {name: w.detach() for name, w in model.named_parameters() if w.requires_grad}
    trainer = trainer_class(
        model=model,
        args=config,
        train_dataset=rows(data.train, tokenizer, stage),
        eval_dataset=rows(data.validation, tokenizer, stage) if data.validation else None,
        processing_class=tokenizer,
    )
    # TRL rounds an adapter on a quantised base to bfloat16, in which small updates are lost and
    # the policy would differ from its reference at the start; peft's own float32 is put back.
    for name, weight in model.named_parameters():
        original = trained.get(name.replace(".ref.", ".default."))
        if original is not None and weight.dtype != original.dtype:
            weight.data = original.clone()
    trainer.remove_callback(PrinterCallback)
    if stage.training.early_stopping is not None:
        trainer.add_callback(EarlyStoppingCallback(stage.training.early_stopping))
    return trainer


def common_arguments(stage: Stage, *, folder: Path, evaluates: bool) -> dict[str, Any]:
    """Return the arguments that every TRL config takes.

    On CUDA: bfloat16 and paged 8-bit AdamW, which moves optimiser state to the host when a long
    batch needs the memory. On the CPU: float32 and torch's AdamW.

    Args:
        stage: Method and settings.
        folder: Where checkpoints go.
        evaluates: Whether there is a validation set.
    """
    training = stage.training
    on_cuda = torch.cuda.is_available()
    when = "epoch" if training.evaluate_every is None else "steps"
    keeps_best = training.early_stopping is not None
    return {
        "output_dir": str(folder),
        "learning_rate": training.learning_rate,
        "num_train_epochs": training.epochs,
        "per_device_train_batch_size": training.batch_size,
        "per_device_eval_batch_size": training.batch_size,
        "gradient_accumulation_steps": training.gradient_accumulation,
        "lr_scheduler_type": training.schedule,
        "warmup_steps": training.warmup_share,  # below 1, transformers reads it as a share
        "weight_decay": training.weight_decay,
        "max_grad_norm": training.max_grad_norm,
        "seed": training.seed,
        "max_length": training.max_length,
        "optim": "paged_adamw_8bit" if on_cuda else "adamw_torch",
        "use_cpu": not on_cuda,
        "bf16": on_cuda,
        "gradient_checkpointing": training.gradient_checkpointing,
        "dataloader_pin_memory": on_cuda,
        "eval_strategy": when if evaluates else "no",
        "eval_steps": training.evaluate_every,
        "save_strategy": when if training.checkpoints or keeps_best else "no",
        "save_steps": training.evaluate_every or 500,
        "save_total_limit": 1,  # with a best one to keep, transformers keeps that one too
        "load_best_model_at_end": keeps_best,
        "metric_for_best_model": "eval_loss" if keeps_best else None,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # a NaN must be seen
        "disable_tqdm": True,
        "report_to": list(training.report_to),
    }


def _sft(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    return SFTTrainer, SFTConfig(packing=stage.training.packing, eval_packing=False, **arguments)


def _dpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    return DPOTrainer, DPOConfig(
        beta=beta(stage),
        loss_type=[loss(stage)],
        label_smoothing=stage.preference.label_smoothing,
        **arguments,
    )


def _kto(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    return KTOTrainer, KTOConfig(beta=beta(stage), loss_type=loss(stage), **arguments)


def _orpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    return ORPOTrainer, ORPOConfig(beta=beta(stage), **arguments)


def _cpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return CPOTrainer, CPOConfig(
        beta=beta(stage),
        loss_type=loss(stage),
        label_smoothing=stage.preference.label_smoothing,
        **arguments,
    )


def _simpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return CPOTrainer, CPOConfig(
        beta=beta(stage),
        loss_type="simpo",
        cpo_alpha=0.0,  # CPO's SFT term, which SimPO does not have
        simpo_gamma=stage.preference.gamma,
        **arguments,
    )


def beta(stage: Stage) -> float:
    """Return β as configured, or the method's usual value."""
    value = stage.preference.beta or METHODS[stage.method].beta
    assert value is not None, f"method {stage.method} has no beta"
    return value


def loss(stage: Stage) -> str:
    """Return the loss as configured, or the method's first."""
    return stage.preference.loss or METHODS[stage.method].losses[0]


def _token_rows(examples: _Examples, tokenizer: Any, stage: Stage) -> datasets.Dataset:
    # A packed sequence is cut by the packing; encode still drops what lies beyond max_length.
    sequences = encode(examples, tokenizer, max_length=stage.training.max_length)
    return datasets.Dataset.from_dict(
        {
            "input_ids": [sequence.input_ids for sequence in sequences],
            "labels": [sequence.labels for sequence in sequences],
        }
    )


def _pair_rows(examples: _Examples, tokenizer: Any, stage: Stage) -> datasets.Dataset:
    return pair_rows(examples, tokenizer)


def _text_pair_rows(examples: _Examples, tokenizer: Any, stage: Stage) -> datasets.Dataset:
    return pair_rows(examples, tokenizer, as_text=True)


def _labelled_rows(examples: _Examples, tokenizer: Any, stage: Stage) -> datasets.Dataset:
    return labelled_rows(examples, tokenizer)


_CONFIGS: Mapping[str, Callable[[Stage, dict[str, Any]], tuple[Any, Any]]] = {
    "sft": _sft,
    "dpo": _dpo,
    "kto": _kto,
    "orpo": _orpo,
    "cpo": _cpo,
    "simpo": _simpo,
}
_ROWS: Mapping[str, Callable[[_Examples, Any, Stage], datasets.Dataset]] = {
    "sft": _token_rows,
    "dpo": _pair_rows,
    "kto": _labelled_rows,
    "orpo": _text_pair_rows,
    "cpo": _text_pair_rows,
    "simpo": _text_pair_rows,
}
