"""Pre-registration: what a candidate had to meet when it was first checked.

Gates, tasks and settings are kept before the first sample is measured. Whoever relaxes a margin,
drops a gate, edits a test set, or changes how the baseline answers after having seen the result
gets the verdict of the present rules, and every report and receipt says what the first ones were.

Settings are all that differs from the defaults, except the keys listed below: an option that is
added later is registered without being listed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalguard.config import BASELINE, JUDGE, Project
from evalguard.records import Gate
from evalguard.runner.drawn import drawn_of
from evalguard.runner.plan import Plan
from evalguard.runner.planned_task import PlannedTask
from evalguard.store import SampleStore, fingerprint
from evalguard.store.tables import REGISTERED, STAGES

_ELSEWHERE = frozenset({
    "version", "candidates", "suites", "suites_dir", "thresholds", "thresholds_dir", "store",
    "reports", "noise", "selection",
})  # fmt: skip
"""Keys of the project file that decide no score, or are registered by their content."""

_BY_WEIGHTS = frozenset({"model", "adapter", "revision"})
"""Keys of a model for which its weights stand."""

_SPEED = frozenset({"batch_size", "device"})
"""Keys of an engine that decide how fast it answers."""

_LONGEST = 60
"""Characters of a value that are shown; of longer ones a hash is kept."""


_BY_KEY = frozenset({"baseline", "judge"})
"""Rules that name a model: the key behind its name counts, and not where its files lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a candidate was first asked under the gates of a project.

    A candidate is known by its weights: one that is trained again is registered again. A project
    is known by what it asks, wherever its files lie: it is the one that was registered with a gate
    or a task of the present ones.

    Attributes:
        weights: Hash that the candidate is known by.
        id: Which of the registrations of these weights it is.
        first: What was asked first; ``None`` until it is registered.
        readable: Whether all that the store holds of these weights can be trusted.
        others: What other projects asked of the same weights.
    """

    weights: str
    id: str
    first: Mapping[str, Any] | None
    readable: bool
    others: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> str:
        """The key under which the store keeps what was decided."""
        return _key_of_stages(self.weights, self.id)

    @property
    def on(self) -> str:
        """The day of the first check, in UTC."""
        if not self.readable:
            return "unknown"
        return _today() if self.first is None else str(self.first["on"])


def find_registration(
    project: Project, plan: Plan, weights: str, store: SampleStore, *, before: str
) -> Registration:
    """Return what a candidate was first asked, or where that is to be registered.

    Args:
        project: The project, with every gate of its thresholds.
        plan: The tasks of the selected gates.
        weights: Hash of its tensors, by which the candidate is known.
        store: Keeps what is registered.
        before: What an earlier version knew the candidate by.
    """
    by_path = _bring_up_to_date(project, weights, store, before=before)
    key = _key_of_weights(weights)
    found = {
        name.removeprefix(REGISTERED).strip(): first
        for name, first in store.fingerprint_description(key).items()
        if name.startswith(REGISTERED)
    }
    asked = {"gates": _gates(project), "tasks": _tasks(plan)}
    own = max(found, key=lambda one: _in_common(found[one], asked), default="")
    if not own or not _in_common(found[own], asked):
        own = fingerprint(asked)[:12]
    return Registration(
        weights=weights,
        id=own,
        first=found.pop(own, None),
        readable=not any(store.has_refused(one, REGISTERED) for one in (key, by_path)),
        others=tuple(found.values()),
    )


def changes_since_first_check(
    project: Project,
    plan: Plan,
    candidates: Mapping[str, Registration],
    store: SampleStore,
    *,
    baseline: str,
    judge: str = "",
) -> tuple[tuple[str, str], ...]:
    """Register what each candidate must meet, and return how that differs from its first check.

    Args:
        project: The project, with every gate of its thresholds.
        plan: The tasks of the selected gates; others are registered when they are first planned.
        candidates: What each candidate was first asked, by its name.
        store: Keeps what is registered.
        baseline: What the candidates are compared with, in words.
        judge: What judges their answers, in words; empty where nothing is judged, or by a judge
            that cannot be used.

    Returns:
        Of each candidate that has to meet something else now, its name and what a report says.
    """
    asked: dict[str, Any] = {
        "gates": _gates(project),
        "tasks": _tasks(plan),
        "of tasks": _settings_of_tasks(project, plan, store),
        "rules": _rules(project, baseline, judge),
    }
    found: list[tuple[str, str]] = []
    for name, registration in candidates.items():
        asked["settings"] = _settings(project, name)
        first = registration.first
        if not registration.readable:
            said = (
                f"what was registered for {name} cannot be read: it was edited, or its seal does "
                "not fit the key of the store, so it is not known whether gates or tasks changed "
                "since"
            )
            found.append((name, said))
            continue
        if first is None:
            first = {**asked, "on": _today(), "tasks": {}, "of tasks": {}}
        elif changed := _changes(first, asked):
            said = f"changed since the first check of {name} ({first['on']}): {'; '.join(changed)}"
            found.append((name, said))
        later = {part: {**asked[part], **first.get(part, {})} for part in ("tasks", "of tasks")}
        rules = {name: first["rules"].get(name) or now for name, now in asked["rules"].items()}
        kept = {**asked, **first, **later, "rules": rules}
        if kept != registration.first:
            _write(store, registration.weights, registration.id, kept)
    return tuple(found)


def asked_elsewhere(candidates: Mapping[str, Registration]) -> Iterator[str]:
    """Yield what a report says of candidates that were checked under wholly other gates as well."""
    for name, registration in candidates.items():
        for other in registration.others:
            gates = ", ".join(f"{node} ({said})" for node, said in other["gates"].items())
            yield (
                f"{name} was first checked on {other['on']} under gates that are not those of "
                f"this project: {gates}"
            )


def _in_common(first: Mapping[str, Any], asked: Mapping[str, Any]) -> int:
    """Return how many gates, by name, and tasks, by content, were asked both times."""
    tasks = set(first["tasks"].values()) & set(asked["tasks"].values())
    return len(tasks) + len(first["gates"].keys() & asked["gates"].keys())


def _bring_up_to_date(project: Project, weights: str, store: SampleStore, *, before: str) -> str:
    """Take over what an earlier version registered by the path of the project; return its key."""
    by_path = fingerprint({"registered for": before, "by": str(project.path.resolve())})
    known = store.fingerprint_description(by_path)
    if (first := known.get(REGISTERED)) is None:
        return by_path
    own = fingerprint({"gates": first["gates"], "tasks": first["tasks"]})[:12]
    if _name(own) not in store.fingerprint_description(_key_of_weights(weights)):
        if STAGES in known:
            store.describe_fingerprint(_key_of_stages(weights, own), {STAGES: known[STAGES]})
        _write(store, weights, own, first)
    return by_path


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _write(store: SampleStore, weights: str, own: str, kept: Mapping[str, Any]) -> None:
    store.describe_fingerprint(_key_of_weights(weights), {_name(own): kept})


def _name(own: str) -> str:
    return f"{REGISTERED} {own}"


def _key_of_weights(weights: str) -> str:
    return fingerprint({"registrations of": weights})


def _key_of_stages(weights: str, own: str) -> str:
    return fingerprint({"stages of": weights, "as": own})


def _changes(first: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    said = []
    for name, was in first["rules"].items():
        now = asked["rules"].get(name, "")
        if was and now and _what_counts(name, now) != _what_counts(name, was):
            said.append(f"{name} was {was}, is {now}")
    said += _differences("", first.get("settings"), asked["settings"])
    for node, was in first["gates"].items():
        now = asked["gates"].get(node)
        if now is None:
            said.append(f"gate {node} ({was}) was removed")
        elif now != was:
            said.append(f"gate {node} was {was}, is {now}")
    changed = [name for name, was in first["tasks"].items() if asked["tasks"].get(name, was) != was]
    if changed:
        said.append(f"the task, its data or the code that scores it changed: {', '.join(changed)}")
    for name, known in first.get("of tasks", {}).items():
        said += _differences(f"{name}: ", known, asked["of tasks"].get(name))
    return said


def _what_counts(rule: str, said: str) -> str:
    return said.rpartition("(")[2] if rule in _BY_KEY else said


def _differences(
    of: str, was: Mapping[str, str] | None, now: Mapping[str, str] | None
) -> Iterator[str]:
    """Yield the settings that changed, where both are known."""
    if was is None or now is None:
        return
    for key in [*was, *(key for key in now if key not in was)]:
        before, after = was.get(key, "not set"), now.get(key, "not set")
        if before != after:
            yield f"{of}{key} was {before}, is {after}"


def _settings(project: Project, candidate: str) -> dict[str, str]:
    """Return how the baseline, a candidate and the judge are run, by keys of the project file."""
    whole = project.config.model_dump(mode="json", exclude_defaults=True)
    own = whole.get("candidates", {}).get(candidate, {})
    own["seeds"] = len(own.get("seeds", ())) or None  # as many as decide on its recipe
    models = {BASELINE: whole.pop(BASELINE, {}), "candidate": own}
    kept = {key: value for key, value in whole.items() if key not in _ELSEWHERE}
    for engine in (kept.get("engine", {}), kept.get(JUDGE, {}).get("engine", {})):
        for key in _SPEED & engine.keys():
            del engine[key]
    for name, settings in models.items():
        kept[name] = {
            key: value
            for key, value in settings.items()
            if key not in _BY_WEIGHTS and value is not None
        }
    return dict(_flat(kept))


def _settings_of_tasks(
    project: Project, plan: Plan, store: SampleStore
) -> dict[str, dict[str, str]]:
    return {
        f"{task.suite}/{task.name}": {
            **dict(_flat(task.config.model_dump(mode="json", exclude_defaults=True))),
            **_contents(task, project.suites[task.suite].path.parent, store),
        }
        for task in plan
    }


def _contents(task: PlannedTask, folder: Path, store: SampleStore) -> dict[str, str]:
    """Return the hashes of the files that a task names, such as those of labels.

    Not of its data, which the ids of its samples stand for: an extension may add rows to it.
    """
    named = {
        key: folder / Path(file).expanduser()
        for key, file in task.kind.files(task.config).items()
        if key != "data"
    }
    return {
        f"content of {key}": store.file_sha256(file)[:12]
        for key, file in named.items()
        if file.is_file()
    }


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every setting by its whole key, as text."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in inner:
            yield from _flat(one, f"{key}.{name}" if key else str(name))
        return
    text = value if isinstance(value, str) else json.dumps(value)
    yield key, text if len(text) <= _LONGEST else f"a text of hash {fingerprint({'': text})[:12]}"


def _rules(project: Project, baseline: str, judge: str) -> dict[str, str]:
    thresholds = project.thresholds
    return {
        "baseline": baseline,
        "judge": judge,
        "confidence_level": f"{thresholds.confidence_level:g}",
        "on_inconclusive": thresholds.on_inconclusive,
        "on_underpowered": thresholds.on_underpowered,
        "selection": "each" if project.sharing == 1 else f"any of {project.sharing} candidates",
    }


def _gates(project: Project) -> dict[str, str]:
    return {f"{gate.suite}/{gate.node_name}": _said(gate) for gate in project.thresholds.gates}


def _said(gate: Gate) -> str:
    demands = ", ".join(f"{key} {value}" for key, value in sorted(gate.demands.items()))
    weights = f", weights {gate.weights}" if gate.weights else ""
    bound = f", error_difference {gate.error_difference:g}" if gate.error_difference else ""
    level = "" if gate.confidence_level is None else f" at {gate.confidence_level:g}"
    pool = f", over {'; '.join(one.name for one in gate.pool)}{level}" if gate.pool else ""
    return f"{gate.role} {demands}{weights}{bound}{pool}"


def _tasks(plan: Plan) -> dict[str, str]:
    return {
        f"{task.suite}/{task.name}": fingerprint(
            {
                "definition": task.definition,
                "samples": sorted(task.sample_ids),
                **({"drawn": drawn} if (drawn := drawn_of(task)) else {}),
            }
        )
        for task in plan
    }
