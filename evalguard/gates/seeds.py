"""The evidence of a recipe: several trainings of it on the same samples, as one comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalguard.demands import ConditionTest, Difference, demands_of
from evalguard.demands.clip import FewClipped
from evalguard.errors import MeasurementError
from evalguard.gates.evidence import Evidence, gather
from evalguard.records import Comparison, CorpusValues, SamplePair, ScoreKind
from evalguard.stats import LEAST_SEEDS, across_seeds


def recipe_of(seeds: Sequence[Comparison], model: str) -> Comparison:
    """Return the comparison of a recipe: each sample with the mean score over its seeds.

    A sample that one seed lacks counts as missing.

    Args:
        seeds: The comparison of each seed under one gate.
        model: Name of the recipe.

    Raises:
        MeasurementError: If there are fewer than two, or they are not of one gate and metric on the
            same samples in the same clusters.
    """
    _check_alike(seeds, model)
    first = seeds[0]
    found = [_by_sample(seed) for seed in seeds]
    keys = dict.fromkeys(key for pairs in found for key in pairs)
    doubts = [
        dict(zip(pairs, seed.undetermined, strict=True)) if seed.undetermined else {}
        for pairs, seed in zip(found, seeds, strict=True)
    ]
    binary = first.metric.kind is ScoreKind.BINARY
    return Comparison(
        gate=first.gate,
        model=model,
        metric=replace(first.metric, kind=ScoreKind.BOUNDED) if binary else first.metric,
        pairs=tuple(_mean_pair([pairs.get(key) for pairs in found]) for key in keys),
        n_planned=max(len(keys), *(seed.n_planned for seed in seeds)),
        corpus=_mean_corpus([seed.corpus for seed in seeds]),
        undetermined=tuple(
            (
                sum(one.get(key, (0.0, 0.0))[0] for one in doubts) / len(seeds),
                sum(one.get(key, (0.0, 0.0))[1] for one in doubts) / len(seeds),
            )
            for key in keys
        )
        if any(doubts)
        else (),
        seeds=tuple(seeds),
    )


def gather_seeds(comparison: Comparison) -> Evidence:
    """Set up the test of every demand, over all samples and seeds of the comparison.

    Raises:
        ConfigError: If the gate demands something that its metric cannot have.
        MeasurementError: If a seed could not be measured, or its labels cannot be combined.
    """
    where = f"{comparison.gate.suite}/{comparison.gate.metric}"
    if any(seed.labels for seed in comparison.seeds):
        raise MeasurementError(
            f"{where}: labels of drawn answers are of one adapter each and are not combined over "
            "seeds; list the seeds as candidates of their own, or calibrate the judge by labels of "
            "other answers"
        )
    relative = any(
        isinstance(each, Difference) and each.relative for each in demands_of(comparison.gate)
    )
    if relative and comparison.seeds[0].metric.detector:
        raise MeasurementError(
            f"{where}: a margin relative to a baseline that a judge or rules score is not tested "
            "over seeds; give it in pp"
        )
    whole = all(len(seed.pairs) == len(comparison.pairs) for seed in comparison.seeds)
    if any(seed.corpus for seed in comparison.seeds) and (comparison.corpus is None or not whole):
        raise MeasurementError(f"{where}: the seeds were not measured on the same samples")
    pooled = gather(replace(comparison, seeds=()))
    counted = pooled
    if comparison.metric.clip is not None:
        counted = gather(replace(comparison, seeds=(), pairs=_clipped(comparison)))
    seeds = [gather(seed) for seed in comparison.seeds]
    demands = tuple(
        ConditionTest(
            each.condition,
            across_seeds(each.test, [seed.demands[index].test for seed in seeds]),
            each.margin,
        )
        for index, each in enumerate(
            # Differences alone are clipped; a bound on a mean is on the scores as they are.
            clipped if clipped.condition.on_difference else loose
            for clipped, loose in zip(counted.demands, pooled.demands, strict=True)
        )
        if not isinstance(each.condition, FewClipped)  # which holds of each seed by itself
    )
    difference = across_seeds(counted.difference, [seed.difference for seed in seeds])
    if demands[0].condition.on_difference:
        difference = demands[0].test
    return replace(
        pooled,
        demands=demands,
        difference=difference,
        seeds=tuple(seed.difference.estimate for seed in seeds),
        method=f"{pooled.method}, crossed with {len(seeds)} seeds",
    )


def _check_alike(seeds: Sequence[Comparison], model: str) -> None:
    if len(seeds) < LEAST_SEEDS:
        raise MeasurementError(
            f"'{model}' has {len(seeds)} seed; a recipe is decided over {LEAST_SEEDS} or more"
        )
    first = seeds[0]
    for seed in seeds[1:]:
        if (seed.gate, seed.metric) != (first.gate, first.metric):
            raise MeasurementError(
                f"'{model}': '{first.model}' and '{seed.model}' were not compared under one gate "
                "and metric, with the same error rates of its scorer"
            )
        own = _by_sample(seed)
        for key, pair in _by_sample(first).items():
            if key in own and own[key].cluster != pair.cluster:
                raise MeasurementError(
                    f"'{model}': sample '{pair.sample_id}' of task '{pair.task}' is in cluster "
                    f"{pair.cluster!r} for '{first.model}' and in {own[key].cluster!r} for "
                    f"'{seed.model}'"
                )


def _by_sample(seed: Comparison) -> dict[tuple[str, str], SamplePair]:
    return {(pair.task, pair.sample_id): pair for pair in seed.pairs}


def _clipped(comparison: Comparison) -> tuple[SamplePair, ...]:
    """Return a recipe's pairs with the mean of what each seed's difference counts after the clip.

    The clip of a mean would let an outlier of one seed outweigh the changes of all others.
    """
    clip = comparison.metric.clip
    assert clip is not None
    seeds = [_by_sample(seed) for seed in comparison.seeds]

    def counted(pair: SamplePair) -> SamplePair:
        before = pair.baseline_score
        if before is None or pair.candidate_score is None:
            return pair  # one that a seed lacks
        each = [own[pair.task, pair.sample_id] for own in seeds]
        changes = [
            max(-clip, min(clip, one.candidate_score - one.baseline_score))
            for one in each
            if one.candidate_score is not None and one.baseline_score is not None
        ]
        return replace(pair, candidate_score=before + sum(changes) / len(changes))

    return tuple(map(counted, comparison.pairs))


def _mean_pair(pairs: Sequence[SamplePair | None]) -> SamplePair:
    """Return a sample with its mean scores, and the answer of the seed that scored lowest."""
    known = [pair for pair in pairs if pair is not None]
    whole = len(known) == len(pairs)
    before = [pair.baseline_score for pair in known if pair.baseline_score is not None]
    after = [pair.candidate_score for pair in known if pair.candidate_score is not None]
    shown = min(known, key=lambda pair: (pair.candidate_score is None, pair.candidate_score or 0.0))
    return replace(
        shown,
        baseline_score=sum(before) / len(before) if whole and len(before) == len(known) else None,
        candidate_score=sum(after) / len(after) if whole and len(after) == len(known) else None,
    )


def _mean_corpus(values: Sequence[CorpusValues | None]) -> CorpusValues | None:
    """Return the mean of a corpus metric over seeds; ``None`` if their groups are not the same."""
    known = [one for one in values if one is not None]
    groups = {(len(one.baseline_without), one.missing) for one in known}
    if len(known) < len(values) or len(groups) != 1:
        return None
    columns = zip(*(one.candidate_without for one in known), strict=True)
    return replace(
        known[0],
        candidate=sum(one.candidate for one in known) / len(known),
        candidate_without=tuple(sum(column) / len(known) for column in columns),
    )
