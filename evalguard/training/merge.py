"""Merges adapters: one into its base, or several into one.

Every result can behave differently from what it was made of, so each is a candidate to gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalguard.engines.adapter_files import AdapterFiles, read_adapter
from evalguard.errors import ModelError, UsageError
from evalguard.quiet import quiet
from evalguard.training.base import open_pretrained
from evalguard.training.output import placed_folder

Combination = Literal["cat", "svd", "linear", "ties", "dare_linear", "dare_ties"]

COMBINATIONS: tuple[str, ...] = get_args(Combination)
"""Ways to combine adapters.

``cat`` is the exact weighted sum of the updates, with a rank that is the sum of the ranks; ``svd``
is its best approximation of the greatest rank among them. The others work on A and B apart:
``linear`` adds them, ``ties`` trims small entries and settles conflicts of sign (Yadav et al. 2023,
arXiv:2306.01708), ``dare_*`` drops entries at random and rescales the rest (Yu et al. 2023,
arXiv:2311.03099).
"""

_SPARSE = ("ties", "dare_linear", "dare_ties")
_SAME_RANK = ("linear", *_SPARSE)


def merge_into_base(
    adapter: Path, output: Path, *, base: str | None = None, dtype: str = "auto"
) -> Path:
    """Add an adapter to the weights of its base: W' = W + (α/r)·BA.

    Args:
        adapter: The adapter's folder.
        output: Folder for the whole model; replaced only when the merge has succeeded.
        base: Folder or hub name of the base; what the adapter names when ``None``.
        dtype: Of the merged weights: ``auto`` (as the base is stored), ``float32``, ….

    Returns:
        The output folder.

    Raises:
        ModelError: If the adapter or the base cannot be used, or its type has nothing to merge.
    """
    files = read_adapter(adapter)
    if files.peft_type in ("PREFIX_TUNING", "PROMPT_TUNING"):
        raise ModelError(
            f"{adapter}: {files.peft_type.lower()} trains virtual tokens, not weights, and cannot "
            "be merged. Serve it as an adapter."
        )
    with quiet(), placed_folder(output) as folder:
        name = base or files.base_model
        model = _load(name, dtype)
        merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(safe_merge=True)
        merged.save_pretrained(folder)
        open_pretrained(AutoTokenizer, name).save_pretrained(folder)
    return output


def combine(
    adapters: Sequence[Path],
    output: Path,
    *,
    weights: Sequence[float] | None = None,
    combination: Combination = "cat",
    density: float = 0.5,
    base: str | None = None,
    seed: int = 0,
) -> Path:
    """Combine LoRA adapters of one base into a single adapter.

    Args:
        adapters: Their folders, two or more.
        output: Folder for the new adapter; replaced only when the merge has succeeded.
        weights: Weight of each adapter; 1 each when ``None``.
        combination: One of :data:`COMBINATIONS`.
        density: Share of the entries that ``ties`` and ``dare_*`` keep, in (0, 1].
        base: Folder or hub name of the base; what the first adapter names when ``None``.
        seed: Of the entries that ``dare_*`` drops.

    Returns:
        The output folder.

    Raises:
        ModelError: If an adapter cannot be used, or they are not LoRA adapters of one base.
        UsageError: If the arguments do not fit together.
    """
    weights = [1.0] * len(adapters) if weights is None else list(weights)
    files = [read_adapter(adapter) for adapter in adapters]
    _check_combination(files, weights, combination, density)
    names = [f"adapter_{number}" for number in range(len(adapters))]
    with quiet(), placed_folder(output) as folder:
        base_model = _load(base or files[0].base_model, "float32")
        model: Any = PeftModel.from_pretrained(base_model, str(adapters[0]), adapter_name=names[0])
        for name, adapter in zip(names[1:], adapters[1:], strict=True):
            model.load_adapter(str(adapter), name)
        torch.manual_seed(seed)
        model.add_weighted_adapter(
            adapters=names,
            weights=weights,
            adapter_name="combined",
            combination_type=combination,
            density=density if combination in _SPARSE else None,
        )
        model.set_adapter("combined")
        model.save_pretrained(folder, selected_adapters=["combined"])
        _lift(folder / "combined", folder)
    return output


def _check_combination(
    files: Sequence[AdapterFiles], weights: Sequence[float], combination: str, density: float
) -> None:
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
    ranks = {each.rank for each in files}
    if combination in _SAME_RANK and len(ranks) > 1:
        raise UsageError(
            f"'{combination}' needs adapters of one rank, found {sorted(ranks)}; take cat or svd"
        )


def _load(name: str, dtype: str) -> Any:
    # A quantised base cannot take an update exactly, so the base is loaded as it is stored.
    return open_pretrained(AutoModelForCausalLM, name, dtype=dtype)


def _lift(inner: Path, folder: Path) -> None:
    """Move the files of a named adapter up to where an adapter is looked for."""
    for file in inner.iterdir():
        file.replace(folder / file.name)
    inner.rmdir()
