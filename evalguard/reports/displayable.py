"""A result whose names and sentences are safe to print, whoever wrote them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from evalguard.records import CheckResult, Finding, GateResult, ModelInfo
from evalguard.reports.text import one_line, visible

_NAMES = frozenset(
    {"code", "metric", "model", "name", "recipe", "requirement", "source", "suite", "task", "title"}
)
_NAME_LIMIT = 200

RecordT = TypeVar("RecordT", GateResult, Finding, ModelInfo)


def displayable(result: CheckResult) -> CheckResult:
    """Return a result in which no name or sentence acts on a display, names on one line each.

    A result may come from a file that somebody else wrote. The samples' texts are left as they
    are: whatever shows one makes it safe.
    """
    return replace(
        result,
        title=_name(result.title),
        gates=tuple(map(_safe, result.gates)),
        findings=tuple(map(_safe, result.findings)),
        models=tuple(map(_safe, result.models)),
        environment={_name(key): _name(value) for key, value in result.environment.items()},
        warnings=tuple(map(visible, result.warnings)),
        left_out={_name(name): count for name, count in result.left_out.items()},
    )


def _safe(record: RecordT) -> RecordT:
    changed: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, str) and type(value) is str:
            changed[field.name] = _name(value) if field.name in _NAMES else visible(value)
        elif isinstance(value, tuple) and value and all(type(one) is str for one in value):
            changed[field.name] = tuple(map(visible, value))
    return replace(record, **changed)


def _name(text: str) -> str:
    return one_line(text, _NAME_LIMIT)
