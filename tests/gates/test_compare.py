"""Pairing: what is refused, and what stays in."""

import dataclasses
from collections.abc import Sequence

import pytest

from evalguard.errors import MeasurementError
from evalguard.gates.compare import compare
from evalguard.records import Metric, ScoredSample, ScoreKind
from tests.gates.build import ACC, compared, gate, samples


def test_pairs_keep_the_baselines_order():
    before, after = samples([1, 0, 1]), samples([0, 0, 1])
    made = compare(gate(), ACC, before, after[::-1], model="v2", n_planned=9)
    assert [pair.sample_id for pair in made.pairs] == ["0", "1", "2"]
    assert [pair.candidate_score for pair in made.pairs] == [0, 0, 1]
    assert made.n_planned == 9


def test_a_failed_sample_stays_as_a_pair_without_score():
    made = compared([1, None, 0], [None, 1, 0])
    assert [(p.baseline_score, p.candidate_score) for p in made.pairs] == [
        (1, None),
        (None, 1),
        (0, 0),
    ]


def test_only_the_gates_task_counts():
    mixed = [*samples([1, 1], task="qa"), *samples([0, 0], task="sums")]
    made = compare(gate(task="sums"), ACC, mixed, mixed, model="v2", n_planned=2)
    assert {pair.task for pair in made.pairs} == {"sums"}


def test_the_same_id_in_two_tasks_is_no_duplicate():
    mixed = [*samples([1, 1], task="qa"), *samples([0, 0], task="sums")]
    assert len(compare(gate(), ACC, mixed, mixed, model="v2", n_planned=4).pairs) == 4


def test_repeats_of_a_binary_metric_make_it_bounded():
    made = compared([0.5, 1.0], [0.25, 0.75], repeats=4)
    assert made.metric == dataclasses.replace(ACC, kind=ScoreKind.BOUNDED)
    assert compared([1, 1], [0, 1]).metric == ACC


def test_duplicates_are_refused():
    twice = [*samples([1]), *samples([1])]
    with pytest.raises(MeasurementError, match="candidate: sample '0' of task 'qa' appears twice"):
        compare(gate(), ACC, samples([1]), twice, model="v2", n_planned=2)


@pytest.mark.parametrize(("before", "after", "arm"), [(5, 3, "candidate"), (1, 5, "baseline")])
def test_unmatched_samples_are_refused(before, after, arm):
    with pytest.raises(MeasurementError, match=f"samples have no {arm} result .qa/"):
        compare(gate(), ACC, samples([1] * before), samples([1] * after), model="v2", n_planned=9)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (float("nan"), "scores must be finite"),
        (float("inf"), "scores must be finite"),
        (0.5, "declared binary"),
        (2.0, "declared binary"),
    ],
)
def test_impossible_scores_are_refused(score, message):
    with pytest.raises(MeasurementError, match=message) as caught:
        compared([1, 1], [1, score])
    assert "qa/acc [v2]: candidate: sample '1' of task 'qa'" in str(caught.value)


def test_a_score_outside_its_range_is_refused():
    with pytest.raises(MeasurementError, match="outside its declared range 0…1"):
        compared([1, 1], [1, 1.5], metric=Metric("acc", ScoreKind.BOUNDED))


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(MeasurementError, match=r"has no score 'acc'\. Did you mean 'accu'"):
        compare(
            gate(), ACC, samples([1], metric="accu"), samples([1], metric="accu"), model="v2",
            n_planned=1,
        )  # fmt: skip


def test_nothing_measured_is_refused():
    with pytest.raises(MeasurementError, match="no sample was scored"):
        compare(gate(), ACC, [], [], model="v2", n_planned=5)


def test_more_than_planned_is_refused():
    with pytest.raises(MeasurementError, match="3 samples were measured but 2 planned"):
        compared([1] * 3, [1] * 3, n_planned=2)


CORPUS = Metric("bleu", ScoreKind.CORPUS, 0.0, 100.0)


def length(rows: Sequence[ScoredSample]) -> float:
    return float(sum(len(row.outputs[0]) for row in rows))


def test_a_corpus_metric_is_computed_with_each_group_left_out():
    before, after = samples([1] * 40, metric="x"), samples([1] * 40, metric="x")
    before = [dataclasses.replace(row, outputs=("ab",)) for row in before]
    after = [dataclasses.replace(row, outputs=("a",)) for row in after]
    made = compare(
        gate(metric="bleu"), CORPUS, before, after, model="v2", n_planned=40, aggregate=length
    )
    assert made.corpus is not None
    assert (made.corpus.baseline, made.corpus.candidate) == (80, 40)
    assert made.corpus.baseline_without == (76.0,) * 20
    assert made.corpus.candidate_without == (38.0,) * 20


def test_a_corpus_metric_counts_what_is_missing():
    before, after = samples([1] * 40, metric="x"), samples([1] * 39 + [None], metric="x")
    made = compare(
        gate(metric="bleu"), CORPUS, before, after, model="v2", n_planned=40, aggregate=len
    )
    assert made.corpus is not None
    assert (made.corpus.missing, made.corpus.baseline) == (1, 39)


def test_a_corpus_metric_needs_its_function():
    with pytest.raises(MeasurementError, match="pass the function as aggregate"):
        compared([1] * 3, [1] * 3, metric=CORPUS)


def test_a_broken_corpus_value_is_refused():
    with pytest.raises(MeasurementError, match="outside its declared range"):
        compare(gate(metric="bleu"), CORPUS, samples([1] * 30), samples([1] * 30), model="v2",
                n_planned=30, aggregate=lambda rows: float("nan"))  # fmt: skip


def unscored(rows: Sequence[ScoredSample], *where: int) -> list[ScoredSample]:
    return [
        dataclasses.replace(row, scores={}, not_scored=("acc",)) if index in where else row
        for index, row in enumerate(rows)
    ]


def test_a_question_that_is_scored_on_neither_side_is_left_out():
    before, after = unscored(samples([1] * 5), 1, 3), unscored(samples([1] * 5), 1, 3)
    made = compare(gate(), ACC, before, after, model="v2", n_planned=9)
    assert [pair.sample_id for pair in made.pairs] == ["0", "2", "4"]
    assert made.n_planned == 7


def test_a_question_that_is_scored_on_one_side_only_is_missing():
    made = compare(
        gate(), ACC, samples([1] * 3), unscored(samples([1] * 3), 1), model="v2", n_planned=3
    )
    assert [pair.candidate_score for pair in made.pairs] == [1, None, 1]


def test_a_metric_that_scores_nothing_is_refused():
    rows = unscored(samples([1] * 3), 0, 1, 2)
    with pytest.raises(MeasurementError, match="none of 3 samples has a score of this metric"):
        compare(gate(), ACC, rows, rows, model="v2", n_planned=3)


def test_a_corpus_metric_that_does_not_score_a_sample_on_one_side_misses_it():
    rows = samples([1] * 40)
    metric = Metric("acc", ScoreKind.CORPUS)
    made = compare(
        gate(), metric, rows, unscored(rows, 2), model="v2", n_planned=40,
        aggregate=lambda found: len(found) / 40,
    )  # fmt: skip
    assert made.corpus is not None
    assert made.corpus.missing == 1


@pytest.mark.parametrize("value", [1 + 1e-12, 1 + 2**-52])
def test_rounding_alone_is_not_out_of_range(value):
    metric = Metric("acc", ScoreKind.CORPUS)
    rows = samples([1] * 40)
    made = compare(gate(), metric, rows, rows, model="v2", n_planned=40, aggregate=lambda _: value)
    assert made.corpus is not None
    assert made.corpus.baseline == 1.0
