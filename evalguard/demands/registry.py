"""The demands: one row each, and those of packages.

A package adds a demand by an entry point of the group ``evalguard.demands`` that names a
:class:`~evalguard.demands.base.Demand`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from evalguard import plugins
from evalguard.demands.base import Demand
from evalguard.demands.bounds import Max, Min
from evalguard.demands.difference import MaxDrop, MinGain
from evalguard.errors import ConfigError, Problem, UsageError, did_you_mean
from evalguard.records import Gate, Metric

GROUP = "evalguard.demands"

AnyDemand = Demand[Any]

_ROWS: tuple[type[AnyDemand], ...] = (
    MaxDrop,
    MinGain,
    Min,
    Max,
)
_BUILT_IN = {demand.key: demand for demand in _ROWS}


def keys() -> list[str]:
    """Return the keys of all demands, without loading those of packages."""
    return [*_BUILT_IN, *sorted(plugins.points(GROUP).keys() - _BUILT_IN.keys())]


def is_demand(key: str) -> bool:
    """Return whether a demand has this key; no package is loaded."""
    return key in _BUILT_IN or key in plugins.points(GROUP)


def find_demand(key: str) -> type[AnyDemand]:
    """Return a demand by its key.

    Raises:
        UsageError: If there is none, or what a package registers is none.
    """
    found = _BUILT_IN.get(key) or _of_package(key)
    if found is None:
        raise UsageError(f"no demand '{key}'. {did_you_mean(key, keys())}")
    return found


def all_demands() -> tuple[type[AnyDemand], ...]:
    """Return every demand, the built-in ones first.

    Raises:
        UsageError: If one of a package cannot be loaded.
    """
    return tuple(find_demand(key) for key in keys())


def demands_of(gate: Gate) -> tuple[AnyDemand, ...]:
    """Return what a gate demands; one on the difference first.

    Raises:
        UsageError: If it has an unknown demand.
    """
    found = {key: find_demand(key)(value) for key, value in gate.demands.items()}
    return in_order(found.values())


def in_order(demands: Iterable[AnyDemand]) -> tuple[AnyDemand, ...]:
    """Return demands in the order of the registry; one on the difference first."""
    built_in = list(_BUILT_IN)

    def place(demand: AnyDemand) -> tuple[bool, int, str]:
        own = demand.key in _BUILT_IN
        return (
            not demand.on_difference,
            built_in.index(demand.key) if own else len(built_in),
            demand.key,
        )

    return tuple(sorted(demands, key=place))


def requirement(gate: Gate) -> str:
    """Return all that a gate demands, in words.

    Example:
        >>> from evalguard.records import Margin
        >>> requirement(Gate(name="", suite="", metric="", max_drop=Margin(0.02, "pp"), min=0.95))
        'max_drop 2pp, min 0.95'
    """
    return ", ".join(demand.text for demand in demands_of(gate))


def conflict(demands: Sequence[AnyDemand]) -> str | None:
    """Return why demands cannot make a gate together; ``None`` where they can."""
    if not demands:
        *others, last = keys()
        return f"requires nothing; give {', '.join(others)} or {last}"
    of_difference = [demand.key for demand in demands if demand.on_difference]
    if len(of_difference) > 1:
        return f"{' and '.join(of_difference)} exclude each other; remove one"
    return next(filter(None, (demand.conflict(demands) for demand in demands)), None)


def check_gate(gate: Gate, metric: Metric) -> None:
    """Refuse demands that mean nothing for a metric, or not together.

    Raises:
        ConfigError: With every problem of the gate at once.
        UsageError: If it has an unknown demand.
    """
    demands = demands_of(gate)
    problems = [
        Problem(gate.source, f"{gate.name}.{demand.key}", problem)
        for demand in demands
        if (problem := demand.problem(metric))
    ]
    if message := conflict(demands):
        problems.append(Problem(gate.source, gate.name, message))
    if problems:
        raise ConfigError(problems)


def _of_package(key: str) -> type[AnyDemand] | None:
    if key not in plugins.points(GROUP):
        return None
    found = plugins.load(GROUP, key, object)
    if not (isinstance(found, type) and issubclass(found, Demand)):
        problem = "is not an evalguard.demands.Demand"
    elif missing := _missing(found):
        problem = f"names a Demand that lacks {', '.join(missing)}"
    elif key in {field.name for field in fields(Gate)}:
        problem = "uses a reserved key of gates; choose another name"
    elif found.key != key:
        problem = f"names a Demand whose key is '{found.key}'; they must be the same"
    elif not found.must_be_shown:
        problem = "sets must_be_shown = False, so it would PASS without evidence"
    else:
        return found
    raise UsageError(f"the entry point {key} of {GROUP} {problem}")


def _missing(demand: type[AnyDemand]) -> list[str]:
    """Return what a class of a package does not define."""
    words = [name for name in ("key", "schema", "about", "option") if not hasattr(demand, name)]
    return words + sorted(getattr(demand, "__abstractmethods__", ()))
