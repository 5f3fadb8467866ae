"""Engine B: figures, invariances, hardening, and error rates where plain tests fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import (
    MIN_UNITS,
    PairedBinary,
    UnitT,
    fewest_samples,
    interval,
    paired_scores,
)
from evalguard.stats.hardened import Missed

FLOATS = st.floats(-1, 1, allow_nan=False, width=32)
SAMPLES = arrays(float, st.integers(MIN_UNITS, 60), elements=FLOATS)


def test_figures_worked_by_hand():
    """90 ties, 5 losses and 5 gains: nothing is skewed, and at v = 0 the t test is a plain one."""
    sums = np.array([0.0] * 90 + [1.0] * 5 + [-1.0] * 5)
    pseudo = 0.95 / 2  # half the way from the margin to the worst question
    error = np.sqrt(10 / 0.99 + 2 * pseudo**2) / 100
    kurtosis = (0.1 + 2 * pseudo**4 / 100) / (0.1 + 2 * pseudo**2 / 100) ** 2
    shown = stats.t.sf(0.05 / error, 200 / (kurtosis - 1))
    assert shown == pytest.approx(0.0684, abs=5e-5)
    found = UnitT(sums).p_pass(0.05)
    assert shown <= found <= 1.01 * shown
    assert UnitT(sums).p_fail(0.05) > 0.9


def test_no_spread_leaves_the_chance_to_have_missed_the_losses():
    """Of 59 units the chance that none shows a loss of the whole range is .95⁵⁹."""
    assert UnitT(np.zeros(59)).p_pass(0.05) == pytest.approx(0.95**59)
    assert UnitT(np.zeros(100)).p_fail(-0.05) == pytest.approx(0.95**100)


@given(SAMPLES, st.floats(-0.3, 0.3), st.floats(0.01, 1000))
@settings(max_examples=100, deadline=None)
def test_scale_does_not_matter(sums, margin, factor):
    plain = UnitT(sums)
    scaled = UnitT(sums * factor, low=-factor, high=factor)
    assert scaled.p_pass(margin * factor) == pytest.approx(plain.p_pass(margin), rel=1e-6)
    assert scaled.p_fail(margin * factor) == pytest.approx(plain.p_fail(margin), rel=1e-6)


@given(SAMPLES, st.floats(-0.3, 0.3), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_order_does_not_matter(sums, margin, random):
    shuffled = list(sums)
    random.shuffle(shuffled)
    assert UnitT(np.array(shuffled)).p_pass(margin) == pytest.approx(
        UnitT(sums).p_pass(margin), rel=1e-9
    )


@given(SAMPLES, st.floats(-0.3, 0.3))
@settings(max_examples=100, deadline=None)
def test_swapping_the_arms_swaps_the_sides(sums, margin):
    assert UnitT(-sums).p_fail(-margin) == pytest.approx(UnitT(sums).p_pass(margin), rel=1e-9)


@given(SAMPLES, st.floats(-0.3, 0.3))
@settings(max_examples=100, deadline=None)
def test_corrections_only_harden(sums, margin):
    """On the side that is claimed, the p-value is at least that of the plain t test."""
    spread = sums.std(ddof=1)
    if spread > 1e-6:
        t = (sums.mean() + margin) / (spread / np.sqrt(len(sums)))
        found = UnitT(sums).p_pass(margin) if t > 0 else UnitT(sums).p_fail(margin)
        assert found >= stats.t.sf(abs(t), len(sums) - 1) - 1e-9


@given(SAMPLES, st.floats(-0.3, 0.3), st.integers(0, 59))
@settings(max_examples=100, deadline=None)
def test_a_loss_of_everything_never_turns_a_sample_into_a_pass(sums, margin, index):
    worse = sums.copy()
    worse[index % len(sums)] = -1.0
    assert UnitT(worse).estimate <= UnitT(sums).estimate
    if UnitT(sums).p_pass(margin) > 0.05:
        assert UnitT(worse).p_pass(margin) > 0.05


CLUSTERS = st.integers(0, 2**32 - 1)


def unequal_clusters(seed):
    """Draw graded clusters of 1 to 8, one of them of 20."""
    rng = np.random.default_rng(seed)
    sizes = np.append(rng.integers(1, 9, 45), 20).astype(float)
    return np.clip(rng.normal(0, 0.25, 46), -1, 1) * sizes, sizes


@given(CLUSTERS, st.floats(-0.4, 0.4), st.floats(0.0, 0.2))
@settings(max_examples=60, deadline=None)
def test_a_wider_margin_is_easier_to_show_and_harder_to_refute(seed, margin, more):
    test = UnitT(*unequal_clusters(seed))
    assert test.p_pass(margin + more) <= test.p_pass(margin) + 1e-9
    assert test.p_fail(margin + more) >= test.p_fail(margin) - 1e-9


@given(CLUSTERS)
@settings(max_examples=10, deadline=None)
def test_a_higher_level_widens_the_interval(seed):
    test = UnitT(*unequal_clusters(seed))
    inner, outer = (interval(test, margin=0.05, alpha=alpha) for alpha in (0.05, 0.01))
    assert outer.low <= inner.low <= test.estimate <= inner.high <= outer.high


@given(SAMPLES, st.floats(0.05, 0.5), st.floats(-5, 5))
@settings(max_examples=60, deadline=None)
def test_a_shift_of_scores_and_bound_does_not_matter(scores, bound, shift):
    """One arm: scores from -1 to 1 tested against a bound, and both moved."""
    plain = UnitT(scores).p_pass(-bound)
    moved = UnitT(scores + shift, low=-1 + shift, high=1 + shift).p_pass(-bound - shift)
    assert moved == pytest.approx(plain, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("sizes", "share", "expected"),
    [
        (np.ones(59), 0.05, 0.95**59),
        # Only the giant may be bad: of 100 questions it holds 40, so 5 of them are 1/8 of it.
        (np.append(np.ones(60), 40.0), 0.05, 7 / 8),
        # Ten clusters of five among 140 questions: 7 of their 50 questions.
        (np.append(np.ones(90), np.full(10, 5.0)), 0.05, (1 - 7 / 50) ** 10),
    ],
)
def test_the_chance_to_have_missed_the_bad_units(sizes, share, expected):
    assert Missed(sizes)(np.array([share])) == pytest.approx(expected)


def test_no_choice_of_bad_units_is_missed_more_often():
    """Against a search: 20,000 random ways to spread the bad questions over the clusters."""
    rng = np.random.default_rng(4)
    sizes = np.array([1.0] * 8 + [3.0] * 4 + [7.0] * 2)
    bound = float(Missed(sizes)(np.array([0.2]))[0])
    raw = rng.exponential(1, (20000, len(sizes))) ** rng.uniform(0.2, 4, (20000, 1))
    chances = raw / (raw @ sizes)[:, None] * 0.2 * sizes.sum()
    met_none = np.prod(1 - chances[(chances <= 1).all(axis=1)], axis=1)
    assert 0.9 * bound < met_none.max() <= bound


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.10])
def test_unchanged_scores_pass_from_the_same_n_as_in_the_exact_test(margin):
    least = fewest_samples(margin)
    assert UnitT(np.zeros(least)).p_pass(margin) <= 0.05 < UnitT(np.zeros(least - 2)).p_pass(margin)


@pytest.mark.parametrize("losses", [1, 3, 6])
def test_rare_losses_need_nearly_the_n_of_the_exact_test(losses):
    """Independent binary scores given to engine B: it must not be the laxer of the two."""

    def least(passes):
        return next(n for n in range(20, 600) if passes(n))

    exact = least(lambda n: PairedBinary(losses, 0, n).p_pass(0.05) <= 0.05)
    units = least(lambda n: UnitT(np.append(np.zeros(n - losses), -np.ones(losses))).p_pass(0.05)
                  <= 0.05)  # fmt: skip
    assert exact * 0.97 <= units <= exact * 1.05


def test_few_units_decide_nothing():
    few = UnitT(np.full(MIN_UNITS - 1, 0.9))
    assert few.p_pass(0.5) == few.p_fail(0.5) == 1.0
    assert UnitT(np.full(MIN_UNITS, 0.9)).p_pass(0.5) < 0.05


def test_clusters_count_as_units():
    """Five copies of every question are no more evidence than one."""
    sums = np.random.default_rng(2).choice([0.0, 0.0, 0.0, 1.0, -1.0], 80)
    copied = UnitT(sums * 5, sizes=np.full(80, 5.0))
    assert copied.estimate == pytest.approx(sums.mean())
    assert copied.p_pass(0.05) >= UnitT(sums).p_pass(0.05)


def test_relative_margin_moves_with_the_baseline():
    """Testing y − (1 − ρ)x > 0 directly is the same as a margin that scales with x."""
    rng = np.random.default_rng(3)
    x = rng.uniform(0.4, 1.0, 60)
    y = np.clip(x - rng.uniform(-0.05, 0.1, 60), 0, 1)
    margin = 0.1 * x.mean()
    relative = UnitT(y - x, scale=x / x.mean())
    direct = UnitT(y - 0.9 * x, low=-1 + margin, high=1 + margin)
    assert relative.p_pass(margin) == pytest.approx(direct.p_pass(0.0))
    assert relative.p_fail(margin) == pytest.approx(direct.p_fail(0.0))


def test_clustered_errors_are_those_of_a_regression():
    """The standard error of a mean over clusters, against the formula of CR2 for an intercept."""
    sums, sizes = unequal_clusters(8)
    mean = sums.sum() / sizes.sum()
    leverage = sizes / sizes.sum()
    expected = np.sqrt(np.sum((sums - mean * sizes) ** 2 / (1 - leverage))) / sizes.sum()
    found = UnitT(sums, sizes, low=-0.05, high=-0.05).standard_error(0.05)  # none to add
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("bad", [np.array([np.nan] * 12), np.array([np.inf] * 12), np.array([])])
def test_broken_values_are_refused(bad):
    with pytest.raises(DataError, match="finite"):
        UnitT(bad)


def test_shapes_must_agree():
    with pytest.raises(DataError, match="one length"):
        UnitT(np.zeros(12), sizes=np.ones(11))


@pytest.mark.parametrize("size", [0.0, -1.0])
def test_a_unit_has_a_size(size):
    with pytest.raises(DataError, match="above 0"):
        UnitT(np.zeros(12), sizes=np.append(np.ones(11), size))


def false_pass(draw, margin, replications=4000, seed=11):
    """Return the share of PASS over samples at the margin, with its allowance of 3·MCSE."""
    rng = np.random.default_rng(seed)
    passed = 0
    for _ in range(replications):
        sums, sizes = draw(rng)
        passed += UnitT(sums, sizes=sizes).p_pass(margin) <= 0.05
    return passed / replications, 3 * np.sqrt(0.05 * 0.95 / replications)


def catastrophes(n, share, margin, noise):
    """Draw n questions of which a share loses everything and the rest makes up for it."""
    rest = (share - margin) / (1 - share)

    def draw(rng):
        sums = np.where(rng.random(n) < share, -1.0, rest + noise * rng.standard_normal(n))
        return np.clip(sums, -1, 1), None

    return draw


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 50, 83, 120, 300, 1000])
@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_false_pass_on_rare_catastrophes(n, share, noise):
    found, allowance = false_pass(catastrophes(n, share, 0.05, noise), 0.05)
    assert found <= 0.05 + allowance


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100, 300])
@pytest.mark.parametrize("loss", [0.25, 0.5, 1.0])
def test_false_pass_on_sparse_losses(n, loss):
    def draw(rng):
        return np.where(rng.random(n) < 0.05 / loss, -loss, 0.0), None

    found, allowance = false_pass(draw, 0.05)
    assert found <= 0.05 + allowance


def correlated(count, sizes, icc, psi, theta):
    """Draw clusters whose questions share the cluster's outcome with probability √ICC."""
    shares = [(psi - theta) / 2, (psi + theta) / 2, 1 - psi]

    def draw(rng):
        size = sizes(rng, count)
        total = int(size.sum())
        own = rng.choice([-1.0, 1.0, 0.0], p=shares, size=total)
        shared = np.repeat(rng.choice([-1.0, 1.0, 0.0], p=shares, size=count), size)
        outcome = np.where(rng.random(total) < np.sqrt(icc), shared, own)
        unit = np.repeat(np.arange(count), size)
        return np.bincount(unit, weights=outcome, minlength=count), size.astype(float)

    return draw


@pytest.mark.slow
def test_false_pass_on_clusters():
    def equal(_, count):
        return np.full(count, 5)

    draw = correlated(100, equal, icc=0.3, psi=0.1, theta=-0.05)
    assert false_pass(draw, 0.05)[0] <= 0.06

    # What ignoring the clusters costs, on the same draws.
    rng = np.random.default_rng(11)
    passed = 0
    for _ in range(1500):
        size = np.full(100, 5)
        unit_outcomes = rng.choice([-1.0, 1.0, 0.0], p=[0.075, 0.025, 0.9], size=100)
        own = rng.choice([-1.0, 1.0, 0.0], p=[0.075, 0.025, 0.9], size=500)
        shared = np.repeat(unit_outcomes, size)
        outcome = np.where(rng.random(500) < np.sqrt(0.3), shared, own)
        passed += UnitT(outcome).p_pass(0.05) <= 0.05
    assert passed / 1500 > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.0, 0.3, 1.0])
def test_false_pass_on_unequal_clusters(icc):
    def unequal(rng, count):
        return np.minimum(1 + rng.geometric(0.2, count), 60)

    draw = correlated(100, unequal, icc=icc, psi=0.1, theta=-0.05)
    found, allowance = false_pass(draw, 0.05)
    assert found <= 0.05 + allowance


def lost_clusters(sizes, count, noise):
    """Draw clusters of which each of the ``count`` largest is lost with one probability."""
    chance = 0.05 * sizes.sum() / np.sort(sizes)[-count:].sum()
    large = np.argsort(sizes)[-count:]

    def draw(rng):
        sums = np.clip(noise * rng.standard_normal(len(sizes)) * np.sqrt(sizes), -sizes, sizes)
        lost = large[rng.random(count) < chance]
        sums[lost] = -sizes[lost]
        return sums, sizes

    return draw


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        (np.repeat([1.0, 5.0], [90, 10]), 10),
        (np.repeat([1.0, 5.0], [90, 10]), 5),
        (np.repeat([1.0, 20.0], [56, 4]), 4),
        (np.repeat([1.0, 4.0], [300, 20]), 20),
        (np.full(100, 5.0), 100),
    ],
)
def test_false_pass_where_the_large_clusters_are_lost(sizes, count, noise):
    found, allowance = false_pass(lost_clusters(sizes, count, noise), 0.05)
    assert found <= 0.05 + allowance


@pytest.mark.slow
def test_graded_scores_of_a_small_sample_keep_most_of_their_power():
    """n = 50, sd .15, 5 points, unchanged: a plain t test, which is not valid, passes .75."""

    def draw(rng):
        return np.clip(rng.normal(0, 0.15, 50), -1, 1), None

    assert false_pass(draw, 0.05, replications=2000)[0] >= 0.45


@pytest.mark.parametrize(
    ("share", "higher", "usual", "bad", "clip"),
    [
        (-2.0, True, (0.1, 0.9), (1.0, 0.0), None),  # a baseline's 1 must become 3
        (0.5, False, (0.6, 0.6), (0.0, 1.0), None),
        (-0.5, False, (1.0, 0.3), (8.0, 8.0), 1.0),
        (-1.0, True, (0.2, 0.7), (0.9, 0.0), None),
    ],
)
def test_a_relative_margin_counts_the_worst_question_by_its_own_margin(
    share, higher, usual, bad, clip
):
    def above(x, y):  # how far one question lies above a margin that is a share of its baseline
        change = (y - x) if higher else (x - y)
        if clip is not None:
            change = float(np.clip(change, -clip, clip))
        return change + share * x

    rate = above(*usual) / (above(*usual) - above(*bad))  # of bad questions, at the margin
    for n in range(MIN_UNITS, 80):
        # What a sample shows that holds no bad question, as (1 - rate)**n of all samples do.
        scores = paired_scores(
            [usual[0]] * n,
            [usual[1]] * n,
            binary=False,
            higher_is_better=higher,
            high=10.0 if clip else 1.0,
            clip=clip,
        )
        margin = share * usual[0]
        assert scores.difference(relative=True).p_pass(margin) >= (1 - rate) ** n - 1e-9
