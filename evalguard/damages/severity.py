"""How bad a failed gate is: the share of the baseline's score that is shown to be lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalguard.records import GateResult, Role, Severity

SEVERE_LOSS = 0.25
"""From this share of the baseline's score shown lost, a damage is severe."""
MEDIUM_LOSS = 0.10
"""From this share shown lost, a damage is medium; below it, mild."""

_LOWERED = {
    Severity.SEVERE: Severity.MEDIUM,
    Severity.MEDIUM: Severity.MILD,
    Severity.MILD: Severity.MILD,
}
ORDER = (Severity.NONE, Severity.MILD, Severity.MEDIUM, Severity.SEVERE)


def severity_of(evidence: Sequence[GateResult]) -> Severity:
    """Return the severity that some failed gates show together: that of the worst guard.

    It rests on the end of the interval that is nearer to no change, so that what is called severe
    is shown to be. Where only tripwires failed the damage is local, and counts one level less.

    Args:
        evidence: Failed gates, at least one.
    """
    guards = [gate for gate in evidence if gate.role is Role.GUARD]
    worst = max((_severity(gate) for gate in guards or evidence), key=ORDER.index)
    return worst if guards else _LOWERED[worst]


def lost_share(gate: GateResult) -> float:
    """Return the share of the baseline's score that the candidate lost, 0 where it lost nothing.

    Example:
        >>> from evalguard.records import Verdict
        >>> gate = GateResult(name="", suite="", metric="", model="", verdict=Verdict.FAIL,
        ...                   reason="", baseline=0.8, candidate=0.6, delta=-0.2)
        >>> round(lost_share(gate), 3)
        0.25
    """
    return _share(gate, gate.delta)


def mean_lost_share(gates: Iterable[GateResult]) -> float:
    """Return the mean share lost over the measured gates; 0 without any."""
    shares = [lost_share(gate) for gate in gates if gate.delta is not None]
    return sum(shares) / len(shares) if shares else 0.0


def _severity(gate: GateResult) -> Severity:
    shown = _share(gate, gate.ci[1] if gate.ci else gate.delta)
    if shown >= SEVERE_LOSS:
        return Severity.SEVERE
    return Severity.MEDIUM if shown >= MEDIUM_LOSS else Severity.MILD


def _share(gate: GateResult, change: float | None) -> float:
    if change is None or gate.baseline is None:
        return 0.0
    # Of a rate that should be low, the good part is what it leaves: 2% of harmful answers is a
    # baseline of 98%.
    good = gate.baseline if gate.higher_is_better or not gate.percent else 1 - gate.baseline
    return max(0.0, -change / (abs(good) or 1.0))
