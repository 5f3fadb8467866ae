"""One gate over several: the mean of their differences, on all of their samples together.

Small losses everywhere show in no gate alone. Their mean has the samples of all, so that a loss too
small for any of them is shown.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import MeasurementError
from evalguard.records import Comparison, Gate, PoolMember, SamplePair, paired_values
from evalguard.records.pooled import POOLED_METRIC, problem_of_member

FEWEST = 2
"""Gates from which there is something to pool."""

_FEWEST_OPPOSED = 5
"""Questions on which two gates change in opposite directions, below which they may by chance."""

_MOST_OPPOSED = 0.5, 0.9
"""How far the cosine of two changes may lie below 0: of many questions, and of the fewest."""

_CHANCE = 4.0
"""Standard errors by which it may: of few questions, independent changes are opposed by chance."""


def pool(gate: Gate, members: Sequence[Comparison]) -> Comparison:
    """Join the comparisons of several gates into one of their mean.

    What may hang together is one unit: samples that share a cluster's name, the prompt (unless
    a gate has it several times), or the question itself, in whichever gates they are. That can
    only make a verdict harder to reach.

    Args:
        gate: The gate on the mean: with ``weights="equal"`` every member counts the same, with
            ``"size"`` every sample.
        members: The comparison of each gate of ``gate.pool``, in their order, of one model.

    Raises:
        MeasurementError: If there are fewer than two members, or others than the gate names, they
            are of several models, were extended, have scores without a common unit, or some of them
            cancel out: what one loses on a question, others gain on it.

    Example:
        >>> from evalguard.records import Margin, Metric
        >>> def compared(name, after):
        ...     pair = SamplePair(task=name, sample_id="1", prompt=name, target="",
        ...         baseline_output="", candidate_output="", baseline_score=1.0,
        ...         candidate_score=after)
        ...     return Comparison(gate=Gate(name=name, suite=name, metric="acc"), model="v2",
        ...                       metric=Metric("acc"), pairs=(pair,), n_planned=1)
        >>> each = [compared("math", 0.0), compared("code", 1.0)]
        >>> gate = Gate(name="overall", suite="pooled", metric="mean_score", weights="equal",
        ...             pool=tuple(one.gate for one in each), max_drop=Margin(0.01, "pp"))
        >>> [(pair.task, pair.candidate_score) for pair in pool(gate, each).pairs]
        [('math', 0.0), ('code', 1.0)]
    """
    _check(gate, members)
    _check_not_opposed(gate, members)
    units = _units(members)
    pairs = [
        _signed(pair, member, unit)
        for member, of_member in zip(members, units, strict=True)
        for pair, unit in zip(member.pairs, of_member, strict=True)
    ]
    return Comparison(
        gate=gate,
        model=members[0].model,
        metric=POOLED_METRIC,
        pairs=tuple(pairs),
        n_planned=sum(member.n_planned for member in members),
    )


def members_of(comparison: Comparison) -> tuple[PoolMember, ...]:
    """Return what each gate brings into the mean of a pooled one; nothing for any other gate.

    Args:
        comparison: What :func:`pool` returned, or the mean of such over the seeds of a recipe.
    """
    gate, found = comparison.gate, []
    before, after = paired_values(comparison.pairs)
    own = np.array([pair.task for pair in comparison.pairs])
    for member in gate.pool:
        of_member = own == member.name
        differences = (after - before)[of_member]
        known, n = differences[~np.isnan(differences)], int(of_member.sum())
        found.append(
            PoolMember(
                name=member.name,
                weight=1 / len(gate.pool) if gate.weights == "equal" else n / len(own),
                n=n,
                delta=float(known.mean()) if len(known) else None,
            )
        )
    return tuple(found)


def _check(gate: Gate, members: Sequence[Comparison]) -> None:
    named, given = [one.name for one in gate.pool], [one.gate.name for one in members]
    if named != given or len(given) < FEWEST or len(set(given)) < len(given):
        raise MeasurementError(
            f"'{gate.name}' is pooled over {named}, and compared were {given}; expected the same "
            f"{FEWEST} gates or more, each once"
        )
    if len(models := {member.model for member in members}) > 1:
        raise MeasurementError(f"'{gate.name}': comparisons of several models: {sorted(models)}")
    for member in members:
        if problem := problem_of_member(member.metric):
            raise MeasurementError(f"'{gate.name}': {problem}")
        if member.stages:
            raise MeasurementError(
                f"'{gate.name}': '{member.gate.name}' was extended, but a pooled gate is decided "
                "once, on the planned samples"
            )


def _check_not_opposed(gate: Gate, members: Sequence[Comparison]) -> None:
    """Refuse a gate whose losses others gain on the same questions, alone or together.

    The others are taken by how opposed each is, the most opposed first, so that neither payments
    in small parts nor further gates in between hide them, and on the questions of the gate alone,
    so that what they gain elsewhere does not. The cosine of two changes is -1 where one is the
    opposite of the other and near 0 where they are independent.

    Raises:
        MeasurementError: Naming them.
    """
    changes, asked = _changes(gate, members)
    for one in range(len(members)):
        shared = changes[:, asked[one]]
        alike, norms = shared @ shared[one], np.linalg.norm(shared, axis=1)
        order = sorted(
            (other for other in range(len(members)) if alike[other] < 0),
            key=lambda other: alike[other] / norms[other],
        )
        least = np.clip(_CHANCE / math.sqrt(max(1, shared.shape[1])), *_MOST_OPPOSED)
        for count in range(1, len(order) + 1):
            together = shared[order[:count]].sum(axis=0)
            opposed = int((shared[one] * together < 0).sum())
            cosine = shared[one] @ together / (norms[one] * np.linalg.norm(together))
            if opposed >= _FEWEST_OPPOSED and cosine < -least:
                names = [f"'{members[index].gate.name}'" for index in sorted([one, *order[:count]])]
                raise MeasurementError(
                    f"'{gate.name}': {', '.join(names[:-1])} and {names[-1]} cancel out: on "
                    f"{opposed} questions one gains what the other loses, so that their mean "
                    "shows no loss. Pool gates whose scores rise and fall together"
                )


def _changes(
    gate: Gate, members: Sequence[Comparison]
) -> tuple[NDArray[np.float64], list[list[int]]]:
    """Return by how much each gate's score of each question changed for the better.

    Returns:
        As it counts in the mean, of shape (gates, questions), and which questions each gate has.
    """
    columns: dict[Hashable, int] = {}
    found: list[dict[int, float]] = []
    for member in members:
        sign = 1 if member.metric.higher_is_better else -1
        weight = sign / (len(member.pairs) or 1) if gate.weights == "equal" else sign
        own: dict[int, float] = defaultdict(float)
        for pair in member.pairs:
            key = _question(pair) or (member.gate.suite, pair.task, pair.sample_id)
            column = columns.setdefault(key, len(columns))
            if pair.baseline_score is not None and pair.candidate_score is not None:
                own[column] += weight * (pair.candidate_score - pair.baseline_score)
        found.append(own)
    changes = np.zeros((len(members), len(columns)))
    for row, own in zip(changes, found, strict=True):
        row[list(own)] = list(own.values())
    return changes, [list(own) for own in found]


def _question(pair: SamplePair) -> str:
    """Return the prompt without blanks and case, which make two spellings of one question."""
    return "".join(pair.prompt.split()).casefold()


def _signed(pair: SamplePair, member: Comparison, unit: str | None) -> SamplePair:
    """Return a pair with its gate as the stratum, and scores of which higher is better."""
    before, after = pair.baseline_score, pair.candidate_score
    if not member.metric.higher_is_better:
        before = None if before is None else 1 - before
        after = None if after is None else 1 - after
    return replace(
        pair,
        task=member.gate.name,
        sample_id=f"{pair.task}/{pair.sample_id}",
        baseline_score=before,
        candidate_score=after,
        cluster=unit,
    )


def _units(members: Sequence[Comparison]) -> list[list[str | None]]:
    """Return the unit of each pair, ``None`` where it stands alone."""
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        parents.setdefault(key, key)
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    samples: list[list[Hashable]] = []
    for member in members:
        prompts = Counter(_question(pair) for pair in member.pairs)
        own: list[Hashable] = []
        for pair in member.pairs:
            sample, *others = _ties(pair, member, once=prompts[_question(pair)] == 1)
            own.append(sample)
            for other in others:
                parents[root(other)] = root(sample)
        samples.append(own)
    roots = [[root(sample) for sample in own] for own in samples]
    sizes = Counter(each for own in roots for each in own)
    names = {each: f"unit {number}" for number, each in enumerate(sizes)}
    return [[names[each] if sizes[each] > 1 else None for each in own] for own in roots]


def _ties(pair: SamplePair, member: Comparison, *, once: bool) -> Iterator[Hashable]:
    """Yield what a sample is, and all that it may share with samples of other gates."""
    yield "sample", member.gate.suite, pair.task, pair.sample_id
    if pair.cluster is not None:
        yield "cluster", pair.cluster
    if once and (question := _question(pair)):
        yield "prompt", question
