"""What is measured next: every open gate, look by look, in few large engine calls.

Where the first failed gate ends the run, each look goes suite by suite instead: first those that
failed when the project was checked last, then the cheapest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalguard.errors import UsageError, did_you_mean
from evalguard.gates.looks import is_settled
from evalguard.records import Gate, GateResult, Verdict

Selected = tuple[Gate, str]
"""A gate and the candidate that it is decided for."""


def select(
    gates: Sequence[Gate],
    models: Sequence[str],
    *,
    only_gates: Sequence[str] | None = None,
    only_models: Sequence[str] | None = None,
    recipes: Mapping[str, Sequence[str]] | None = None,
) -> list[Selected]:
    """Return each gate with each candidate.

    Args:
        gates: The gates of a project.
        models: Its candidates.
        only_gates: Names of gates, of suites, or ids such as ``general::acc``; all by default.
        only_models: Names of candidates; all by default. A recipe comes with its seeds.
        recipes: The candidates that are trainings of one recipe, by its name.

    Raises:
        UsageError: If a name is unknown, or nothing is selected.
    """
    known = {gate: (gate.name, gate.suite, f"{gate.suite}::{gate.node_name}") for gate in gates}
    for name in only_gates or ():
        if all(name not in names for names in known.values()):
            every = sorted({each for names in known.values() for each in names})
            raise UsageError(f"no gate '{name}'. {did_you_mean(name, every)}")
    for name in only_models or ():
        if name not in models:
            raise UsageError(f"no candidate '{name}'. {did_you_mean(name, models)}")
    seeds = {seed for name in only_models or () for seed in (recipes or {}).get(name, ())}
    found = [
        (gate, model)
        for model in models
        if only_models is None or model in only_models or model in seeds
        for gate in gates
        if only_gates is None or set(only_gates) & set(known[gate])
    ]
    if not found:
        raise UsageError("no gate is selected, so there is no verdict")
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """One engine call's worth of work, after which the gates are decided.

    Attributes:
        selected: The gates to measure for.
        share: Share of each task up to which samples are needed.
        final: Whether no more samples will come.
    """

    selected: tuple[Selected, ...]
    share: float
    final: bool


class Schedule:
    """Yields steps until every gate has its verdict.

    Args:
        selected: The gates.
        looks: How often the gates decide on the way to the last sample.
        fail_fast: Whether the first gate that FAILs ends the run.
        cost: Cost of a suite in any unit; cheap ones go first.
        failed: Suites that failed last time; they go before all others.
        start: Share of the planned samples that is measured already: 1 for a first extension.
    """

    def __init__(
        self,
        selected: Sequence[Selected],
        *,
        looks: int,
        fail_fast: bool,
        cost: Callable[[str], float],
        failed: Sequence[str] = (),
        start: int = 0,
    ) -> None:
        self._selected = tuple(selected)
        self._start = start
        self._looks = looks
        self._fail_fast = fail_fast
        suites = dict.fromkeys(gate.suite for gate, _ in selected)
        self._order = sorted(suites, key=lambda suite: (suite not in failed, cost(suite)))
        self._open = self._selected
        self._ended = False

    def __iter__(self) -> Iterator[Step]:
        """Yield what to measure; :meth:`decided` must be told the verdicts after each step."""
        for look in range(1, self._looks + 1):
            parts = self._parts()
            for number, part in enumerate(parts, 1):
                final = look == self._looks and number == len(parts)
                yield Step(part, self._start + look / self._looks, final)
                if self._ended:
                    return

    def decided(self, results: Sequence[GateResult]) -> None:
        """Take note of all verdicts: a suite stops only when all of its gates have decided."""
        undecided = {
            (result.suite, result.model)
            for result in results
            if result.verdict is not Verdict.ERROR and not is_settled(result)
        }
        self._open = tuple(
            (gate, model) for gate, model in self._selected if (gate.suite, model) in undecided
        )
        failed = any(result.verdict is Verdict.FAIL for result in results)
        self._ended = not self._open or (self._fail_fast and failed)

    def _parts(self) -> list[tuple[Selected, ...]]:
        if not self._fail_fast:
            return [self._open]
        of_suite: Mapping[str, list[Selected]] = {suite: [] for suite in self._order}
        for gate, model in self._open:
            of_suite[gate.suite].append((gate, model))
        return [tuple(part) for part in of_suite.values() if part]
