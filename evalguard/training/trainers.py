"""Builds TRL's trainer for a method from a model, examples and settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from evalguard.training.config import Training
from evalguard.training.dataset import Dataset
from evalguard.training.formats import Example
from evalguard.training.tokens import encode


def arguments(training: Training, *, folder: Path, evaluates: bool) -> dict[str, Any]:
    """Return the arguments that every TRL config takes.

    On CUDA: bfloat16 and paged 8-bit AdamW, which moves optimiser state to the host when a long
    batch needs the memory. On the CPU: float32 and torch's AdamW.

    Args:
        training: The optimiser's settings.
        folder: Where checkpoints would go.
        evaluates: Whether there is a validation set.
    """
    on_cuda = torch.cuda.is_available()
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
        "optim": "paged_adamw_8bit" if on_cuda else "adamw_torch",
        "use_cpu": not on_cuda,
        "bf16": on_cuda,
        "gradient_checkpointing": False,
        "dataloader_pin_memory": on_cuda,
        "eval_strategy": "epoch" if evaluates else "no",
        "save_strategy": "no",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # a NaN must be seen
        "disable_tqdm": True,
        "report_to": [],
    }


def build_sft(
    model: Any, tokenizer: Any, data: Dataset, training: Training, *, folder: Path
) -> SFTTrainer:
    """Return a trainer for supervised fine-tuning with the loss on the answers alone.

    Args:
        model: The base with its adapter.
        tokenizer: The base's tokenizer.
        data: Training and validation examples.
        training: The optimiser's settings.
        folder: Where checkpoints would go.
    """

    def tokenised(examples: Sequence[Example]) -> datasets.Dataset:
        sequences = encode(examples, tokenizer, max_length=training.max_length)
        return datasets.Dataset.from_dict(
            {
                "input_ids": [sequence.input_ids for sequence in sequences],
                "labels": [sequence.labels for sequence in sequences],
            }
        )

    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            max_length=None,  # encode has cut the sequences already
            **arguments(training, folder=folder, evaluates=bool(data.validation)),
        ),
        train_dataset=tokenised(data.train),
        eval_dataset=tokenised(data.validation) if data.validation else None,
        processing_class=tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
