"""Samples of every kind of task are scored on their answers alone."""

import pytest
from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.engines.limits import limit_of
from evalguard.records import Metric, ScoredSample
from evalguard.runner.answers import (
    AnswerReader,
    as_compared,
    stops_of,
    whole_answers,
    without_stops,
)
from evalguard.scorers import get
from evalguard.scorers.thinking import Thinking, thinking_metrics
from evalguard.scorers.thinking_marks import KNOWN_MARKS
from evalguard.tasks.kinds.drift import Drift
from evalguard.tasks.kinds.overfitting import Overfitting
from evalguard.tasks.kinds.test_set import TestSet
from evalguard.tasks.prompts import PromptRows
from tests.conftest import write_jsonl

READER = AnswerReader(Thinking(), lambda text: len(text.split()))
OFF = AnswerReader(Thinking(marks=()), len)


@pytest.fixture
def rows(tmp_path):
    write_jsonl(tmp_path / "rows.jsonl", [{"q": "5 + 6?", "a": "11"}])
    return PromptRows("suite", tmp_path / "rows.jsonl", prompt="{{ q }}")


def sums(rows, *scorers, **options):
    found = [get(name) for name in scorers or ["exact_match"]]
    task = TestSet("s", "t", rows=rows, target="{{ a }}", scorers=found, **options)
    return task, task.prepare(None)[0]


def test_an_answer_without_thinking_is_scored_as_ever(rows):
    task, sample = sums(rows)
    assert READER.score(task, sample, ["11"]) == task.score(sample, ["11"])


def test_each_repeat_that_never_ended_scores_the_worst(rows):
    task, sample = sums(rows, "exact_match", "rouge_l", repeats=4, temperature=1.0)
    answers = ["11", "<think>a b</think>11", "<think>11", "<think>1</think>12"]
    scored = READER.score(task, sample, answers)
    assert scored.scores["exact_match"] == 0.5
    worst = {metric.name: metric for metric in task.metrics}
    for name, value in scored.scores.items():
        low, high = sorted((worst[name].low, worst[name].high))
        assert low <= value <= high
    assert scored.outputs == tuple(answers)
    assert scored.said == ("11", "11", "", "12")
    assert (scored.unclosed, scored.thinking_tokens) == (1, 1.0)


def test_an_answer_that_never_came_adds_an_empty_one_to_a_corpus(rows):
    task, sample = sums(rows, "bleu")
    assert READER.score(task, sample, ["<think>11"]).corpus == task.score(sample, [""]).corpus


def test_the_baselines_answers_of_drift_are_kept_whole(rows):
    task = Drift("s", "t", rows=rows, max_new_tokens=8)
    [sample] = task.prepare(None)
    assert READER.score(task, sample, ["<think>11"]) == task.score(sample, ["<think>11"])


def test_likelihoods_beside_answers_stay(rows):
    task = Overfitting(
        "s", "t", training=rows, held_out=rows, target="{{ a }}", max_new_tokens=8, count_tokens=len
    )
    [sample] = task.prepare(None)
    likelihoods = [(-2.0, True), (-4.0, False)]
    scored = READER.score(task, sample, ["<think>1</think>11", "12", *likelihoods])
    assert scored.scores == {"verbatim_recall": 1.0, "score_gap": 1.0, "loss_gap": 1.0}
    cut = READER.score(task, sample, ["<think>11", "12", *likelihoods])
    assert cut.scores == {metric.name: metric.high for metric in task.metrics}


def test_nothing_at_all_after_a_prompt_that_opens_thinking_is_no_answer(rows):
    task, sample = sums(rows)
    opened = AnswerReader(Thinking(opened=KNOWN_MARKS[0]), len)
    assert opened.score(task, sample, [""]).unclosed == 1


def test_off_scores_what_was_written(rows):
    task, sample = sums(rows, "contains")
    assert OFF.score(task, sample, ["<think>11</think>12"]).scores == {"contains": 1.0}
    assert READER.score(task, sample, ["<think>11</think>12"]).scores == {"contains": 0.0}


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        ("11", False),
        ("", False),
        ("<think>11", True),
        ("<think>11</think>", True),
        ("<think></think>", True),
        ("<think>1</think>11", False),
    ],
)
def test_a_stop_string_may_have_cut_thinking(rows, answer, cut):
    task, sample = sums(rows, stop=["\n"])
    assert READER.cut_by_stop(task, sample, [answer]) is cut
    thinks = AnswerReader(Thinking(own=KNOWN_MARKS[:1]), len)
    assert thinks.cut_by_stop(task, sample, [answer]) is (cut or not answer)
    free, asked = sums(rows)
    assert not READER.cut_by_stop(free, asked, [answer])
    assert without_stops(sample.instances[0]).arguments[1]["until"] == []
    assert sample.instances[0].arguments[1]["until"] == ["\n"]


def test_stop_strings_end_the_answer_after_thinking(rows):
    task, sample = sums(rows, stop=["\n"])
    assert READER.score(task, sample, ["<think>\n1\n</think>\n\n11\n12"]).said == ("11",)


def sample_of(**fields):
    plain = {"task": "t", "sample_id": "1", "prompt": "", "target": "", "outputs": ("",)}
    return ScoredSample(**{**plain, "scores": {"acc": 1.0}, **fields})


def test_what_the_baseline_never_answered_is_not_measured():
    cut = sample_of(unclosed=1)
    assert as_compared(cut, Metric("acc"), reference=True).error
    assert as_compared(cut, Metric("acc"), reference=False) == cut
    failed = sample_of(error="timed out", scores={})
    assert as_compared(failed, Metric("acc"), reference=True) == failed


TOKENS, SHARE = thinking_metrics(8)


@pytest.mark.parametrize(("fields", "value"), [({}, 3.0), ({"unclosed": 1}, 8.0)])
def test_the_length_of_thinking_is_a_score(fields, value):
    found = as_compared(sample_of(thinking_tokens=3.0, **fields), TOKENS, reference=False)
    assert found.scores == {"acc": 1.0, "thinking_tokens": value}


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("tokens", [8.5, 9.0, 1500.0])
def test_thinking_beyond_the_limit_is_an_error_and_never_clamped(reference, tokens):
    found = as_compared(sample_of(thinking_tokens=tokens), TOKENS, reference=reference)
    assert found.scores == {}
    assert f"its thinking has {tokens:g} tokens, more than the limit of 8" in str(found.error)
    whole = as_compared(sample_of(thinking_tokens=8.0), TOKENS, reference=reference)
    assert whole.scores["thinking_tokens"] == 8.0


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize(("unclosed", "outputs", "share"), [(0, 1, 0.0), (1, 1, 1.0), (1, 4, 0.25)])
def test_the_share_of_unclosed_thinking_is_a_score_of_both_models(
    reference, unclosed, outputs, share
):
    sample = sample_of(unclosed=unclosed, outputs=("x",) * outputs)
    assert as_compared(sample, SHARE, reference=reference).scores["unclosed_thinking"] == share


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({"max_gen_toks": 8}, 8),
        ({"max_new_tokens": 9}, 9),
        ({"max_tokens": 7}, 7),
        ({"until": []}, 256),
    ],
)
def test_the_limit_of_an_answer_has_many_names(settings, limit):
    asked = Instance("generate_until", {}, ("prompt", settings), 0)
    assert limit_of(asked) == limit
    assert limit_of(Instance("loglikelihood", {}, ("prompt", "choice"), 0)) == 0


class StopsThere(FakeEngine):
    """Ends an answer at the stop strings of its request, as engines do."""

    def stream(self, requests):
        for position, text in super().stream(requests):
            assert isinstance(text, str)
            first = min(map(text.find, stops_of(requests[position][1])), default=-1)
            yield position, text[:first] if first >= 0 else text


def test_what_a_stop_string_cut_is_asked_again(tmp_path):
    write_jsonl(tmp_path / "rows.jsonl", [{"a": text} for text in "12356"])
    rows = PromptRows("suite", tmp_path / "rows.jsonl", prompt="{{ a }}")
    scorers = [get("exact_match")]
    task = TestSet("s", "t", rows=rows, target="{{ a }}", scorers=scorers, stop=["\n"])
    reader = AnswerReader(Thinking(), len)
    thought = "<think>\nNot {0}.\n</think>\n{0}"
    engine = StopsThere({BASE: lambda text: text if text == "5" else thought.format(text)})
    samples = task.prepare(None)
    answers = whole_answers(engine, BASE, [(task, sample) for sample in samples], reader)
    assert [request.arguments[0] for _, request in engine.asked] == [*"12356", *"1236"]
    scored = [reader.score(task, *one) for one in zip(samples, answers, strict=True)]
    assert [one.scores["exact_match"] for one in scored] == [1.0] * 5
