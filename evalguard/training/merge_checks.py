"""What can be merged: into a base, or with other adapters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from evalguard.engines.adapter_config import PROMPT_TYPES
from evalguard.engines.adapter_files import AdapterFiles
from evalguard.errors import ModelError, UsageError

UNMERGED = "Gate it unmerged: 'adapter' in place of 'model', with 'engine: {name: hf}'"
"""What to do with an adapter that no weights can say."""

SPARSE = ("ties", "dare_linear", "dare_ties")
"""Combinations that drop entries."""

_SAME_RANK = ("linear", *SPARSE)

_NOT_LINEAR = {
    "use_dora": "DoRA's magnitudes",
    "lora_bias": "biases",
    "trainable_token_indices": "embeddings of single tokens",
    "alora_invocation_tokens": "tokens after which it begins to act",
    "layer_replication": "layers that it repeats",
}


def check_mergeable(files: AdapterFiles) -> None:
    """Refuse an adapter that is not a change of weights.

    Raises:
        ModelError: If there is nothing to merge.
    """
    kind = files.peft_type
    if kind in PROMPT_TYPES:
        raise ModelError(
            f"{files.path}: {kind} trains virtual tokens, not weights, so there is nothing to "
            f"merge. {UNMERGED}."
        )
    if files.config.get("alora_invocation_tokens"):
        raise ModelError(
            f"{files.path}: acts only after certain tokens (alora_invocation_tokens), which no "
            f"weights can say. {UNMERGED}."
        )


def check_effect(adapter: Path, plain: torch.Tensor, adapted: torch.Tensor) -> None:
    """Check that an adapter changes the logits, and leaves them finite.

    Raises:
        ModelError: If it does not.
    """
    if not adapted.isfinite().all():
        raise ModelError(
            f"{adapter}: with the adapter the logits are not finite. Check its scaling (lora_alpha "
            f"/ r), or take an earlier checkpoint."
        )
    if torch.equal(plain, adapted):
        raise ModelError(
            f"{adapter}: the adapter changes nothing: its logits equal the base's, and so would "
            f"the merged model's. Check that training reached it."
        )


def check_combination(
    files: Sequence[AdapterFiles], weights: Sequence[float], combination: str, density: float
) -> None:
    """Check that adapters add up.

    Raises:
        ModelError: If they are not plain LoRA adapters of one base.
        UsageError: If the arguments do not fit together.
    """
    if len(files) < 2:
        raise UsageError("combine needs two adapters or more; a single one is merged into its base")
    if len(weights) != len(files) or not all(math.isfinite(weight) for weight in weights):
        raise UsageError(
            f"{len(files)} adapters need {len(files)} finite weights, found {list(weights)}"
        )
    if not 0 < density <= 1:
        raise UsageError(f"density must be within (0, 1], found {density:g}")
    for each in files[1:]:
        if each.base_model != files[0].base_model:
            raise ModelError(
                f"{each.path}: its base is '{each.base_model}', that of {files[0].path} is "
                f"'{files[0].base_model}'; only adapters of one base can be combined"
            )
    for each in files:
        if each.peft_type != "LORA":
            raise ModelError(f"{each.path}: is {each.peft_type}; only LoRA adapters combine")
        if part := _not_linear(each):
            raise ModelError(
                f"{each.path}: has {part}, which cannot be added to another adapter. Merge one "
                f"adapter into the base first, and train or merge the other on the result."
            )
    ranks = {each.rank for each in files}
    if combination in _SAME_RANK and len(ranks) > 1:
        raise UsageError(
            f"'{combination}' needs adapters of one rank, found {sorted(ranks)}; take cat or svd"
        )


def _not_linear(files: AdapterFiles) -> str:
    """Return what an adapter has beside its updates A and B, in words; empty for nothing."""
    config = files.config
    if config.get("bias", "none") != "none":
        return "biases"
    if config.get("modules_to_save"):
        return f"whole modules ({', '.join(config['modules_to_save'])})"
    return next((part for key, part in _NOT_LINEAR.items() if config.get(key)), "")
