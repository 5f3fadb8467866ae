"""Likelihood displacement: preference training that lowers the chosen answers' probability.

A preference loss is about the difference of two log-probabilities, so it also falls when both
answers become less likely and the rejected one faster. What gains then are answers in neither
column (Razin et al. 2024, arXiv:2410.08847); the loss and the margin look as they should.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalguard.records import LossPoint, TrainingRecord

MIN_FALL = 0.10
"""Least fall of the chosen answers' log-probability, as a share of its first value. By hand: what
is worth a finding, which no test can say; so are the next two."""
MIN_FALL_NATS = 1.0
"""Least fall in nats per answer: to less than 0.37 times the probability."""
MIN_FALL_NATS_A_TOKEN = 0.1
"""Least fall in nats per token, where the method takes means over tokens: that of an answer of ten
tokens is one nat."""
WINDOW_SHARE = 0.2
"""Share of a stage's steps whose mean is taken at either end. By hand: shorter ones are noisier,
longer ones hold steps from the middle of the change."""
LEVEL = 0.05
"""Level of the permutation test of the fall where there is no reference, as the steps' rows
differ."""
PERMUTATIONS = 999

_BY_TOKEN = (("orpo", ""), ("simpo", ""), ("cpo", "ipo"))
"""Methods and losses of which TRL logs means over tokens; every loss where it is empty."""

_WITH_REFERENCE = ("dpo", "kto")
_USUAL_BETA = 0.1


@dataclass(frozen=True, slots=True)
class Displacement:
    """How the answers of a preference stage moved.

    Attributes:
        method: ``dpo``, …
        chosen: Log-probability of the chosen answers, before and after.
        rejected: The same of the rejected ones.
        held_out: Whether the values after are those of held-out rows.
        by_token: Whether they are nats per token, not per answer.
    """

    method: str
    chosen: tuple[float, float]
    rejected: tuple[float, float]
    held_out: bool = False
    by_token: bool = False

    def __str__(self) -> str:
        unit = "token" if self.by_token else "answer"
        rows = " on held-out rows" if self.held_out else ""
        return (
            f"{self.method} lowered the chosen answers' log-probability too: from "
            f"{self.chosen[0]:.3g} to {self.chosen[1]:.3g} nats per {unit}{rows} (rejected: "
            f"{self.rejected[0]:.3g} to {self.rejected[1]:.3g}) while the margin grew."
        )


CAUSE = (
    "Chosen and rejected answers are probably too similar, or training pushes them apart too "
    "hard; probability moves to answers in neither column (arXiv:2410.08847)."
)
REPAIR = (
    "Remove pairs whose answers are nearly the same, lower the learning rate or the number of "
    "epochs, raise preference.beta (DPO, KTO), or use CPO, whose SFT term keeps the chosen "
    "answers likely."
)


def displacement(
    points: Sequence[LossPoint], method: str, beta: float, loss: str | None = None
) -> Displacement | None:
    """Return how a stage displaced its answers; ``None`` where it did not, or nothing was logged.

    For DPO and KTO the change is that from the reference, on the same rows: the reward divided by
    β. For the others the means of the first and the last steps are compared.

    Args:
        points: The stage's logged steps.
        method: ``dpo``, ``kto``, ``orpo``, ``cpo`` or ``simpo``.
        beta: β of the method.
        loss: Its loss; the method's first when ``None``.
    """
    logged = [
        point
        for point in points
        if point.chosen_logps is not None and point.rejected_logps is not None
    ]
    found = (
        _from_reference(logged, method, beta)
        if method in _WITH_REFERENCE
        else _over_steps(logged, method)
    )
    if found is None:
        return None
    fell = found.chosen[0] - found.chosen[1]
    by_token = (method, "") in _BY_TOKEN or (method, loss) in _BY_TOKEN
    least = MIN_FALL_NATS_A_TOKEN if by_token else MIN_FALL_NATS
    rejected_fell = found.rejected[0] - found.rejected[1]
    if fell < max(least, MIN_FALL * abs(found.chosen[0])) or rejected_fell <= fell:
        return None
    return replace(found, by_token=by_token)


def displacements(record: TrainingRecord) -> Iterator[Displacement]:
    """Yield the displacement of each stage that has one; none for records of older versions."""
    configs = [record.config, record.config.get("then") or {}]
    for stage, config in zip(record.stages, configs, strict=False):
        preference = config.get("preference") if isinstance(config, dict) else None
        preference = preference if isinstance(preference, dict) else {}
        found = displacement(
            record.points_of(stage), stage.method, _beta(preference), preference.get("loss")
        )
        if found is not None:
            yield found


def _beta(preference: Mapping[str, Any]) -> float:
    value = preference.get("beta")
    return float(value) if isinstance(value, int | float) else _USUAL_BETA


def _from_reference(logged: Sequence[LossPoint], method: str, beta: float) -> Displacement | None:
    rewarded = [
        point
        for point in logged
        if point.chosen_reward is not None and point.rejected_reward is not None
    ]
    held_out = [point for point in rewarded if point.eval_loss is not None]
    last = held_out[-1:] or _windows([p for p in rewarded if p.loss is not None])[1]
    if not last:
        return None
    sides = []
    for logps, reward in (("chosen_logps", "chosen_reward"), ("rejected_logps", "rejected_reward")):
        after = _mean(last, logps)
        sides.append((after - _mean(last, reward) / beta, after))
    return Displacement(method, sides[0], sides[1], held_out=bool(held_out))


def _over_steps(logged: Sequence[LossPoint], method: str) -> Displacement | None:
    trained = [point for point in logged if point.loss is not None]
    first, last = _windows(trained)
    if len(first) < 2:
        return None
    if falls_by_chance([point.chosen_logps or 0.0 for point in trained], len(first)) > LEVEL:
        return None
    return Displacement(
        method,
        (_mean(first, "chosen_logps"), _mean(last, "chosen_logps")),
        (_mean(first, "rejected_logps"), _mean(last, "rejected_logps")),
    )


def _windows(
    points: Sequence[LossPoint],
) -> tuple[Sequence[LossPoint], Sequence[LossPoint]]:
    """Return the first and the last steps of a stage."""
    size = max(2, round(WINDOW_SHARE * len(points))) if len(points) > 3 else len(points) // 2
    return points[:size], points[len(points) - size :] if size else points[-1:]


def _mean(points: Sequence[LossPoint], name: str) -> float:
    return math.fsum(getattr(point, name) for point in points) / len(points)


def falls_by_chance(values: Sequence[float], size: int) -> float:
    """Return the probability that values in any order fall as far, from the first to the last.

    A permutation test, which is exact for values that do not depend on their place (Pitman 1937);
    four values or fewer can show nothing at 5 %.

    Args:
        values: A value for each step.
        size: Steps at either end whose means are compared.

    Example:
        >>> falls_by_chance([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0], 2) < 0.01
        True
        >>> falls_by_chance([9.0, 8.0, 3.0, 2.0], 2) > 0.05
        True
    """
    seen = _fall(values, size)
    draw = random.Random(0)  # noqa: S311 - a permutation test
    shuffled = (draw.sample(values, len(values)) for _ in range(PERMUTATIONS))
    as_far = sum(_fall(one, size) >= seen for one in shuffled)
    return (as_far + 1) / (PERMUTATIONS + 1)


def _fall(values: Sequence[float], size: int) -> float:
    return math.fsum(values[:size]) - math.fsum(values[-size:])
