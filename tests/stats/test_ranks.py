"""All pairs of models, and intervals of their ranks."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import evalguard
from evalguard.errors import DataError, UsageError
from evalguard.stats import PairedBinary, holm, rank_models

FILE = Path(__file__).parents[2].parent / "shared/data/gsm8k/example_model_solutions.jsonl"
MODELS = ("175b_verification", "6b_verification", "175b_finetuning", "6b_finetuning")


def drawn(rates, n, seed=0):
    """Return independent scores of 0 and 1, shape (models, n)."""
    return (np.random.default_rng(seed).random((len(rates), n)) < np.array(rates)[:, None]) * 1.0


def test_four_real_models_stand_in_one_order():
    if not FILE.exists():
        pytest.skip("the published GSM8K model solutions are not beside the repository")
    rows = [json.loads(line) for line in FILE.read_text().splitlines()]
    ranked = evalguard.rank([[row[model]["is_correct"] for row in rows] for model in MODELS])
    assert [model.rank for model in ranked] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    for better in range(4):
        assert all(ranked[better].pvalues[worse] <= 0.01 for worse in range(better + 1, 4))
        assert all(ranked[better].pvalues[above] == 1.0 for above in range(better))
    assert ranked[1].pvalues[2] == pytest.approx(0.0095, abs=0.0001)
    assert ranked[0].mean == pytest.approx(742 / 1319)


def test_pvalues_are_those_of_the_exact_test_by_holm():
    scores = drawn([0.5, 0.6, 0.7], 150)
    pairs = list(permutations(range(3), 2))
    tests = [
        PairedBinary(
            int((scores[j] > scores[i]).sum()), int((scores[i] > scores[j]).sum()), 150
        ).p_pass(0.0)
        for i, j in pairs
    ]
    ranked = rank_models(scores)
    for (i, j), expected in zip(pairs, holm(tests), strict=True):
        assert ranked[i].pvalues[j] == expected


def test_the_order_of_the_models_and_the_direction_do_not_matter():
    scores = drawn([0.4, 0.6, 0.75, 0.6], 200, seed=3)
    plain, turned = rank_models(scores), rank_models(1 - scores, higher_is_better=False)
    assert [one.rank for one in plain] == [one.rank for one in turned]
    assert [one.rank for one in rank_models(scores[::-1])] == [one.rank for one in plain][::-1]


def test_models_that_answer_alike_share_all_ranks():
    same = [[1, 0, 1, 1] * 50] * 3
    assert {model.rank for model in rank_models(same)} == {(1, 3)}


def test_clusters_and_missing_scores_make_it_harder():
    scores = drawn([0.5, 0.66], 120, seed=5)
    alone = rank_models(scores)[1].pvalues[0]
    assert alone <= 0.05
    doubled = rank_models(np.repeat(scores, 4, axis=1), clusters=np.repeat(range(120), 4).tolist())
    assert doubled[1].pvalues[0] > rank_models(np.repeat(scores, 4, axis=1))[1].pvalues[0]
    scores[1, np.flatnonzero(scores[1])[:5]] = np.nan
    assert rank_models(scores)[1].pvalues[0] > alone


def test_few_clusters_show_nothing():
    scores = drawn([0.1, 0.9], 90)
    assert rank_models(scores, clusters=[i // 10 for i in range(90)])[1].rank == (1, 2)


def test_graded_scores_need_their_kind():
    rng = np.random.default_rng(2)
    scores = np.clip(rng.normal([[0.4], [0.6]], 0.1, (2, 200)), 0, 1)
    with pytest.raises(DataError, match="binary=False"):
        evalguard.rank(scores)
    assert [one.rank for one in evalguard.rank(scores, kind="bounded")] == [(2, 2), (1, 1)]


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ([[1, 0, 1]], {}, "at least two models"),
        ([], {}, "shape"),
        ([[], []], {}, "one question"),
        ([[1, 0], [1]], {}, "numbers of shape"),
        ([["a", "b"], ["a", "b"]], {}, "numbers of shape"),
        ([[1, 2], [1, 0]], {}, r"scores\[0\]\[1\] is 2"),
        ([[1, float("inf")], [1, 0]], {"kind": "bounded"}, "is inf"),
        ([[1, None], [1, 0]], {}, "could not be measured"),
        ([[1, 0], [1, 0]], {"clusters": ["a"]}, "clusters: 1 of 2"),
        ([[1, 0], [1, 0]], {"kind": "bounded", "low": 1}, "must be below"),
        ([[1, 0], [1, 0]], {"confidence_level": 95}, "above 0.5"),
    ],
)
def test_what_cannot_be_ranked_is_an_error(scores, options, message):
    with pytest.raises(DataError, match=message):
        evalguard.rank(scores, **options)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="kind must be"):
        evalguard.rank([[1, 0], [0, 1]], kind="corpus")  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("rates", [[0.6] * 6, [0.5, 0.5, 0.62, 0.62, 0.74, 0.74]])
def test_all_intervals_hold_together(rates):
    """Ranks are shared by equals: the interval must hold each one that a model may have."""
    runs, missed = 400, 0
    for run in range(runs):
        ranked = rank_models(drawn(rates, 150, seed=100 + run))
        for rate, model in zip(rates, ranked, strict=True):
            best = 1 + sum(other > rate for other in rates)
            worst = len(rates) - sum(other < rate for other in rates)
            if model.rank[0] > best or model.rank[1] < worst:
                missed += 1
                break
    assert missed / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
