"""Diversity, drift, perplexity and overfitting, measured on the embedded model."""

import itertools
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from numpy.random import default_rng

from evalguard.config import load_project
from evalguard.demo import lexicon
from evalguard.demo.corpus import conversations
from evalguard.engines import grouping
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.records import CheckResult, Verdict
from evalguard.runner import measure
from evalguard.runner.check import run_check
from evalguard.store import SampleStore
from tests.conftest import Making, answer_all, write_jsonl
from tests.scripted_engine import knows

SUITE = """
version: 1
tasks:
  - {kind: diversity, data: stories.jsonl, prompt: "{{ question }}", samples: 4,
     max_new_tokens: 24}
  - {kind: drift, data: chats.jsonl, name: moved, prompt: "{{ question }}", max_new_tokens: 16}
  - {kind: perplexity, data: chats.jsonl, name: language, text: "{{ answer }}"}
  - {kind: overfitting, data: chats.jsonl, held_out: fresh.jsonl, name: heart,
     prompt: "{{ question }}", target: "{{ answer }}", max_new_tokens: 24}
"""

THRESHOLDS = """
version: 1
gates:
  - {suite: probes, metric: unique_outputs, max_drop: 50pp}
  - {suite: probes, metric: distinct_2, max_drop: 30pp}
  - {suite: probes, metric: length_change, min: -0.9, max: 0.9}
  - {suite: probes, metric: shared_answers, max_drop: 50pp}
  - {suite: probes, metric: token_kl, max: 1.9}
  - {suite: probes, metric: nats_per_token, max_drop: 0.9 nats}
  - {suite: probes, metric: verbatim_recall, max_drop: 50pp}
  - {suite: probes, metric: loss_gap, max_drop: 0.99 nats}
"""


@pytest.fixture
def probes(
    project: Path,
    edit: Callable[[str, str, str], None],
    made_once: Callable[[str, Making, Path], Path],
) -> Path:
    """The small project with one suite that holds every probe, 30 rows each, and its answers."""
    suites = project / "suites"
    stories = [{"question": f"Write a story about a {animal}."} for animal in lexicon.ANIMALS]
    write_jsonl(suites / "stories.jsonl", [*stories, *stories[:14]])
    chats = [
        {"question": item.prompt, "answer": item.answer}
        for item in islice(conversations(default_rng(5)), 60)
    ]
    write_jsonl(suites / "chats.jsonl", chats[:30])
    write_jsonl(suites / "fresh.jsonl", chats[30:])
    (suites / "probes.yaml").write_text(SUITE)
    (project / "thresholds" / "release.yaml").write_text(THRESHOLDS)
    edit("evalguard.yaml", "suites: [general, facts]", "suites: [probes]")
    asked = ("adapters/harmless",)
    made_once("probes", lambda made: answer_all(project, made, asked), project / ".evalguard")
    return project


def check(
    project: Path, *overrides: str, metrics: tuple[str, ...] = (), **options: Any
) -> CheckResult:
    """Check all gates, or only those on some metrics."""
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    gates = [one for one in loaded.thresholds.gates if not metrics or one.metric in metrics]
    return run_check(loaded, [(gate, "harmless") for gate in gates], full=True, **options)


def means(result: CheckResult, side: str) -> dict[str, float]:
    return {gate.metric: getattr(gate, side) for gate in result.gates}


def outputs(project: Path, result: CheckResult, task: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """The stored answers to a task, by model and sample."""
    with SampleStore(str(project / ".evalguard" / "store.db")) as store:
        return {
            run.model: {one.sample_id: one.outputs for one in store.all_samples(run.fingerprint)}
            for run in result.tasks
            if run.task == task
        }


def test_a_harmless_adapter_passes_every_probe(probes):
    result = check(probes, noise=True)
    assert {gate.verdict for gate in result.gates} == {Verdict.PASS}
    baseline, candidate = means(result, "baseline"), means(result, "candidate")
    assert baseline["token_kl"] == 0.0 < candidate["token_kl"] < 0.01
    assert candidate["nats_per_token"] == pytest.approx(baseline["nats_per_token"], abs=0.01)
    assert baseline["unique_outputs"] > 0.9
    noise = means(result, "noise")
    assert noise["distinct_2"] > 0, "the baseline's second run draws anew"
    assert noise["nats_per_token"] == 0.0

    again = check(probes)
    assert again.timing["engine_calls"] == 0
    assert [gate.ci for gate in again.gates] == [gate.ci for gate in result.gates]


def test_a_noisy_adapter_moves_what_it_should(probes):
    metrics = ("token_kl", "nats_per_token")
    result = check(probes, "candidates.harmless.adapter=adapters/harmful", metrics=metrics)
    baseline, candidate = means(result, "baseline"), means(result, "candidate")
    assert candidate["token_kl"] > 0.02
    assert candidate["nats_per_token"] > baseline["nats_per_token"] + 0.02


def test_draws_do_not_depend_on_batches(probes, monkeypatch):
    metrics = ("unique_outputs",)
    first = outputs(probes, check(probes, metrics=metrics), "stories")
    (probes / ".evalguard" / "store.db").unlink()
    monkeypatch.setattr(measure, "CALL_REQUESTS", 50)
    monkeypatch.setattr(grouping, "BLOCKS", {"generate_until": 20})
    result = check(probes, "engine.batch_size=7", "seed=0", metrics=metrics)
    again = outputs(probes, result, "stories")
    assert again == first
    answers = [text for texts in first["baseline"].values() for text in texts]
    assert len(set(answers)) > 0.9 * len(answers)


def test_another_seed_draws_other_samples(probes):
    check(probes)
    again = check(probes, "seed=1")
    reused = {run.task: run.reused for run in again.tasks if run.model == "baseline"}
    assert reused == {"stories": 0, "moved": 30, "language": 30, "heart": 30}


def test_a_candidate_that_becomes_the_baseline_gives_its_own_answers(probes):
    metrics = ("token_kl",)
    first = check(probes, "candidates.harmless.adapter=adapters/harmful", metrics=metrics)
    again = check(probes, "baseline.adapter=adapters/harmful", metrics=metrics)
    before, after = (outputs(probes, result, "moved")["baseline"] for result in (first, again))
    assert before.keys() == after.keys()
    assert before != after


def test_an_engine_without_distributions_is_told_and_spares_the_rest(probes, script):
    def draw(prompt: str) -> str:
        return f"{next(drawn)} {next(drawn)} {next(drawn)} words."

    drawn = itertools.count()
    script.opens(lambda _: FakeEngine({BASE: draw}, likelihoods={BASE: lambda *_: -20.0}))
    gates = {gate.metric: gate for gate in check(probes, "engine.name=scripted").gates}
    assert gates["token_kl"].verdict is Verdict.ERROR
    assert "the engine 'fake' does not return" in gates["token_kl"].reason
    assert "engine.name=hf" in gates["token_kl"].reason
    others = {metric: gate.verdict for metric, gate in gates.items() if metric != "token_kl"}
    assert set(others.values()) == {Verdict.PASS}, [g.reason for g in gates.values()]


def test_repeats_of_a_sampled_benchmark_are_drawn_apart(project, edit, facts, script):
    script.opens(lambda _: FakeEngine({BASE: knows(facts)}))
    edit("suites/mc.yaml", "output_type: multiple_choice", SAMPLED)
    edit("suites/mc.yaml", 'doc_to_choice: "{{choices}}"\n', "")
    edit("suites/mc.yaml", "{{choices.index(answer)}}", "{{answer}}")
    edit("suites/mc.yaml", "metric: acc", "metric: exact_match")
    edit("thresholds/release.yaml", "metric: acc", "metric: exact_match")
    loaded = load_project(project / "evalguard.yaml", overrides=["engine.name=scripted"])
    [gate] = [gate for gate in loaded.thresholds.gates if gate.suite == "general"]
    run_check(loaded, [(gate, "harmless")], full=True)
    [engine] = script.opened
    baseline, candidate = (
        [
            (one.arguments[0], one.arguments[1]["seed"])
            for name, one in engine.asked
            if name == model
        ]
        for model in (BASE, "harmless")
    )
    assert baseline == candidate
    assert len(set(baseline)) == len(baseline) == 3 * len({text for text, _ in baseline})


SAMPLED = """output_type: generate_until
repeats: 3
generation_kwargs: {do_sample: true, temperature: 1.0, max_gen_toks: 4, until: []}"""
