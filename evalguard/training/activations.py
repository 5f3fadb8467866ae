"""Counts what a training step keeps for its backward pass, without computing anything.

The model runs on fake tensors, which have shapes and no memory, and every tensor that autograd
saves is counted once. So the count holds for any architecture and tuner, attention kernels and
gradient checkpointing included, where a formula would know the plain transformer alone. Of layers
that are alike, two are run and the rest are taken to keep what the second one does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
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
    kept = _Kept()
    with FakeTensorMode(allow_non_fake_inputs=True):
        weights = {
            name: torch.empty(weight.shape, dtype=weight.dtype, requires_grad=weight.requires_grad)
            for name, weight in layers.named_parameters()
        }
        weights |= {
            name: torch.empty(buffer.shape, dtype=buffer.dtype)
            for name, buffer in layers.named_buffers()
        }
        kept.own = {weight.untyped_storage()._cdata for weight in weights.values()}
        # Without a trained weight in the embedding, nothing before the first adapter would be kept.
        ids = torch.zeros((batch_size, tokens), dtype=torch.long)
        precision = torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext()
        hooks = torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda tensor: tensor)
        with precision, hooks, _alike_skipped(layers, model.config, kept) as skipped:
            torch.func.functional_call(
                layers, weights, kwargs={"input_ids": ids, "use_cache": False}
            )
    largest = max((size for size, _ in kept.sizes.values()), default=0)
    return Activations(kept.total + skipped(), largest)


class _Kept:
    """The tensors that autograd saved so far, without the weights."""

    def __init__(self) -> None:
        self.sizes: dict[int, tuple[int, Any]] = {}
        self.total = 0
        self.own: set[int] = set()

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        """Count a tensor that autograd saves; each storage once."""
        storage = tensor.untyped_storage()
        if storage._cdata not in self.own and storage._cdata not in self.sizes:
            size = storage.nbytes()
            self.sizes[storage._cdata] = (size, storage)  # kept alive: ids stay unique
            self.total += size
        return tensor


@contextmanager
def _alike_skipped(layers: Any, config: Any, kept: _Kept) -> Iterator[Callable[[], int]]:
    """Run two of the layers that are alike, and the last one; let the rest return their input.

    Yields:
        What is to be added to the count for the layers that were skipped.
    """
    stack = _layer_stack(layers, config)
    kinds = [_kind(layer, number, config) for number, layer in enumerate(stack)]
    seen: Counter[Any] = Counter()
    second: dict[Any, int] = {}
    skipped: list[int] = []
    totals: dict[int, int] = {}
    last_output: list[Any] = [None]

    def watch(number: int, layer: Any, skip: bool) -> None:
        inner = layer.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            totals[number] = kept.total
            if not skip:
                last_output[0] = inner(*args, **kwargs)
                return last_output[0]
            hidden = args[0] if args else kwargs["hidden_states"]
            rest = last_output[0]
            return (hidden + 0, *rest[1:]) if isinstance(rest, tuple) else hidden + 0

        layer.forward = forward

    for number, (layer, kind) in enumerate(zip(stack, kinds, strict=True)):
        seen[kind] += 1
        if seen[kind] == 2:
            second[kind] = number
        skip = seen[kind] > 2 and number != len(stack) - 1
        if skip:
            skipped.append(number)
        watch(number, layer, skip)

    def missing() -> int:
        grown = {
            number: totals[number + 1] - totals[number] for number in totals if number + 1 in totals
        }
        return sum(grown[second[kinds[number]]] - grown[number] for number in skipped)

    try:
        yield missing
    finally:
        for layer in stack:
            del layer.forward


def _layer_stack(layers: Any, config: Any) -> list[Any]:
    """Return the layers of a transformer in their order; none where they are not found."""
    count = getattr(config.get_text_config(), "num_hidden_layers", 0)
    stacks = [
        module
        for module in layers.modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == count
    ]
    return list(stacks[0]) if len(stacks) == 1 else []


def _kind(layer: Any, number: int, config: Any) -> Any:
    """Return what layers that are alike share: their weights' shapes, and their attention."""
    types = getattr(config.get_text_config(), "layer_types", None) or ()
    shapes = tuple(
        (name, tuple(weight.shape), weight.dtype, weight.requires_grad)
        for name, weight in layer.named_parameters()
    )
    return type(layer), shapes, types[number] if number < len(types) else None
