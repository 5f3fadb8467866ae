"""Whether an adapter's answers depend on what they must not: later tokens, other rows, padding.

Most adapters are changes of weights, for which this holds as for the base. Others insert virtual
tokens, route by the mean over a batch, or keep a state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from transformers import GenerationConfig

from evalguard.engines.base import BASE
from evalguard.errors import TrustError

if TYPE_CHECKING:
    from evalguard.engines.hf_model import SwitchableHFLM

_NEW_TOKENS = 3
_FACTOR = 4.0
"""Multiple of the base's own rounding that is allowed."""

_CONTEXT_ROUNDING = 1e-4
"""Difference of logits against their spread that is allowed where the base shows none."""

_BATCH_ROUNDING = 1e-2
"""The same, between a padded batch with a cache and a text alone."""


def needs_unpadded_batches(
    lm: SwitchableHFLM, name: str, path: str, tokens: Sequence[int] = ()
) -> bool:
    """Return whether an adapter generates as its forward pass says in unpadded batches alone.

    Args:
        lm: The model, with the adapter loaded.
        name: Of the adapter.
        path: Its folder, for messages.
        tokens: Those without which it may change nothing.

    Raises:
        TrustError: If its answers depend on later tokens, or on the other texts of a batch.
    """
    moved = _context_gap(lm, name, tokens)
    # A base that rounds by the batch, as with experts or int8, does so beside an adapter too.
    if not (moved <= _CONTEXT_ROUNDING or moved <= _context_allowed(lm, tokens)):
        raise _dependent(path, moved, "other texts in the batch, or on later tokens")
    for padded in (True, False):
        gap = _generation_gap(lm, name, tokens, padded=padded)
        # The base is only asked where the adapter moves.
        if gap <= _BATCH_ROUNDING or gap <= _FACTOR * _generation_gap(
            lm, BASE, tokens, padded=padded
        ):
            return not padded
    raise _dependent(path, gap, "the key-value cache")


def _context_allowed(lm: SwitchableHFLM, tokens: Sequence[int]) -> float:
    of_base = _context_gap(lm, BASE, tokens)
    return max(_BATCH_ROUNDING, _FACTOR * of_base) if of_base else _CONTEXT_ROUNDING


def _dependent(path: str, gap: float, on: str) -> TrustError:
    return TrustError(
        f"{path}: the adapter's answers depend on {on}: its logits move by {gap:.1%} of their "
        "spread, so its scores are not reproducible. Serve it yourself and gate the server with "
        "'engine: {name: endpoint}', or train an adapter of another type."
    )


def _context_gap(lm: SwitchableHFLM, name: str, tokens: Sequence[int]) -> float:
    """Return how far a text's logits move with what follows it and with the row beside it."""
    longest = max(lm.probes(tokens), key=len)
    half = len(longest) // 2
    turned = longest[::-1]
    rows = ([longest, turned], [longest[:half] + turned[half:], longest])
    with lm.using(name):
        first, second = (
            lm._model_call(torch.tensor(pair, device=lm.device))[0, -len(longest) :][:half].float()
            for pair in rows
        )
    return float((first - second).abs().max() / first.std())


def _generation_gap(lm: SwitchableHFLM, name: str, tokens: Sequence[int], *, padded: bool) -> float:
    """Return how far logits of a batch with a cache are from those of each text alone."""
    encoded = lm.probes(tokens)
    if not padded:
        shortest = min(map(len, encoded))
        encoded = [ids[:shortest] for ids in encoded]
    width = max(map(len, encoded))
    rows = [[0] * (width - len(ids)) + ids for ids in encoded]
    mask = [[0] * (width - len(ids)) + [1] * len(ids) for ids in encoded]
    with lm.using(name), torch.no_grad(), lm.autocast():
        output = lm.model.generate(
            input_ids=torch.tensor(rows, device=lm.device),
            attention_mask=torch.tensor(mask, device=lm.device),
            generation_config=GenerationConfig(
                max_new_tokens=_NEW_TOKENS,
                min_new_tokens=_NEW_TOKENS,
                do_sample=False,
                pad_token_id=0,
            ),
            return_dict_in_generate=True,
            output_logits=True,
        )
        together = torch.stack(output.logits, dim=1).float()
        new = output.sequences[:, -_NEW_TOKENS:].tolist()
        alone = [
            lm._model_call(torch.tensor([ids + more[:-1]], device=lm.device))[:, -_NEW_TOKENS:]
            for ids, more in zip(encoded, new, strict=True)
        ]
    expected = torch.cat(alone).float()
    return float((together - expected).abs().max() / expected.std())
