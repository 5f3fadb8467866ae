"""Whether a stage trains anything: one that does not is an error, not an adapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import TrainerCallback

from evalguard.errors import DataError, UsageError
from evalguard.training.config import Stage
from evalguard.training.lengths import RowSet

UNBALANCED = 2.0
"""From this ratio of the weighted numbers of wanted and unwanted answers on, KTO is warned of.
Ethayarajh et al. (2024, arXiv:2402.01306, Eq. 8) recommend 1 to 4/3."""

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def check_classes(stage: Stage, rows: RowSet) -> str | None:
    """Return a warning where KTO's wanted and unwanted answers are badly out of balance.

    Raises:
        DataError: If all answers that are trained on are wanted, or all are not.
    """
    if stage.method != "kto":
        return None
    found: Counter[bool] = Counter()
    for example in rows.trained:
        if example.kind == "preference":
            found.update((True, False))
        else:
            found[example.good] += 1
    wanted, unwanted = found[True], found[False]
    where = stage.data.train
    if not wanted or not unwanted:
        present, absent = ("wanted", "unwanted") if wanted else ("unwanted", "wanted")
        raise DataError(
            f"{where}: all {wanted + unwanted} answers that 'kto' would train on are {present}, "
            f"and none is {absent} (after the split, and without rows that max_length drops). "
            f"KTO learns from the contrast between the two: add {absent} answers, or train on "
            "the wanted answers alone with method sft."
        )
    weighted = {
        "wanted": wanted * stage.preference.desirable_weight,
        "unwanted": unwanted * stage.preference.undesirable_weight,
    }
    ratio = weighted["wanted"] / weighted["unwanted"]
    if 1 / UNBALANCED <= ratio <= UNBALANCED:
        return None
    key = "undesirable_weight" if ratio > 1 else "desirable_weight"
    present = getattr(stage.preference, key)
    value = float(f"{present * (ratio if ratio > 1 else 1 / ratio):.2g}")
    return (
        f"{where}: {wanted} wanted and {unwanted} unwanted answers at weights of "
        f"{stage.preference.desirable_weight:g} and {stage.preference.undesirable_weight:g}: the "
        f"loss is dominated by the {'wanted' if ratio > 1 else 'unwanted'} ones. Set "
        f"preference.{key} to about {value:g}, or balance the rows."
    )


def check_rates(rates: Sequence[float], stage: Stage) -> None:
    """Refuse a stage whose learning rate is 0 at every step.

    Args:
        rates: Learning rate of each step.
        stage: Method and settings.

    Raises:
        UsageError: If there is no step, or none with a learning rate above 0.
    """
    if not rates:
        raise UsageError(
            f"{stage.method}: no training step would be taken; raise training.epochs or add rows"
        )
    if not any(rates):
        steps = "its only step" if len(rates) == 1 else f"all {len(rates)} steps"
        raise UsageError(
            f"{stage.method}: the learning rate is 0 at {steps}, so nothing would be trained: "
            f"the warm-up (training.warmup_share = {stage.training.warmup_share:g}) starts at 0. "
            "Set training.warmup_share to 0, or train for more steps: raise training.epochs, "
            "lower training.batch_size or training.gradient_accumulation, or add rows."
        )


class RateWatcher(TrainerCallback):
    """Refuses a stage whose learning rate is 0 at every step, before the first one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def on_train_begin(
        self, args: Any, state: Any, control: Any, lr_scheduler: Any = None, **_: Any
    ) -> None:
        """Work out the rate of each step."""
        check_rates(planned_rates(lr_scheduler, state.max_steps), self.stage)


def planned_rates(scheduler: Any, steps: int) -> list[float]:
    """Return the learning rate of each step, the highest of its parameter groups.

    Args:
        scheduler: A ``LambdaLR``, as every schedule of the config is, or accelerate's wrapper.
        steps: Steps of the stage.
    """
    plain = getattr(scheduler, "scheduler", scheduler)
    groups = list(zip(plain.base_lrs, plain.lr_lambdas, strict=True))
    return [max(base * factor(step) for base, factor in groups) for step in range(steps)]


def weight_sums(model: Any) -> dict[str, int]:
    """Return a checksum of each trained tensor: the sum of its bits, read as integers.

    It takes one pass where the weights are and no copy, unlike a hash, and any update changes it
    but for a coincidence in every tensor at once.
    """
    return {
        name: bit_sum(weight.detach())
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def bit_sum(weight: torch.Tensor) -> int:
    """Return the sum of a tensor's bits, read as integers of its own width."""
    plain = weight.contiguous().view(_INTEGERS[weight.element_size()])
    return int(plain.sum(dtype=torch.int64))


def check_changed(
    before: Mapping[str, int],
    after: Mapping[str, int],
    *,
    stage: Stage,
    grad_norms: Sequence[float],
    kept_step: int | None = None,
) -> None:
    """Refuse a stage that left the weights as they were.

    Args:
        before: Checksums of the trained weights before the first step.
        after: The same after the last one.
        stage: Method and settings.
        grad_norms: Norm of the gradients at each logged step.
        kept_step: Step whose weights were put back, where they are not those of the end.

    Raises:
        UsageError: If no weight changed, or every gradient was zero.
    """
    loss = stage.preference.loss or "its loss"
    if grad_norms and not any(grad_norms):
        raise UsageError(
            f"{stage.method}: the gradients were zero at all {len(grad_norms)} steps, so nothing "
            f"was learned from {stage.data.train}. {loss} is flat on these rows: it is already "
            "satisfied, or chosen and rejected answers are identical within max_length. Look at "
            "the rows, or choose another preference.loss or beta."
        )
    if before and before == after:
        kept = f" The weights of step {kept_step} were kept." if kept_step is not None else ""
        raise UsageError(
            f"{stage.method}: all {len(before)} trained tensors are bit-identical to those "
            f"before training, so nothing was learned.{kept} The learning rate "
            f"{stage.training.learning_rate:g} may be too small for the precision of the "
            "weights, or too small during warm-up: raise it, or set training.warmup_share to 0."
        )
