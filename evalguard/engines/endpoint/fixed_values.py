"""Tells by log-probabilities of answers to fixed prompts whether two names stand for one model."""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.engines.endpoint.identity import beyond_noise

Values = Sequence[Sequence[float]]
"""Of each prompt, the log-probabilities of an answer, one for each time that it was asked."""

_GAPS = 10
"""Small gaps between two values of one model (their lower quartile) within which those of two are
alike: of normal noise, two standard deviations."""

_FEWEST = 6
"""Prompts on which two names must be alike to be one model; fewer may be short refusals."""

_FEWEST_COMPARED = 4
"""Prompts from which it is told that a model is the one of before."""

_NATS = 1e-3
"""Nats by which an answer of the same model may differ on another day, though not in a minute."""

_MAY_DIFFER = 0.1
"""Share of prompts on which it may differ by more: there, two tokens are as likely as each other.
By hand."""

_CERTAIN = -1e-3
"""Nats above which the log-probabilities of any two models are alike."""


def is_one_model(one: Values, two: Values) -> bool:
    """Return whether two names, asked at one time, answer every prompt alike, but one for noise.

    Two models that differ have no log-probability in common to the last digit.

    Example:
        >>> is_one_model([[-1.23, -1.23]] * 6, [[-1.23, -1.23]] * 6)
        True
        >>> is_one_model([[-1.23, -1.23]] * 6, [[-1.24, -1.24]] * 6)
        False
    """
    telling = [
        (first, second)
        for first, second in zip(one, two, strict=True)
        if max((*first, *second), default=0.0) < _CERTAIN
    ]
    alike, number = _alike([row for row, _ in telling], [row for _, row in telling], least=0.0)
    varies = any(len(set(row)) > 1 for pair in telling for row in pair)
    return number >= _FEWEST and alike >= number - varies


def is_as_before(now: Values, before: Values) -> bool:
    """Return whether a name still stands for the model of before, as far as its noise shows.

    Example:
        >>> is_as_before([[-1.2, -1.2]] * 8, [[-1.2001, -1.2001]] * 8)
        True
        >>> is_as_before([[-1.2, -1.2]] * 8, [[-1.3, -1.3]] * 8)
        False
    """
    if len(now) != len(before):
        return False
    alike, number = _alike(now, before, least=_NATS)
    changed = number - alike
    return number >= _FEWEST_COMPARED and not beyond_noise(changed, number, share=_MAY_DIFFER)


def _alike(one: Values, two: Values, *, least: float) -> tuple[int, int]:
    """Return on how many prompts values are alike, and how many prompts have any.

    Args:
        one: Values of one model.
        two: Of the other.
        least: Nats within which they are in any case.
    """
    both = [(first, second) for first, second in zip(one, two, strict=True) if first and second]
    gaps = sorted(max(row) - min(row) for pair in both for row in pair)
    noise = max(least, _GAPS * gaps[len(gaps) // 4]) if gaps else least
    nearest = [min(abs(a - b) for a in first for b in second) for first, second in both]
    return sum(gap <= noise for gap in nearest), len(both)
