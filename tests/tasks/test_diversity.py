"""The collapse gate: a shorter model passes it, a collapsed one does not."""

from pathlib import Path

import numpy as np
import pytest

from evalguard.gates.compare import compare
from evalguard.gates.decide import decide
from evalguard.records import Gate, Margin, ScoredSample, Verdict
from evalguard.tasks.kinds.diversity import Diversity, compared
from evalguard.tasks.prompts import PromptRows

PROMPTS, SAMPLES = 80, 8
WORDS = [a + b for a in "bdfgklmnprst" for b in ("ado", "elo", "imu", "ora", "une", "ysa", "ekin")]
GATES = (
    Gate(name="unique", suite="d", metric="unique_outputs", max_drop=Margin(0.1, "pp")),
    Gate(name="distinct", suite="d", metric="distinct_2", max_drop=Margin(0.15, "%")),
    Gate(name="overlap", suite="d", metric="bigram_overlap", max_drop=Margin(0.1, "pp")),
    Gate(name="compression", suite="d", metric="compression", max_drop=Margin(0.25, "%")),
    Gate(name="length", suite="d", metric="length_change", min=-0.25, max=0.25),
)


@pytest.fixture
def task(tmp_path: Path) -> Diversity:
    data = tmp_path / "prompts.jsonl"
    data.write_text('{"about": "a fox"}\n{"about": "a hare"}\n{"about": "a fox"}\n')
    return make_task(data)


def make_task(data: Path, *, seed: int = 0, samples: int = SAMPLES) -> Diversity:
    rows = PromptRows("suite 'd', task 'prompts'", data, prompt="Tell me of {{ about }}.")
    return Diversity(
        "d",
        "prompts",
        rows=rows,
        samples=samples,
        temperature=1.0,
        seed=seed,
        max_new_tokens=50,
        count_tokens=lambda text: len(text.split()),
    )


def answers(rng: np.random.Generator, *, scale: float = 1.0, vocabulary: int = len(WORDS)):
    """Samples of a model that draws its words evenly from the first so many of a prompt's own."""
    found = []
    for prompt in range(PROMPTS):
        own = np.random.default_rng(prompt).permutation(WORDS)[:vocabulary]
        lengths = np.maximum(6, rng.normal(40, 8, SAMPLES) * scale).astype(int)
        found.append([" ".join(rng.choice(own, length)) for length in lengths])
    return found


def verdicts(task: Diversity, baseline, candidate) -> dict[str, Verdict]:
    prompt = task.prepare(None)[0]
    arms: tuple[list[ScoredSample], list[ScoredSample]] = ([], [])
    for index, texts in enumerate(zip(baseline, candidate, strict=True)):
        samples = [task.score(prompt, outputs) for outputs in texts]
        for arm, sample in zip(arms, compared(*samples), strict=True):
            arm.append(ScoredSample(**{**_fields(sample), "sample_id": str(index)}))
    metrics = {metric.name: metric for metric in task.metrics}
    comparisons = [
        compare(gate, metrics[gate.metric], *arms, model="v2", n_planned=PROMPTS) for gate in GATES
    ]
    return {result.name: result.verdict for result in decide(comparisons)}


def _fields(sample: ScoredSample):
    return {name: getattr(sample, name) for name in ScoredSample.__slots__}


def test_two_models_that_do_not_sample_pass_no_gate_on_different_answers(task):
    drawn = answers(np.random.default_rng(1))
    same = [[texts[0]] * SAMPLES for texts in drawn]
    found = verdicts(task, same, same)
    assert found["unique"] is found["overlap"] is Verdict.ERROR
    two = [[texts[0], texts[1]] * (SAMPLES // 2) for texts in drawn]
    assert verdicts(task, two, two)["unique"] is Verdict.PASS


@pytest.mark.parametrize("scale", [0.65, 1.0, 1.35])
def test_length_alone_trips_no_gate_but_that_on_length(task, scale):
    baseline, candidate = (
        answers(np.random.default_rng(1)),
        answers(np.random.default_rng(2), scale=scale),
    )
    found = verdicts(task, baseline, candidate)
    assert (found.pop("length") is Verdict.PASS) == (scale == 1.0)
    assert set(found.values()) == {Verdict.PASS}


@pytest.mark.parametrize("scale", [0.65, 1.0, 1.35])
def test_fewer_words_trip_the_gate_at_any_length(task, scale):
    baseline = answers(np.random.default_rng(1))
    candidate = answers(np.random.default_rng(2), scale=scale, vocabulary=5)
    found = verdicts(task, baseline, candidate)
    assert {found["distinct"], found["overlap"], found["compression"]} == {Verdict.FAIL}


def test_one_answer_to_everything_trips_all(task):
    baseline = answers(np.random.default_rng(1))
    found = verdicts(task, baseline, [["the same old story again and again"] * SAMPLES] * PROMPTS)
    assert set(found.values()) == {Verdict.FAIL}


def test_swapping_the_models_swaps_the_scores(task):
    prompt = task.prepare(None)[0]
    rng = np.random.default_rng(1)
    long, short = (task.score(prompt, answers(rng, scale=scale)[0]) for scale in (1.0, 0.5))
    one, other = compared(long, short)
    other_again, one_again = compared(short, long)
    assert one.scores["length_change"] == other_again.scores["length_change"] == 0.0
    changes = [sample.scores["length_change"] for sample in (other, one_again)]
    assert changes[0] == pytest.approx(-changes[1])
    assert changes[0] < -0.4
    for metric in ("distinct_2", "bigram_overlap", "compression", "unique_outputs"):
        assert one.scores[metric] == one_again.scores[metric]
        assert other.scores[metric] == other_again.scores[metric]


def test_a_model_is_stored_without_regard_to_the_other(task):
    prompt = task.prepare(None)[0]
    sample = task.score(prompt, answers(np.random.default_rng(1))[0])
    assert "length_change" not in sample.scores
    before, _ = compared(sample, sample)
    assert before.scores == sample.scores | {"length_change": 0.0}


def test_what_one_model_lacks_is_missing_on_both(task):
    prompt = task.prepare(None)[0]
    sample = task.score(prompt, answers(np.random.default_rng(1))[0])
    failed = ScoredSample(**{**_fields(sample), "error": "timed out", "scores": {}})
    for pair in ((sample, failed), (failed, sample)):
        assert [one.error for one in compared(*pair)] == ["timed out", "timed out"]


def test_running_into_the_limit_while_repeating_is_a_loop(task):
    prompt = task.prepare(None)[0]
    cut_off = " ".join(["a b c d e f g h i j k l m n o p q r s t u v"] * 3)
    score = task.score(prompt, [cut_off] * SAMPLES).scores["repetition_loop"]
    ended = task.score(prompt, [cut_off[:60]] * SAMPLES).scores["repetition_loop"]
    assert (score, ended) == (1.0, 0.0)


def test_shared_answers_are_those_that_another_prompt_got(task):
    samples = [
        task.score(task.prepare(None)[0], outputs)
        for outputs in (["a", "b", "c", "d"], ["a", "x", "y", "z"], ["k", "l", "c", "m"])
    ]
    assert task.aggregate("shared_answers", samples) == pytest.approx(4 / 12)


def test_every_request_has_a_seed_of_its_own(task, tmp_path):
    seeds = [
        instance.arguments[1]["seed"] for row in task.prepare(None) for instance in row.instances
    ]
    assert len(set(seeds)) == 3 * SAMPLES, "equal rows are drawn anew too"
    again = make_task(tmp_path / "prompts.jsonl").prepare(None)
    assert seeds == [one.arguments[1]["seed"] for row in again for one in row.instances]


def test_the_projects_seed_makes_other_samples(task, tmp_path):
    other = make_task(tmp_path / "prompts.jsonl", seed=1).prepare(None)
    assert {one.sample_id for one in other}.isdisjoint(one.sample_id for one in task.prepare(None))


def test_a_runaway_output_is_scored_in_a_moment(task):
    huge = "word salad " * 5_000_000
    sample = task.score(task.prepare(None)[0], [huge] * 4)
    assert sample.scores["repetition_loop"] == 1.0
    assert max(map(len, sample.outputs)) <= 250_000
