"""Scores that a judge or rules gave, which err: is the gate right on what is true?

The judge errs on each answer by itself; of 60 % of the questions the baseline's answer is good, and
the models differ on 10 %. The margin is 5 points. With clusters, questions of one share a state
(ICC 0.3), and so do the judge's errors on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import xstest
from benchmarks.awkward.case import ALPHA, ENGINE, Case, Floats, Rates
from evalguard.errors import DataError
from evalguard.scorers import refusal
from evalguard.scorers.refusal import RATES as REFUSAL
from evalguard.stats import (
    Corrected,
    DetectorError,
    MarginTest,
    PredictionPowered,
    paired_scores,
)

MARGIN = 0.05
GOOD = 0.6  # share of the baseline's answers that are good
DIFFER = 0.1  # share of the questions on which the models differ
SHARED = 0.3**0.5  # chance that a question takes the state of its cluster; ICC 0.3

SEEN = "difference as seen"
NAIVE = "Rogan–Gladen, rates taken as known"
BLIND = "EvalGuard, no bound declared"


class Judge(NamedTuple):
    """How often a judge is right on good and on bad answers."""

    sensitivity: float
    specificity: float


class Design(NamedTuple):
    """A gate on what a judge saw.

    Attributes:
        n: Questions.
        judge: On the baseline's answers, and on the labelled ones.
        labels: Labelled answers of either kind.
        bound: Declared bound on the difference of its error rates.
        off: How far its rates on the candidate's answers are off, in the direction that hides a
            loss where PASS is measured, and that feigns one where FAIL is.
        drawn: Questions drawn for labels of both models' answers; the correction by rates where 0.
        cluster: Questions of a cluster.
    """

    n: int
    judge: Judge
    labels: int = 50
    bound: float = 0.0
    off: float = 0.0
    drawn: int = 0
    cluster: int = 1


class Sample(NamedTuple):
    """What is true of each question's answers and what was seen of them, shape ``(n, 2)``."""

    truth: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    clusters: NDArray[np.intp]


def _uniform(n: int, cluster: int, rng: np.random.Generator) -> Floats:
    """Return uniform numbers, alike within clusters with an ICC of about 0.3."""
    if cluster == 1:
        return rng.random(n)
    common = np.repeat(rng.random(n // cluster), cluster)
    return np.where(rng.random(n) < SHARED, common, rng.random(n))


def draw(design: Design, effect: float, off: float, rng: np.random.Generator) -> Sample:
    """Return answers whose true means differ by an effect, and what the judge says of them."""
    state = _uniform(design.n, design.cluster, rng)
    losses, gains = (DIFFER - effect) / 2, (DIFFER + effect) / 2
    before = state < GOOD
    after = (before & (state >= losses)) | (state >= 1 - gains)
    arms, (se, sp) = [], design.judge
    for truth, shift in ((before, 0.0), (after, off)):
        luck = _uniform(design.n, design.cluster, rng)
        right = np.clip([se + shift, sp - shift], 0.0, 1.0)
        arms.append(np.where(truth, luck < right[0], luck >= right[1]))
    clusters = np.arange(design.n) // design.cluster
    return Sample(np.column_stack([before, after]), np.column_stack(arms), clusters)


def rules(design: Design, sample: Sample, rng: np.random.Generator) -> dict[str, MarginTest]:
    """Return the test of each rule."""
    scores = paired_scores(
        *sample.seen.T.astype(float),
        clusters=sample.clusters if design.cluster > 1 else None,  # type: ignore[arg-type]
    )
    seen = scores.difference()
    found: dict[str, MarginTest] = {SEEN: seen}
    if design.drawn:
        drawn = np.zeros(design.n, dtype=bool)
        drawn[rng.choice(design.n, design.drawn, replace=False)] = True
        labels = np.where(drawn[:, None], sample.truth, np.nan)
        found[ENGINE] = PredictionPowered(scores, labels, drawn).difference()
    hits, rejections = rng.binomial(design.labels, design.judge)
    try:
        error = DetectorError(int(hits), design.labels, int(rejections), design.labels)
    except DataError:
        return found  # a judge that carries no information is an error of the gate
    found[NAIVE] = Scaled(seen, error.youden)
    if not design.drawn:
        found[ENGINE] = Corrected(seen, error, design.bound)
    return found


class Scaled(NamedTuple):
    """The test of a difference that is seen at a known scale."""

    seen: MarginTest
    youden: float

    @property
    def estimate(self) -> float:
        """Difference, by the scale."""
        return self.seen.estimate / self.youden

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self.seen.p_pass(self.youden * margin)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self.seen.p_fail(self.youden * margin)

    def standard_error(self, margin: float) -> float:
        """Return the standard error of the estimate."""
        return self.seen.standard_error(self.youden * margin) / self.youden


def measure(design: Design, runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
    """Return the rates of each rule."""
    counts: Counter[tuple[str, str]] = Counter()
    for _ in range(runs):
        hiding = rules(design, draw(design, -MARGIN, design.off, rng), rng)
        feigning = hiding
        if design.off:
            feigning = rules(design, draw(design, -MARGIN, -design.off, rng), rng)
        unchanged = rules(design, draw(design, 0.0, 0.0, rng), rng)
        for name, test in hiding.items():
            passed = test.p_pass(MARGIN) <= ALPHA
            counts[name, "pass"] += passed
            counts[name, "covered"] += not passed and test.p_fail(MARGIN) > ALPHA
        for name, test in feigning.items():
            counts[name, "fail"] += test.p_fail(MARGIN) <= ALPHA
        for name, test in unchanged.items():
            counts[name, "power"] += test.p_pass(MARGIN) <= ALPHA
    names = dict.fromkeys([ENGINE, SEEN, NAIVE])
    columns = ("pass", "fail", "power", "covered")
    return {name: Rates(*(counts[name, one] / runs for one in columns)) for name in names}


def beyond(design: Design, runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
    """Return the rates where the assumption does not hold: shown, not held against the engine."""
    found = dict(measure(design, runs, rng))
    return {ENGINE: Rates(), BLIND: found.pop(ENGINE), **found}


def shipped(n: int, runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
    """Return the rates of a gate on refusals, by rules that are as right as they were measured."""
    judge = Judge(REFUSAL.sensitivity, REFUSAL.specificity)
    design, counts = Design(n, judge), Counter[tuple[str, str]]()
    for _ in range(runs):
        hits = int(rng.binomial(REFUSAL.positives, judge.sensitivity))
        rejections = int(rng.binomial(REFUSAL.negatives, judge.specificity))
        error = DetectorError(hits, REFUSAL.positives, rejections, REFUSAL.negatives)
        for effect in (-MARGIN, 0.0):
            scores = paired_scores(*draw(design, effect, 0.0, rng).seen.T.astype(float))
            seen = scores.difference()
            tests = {SEEN: seen, ENGINE: Corrected(seen, error, hardens=True)}
            for name, test in tests.items():
                passed = test.p_pass(MARGIN) <= ALPHA
                failed = test.p_fail(MARGIN) <= ALPHA
                counts[name, "power" if effect == 0.0 else "pass"] += passed
                counts[name, "fail"] += effect != 0.0 and failed
                counts[name, "covered"] += effect != 0.0 and not passed and not failed
    columns = ("pass", "fail", "power", "covered")
    return {name: Rates(*(counts[name, one] / runs for one in columns)) for name in (ENGINE, SEEN)}


MEDIOCRE, GREAT = Judge(0.85, 0.9), Judge(0.98, 0.98)


def real(runs: int, rng: np.random.Generator) -> Mapping[str, Rates]:
    """Return how often intervals hold the difference between two real models, by people's labels.

    The rules tell which answers to XSTest refuse; each run draws other questions for labels.
    """
    where = xstest.folder()
    assert where is not None
    named, truth, seen = {"refused": 1.0, "answered": 0.0}, [], []
    for model in xstest.NAMES:
        answers = xstest.answers(where, model)
        truth.append([named.get(one.label, np.nan) for one in answers])
        seen.append([float(refusal.classify(one.output).value == "refused") for one in answers])
    labels, scored = np.transpose(truth), np.transpose(seen)
    agreed = ~np.isnan(labels).any(axis=1)
    labels, scores = labels[agreed], paired_scores(*scored[agreed].T)
    difference = float(np.mean(labels[:, 1] - labels[:, 0]))
    shipped_rates = DetectorError(
        REFUSAL.hits, REFUSAL.positives, REFUSAL.rejections, REFUSAL.negatives
    )
    tests: dict[str, MarginTest] = {
        SEEN: scores.difference(),
        "rates of the other model's answers": Corrected(scores.difference(), shipped_rates),
        "the same, hardening only": Corrected(scores.difference(), shipped_rates, hardens=True),
    }
    found = {name: Rates(coverage=_covers(test, difference)) for name, test in tests.items()}
    held = 0.0
    for _ in range(runs):
        drawn = rng.permutation(len(labels)) < 100
        known = np.where(drawn[:, None], labels, np.nan)
        held += _covers(PredictionPowered(scores, known, drawn).difference(), difference)
    return {ENGINE: Rates(coverage=held / runs), **found}


def _covers(test: MarginTest, difference: float) -> float:
    return float(min(test.p_pass(-difference), test.p_fail(-difference)) > ALPHA)


def _case(
    name: str, measured: Callable[[int, np.random.Generator], Mapping[str, Rates]], share: float
) -> Case:
    return Case("judges", name, measured, share)


def _judged(name: str, design: Design, share: float = 0.1) -> Case:
    return _case(name, partial(measure, design), share)


CASES = [
    *(
        _judged(f"judge .85/.90 on 50+50 labels, n = {n}", Design(n, MEDIOCRE), share)
        for n, share in ((300, 0.05), (1001, 0.1), (5000, 0.1))
    ),
    *(
        _judged(f"judge .98/.98 on {k}+{k} labels, n = 1001", Design(1001, GREAT, k))
        for k in (10, 25)
    ),
    _judged(
        "judge .85/.90, rates off by the declared 2 pp, n = 1001",
        Design(1001, MEDIOCRE, bound=0.02, off=0.02),
    ),
    _case(
        "judge .85/.90, rates off by an undeclared 5 pp, n = 1001",
        partial(beyond, Design(1001, MEDIOCRE, off=0.05)),
        0.1,
    ),
    *(
        _judged(
            f"the same off by 5 pp, {k} of 1000 questions drawn for labels",
            Design(1000, MEDIOCRE, off=0.05, drawn=k),
            share,
        )
        for k, share in ((20, 0.05), (50, 0.05), (200, 0.05), (500, 0.05))
    ),
    _judged("200 clusters of 5, judge .85/.90 on 50+50 labels", Design(1000, MEDIOCRE, cluster=5)),
    _judged(
        "200 clusters of 5, off by 5 pp, 200 questions drawn",
        Design(1000, MEDIOCRE, off=0.05, drawn=200, cluster=5),
    ),
    *(
        _case(f"refusals by the shipped rules, n = {n}", partial(shipped, n), share)
        for n, share in ((300, 0.05), (1001, 0.1))
    ),
]
if xstest.folder() is not None:
    CASES.append(_case("XSTest, two real models, 100 of 368 questions drawn", real, 0.025))
