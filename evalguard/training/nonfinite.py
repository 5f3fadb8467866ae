"""Why a loss is NaN or infinite: what can be seen at that step, before anything is updated.

The first of these that is found is named, with its repair; where none is, the error says so and
lists what was looked at:

1. weights of the base that are not finite;
2. rows whose answer was cut to nothing, so that the mean over its tokens has none;
3. trained weights that are not finite, with the rate and the gradients of the step that did it;
4. a layer whose output is not finite although its weights are: an overflow of the precision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from evalguard.errors import DataError, EvalGuardError, ModelError, TrainingError
from evalguard.training.tokens import IGNORED

_SHOWN = 3

Log = Mapping[str, Any]
"""An entry of the trainer's log: ``loss``, ``grad_norm``, ``learning_rate``."""


def explain(
    trainer: Any, batch: Mapping[str, Any], logs: Sequence[Log], *, found: str
) -> EvalGuardError:
    """Return the error for a loss that is not finite.

    Args:
        trainer: The trainer, its weights still those that gave the loss.
        batch: The rows that gave it.
        logs: The steps logged before.
        found: What is not finite, such as ``step 7: the loss is nan``.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    broken = [name for name, weight in model.named_parameters() if not _is_finite(weight)]
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    updates = [log for log in logs if "loss" in log and log.get("learning_rate")]
    of_base = [name for name in broken if name not in trained or not updates]
    if of_base:
        return ModelError(
            f"{found}. {_some(of_base)} of the base {_hold(of_base)} NaN or infinity, before any "
            "update: the base's files are broken or were written in a precision that they "
            "overflow. Use another copy of the base, or convert it again from the original."
        )
    if without := _without_answer(batch):
        return DataError(
            f"{found}. {without} of the sequences of this batch have no token that carries loss: "
            "nothing of their answer is left, so its mean is 0/0. Raise training.max_length, or "
            "remove rows whose answer is empty."
        )
    if broken:
        return TrainingError(
            f"{found}. {_some(broken)} of the {len(trained)} that are trained {_hold(broken)} NaN "
            f"or infinity; {_last(logs)}. {_lower_rate(updates)}"
        )
    precision = _precision(trainer, model)
    layer, tokens = _first_overflow(trainer, batch)
    if layer and not updates:
        return ModelError(
            f"{found}, before any update. All weights are finite, but the output of {layer} is "
            f"not ({precision}): the base overflows in this precision. Set base.quantization to "
            "none, or use a base stored in the precision that it was trained in."
        )
    if layer:
        return TrainingError(
            f"{found}. All weights are finite, but the output of {layer} is not ({precision}); "
            f"{_last(logs)}. {_lower_rate(updates)}"
        )
    return TrainingError(
        f"{found}. The cause is unknown. Checked: all weights (finite), the {tokens} labels of "
        "the batch (each sequence has some), the outputs of all layers on it (finite), "
        f"{precision}; {_last(logs)}. Train with a smaller training.batch_size to find the row, "
        "or with a lower training.learning_rate."
    )


def _is_finite(weight: torch.Tensor) -> bool:
    return all(bool(torch.isfinite(part).all()) for part in _floats(weight))


def _floats(weight: Any) -> Iterator[torch.Tensor]:
    """Yield the numbers of a weight: of a quantised one, its scales."""
    state = getattr(weight, "quant_state", None)
    parts = [weight.data, getattr(weight, "SCB", None)]
    while state is not None:
        parts += [state.absmax, getattr(state, "offset", None)]
        state = getattr(state, "state2", None)
    for part in parts:
        if isinstance(part, torch.Tensor) and part.is_floating_point():
            yield part


def _without_answer(batch: Mapping[str, Any]) -> int:
    """Return how many sequences of a batch have no token that carries loss."""
    masks = [batch[name] != IGNORED for name in batch if name.endswith("labels")]
    if "completion_mask" in batch:
        masks = [batch["completion_mask"] != 0]
    # The first token is predicted from nothing.
    return sum(int((~mask[:, 1:].any(dim=1)).sum()) for mask in masks)


def _first_overflow(trainer: Any, batch: Mapping[str, Any]) -> tuple[str, int]:
    """Return the first layer whose output on a batch is not finite, and the tokens looked at."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    names: list[str] = []
    tokens = 0
    inputs = [name for name in batch if name.endswith("input_ids") and "prompt" not in name]
    with _outputs(model, names), torch.no_grad(), trainer.accelerator.autocast():
        for name in inputs:
            ids = batch[name].to(model.device)
            mask = batch.get(name.replace("input_ids", "attention_mask"))
            tokens += ids.numel()
            model(input_ids=ids, attention_mask=None if mask is None else mask.to(model.device))
    return (names[0] if names else ""), tokens


@contextmanager
def _outputs(model: Any, overflowing: list[str]) -> Iterator[None]:
    """Collect the names of modules whose output is not finite, the innermost and first ones first.

    Positions that a mask hides may hold anything, so of attention masks nothing is looked at.
    """

    def hook(name: str) -> Any:
        def look(_module: Any, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, torch.Tensor) and first.is_floating_point() and not _all(first):
                overflowing.append(name)

        return look

    handles = [module.register_forward_hook(hook(name)) for name, module in model.named_modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _all(tensor: torch.Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _precision(trainer: Any, model: Any) -> str:
    kinds = sorted({str(w.dtype).removeprefix("torch.") for w in model.parameters()})
    computed = "bfloat16" if trainer.args.bf16 else str(torch.get_default_dtype())[6:]
    return f"weights in {' and '.join(kinds)}, computed in {computed}"


def _last(logs: Sequence[Log]) -> str:
    """Tell what the steps before looked like."""
    steps = [log for log in logs if "loss" in log]
    if not steps:
        return "it is the first step"
    last = steps[-1]
    norms = [float(log["grad_norm"]) for log in steps[-_SHOWN:] if log.get("grad_norm") is not None]
    parts = [f"the previous step had a loss of {last['loss']:.3g}"]
    if "learning_rate" in last:
        parts.append(f"a learning rate of {last['learning_rate']:.3g}")
    if norms:
        parts.append(f"the last gradient norms were {', '.join(f'{norm:.3g}' for norm in norms)}")
    return ", ".join(parts)


def _lower_rate(updates: Sequence[Log]) -> str:
    """Return the repair where updates broke the model."""
    peak = max((float(log["learning_rate"]) for log in updates), default=0.0)
    norms = [float(log.get("grad_norm") or 0.0) for log in updates]
    if any(not math.isfinite(norm) for norm in norms):
        cause = "The gradients were not finite before the weights were"
    else:
        cause = "The updates made so far did this"
    return (
        f"{cause}: the learning rate {peak:g} is too high. Try {peak / 10:g}, a longer warm-up, or "
        "a lower training.max_grad_norm."
    )


def _some(names: Sequence[str]) -> str:
    first = names[0].removeprefix("base_model.model.")
    return f"1 tensor ({first})" if len(names) == 1 else f"{len(names)} tensors (first {first})"


def _hold(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"
