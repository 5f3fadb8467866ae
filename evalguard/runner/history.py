"""What earlier candidates of a project showed, as a plan for the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalguard.config import Project
from evalguard.demands.power import POWER
from evalguard.records import Gate, GateResult
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
    """

    gate: str
    candidates: int
    n: int
    differing: float | None
    at_most: float | None
    power: float
    required_n: int


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
    gates = {_name(gate): gate for gate in project.thresholds.gates}
    for result in results:
        if result.model not in keys or result.margin is None or result.ci is None:
            continue
        gate = gates[result.id.partition("::")[2].rpartition("[")[0]]
        known = _known(store, project, gate)
        known[keys[result.model]] = {
            "n": result.n,
            "n_planned": result.n_planned,
            "margin": result.margin,
            "flips": None if result.losses is None else result.losses + (result.gains or 0),
            "error": (result.ci[1] - result.ci[0])
            / (quantile(result.alpha) + quantile(result.alpha_pass or result.alpha)),
        }
        store.describe_fingerprint(_key(project, gate), {HISTORY: known})


def plan_from_store(store: SampleStore, project: Project) -> tuple[GateHistory, ...]:
    """Return a plan for each gate that an earlier candidate was compared under.

    The candidate that differed most from the baseline is planned with: of scores of 0 and 1 by the
    upper limit of the share of samples on which the two differ, of others by the standard error
    that its interval had.
    """
    alpha = project.alpha_pass * (1 - project.config.reserve)
    known = {_name(gate): _known(store, project, gate) for gate in project.thresholds.gates}
    return tuple(
        _planned(name, list(earlier.values()), alpha) for name, earlier in known.items() if earlier
    )


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
    variance = max(one["error"] ** 2 * one["n"] for one in earlier)
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
