"""Counts what a training step keeps for its backward pass, without computing anything.

The model runs on fake tensors, which have shapes and no memory, and every tensor that autograd
saves is counted once. So the count holds for any architecture and tuner, attention kernels and
gradient checkpointing included, where a formula would know the plain transformer alone.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode


@dataclass(frozen=True, slots=True)
class Activations:
    """Bytes that one step keeps.

    Attributes:
        saved_bytes: Tensors that autograd saves in the forward pass.
        largest_bytes: The largest of them; a measure of the backward pass's own needs.
    """

    saved_bytes: int
    largest_bytes: int


def count_activations(model: Any, *, batch_size: int, tokens: int, autocast: bool) -> Activations:
    """Run the model's layers on fake tensors and count what autograd saves.

    Args:
        model: A causal language model on the meta device, with its adapter if it has one.
        batch_size: Sequences of a step.
        tokens: Length of each.
        autocast: Compute in bfloat16, as on CUDA.
    """
    inner = model.get_base_model() if hasattr(model, "peft_config") else model
    # The head is left out: TRL takes the loss in chunks and never holds all logits.
    layers = getattr(inner, inner.base_model_prefix)
    sizes: dict[int, tuple[int, Any]] = {}
    with FakeTensorMode(allow_non_fake_inputs=True):
        weights = {
            name: torch.empty(weight.shape, dtype=weight.dtype, requires_grad=weight.requires_grad)
            for name, weight in layers.named_parameters()
        }
        weights |= {
            name: torch.empty(buffer.shape, dtype=buffer.dtype)
            for name, buffer in layers.named_buffers()
        }
        own = {weight.untyped_storage()._cdata for weight in weights.values()}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage._cdata not in own:
                sizes[storage._cdata] = (storage.nbytes(), storage)  # kept alive: ids stay unique
            return tensor

        # Without a trained weight in the embedding, nothing before the first adapter would be kept.
        ids = torch.zeros((batch_size, tokens), dtype=torch.long)
        precision = torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext()
        with precision, torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            torch.func.functional_call(
                layers, weights, kwargs={"input_ids": ids, "use_cache": False}
            )
    found = [size for size, _ in sizes.values()]
    return Activations(sum(found), max(found, default=0))
