"""The flip ledger: which questions each model in a row of models got right, lost and won back.

Two models of equal accuracy may be right on different questions; what a user had working and lost
does not show in a mean (Dutta et al. 2024, arXiv:2407.09141).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalguard.errors import UsageError
from evalguard.records import ScoredSample


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipStep:
    """What changed from one model to the next.

    Attributes:
        before: The earlier model.
        after: The later one.
        n: Questions measured on both.
        losses: Ids of those that went from right to wrong.
        gains: Ids of those that went from wrong to right.
    """

    before: str
    after: str
    n: int
    losses: tuple[str, ...]
    gains: tuple[str, ...]

    @property
    def flip_rate(self) -> float:
        """Share of the questions whose outcome changed."""
        return (len(self.losses) + len(self.gains)) / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedItem:
    """A question that some models got right and others wrong.

    Attributes:
        sample_id: Its id.
        prompt: What the models were given.
        target: What was expected.
        right: Whether each model was right, in order; ``None`` where it was not measured.
    """

    sample_id: str
    prompt: str
    target: str
    right: tuple[bool | None, ...]

    @property
    def regressed(self) -> bool:
        """Whether the last model lost what an earlier one had right."""
        return self.right[-1] is False and True in self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipLedger:
    """The flips along a row of models.

    Attributes:
        metric: What was scored.
        models: The models, in order.
        steps: One for each model after the first.
        items: The questions that flipped: those the last model lost first, then by id.
    """

    metric: str
    models: tuple[str, ...]
    steps: tuple[FlipStep, ...]
    items: tuple[FlippedItem, ...]


def flip_ledger(
    runs: Sequence[tuple[str, Mapping[str, ScoredSample]]], *, metric: str
) -> FlipLedger:
    """Compare models question by question, each with the one before.

    Args:
        runs: Name and samples by id of each model: the baseline, then candidates in order. A
            sample with an error counts as not measured.
        metric: A metric of 0 or 1.

    Raises:
        UsageError: If there are fewer than two models, or the metric is missing or has other
            values than 0 and 1.

    Example:
        >>> def samples(*scores):
        ...     return {str(i): ScoredSample(task="qa", sample_id=str(i), prompt="", target="",
        ...                                  outputs=("",), scores={"acc": score})
        ...             for i, score in enumerate(scores)}
        >>> ledger = flip_ledger([("baseline", samples(1, 1, 0)), ("v2", samples(0, 1, 1))],
        ...                      metric="acc")
        >>> ledger.steps[0].losses, ledger.steps[0].gains, round(ledger.steps[0].flip_rate, 2)
        (('0',), ('2',), 0.67)
    """
    if len(runs) < 2:
        raise UsageError(f"flips are changes between models: name at least 2 runs, not {len(runs)}")
    models = tuple(name for name, _ in runs)
    outcomes = [_outcomes(name, samples, metric) for name, samples in runs]
    steps = tuple(
        _step(models[index : index + 2], outcomes[index], outcomes[index + 1])
        for index in range(len(runs) - 1)
    )
    shown = {id_: sample for _, samples in runs for id_, sample in samples.items()}
    items = []
    for id_, sample in shown.items():
        right = tuple(found.get(id_) for found in outcomes)
        if {True, False} <= set(right):
            items.append(
                FlippedItem(sample_id=id_, prompt=sample.prompt, target=sample.target, right=right)
            )
    items.sort(key=lambda item: (not item.regressed, item.sample_id))
    return FlipLedger(metric=metric, models=models, steps=steps, items=tuple(items))


def _outcomes(name: str, samples: Mapping[str, ScoredSample], metric: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for id_, sample in samples.items():
        if sample.error is not None:
            continue
        score = sample.scores.get(metric)
        if score not in (0.0, 1.0):
            has = ", ".join(sorted(sample.scores)) or "none"
            raise UsageError(
                f"run '{name}', sample '{id_}': '{metric}' is {score}; only binary metrics can "
                f"flip. Its metrics: {has}."
            )
        found[id_] = score == 1.0
    return found


def _step(models: Sequence[str], before: Mapping[str, bool], after: Mapping[str, bool]) -> FlipStep:
    both = sorted(before.keys() & after.keys())
    return FlipStep(
        before=models[0],
        after=models[1],
        n=len(both),
        losses=tuple(id_ for id_ in both if before[id_] and not after[id_]),
        gains=tuple(id_ for id_ in both if after[id_] and not before[id_]),
    )
