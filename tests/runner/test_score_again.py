"""Answers that are stored are scored anew when only what scores them has changed."""

import pytest
from lm_eval.api.instance import Instance

from evalguard.config import load_project
from evalguard.records import ScoredSample, Verdict
from evalguard.runner.check import run_check
from evalguard.runner.reuse import holds_all_answers
from evalguard.scorers import MAX_OUTPUT_CHARS
from evalguard.store import SampleStore
from evalguard.tasks.base import Prepared


def check(project):
    loaded = load_project(project / "evalguard.yaml")
    gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
    return run_check(loaded, gates, full=True)


def test_another_scorer_generates_nothing(project, edit):
    first = check(project)
    edit("suites/facts.yaml", "[exact_match]", "[exact_match, contains]")
    edit("thresholds/release.yaml", "facts, metric: exact_match", "facts, metric: contains")
    again = check(project)
    assert again.timing["engine_calls"] == 0
    assert {run.reused for run in again.tasks} == {80}
    before, after = (
        {run.model: run.scores["exact_match"] for run in result.tasks if run.task == "facts"}
        for result in (first, again)
    )
    assert after == before
    [facts] = [gate for gate in again.gates if gate.suite == "facts"]
    assert facts.metric == "contains"
    assert facts.verdict is Verdict.PASS
    with SampleStore(project / ".evalguard" / "store.db") as store:
        lengths = [
            [(sample.prompt_tokens, sample.output_tokens) for sample in store.all_samples(key)]
            for result in (first, again)
            for key in [run.fingerprint for run in result.tasks if run.task == "facts"]
        ]
    assert lengths[:2] == lengths[2:]
    assert min(lengths[0]) > (0, 0)


def test_another_target_is_held_against_the_same_answers(project, edit):
    check(project)
    edit("suites/facts.yaml", "{{ answer }}", "not {{ answer }}")
    again = check(project)
    assert again.timing["engine_calls"] == 0
    scores = {run.model: run.scores["exact_match"] for run in again.tasks if run.task == "facts"}
    assert scores == {"baseline": 0.0, "harmless": 0.0}


def test_a_benchmark_whose_metric_changes_is_scored_again_where_it_is_a_text(project, edit):
    written = "output_type: generate_until\ngeneration_kwargs: {until: [], max_gen_toks: 8}"
    edit("suites/mc.yaml", "output_type: multiple_choice", written)
    edit("suites/mc.yaml", 'doc_to_choice: "{{choices}}"\n', "")
    edit("suites/mc.yaml", "{{choices.index(answer)}}", "{{answer}}")
    edit("suites/mc.yaml", "metric: acc", "metric: exact_match")
    edit("thresholds/release.yaml", "metric: acc", "metric: exact_match")
    check(project)
    edit("suites/mc.yaml", "exact_match,", "exact_match, ignore_case: true,")
    assert check(project).timing["engine_calls"] == 0


def test_choices_are_asked_again(project, edit):
    check(project)
    edit("suites/mc.yaml", "{metric: acc,", "{metric: acc_norm,")
    edit("thresholds/release.yaml", "metric: acc,", "metric: acc_norm,")
    again = check(project)
    assert {run.suite: run.reused for run in again.tasks} == {"general": 0, "facts": 80}


def test_other_questions_are_asked(project, edit):
    check(project)
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 13")
    again = check(project)
    assert {run.suite: run.reused for run in again.tasks} == {"general": 80, "facts": 0}


@pytest.mark.parametrize(
    ("outputs", "whole"),
    [
        (("a", "b"), True),
        (("a",), False),
        (("a", "b" * MAX_OUTPUT_CHARS), False),
    ],
)
def test_what_is_not_stored_whole_is_generated_again(outputs, whole):
    request = Instance("generate_until", {}, ("Why?", {}), 0)
    sample = Prepared(sample_id="1", prompt="Why?", target="", instances=(request, request), row={})
    before = ScoredSample(
        task="t", sample_id="1", prompt="Why?", target="", outputs=outputs, scores={}
    )
    assert holds_all_answers(before, sample) is whole
