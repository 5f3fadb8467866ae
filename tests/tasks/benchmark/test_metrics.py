"""Ranges, directions and units: known, declared, or no gate may stand on the metric."""

import math
from pathlib import Path

import lm_eval.tasks
import numpy as np
import pytest

from evalguard.errors import DataError, MeasurementError
from evalguard.records import Margin, ScoreKind
from evalguard.tasks.benchmark.metrics import Declared
from evalguard.tasks.benchmark.values import decode

GENERATES = "output_type: generate_until\ndoc_to_target: a\n"
CHOOSES = "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: label\n"
OWN = "process_results: !function code.scores\nmetric_list:\n"

CODE = """
import numpy as np

def scores(doc, results):
    right = results[0] == doc["a"]
    return {
        "overlap_max": 100.0 if right else 20.0,
        "log_ratio": -0.5,
        "answered": 1.0 if results[0] else float("nan"),
        "pair": (np.float32(right), {"ids": [1]}),
        "unsure": 0.5,
    }

def total(items):
    return float(sum(first for first, _ in items))

def several(references, predictions):
    right = float(references[0] == predictions[0])
    return {"hit": right, "miss": 1 - right}
"""


def metrics(task):
    return {metric.name: metric for metric in task.metrics}


def listed(*entries):
    return OWN + "".join(f"  - {{{entry}}}\n" for entry in entries)


MEAN = "aggregation: mean, higher_is_better: true"


@pytest.mark.parametrize("name", ["overlap_max", "log_ratio"])
def test_a_mean_outside_0_to_1_is_not_gated_until_its_range_is_declared(load, name):
    text = GENERATES + listed(f"metric: {name}, {MEAN}")
    found = metrics(load(text, code=CODE))[name]
    assert f"metrics: {{{name}: {{low: 0, high: 100}}}}" in found.ungated
    declared = {name: Declared(-100, 100)}
    found = metrics(load(text, code=CODE, declared=declared))[name]
    assert (found.low, found.high, found.ungated, found.kind) == (-100, 100, "", ScoreKind.BOUNDED)
    assert found.problem_of(Margin(0.05, "pp")).endswith("write 5 points, on that scale")
    assert found.problem_of(Margin(5, "points")) is None
    assert found.problem_of(Margin(200, "points")) is not None


def test_an_own_aggregation_has_no_known_range(load):
    text = GENERATES + listed(
        "metric: pair, aggregation: !function code.total, higher_is_better: true"
    )
    assert "the range of 'pair' is unknown" in metrics(load(text, code=CODE))["pair"].ungated
    task = load(text, code=CODE, declared={"pair": Declared(0, 1000)})
    [sample] = task.prepare(None)
    scored = task.score(sample, ["4"])
    assert decode(scored.corpus["pair"]) == (1.0, {"ids": [1]})
    assert task.aggregate("pair", [scored, scored]) == 2.0


def test_a_direction_that_nobody_says_is_not_guessed(load):
    text = GENERATES + listed("metric: unsure, aggregation: mean")
    assert "higher_is_better: true" in metrics(load(text, code=CODE))["unsure"].ungated
    declared = {"unsure": Declared(0, 1, higher_is_better=False)}
    found = metrics(load(text, code=CODE, declared=declared))["unsure"]
    assert (found.higher_is_better, found.ungated) == (False, "")


def test_functions_that_report_several_keys(load):
    text = GENERATES + f"metric_list: [{{metric: !function code.several, {MEAN}}}]\n"
    task = load(text, code=CODE)
    assert {"hit", "miss"} <= metrics(task).keys()
    assert "several" not in metrics(task)
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"hit": 1.0, "miss": 0.0}


def test_nan_means_not_scored(load):
    text = GENERATES + listed("metric: answered, aggregation: nanmean, higher_is_better: true")
    task = load(text, code=CODE)
    [sample] = task.prepare(None)
    scored = task.score(sample, [""])
    assert "answered" not in scored.scores
    assert "answered" in scored.not_scored
    assert task.score(sample, ["4"]).scores["answered"] == 1.0


@pytest.mark.parametrize(
    ("kind", "metric", "there"),
    [
        ("output_type: loglikelihood_rolling\ndoc_to_target: a\n", "acc", "word_perplexity"),
        (CHOOSES, "word_perplexity", "acc"),
        ("output_type: loglikelihood\ndoc_to_target: a\n", "acc_norm", "acc, perplexity"),
    ],
)
def test_a_metric_that_the_output_type_lacks(load, kind, metric, there):
    task = load(f"{kind}metric_list: [{{metric: {metric}, {MEAN}}}]\n")
    found = metrics(task)[metric]
    assert f"'{metric}' is declared, but not computed by output_type" in found.ungated
    assert there in found.ungated


def test_a_metric_of_choices_is_not_computed_for_generated_text(load):
    task = load(f"{GENERATES}metric_list: [{{metric: acc, {MEAN}}}]\n")
    assert metrics(task)["acc"].ungated.startswith(
        "'acc' is not computed for output_type generate_until, which gives exact_match"
    )


@pytest.mark.parametrize(
    ("name", "low", "high"), [("f1", 0, 1), ("mcc", -1, 1), ("brier_score", 0, 2)]
)
def test_corpus_metrics_over_choices_are_stored_as_plain_values(load, name, low, high):
    rows = [{"q": f"Question {n}", "choices": ["a", "b"], "label": n % 2} for n in range(6)]
    task = load(f"{CHOOSES}metric_list: [{{metric: {name}}}]\n", rows=rows)
    assert (metrics(task)[name].low, metrics(task)[name].high) == (low, high)
    right = [task.score(sample, likelihoods(sample.row["label"])) for sample in task.prepare(None)]
    assert task.aggregate(name, right) == pytest.approx(
        0.0115 if name == "brier_score" else 1, abs=0.01
    )
    assert all(
        type(value) is not np.ndarray for sample in right for value in sample.corpus.values()
    )


def test_a_brier_score_over_rows_with_other_numbers_of_choices(load):
    rows = [{"q": f"Q {n}", "choices": list("abcde")[:n], "label": 1} for n in (2, 3, 5)]
    task = load(f"{CHOOSES}metric_list: [{{metric: brier_score}}]\n", rows=rows)
    even = [
        task.score(sample, [(-1.0, False)] * len(sample.instances)) for sample in task.prepare(None)
    ]
    # n equal probabilities are (1 - 1/n)² + (n - 1)/n² = 1 - 1/n from the truth
    assert task.aggregate("brier_score", even) == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)


@pytest.mark.parametrize(
    ("text", "labels", "said"),
    [
        (f"{CHOOSES}metric_list: [{{metric: brier_score}}]\n", [[0, 1], [1]],
         "several right choices"),
        (f"{CHOOSES}metric_list: [{{metric: f1}}]\n", [[0, 1], [1]], "'f1' cannot be computed"),
        (f"{CHOOSES}metric_list: [{{metric: f1}}]\n", [0, 1, 2], "'f1' .*multiclass"),
        (f"{CHOOSES}metric_list: [{{metric: mcc}}]\n", [[0, 1], [1]], "'mcc' cannot be computed"),
        (f"{GENERATES}metric_list: [{{metric: bleu}}]\n", [["a", "b"], ["a"]], "'bleu' cannot be"),
        (f"{GENERATES}metric_list: [{{metric: ter}}]\n", [["a", "b"], ["a"]], "'ter' cannot be"),
        (f"{CHOOSES}metric_list: [{{metric: acc, aggregation: matthews_corrcoef}}]\n", [0, 1],
         "'acc' cannot be computed"),
    ],
)  # fmt: skip
def test_rows_that_an_aggregation_cannot_take_are_refused_before_compute(load, text, labels, said):
    rows = [
        {"q": f"Q {n}", "choices": ["a", "b", "c"], "label": label, "a": label}
        for n, label in enumerate(labels)
    ]
    task = load(text, rows=rows)
    with pytest.raises(
        DataError, match=rf"s\.yaml: task 'ours' \(.*rows\.jsonl\): metric_list: .*{said}"
    ):
        task.prepare(None)


def test_code_of_a_task_is_given_no_made_up_answers_for_its_aggregations(load, tmp_path):
    (tmp_path / "asked").touch()
    code = (
        "from pathlib import Path\n"
        "def heard(references, predictions):\n"
        "    with Path(__file__).with_name('asked').open('a') as file: file.write('x')\n"
        "    return 1.0\n"
    )
    own = f"{{metric: !function code.heard, {MEAN}}}"
    rows = [{"q": f"Q {n}", "a": ["a", "b"]} for n in range(40)]
    task = load(f"{GENERATES}metric_list: [{own}, {{metric: bleu}}]\n", rows=rows, code=code)
    before = (tmp_path / "asked").read_text()
    assert len(task.prepare(None)) == 40
    assert (tmp_path / "asked").read_text() == before


def likelihoods(label):
    return [(-0.5 if index == label else -3.0, False) for index in range(2)]


def test_an_aggregation_that_fails_is_an_error_of_its_metric(load):
    code = CODE + "\ndef fails(items):\n    return items[5]\n"
    text = GENERATES + listed(
        "metric: pair, aggregation: !function code.fails, higher_is_better: true"
    )
    task = load(text, code=code, declared={"pair": Declared(0, 9)})
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match="metric 'pair': its aggregation fails on 1 samples"):
        task.aggregate("pair", [task.score(sample, ["4"])])


@pytest.mark.parametrize(
    ("metric", "nats", "units"),
    [
        ("word_perplexity", "nats_per_word", 3),
        ("byte_perplexity", "nats_per_byte", 14),
        ("bits_per_byte", "nats_per_byte", 14),
    ],
)
def test_perplexities_are_gated_in_nats(load, metric, nats, units):
    rows = [{"q": "", "a": "grüße an Ada"}, {"q": "", "a": "grüße an Ada"}]
    task = load(
        "output_type: loglikelihood_rolling\ndoc_to_target: a\n"
        f"metric_list: [{{metric: {metric}}}]\n",
        rows=rows,
    )
    found = metrics(task)
    assert f"gate '{nats}'" in found[metric].ungated
    assert found[nats].in_nats
    assert not found[nats].ungated
    scored = [task.score(sample, [-6.0]) for sample in task.prepare(None)]
    assert scored[0].scores[nats] == pytest.approx(6 / units)
    value = task.aggregate(metric, scored)
    assert value == pytest.approx(
        6 / units / math.log(2) if metric == "bits_per_byte" else math.exp(6 / units)
    )


def test_the_perplexity_of_a_target_is_gated_in_nats_per_target(load):
    task = load(
        "output_type: loglikelihood\ndoc_to_target: a\n"
        "metric_list: [{metric: perplexity}, {metric: acc}]\n"
    )
    [sample] = task.prepare(None)
    scored = task.score(sample, [(-1.5, True)])
    assert scored.scores == {"nats_per_target": 1.5, "acc": 1.0}


def test_a_corpus_value_that_cannot_be_stored_costs_its_sample(load):
    code = CODE.replace('"unsure": 0.5', '"unsure": object()')
    text = GENERATES + listed(
        "metric: unsure, aggregation: !function code.total, higher_is_better: true"
    )
    task = load(text, code=code, declared={"unsure": Declared(0, 1)})
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match=r"task 'ours': metric 'unsure' gave .* be stored"):
        task.score(sample, ["4"])


def test_a_copy_of_lm_evals_code_has_its_ranges(load):
    own = Path(lm_eval.tasks.__path__[0]) / "truthfulqa" / "utils.py"
    rows = [{"q": "Who?", "a": "x", "correct_answers": ["Ada."], "incorrect_answers": ["Noah."]}]
    text = (
        "output_type: generate_until\ndoc_to_target: a\n"
        "process_results: !function code.process_results_gen\n"
        f"metric_list: [{{metric: bleu_max, {MEAN}}}, {{metric: bleu_diff, {MEAN}}}]\n"
    )
    found = metrics(load(text, code=own.read_text(), rows=rows))
    assert (found["bleu_max"].low, found["bleu_max"].high) == (0, 100)
    assert (found["bleu_diff"].low, found["bleu_diff"].high) == (-100, 100)
    changed = metrics(load(text, code=own.read_text() + "\n# changed\n", rows=rows))
    assert changed["bleu_max"].high == 1


def test_a_metric_of_later_rows_is_seen(load):
    code = "def scores(doc, results):\n    return {doc['level']: 1.0}\n"
    rows = [{"q": "x", "a": "y", "level": "easy" if n < 9 else "hard"} for n in range(12)]
    text = GENERATES + listed(f"metric: easy, {MEAN}", f"metric: hard, {MEAN}")
    found = metrics(load(text, code=code, rows=rows))
    assert not found["easy"].ungated
    assert not found["hard"].ungated
