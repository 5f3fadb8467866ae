"""EvalGuard decides whether a fine-tuned language model may be released.

The public API: every name below is imported from where it lives when it is first used, so that
``import evalguard`` costs next to nothing.

Example:
    >>> import evalguard
    >>> result = evalguard.decide(losses=30, gains=20, n=500, max_drop="5pp")
    >>> result.verdict
    <Verdict.PASS: 'PASS'>
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "evalguard.api": (
        "audit",
        "check",
        "compare",
        "decide",
        "load_project",
        "power",
        "rank",
        "read_result",
        "run_pipeline",
        "train",
        "write_html",
        "write_json",
    ),
    "evalguard.records": (
        "CheckResult",
        "Finding",
        "Gate",
        "GateResult",
        "Margin",
        "Metric",
        "Role",
        "SamplePair",
        "ScoreKind",
        "Verdict",
    ),
    "evalguard.errors": ("EvalGuardError", "ExitCode"),
    "evalguard.verdicts": ("exit_code",),
    "evalguard.scorers": ("scorer",),
    "evalguard.damages": ("Damage",),
    "evalguard.engines.base": ("Engine",),
    "evalguard.engines.fake": ("FakeEngine",),
    "evalguard.engines.registry": ("EngineKind",),
    "evalguard.importers": ("Importer",),
    "evalguard.tasks.base": ("Task",),
    "evalguard.tasks.kind": ("TaskKind",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from evalguard.api import (
        audit,
        check,
        compare,
        decide,
        load_project,
        power,
        rank,
        read_result,
        run_pipeline,
        train,
        write_html,
        write_json,
    )
    from evalguard.damages import Damage
    from evalguard.engines.base import Engine
    from evalguard.engines.fake import FakeEngine
    from evalguard.engines.registry import EngineKind
    from evalguard.errors import EvalGuardError, ExitCode
    from evalguard.importers import Importer
    from evalguard.records import (
        CheckResult,
        Finding,
        Gate,
        GateResult,
        Margin,
        Metric,
        Role,
        SamplePair,
        ScoreKind,
        Verdict,
    )
    from evalguard.scorers import scorer
    from evalguard.tasks.base import Task
    from evalguard.tasks.kind import TaskKind
    from evalguard.verdicts import exit_code

__all__ = [
    "CheckResult",
    "Damage",
    "Engine",
    "EngineKind",
    "EvalGuardError",
    "ExitCode",
    "FakeEngine",
    "Finding",
    "Gate",
    "GateResult",
    "Importer",
    "Margin",
    "Metric",
    "Role",
    "SamplePair",
    "ScoreKind",
    "Task",
    "TaskKind",
    "Verdict",
    "audit",
    "check",
    "compare",
    "decide",
    "exit_code",
    "load_project",
    "power",
    "rank",
    "read_result",
    "run_pipeline",
    "scorer",
    "train",
    "write_html",
    "write_json",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'evalguard' has no attribute '{name}'")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted({*globals(), *__all__})
