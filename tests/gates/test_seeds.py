"""A gate over several trainings of one recipe."""

from dataclasses import replace

import numpy as np
import pytest

from evalguard.errors import MeasurementError
from evalguard.gates.decide import decide
from evalguard.gates.seeds import recipe_of
from evalguard.records import DetectorRates, Margin, Metric, ScoreKind, Verdict
from tests.gates.build import compared, gate


def seed(number, lost, n=600, **options):
    """Return a seed that loses so many questions, each seed others."""
    scores = np.ones(n)
    scores[number * 40 : number * 40 + lost] = 0.0
    return compared([1.0] * n, scores.tolist(), model=f"v2.seed{number}", **options)


def decided(*seeds):
    (result,) = decide([recipe_of(seeds, "v2")])
    return result


def test_alike_seeds_pass_and_every_figure_is_that_of_the_recipe():
    result = decided(seed(0, 6), seed(1, 7), seed(2, 8))
    assert result.verdict is Verdict.PASS
    assert (result.model, result.n, result.losses) == ("v2", 600, None)
    assert result.delta == pytest.approx(-7 / 600)
    assert result.seeds == pytest.approx((-6 / 600, -7 / 600, -8 / 600))
    assert "crossed with 3 seeds" in result.method
    assert "by seed: −1.0 pp, −1.2 pp, −1.3 pp" in result.reason


def test_seeds_that_differ_are_undecided_though_their_mean_would_pass():
    apart = [seed(0, 0), seed(1, 3), seed(2, 33)]
    result = decided(*apart)
    assert result.verdict is Verdict.INCONCLUSIVE
    (alone,) = decide([replace(recipe_of(apart, "v2"), seeds=())])
    assert alone.verdict is Verdict.PASS
    assert result.ci is not None
    assert alone.ci is not None
    assert result.ci[0] < alone.ci[0]
    assert "seeds would decide it on these samples" in result.reason
    assert result.required_n is None


def test_a_recipe_that_loses_fails():
    assert decided(seed(0, 90), seed(1, 95), seed(2, 100)).verdict is Verdict.FAIL


def test_a_sample_that_one_seed_lacks_is_missing_of_the_recipe():
    whole = seed(0, 2)
    lacking = compared([1.0] * 600, [1.0] * 580 + [None] * 20, model="v2.seed2")
    assert decided(whole, lacking, seed(1, 3)).missing == 20
    none = compared([1.0] * 600, [1.0] * 500 + [None] * 100, model="v2.seed2")
    assert decided(whole, none, seed(1, 3)).verdict is Verdict.INCONCLUSIVE
    fewer = compared([1.0] * 590, [1.0] * 590, model="v2.seed2")
    assert decided(whole, fewer, seed(1, 3)).missing == 10


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_order_of_the_seeds_does_not_matter(order):
    seeds = [seed(0, 6), seed(1, 17), seed(2, 8)]
    assert decided(*(seeds[i] for i in order)).p_pass == pytest.approx(decided(*seeds).p_pass)


def test_every_demand_is_tested_over_the_seeds():
    of = gate(max_drop=Margin(0.05, "pp"), min=0.95)
    alike = [seed(number, 6 + number, of=of) for number in range(3)]
    assert decided(*alike).verdict is Verdict.PASS
    apart = [seed(number, lost, of=of) for number, lost in enumerate((0, 3, 36))]
    assert decided(*apart).verdict is Verdict.INCONCLUSIVE


def test_a_relative_margin_and_lower_is_better():
    metric = Metric("acc", higher_is_better=False)
    worse = decided(*(seed(k, 40 + k, metric=metric) for k in range(3)))
    assert worse.delta > 0
    assert worse.verdict is Verdict.PASS
    relative = gate(max_drop=Margin(0.05, "%"))
    assert decided(*(seed(k, 6 + k, of=relative) for k in range(3))).verdict is Verdict.PASS


def test_a_corpus_metric_is_averaged_over_the_seeds():
    metric = Metric("acc", kind=ScoreKind.CORPUS, higher_is_better=True)

    def mean(samples):
        return float(np.mean([sample.scores["acc"] for sample in samples]))

    def corpus(number, lost, n=600):
        from evalguard.gates.compare import compare
        from tests.gates.build import samples

        scores = np.ones(n)
        scores[number * 40 : number * 40 + lost] = 0.0
        return compare(gate(), metric, samples([1.0] * n), samples(scores.tolist()),
                       model=f"v2.seed{number}", n_planned=600, aggregate=mean)  # fmt: skip

    result = decided(*(corpus(k, 4 + k) for k in range(3)))
    assert result.delta == pytest.approx(-5 / 600)
    assert result.verdict is Verdict.PASS
    assert decided(corpus(0, 0), corpus(1, 3), corpus(2, 36)).verdict is Verdict.INCONCLUSIVE
    fewer = decided(corpus(0, 1), corpus(1, 1, n=500))
    assert fewer.verdict is Verdict.ERROR
    assert "not measured on the same samples" in fewer.reason


def test_labels_of_drawn_answers_are_an_error_and_no_pass():
    one = seed(0, 6)
    labelled = replace(one, labels=((1.0, 1.0), *[None] * 599))
    result = decided(labelled, seed(1, 7))
    assert result.verdict is Verdict.ERROR
    assert "not combined over seeds" in result.reason


def test_undetermined_answers_of_one_seed_keep_the_recipe_from_passing():
    seeds = [seed(0, 6), seed(1, 7), seed(2, 8)]
    sure = [replace(one, undetermined=((0.0, 0.0),) * 600) for one in seeds]
    assert decided(*sure).verdict is Verdict.PASS
    doubts = ((0.0, 0.0),) * 300 + ((0.0, 1.0),) * 300
    zeros = compared([1.0] * 600, [1.0] * 300 + [0.0] * 300, model="v2.seed0",
                     of=gate(max=0.9), metric=Metric("acc"))  # fmt: skip
    of = zeros.gate
    low = [replace(zeros, model=f"v2.seed{k}", undetermined=((0.0, 0.0),) * 600) for k in range(3)]
    assert decided(*low).verdict is Verdict.PASS
    unsure = replace(low[0], undetermined=doubts)
    held = decided(unsure, *[replace(one, gate=of, undetermined=doubts) for one in low[1:]])
    assert held.verdict is Verdict.INCONCLUSIVE
    assert "undetermined answers" in held.reason


def test_an_outlier_of_one_seed_does_not_outweigh_the_losses_of_the_others():
    """Each seed loses .27 nats after the clip; before it, every mean would be a gain of 2.7."""
    of = gate(metric="nll", max_drop=Margin(0.2, "nats"))
    nats = Metric(
        "nll", ScoreKind.BOUNDED, high=20.0, higher_is_better=False, clip=1.0, in_nats=True
    )
    seeds = [
        compared(
            [10.0] * 300,
            [0.0 if index % 3 == number else 10.9 for index in range(300)],
            metric=nats,
            of=of,
        )
        for number in range(3)
    ]
    result = decided(*seeds)
    assert result.seeds == pytest.approx([(1 - 0.9 - 0.9) / 3] * 3)
    assert result.delta == pytest.approx(np.mean(result.seeds))
    assert result.verdict is not Verdict.PASS
    assert result.candidate == pytest.approx(10 - 10 / 3 + 0.6)


def test_what_one_seed_lacks_may_have_been_lost():
    """With 12 losses it would not pass, as two seeds that differ by 2 points do not."""
    lacking = compared([1.0] * 600, [1.0] * 588 + [None] * 12)
    lost = compared([1.0] * 600, [1.0] * 588 + [0.0] * 12)
    whole = seed(1, 0)
    unknown, known = decided(lacking, whole), decided(lost, whole)
    assert known.verdict is unknown.verdict is Verdict.INCONCLUSIVE
    assert unknown.p_pass >= known.p_pass
    assert decided(whole, seed(2, 0)).verdict is Verdict.PASS


def test_seeds_that_were_not_compared_alike_are_no_recipe():
    one, other = seed(0, 0), seed(1, 0)
    wider = replace(other, gate=gate(max_drop=Margin(0.2, "pp")))
    judge = replace(other.metric, detector=DetectorRates(43, 50, 45, 50, own=True))
    clusters = [str(index // 2) for index in range(600)]
    apart = compared([1.0] * 600, [1.0] * 600, clusters=clusters)
    for odd in (wider, replace(other, metric=judge)):
        with pytest.raises(MeasurementError, match="not compared under one gate and metric"):
            recipe_of([one, odd], "v2")
    for pair in ((one, apart), (apart, one)):
        with pytest.raises(MeasurementError, match="is in cluster"):
            recipe_of(pair, "v2")
    with pytest.raises(MeasurementError, match="has 1 seed"):
        recipe_of([one], "v2")


JUDGE = DetectorRates(43, 50, 45, 50, own=True)


def test_a_metric_that_a_judge_scores_is_corrected_over_the_seeds():
    judged = Metric("acc", detector=JUDGE)
    plain = decided(*(seed(k, 20 + k) for k in range(3)))
    corrected = decided(*(seed(k, 20 + k, metric=judged) for k in range(3)))
    assert plain.verdict is Verdict.PASS
    assert corrected.verdict is Verdict.INCONCLUSIVE
    assert corrected.seeds == pytest.approx([one / (44 / 52 + 46 / 52 - 1) for one in plain.seeds])
    assert corrected.delta == pytest.approx(np.mean(corrected.seeds))
    apart = decided(*(seed(k, lost, metric=judged) for k, lost in enumerate((0, 3, 33))))
    assert apart.verdict is Verdict.INCONCLUSIVE


def test_a_relative_margin_of_a_judge_is_an_error_and_no_pass():
    judged, relative = Metric("acc", detector=JUDGE), gate(max_drop=Margin(0.05, "%"))
    result = decided(*(seed(k, 0, metric=judged, of=relative) for k in range(3)))
    assert result.verdict is Verdict.ERROR
    assert "give it in pp" in result.reason


def tailed(number, of, *, lost, at, n=400, high=20.0):
    """Return a seed with a few samples of its own far beyond the clip of 1 nat."""
    nats = Metric(
        "nll", ScoreKind.BOUNDED, high=high, higher_is_better=False, clip=1.0, in_nats=True
    )
    after = np.full(n, 2.0)
    after[number * 40 : number * 40 + lost] = at
    return compared([2.0] * n, after.tolist(), metric=nats, of=of, model=f"v2.seed{number}")


@pytest.mark.slow
def test_a_bound_on_the_mean_counts_what_the_clip_cuts_off():
    """The mean of each seed is above the bound, and far below it once it is clipped."""
    of = gate(metric="nll", max=2.026, max_drop=Margin(0.5, "nats"))
    seeds = [tailed(number, of, lost=18, at=4.9, n=2000, high=5.0) for number in range(3)]
    assert {decide([one])[0].verdict for one in seeds} == {Verdict.INCONCLUSIVE}
    result = decided(*seeds)
    assert result.candidate == pytest.approx(2.0261)
    assert result.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("at", [4.9, 12.0])
def test_losses_beyond_the_clip_are_counted_in_each_seed_by_itself(at):
    """Of a mean over seeds, the clip would cut off more samples than of any seed, or none."""
    of = gate(metric="nll", max_drop=Margin(0.2, "nats"))
    few = [tailed(number, of, lost=7, at=at) for number in range(3)]
    assert {decide([one])[0].verdict for one in few} == {Verdict.PASS}
    assert decided(*few).verdict is Verdict.PASS
    many = [tailed(number, of, lost=20, at=at) for number in range(3)]
    assert {decide([one])[0].verdict for one in many} == {Verdict.FAIL}
