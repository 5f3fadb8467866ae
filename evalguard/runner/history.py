"""What earlier candidates of a project showed, as a plan for the next one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalguard.config import Project
from evalguard.demands import Difference, demands_of
from evalguard.demands.power import POWER
from evalguard.gates.evidence import EXACT
from evalguard.records import Gate, GateResult
from evalguard.runner.extending import look_plan
from evalguard.stats import expected_power, quantile, required_n_paired, upper_discordance
from evalguard.store import SampleStore, fingerprint
from evalguard.store.tables import HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class GateHistory:
    """How a gate would do on an unchanged model, by what earlier candidates showed of its samples.

    Attributes:
        gate: Suite and metric of the gate.
        candidates: Earlier candidates that were compared under it.
        n: Samples of the full run at the last of them.
        differing: Share of samples on which the most different of them differed from the baseline;
            ``None`` for scores that are not 0 or 1.
        at_most: Its upper 80 % limit, which is planned with.
        power: Chance that a good candidate passes with ``n`` samples.
        required_n: Samples at which it passes in 80 % of runs.
        by_members: Whether it is pooled, was never decided itself, and is planned by what each of
            its gates showed.
    """

    gate: str
    candidates: int
    n: int
    differing: float | None
    at_most: float | None
    power: float
    required_n: int
    by_members: bool = False


def remember(
    store: SampleStore, project: Project, keys: Mapping[str, str], results: Sequence[GateResult]
) -> None:
    """Note how much each candidate differed from the baseline under each gate.

    Args:
        store: Keeps it.
        project: The project.
        keys: What each candidate is known by.
        results: What was decided.
    """
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for result in results:
        if result.model not in keys or result.margin is None or result.ci is None:
            continue
        found[result.id.partition("::")[2].rpartition("[")[0]][keys[result.model]] = {
            "n": result.n,
            "n_planned": result.n_planned,
            "margin": result.margin,
            # Of clusters or weights, counts do not tell the error.
            "flips": (result.losses or 0) + (result.gains or 0) if result.method == EXACT else None,
            "error": (result.ci[1] - result.ci[0])
            / (quantile(result.alpha) + quantile(result.alpha_pass or result.alpha)),
        }
    for gate in project.thresholds.gates:
        if own := found.get(_name(gate)):
            known = _known(store, project, gate) | own
            store.describe_fingerprint(_key(project, gate), {HISTORY: known})


def plan_from_store(store: SampleStore, project: Project) -> tuple[GateHistory, ...]:
    """Return a plan for each gate that an earlier candidate was compared under.

    The candidate that differed most from the baseline is planned with: of scores of 0 and 1 by the
    upper limit of the share of samples on which the two differ, of others by the standard error
    that its interval had. A gate that is pooled over others and new is planned by those.
    """
    looks = look_plan(project.config, full=False)
    plans = []
    for gate in project.thresholds.gates:
        name, alpha = _name(gate), project.alpha_pass_of(gate)
        members = [list(_known(store, project, one).values()) for one in gate.pool]
        if earlier := list(_known(store, project, gate).values()):
            if not gate.pool:
                alpha = looks.end_level(int(earlier[-1]["n_planned"]), alpha)
            plans.append(_planned(name, earlier, alpha))
        elif gate.pool and all(members):
            plan = _planned(name, _pooled(gate, members), alpha)
            plans.append(replace(plan, by_members=True))
    return tuple(plans)


def _pooled(gate: Gate, members: Sequence[Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Return what is known of a pooled gate by what is known of each of its gates.

    The candidate that differed most from the baseline under a gate stands for all of them.
    """
    sizes = [int(earlier[-1]["n_planned"]) for earlier in members]
    n = sum(sizes)
    variance = 0.0
    for size, earlier in zip(sizes, members, strict=True):
        share = 1 / len(sizes) if gate.weights == "equal" else size / n
        variance += share**2 * max(map(_variance, earlier)) / size
    margin = next(
        demand.margin_of_binary() for demand in demands_of(gate) if isinstance(demand, Difference)
    )
    found = {"n": n, "n_planned": n, "margin": margin, "flips": None, "error": math.sqrt(variance)}
    return [found] * min(map(len, members))


def _variance(earlier: Mapping[str, Any]) -> float:
    """Return the variance of one sample's difference, at most."""
    if earlier["flips"] is not None:
        return upper_discordance(earlier["flips"], earlier["n"])
    return float(earlier["error"] ** 2 * earlier["n"])


def _planned(gate: str, earlier: Sequence[Mapping[str, Any]], alpha: float) -> GateHistory:
    last = earlier[-1]
    n, margin = int(last["n_planned"]), float(last["margin"])
    good = max(0.0, -2 * margin)
    flips = [one for one in earlier if one["flips"] is not None]
    if flips:
        most = max(flips, key=lambda one: upper_discordance(one["flips"], one["n"]))
        limit = max(upper_discordance(most["flips"], most["n"]), good)
        return GateHistory(
            gate=gate,
            candidates=len(earlier),
            n=n,
            differing=most["flips"] / most["n"],
            at_most=limit,
            power=expected_power(n, margin, limit, effect=good, alpha=alpha),
            required_n=required_n_paired(margin, limit, effect=good, alpha=alpha),
        )
    variance = max(map(_variance, earlier))
    variance = max(variance, good**2 * (1 + 1e-9))
    reach = quantile(alpha) + quantile(1 - POWER)
    power = expected_power(n, margin, variance, effect=good, alpha=alpha)
    needed = max(1, round(variance * (reach / (margin + good)) ** 2 + 0.5))
    return GateHistory(
        gate=gate,
        candidates=len(earlier),
        n=n,
        differing=None,
        at_most=None,
        power=power,
        required_n=needed,
    )


def _known(store: SampleStore, project: Project, gate: Gate) -> dict[str, Any]:
    """Return what is noted under a gate, by candidate."""
    if found := store.fingerprint_description(_key(project, gate)).get(HISTORY):
        return dict(found)
    # An earlier version noted it by the path of the project.
    by_path = fingerprint({"history of the gates of": str(project.path.resolve())})
    before: dict[str, Any] = store.fingerprint_description(by_path).get(HISTORY, {})
    return dict(before.get(_name(gate), {}))


def _key(project: Project, gate: Gate) -> str:
    """Return what a gate is known by, wherever the project lies.

    Rows that are added to its data, and another margin, leave it the same gate.
    """
    suites = {member.suite: project.suites[member.suite] for member in gate.members}
    return fingerprint(
        {
            "history of the gate": _name(gate),
            "metric": gate.metric,
            "baseline": project.config.baseline.model,
            "tasks": {
                name: sorted(task.task_name for task in suite.config.tasks)
                for name, suite in suites.items()
            },
        }
    )


def _name(gate: Gate) -> str:
    return f"{gate.suite}::{gate.node_name}"
