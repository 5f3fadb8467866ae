"""Says where a candidate wrote word for word what the baseline wrote.

Two models that are proven to differ on fixed prompts may still be one on the prompts of a suite: a
router that sends long ones elsewhere, or a cache that does not know the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from evalguard.config import BASELINE
from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import beyond_own_noise
from evalguard.records import GateResult, ScoredSample, Verdict

FEWEST = 30
"""Different answers on a suite from which it is said; many models share one refusal."""

_WORDS = 8
"""Words of an answer that two models seldom write alike."""


def same(
    samples: Mapping[tuple[str, str, str], Mapping[str, ScoredSample]],
) -> dict[tuple[str, str], int]:
    """Return the suites and candidates whose longer answers are all the baseline's, and how many.

    Args:
        samples: By suite, task and model, then by sample id.
    """
    said: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    differ: set[tuple[str, str]] = set()
    for (suite, task, model), measured in samples.items():
        base = samples.get((suite, task, BASELINE), {})
        if model == BASELINE:
            continue
        for name, sample in measured.items():
            other = base.get(name)
            if other is None or other.error or sample.error:
                continue
            if any(len(text.split()) >= _WORDS for text in (*sample.said, *other.said)):
                said[suite, model].add(other.said)
                if sample.said != other.said:
                    differ.add((suite, model))
    return {
        key: len(each) for key, each in said.items() if len(each) >= FEWEST and key not in differ
    }


def same_candidates(
    samples: Mapping[tuple[str, str, str], Mapping[str, ScoredSample]],
) -> dict[str, tuple[str, int]]:
    """Return the candidates that wrote the same as another one throughout, and how many answers.

    Args:
        samples: As for :func:`same`.

    Returns:
        By candidate, the other one and the different answers of eight words or more.
    """
    models = sorted({model for _, _, model in samples} - {BASELINE})
    found: dict[str, tuple[str, int]] = {}
    for one, other in combinations(models, 2):
        pairs = [
            (sample.said, twin.said)
            for (suite, task, model), measured in samples.items()
            if model == one
            for name, sample in measured.items()
            if (twin := samples.get((suite, task, other), {}).get(name)) is not None
            and not (sample.error or twin.error)
        ]
        if any(first != second for first, second in pairs):
            continue
        said = {each for each, _ in pairs if any(len(text.split()) >= _WORDS for text in each)}
        if len(said) >= FEWEST:
            found |= {one: (other, len(said)), other: (one, len(said))}
    return found


def hold_back_candidates(result: GateResult, found: Mapping[str, tuple[str, int]]) -> GateResult:
    """Return a served candidate's result, INCONCLUSIVE instead of PASS where another wrote it all.

    Args:
        result: The gate's result.
        found: Candidates, as :func:`same_candidates` returned them.
    """
    if result.model not in found:
        return result
    other, count = found[result.model]
    reason = (
        f"'{result.model}' and '{other}' gave the same answer to every question ({count} "
        f"different ones of {_WORDS} words or more), so one of them may not be the model its "
        "name says. Check that the server serves both under separate names, or list the model "
        "once"
    )
    return _without_pass(result, reason)


def doubtful(
    samples: Mapping[tuple[str, str, str], Mapping[str, ScoredSample]],
    doubts: Mapping[tuple[str, str, str], Doubt],
    from_before: Mapping[tuple[str, str, str], Collection[str]],
) -> dict[tuple[str, str], str]:
    """Return the suites and models whose answers may be another model's, or cut, and why.

    A candidate whose single answers differ from the baseline's by more than the baseline's from
    each other is another model, whatever was asked for besides. Answers of another run do not show
    it: the server may have had other models then.

    Args:
        samples: By suite, task and model, then by sample id.
        doubts: What the engine says of a suite's task and a model.
        from_before: Ids of samples that another run has measured, by the same key.
    """
    found: dict[tuple[str, str], str] = {}
    for (suite, task, model), doubt in doubts.items():
        base = samples.get((suite, task, BASELINE), {})
        old = {
            name for arm in (BASELINE, model) for name in from_before.get((suite, task, arm), ())
        }
        pairs = [
            (sample.said, base[name].said)
            for name, sample in samples.get((suite, task, model), {}).items()
            if name in base and name not in old and not (sample.error or base[name].error)
        ]
        single = all(len(one) == 1 for one, _ in pairs)
        changed = sum(one != two for one, two in pairs)
        settled = beyond_own_noise(
            changed,
            len(pairs),
            varied=doubt.varied,
            repeated=doubt.repeated,
            level=doubt.level,
        )
        if doubt.is_of_identity and single and settled:
            continue
        found.setdefault((suite, model), f"{model}: {suite}/{task}: {doubt.text}")
    return found


def hold_back_doubtful(
    result: GateResult, found: Mapping[tuple[str, str], str], suites: Collection[str] = ()
) -> GateResult:
    """Return a gate's result, INCONCLUSIVE instead of PASS where its answers are doubtful.

    Args:
        result: The gate's result.
        found: As :func:`doubtful` returned it.
        suites: Those that a pooled gate is on; by default the result's own.
    """
    reasons = [
        found.get((suite, model))
        for suite in suites or (result.suite,)
        for model in (BASELINE, result.model)
    ]
    reason = next(filter(None, reasons), "")
    return _without_pass(result, reason) if reason else result


def warnings(found: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield a sentence for each suite and candidate that :func:`same` returned."""
    for (suite, model), count in found.items():
        yield f"{model}: {_sentence(suite, count)}"


def hold_back(
    result: GateResult, found: Mapping[tuple[str, str], int], suites: Collection[str] = ()
) -> GateResult:
    """Return a served candidate's result, INCONCLUSIVE instead of PASS where all is the baseline's.

    An engine of this machine proves that an adapter is applied; a server's word is all there is.

    Args:
        result: The gate's result.
        found: Suites and candidates, as :func:`same` returned them.
        suites: Those that a pooled gate is on; by default the result's own.
    """
    for suite in suites or (result.suite,):
        if (count := found.get((suite, result.model))) is not None:
            return _without_pass(result, _sentence(suite, count))
    return result


def _without_pass(result: GateResult, reason: str) -> GateResult:
    """Return a result as it is, but for a PASS, which becomes INCONCLUSIVE."""
    if result.verdict is not Verdict.PASS:
        return result
    return replace(result, verdict=Verdict.INCONCLUSIVE, reason=reason)


def _sentence(suite: str, count: int) -> str:
    return (
        f"all {count} different answers of {_WORDS} words or more to the suite '{suite}' are "
        "identical to the baseline's. Check that these prompts reach the candidate, and not the "
        "baseline through a router or a cache"
    )
