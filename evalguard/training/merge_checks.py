"""What can be merged: into a base, or with other adapters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from evalguard.engines.adapter_config import PROMPT_TYPES
from evalguard.engines.adapter_files import AdapterFiles
from evalguard.errors import ModelError, UsageError
from evalguard.training.merge_weights import lost_share, relative

UNMERGED = "Gate it unmerged: under 'adapter', not 'model', with 'engine: {name: hf}'"
"""What to do with an adapter that no weights can say."""

SPARSE = ("ties", "dare_linear", "dare_ties")
"""Combinations that drop entries."""

EXACT_LOGITS = 2e-3
"""The greatest difference of logits against their spread that float32 explains."""

_EXACT_SHARE = 0.1
"""The same against what an adapter changes, which may be far less than the spread."""

_LOST_SHARE = 0.5
"""Share of what an adapter changes that rounding may take.

A merge that keeps the adapter has a share of 0; one that drops it, or adds it twice, has 1.
"""

_SAME_RANK = ("linear", *SPARSE)

_NOT_LINEAR = {
    "use_dora": "DoRA's magnitudes",
    "lora_bias": "biases",
    "trainable_token_indices": "embeddings of single tokens",
    "alora_invocation_tokens": "invocation tokens",
    "layer_replication": "replicated layers",
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
            f"{files.path}: is active only after certain tokens (alora_invocation_tokens), which "
            f"merged weights cannot express. {UNMERGED}."
        )


def check_tokens(files: AdapterFiles, own: Any, base: Any, rows: int) -> None:
    """Check that a model has an embedding for each token that an adapter's tokenizer adds.

    Args:
        files: The adapter.
        own: Its tokenizer.
        base: Its base's, which may list tokens without a row, as Gemma 3's does for images.
        rows: Rows of the model's embeddings.

    Raises:
        ModelError: If one has no row.
    """
    known = base.get_vocab() if base is not None else {}
    added = {one: text for text, one in own.get_vocab().items() if one >= rows}
    added = {one: text for one, text in added.items() if known.get(text) != one}
    if added:
        first = min(added)
        raise ModelError(
            f"{files.path}: its tokenizer has {len(added)} more tokens than the base has rows of "
            f"embeddings, such as {added[first]!r} ({first}, and the base has {rows}), and their "
            "rows are not in the adapter. Save it again with save_embedding_layers=True."
        )


def check_effect(adapter: Path, plain: torch.Tensor, adapted: torch.Tensor) -> None:
    """Check that an adapter changes the logits, and leaves them finite.

    Raises:
        ModelError: If it does not.
    """
    if not adapted.isfinite().all():
        raise ModelError(
            f"{adapter}: with the adapter the logits are not finite. Check its scaling "
            "(lora_alpha / r), or use an earlier checkpoint."
        )
    if torch.equal(plain, adapted):
        raise ModelError(
            f"{adapter}: the adapter changes nothing: its logits equal the base's, and so would "
            "the merged model's. Check that training updated it."
        )


def check_sum(
    adapter: Path, plain: torch.Tensor, adapted: torch.Tensor, merged: torch.Tensor
) -> None:
    """Check that a merge in float32 answers as base and adapter do.

    Both are one function of the same numbers, summed in another order, so that their logits differ
    by rounding in float32. It is measured against the spread of the logits and the adapter's own
    effect: of a weak adapter, a merge that drops it is near to base and adapter as well.

    Args:
        adapter: The adapter's folder.
        plain: Logits of the base, all in float32.
        adapted: Those of base and adapter.
        merged: Those of the merged model.

    Raises:
        ModelError: If it answers otherwise.
    """
    difference, lost = relative(adapted, merged), lost_share(plain, adapted, merged)
    if difference <= EXACT_LOGITS and lost <= _EXACT_SHARE:
        return
    raise ModelError(
        f"{adapter}: the merged model's logits differ from those of base and adapter by "
        f"{difference:.1%} of their spread and {lost:.0%} of what the adapter changes, more than "
        f"rounding in float32 explains. {UNMERGED}."
    )


def check_written(adapter: Path, merged: Any, written: Any) -> None:
    """Check that a model that was written has the weights that were merged, bit for bit.

    They are compared in the type in which the model is loaded.

    Raises:
        ModelError: If one differs or is missing.
    """
    ours, theirs = merged.state_dict(), written.state_dict()
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None or not torch.equal(one.to(other), other):
            raise ModelError(
                f"{adapter}: '{name}' of the merged model is not what was written. {UNMERGED}."
            )


def check_rounding(
    adapter: Path,
    plain: torch.Tensor,
    adapted: torch.Tensor,
    rounded: torch.Tensor,
    dtype: torch.dtype,
) -> None:
    """Check that rounding the sum to the type of the base leaves the adapter in it.

    A weight of bfloat16 has 8 bits, so that W + ΔW is W again where ΔW is below 2⁻⁹ of it.

    Args:
        adapter: The adapter's folder.
        plain: Logits of the base, all in float32.
        adapted: Those of base and adapter.
        rounded: Those of the merged model as it was written.
        dtype: Of its weights.

    Raises:
        ModelError: If less than half of what the adapter changes is left.
    """
    lost = lost_share(plain, adapted, rounded)
    if lost <= _LOST_SHARE:
        return
    name = str(dtype).removeprefix("torch.")
    raise ModelError(
        f"{adapter}: the adapter changes the base by so little that rounding in {name} moves the "
        f"merged model's logits by {lost:.0%} of it. {UNMERGED}, or merge with --dtype float32."
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
        raise UsageError(
            "combining needs at least two adapters; a single one is merged into its base"
        )
    if len(weights) != len(files) or not all(math.isfinite(weight) for weight in weights):
        raise UsageError(
            f"{len(files)} adapters need {len(files)} finite weights, found {list(weights)}"
        )
    if not 0 < density <= 1:
        raise UsageError(f"density must be in (0, 1], found {density:g}")
    for each in files[1:]:
        if each.base_model != files[0].base_model:
            raise ModelError(
                f"{each.path}: its base is '{each.base_model}', that of {files[0].path} is "
                f"'{files[0].base_model}'; only adapters of the same base can be combined"
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
            f"'{combination}' needs adapters of equal rank, found {sorted(ranks)}; use cat or svd"
        )


def _not_linear(files: AdapterFiles) -> str:
    """Return what an adapter has beside its updates A and B, in words; empty for nothing."""
    config = files.config
    if config.get("bias", "none") != "none":
        return "biases"
    if config.get("modules_to_save"):
        return f"whole modules ({', '.join(config['modules_to_save'])})"
    return next((part for key, part in _NOT_LINEAR.items() if config.get(key)), "")
