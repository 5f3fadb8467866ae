"""Says how many samples could not be measured, and why, so that shares and causes are seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from evalguard.records import ScoredSample

SHOWN = 3
"""Reasons that a warning gives."""

_NUMBER = re.compile(r"\d+")


def warnings(samples: Mapping[tuple[str, str, str], Mapping[str, ScoredSample]]) -> Iterator[str]:
    """Yield a sentence for each model and task with samples that could not be measured.

    Args:
        samples: By suite, task and model, then by sample id.
    """
    for (suite, task, model), measured in samples.items():
        errors = [sample.error for sample in measured.values() if sample.error]
        if errors:
            yield (
                f"{model}: {len(errors)} of {len(measured)} samples of {suite}/{task} could not be "
                f"measured: {reasons(errors)}"
            )


def reasons(errors: list[str]) -> str:
    """Return the most frequent errors with their counts; those that differ in numbers are one.

    Example:
        >>> reasons(["cut after 3 tokens", "cut after 5 tokens", "filtered"])
        '2 × cut after 3 tokens; 1 × filtered'
    """
    kinds = [_NUMBER.sub("#", error) for error in errors]
    first = dict(zip(reversed(kinds), reversed(errors), strict=True))
    counted = Counter(kinds).most_common()
    told = [f"{count} × {first[kind]}" for kind, count in counted[:SHOWN]]
    rest = sum(count for _, count in counted[SHOWN:])
    return "; ".join([*told, *([f"{rest} × others"] if rest else [])])
