"""Extensions: more samples for what was left undecided, with the part of α that was kept for it.

The store keeps, for each candidate, which samples each stage has and what was decided on them. An
extension is recorded there before its first sample is measured, and whoever checks again gets the
verdict over all stages: none can be tried and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose

from evalguard.config import Project
from evalguard.config.project import ProjectConfig
from evalguard.errors import UsageError
from evalguard.gates.looks import LookPlan
from evalguard.records import POOLED, Gate, GateResult, Verdict, from_json, node_name, to_json
from evalguard.runner.drawn import drawn_of
from evalguard.runner.plan import Plan
from evalguard.runner.planned_task import PlannedTask
from evalguard.runner.schedule import Selected
from evalguard.stats import MOST_STAGES
from evalguard.store import SampleStore
from evalguard.store.tables import STAGES

Samples = Mapping[str, Sequence[str]]
"""Ids of the samples of a stage, by ``suite/task``."""

_SHARING = "number of candidates that share α"

_BEFORE: Mapping[str, float | str] = {_SHARING: 1, "spending": "late"}
"""What the levels rested on before it could be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the store keeps of a candidate's check.

    Attributes:
        design: What the levels of its looks rest on: reserve, spending, confidence level and the
            number of candidates that share α.
        asked: Samples that each extension asked for.
        samples: The samples of each stage, the planned ones first.
        results: What was decided on them.
    """

    design: Mapping[str, float | str]
    asked: tuple[int, ...]
    samples: tuple[Samples, ...]
    results: tuple[GateResult, ...]

    @property
    def undecided(self) -> tuple[GateResult, ...]:
        """The gates that may be extended."""
        return tuple(
            one
            for one in self.results
            if one.verdict is Verdict.INCONCLUSIVE and one.suite != POOLED  # decided once
        )

    @property
    def is_complete(self) -> bool:
        """Whether every gate that is undecided has seen all samples of its last stage."""
        own = range(len(self.samples))
        return all(
            not one.shares or one.shares[-1] >= max(k + 1 for k in own if self._has(k, one))
            for one in self.undecided
        )

    def _has(self, stage: int, result: GateResult) -> bool:
        """Return whether a stage has samples of a gate's suite."""
        return stage == 0 or any(
            ids and name.startswith(f"{result.suite}/") for name, ids in self.samples[stage].items()
        )


def design_of(project: Project) -> dict[str, float | str]:
    """Return what the levels of a project's looks rest on."""
    return {
        "reserve": project.config.reserve,
        "spending": project.config.spending,
        "confidence_level": project.thresholds.confidence_level,
        _SHARING: project.sharing,
    }


def look_plan(config: ProjectConfig, *, full: bool) -> LookPlan:
    """Return the looks of a check.

    Args:
        config: The project file.
        full: Whether every sample is measured.
    """
    looks = config.looks if config.early_stopping and not full else 1
    return LookPlan(
        looks=looks,
        futility=config.futility and looks > 1,
        reserve=config.reserve,
        spending=config.spending,
    )


def read_records(
    store: SampleStore, keys: Mapping[str, str], gates: Sequence[Gate]
) -> dict[str, Record]:
    """Return what is kept of candidates, by their names."""
    found = {name: read_record(store, key, name, gates) for name, key in keys.items()}
    return {name: one for name, one in found.items() if one is not None}


def read_record(store: SampleStore, key: str, model: str, gates: Sequence[Gate]) -> Record | None:
    """Return what is kept under a candidate's key; ``None`` where nothing is that can be trusted.

    Then the planned samples alone decide, nothing can be extended, and :func:`unreadable` says so.

    Args:
        store: Keeps it.
        key: The candidate's key.
        model: The candidate's present name, which the results get.
        gates: The project's gates; a result gets the present file of its gate.
    """
    found = store.fingerprint_description(key).get(STAGES)
    if found is None:
        return None
    source = {(gate.suite, gate.node_name): gate.source for gate in gates}
    results = (from_json(GateResult, one) for one in found["results"])
    return Record(
        design=found["design"],
        asked=tuple(found["asked"]),
        samples=tuple(found["samples"]),
        results=tuple(
            replace(one, model=model, source=source.get((one.suite, _node(one)), one.source))
            for one in results
        ),
    )


def _node(result: GateResult) -> str:
    return result.node or node_name(result.metric, result.task)


def unreadable(store: SampleStore, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each candidate whose record cannot be trusted, and what a report says of it."""
    for name, key in keys.items():
        if store.has_refused(key, STAGES):
            said = (
                f"what was decided on {name} before cannot be read: it was edited, or its seal "
                "does not fit the key of the store, so only the planned samples count here, and "
                "it is not known whether an extension has decided otherwise"
            )
            yield name, said


def write_record(store: SampleStore, key: str, record: Record) -> None:
    """Keep a record, in the place of an earlier one."""
    plain = {
        "design": dict(record.design),
        "asked": list(record.asked),
        "samples": [{name: list(ids) for name, ids in one.items()} for one in record.samples],
        "results": [to_json(replace(one, worst=())) for one in record.results],
    }
    store.describe_fingerprint(key, {STAGES: plain})


def planned_samples(plan: Plan) -> Samples:
    """Return the planned samples of every task."""
    return {_name(task): list(task.sample_ids) for task in plan}


def shared_record(records: Mapping[str, Record | None], *, extend: int) -> Record | None:
    """Return the record whose stages hold for all candidates of a check, if one is extended.

    Args:
        records: The record of each candidate, by its name.
        extend: Samples that are asked for now; 0 to decide on the stages that are there.

    Raises:
        UsageError: If candidates were extended by different samples, or an extension is asked for
            that is not possible.
    """
    known = {name: one for name, one in records.items() if one is not None}
    if extend and (unknown := records.keys() - known.keys()):
        raise UsageError(
            f"--extend {extend}: {min(unknown)} was not checked before, so there is nothing to "
            "extend; run evalguard check first"
        )
    longest = max(known.values(), key=lambda one: len(one.samples), default=None)
    if longest is None or (len(longest.samples) == 1 and not extend):
        return None
    for name, one in known.items():
        same = longest.samples[: len(one.samples)] == one.samples
        if not same or (extend and len(one.samples) < len(longest.samples)):
            raise UsageError(
                f"{name} was extended by different samples than the other candidates; check the "
                "candidates one by one"
            )
    if extend:
        _check_may_be_extended(known, longest, extend)
    return longest


def _check_may_be_extended(known: Mapping[str, Record], longest: Record, extend: int) -> None:
    for name, one in known.items():
        if not one.is_complete and len(one.samples) == 1:
            raise UsageError(
                f"--extend {extend}: the planned samples of {name} are not measured yet; run "
                "evalguard check to its end first, with --full where futility ended it"
            )
        if not one.is_complete and extend != longest.asked[-1]:
            raise UsageError(
                f"--extend {extend}: an extension of {longest.asked[-1]} samples is under way for "
                f"{name}; finish it first, with --extend {longest.asked[-1]}"
            )
        if not one.design["reserve"]:
            raise UsageError(
                f"--extend {extend}: the check of {name} kept no part of α for an extension "
                "(reserve: 0), so more samples cannot decide it"
            )
    if len(longest.samples) >= MOST_STAGES:
        raise UsageError(
            f"--extend {extend}: there were {MOST_STAGES - 1} extensions already, and what is left "
            "of α decides nothing; plan a larger test set for the next candidate"
        )


def check_design(
    records: Mapping[str, Record],
    design: Mapping[str, float | str],
    selected: Sequence[Selected],
    *,
    extend: int,
) -> None:
    """Refuse stages that were decided by other levels, or gates that were not decided.

    Raises:
        UsageError: If that is so.
    """
    for name, record in records.items():
        for key, now in design.items():
            before = record.design.get(key, _BEFORE.get(key))
            if before != now:
                raise UsageError(
                    f"--extend {extend}: {key} was {before} when {name} was checked, is {now}; "
                    "set it back"
                )
        decided = {one.id for one in record.results}
        for gate, model in selected:
            if model == name and (own := gate_id(gate, model)) not in decided:
                raise UsageError(
                    f"--extend {extend}: {own} was not decided before; run evalguard check first"
                )


def gate_id(gate: Gate, model: str) -> str:
    """Return the id of a gate's result."""
    return f"{gate.source}::{gate.suite}::{gate.node_name}[{model}]"


def undecided_suites(
    records: Mapping[str, Record], selected: Sequence[Selected], plan: Plan, *, extend: int
) -> tuple[str, ...]:
    """Return the suites that have a selected gate which is undecided and may be extended.

    Raises:
        UsageError: If all that are undecided are decided by labels of drawn answers.
    """
    ids = {one.id for record in records.values() for one in record.undecided}
    undecided = [gate for gate, model in selected if gate_id(gate, model) in ids]
    drawn = [gate for gate in undecided if any(map(drawn_of, plan.of_gate(gate)))]
    if undecided and len(drawn) == len(undecided):
        raise UsageError(
            f"--extend {extend}: '{drawn[0].name}' is decided by labels of answers that were drawn "
            "among the planned samples, and is not extended; plan more samples, or a larger "
            "'drawn', for the next candidate"
        )
    return tuple(dict.fromkeys(gate.suite for gate in undecided if gate not in drawn))


def extended(record: Record, samples: Samples, asked: int) -> Record:
    """Return a record with a further stage; the same where that has no samples."""
    if not any(samples.values()):
        return record
    return replace(record, asked=(*record.asked, asked), samples=(*record.samples, samples))


def new_stage(plan: Plan, record: Record, suites: Sequence[str], extend: int) -> Samples:
    """Choose the samples of a new extension.

    Args:
        plan: Every sample that there is.
        record: The stages so far.
        suites: The suites to extend.
        extend: Samples for each of them, shared among its tasks by their size.

    Raises:
        UsageError: If a suite does not have that many.
    """
    used = {
        name: {id_ for stage in record.samples for id_ in stage.get(name, ())}
        for name in record.samples[0]
    }
    chosen: dict[str, list[str]] = {}
    for suite in suites:
        tasks = plan.tasks[suite]
        free = {_name(task): _free(task, used[_name(task)]) for task in tasks}
        if (total := sum(map(len, free.values()))) < extend:
            raise UsageError(
                f"--extend {extend}: suite '{suite}' has {total} samples that were not measured "
                "yet; add rows to its data (whatever a 'limit' leaves out is taken), or ask for "
                "fewer"
            )
        sizes = {name: len(record.samples[0][name]) for name in free}
        chosen |= _shared_out(free, sizes, extend)
    return chosen


def _name(task: PlannedTask) -> str:
    return f"{task.suite}/{task.name}"


def _free(task: PlannedTask, used: set[str]) -> list[str]:
    return [id_ for id_ in task.sample_ids if id_ not in used]


def _shared_out(
    free: Mapping[str, list[str]], sizes: Mapping[str, int], total: int
) -> dict[str, list[str]]:
    """Share samples out among tasks by their size, as far as each has any."""
    counts = dict.fromkeys(free, 0)
    for _ in range(total):
        open_ = [name for name in free if counts[name] < len(free[name])]
        # The task that is furthest behind its share of the samples.
        counts[min(open_, key=lambda name: (counts[name] + 1) / sizes[name])] += 1
    return {name: ids[: counts[name]] for name, ids in free.items()}


def set_stages(plan: Plan, stages: Sequence[Samples]) -> None:
    """Give every task of a plan its samples of each stage.

    Raises:
        UsageError: If samples that were measured before are no longer there.
    """
    for task in plan:
        if _name(task) not in stages[0]:
            continue  # planned for the first time
        every = set(task.sample_ids)
        own = [tuple(stage.get(_name(task), ())) for stage in stages]
        if gone := [id_ for ids in own for id_ in ids if id_ not in every]:
            raise UsageError(
                f"{len(gone)} samples of {_name(task)} that were measured before are no longer in "
                "its data, or changed, so nothing can be added to what they showed; put them back"
            )
        task.stages = tuple(own)


def check_same(recorded: Sequence[GateResult], now: Sequence[GateResult]) -> None:
    """Refuse to add to results that the samples no longer give.

    Args:
        recorded: What an earlier check decided.
        now: The same gates on the same samples.

    Raises:
        UsageError: If a p-value of an undecided gate differs.
    """
    of_now = {one.id: one for one in now}
    for before in recorded:
        after = of_now.get(before.id)
        if after is None or before.verdict is not Verdict.INCONCLUSIVE or before.p_pass is None:
            continue
        if after.p_pass is None or not (
            isclose(before.p_pass, after.p_pass, rel_tol=1e-6, abs_tol=1e-12)
            and isclose(before.p_fail or 0, after.p_fail or 0, rel_tol=1e-6, abs_tol=1e-12)
        ):
            raise UsageError(
                f"{before.id}: the samples that were measured before now give p = "
                f"{after.p_pass if after.p_pass is not None else 'none'}, not {before.p_pass:.4g}. "
                "Their scores changed, so nothing can be added to them"
            )
