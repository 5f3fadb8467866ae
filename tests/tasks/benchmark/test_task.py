"""lm-eval tasks: which test each of their metrics goes to, and what they report."""

import pytest

from evalguard.errors import ConfigError, DataError, MeasurementError
from evalguard.records import ScoreKind
from evalguard.tasks.benchmark.loading import load_benchmark
from evalguard.tasks.benchmark.task import Benchmark

DATA = '{"q": "2 + 2?", "a": "4", "choices": ["3", "4"]}\n'

COMMON = """
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
doc_to_text: "{{q}}"
"""

CODE = """
def pass_at_k(references, predictions, k=None):
    right = predictions[0][0] == references[0]
    return {f"pass@{one}": float(right) for one in k}

def shares(doc, results):
    return {"acc": 0.25, "exact_match": 1.0}

def broken(doc, results):
    return {"acc": doc["no such column"]}

def as_list(resps, docs):
    return list(resps)
"""


@pytest.fixture
def load(tmp_path):
    (tmp_path / "rows.jsonl").write_text(DATA)
    (tmp_path / "code.py").write_text(CODE)

    def make(text: str, **options) -> Benchmark:
        (tmp_path / "ours.yaml").write_text(f"task: ours\n{COMMON}{text}")
        [task] = load_benchmark(
            *("s", "ours.yaml"),
            base_dir=tmp_path,
            source="suites/s.yaml",
            key="tasks[0].task",
            **options,
        )
        return task

    return make


def kinds(task):
    return {metric.name: metric.kind for metric in task.metrics}


def test_accuracy_that_lm_eval_computes_is_binary(load):
    task = load(
        "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: 1\n"
        "metric_list: [{metric: acc}, {metric: f1}]\n"
    )
    assert kinds(task) == {"acc": ScoreKind.BINARY, "f1": ScoreKind.CORPUS}
    [sample] = task.prepare(None)
    assert task.score(sample, [(-2.0, False), (-1.0, True)]).scores == {"acc": 1.0}


def test_accuracy_of_the_tasks_own_code_may_be_a_share(load):
    task = load(
        "output_type: generate_until\ndoc_to_target: a\nprocess_results: !function code.shares\n"
        "metric_list: [{metric: acc}, {metric: exact_match}]\n"
    )
    assert kinds(task) == {"acc": ScoreKind.BOUNDED, "exact_match": ScoreKind.BINARY}
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"acc": 0.25, "exact_match": 1.0}


def test_pass_at_k_reports_under_each_k(load):
    task = load(
        "output_type: generate_until\ndoc_to_target: a\n"
        "metric_list:\n"
        "  - {metric: !function code.pass_at_k, aggregation: mean, k: [1]}\n"
        "filter_list: [{name: listed, filter: [{function: custom, "
        "filter_fn: !function code.as_list}]}]\n"
    )
    assert kinds(task) == {"pass@1": ScoreKind.BINARY}
    [sample] = task.prepare(None)
    assert task.score(sample, ["4"]).scores == {"pass@1": 1.0}
    assert task.score(sample, ["5"]).scores == {"pass@1": 0.0}


@pytest.mark.parametrize("chat", [False, True])
def test_a_system_message_is_that_of_lm_eval(load, chat):
    text = "output_type: generate_until\ndoc_to_target: a\n"
    without, task = load(text), load(text, system="Be brief, {{ q }}.")
    render = (lambda messages, **_: str(messages)) if chat else None
    [plain], [sample] = without.prepare(render), task.prepare(render)
    messages = [
        {"role": "system", "content": "Be brief, {{ q }}."},
        {"role": "user", "content": plain.row["q"]},
    ]
    assert sample.prompt == (str(messages) if chat else f"Be brief, {{{{ q }}}}.{plain.prompt}")
    assert sample.instances[0].arguments[0] == sample.prompt
    assert sample.sample_id != plain.sample_id


def test_a_task_that_cannot_be_built_is_told_with_its_place(load, tmp_path):
    place = r"suites/s\.yaml: tasks\[0\]\.task: task 'ours\.yaml' imports"
    with pytest.raises(ConfigError, match=place):
        load("output_type: generate_until\ndoc_to_target: !function missing.function\n")


def test_a_template_that_fails_names_task_and_row(load, tmp_path):
    (tmp_path / "rows.jsonl").write_text(DATA + DATA.replace('"4", "c', '"0", "c'))
    task = load("output_type: generate_until\ndoc_to_target: '{{ 8 / a|int }}'\n")
    with pytest.raises(
        DataError,
        match=r"^suites/s.yaml: task 'ours' \(.*rows.jsonl\), row 2: .* ZeroDivisionError: ",
    ):
        task.prepare(None)


def test_scoring_code_that_fails_is_an_error_of_the_sample(load):
    task = load(
        "output_type: generate_until\ndoc_to_target: a\nprocess_results: !function code.broken\n"
        "metric_list: [{metric: acc}]\n"
    )
    [sample] = task.prepare(None)
    with pytest.raises(MeasurementError, match=r"^task 'ours': .* KeyError: 'no such column'"):
        task.score(sample, ["4"])
