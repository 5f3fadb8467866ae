"""Says where a candidate wrote word for word what the baseline wrote.

Two models that are proven to differ on fixed prompts may still be one on the prompts of a suite: a
router that sends long ones elsewhere, or a cache that does not know the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from evalguard.config import BASELINE
from evalguard.records import ScoredSample

FEWEST = 30
"""Answers on a suite from which it is said."""

_WORDS = 8
"""Words of an answer that two models seldom write alike."""


def warnings(samples: Mapping[tuple[str, str, str], Mapping[str, ScoredSample]]) -> Iterator[str]:
    """Yield a sentence for each candidate and suite whose longer answers are all the baseline's.

    Args:
        samples: By suite, task and model, then by sample id.
    """
    alike: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for (suite, task, model), measured in samples.items():
        base = samples.get((suite, task, BASELINE), {})
        if model == BASELINE:
            continue
        for name, sample in measured.items():
            other = base.get(name)
            if other is None or other.error or sample.error:
                continue
            if any(len(text.split()) >= _WORDS for text in (*sample.outputs, *other.outputs)):
                alike[model, suite].append(sample.outputs == other.outputs)
    for (model, suite), same in alike.items():
        if len(same) >= FEWEST and all(same):
            yield (
                f"{model}: all {len(same)} answers of {_WORDS} words or more to the suite "
                f"'{suite}' are word for word the baseline's. Check that these prompts reach the "
                "candidate, and not the baseline through a router or a cache"
            )
