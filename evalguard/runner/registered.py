"""Pre-registration: what a candidate had to meet when it was first checked.

Gates and tasks are kept before the first sample is measured. Whoever relaxes a margin, drops a gate
or edits a test set after having seen the result gets the verdict of what is asked now, and every
report and receipt says what was asked at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evalguard.config import Project
from evalguard.records import Gate
from evalguard.runner.plan import Plan
from evalguard.store import SampleStore, fingerprint
from evalguard.store.tables import REGISTERED


def registration(project: Project, weights: str) -> str:
    """Return the key under which the store keeps what a candidate must meet."""
    return fingerprint({"registered for": weights, "by": str(project.path.resolve())})


def changes_since_first_check(
    project: Project,
    plan: Plan,
    candidates: Mapping[str, str],
    store: SampleStore,
    *,
    baseline: str,
) -> tuple[str, ...]:
    """Register what each candidate must meet, and return how that differs from its first check.

    A candidate is known by its weights: one that is trained again is registered again.

    Args:
        project: The project, with every gate of its thresholds.
        plan: The tasks of the selected gates; others are registered when they are first planned.
        candidates: Fingerprint of each candidate by its name.
        store: Keeps what is registered.
        baseline: What the candidates are compared with, in words.
    """
    asked = {"gates": _gates(project), "tasks": _tasks(plan), "rules": _rules(project, baseline)}
    found: list[str] = []
    for name, weights in candidates.items():
        key = registration(project, weights)
        first = store.fingerprint_description(key).get(REGISTERED)
        if store.has_refused(key, REGISTERED):
            found.append(
                f"what {name} was first asked cannot be read: its seal does not fit the key of the "
                "store, so it is not known whether gates or tasks changed since"
            )
            continue
        if first is None:
            first = {**asked, "on": f"{datetime.now(UTC):%Y-%m-%d}", "tasks": {}}
        elif changed := _changes(first, asked):
            said = "; ".join(changed)
            found.append(f"changed since the first check of {name} ({first['on']}): {said}")
        if asked["tasks"].keys() - first["tasks"].keys():
            tasks = {**asked["tasks"], **first["tasks"]}
            store.describe_fingerprint(key, {REGISTERED: {**first, "tasks": tasks}})
    return tuple(found)


def _changes(first: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    said = []
    for name, was in first["rules"].items():
        if (now := asked["rules"].get(name)) != was:
            said.append(f"{name} was {was}, is {now}")
    for node, was in first["gates"].items():
        now = asked["gates"].get(node)
        if now is None:
            said.append(f"gate {node} ({was}) was removed")
        elif now != was:
            said.append(f"gate {node} was {was}, is {now}")
    changed = [name for name, was in first["tasks"].items() if asked["tasks"].get(name, was) != was]
    if changed:
        said.append(f"the task, its data or the code that scores it changed: {', '.join(changed)}")
    return said


def _rules(project: Project, baseline: str) -> dict[str, str]:
    thresholds = project.thresholds
    return {
        "baseline": baseline,
        "confidence_level": f"{thresholds.confidence_level:g}",
        "on_inconclusive": thresholds.on_inconclusive,
    }


def _gates(project: Project) -> dict[str, str]:
    return {f"{gate.suite}/{gate.node_name}": _said(gate) for gate in project.thresholds.gates}


def _said(gate: Gate) -> str:
    demands = ", ".join(f"{key} {value}" for key, value in sorted(gate.demands.items()))
    weights = f", weights {gate.weights}" if gate.weights else ""
    return f"{gate.role} {demands}{weights}"


def _tasks(plan: Plan) -> dict[str, str]:
    return {
        f"{task.suite}/{task.name}": fingerprint(
            {"definition": task.definition, "samples": sorted(task.sample_ids)}
        )
        for task in plan
    }
