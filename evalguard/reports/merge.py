"""Several results as one, so that candidates of different checks can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from evalguard.errors import DataError
from evalguard.records import CheckResult
from evalguard.reports import wording
from evalguard.verdicts import overall

_BASELINE = "baseline"


def merge(results: Mapping[Path, CheckResult]) -> CheckResult:
    """Return the results of several checks as one.

    A candidate whose name occurs in several files gets the name of its file as well.

    Raises:
        DataError: If the checks do not share one baseline, which makes their changes incomparable.
    """
    fingerprints = {path: _baseline_fingerprint(path, result) for path, result in results.items()}
    first, *others = fingerprints
    for path in others:
        if fingerprints[path] != fingerprints[first]:
            raise DataError(
                f"{path}: measured against a different baseline (fingerprint "
                f"{fingerprints[path][:12]}) than {first} ({fingerprints[first][:12]}). Check "
                "all candidates against the same baseline."
            )
    uses = Counter(name for result in results.values() for name in wording.candidates(result))
    parts = [
        _renamed(result, {name: f"{name} ({path.stem})" for name in uses if uses[name] > 1})
        for path, result in results.items()
    ]
    gates = tuple(chain.from_iterable(part.gates for part in parts))
    baseline = [model for model in parts[0].models if model.name == _BASELINE]
    # The baseline's tasks occur in every file.
    tasks = {
        (task.suite, task.task, task.model, task.fingerprint): task
        for part in parts
        for task in part.tasks
    }
    candidates = (model for part in parts for model in part.models if model.name != _BASELINE)
    verdict, decided_by = overall(gates)
    left_out = {
        name: count
        for part in parts
        for name, count in part.left_out.items()
        if name in wording.candidates(part) or name not in uses  # which another file checks
    }
    return replace(
        parts[0],
        title="EvalGuard comparison",
        verdict=verdict,
        decided_by=decided_by,
        on_inconclusive="fail" if any(p.on_inconclusive == "fail" for p in parts) else "warn",
        left_out=left_out,
        gates=gates,
        findings=tuple(chain.from_iterable(part.findings for part in parts)),
        models=(*baseline, *candidates),
        tasks=tuple(tasks.values()),
        timing={},
        warnings=tuple(dict.fromkeys(chain.from_iterable(part.warnings for part in parts))),
    )


def _baseline_fingerprint(path: Path, result: CheckResult) -> str:
    for model in result.models:
        if model.name == _BASELINE:
            return model.fingerprint
    raise DataError(f"{path}: models: no baseline, so its candidates cannot be compared.")


def _renamed(result: CheckResult, names: Mapping[str, str]) -> CheckResult:
    """Give candidates other names wherever they occur."""

    def new(name: str) -> str:
        return names.get(name, name)

    return replace(
        result,
        gates=tuple(
            replace(gate, model=new(gate.model), recipe=new(gate.recipe)) for gate in result.gates
        ),
        findings=tuple(replace(found, model=new(found.model)) for found in result.findings),
        models=tuple(replace(model, name=new(model.name)) for model in result.models),
        tasks=tuple(replace(task, model=new(task.model)) for task in result.tasks),
        left_out={new(name): count for name, count in result.left_out.items()},
    )
