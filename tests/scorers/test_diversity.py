"""Collapse shows, and length alone does not."""

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalguard.scorers.diversity import (
    METRICS,
    bigram_overlap,
    common_length,
    compression_ratio,
    distinct_2,
    log_length_ratio,
    prompt_diversity,
    repetition_loop,
    shared_answers,
    unique_outputs,
)

PROMPTS = 100
SAMPLES = 8
VOCABULARY = 800


def simulate(rng, *, scale, temperature=1.0):
    """Draw samples of two models for each prompt from a Zipf law over the prompt's own words.

    The candidate's lengths are ``scale`` times the baseline's; at a temperature below 1 it also
    repeats itself more. Returns the candidate-minus-baseline differences of each measure.
    """
    weights = 1 / np.arange(1, VOCABULARY + 1)
    differences: dict[str, list[float]] = defaultdict(list)
    for _ in range(PROMPTS):
        own_words = rng.permutation(VOCABULARY)

        def draw(scale, temperature, own_words=own_words):
            p = weights ** (1 / temperature)
            lengths = np.maximum(8, rng.normal(60, 15, SAMPLES) * scale).astype(int)
            return [own_words[rng.choice(VOCABULARY, n, p=p / p.sum())].tolist() for n in lengths]

        baseline, candidate = draw(1.0, 1.0), draw(scale, temperature)
        length = common_length([len(sample) for sample in baseline + candidate])
        for name, measure in (
            ("distinct_2", lambda s, n=length: distinct_2(s, length=n)),
            ("bigram_overlap", lambda s, n=length: bigram_overlap(s, length=n)),
            ("compression", lambda s, n=length: compression_ratio(s, length=n)),
            ("raw", lambda s: compression_ratio(s, length=None)),
        ):
            differences[name].append(measure(candidate) - measure(baseline))
    return differences


def t_value(values):
    return np.mean(values) / (np.std(values, ddof=1) / math.sqrt(len(values)))


@pytest.mark.parametrize("scale", [0.6, 0.65, 0.7, 1.35, 1.4])
def test_length_alone_does_not_trip(scale):
    differences = simulate(np.random.default_rng(20), scale=scale)
    for name in ("distinct_2", "bigram_overlap", "compression"):
        assert abs(t_value(differences[name])) < 3, name
    assert abs(t_value(differences["raw"])) > 8, "which is why length is held fixed"


@pytest.mark.parametrize("scale", [0.65, 1.0, 1.35])
def test_collapse_trips_at_any_length(scale):
    differences = simulate(np.random.default_rng(20), scale=scale, temperature=0.8)
    assert t_value(differences["distinct_2"]) < -8
    assert t_value(differences["bigram_overlap"]) > 8
    assert t_value(differences["compression"]) > 8


def test_one_answer_for_every_sample_is_the_worst_of_all():
    sample = [f"w{i}" for i in range(30)]
    collapsed = prompt_diversity(
        ["same"] * 8, [sample] * 8, length=30, stopped_at_limit=[False] * 8
    )
    rng = np.random.default_rng(3)
    healthy = prompt_diversity(
        [f"text {i}" for i in range(8)],
        [rng.integers(0, 500, 30).tolist() for _ in range(8)],
        length=30,
        stopped_at_limit=[False] * 8,
    )
    assert collapsed["unique_outputs"] == 1 / 8
    assert collapsed["distinct_2"] == pytest.approx(1 / 8)
    assert collapsed["bigram_overlap"] == 1
    for metric in METRICS:
        assert metric.low <= collapsed[metric.name] <= metric.high
        worse = collapsed[metric.name] - healthy[metric.name]
        assert worse <= 0 if metric.higher_is_better else worse >= 0, metric.name
    assert collapsed.keys() == {metric.name for metric in METRICS}


def test_compression_is_capped_at_its_declared_range():
    loop = ["the same words again"] * 4000
    found = prompt_diversity(["x"] * 4, [loop] * 4, length=4000, stopped_at_limit=[True] * 4)
    assert found["compression"] == 10.0
    assert found["repetition_loop"] == 1.0


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("yes yes yes yes", True),
        ("yes yes yes", False),
        ("a b a b a b a b", True),
        ("a b a b a b a c", False),
        ("x a b c a b c a b c a b c y", True),
        ("once upon a time there was a fox", False),
        ("", False),
    ],
)
def test_four_repeats_in_a_row_are_a_loop(text, loops):
    assert repetition_loop(text.split(), stopped_at_limit=False) is loops


@pytest.mark.parametrize("period", [1, 7, 20])
def test_loops_of_up_to_twenty_tokens_are_seen(period):
    unit = [f"w{i}" for i in range(period)]
    assert repetition_loop(["start", *unit * 4, "end"], stopped_at_limit=False)
    assert not repetition_loop(["start", *unit * 3, "end"], stopped_at_limit=False)
    longer = [f"w{i}" for i in range(21)]
    assert not repetition_loop(longer * 4, stopped_at_limit=False)


def test_repeats_in_no_order_count_only_at_the_token_limit():
    rng = np.random.default_rng(1)
    phrases = [
        ["a", "b", "c", "d", "e", "f", "g"],
        ["h", "i", "j", "k", "l", "m", "n"],
        ["o", "p", "q", "r", "s", "t", "u"],
    ]
    tokens = [token for index in rng.integers(0, 3, 60) for token in phrases[index]]
    tokens = [t for t, n in pairwise(tokens) if t != n]
    assert repetition_loop(tokens, stopped_at_limit=True)
    assert not repetition_loop([str(i) for i in range(300)], stopped_at_limit=True)


def test_lengths_and_few_samples():
    assert common_length([5]) == 5
    assert common_length([0, 0, 0]) == 1
    assert common_length(list(range(1, 101))) == 10
    assert log_length_ratio([14, 26], [40, 40]) == pytest.approx(math.log(0.5))
    assert log_length_ratio([0, 0], [10, 10]) == pytest.approx(-math.log(10))
    assert log_length_ratio([3, 5], [7, 9]) == -log_length_ratio([7, 9], [3, 5])
    with pytest.raises(ValueError, match="got none"):
        common_length([])
    with pytest.raises(ValueError, match="both models"):
        log_length_ratio([], [3])
    with pytest.raises(ValueError, match="at least 4 samples"):
        unique_outputs(["a", "b", "c"])
    with pytest.raises(ValueError, match="at least 2"):
        bigram_overlap([[1, 2]], length=2)
    with pytest.raises(ValueError, match="got 4, 3 and 4"):
        prompt_diversity(["a"] * 4, [[1]] * 3, length=1, stopped_at_limit=[False] * 4)


def test_no_text_is_no_diversity():
    assert distinct_2([[], []], length=5) == 0
    assert bigram_overlap([[], []], length=5) == 1
    assert unique_outputs([""] * 4) == 0.25


def test_answers_shared_by_prompts():
    assert shared_answers(["Yes.", "no", " yes", "maybe"]) == [True, False, True, False]


token_lists = st.lists(st.lists(st.integers(0, 5), max_size=30), min_size=2, max_size=6)


@settings(deadline=None)
@given(token_lists, st.integers(1, 40))
def test_order_of_samples_does_not_matter(samples, length):
    mirrored = samples[::-1]
    assert distinct_2(samples, length=length) == distinct_2(mirrored, length=length)
    assert bigram_overlap(samples, length=length) == pytest.approx(
        bigram_overlap(mirrored, length=length)
    )


@settings(deadline=None)
@given(token_lists, st.integers(1, 20))
def test_tokens_beyond_the_length_do_not_matter(samples, length):
    cut = [sample[:length] for sample in samples]
    longer = [[*sample, 9, 9, 9] if len(sample) == length else sample for sample in cut]
    assert distinct_2(longer, length=length) == distinct_2(cut, length=length)
    assert bigram_overlap(longer, length=length) == bigram_overlap(cut, length=length)
    assert compression_ratio(longer, length=length) == compression_ratio(cut, length=length)
