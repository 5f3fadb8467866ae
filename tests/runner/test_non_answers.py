"""Empty, looping and garbled answers get the worst score where the baseline answered."""

import pytest

from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.runner.non_answers import held_to_answers, warning

RIGHT = "It is Paris."
FORM = Metric("form")


def sample(*outputs, score=1.0, target="", name="form"):
    return ScoredSample(
        task="t", sample_id="1", prompt="", target=target, outputs=outputs, scores={name: score}
    )


def held(candidate, baseline=(RIGHT,), metric=FORM, **more):
    samples = ({"1": sample(*baseline)}, {"1": sample(*candidate, **more)})
    return held_to_answers(*samples, metric)["1"].scores["form"]


@pytest.mark.parametrize(
    "none", ["", "  \n", "the the the the the the the", "\ufffd" * 9, "...", "1. 1. 1. 1. 1. 1."]
)
def test_it_gets_the_worst_score(none):
    assert held([none]) == 0.0
    low = Metric("form", ScoreKind.BOUNDED, low=-2.0, high=2.0)
    assert held([none], metric=low) == -2.0


@pytest.mark.parametrize("answer", ["Lyon.", "42", "Ja", "x", "[1, 2]"])
def test_answers_keep_their_scores(answer):
    assert held([answer]) == 1.0


def test_of_several_outputs_those_that_are_none_win_nothing():
    assert held([RIGHT, ""], baseline=(RIGHT, RIGHT)) == 0.5
    assert held([RIGHT, ""], baseline=(RIGHT, RIGHT), score=0.25) == 0.25


def test_silence_wins_where_the_baseline_is_silent_too_or_the_metric_allows_it():
    assert held([""], baseline=("",)) == 1.0
    assert held([""], metric=Metric("form", silence_may_win=True)) == 1.0
    assert held([""], metric=Metric("form", higher_is_better=False)) == 1.0
    assert held([""], metric=Metric("form", ScoreKind.CORPUS)) == 1.0


def test_the_target_is_an_answer_whatever_it_is():
    assert held(["0 1 0 1 0 1 0 1"], target="0 1 0 1 0 1 0 1") == 1.0
    assert held(["0 1 0 1 0 1 0 1"], target="1 0 1 0 1 0 1 0") == 0.0


def test_a_warning_counts_them():
    baseline = {"1": sample(RIGHT)}
    assert warning("v2", "qa/t", baseline, [sample(RIGHT)]) == ""
    assert "v2: 1 of 1 answers on qa/t are empty" in warning("v2", "qa/t", baseline, [sample("")])
