"""Metrics that ``evaluate`` would download: computed here, code of models in the sandbox."""

import subprocess
import sys

import pytest

from evalguard.errors import ConfigError, UsageError
from evalguard.tasks.benchmark import hub_metrics
from evalguard.tasks.benchmark.hub_metrics import load as load_metric
from evalguard.tasks.benchmark.metrics import Declared
from tests.scorers.sandbox import needs_sandbox

RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
TESTS = "assert add(2, 3) == 5"


@pytest.fixture
def allowed():
    with hub_metrics.code_execution(True):
        yield


@needs_sandbox
def test_code_eval_estimates_pass_at_k(allowed):
    scores, results = load_metric("code_eval").compute(
        references=[TESTS, TESTS], predictions=[[RIGHT, WRONG], [WRONG, WRONG]], k=[1, 2]
    )
    assert scores == {"pass@1": 0.25, "pass@2": 0.5}
    assert [one["passed"] for _, one in results[0]] == [True, False]


@needs_sandbox
@pytest.mark.parametrize(
    "program",
    [
        "import socket\nsocket.socket()\n",
        "open('/usr/evalguard-was-here', 'w')\n",
        "exit()\n",
        "while True: pass\n",
    ],
)
def test_code_does_not_leave_the_sandbox(allowed, program):
    scores, _ = load_metric("code_eval").compute(
        references=[TESTS], predictions=[[program + RIGHT]], k=[1], timeout=2.0
    )
    assert scores["pass@1"] == 0.0


def test_code_does_not_run_unless_it_is_allowed(monkeypatch):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    with pytest.raises(UsageError, match="allow_code_execution: true"):
        load_metric("code_eval").compute(references=[TESTS], predictions=[[RIGHT]], k=[1])


@needs_sandbox
def test_a_task_that_runs_code_says_so_before_any_compute(load, monkeypatch):
    monkeypatch.delenv("HF_ALLOW_CODE_EVAL", raising=False)
    code = (
        "import evaluate\ncompute = evaluate.load('code_eval').compute\n"
        "compute(references=['assert 1'], predictions=[['pass']], k=[1])  # as HumanEval's file\n"
        "def passes(references, predictions):\n"
        "    return compute(references=references, predictions=[predictions], k=[1])[0]['pass@1']\n"
    )
    text = (
        "output_type: generate_until\ndoc_to_target: a\n"
        "metric_list: [{metric: !function code.passes, aggregation: mean, "
        "higher_is_better: true}]\n"
    )
    rows = [{"q": "Add.", "a": TESTS}]
    with pytest.raises(ConfigError, match="allow_code_execution: true"):
        load(text, code=code, rows=rows)
    task = load(text, code=code, rows=rows, allow_code_execution=True)
    [sample] = task.prepare(None)
    assert task.score(sample, [RIGHT]).scores == {"passes": 1.0}
    assert task.score(sample, [WRONG]).scores == {"passes": 0.0}


def squad(prediction, answers, silent=0.0, key="1"):
    told = {"id": key, "prediction_text": prediction, "no_answer_probability": silent}
    return told, {"id": key, "answers": {"text": answers, "answer_start": [0] * len(answers)}}


@pytest.mark.parametrize(
    ("prediction", "answers", "exact", "f1"),
    [
        ("the House, of Ada", ["house of ada!"], 100, 100),
        ("a house", ["the big house", "shed"], 0, 200 / 3),
        ("", [], 100, 100),
        ("Ada", [], 0, 0),
        ("", ["Ada"], 0, 0),
    ],
)
def test_squad_v2(prediction, answers, exact, f1):
    told, right = squad(prediction, answers)
    scores = load_metric("squad_v2").compute(predictions=[told], references=[right])
    assert (scores["exact"], scores["f1"]) == (exact, pytest.approx(f1))


def test_squad_v2_finds_the_best_threshold_of_silence():
    pairs = [
        squad("Ada", ["Ada"], 0.1, "1"),
        squad("Noah", [], 0.9, "2"),
        squad("Iris", ["Clara"], 0.5, "3"),
    ]
    scores = load_metric("squad_v2").compute(
        predictions=[told for told, _ in pairs], references=[right for _, right in pairs]
    )
    assert scores["exact"] == pytest.approx(100 / 3)
    assert (scores["HasAns_exact"], scores["NoAns_exact"]) == (50, 0)
    assert scores["best_exact"] == pytest.approx(200 / 3)
    assert scores["best_exact_thresh"] == 0.1


def test_nothing_is_downloaded():
    with pytest.raises(UsageError, match=r"mauve.*would be downloaded.*pip install mauve-text"):
        load_metric("mauve")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("accuracy", {"predictions": [1, 0], "references": [1, 1]}, {"accuracy": 0.5}),
        ("f1", {"predictions": [1, 0], "references": [1, 1]}, {"f1": pytest.approx(2 / 3)}),
        ("exact_match", {"predictions": ["a", "b"], "references": ["a", "c"]},
         {"exact_match": 0.5}),
        ("rouge", {"predictions": ["a b"], "references": ["a b"], "rouge_types": ["rouge1"]},
         {"rouge1": 1.0}),
        ("sacrebleu", {"predictions": ["a b c d e"], "references": [["a b c d e"]]},
         {"score": pytest.approx(100)}),
    ],
)  # fmt: skip
def test_other_metrics(name, arguments, expected):
    assert load_metric(name).compute(**arguments) == expected


@pytest.mark.parametrize(
    ("predictions", "references", "expected"),
    [
        (["the cat sat on the mat ."], ["the cat sat on a mat ."], 0.488923022434901),
        (["the cat sat on"], ["the cat sat on the mat ."], 0.4723665527410147),
        (["one two three four", "x"], [["one two three four", "one"], ["y"]], 0.9457416090031758),
        (["a, b-2 &amp; c (3.5) d"], ["a, b-2 & c (3.5) d"], 1.0),
        (["the cat"], ["the cat"], 0.0),
        ([""], ["the cat"], 0.0),
    ],
)
def test_bleu_is_that_of_the_evaluate_package(predictions, references, expected):
    found = load_metric("bleu").compute(predictions=predictions, references=references)
    assert found["bleu"] == expected


@pytest.mark.parametrize(
    ("predictions", "references", "expected"),
    [
        (["this is the prediction", "an other one"], ["this is the reference", "another one"], 0.5),
        (["a b c d e f"], ["a"], 5.0),
        (["a\tb"], ["a b"], 1.0),
        (["  a \n b "], ["a b"], 0.0),
    ],
)
def test_the_word_error_rate_is_that_of_jiwer(predictions, references, expected):
    found = load_metric("wer").compute(predictions=predictions, references=references)
    assert found == expected
    with pytest.raises(ValueError, match="without a word"):
        load_metric("wer").compute(predictions=["a"], references=[" "])


NEEDS_MODELS = """
import evaluate
import numpy as np

bleu, bertscore = evaluate.load("bleu"), evaluate.load("bertscore")
bleurt = evaluate.load("bleurt", "bleurt-base-512", module_type="metric")

def scores(doc, results):
    given = {"predictions": results[:1], "references": [doc["a"]]}
    try:
        bert = bertscore.compute(**given, lang="en")["f1"]
    except Exception:
        bert = [0.0]
    return {
        "bleu": bleu.compute(**given)["bleu"],
        "bert_score": np.mean(bert),
        "bleurt": np.mean(bleurt.compute(**given)["scores"]),
    }
"""


def test_metrics_that_need_a_model_cannot_be_gated_and_the_others_are_measured(load):
    listed = ", ".join(
        f"{{metric: {name}, aggregation: nanmean, higher_is_better: true}}"
        for name in ("bleu", "bert_score", "bleurt")
    )
    task = load(
        f"output_type: generate_until\ndoc_to_target: a\nmetric_list: [{listed}]\n"
        "process_results: !function code.scores\n",
        code=NEEDS_MODELS,
        rows=[{"q": "Say it.", "a": "one two three four five"}],
    )
    ungated = {metric.name: metric.ungated for metric in task.metrics}
    assert ungated["bleu"] == ""
    assert "pip install bert-score" in ungated["bert_score"]
    assert "bleurt is not computed" in ungated["bleurt"]
    [sample] = task.prepare(None)
    assert task.score(sample, ["one two three four five"]).scores == {"bleu": 1.0}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("evaluate.load('meteor')", "the metric 'meteor' would be downloaded"),
        ("evaluate.load('bertscore').compute(predictions=['a'], references=['a'], lang='en')",
         "pip install bert-score"),
        ("__import__('urllib.request').request.urlopen('http://127.0.0.1:9')", "external service"),
        ("exec('x = 1')", "executes code itself"),
    ],
)  # fmt: skip
def test_an_aggregation_that_cannot_be_computed_is_known_before_any_answer(load, body, said):
    code = (
        "import evaluate\n"
        "def pairs(references, predictions, **_):\n    return (references[0], predictions[0])\n"
        f"def total(items):\n    {body}\n    return 1.0\n"
    )
    task = load(
        "output_type: generate_until\ndoc_to_target: a\nmetric_list:\n"
        "  - {metric: !function code.pairs, aggregation: !function code.total, "
        "higher_is_better: true}\n",
        code=code,
        declared={"pairs": Declared(0.0, 1.0)},
    )
    [metric] = task.metrics
    assert said in metric.ungated


_REPLACED = """
import sys
import evalguard.tasks.benchmark.loading
assert "evaluate" not in sys.modules
import evaluate.utils
from evaluate import load
from evalguard.tasks.benchmark import hub_metrics
assert load is evaluate.load is hub_metrics.load, load
assert evaluate.list_evaluation_modules
"""


def test_whoever_imports_evaluate_gets_no_download():
    subprocess.run([sys.executable, "-c", _REPLACED], check=True)


@pytest.mark.slow
def test_evaluate_that_was_imported_before_downloads_nothing_either():
    program = (
        "import evaluate\nimport evalguard.tasks.benchmark.loading\n"
        "from evalguard.tasks.benchmark import hub_metrics\n"
        "assert evaluate.load is hub_metrics.load\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


_FALLS_BACK = """
from evaluate import load
AT_IMPORT

def scores(doc, results):
    IN_SCORING
    return {"acc": float(results[0] == doc["a"])}
"""
_CAUGHT = "try:\n{0}    judge = load('someone/judge')\n{0}except Exception:\n{0}    judge = None"


@pytest.mark.parametrize("where", ["AT_IMPORT", "IN_SCORING"])
def test_a_refused_metric_is_not_replaced_by_what_the_task_falls_back_on(load, where):
    caught = _CAUGHT.format("" if where == "AT_IMPORT" else "    ")
    code = _FALLS_BACK.replace(where, caught)
    code = code.replace("AT_IMPORT", "").replace("IN_SCORING", "pass")
    text = (
        "output_type: generate_until\ndoc_to_target: a\n"
        "process_results: !function code.scores\nmetric_list: [{metric: acc}]\n"
    )
    for _ in range(2):  # the module is imported once
        with pytest.raises(ConfigError, match=r"'someone/judge' would be downloaded as code"):
            load(text, code=code)
