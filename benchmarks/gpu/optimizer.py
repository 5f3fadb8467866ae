"""Paged 8-bit AdamW: memory of its state, whether it is paged, and its speed against torch's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.gpu.memory import free_memory, require_memory
from benchmarks.gpu.records import Context, Row, SkipPart, at_most, equal
from benchmarks.gpu.shapes import SMALL, build_model, fitting, llama_config

STATE_ERROR = 15
"""Maximum error of the estimated state, in per cent."""

_STEPS = 6
_LEARNING_RATE = 1e-4


def paged(context: Context) -> Iterator[Row]:
    """Take some steps on all weights of the 1B shape.

    Raises:
        SkipPart: Without CUDA, where bitsandbytes pages nothing.
    """
    import torch
    from bitsandbytes.cextension import lib
    from bitsandbytes.optim import PagedAdamW8bit

    if context.device != "cuda":
        raise SkipPart("paging needs CUDA")
    if not getattr(lib, "compiled_with_cuda", False):
        raise SkipPart("bitsandbytes has no library for torch's CUDA version")
    model = build_model(fitting(SMALL, context), device="cuda", dtype=torch.float32)
    weights = [weight.detach() for weight in model.parameters()]
    count = sum(weight.numel() for weight in weights)
    del model
    # Two copies of the weights, gradients, and the two moments of torch's AdamW, in float32.
    require_memory("cuda", 5 * 4 * count)
    ours, moved, seconds = _steps(weights, PagedAdamW8bit)
    tensors = [value for state in ours.state.values() for value in state.values()]
    tensors = [value for value in tensors if isinstance(value, torch.Tensor)]
    state = sum(value.numel() * value.element_size() for value in tensors)
    expected = _expected_bytes(context)
    label = f"paged 8-bit AdamW, {count / 1e9:.2f} B weights"
    yield at_most(
        f"{label}: the estimate of its state is off by",
        STATE_ERROR,
        100 * abs(expected / state - 1),
        " %",
    )
    yield Row(f"{label}: its state", "", f"{state / 1e9:.2f} GB")
    pages = any(getattr(value, "is_paged", False) for value in tensors)
    yield equal(f"{label}: its moments lie in pages", "yes", "yes" if pages else "no")
    del ours, tensors
    free_memory("cuda")
    _, reference, others = _steps(weights, torch.optim.AdamW)
    yield Row(f"{label}: time of a step, torch's AdamW = 1", "", f"{seconds / others:.2f}×")
    change = ((moved - reference).abs().mean() / reference.abs().mean()).item()
    yield Row(f"{label}: mean difference from torch's update", "", f"{change:.1%}")


def _steps(weights: list[Any], optimizer_class: Any) -> tuple[Any, Any, float]:
    """Take steps with fixed gradients; return the optimiser, one weight's change and the time."""
    import torch

    generator = torch.Generator("cuda").manual_seed(0)
    own = [torch.nn.Parameter(weight.clone()) for weight in weights]
    optimizer = optimizer_class(own, lr=_LEARNING_RATE)
    times = []
    for _ in range(_STEPS):
        for weight in own:
            weight.grad = torch.randn(weight.shape, device="cuda", generator=generator)
        torch.cuda.synchronize()
        started = time.perf_counter()
        optimizer.step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    largest = max(range(len(own)), key=lambda index: own[index].numel())
    change = (own[largest].detach() - weights[largest]).cpu()
    return optimizer, change, statistics.median(times[1:])


def _expected_bytes(context: Context) -> int:
    import json

    from evalguard.training.config import TrainingConfig
    from evalguard.training.estimate import estimate

    base = context.work / "optimizer base"
    llama_config(fitting(SMALL, context)).save_pretrained(base)
    plain = {
        "base": {"model": str(base), "quantization": "none"},
        "tuner": "full",
        "data": {"train": "-"},
        "training": {"batch_size": 1, "max_length": 64},
        "output": "-",
    }
    config = TrainingConfig.model_validate_json(json.dumps(plain))
    return estimate(config, base_dir=base, device="cuda").components["optimiser"]
