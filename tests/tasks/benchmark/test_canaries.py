"""Made-up answers and likelihoods show before a check whether a task of lm-eval could fail."""

import pytest

TEXT = "output_type: generate_until\ndoc_to_target: '{{a}}'\n"
MEAN = "aggregation: mean, higher_is_better: true"
OWN = f"process_results: !function code.scores\nmetric_list: [{{metric: acc, {MEAN}}}]\n"
CHOICE = "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: label\n"
ROWS = [
    {"q": f"{n} + {n}?", "a": str(2 * n), "choices": [str(2 * n), str(2 * n + 1)], "label": 0}
    for n in range(10)
]


def problems(task):
    return dict(task.cannot_fail(task.prepare(None)))


@pytest.mark.parametrize(
    "value", ["1.0", "0.5", "float(doc['a'] in doc['a'])", "float(len(results[0]) >= 0)"]
)
def test_code_that_tells_nothing_apart_cannot_fail(load, value):
    code = f"def scores(doc, results):\n    return {{'acc': {value}}}\n"
    assert "does not tell answers apart" in problems(load(TEXT + OWN, code=code, rows=ROWS))["acc"]


@pytest.mark.parametrize(
    "value", ["float(doc['a'] == results[0])", "float('secret' not in doc and not results[0])"]
)
def test_code_that_does_is_left_alone(load, value):
    code = f"def scores(doc, results):\n    return {{'acc': {value}}}\n"
    assert problems(load(TEXT + OWN, code=code, rows=ROWS)) == {}


def test_code_that_fails_on_made_up_answers_is_left_to_real_ones(load):
    code = "def scores(doc, results):\n    return {'acc': float(results[0].split('#')[3])}\n"
    assert problems(load(TEXT + OWN, code=code, rows=ROWS)) == {}


def test_made_up_answers_are_sent_to_no_one(load):
    code = (
        "import urllib.request\ndef scores(doc, results):\n"
        "    urllib.request.urlopen('http://127.0.0.1:9/', results[0].encode())\n"
        "    return {'acc': 1.0}\n"
    )
    task = load(TEXT + OWN, code=code, rows=ROWS)
    assert problems(task) == {}


def test_a_metric_that_ignores_what_differs_cannot_fail(load):
    lists = f"metric_list: [{{metric: exact_match, OPTION, {MEAN}}}]\n"
    numbers = lists.replace("OPTION", "ignore_numbers: true")
    assert "an empty answer as high" in problems(load(TEXT + numbers, rows=ROWS))["exact_match"]
    case = lists.replace("OPTION", "ignore_case: true")
    assert problems(load(TEXT + case, rows=ROWS)) == {}


def test_choices_that_are_all_the_same_cannot_fail(load):
    accuracy = f"metric_list: [{{metric: acc, {MEAN}}}]\n"
    assert problems(load(CHOICE + accuracy, rows=ROWS)) == {}
    same = [{**row, "choices": [row["a"]] * 2} for row in ROWS]
    assert "'acc' is 1 for each" in problems(load(CHOICE + accuracy, rows=same))["acc"]
    never = [{**row, "label": 1} for row in same]
    assert "no model can be right" in problems(load(CHOICE + accuracy, rows=never))["acc"]


@pytest.mark.parametrize("kind", ["loglikelihood", "loglikelihood_rolling"])
def test_likelihoods_move(load, kind):
    metrics = {
        "loglikelihood": f"metric_list: [{{metric: acc, {MEAN}}}]\n",
        "loglikelihood_rolling": "metric_list: [{metric: bits_per_byte}]\n",
    }
    text = f"output_type: {kind}\ndoc_to_target: '{{{{a}}}}'\n{metrics[kind]}"
    assert problems(load(text, rows=ROWS)) == {}
