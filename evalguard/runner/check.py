"""One check from a project to a result: prepare, measure, decide, summarize."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from evalguard.code import reads
from evalguard.code.replaced import replaced
from evalguard.config import BASELINE, JUDGE, Noise, Project, Selection
from evalguard.engines.base import Engine, Waiting
from evalguard.engines.opening import EngineChoice
from evalguard.errors import EvalGuardError, TrustError
from evalguard.gates.results import not_run_result
from evalguard.plugins import naming_parts
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet
from evalguard.records import POOLED, CheckResult, GateResult, Verdict
from evalguard.runner.deciding import Kept, decide_gates
from evalguard.runner.extending import (
    Record,
    check_same,
    design_of,
    gate_id,
    look_plan,
    planned_samples,
    read_record,
    write_record,
)
from evalguard.runner.history import remember
from evalguard.runner.judging import needs_judge
from evalguard.runner.measured import Measured, Progress
from evalguard.runner.models import ModelPool
from evalguard.runner.noise import with_noise
from evalguard.runner.prepare import Check, prepare
from evalguard.runner.recipes import decide_recipes, with_seeds
from evalguard.runner.schedule import Schedule, Selected
from evalguard.runner.summary import summarize
from evalguard.runner.unkeyed import Unkeyed
from evalguard.store import SampleStore, fingerprint

_SHOWN = 5


@naming_parts()
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
    extend: int = 0,
    title: str = "EvalGuard check",
    code: Sequence[Path] = (),
    strict: bool = False,
    selection: Selection | None = None,
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
        engine: Engine for every model, instead of those that the project names. Nothing
            is taken from the store nor kept there: what made its answers is not known.
        extend: Samples by which each suite that an earlier check left undecided is extended.
        title: Title of the report.
        code: Files of the project's code that was loaded before, such as ``conftest.py``.
        strict: Whether it is an error, and no warning, that a file was read which no key names.
        selection: Over what the chance that a bad candidate passes is held, instead of what the
            project file says.

    Returns:
        The result; its gates are in the order of ``selected``.

    Raises:
        UsageError: If files of the project, the models or the data cannot be used.
        MeasurementError: If nothing could be measured.
        TrustError: If files of a model changed meanwhile, code of the project replaced EvalGuard's,
            or, where that is strict, files were read that no key names.
    """
    if selection is not None:
        config = project.config.model_copy(update={"selection": selection})
        project = replace(project, config=config)
    reads.resume(project.root.absolute())
    asked, selected = selected, with_seeds(project, selected, extend=extend)
    judged = any(
        needs_judge(member, project.suites[member.suite])
        for gate, _ in selected
        for member in gate.members
    )
    candidates = (model for _, model in selected)
    names = list(dict.fromkeys([BASELINE, *candidates, *([JUDGE] if judged else [])]))
    with quiet(), SampleStore(":memory:" if engine else project.store) as store:
        progress = Progress()

        def show_waiting(waiting: Waiting | None) -> None:
            progress.waiting = waiting
            if on_progress:
                on_progress(progress)

        unkeyed = Unkeyed(store, project, code)
        models = [project.models[name] for name in names]
        with (
            ModelPool(
                project, names, store, on_wait=show_waiting, engine=engine, unkeyed=unkeyed
            ) as pool,
            unkeyed.watching(models) as opened,
            holding_own_functions(code=not code and _loads_code(project)),
        ):
            pool.check_files()
            if on_engine is not None:
                on_engine(pool.engine)
            started = time.perf_counter()
            check = prepare(
                project,
                selected,
                pool,
                store,
                on_progress=on_progress,
                progress=progress,
                extend=extend,
                unkeyed=unkeyed,
            )
            check = replace(check, recipes=tuple(one for one in asked if one not in selected))
            results = _measure_and_decide(check, full=full, fail_fast=fail_fast)
            recipes = _decide_recipes(check, results, fail_fast=fail_fast)
            if noise or project.config.noise:
                runs = (project.config.noise or Noise()).runs
                gates = [gate for gate, _ in check.selected]
                results = with_noise(results, gates, check.plan, check.measurer, runs=runs)
            pool.check_unchanged(check.measurer.results.untrusted)
            if not code and any(task.own_code for task in check.plan):
                check_own_functions()
            # An engine that was given stores nothing.
            warnings = () if engine else tuple(unkeyed.found(opened, strict=strict))
            seconds = time.perf_counter() - started
            return summarize(
                check, results, recipes, asked, title=title, seconds=seconds, warnings=warnings
            )


@contextmanager
def holding_own_functions(*, code: bool) -> Iterator[None]:
    """Check at the end, and where it is an error, that EvalGuard's functions are its own.

    What was replaced may be the cause of the error.

    Args:
        code: Whether code of a project runs.

    Raises:
        TrustError: Naming what was replaced.
    """
    try:
        yield
    except EvalGuardError as error:
        if code:
            check_own_functions(after=error)
        raise
    if code:
        check_own_functions()


def check_own_functions(*, after: EvalGuardError | None = None) -> None:
    """Check that no code of a project took the place of EvalGuard's own.

    Args:
        after: An error that this may have led to.

    Raises:
        TrustError: Naming what was replaced.
    """
    if not (names := list(replaced())):
        return
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    led = f". It ended with: {after}" if after else ""
    raise TrustError(
        f"EvalGuard's own code was replaced while it ran: {', '.join(names[:_SHOWN])}{more}. Code "
        "of the project did that, such as a conftest.py, a scorer or a plug-in, so there is no "
        f"verdict. Remove it, or check with --no-project-code{led}"
    ) from after


def _loads_code(project: Project) -> bool:
    """Return whether the project names code that runs in this process."""
    of_models = any(spec.trust_remote_code for spec in project.models.values())
    return of_models or bool(project.config.scorer_modules)


def _measure_and_decide(check: Check, *, full: bool, fail_fast: bool) -> tuple[GateResult, ...]:
    """Measure look by look, and decide, until every gate has its verdict."""
    config = check.project.config
    looks = look_plan(config, full=full)
    gates = [f"{gate.suite}::{gate.node_name}" for gate in check.project.thresholds.gates]
    failed_before = fingerprint({"failed gates of": sorted(gates)})
    progress, n_stages = check.measurer.progress, max(len(task.stages) for task in check.plan)
    progress.planned = sum(map(len, _wanted(check, check.selected, float(n_stages)).values()))
    check.judged.admit()
    reached: dict[tuple[str, str], float] = {}
    results = (*_taken_up(check, reached), *_looked_before(check))
    kept: Kept = {}
    for stage in range(n_stages):
        if not (selected := _open(check, results, stage)):
            continue
        steps = Schedule(
            selected,
            looks=looks.looks,
            fail_fast=fail_fast,
            cost=lambda suite: sum(
                # What is pooled needs the samples of other suites, and comes after them.
                len(task.sample_ids)
                for task in check.plan.tasks.get(suite, check.plan)
            ),
            failed=check.store.fingerprint_description(failed_before).get("failed", ()),
            start=stage,
        )
        for step in steps:
            reached |= {(gate.suite, model): step.share for gate, model in step.selected}
            check.measurer.measure(_wanted(check, step.selected, step.share))
            results = decide_gates(
                check,
                reached,
                looks=looks,
                previous=results,
                kept=kept,
                brief=not (fail_fast or step.final),  # which may end with gates undecided
                final=step.final,
            )
            steps.decided(results)
            check.measurer.show_verdicts(results)
        if fail_fast and any(result.verdict is Verdict.FAIL for result in results):
            break
    failed = {result.suite for result in results if result.verdict is Verdict.FAIL}
    check.store.describe_fingerprint(failed_before, {"failed": sorted(failed)})
    _keep(check, results)
    return results


def _decide_recipes(
    check: Check, results: Sequence[GateResult], *, fail_fast: bool
) -> tuple[GateResult, ...]:
    """Measure the seeds of each recipe on all planned samples, and decide over all of them.

    A seed's own gate may have stopped early; that of its recipe is decided once, at the end.
    """
    if fail_fast and any(result.verdict is Verdict.FAIL for result in results):
        return tuple(
            not_run_result(gate, recipe, "the check ended at a gate that failed")
            for gate, recipe in check.recipes
        )
    seeds = check.project.recipes
    each = [(gate, seed) for gate, recipe in check.recipes for seed in seeds[recipe]]
    check.measurer.measure(_wanted(check, each, 1.0))
    return decide_recipes(check)


def _taken_up(check: Check, reached: dict[tuple[str, str], float]) -> tuple[GateResult, ...]:
    """Return what was decided before on candidates that are extended, and measure its samples.

    Raises:
        UsageError: If the samples no longer show what they did.
    """
    recorded = {one.id: one for record in check.records.values() for one in record.results}
    own = [(gate, model) for gate, model in check.selected if model in check.records]
    results = tuple(recorded[gate_id(*one)] for one in own)
    for result in results:
        place = (result.suite, result.model)
        if result.shares:
            reached[place] = max(reached.get(place, 0.0), result.shares[-1])
    for gate, model in own:
        if share := reached.get((gate.suite, model)):
            check.measurer.measure(_wanted(check, [(gate, model)], share))
    if results:
        now = decide_gates(
            check, reached, looks=None, previous=(), kept={}, brief=False, final=True
        )
        check_same(results, now)
    return results


def _looked_before(check: Check) -> tuple[GateResult, ...]:
    """Return the looks that an earlier check took at the planned samples, without its verdicts.

    What they spent of the error stays spent: a check with ``--full`` after one that could stop
    early, or the other way round, is no second chance at the whole of it.
    """
    records = [
        record
        for name in check.keys
        if name not in check.records and (record := _recorded(check, name)) is not None
    ]
    return tuple(
        replace(one, verdict=Verdict.INCONCLUSIVE, fraction_used=0.0, flags=())
        for record in records
        for one in record.results
        if one.shares and one.shares[-1] <= 1 and one.suite != POOLED  # which decides once
    )


def _open(check: Check, results: Sequence[GateResult], stage: int) -> list[Selected]:
    """Return the gates that a stage has samples for, and no verdict."""
    if stage == 0:
        return [one for one in check.selected if one[1] not in check.records]
    undecided = {
        one.id
        for one in results
        if one.verdict is Verdict.INCONCLUSIVE and one.shares and one.shares[-1] < stage + 1
    }
    return [
        (gate, model)
        for gate, model in check.selected
        if gate_id(gate, model) in undecided
        and model in check.records
        and len(check.records[model].samples) > stage
        and check.plan.n_planned(gate, stage)
    ]


def _keep(check: Check, results: Sequence[GateResult]) -> None:
    """Keep what was decided for an extension, where it is what was first registered."""
    remember(check.store, check.project, check.keys, results)
    for name, key in check.keys.items():
        before = check.records.get(name) or _recorded(check, name)
        own = {one.id: one for one in results if one.model == name}
        if before is None or name not in check.records:
            if before is not None and len(before.samples) > 1:
                continue
            samples = planned_samples(check.plan)
            record = Record(
                design=design_of(check.project),
                asked=(),
                samples=({**(before.samples[0] if before else {}), **samples},),
                results=(),
            )
        else:
            record = before
        others = () if before is None else before.results
        merged = {one.id: one for one in others} | own
        write_record(check.store, key, replace(record, results=tuple(merged.values())))


def _recorded(check: Check, name: str) -> Record | None:
    return read_record(check.store, check.keys[name], name, check.project.thresholds.gates)


def _wanted(
    check: Check, selected: Iterable[Selected], share: float
) -> dict[Measured, tuple[str, ...]]:
    """Return the samples that gates need up to a share of each task."""
    untrusted = check.measurer.results.untrusted.keys()
    return {
        check.arms.of(planned, arm): planned.first(share)
        for gate, model in selected
        if untrusted.isdisjoint((BASELINE, model)) and not check.plan.cannot_fail(gate)
        for planned in check.plan.of_gate(gate)
        if not check.judged.refusal(planned)
        for arm in (BASELINE, model)
    }
