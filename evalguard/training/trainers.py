"""Builds TRL's trainer for a stage from a model and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import EarlyStoppingCallback, PrinterCallback
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

from evalguard.errors import DataError
from evalguard.training.config import Stage
from evalguard.training.dataset import Dataset
from evalguard.training.fitting import ROW, Given, fit
from evalguard.training.formats import Example
from evalguard.training.lengths import RowSet
from evalguard.training.methods import METHODS
from evalguard.training.preference_rows import labelled_rows, pair_rows
from evalguard.training.rendering import added_before
from evalguard.training.template_traits import turn_end
from evalguard.training.tokens import encode

_Examples = Sequence[Example]

_UNCUT = 1_000_000_000
"""Length given to the trainers whose rows are cut here: see :mod:`evalguard.training.fitting`."""


@dataclass(frozen=True, slots=True)
class StageTrainer:
    """A trainer with what became of the rows that it was given.

    Attributes:
        trainer: TRL's trainer, ready for ``train()``.
        train: Training rows.
        validation: Held-out rows; ``None`` where there are none.
    """

    trainer: Any
    train: RowSet
    validation: RowSet | None


def build_stage(
    model: Any, tokenizer: Any, data: Dataset, stage: Stage, *, folder: Path
) -> StageTrainer:
    """Return the trainer of a stage, and what became of each row on the way to it.

    The reference of DPO and KTO is the model as it is given: TRL copies its adapter (or, for full
    fine-tuning, the model) before the first step.

    Args:
        model: The base with its adapter, or the base itself for full fine-tuning.
        tokenizer: The base's tokenizer.
        data: Training and validation examples of the kind that the method needs.
        stage: Method and settings.
        folder: Where checkpoints go.

    Raises:
        DataError: If nothing of any row is left within ``max_length``.
    """
    arguments = common_arguments(stage, folder=folder, evaluates=bool(data.validation))
    trainer_class, config = _CONFIGS[stage.method](stage, arguments)
    trained = {name: w.detach() for name, w in model.named_parameters() if w.requires_grad}
    train = _given(data.train, tokenizer, stage, left_out=data.left_out)
    validation = _given(data.validation, tokenizer, stage) if data.validation else None
    trainer = trainer_class(
        model=model,
        args=config,
        train_dataset=train.rows,
        eval_dataset=validation.rows if validation else None,
        processing_class=tokenizer,
    )
    max_length = stage.training.max_length
    trainer.train_dataset, rows = fit(trainer.train_dataset, train, max_length=max_length)
    held_out = None
    if validation:
        found = fit(trainer.eval_dataset, validation, max_length=max_length)
        trainer.eval_dataset, held_out = found
    # TRL rounds an adapter on a quantised base to bfloat16, in which small updates are lost and
    # the policy would differ from its reference at the start; peft's own float32 is put back.
    for name, weight in model.named_parameters():
        original = trained.get(name.replace(".ref.", ".default."))
        if original is not None and weight.dtype != original.dtype:
            weight.data = original.clone()
    trainer.remove_callback(PrinterCallback)
    if stage.training.early_stopping is not None:
        trainer.add_callback(EarlyStoppingCallback(stage.training.early_stopping))
    return StageTrainer(trainer, rows, held_out)


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
    return KTOTrainer, KTOConfig(
        beta=beta(stage),
        loss_type=loss(stage),
        desirable_weight=stage.preference.desirable_weight,
        undesirable_weight=stage.preference.undesirable_weight,
        **arguments,
    )


def _orpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    return ORPOTrainer, ORPOConfig(beta=beta(stage), **(arguments | {"max_length": _UNCUT}))


def _cpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return CPOTrainer, CPOConfig(
        beta=beta(stage),
        loss_type=loss(stage),
        label_smoothing=stage.preference.label_smoothing,
        **(arguments | {"max_length": _UNCUT}),
    )


def _simpo(stage: Stage, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return CPOTrainer, CPOConfig(
        beta=beta(stage),
        loss_type="simpo",
        cpo_alpha=0.0,  # CPO's SFT term, which SimPO does not have
        simpo_gamma=stage.preference.gamma,
        **(arguments | {"max_length": _UNCUT}),
    )


def beta(stage: Stage) -> float:
    """Return β as configured, or the method's usual value."""
    value = stage.preference.beta or METHODS[stage.method].beta
    assert value is not None, f"method {stage.method} has no beta"
    return value


def loss(stage: Stage) -> str:
    """Return the loss as configured, or the method's first."""
    return stage.preference.loss or METHODS[stage.method].losses[0]


def _given(examples: _Examples, tokenizer: Any, stage: Stage, *, left_out: int = 0) -> Given:
    if stage.method == "sft":
        # A packed sequence is cut by the packing; encode still drops what lies beyond max_length.
        sequences = encode(examples, tokenizer, max_length=stage.training.max_length)
        return Given(
            tuple(examples),
            datasets.Dataset.from_dict(
                {
                    "input_ids": [sequence.input_ids for sequence in sequences],
                    "labels": [sequence.labels for sequence in sequences],
                }
            ),
            owners=[sequence.row for sequence in sequences],
            whole=[sequence.whole for sequence in sequences],
            left_out=left_out,
        )
    rows = _ROWS[stage.method](examples, tokenizer)
    paired = stage.method == "kto"  # which makes two rows of a pair
    owners = [
        row
        for row, example in enumerate(examples)
        for _ in range(2 if paired and example.kind == "preference" else 1)
    ]
    return Given(
        tuple(examples),
        rows.add_column(ROW, owners),
        owners,
        left_out=left_out,
        second_end=_second_end(tokenizer),
        unasked_start=(
            None
            if stage.method in ("dpo", "kto")  # which add nothing to texts
            else _unasked_start(rows, examples, tokenizer)
        ),
    )


def _second_end(tokenizer: Any) -> int | None:
    """Return the EOS that TRL adds to texts where the template ends a turn by another token."""
    eos: int | None = tokenizer.eos_token_id
    return eos if tokenizer.chat_template and turn_end(tokenizer) not in (None, eos) else None


def _unasked_start(rows: datasets.Dataset, examples: _Examples, tokenizer: Any) -> int | None:
    """Return the BOS that TRL adds to the texts of ORPO, CPO and SimPO and the gate does not.

    TRL adds it where a tokenizer has one and a text does not begin with it, whether or not the
    tokenizer itself would.

    Raises:
        DataError: If some texts begin with a BOS of their own and others do not.
    """
    bos: int | None = tokenizer.bos_token_id
    if bos is None or added_before(tokenizer):
        return None
    texts = [row["prompt"] for row in rows if isinstance(row["prompt"], str)]
    begin = [tokenizer(text, add_special_tokens=False)["input_ids"][:1] == [bos] for text in texts]
    if any(begin) and not all(begin):
        raise DataError(
            f"{examples[begin.index(True)].where}: begins with '{tokenizer.bos_token}', but "
            "other rows do not; remove it, or add it to all"
        )
    return None if any(begin) else bos


_CONFIGS: Mapping[str, Callable[[Stage, dict[str, Any]], tuple[Any, Any]]] = {
    "sft": _sft,
    "dpo": _dpo,
    "kto": _kto,
    "orpo": _orpo,
    "cpo": _cpo,
    "simpo": _simpo,
}
_ROWS: Mapping[str, Callable[[_Examples, Any], datasets.Dataset]] = {
    "dpo": pair_rows,
    "kto": labelled_rows,
    "orpo": partial(pair_rows, as_text=True),
    "cpo": partial(pair_rows, as_text=True),
    "simpo": partial(pair_rows, as_text=True),
}
