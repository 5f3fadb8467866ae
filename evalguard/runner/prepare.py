"""The first step of a check: everything that can be found out before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evalguard.config import BASELINE, JUDGE, Project
from evalguard.errors import EngineError, ModelError, TrustError, UsageError
from evalguard.gates.plan import check_power, plan_gate
from evalguard.records import Gate, Role
from evalguard.runner.arms import Arms
from evalguard.runner.extending import (
    Record,
    check_design,
    design_of,
    extended,
    look_plan,
    new_stage,
    read_records,
    set_stages,
    shared_record,
    undecided_suites,
    unreadable,
    write_record,
)
from evalguard.runner.judged_tasks import JudgedTasks
from evalguard.runner.judging import Judging
from evalguard.runner.measure import Measurer
from evalguard.runner.measured import Progress, name_of
from evalguard.runner.models import ModelPool
from evalguard.runner.own_reads import OwnReads
from evalguard.runner.plan import Plan, make_plan
from evalguard.runner.registered import (
    asked_elsewhere,
    changes_since_first_check,
    find_registration,
)
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
        amended: Candidates that have to meet something else than at first, or of which that is not
            known, each with what a report says.
        elsewhere: What the candidates were asked by other projects that share the store.
        first_checked: Day of each candidate's first check that the store knows.
        records: What the store keeps of each candidate's stages; those that are extended.
        keys: Key of the record of each candidate that is not amended.
        recipes: Gates that are decided over all seeds of a recipe, each for one recipe.
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
    amended: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[str, ...] = ()
    first_checked: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    recipes: tuple[Selected, ...] = ()

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
    extend: int = 0,
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
        extend: Samples of an extension for each suite that is undecided; 0 for none.
        unkeyed: What else of the project may decide what its tasks ask and score.

    Raises:
        UsageError: If files of the project, the only candidate or the data cannot be used, a gate
            has too little power and the thresholds refuse that, or the extension is not possible.
    """

    def planned(more: int) -> Plan:
        return make_plan(
            project,
            _gates(selected),
            render=pool.prompts.render,
            rendering=pool.prompts.rendering,
            count_tokens=lambda text: pool.prompts.tokenizer(BASELINE).count(text),
            store=store,
            unkeyed=unkeyed,
            default_limit=max(map(pool.default_limit, (BASELINE, *_candidates(selected)))),
            more=more,
        )

    plan, untrusted = planned(0), _untrusted(pool, _candidates(selected))
    judging = Judging(pool, store)
    judged = _judged(project, selected, plan, judging)
    weights = _weights(pool, _candidates(selected), untrusted)
    first = {
        name: find_registration(project, plan, one, store, before=_known_before(pool, name))
        for name, one in weights.items()
    }
    keys = {name: one.key for name, one in first.items()}
    records, plan, amended = _staged(
        project,
        selected,
        plan,
        read_records(store, keys, project.thresholds.gates),
        whole=planned,
        amended=lambda one: (
            changes_since_first_check(
                project,
                one,
                first,
                store,
                baseline=_named(pool, BASELINE),
                judge=_named(pool, JUDGE) if judged.usable else "",
            )
            if first
            else ()
        ),
        extend=extend,
    )
    amended = (*amended, *unreadable(store, keys))
    underpowered = _check_power(project, plan, _gates(selected))
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
    if records:  # the plan has the stages of an extension
        judged = _judged(project, selected, plan, judging)
    measurer.results.untrusted |= untrusted
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
        amended=amended,
        elsewhere=tuple(asked_elsewhere(first)),
        first_checked={name: one.on for name, one in first.items()},
        records=records,
        keys={name: key for name, key in keys.items() if name not in dict(amended)},
    )
    for name, record in records.items():
        write_record(store, keys[name], record)  # before its first sample is measured
    return check


def _staged(
    project: Project,
    selected: Sequence[Selected],
    plan: Plan,
    records: Mapping[str, Record],
    *,
    whole: Callable[[int], Plan],
    amended: Callable[[Plan], tuple[tuple[str, str], ...]],
    extend: int,
) -> tuple[Mapping[str, Record], Plan, tuple[tuple[str, str], ...]]:
    """Return the records of extended candidates, the plan with their stages, and what changed.

    Where gates or tasks changed since, an extension is refused, and a check without one starts
    again from the planned samples.
    """
    names = _candidates(selected)
    record = shared_record({name: records.get(name) for name in names}, extend=extend)
    if record is None:
        return {}, plan, amended(plan)
    design = design_of(project)
    try:
        every = whole(sum(record.asked) + extend)
        check_design(records, design, selected, extend=extend)
        staged = {name: one for name, one in records.items() if one.samples == record.samples}
        if extend and record.is_complete:
            suites = undecided_suites(staged, selected, every, extend=extend)
            added = new_stage(every, record, suites, extend)
            staged = {name: extended(one, added, extend) for name, one in staged.items()}
        stages = max((one.samples for one in staged.values()), key=len)
        set_stages(every, stages)
        changed = amended(every)
        if changed and extend:
            raise UsageError(
                f"--extend {extend}: {'; '.join(said for _, said in changed)}. An extension "
                "needs what was first registered"
            )
    except UsageError:
        if extend:
            raise
        return {}, plan, amended(plan)
    return ({}, plan, changed) if changed else (staged, every, ())


def _weights(
    pool: ModelPool, candidates: Sequence[str], untrusted: Mapping[str, str]
) -> dict[str, str]:
    """Return what each candidate that is trusted is known by; nothing without a baseline."""
    if BASELINE in untrusted:
        return {}
    return {name: pool.weights(name) for name in candidates if name not in untrusted}


def _known_before(pool: ModelPool, name: str) -> str:
    """Return what an earlier version knew a candidate by: all bytes of the file."""
    info = pool.info(name)
    return info.adapter_sha256 or info.fingerprint


def _judged(
    project: Project, selected: Sequence[Selected], plan: Plan, judging: Judging
) -> JudgedTasks:
    """Return the judged tasks of the selected gates, refused where the judge cannot be used."""
    gated = (planned for gate, _ in selected for planned in plan.of_gate(gate))
    judged = JudgedTasks(judging, project, gated)
    judged.check_usable()
    return judged


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
            confidence_level=1 - project.alpha_pass_of(gate),
            looks=None if gate.pool else look_plan(config, full=False),
            guards=sum(other.role is Role.GUARD for other in gates) or 1,
            design_effect=plan.design_effect(gate),
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
