"""Weights of a base that an adapter is merged into: shared ones, a larger vocabulary, logits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch

from evalguard.engines.adapter_files import AdapterFiles, changed_tokens
from evalguard.engines.modules import plain_name
from evalguard.errors import ModelError

_PROBED = 48
"""Tokens on which logits are compared, apart from those that an adapter changes."""


def fit_vocabulary(model: Any, files: AdapterFiles) -> None:
    """Give a base as many rows of embeddings as an adapter that was trained with more has.

    Raises:
        ModelError: If the adapter holds the new rows of the embeddings alone, or of the head alone.
    """
    names = _vocabulary_names(model)
    held = {
        module: shape[0]
        for name, shape in files.shapes.items()
        if (module := plain_name(name).removesuffix(".weight")) in names
    }
    rows = model.get_input_embeddings().weight.shape[0]
    if not held or max(held.values()) == rows:
        return
    saved = files.config.get("modules_to_save") or []
    apart = {name for name in names if name.rpartition(".")[2] in saved}
    missing = names - held.keys()
    if missing and (apart or not is_tied(model)):
        raise ModelError(
            f"{files.path}: was trained with a vocabulary of {max(held.values())} tokens, and "
            f"the base has {rows}; the rows for the remaining tokens in '{min(missing)}' are "
            "missing. Save it again with save_embedding_layers=True."
        )
    model.resize_token_embeddings(max(held.values()), mean_resizing=False)


def unshare(model: Any) -> None:
    """Give every module weights of its own, so that an update of one does not change another.

    A head may share its weights with the embeddings, and layers with those they repeat.
    """
    seen: set[int] = set()
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if id(weight) in seen:
                copy = torch.nn.Parameter(weight.detach().clone(), requires_grad=False)
                setattr(module, name, copy)
            seen.add(id(weight))


def share_again(model: Any, *, was_tied: bool) -> None:
    """Tie the head to the embeddings if it was and can be, and say in the config which it is."""
    head = model.get_output_embeddings()
    if not was_tied or head is None:
        return
    embeddings = model.get_input_embeddings()
    tied = torch.equal(head.weight, embeddings.weight)
    if tied:
        head.weight = embeddings.weight
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = tied


def is_tied(model: Any) -> bool:
    """Whether a base's head has the weights of its embeddings."""
    head = model.get_output_embeddings()
    return head is not None and head.weight is model.get_input_embeddings().weight


def logits(model: Any, files: AdapterFiles) -> torch.Tensor:
    """Return logits on fixed tokens and on those that an adapter changes.

    Returns:
        float32 ``[1, tokens, vocabulary]``.
    """
    size = model.get_input_embeddings().weight.shape[0]
    fixed = torch.arange(_PROBED) * 7 % size
    changed = torch.tensor([one for one in changed_tokens(files) if one < size], dtype=torch.long)
    ids = torch.cat([fixed, changed, torch.arange(size - 4, size)])[None]
    model.eval()
    with torch.no_grad():
        found: torch.Tensor = model(ids.to(model.device)).logits
    return found.float().cpu()


def relative(before: torch.Tensor, after: torch.Tensor) -> float:
    """Return the greatest difference of logits against their spread."""
    if before.shape != after.shape:
        return math.inf
    return float((before - after).abs().max() / before.std())


def lost_share(plain: torch.Tensor, adapted: torch.Tensor, merged: torch.Tensor) -> float:
    """Return how far merged logits are from an adapter's, against how far those are from the base.

    Both distances are root mean squares over tokens and vocabulary.

    Example:
        >>> base, adapted = torch.zeros(1, 2, 3), torch.ones(1, 2, 3)
        >>> [lost_share(base, adapted, one) for one in (adapted, base, 2 * adapted)]
        [0.0, 1.0, 1.0]
    """
    if adapted.shape != merged.shape:
        return math.inf
    return float((merged - adapted).norm() / (adapted - plain).norm())


def types_of(model: Any) -> dict[str, torch.dtype]:
    """Return the type of every weight and buffer, by its name."""
    return {name: one.dtype for name, one in (*model.named_parameters(), *model.named_buffers())}


def round_to(model: Any, types: Mapping[str, torch.dtype]) -> None:
    """Give every weight and buffer the type that it had; what is new gets that of most."""
    common = Counter(types.values()).most_common(1)[0][0]
    for name, one in (*model.named_parameters(), *model.named_buffers()):
        if one.is_floating_point():
            one.data = one.data.to(types.get(name, common))


def _vocabulary_names(model: Any) -> set[str]:
    """Return the names of the modules that hold a row for each token."""
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    return {name for name, module in model.named_modules() if any(module is end for end in ends)}
