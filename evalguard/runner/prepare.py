"""The first step of a check: everything that can be found out before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalguard.config import BASELINE, JUDGE, Project
from evalguard.errors import EngineError, ModelError, TrustError, UsageError
from evalguard.gates.looks import LookPlan
from evalguard.gates.plan import check_power, plan_gate
from evalguard.records import Gate, Role
from evalguard.runner.arms import Arms
from evalguard.runner.judged_tasks import JudgedTasks
from evalguard.runner.judging import Judging
from evalguard.runner.measure import Measurer
from evalguard.runner.measured import Progress, name_of
from evalguard.runner.models import ModelPool
from evalguard.runner.own_reads import OwnReads
from evalguard.runner.plan import Plan, make_plan
from evalguard.runner.registered import changes_since_first_check
from evalguard.runner.schedule import Selected
from evalguard.runner.unkeyed import Unkeyed
from evalguard.store import SampleStore


@dataclass(frozen=True, slots=True)
class Check:
    """A check that is ready to measure.

    Attributes:
        project: The project.
        selected: Gates, each for one candidate.
        pool: The models.
        store: Where samples are kept.
        plan: The tasks of the gates' suites.
        judged: The tasks that a judge scores.
        arms: What each model measures of each task.
        measurer: Measures samples.
        underpowered: A warning for each gate that an unchanged model could not be relied on to
            pass.
        amended: What each candidate has to meet now, where that is not what it had at first.
    """

    project: Project
    selected: tuple[Selected, ...]
    pool: ModelPool
    store: SampleStore
    plan: Plan
    judged: JudgedTasks
    arms: Arms
    measurer: Measurer
    underpowered: tuple[str, ...]
    amended: tuple[str, ...] = ()

    @property
    def candidates(self) -> list[str]:
        """The selected candidates."""
        return _candidates(self.selected)


def prepare(
    project: Project,
    selected: Sequence[Selected],
    pool: ModelPool,
    store: SampleStore,
    *,
    on_progress: Callable[[Progress], None] | None,
    progress: Progress,
    unkeyed: Unkeyed | None = None,
) -> Check:
    """Plan a check, and compare its prompts, its power and its judge with what it needs.

    Args:
        project: The project.
        selected: Gates, each for one candidate.
        pool: The models, whose files were checked.
        store: Where samples are kept.
        on_progress: Called after every step of the measurement.
        progress: What is counted.
        unkeyed: What else of the project may decide what its tasks ask and score.

    Raises:
        UsageError: If files of the project, the only candidate or the data cannot be used, or a
            gate has too little power and the thresholds refuse that.
    """
    plan = make_plan(
        project,
        _gates(selected),
        render=pool.prompts.render,
        rendering=pool.prompts.rendering,
        count_tokens=lambda text: pool.prompts.tokenizer(BASELINE).count(text),
        store=store,
        unkeyed=unkeyed,
        default_limit=max(map(pool.default_limit, (BASELINE, *_candidates(selected)))),
    )
    underpowered = _check_power(project, plan, _gates(selected))
    judging = Judging(pool, store)
    arms = Arms(pool, judging, store, OwnReads(store, project.root))
    measurer = Measurer(
        store,
        lambda model: pool.engine_of(name_of(model)),
        lambda model, text: pool.prompts.tokenizer(name_of(model)).count(text),
        thinking_of=lambda model: pool.prompts.thinking(name_of(model)),
        default_limit=lambda model: pool.default_limit(name_of(model)),
        approvals=judging.approvals,
        on_progress=on_progress,
        progress=progress,
        alone=len(_candidates(selected)) == 1,
        stored_under=arms.stored_under,
    )
    gated = (planned for gate, _ in selected for planned in plan.of_gate(gate))
    judged = JudgedTasks(judging, project, gated)
    judged.check_usable()
    measurer.results.untrusted |= _untrusted(pool, _candidates(selected))
    check = Check(
        project=project,
        selected=tuple(selected),
        pool=pool,
        store=store,
        plan=plan,
        judged=judged,
        arms=arms,
        measurer=measurer,
        underpowered=underpowered,
    )
    return replace(check, amended=_amended(check))


def _amended(check: Check) -> tuple[str, ...]:
    """Return how what the candidates must meet differs from what they had to meet at first."""
    pool, untrusted = check.pool, check.measurer.results.untrusted
    if BASELINE in untrusted:
        return ()
    trusted = {name: pool.info(name) for name in check.candidates if name not in untrusted}
    weights = {name: one.adapter_sha256 or one.fingerprint for name, one in trusted.items()}
    return changes_since_first_check(
        check.project,
        check.plan,
        weights,
        check.store,
        baseline=_named(pool, BASELINE),
        judge=_named(pool, JUDGE) if check.judged.usable else "",
    )


def _named(pool: ModelPool, model: str) -> str:
    """Return a model in words, with its key."""
    found = pool.info(model)
    named = " with ".join(filter(None, (found.model, found.adapter)))
    return f"{named} ({found.fingerprint[:12]})"


def _candidates(selected: Sequence[Selected]) -> list[str]:
    return list(dict.fromkeys(model for _, model in selected))


def _gates(selected: Sequence[Selected]) -> list[Gate]:
    return list(dict.fromkeys(gate for gate, _ in selected))


def _check_power(project: Project, plan: Plan, gates: Sequence[Gate]) -> tuple[str, ...]:
    """Refuse gates that could not pass even an unchanged model, or return warnings."""
    config, thresholds = project.config, project.thresholds
    plans = [
        plan_gate(
            gate,
            plan.metric(gate),
            plan.n_planned(gate),
            confidence_level=thresholds.confidence_level,
            looks=LookPlan(looks=config.looks) if config.early_stopping else None,
            guards=sum(other.role is Role.GUARD for other in gates) or 1,
        )
        for gate in gates
    ]
    return check_power(plans, on_underpowered=thresholds.on_underpowered)


def _untrusted(pool: ModelPool, candidates: Sequence[str]) -> Mapping[str, str]:
    """Return the models that cannot be compared: unknown or broken ones, and other prompts.

    Raises:
        UsageError: If the only candidate is broken.
    """
    found: dict[str, str] = {}
    try:
        pool.fingerprint(BASELINE)
    except TrustError as error:
        found[BASELINE] = str(error)
    for model in candidates:
        try:
            if reason := pool.broken.get(model):
                raise ModelError(reason)
            if BASELINE in found:
                pool.fingerprint(model)
            else:
                pool.check_other_than_baseline(model)
                pool.prompts.check_prompts(model)
        except TrustError as error:
            found[model] = str(error)
        except (UsageError, EngineError) as error:
            if len(candidates) == 1:
                raise
            found[model] = pool.broken[model] = str(error)
    return found
