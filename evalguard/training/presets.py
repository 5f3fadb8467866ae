"""Starting values that the literature recommends, each preset with its sources.

A config selects one with ``preset: qlora-24gb``; values in the config override it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """Values of a training config and where they come from.

    Attributes:
        purpose: When to take it.
        values: The same keys as in a training config.
        sources: Where each group of values was published.
    """

    purpose: str
    values: Mapping[str, Any]
    sources: tuple[str, ...]


_QLORA_PAPER = "Dettmers et al. 2023, QLoRA, arXiv:2305.14314, and its finetune_guanaco_7b.sh"
_LORA_REGRET = "Schulman et al. 2025, LoRA Without Regret, Thinking Machines Lab"
_FORGETS_LESS = "Biderman et al. 2024, LoRA Learns Less and Forgets Less, arXiv:2405.09673"
_ZEPHYR = "Tunstall et al. 2023, Zephyr, arXiv:2310.16944"

PRESETS: Mapping[str, Preset] = {
    "qlora-24gb": Preset(
        purpose="instruction tuning of a 7B–13B model on one 24 GB GPU",
        values={
            "base": {"quantization": "nf4"},
            "lora": {"r": 64, "alpha": 16, "dropout": 0.1, "target_modules": "all-linear"},
            "training": {
                "learning_rate": 2e-4,
                "batch_size": 4,
                "gradient_accumulation": 4,
                "schedule": "constant_with_warmup",
                "warmup_share": 0.03,
                "weight_decay": 0.0,
                "max_grad_norm": 0.3,
                "max_length": 528,
                "gradient_checkpointing": True,
            },
        },
        sources=(
            f"NF4, double quantisation, r 64, α 16, dropout 0.1, all linear layers, learning rate "
            f"2e-4, batch 4 × 4, constant schedule, gradient clipping 0.3, 16 + 512 tokens: "
            f"{_QLORA_PAPER}",
        ),
    ),
    "qlora-small-data": Preset(
        purpose="fewer than about 1,000 examples",
        values={
            "base": {"quantization": "nf4"},
            "lora": {"r": 8, "alpha": 16, "dropout": 0.1, "target_modules": "all-linear"},
            "training": {
                "learning_rate": 1e-4,
                "epochs": 5,
                "batch_size": 4,
                "schedule": "cosine",
                "warmup_share": 0.1,
                "weight_decay": 0.01,
                "early_stopping": 2,
                "gradient_checkpointing": True,
            },
            "data": {"validation_share": 0.1},
        },
        sources=(
            "a small rank suffices for a narrow task: Hu et al. 2021, LoRA, arXiv:2106.09685, §7.2",
            f"α = 2r, all linear layers: {_FORGETS_LESS}, §5",
            f"small batches, all layers: {_LORA_REGRET}",
            "several epochs over about 1,000 examples: Zhou et al. 2023, LIMA, arXiv:2305.11206",
            f"dropout 0.1 against overfitting: {_QLORA_PAPER}",
        ),
    ),
    "lora-large": Preset(
        purpose="more than about 50,000 examples on a GPU that holds the base in 16 bit",
        values={
            "base": {"quantization": "none"},
            "lora": {"r": 64, "alpha": 128, "dropout": 0.0, "target_modules": "all-linear"},
            "training": {
                "learning_rate": 2e-4,
                "epochs": 1,
                "batch_size": 8,
                "gradient_accumulation": 4,
                "schedule": "cosine",
                "warmup_share": 0.1,
                "packing": True,
                "max_length": 2048,
                "gradient_checkpointing": True,
            },
        },
        sources=(
            f"a high rank, α = 2r, all linear layers: {_FORGETS_LESS}, §5",
            f"rank by the amount of data, effective batch 32: {_LORA_REGRET}",
            f"learning rate 2e-4, cosine, warm-up 0.1, one epoch, 2,048 tokens: {_ZEPHYR}, "
            "alignment-handbook recipe sft/config_qlora.yaml",
        ),
    ),
    "dpo-after-sft": Preset(
        purpose="SFT with QLoRA, then DPO on the same adapter",
        values={
            "base": {"quantization": "nf4"},
            "lora": {"r": 16, "alpha": 16, "dropout": 0.05, "target_modules": "all-linear"},
            "training": {
                "learning_rate": 2e-4,
                "epochs": 1,
                "batch_size": 4,
                "gradient_accumulation": 2,
                "schedule": "cosine",
                "warmup_share": 0.1,
                "gradient_checkpointing": True,
            },
            "then": {
                "method": "dpo",
                "preference": {"beta": 0.1},
                "training": {
                    "learning_rate": 5e-6,
                    "epochs": 1,
                    "batch_size": 4,
                    "gradient_accumulation": 4,
                    "schedule": "cosine",
                    "warmup_share": 0.1,
                    "gradient_checkpointing": True,
                },
            },
        },
        sources=(
            f"r 16, α 16, dropout 0.05, SFT at 2e-4, then DPO at 5e-6, one epoch each: {_ZEPHYR}, "
            "alignment-handbook recipes sft/config_qlora.yaml and dpo/config_qlora.yaml",
            "β 0.1: Rafailov et al. 2023, DPO, arXiv:2305.18290, appendix B",
        ),
    ),
}
