"""Merges adapters: one into its base, or several into one.

Every result can behave differently from what it was made of, so each is a candidate to gate.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import AdapterFiles, read_adapter
from evalguard.engines.chat import has_tokenizer, lone_template
from evalguard.engines.misfit import PEFT_ERRORS, misfit
from evalguard.engines.modules import check_modules
from evalguard.engines.structure import Structure
from evalguard.errors import ModelError
from evalguard.quiet import quiet
from evalguard.training.base import open_pretrained
from evalguard.training.merge_checks import (
    EXACT_LOGITS,
    SPARSE,
    UNMERGED,
    check_combination,
    check_effect,
    check_mergeable,
    check_rounding,
    check_sum,
    check_tokens,
    check_written,
)
from evalguard.training.merge_weights import (
    fit_vocabulary,
    is_tied,
    logits,
    relative,
    round_to,
    share_again,
    types_of,
    unshare,
)
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

RECORD = "evalguard_merge.json"
"""What was merged, and how far the result is from what it was made of."""

_SHOWN = 120
"""Characters of a library's message that an error shows."""

_EXACT = 1e-4
"""Relative difference of an update that is rounding in float32."""


def merge_into_base(
    adapter: Path, output: Path, *, base: str | None = None, dtype: str = "auto"
) -> Path:
    """Add an adapter to the weights of its base: W' = W + (α/r)·BA.

    The sum is made in float32 and rounded once, to the type of the base. Three things are checked:
    the sum answers as base and adapter do, up to float32; what was written is the sum; and its
    rounding leaves most of what the adapter changes.

    Args:
        adapter: The adapter's folder.
        output: Folder for the whole model; replaced only when the merge has succeeded.
        base: Folder or hub name of the base; what the adapter names when ``None``.
        dtype: Of the merged weights: ``auto`` (as the base is stored), ``float32``, ….

    Returns:
        The output folder.

    Raises:
        ModelError: If the adapter or the base cannot be used, its type has nothing to merge, or the
            merged model answers otherwise.
    """
    files = read_adapter(adapter)
    check_mergeable(files)
    with quiet(), placed_folder(output) as folder:
        model = _base_of(files, base, dtype)
        fit_vocabulary(model, files)
        tokenizer = _tokenizer_of(files, base)
        _check_tokens(files, base, tokenizer, model)
        was_tied = is_tied(model)
        types = types_of(model)
        model.float()
        plain = logits(model, files)
        adapted = _attached(model, files)
        before = logits(adapted, files)
        check_effect(adapter, plain, before)
        unshare(adapted)
        merged = _merged(adapted, adapter)
        share_again(merged, was_tied=was_tied)
        check_sum(adapter, plain, before, logits(merged, files))
        round_to(merged, types)
        _save(merged, folder, adapter)
        tokenizer.save_pretrained(folder)
        written = open_pretrained(AutoModelForCausalLM, str(folder), dtype="auto")
        check_written(adapter, merged, written)
        dtype_of = next(merged.parameters()).dtype
        del adapted, merged, model
        after = logits(written.float(), files)
        check_rounding(adapter, plain, before, after, dtype_of)
        _record(folder, [adapter], [1.0], "into base", relative(before, after))
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
    check_combination(files, weights, combination, density)
    tokenizer = _shared_tokenizer(files, base)
    names = [f"adapter_{number}" for number in range(len(adapters))]
    with quiet(), placed_folder(output) as folder:
        base_model = _base_of(files[0], base, "float32")
        for each in files:
            _check_fit(base_model, each)
        model: Any = PeftModel.from_pretrained(base_model, str(adapters[0]), adapter_name=names[0])
        for name, adapter in zip(names[1:], adapters[1:], strict=True):
            model.load_adapter(str(adapter), name)
        # The sum's rank has nothing to do with the first adapter's scaling, which peft would keep.
        model.peft_config[names[0]].use_rslora = False
        torch.manual_seed(seed)
        model.add_weighted_adapter(
            adapters=names,
            weights=weights,
            adapter_name="combined",
            combination_type=combination,
            density=density if combination in SPARSE else None,
        )
        difference = _from_sum(model, names, weights)
        if combination == "cat" and not difference <= _EXACT:
            raise ModelError(
                f"{adapters[0]}: the combined update differs from the weighted sum by "
                f"{difference:.1%}, so these adapters cannot be combined exactly. Use svd, or "
                "merge them into the base one at a time."
            )
        model.set_adapter("combined")
        model.save_pretrained(folder, selected_adapters=["combined"])
        _lift(folder / "combined", folder)
        if tokenizer is not None:
            _check_tokens(files[0], base, tokenizer, base_model)
            tokenizer.save_pretrained(folder)
        _check_saved(model, folder, _base_of(files[0], base, "float32"), files[0])
        _record(folder, adapters, weights, combination, difference)
    return output


def _named_base(files: AdapterFiles, base: str | None) -> tuple[str, str | None]:
    """Return the name and the revision of an adapter's base.

    Raises:
        ModelError: If none is named, or a folder that is not here.
    """
    if base:
        return base, None
    where = f"{files.path / CONFIG_NAME}: base_model_name_or_path"
    if not files.base_model:
        raise ModelError(f"{where} is missing or null. Give the base with --base.")
    if _is_gone(files.base_model):
        raise ModelError(
            f"{where} is '{files.base_model}', but there is no such folder here. Give the base "
            "with --base."
        )
    return files.base_model, files.config.get("revision")


def _base_of(files: AdapterFiles, base: str | None, dtype: str) -> Any:
    """Load the base of an adapter.

    Raises:
        ModelError: If none is named, or it cannot be loaded.
    """
    name, revision = _named_base(files, base)
    try:
        return _load(name, dtype, revision)
    except ModelError as error:
        if base:
            raise
        raise ModelError(
            f"{files.path / CONFIG_NAME}: base_model_name_or_path: {error} Or give the base with "
            "--base."
        ) from error


def _tokenizer_of(files: AdapterFiles, base: str | None) -> Any:
    """Load the adapter's own tokenizer, or its base's, with the adapter's own chat template."""
    if has_tokenizer(files.path):
        return open_pretrained(AutoTokenizer, str(files.path))
    name, revision = _named_base(files, base)
    tokenizer = open_pretrained(AutoTokenizer, name, revision=revision)
    if (template := lone_template(files.path)) is not None:
        tokenizer.chat_template = template
    return tokenizer


def _check_tokens(files: AdapterFiles, base: str | None, tokenizer: Any, model: Any) -> None:
    """Check that a model has a row for each token of an adapter's own tokenizer.

    Raises:
        ModelError: If one is missing.
    """
    if not has_tokenizer(files.path):
        return
    name, revision = _named_base(files, base)
    try:
        known = open_pretrained(AutoTokenizer, name, revision=revision)
    except ModelError:
        known = None  # a base without a tokenizer
    check_tokens(files, tokenizer, known, model.get_input_embeddings().weight.shape[0])


def _shared_tokenizer(files: Sequence[AdapterFiles], base: str | None) -> Any:
    """Return the tokenizer that adapters bring along, or ``None`` where none does.

    Raises:
        ModelError: If one brings what another does not: the sum was trained on neither's prompts.
    """
    own = [
        each for each in files if has_tokenizer(each.path) or lone_template(each.path) is not None
    ]
    if not own:
        return None
    found = [_tokenizer_of(each, base) for each in own]
    said = {(one.chat_template, tuple(sorted(one.get_vocab().items()))) for one in found}
    if len(said) > 1 or len(own) < len(files):
        others = next((each for each in files if each not in own), own[-1])
        raise ModelError(
            f"{own[0].path} and {others.path}: their tokenizers or chat templates differ, so it "
            "is undefined how to prompt their sum. If they were trained on the same prompts, "
            "put the same tokenizer files next to each of them, or next to none."
        )
    return found[0]


def _is_gone(name: str) -> bool:
    """Whether a base's name is a folder's, of another machine."""
    is_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name
    return is_path and not Path(name).exists()


def _attached(model: Any, files: AdapterFiles) -> Any:
    _check_fit(model, files)
    try:
        return PeftModel.from_pretrained(model, str(files.path))
    except PEFT_ERRORS as error:
        raise misfit(files, error, model) from error


def _check_fit(model: Any, files: AdapterFiles) -> None:
    """Check that an adapter's tensors and the modules that it changes belong together.

    peft only warns of a tensor without a module, and of a module without a tensor, which it leaves
    as it is: what was merged would be another adapter.

    Raises:
        ModelError: If one is left over.
    """
    with torch.device("meta"):
        bare = AutoModelForCausalLM.from_config(model.config)
    fit_vocabulary(bare, files)
    check_modules(files, bare, Structure(model))


def _merged(adapted: Any, adapter: Path) -> Any:
    try:
        return adapted.merge_and_unload(safe_merge=True)
    except PEFT_ERRORS as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ModelError(f"{adapter}: cannot be merged: {reason}. {UNMERGED}.") from error


def _save(merged: Any, folder: Path, adapter: Path) -> None:
    try:
        merged.save_pretrained(folder)
    except PEFT_ERRORS as error:
        reason = str(error).strip().splitlines()[0][:_SHOWN]
        raise ModelError(
            f"{adapter}: the merged model cannot be saved as a model of its base's architecture: "
            f"{reason} … {UNMERGED}."
        ) from error


def _from_sum(model: Any, names: Sequence[str], weights: Sequence[float]) -> float:
    """Return how far the combined update is from the weighted sum, module by module at worst."""
    worst = 0.0
    for module in model.modules():
        if not isinstance(module, LoraLayer) or "combined" not in module.lora_A:
            continue
        parts = [
            weight * module.get_delta_weight(name)
            for name, weight in zip(names, weights, strict=True)
            if name in module.lora_A
        ]
        total = sum(parts[1:], parts[0])
        scale = max(float(part.norm()) for part in parts) or 1.0
        worst = max(worst, float((module.get_delta_weight("combined") - total).norm()) / scale)
    return worst


def _check_saved(model: Any, folder: Path, base: Any, files: AdapterFiles) -> None:
    """Check that the adapter that was written is the one that was computed.

    Raises:
        ModelError: If it answers otherwise.
    """
    before = logits(model, files)
    difference = relative(before, logits(PeftModel.from_pretrained(base, str(folder)), files))
    if not difference <= EXACT_LOGITS:
        raise ModelError(
            f"{folder}: the adapter that was written answers differently from the one computed, "
            f"by {difference:.1%} of the logits' spread. Merge the adapters into the base one at "
            "a time."
        )


def _record(
    folder: Path, adapters: Sequence[Path], weights: Sequence[float], how: str, difference: float
) -> None:
    """Write what a merge was made of, and how far it is from that."""
    record = {
        "adapters": [adapter.name for adapter in adapters],
        "weights": list(weights),
        "method": how,
        "relative_difference": difference,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _load(name: str, dtype: str, revision: str | None) -> Any:
    """Load a base as it is stored.

    Raises:
        ModelError: If it is stored quantised, so that it cannot take an update exactly.
    """
    config = open_pretrained(AutoConfig, name, revision=revision)
    if stored := getattr(config, "quantization_config", None):
        method = stored.get("quant_method", "quantised") if isinstance(stored, dict) else stored
        raise ModelError(
            f"{name}: is stored quantised ({method}), so an update cannot be added exactly. Give "
            "the model in full precision with --base, or serve the adapter."
        )
    return open_pretrained(AutoModelForCausalLM, name, dtype=dtype, revision=revision)


def _lift(inner: Path, folder: Path) -> None:
    """Move the files of a named adapter up to where an adapter is looked for."""
    for file in inner.iterdir():
        file.replace(folder / file.name)
    inner.rmdir()
